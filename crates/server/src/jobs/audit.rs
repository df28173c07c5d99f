//! Waiting rows of the audit → the store.

use crate::app::App;
use crate::audit;

/// Writes the rows recorded since the last turn.
///
/// # Errors
/// When the store refuses.
pub fn run(app: &App) -> Result<(), store::Error> {
    audit::flush(app)
}
