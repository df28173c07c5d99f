//! `telltale trace`: the connection string of this build's trace.
//!
//! Invariants: standard output holds nothing but what was asked for; outside of a trace the
//! connection string is printed as it is, so that a step that sets it never takes it away.

use std::io::Write;

use azdo::origin::{Level, Origin};

use super::telemetry::connection::Connection;
use super::telemetry::{opt_out, variable};
use super::{Failure, say};
use crate::cli::track::TraceCall;

/// The variable SDKs read.
const VARIABLE: &str = "APPLICATIONINSIGHTS_CONNECTION_STRING";

/// How the place in the trace is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The connection string alone.
    String,
    /// Lines for POSIX shells.
    Env,
    /// Lines for PowerShell.
    Pwsh,
    /// The command that sets the variable for the later tasks of the job.
    Azure,
    /// The value of `TRACEPARENT`.
    Traceparent,
}

impl Form {
    pub const NAMES: [(&str, Form); 5] = [
        ("string", Form::String),
        ("env", Form::Env),
        ("pwsh", Form::Pwsh),
        ("azure", Form::Azure),
        ("traceparent", Form::Traceparent),
    ];
}

/// Prints it.
///
/// # Errors
/// With `--strict`, when there is no connection string or no trace; else that is a warning.
pub fn run(call: &TraceCall) -> Result<(), Failure> {
    match print(call) {
        Err(Failure::Because(reasons)) if !call.is_strict => {
            say::warn("warning: ", &reasons.join("; "));
            Ok(())
        }
        done => done,
    }
}

fn print(call: &TraceCall) -> Result<(), Failure> {
    if let Some(name) = opt_out::reason(call.opt_out.as_deref()) {
        return Err(Failure::new(format!("nothing is printed: `{name}` opts out of telemetry")));
    }
    let level = if call.form == Form::Azure { Level::Job } else { Level::Task };
    let origin = Origin::find(&variable, level);
    let none = || {
        Failure::new(
            "this is no build of Azure Pipelines (`SYSTEM_TEAMPROJECTID`, `BUILD_BUILDID`), and \
             `TRACEPARENT` names no trace either",
        )
    };
    let mut out = std::io::stdout().lock();
    if call.form == Form::Traceparent {
        writeln!(out, "{}", origin.ok_or_else(none)?.traceparent())?;
        return Ok(out.flush()?);
    }
    let connection = Connection::find(call.connection.as_deref())?;
    let text = match &origin {
        Some(origin) => connection.in_trace(origin).to_string(),
        None => connection.to_string(),
    };
    match call.form {
        Form::Env => {
            writeln!(out, "export {VARIABLE}={}", shell_quoted(&text))?;
            if let Some(origin) = &origin {
                writeln!(out, "export TRACEPARENT={}", origin.traceparent())?;
            }
        }
        Form::Pwsh => {
            writeln!(out, "$env:{VARIABLE} = '{}'", text.replace('\'', "''"))?;
            if let Some(origin) = &origin {
                writeln!(out, "$env:TRACEPARENT = '{}'", origin.traceparent())?;
            }
        }
        // Of the text of a command only `%` and line breaks mean something, and a connection
        // string has no line breaks.
        Form::Azure => {
            let text = text.replace('%', "%AZP25");
            writeln!(out, "##vso[task.setvariable variable={VARIABLE}]{text}")?;
        }
        Form::String | Form::Traceparent => writeln!(out, "{text}")?,
    }
    out.flush()?;
    origin.map(|_| ()).ok_or_else(none)
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
