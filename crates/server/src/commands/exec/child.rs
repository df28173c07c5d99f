//! The child: started, its output passed on, waited for, told of signals, ended when it takes too
//! long.
//!
//! Invariants: a process that was waited for is never signalled; an end nobody knows is a failure.

mod signals;
mod streams;

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use self::streams::Streams;
use super::report::Report;
use super::{TIMEOUT_CODE, relay, warn};
use crate::cli::pipeline::ExecCall;

/// What programs that run others exit with when they fail themselves (`env`, `timeout`).
const UNKNOWN_CODE: i32 = 125;

/// How the command ended.
#[derive(Debug, Clone)]
pub enum End {
    Exited(i32),
    Signal(i32),
    /// After that long.
    TimedOut(Duration),
    /// The exit code shells give, and why.
    NotStarted(i32, String),
    /// It has ended, and why the system does not tell how.
    Unknown(String),
}

impl End {
    /// Our exit code.
    pub fn code(&self) -> i32 {
        match self {
            End::Exited(code) | End::NotStarted(code, _) => *code,
            End::Signal(signal) => 128 + signal,
            End::TimedOut(_) => TIMEOUT_CODE,
            End::Unknown(_) => UNKNOWN_CODE,
        }
    }

    pub fn is_failure(&self) -> bool {
        self.code() != 0
    }

    /// `exited with code 3`.
    pub fn text(&self, is_cancelled: bool) -> String {
        match self {
            // Shells say so of what they ran.
            End::Exited(137) => "exited with code 137 (signal 9: out of memory?)".to_owned(),
            End::Exited(code) => format!("exited with code {code}"),
            End::Signal(signal) if is_cancelled => {
                format!("killed by signal {signal} (the step was cancelled)")
            }
            End::Signal(9) => "killed by signal 9 (out of memory?)".to_owned(),
            End::Signal(signal) => format!("killed by signal {signal}"),
            End::TimedOut(limit) => format!("timed out after {limit:?}"),
            End::NotStarted(_, reason) => format!("could not be started: {reason}"),
            End::Unknown(reason) => format!("ended, but it is not known how: {reason}"),
        }
    }
}

/// How a run ended.
pub struct Ended {
    pub end: End,
    /// Whether somebody asked us to stop meanwhile.
    pub is_cancelled: bool,
}

/// Runs the command once.
pub fn run(call: &ExecCall, variables: &[(&'static str, String)], report: &Arc<Report>) -> Ended {
    let Some((program, arguments)) = call.command.split_first() else {
        return not_started(127, "there is no command".to_owned());
    };
    let mut command = Command::new(found(program));
    command.args(arguments).stdin(Stdio::inherit());
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let watch = signals::Watch::new(&mut command);
    let is_one = relay::is_one_file();
    let (mut child, reader) = match start(&mut command, is_one) {
        Ok(started) => started,
        Err(error) => {
            let code = if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 };
            let reason = format!("`{}`: {error}", program.to_string_lossy());
            // As a shell would say it.
            warn(&reason);
            return not_started(code, reason);
        }
    };
    // Holds the writing ends of the child's pipes, whose end would never be seen.
    drop(command);
    let streams = Streams::start(report, &mut child, reader);
    let (ended, is_cancelled, is_late) = watch.wait(&mut child, call.timeout);
    streams.drain();
    let end = match (is_late, call.timeout) {
        (true, Some(limit)) => End::TimedOut(limit),
        _ => ended.map_or_else(
            |error| {
                warn(&format!("it is not known how the command ended: {error}"));
                End::Unknown(error.to_string())
            },
            end_of,
        ),
    };
    Ended { end, is_cancelled }
}

/// The program as it is given: the system looks for it.
#[cfg(not(windows))]
fn found(program: &OsStr) -> &OsStr {
    program
}

/// On Windows the system looks for programs that end with `.exe` only, while many tools, npm
/// among them, are scripts.
#[cfg(windows)]
fn found(program: &OsStr) -> std::ffi::OsString {
    let path = std::path::Path::new(program);
    let is_bare = path.extension().is_none() && path.components().count() == 1;
    let folders = std::env::var_os("PATH").filter(|_| is_bare).unwrap_or_default();
    for folder in std::env::split_paths(&folders) {
        for ending in ["exe", "cmd", "bat"] {
            let candidate = folder.join(path).with_extension(ending);
            if candidate.is_file() {
                return candidate.into_os_string();
            }
        }
    }
    program.to_owned()
}

fn not_started(code: i32, reason: String) -> Ended {
    Ended { end: End::NotStarted(code, reason), is_cancelled: false }
}

/// Starts it with pipes; one for both streams where that keeps their order.
fn start(command: &mut Command, is_one: bool) -> io::Result<(Child, Option<io::PipeReader>)> {
    if !is_one {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        return Ok((command.spawn()?, None));
    }
    let (reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    Ok((command.spawn()?, Some(reader)))
}

#[cfg(unix)]
fn end_of(status: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signal(signal.unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus) -> End {
    End::Exited(status.code().unwrap_or(1))
}
