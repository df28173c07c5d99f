//! New builds → what known issues explain of them.

use tokio::runtime::Handle;

use crate::app::App;
use crate::known;

/// Looks at what came in since the last turn.
///
/// # Errors
/// None: what cannot be looked at is logged and stays for the next turn.
pub fn run(app: &App) -> Result<(), store::Error> {
    Handle::current().block_on(known::look(app));
    Ok(())
}
