//! `telltale complete`: the result of the running task.

use std::io::Write;

use azdo::command::{Dialect, azure, github};

use super::Failure;
use super::exec::surroundings::dialect;
use crate::cli::pipeline::CompleteCall;

/// Prints the command. GitHub Actions has none: there the text becomes an annotation, and the
/// exit code of the step is its result.
///
/// # Errors
/// When nobody reads it.
pub fn run(call: &CompleteCall) -> Result<(), Failure> {
    let line = match dialect(call.annotate) {
        Some(Dialect::Azure) => {
            let done = if call.is_done { "true" } else { "" };
            let properties = [("result", call.result.as_str()), ("done", done)];
            azure::write("task.complete", &properties, &call.text)
        }
        Some(Dialect::Github) if !call.text.is_empty() => {
            let name = match call.result.as_str() {
                "Failed" => "error",
                "SucceededWithIssues" => "warning",
                _ => "notice",
            };
            github::write(name, &[], &call.text)
        }
        Some(Dialect::Github) => return Ok(()),
        None => {
            let mut out = std::io::stderr().lock();
            writeln!(out, "{}: {}", call.result, call.text)?;
            return Ok(());
        }
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
