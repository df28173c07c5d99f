//! Runs of the portal → documents.

use crate::app::App;

/// Writes down the runs since the last turn.
///
/// # Errors
/// When the store refuses.
pub fn run(app: &App) -> Result<(), store::Error> {
    app.history.save()
}
