//! Removes rows older than their retention, and the oldest when the folder is too large.

use crate::app::{App, now};

/// Removes what is due.
///
/// # Errors
/// When the store fails.
pub fn run(app: &App) -> Result<(), store::Error> {
    let retained = app.store.retain(now())?;
    tracing::debug!(?retained, "retained");
    Ok(())
}
