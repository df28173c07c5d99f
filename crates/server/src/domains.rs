//! Domains that the settings give to categories → rows of `Categories`, where reports find them.
//!
//! Invariant: rows are written only when the settings say something else than at the last start.

use std::collections::{BTreeMap, BTreeSet};

use azdo::category::{Categories, domain_of_defaults};
use model::tables::pipelines::CATEGORIES;
use model::{AppId, Batch, BatchBuilder};
use store::{Error, Store, Write};

use crate::app::now;
use crate::apps::Apps;
use crate::settings::Settings;

/// Writes what has changed, for the application `default` and those that sources collect into.
///
/// # Errors
/// When the store refuses.
pub fn remember(store: &Store, apps: &Apps, settings: &Settings) -> Result<(), Error> {
    let wanted = differing(&settings.categories);
    let named = settings.sources.iter().map(|source| source.application.as_str());
    let found = named.filter_map(|name| apps.by_name_or_id(name)).chain(apps.default());
    let ids: BTreeSet<AppId> = found.map(|app| app.app_id()).collect();
    for app in ids {
        let key = format!("categories/{}", app.0);
        let known: BTreeMap<String, String> =
            store.document(&key).and_then(|d| serde_json::from_slice(&d).ok()).unwrap_or_default();
        if known == wanted {
            continue;
        }
        let rows = vec![(app, changes(&known, &wanted)?)];
        let document = serde_json::to_vec(&wanted).unwrap_or_default();
        store.append_blocking(Write { rows, documents: vec![(key, Some(document))] })?;
    }
    Ok(())
}

/// The domains that are not those without settings, which `CategoryDomain` has in its text.
fn differing(categories: &Categories) -> BTreeMap<String, String> {
    let own = categories.domains().filter(|(name, domain)| domain_of_defaults(name) != *domain);
    own.map(|(name, domain)| (name.to_owned(), domain.name().to_owned())).collect()
}

fn changes(
    known: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> Result<Batch, Error> {
    let mut builder = BatchBuilder::new(&CATEGORIES);
    let names: BTreeSet<&String> = known.keys().chain(wanted.keys()).collect();
    let modified = now();
    for name in names.into_iter().filter(|name| known.get(*name) != wanted.get(*name)) {
        for (at, column) in CATEGORIES.columns.iter().enumerate() {
            let cell = builder.column(at);
            match column.name {
                "ModifiedDateTime" => cell.long(modified),
                "Category" => cell.text(name),
                _ => cell.text(wanted.get(name).map_or("", String::as_str)),
            }
        }
        builder.end_row();
    }
    Ok(builder.finish()?)
}
