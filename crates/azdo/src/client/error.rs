//! Why a call got nothing, and what to do about it.
//!
//! Invariant: no text carries a token: addresses hold none, bodies are quoted for refusals only.

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A sign-in page, or a refusal of the token (spec azure-devops.md §1.2).
    #[error("the service asks to sign in at {url} ({reason}): check the token and its scopes")]
    AuthFailed { url: String, reason: SignIn },
    /// There is no token to send.
    #[error("there is no token: {0}")]
    NoToken(String),
    /// Failed again and again in a way that passes.
    #[error("no usable answer of {url} in {tries} tries: {reason}")]
    Unavailable { url: String, tries: u32, reason: String },
    /// Failed in a way that does not pass.
    #[error("{url} answered {status}: {message}")]
    Refused { url: String, status: u16, message: String },
    /// Nothing is there (any more).
    #[error("there is nothing at {url}")]
    Missing { url: String },
    /// Over the limit of bodies.
    #[error("the answer of {url} is longer than {limit_bytes} bytes (`body_bytes_max`)")]
    TooLarge { url: String, limit_bytes: u64 },
    /// Whole, but not what this call answers.
    #[error("the answer of {url} cannot be read: {reason}")]
    Unreadable { url: String, reason: String },
    /// Pages that lead to themselves.
    #[error("the pages of {url} do not end: a token came twice")]
    Paging { url: String },
    /// The work is to end.
    #[error("stopped")]
    Stopped,
}

/// What shows that a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignIn {
    /// A refusal, or a redirect to a page to sign in on.
    #[error("status {0}")]
    Status(u16),
    /// Such a page itself, by its type.
    #[error("a page of {0} instead of data")]
    Page(String),
    /// The token service gives no token.
    #[error("{0}")]
    NoGrant(String),
}

impl Error {
    /// Whether the whole source has to wait for its user.
    pub fn is_auth(&self) -> bool {
        matches!(self, Error::AuthFailed { .. } | Error::NoToken(_))
    }

    /// Whether nothing is there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Error::Missing { .. })
    }
}

impl From<super::transport::Stopped> for Error {
    fn from(_: super::transport::Stopped) -> Error {
        Error::Stopped
    }
}
