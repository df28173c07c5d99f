//! Badges of what is gone, when the settings say so.

use store::Write;

use crate::app::{App, now};

/// Removes badges that have been orphans for the time of the settings.
///
/// # Errors
/// When the store refuses.
pub fn run(app: &App) -> Result<(), store::Error> {
    let Some(kept_ns) = app.badges.settings().orphans_ns else { return Ok(()) };
    let mut plan = app.badges.plan_blocking();
    let removed = plan.remove_orphans(now().saturating_sub(kept_ns));
    if removed == 0 {
        return Ok(());
    }
    app.store.append_blocking(Write { rows: Vec::new(), documents: plan.documents() })?;
    tracing::info!(removed, "badges of what is gone are removed");
    app.badges.publish(plan)
}
