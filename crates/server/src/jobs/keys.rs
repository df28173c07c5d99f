//! Last uses of keys → their documents.

use crate::app::App;
use crate::keys;

/// Writes down the uses since the last turn.
///
/// # Errors
/// When the store refuses.
pub fn run(app: &App) -> Result<(), store::Error> {
    match app.keys.save_uses() {
        Err(keys::Error::Store(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "last uses of keys cannot be written");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}
