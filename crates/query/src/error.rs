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
    /// A constant argument of a call cannot be used. The planner, which knows where the argument
    /// stands, makes an [`Error::Query`] of it: no caller of the engine sees this one.
    #[error("{message}")]
    Argument { argument: usize, code: &'static str, message: String },
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
    /// This error, as a finding at the argument it is about.
    pub(crate) fn at(self, args: &[kql::bound::Expr]) -> Error {
        let Error::Argument { argument, code, message } = self else { return self };
        let span = args.get(argument).map(|arg| arg.span).unwrap_or_default();
        Error::Query(vec![Diagnostic::new(code, span, message)])
    }

    pub fn fault(&self) -> Fault {
        match self {
            Error::Query(_) | Error::Argument { .. } | Error::Cancelled => Fault::Caller,
            Error::Limit { .. } => Fault::Limit,
            Error::Internal(_) => Fault::Internal,
        }
    }
}
