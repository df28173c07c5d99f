//! Head → extents, when the head is large or old enough.

use crate::app::{App, now};

/// Seals when due.
///
/// # Errors
/// When the store fails.
pub fn run(app: &App) -> Result<(), store::Error> {
    let at = now();
    if app.store.seal_due(at) {
        let sealed = app.store.seal(at)?;
        tracing::debug!(?sealed, "sealed");
    }
    Ok(())
}
