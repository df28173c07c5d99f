//! Definitions that the settings of sources call official → rows of `OfficialDefinitions`, where
//! `BuildKind` finds them.
//!
//! Invariant: rows are written only when the settings say something else than at the last start.

use std::collections::{BTreeMap, BTreeSet};

use model::tables::pipelines::OFFICIAL_DEFINITIONS;
use model::{AppId, Batch, BatchBuilder};
use store::{Error, Store, Write};

use crate::app::now;
use crate::apps::Apps;
use crate::settings::Settings;

/// By organization: expressions of what is official and of what is not.
type Official = BTreeMap<String, (String, String)>;

/// Writes what has changed, for the applications that sources collect into.
///
/// # Errors
/// When the store refuses.
pub fn remember(store: &Store, apps: &Apps, settings: &Settings) -> Result<(), Error> {
    let mut by_app: BTreeMap<AppId, Official> = BTreeMap::new();
    by_app.extend(apps.default().map(|app| (app.app_id(), Official::new())));
    for source in &settings.sources {
        let Some(app) = apps.by_name_or_id(&source.application) else { continue };
        let wanted = by_app.entry(app.app_id()).or_default();
        if let Some(official) = &source.official {
            wanted.insert(source.name.clone(), official.regexes());
        }
    }
    for (app, wanted) in by_app {
        let key = format!("official/{}", app.0);
        let known: Official =
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

/// Rows of the organizations that have changed; without a pattern where there is none any more.
fn changes(known: &Official, wanted: &Official) -> Result<Batch, Error> {
    let mut builder = BatchBuilder::new(&OFFICIAL_DEFINITIONS);
    let names: BTreeSet<&String> = known.keys().chain(wanted.keys()).collect();
    let modified = now();
    for name in names.into_iter().filter(|name| known.get(*name) != wanted.get(*name)) {
        let (pattern, except) = wanted.get(name).cloned().unwrap_or_default();
        for (at, column) in OFFICIAL_DEFINITIONS.columns.iter().enumerate() {
            let cell = builder.column(at);
            match column.name {
                "ModifiedDateTime" => cell.long(modified),
                "Organization" => cell.text(name),
                "Pattern" => cell.text(&pattern),
                _ => cell.text(&except),
            }
        }
        builder.end_row();
    }
    Ok(builder.finish()?)
}
