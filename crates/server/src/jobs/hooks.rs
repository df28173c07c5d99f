//! Keys of hooks that have gone silent → the log, once each.

use crate::app::{App, now};
use crate::hooks::wire::hook_keys;

/// Looks at all keys that deliver.
///
/// # Errors
/// None.
pub fn run(app: &App) -> Result<(), store::Error> {
    let now = now();
    for key in hook_keys(&app.keys) {
        let document = &key.document;
        let is_silent = key.is_live(now) && app.hooks.tallies.of(&document.id).is_silent(now);
        if app.hooks.tallies.tells(&document.id, is_silent) {
            tracing::warn!(
                key = document.name,
                "events came with this key every day for a week and none for a day: see whether \
                 its subscriptions are on probation or disabled"
            );
        }
    }
    Ok(())
}
