//! JSON shapes of `/api/hooks`, which `telltale hooks` prints, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::time::{Fraction, format_datetime};
use serde_json::{Value, json};

use super::counts::Counts;
use super::quota::EVENTS_PER_DAY;
use super::tally::Tallies;
use crate::api::keys::wire as keys_wire;
use crate::apps::Apps;
use crate::auth::Scope;
use crate::keys::{Key, Keys};

/// Keys that were made for hooks, in order of creation.
pub fn hook_keys(keys: &Keys) -> Vec<Arc<Key>> {
    let mut all = keys.all();
    all.retain(|key| key.document.scopes.contains(&Scope::Hook));
    all
}

/// All keys of hooks and what came with them. `counts`: outcomes since the start, of a server.
pub fn list(
    keys: &Keys,
    apps: &Apps,
    tallies: &Tallies,
    counts: Option<&Counts>,
    now: i64,
) -> Value {
    let mut outcomes: BTreeMap<String, serde_json::Map<String, Value>> = BTreeMap::new();
    for (key, outcome, count) in counts.map(Counts::all).unwrap_or_default() {
        outcomes.entry(key).or_default().insert(outcome.name().to_owned(), count.into());
    }
    let shape = |key: &Arc<Key>| {
        let tally = tallies.of(&key.document.id);
        let mut shape = keys_wire::shape(key, apps, now);
        shape["events"] = tally.events.into();
        shape["outOfScope"] = tally.out_of_scope.into();
        shape["eventsPerDay"] = key.document.events_per_day.unwrap_or(EVENTS_PER_DAY).into();
        shape["eventsToday"] = tally.today(now).into();
        shape["lastEvent"] = json!(tally.last.map(|at| format_datetime(at, Fraction::Trimmed)));
        shape["lastEventType"] = json!(tally.last_type);
        shape["isSilent"] = (key.is_live(now) && tally.is_silent(now)).into();
        shape["hint"] = tally.hint.text().into();
        shape["sinceStart"] = json!(outcomes.get(&key.document.name).cloned().unwrap_or_default());
        shape
    };
    json!({ "hooks": hook_keys(keys).iter().map(shape).collect::<Vec<_>>() })
}
