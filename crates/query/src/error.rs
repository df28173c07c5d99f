//! Why a query got no answer.

use kql::diagnostic::Diagnostic;
use model::Fault;

/// Why a query got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is wrong or uses what is not supported; one or more findings, in text order.
    #[error(
        "the query has {} error(s), the first: {}",
        .0.len(),
        .0.first().map_or("", |d| d.message.as_str())
    )]
    Query(Vec<Diagnostic>),
    /// A limit on memory, time, text or concurrency.
    #[error("{message}")]
    Limit { limit: &'static str, message: String },
    /// The caller went away.
    #[error("the query was cancelled")]
    Cancelled,
    /// Ours. The text is for the log, never for a client.
    #[error("internal error while answering: {0}")]
    Internal(String),
}

impl Error {
    pub fn fault(&self) -> Fault {
        match self {
            Error::Query(_) | Error::Cancelled => Fault::Caller,
            Error::Limit { .. } => Fault::Limit,
            Error::Internal(_) => Fault::Internal,
        }
    }
}
