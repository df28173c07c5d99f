//! What the commands for steps of pipelines say about themselves.
//!
//! Invariant: what a server or a file says is quoted here and nowhere else, on one line and so that
//! the runner, which reads our standard error, finds no command in it.

use std::io::Write;

use azdo::command::disarm::disarm;

/// Says something on standard error, behind a lead such as `warning: `.
pub fn warn(lead: &str, text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr().lock(), "{lead}{}", disarm(text));
}
