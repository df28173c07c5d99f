//! Head → extents, when the head is large or old enough.

use crate::app::{App, now};

/// Seals for as long as it is due: under load the next head is full by then.
///
/// # Errors
/// When the store fails.
pub fn run(app: &App) -> Result<(), store::Error> {
    while app.store.seal_due(now()) {
        let sealed = app.store.seal(now())?;
        tracing::debug!(?sealed, "sealed");
    }
    Ok(())
}
