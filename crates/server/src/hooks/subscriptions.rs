//! How the subscriptions fare that post to this server: looked at in Azure DevOps where a source
//! has a token (spec azure-devops.md §8.4, §8.6). Nobody else tells that one is on probation.
//!
//! One document per source, `hook/subscriptions/<source>`, so that a change is told once, also
//! over restarts.

use std::collections::BTreeMap;

use azdo::client::Project;
use azdo::client::hooks::Subscription;
use model::time::{Fraction, format_datetime};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Store, Write};

use crate::api::keys::wire::HOOK_PATH;
use crate::keys::redact;

const PREFIX: &str = "hook/subscriptions/";
/// Subscriptions that are remembered of one source.
const SEEN_MAX: usize = 1000;

/// A subscription as it was last seen. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Seen {
    pub id: String,
    /// Its name, or its id where no name is known.
    pub project: String,
    pub event_type: String,
    pub status: String,
    /// Without the key that may stand in it.
    pub url: String,
    /// Since when it has this status, as far as is known.
    pub since: i64,
}

impl Seen {
    /// Whether events are lost, or will be.
    pub fn is_ill(&self) -> bool {
        let ill = ["onProbation", "disabledBySystem", "disabledByInactiveIdentity"];
        ill.contains(&self.status.as_str())
    }
}

/// What was last seen of a source's subscriptions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Checked {
    /// When they were last asked for with success.
    pub at: i64,
    /// Why they could not be asked for since; `''`: they were.
    pub error: String,
    pub all: Vec<Seen>,
    /// More than are remembered, and so not looked at.
    pub left_out: usize,
}

/// A change that people hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub seen: Seen,
    /// `''`: it was not known.
    pub before: String,
}

/// Those of all sources, by name.
#[derive(Debug, Default)]
pub struct Subscriptions(Mutex<BTreeMap<String, Checked>>);

impl Subscriptions {
    /// What a store remembers. What cannot be read is found anew.
    pub fn load(store: &Store) -> Subscriptions {
        let read = |(key, bytes): (String, std::sync::Arc<[u8]>)| {
            Some((key.strip_prefix(PREFIX)?.to_owned(), serde_json::from_slice(&bytes).ok()?))
        };
        Subscriptions(Mutex::new(store.documents(PREFIX).into_iter().filter_map(read).collect()))
    }

    /// Takes what Azure DevOps told at `now`; what of it is news, and whether that was stored: if
    /// not, it is news again after a restart. Blocks on the disk when there is any.
    pub fn take(
        &self,
        source: &str,
        mut all: Vec<Seen>,
        now: i64,
        store: &Store,
    ) -> (Vec<Change>, Result<(), store::Error>) {
        let left_out = all.len().saturating_sub(SEEN_MAX);
        all.truncate(SEEN_MAX);
        let before = self.0.lock().get(source).cloned().unwrap_or_default();
        let mut changes = Vec::new();
        for seen in &mut all {
            let known = before.all.iter().find(|known| known.id == seen.id);
            match known.filter(|known| known.status == seen.status) {
                Some(known) => seen.since = known.since,
                None => {
                    seen.since = now;
                    let before = known.map(|known| known.status.clone()).unwrap_or_default();
                    changes.push(Change { seen: seen.clone(), before });
                }
            }
        }
        let is_gone = |known: &&Seen| !all.iter().any(|seen| seen.id == known.id);
        changes.extend(before.all.iter().filter(is_gone).map(|known| Change {
            seen: Seen { status: "deleted".to_owned(), since: now, ..known.clone() },
            before: known.status.clone(),
        }));
        let checked = Checked { at: now, error: String::new(), all, left_out };
        let document = serde_json::to_vec(&checked).ok();
        self.0.lock().insert(source.to_owned(), checked);
        if changes.is_empty() {
            return (changes, Ok(()));
        }
        let documents = vec![(format!("{PREFIX}{source}"), document)];
        let stored = store.append_blocking(Write { rows: Vec::new(), documents });
        (changes, stored.map(drop))
    }

    /// Notes why they could not be asked for; whether that is news.
    pub fn fail(&self, source: &str, error: String) -> bool {
        let mut all = self.0.lock();
        let checked = all.entry(source.to_owned()).or_default();
        let is_news = checked.error != error;
        checked.error = error;
        is_news
    }

    pub fn all(&self) -> BTreeMap<String, Checked> {
        self.0.lock().clone()
    }
}

/// Those of an organisation that post to this server: to `public_url` where that is known, else to
/// the path of hooks anywhere.
pub fn ours(all: &[Subscription], projects: &[Project], public_url: Option<&str>) -> Vec<Seen> {
    let hooks = format!("{}{HOOK_PATH}", public_url.unwrap_or_default());
    let is_ours = |one: &&Subscription| match public_url {
        Some(_) => one.url().starts_with(&hooks),
        None => one.url().contains(&hooks),
    };
    let seen = |one: &Subscription| {
        let id = one.project_id();
        let project = projects.iter().find(|project| project.id.eq_ignore_ascii_case(id));
        Seen {
            id: one.id.clone(),
            project: project.map_or(id, |project| &project.name).to_owned(),
            event_type: one.event_type.clone(),
            status: one.status.clone(),
            url: redact(one.url()),
            since: 0,
        }
    };
    all.iter().filter(is_ours).map(seen).collect()
}

/// As `GET /api/hooks` has them.
pub fn wire(all: &BTreeMap<String, Checked>) -> Value {
    let time = |at: i64| (at > 0).then(|| format_datetime(at, Fraction::Trimmed));
    let shape = |(source, checked): (&String, &Checked)| {
        let one = |seen: &Seen| {
            json!({
                "id": seen.id,
                "project": seen.project,
                "event": seen.event_type,
                "status": seen.status,
                "isIll": seen.is_ill(),
                "url": seen.url,
                "since": time(seen.since),
            })
        };
        json!({
            "source": source,
            "checked": time(checked.at),
            "error": checked.error,
            "leftOut": checked.left_out,
            "subscriptions": checked.all.iter().map(one).collect::<Vec<_>>(),
        })
    };
    all.iter().map(shape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_stored_is_told_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), store::Options::default()).unwrap();
        store.close().unwrap();
        let known = Subscriptions::load(&store);
        let ill = Seen { id: "1".to_owned(), status: "onProbation".to_owned(), ..Seen::default() };
        let (changes, stored) = known.take("ex", vec![ill.clone()], 5, &store);
        assert_eq!(changes, [Change { seen: Seen { since: 5, ..ill }, before: String::new() }]);
        assert!(matches!(stored, Err(store::Error::Closed)), "{stored:?}");
    }
}
