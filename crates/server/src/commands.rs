//! What the binary does for each command, one file each.

pub mod apps;
pub mod badge;
pub mod badges;
pub mod ci;
pub mod client;
pub mod collect;
pub mod complete;
pub mod demo;
pub mod exec;
pub mod hooks;
pub mod import;
pub mod ingest;
pub mod issue;
pub mod keys;
pub mod print;
pub mod query;
pub mod reference;
pub mod say;
pub mod serve;
pub mod shell_init;
pub mod split;
pub mod telemetry;
pub mod tls;
pub mod trace;
pub mod track;

use std::error::Error;
use std::{fmt, io};

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// One or more reasons for people.
    Because(Vec<String>),
    /// The command already wrote what was wrong.
    Said,
    /// Standard output is closed.
    OutputClosed,
}

impl Failure {
    pub fn new(reason: impl Into<String>) -> Failure {
        Failure::Because(vec![reason.into()])
    }
}

/// The reasons on one line.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Because(reasons) => f.write_str(&reasons.join("; ")),
            Failure::Said => f.write_str("it failed"),
            Failure::OutputClosed => f.write_str("standard output is closed"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::new(with_sources(&error)),
        }
    }
}

impl From<crate::app::StartError> for Failure {
    fn from(error: crate::app::StartError) -> Failure {
        match error {
            crate::app::StartError::Store(error) => error.into(),
            error => Failure::new(with_sources(&error)),
        }
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        let help = match error {
            store::Error::Locked { .. } => ": ask that server with `--url`",
            _ => "",
        };
        Failure::new(format!("{}{help}", with_sources(&error)))
    }
}

impl From<crate::keys::Error> for Failure {
    fn from(error: crate::keys::Error) -> Failure {
        Failure::new(with_sources(&error))
    }
}

impl From<crate::apps::Error> for Failure {
    fn from(error: crate::apps::Error) -> Failure {
        Failure::new(with_sources(&error))
    }
}

/// An error's text followed by those of its sources.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}
