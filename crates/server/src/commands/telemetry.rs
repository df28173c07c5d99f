//! Telemetry this program sends itself: connection strings, envelopes, sending within a budget.
//!
//! Invariants: sending is bounded in time and never waits for a server that is away; who opted out
//! is asked nothing and sends nothing; what was sent, refused or cut is told, never guessed.
//!
//! [`connection`] reads connection strings, [`context`] is what every item says about where it
//! comes from, [`item`] holds the kinds of items, [`send`] sends them, [`opt_out`] says whether to.

pub mod connection;
pub mod context;
pub mod item;
pub mod opt_out;
pub mod send;

use std::time::Duration;

use azdo::variables::Identities;

use self::connection::Connection;
use self::context::Context;
use self::item::Item;
use self::send::Sent;
use super::Failure;
use crate::cli::Trust;

/// How long sending may take unless told otherwise.
pub const BUDGET: Duration = Duration::from_secs(2);

/// Where to and how, as flags and environment say.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connection string; without it those of [`connection::VARIABLES`] are looked for.
    pub connection: Option<String>,
    /// Certificates to trust.
    pub trust: Trust,
    /// Key of a server that wants one for telemetry.
    pub key: Option<String>,
    pub budget: Duration,
    pub identities: Identities,
    /// The value of `--opt-out`.
    pub opt_out: Option<String>,
}

/// Everything sending needs.
#[derive(Debug)]
pub struct Telemetry {
    pub connection: Connection,
    pub context: Context,
    options: Options,
}

impl Telemetry {
    /// `None` when the user opted out.
    ///
    /// # Errors
    /// When there is no connection string or it is of no use; the text says what is missing.
    pub fn open(options: Options) -> Result<Option<Telemetry>, Failure> {
        if opt_out::reason(options.opt_out.as_deref()).is_some() {
            return Ok(None);
        }
        let connection = Connection::find(options.connection.as_deref())?;
        let context = Context::here(options.identities, &connection);
        Ok(Some(Telemetry { connection, context, options }))
    }

    /// Sends items and says what became of them.
    ///
    /// # Errors
    /// When the server cannot be reached, does not answer within the budget, or refuses the whole
    /// request. Refused items are no error: see [`Sent`].
    pub fn send(&self, items: &[Item]) -> Result<Sent, Failure> {
        let key = &self.connection.instrumentation_key;
        let lines = items.iter().map(|item| item.line(key, &self.context)).collect();
        send::send(&self.connection, &self.options, lines)
    }
}

/// A variable of the environment; what is no Unicode is read as well as it can be.
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}
