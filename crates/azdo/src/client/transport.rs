//! What the client asks of the world: one request sent, the time, a wait.
//!
//! Invariant: the crate opens no socket and reads no clock; an implementation does, and a test's
//! one answers from a script in no time at all.

/// One HTTP request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub call: Call,
    /// Absolute, with its query string.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Most bytes of the decompressed body.
    pub body_bytes_max: u64,
    /// Whether a longer body is cut there; else it is [`TransportError::TooLarge`].
    pub cuts: bool,
}

/// What is asked for by a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Get,
    Delete,
    Post(Content),
}

/// What a POST carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `application/x-www-form-urlencoded`.
    Form(String),
    Json(String),
}

/// What came back, of any status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Decompressed.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this lower-case name, trimmed; empty ones count as absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, a connection that broke, or no answer in time: worth another try.
    #[error("{0}")]
    Failed(String),
    /// The decompressed body is longer than the request takes.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(u64),
}

/// Whoever waited is to end now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Requests, time and waits, as the client needs them. Many threads use one at once.
pub trait Transport: Send + Sync {
    /// Sends a request and reads the answer whole; redirects are answers, not followed.
    ///
    /// # Errors
    /// When there is no answer of any status.
    fn send(&self, request: &Request) -> Result<Response, TransportError>;

    /// Nanoseconds since 1970.
    fn now(&self) -> i64;

    /// Waits so many nanoseconds; none or fewer return at once.
    ///
    /// # Errors
    /// When the work is to end: at once, also in the middle of a wait.
    fn sleep(&self, nanos: i64) -> Result<(), Stopped>;

    /// Hears that a call is tried again in so many nanoseconds, and why, for whoever watches.
    fn waits(&self, _url: &str, _reason: &str, _nanos: i64) {}

    /// From 0 to 1, another one each time: waits are spread by it.
    fn fraction(&self) -> f64;
}
