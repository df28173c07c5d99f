//! The numbers of hooks for `/metrics`.

use std::sync::Arc;

use super::Hooks;
use crate::badges::Badges;
use crate::badges::index::Entry;
use crate::keys::Keys;
use crate::metrics::Page;

/// Adds the lines of hooks; those of keys only when there are keys that deliver.
pub fn lines(page: &mut Page, hooks: &Hooks, keys: &Keys, badges: &Badges, now: i64) {
    let entries = badges.entries();
    let is_orphan = |entry: &&Arc<Entry>| entry.document().is_some_and(|d| d.orphan.is_some());
    let name = "telltale_badge_orphans";
    page.head(name, "gauge", "Badges whose definition or environment is gone.");
    page.line(name, &[], entries.iter().filter(is_orphan).count() as u64);
    let name = "telltale_hook_deliveries_total";
    page.head(name, "counter", "Deliveries of service hooks by key and outcome.");
    for (key, outcome, count) in hooks.counts.all() {
        page.line(name, &[("key", &key), ("outcome", outcome.name())], count);
    }
    let (waiting, bytes) = hooks.inbox.size();
    for (name, about, value) in [
        ("telltale_hook_inbox_deliveries", "Deliveries to work through.", waiting as u64),
        ("telltale_hook_inbox_bytes", "Bytes of their documents.", bytes),
        (
            "telltale_hook_remembered",
            "Deliveries that are recognised when they come again.",
            hooks.recent.len() as u64,
        ),
    ] {
        page.head(name, "gauge", about);
        page.line(name, &[], value);
    }
    hooks.waits.lines(page);
    let name = "telltale_hook_subscriptions";
    page.head(name, "gauge", "Subscriptions that post here, by source and status.");
    for (source, checked) in hooks.subscriptions.all() {
        let mut counts = std::collections::BTreeMap::<&str, u64>::new();
        checked.all.iter().for_each(|seen| *counts.entry(&seen.status).or_default() += 1);
        for (status, count) in counts {
            page.line(name, &[("source", &source), ("status", status)], count);
        }
    }
    let name = "telltale_hook_silent";
    page.head(name, "gauge", "1 while a key that was heard every day is not heard any more.");
    for key in super::wire::hook_keys(keys).iter().filter(|key| key.is_live(now)) {
        let is_silent = hooks.tallies.of(&key.document.id).is_silent(now);
        page.line(name, &[("key", &key.document.name)], u64::from(is_silent));
    }
}
