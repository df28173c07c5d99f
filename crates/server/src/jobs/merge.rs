//! Small extents → larger ones.

use crate::app::{App, now};

/// Merges what is ready.
///
/// # Errors
/// When the store fails.
pub fn run(app: &App) -> Result<(), store::Error> {
    let merged = app.store.merge(now())?;
    tracing::debug!(?merged, "merged");
    Ok(())
}
