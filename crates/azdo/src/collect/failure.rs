//! Why a build, or a whole pass, was not collected.

use super::sink::SinkError;
use crate::client::Error;
use crate::rows::RowsError;

/// Why something was not collected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Call(#[from] Error),
    #[error("the rows cannot be stored: {0}")]
    Sink(#[from] SinkError),
    #[error("{0}")]
    Rows(String),
    /// So many builds in a row that it is not about them.
    #[error("{count} builds in a row failed, the last one because: {reason}")]
    Storm { count: usize, reason: String },
    #[error("project `{0}` is not collected: see `projects` of the source")]
    NotOurs(String),
    #[error(
        "there is no project to collect: `projects` of the source fits none of those that the \
         token may see"
    )]
    NoProjects,
    #[error("there is no build {0}")]
    NoBuild(i64),
}

impl From<RowsError> for Failure {
    fn from(error: RowsError) -> Failure {
        Failure::Rows(error.to_string())
    }
}

impl Failure {
    /// Whether a token is missing or not taken: only the user can help.
    pub fn is_auth(&self) -> bool {
        matches!(self, Failure::Call(error) if error.is_auth())
    }

    /// Whether the address or the list of projects is wrong, which no other try mends.
    pub fn is_setting(&self) -> bool {
        matches!(self, Failure::NoProjects)
            || matches!(self, Failure::Call(error) if error.is_missing())
    }

    /// Whether the work was told to end.
    pub fn is_stop(&self) -> bool {
        matches!(self, Failure::Call(Error::Stopped))
    }

    /// Whether the service did not answer: what it answers about one build is about that build.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Failure::Call(Error::Unavailable { .. }))
    }

    /// Whether this project's other work would fare no better.
    pub(super) fn ends_project(&self) -> bool {
        self.ends_pass() && !matches!(self, Failure::Storm { .. })
    }

    /// Whether another build would fare no better.
    pub(super) fn ends_pass(&self) -> bool {
        match self {
            Failure::Call(error) => error.is_auth() || *error == Error::Stopped,
            Failure::Sink(SinkError::TooLarge(_)) | Failure::Rows(_) => false,
            Failure::Sink(SinkError::Failed(_)) | Failure::Storm { .. } => true,
            Failure::NotOurs(_) | Failure::NoBuild(_) | Failure::NoProjects => false,
        }
    }
}
