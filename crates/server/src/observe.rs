//! The log: `tracing` events to standard error, as text or JSON.
//!
//! Invariant: standard output carries only what commands promise there.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogForm, Settings};

/// Starts the log. Later calls have no effect.
pub fn start(settings: &Settings) {
    // The engine's own events are for its developers; ours say what happened.
    let filter = format!("warn,telltale={level},store={level}", level = settings.log_level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match settings.log_form {
        LogForm::Json => builder.json().flatten_event(true).try_init(),
        LogForm::Auto => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogForm::Text => builder.with_ansi(false).try_init(),
    };
    // A second start happens only in tests that run two servers in one process.
    drop(started);
}
