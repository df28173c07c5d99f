//! A typed client of the REST API of Azure DevOps, over any [`Transport`].
//!
//! Invariants: all requests go through [`Client::send`], which alone paces, retries and judges
//! answers (spec azure-devops.md §1.4–§1.6); an answer that asks to sign in is never taken for
//! data; unknown fields and texts are never an error.

pub mod address;
pub mod auth;
mod calls;
pub mod definitions;
mod error;
#[cfg(test)]
pub(crate) mod fake;
pub mod hooks;
pub mod pace;
#[cfg(test)]
mod tests;
mod transport;

use serde::de::DeserializeOwned;

pub use address::Hosts;
pub use auth::{Credentials, Entra};
pub use calls::{Budget, BuildFilter, LogLines, LogText, Project, TimelineAnswer};
pub use error::{Error, SignIn};
use pace::Pace;
pub use pace::Usage;
pub use transport::{Call, Content, Request, Response, Stopped, Transport, TransportError};

use crate::wire;

const SECOND_NS: f64 = 1e9;
/// Further sends after the first one, when the trouble is of a kind that passes.
pub const RETRIES: u32 = 5;
/// So much of a refusal's text is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// How a client behaves.
#[derive(Debug)]
pub struct Options {
    pub hosts: Hosts,
    pub credentials: Credentials,
    /// Most requests at once.
    pub concurrency: usize,
    /// `5.0` is understood by every supported server.
    pub api_version: String,
    /// Most bytes of a decompressed body.
    pub body_bytes_max: u64,
    pub user_agent: String,
    /// Further sends after the first one, when the trouble is of a kind that passes.
    pub retries: u32,
}

/// A client of one organisation or collection; threads share it.
#[derive(Debug)]
pub struct Client<T> {
    transport: T,
    options: Options,
    pace: Pace,
}

/// A good answer.
enum Good {
    /// A body that is there.
    Whole(Response),
    /// 204: there is none, and that is the answer.
    Empty,
}

/// What came with the JSON of an answer.
struct Answered {
    head: Response,
    /// Of the decompressed body.
    bytes: u64,
}

/// What to do about an answer.
enum Verdict {
    Good(Good),
    /// Send again, after this long if the service says so.
    Again {
        reason: String,
        after_ns: Option<i64>,
    },
    Bad(Error),
}

/// What a call takes as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Text,
}

impl<T: Transport> Client<T> {
    pub fn new(transport: T, options: Options) -> Client<T> {
        let pace = Pace::new(options.concurrency);
        Client { transport, options, pace }
    }

    /// The transport, for its clock and its waits.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// What has been sent so far.
    pub fn usage(&self) -> Usage {
        self.pace.usage()
    }

    /// Most requests that run at once.
    pub fn concurrency(&self) -> usize {
        self.options.concurrency.max(1)
    }

    /// The JSON of a call, its headers and size; `None` for 204 and `null`.
    fn json<V: DeserializeOwned>(&self, url: &str) -> Result<Option<(V, Answered)>, Error> {
        let (mut tries, bytes_max) = (0, self.options.body_bytes_max);
        loop {
            let mut answer = match self.send(url, Kind::Json, bytes_max, &mut tries, &Call::Get)? {
                Good::Empty => return Ok(None),
                Good::Whole(answer) => answer,
            };
            let body = std::mem::take(&mut answer.body);
            match wire::decode::<Option<V>>(&body, "the JSON of this call") {
                Ok(value) => {
                    let bytes = body.len() as u64;
                    return Ok(value.map(|value| (value, Answered { head: answer, bytes })));
                }
                // Half a page: the connection was cut where nobody noticed.
                Err(error) if is_broken(&error) => {
                    self.wait_again(url, &mut tries, error.to_string(), None)?;
                }
                Err(error) => {
                    let reason = error.to_string();
                    return Err(Error::Unreadable { url: shown(url), reason });
                }
            }
        }
    }

    /// Sends JSON once and reads the JSON that comes back: what may have been done is not done
    /// again.
    fn post<V: DeserializeOwned>(&self, url: &str, content: Content) -> Result<V, Error> {
        let bytes_max = self.options.body_bytes_max;
        let (mut tries, call) = (self.options.retries, Call::Post(content));
        let reason = match self.send(url, Kind::Json, bytes_max, &mut tries, &call)? {
            Good::Empty => "it is empty".to_owned(),
            Good::Whole(answer) => match wire::decode(&answer.body, "the JSON of this call") {
                Ok(value) => return Ok(value),
                Err(error) => error.to_string(),
            },
        };
        Err(Error::Unreadable { url: shown(url), reason })
    }

    /// Deletes what is at an address; what is not there is deleted.
    fn delete(&self, url: &str) -> Result<(), Error> {
        let bytes_max = self.options.body_bytes_max;
        match self.send(url, Kind::Json, bytes_max, &mut 0, &Call::Delete) {
            Ok(_) | Err(Error::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The text of a call, its first `bytes_max` bytes.
    fn text(&self, url: &str, bytes_max: u64) -> Result<LogText, Error> {
        match self.send(url, Kind::Text, bytes_max, &mut 0, &Call::Get)? {
            Good::Empty => Ok(LogText::default()),
            Good::Whole(answer) => {
                let is_cut = answer.body.len() as u64 >= bytes_max;
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Ok(LogText { text, is_cut })
            }
        }
    }

    /// Sends until there is an answer of some worth. `tries` counts sends over several calls.
    fn send(
        &self,
        url: &str,
        kind: Kind,
        bytes_max: u64,
        tries: &mut u32,
        call: &Call,
    ) -> Result<Good, Error> {
        let mut is_renewed = false;
        loop {
            let authorization = match self.options.credentials.header(&self.transport) {
                Ok(header) => header,
                Err(Error::Unavailable { url, reason, .. }) => {
                    self.wait_again(&url, tries, reason, None)?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let request = self.request(url, kind, bytes_max, authorization, call);
            let slot = self.pace.enter(&self.transport)?;
            let answer = self.transport.send(&request);
            let now = self.transport.now();
            self.pace.leave(&slot, now, answer.as_ref().ok());
            match judge(url, kind, answer, now) {
                Verdict::Good(good) => return Ok(good),
                Verdict::Again { reason, after_ns } => {
                    self.wait_again(url, tries, reason, after_ns)?;
                }
                // A token may end before its time.
                Verdict::Bad(error)
                    if error.is_auth() && !is_renewed && self.options.credentials.renew() =>
                {
                    is_renewed = true;
                }
                Verdict::Bad(error) => return Err(error),
            }
        }
    }

    fn request(
        &self,
        url: &str,
        kind: Kind,
        bytes_max: u64,
        authorization: Option<String>,
        call: &Call,
    ) -> Request {
        let accept = match kind {
            Kind::Json => "application/json",
            Kind::Text => "text/plain",
        };
        let mut headers = vec![
            ("accept", accept.to_owned()),
            ("accept-encoding", "gzip".to_owned()),
            ("user-agent", self.options.user_agent.clone()),
            // Asks for a status instead of a sign-in page; not every server heeds it.
            ("x-tfs-fedauthredirect", "Suppress".to_owned()),
        ];
        headers.extend(authorization.map(|value| ("authorization", value)));
        Request {
            call: call.clone(),
            url: url.to_owned(),
            headers,
            body_bytes_max: bytes_max,
            cuts: kind == Kind::Text,
        }
    }

    /// Waits before another try, 1, 2, 4, 8, 16 s and up to a quarter more, unless the service
    /// said how long.
    fn wait_again(
        &self,
        url: &str,
        tries: &mut u32,
        reason: String,
        after_ns: Option<i64>,
    ) -> Result<(), Error> {
        *tries += 1;
        if *tries > self.options.retries {
            return Err(Error::Unavailable { url: shown(url), tries: *tries, reason });
        }
        let seconds = f64::from(1u32 << (*tries - 1)) * (1.0 + 0.25 * self.transport.fraction());
        let wait_ns = after_ns.unwrap_or((seconds * SECOND_NS) as i64);
        self.transport.waits(&shown(url), &reason, wait_ns);
        Ok(self.transport.sleep(wait_ns)?)
    }
}

/// What an answer is worth (spec azure-devops.md §1.2, §1.6).
fn judge(url: &str, kind: Kind, answer: Result<Response, TransportError>, now: i64) -> Verdict {
    let answer = match answer {
        Ok(answer) => answer,
        Err(TransportError::Failed(reason)) => return Verdict::Again { reason, after_ns: None },
        Err(TransportError::TooLarge(limit_bytes)) => {
            return Verdict::Bad(Error::TooLarge { url: shown(url), limit_bytes });
        }
    };
    let sign_in = |reason: SignIn| Verdict::Bad(Error::AuthFailed { url: shown(url), reason });
    match answer.status {
        204 => Verdict::Good(Good::Empty),
        200 | 201 if is_kind(&answer, kind) => Verdict::Good(Good::Whole(answer)),
        200 | 201 => {
            let kind = answer.header("content-type").unwrap_or("no type");
            sign_in(SignIn::Page(kind.to_owned()))
        }
        status @ (203 | 301 | 302 | 303 | 307 | 308 | 401 | 403) => sign_in(SignIn::Status(status)),
        404 | 410 => Verdict::Bad(Error::Missing { url: shown(url) }),
        status @ (408 | 429 | 500 | 502 | 503 | 504) => Verdict::Again {
            reason: format!("status {status}"),
            after_ns: pace::retry_after_ns(&answer, now),
        },
        status => {
            let message = message(&answer.body);
            Verdict::Bad(Error::Refused { url: shown(url), status, message })
        }
    }
}

fn is_kind(answer: &Response, kind: Kind) -> bool {
    let found = answer.header("content-type").unwrap_or_default().to_ascii_lowercase();
    match kind {
        Kind::Json => found.contains("json"),
        // A log may come as bytes of no type; a page of HTML is none.
        Kind::Text => !found.contains("html"),
    }
}

/// Whether a body is no JSON at all, rather than JSON of another shape.
fn is_broken(error: &wire::DecodeError) -> bool {
    let source = std::error::Error::source(error).and_then(|e| e.downcast_ref());
    source.is_some_and(|error: &serde_json::Error| error.is_eof() || error.is_syntax())
}

/// The reason a refusal gives, else its text.
fn message(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = match value["message"].as_str() {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    text.trim().chars().take(SHOWN_CHARS_MAX).collect()
}

/// An address for people: nothing in it is secret, but it may be long.
fn shown(url: &str) -> String {
    format!("`{}`", url.chars().take(SHOWN_CHARS_MAX).collect::<String>())
}
