//! Browsers that are signed in, and the text that makes the first key.
//!
//! A session is a random text in a cookie; here is its hash and which key it stands for. Sessions
//! are in memory: a server that starts again has none. Invariants: a session never allows more
//! than its key does at that moment; what changes something needs a header that no page of another
//! origin can send.

use std::collections::HashMap;

use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use model::text::hex;
use model::time::{DAY, HOUR};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use crate::error::Refusal;
use crate::keys::Hash;

/// What the cookie's name begins with.
const COOKIE_NAME: &str = "telltale_session_";
/// Bytes of a hash that tell the cookies of servers apart.
const COOKIE_HASH_BYTES: usize = 4;
/// A session that is not used for so long ends, nanoseconds.
const IDLE: i64 = 12 * HOUR;
/// The longest life of a session, nanoseconds.
pub const LIFE: i64 = 7 * DAY;
/// Sessions at once; the one that was not used for longest makes room.
const SESSIONS_MAX: usize = 1000;
/// Sessions of one key at once: nobody signs out all others with one.
const OF_KEY_MAX: usize = 20;
/// The header of calls that change something.
const PORTAL_HEADER: &str = "x-portal";
/// Calls that only ask, though a body is posted with them.
const READING: [&str; 4] =
    ["/api/portal/query", "/api/portal/batch", "/api/portal/check", "/api/portal/export"];

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    AdminKey,
    /// The key of this id.
    Key(String),
}

/// Times in nanoseconds since 1970.
#[derive(Debug)]
struct Session {
    owner: Owner,
    began: i64,
    used: i64,
}

impl Session {
    fn is_live(&self, now: i64) -> bool {
        now.saturating_sub(self.began) < LIFE && now.saturating_sub(self.used) < IDLE
    }
}

/// The sessions.
#[derive(Debug)]
pub struct Table {
    cookie_name: String,
    /// By the hash of their text.
    sessions: Mutex<HashMap<[u8; 32], Session>>,
}

impl Table {
    /// No sessions. Browsers send cookies to every port of a host: what `installation` names has
    /// one of its own, or signing in to one server would sign out of another.
    pub fn new(installation: &str) -> Table {
        let hash = hash(installation);
        let cookie_name = format!("{COOKIE_NAME}{}", hex(&hash[..COOKIE_HASH_BYTES]));
        Table { cookie_name, sessions: Mutex::default() }
    }

    /// The cookie's name.
    pub fn cookie_name(&self) -> &str {
        &self.cookie_name
    }

    /// Begins a session; gives its text, which is not kept.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn begin(&self, owner: Owner, now: i64) -> Result<String, getrandom::Error> {
        let text = random_text()?;
        let mut table = self.sessions.lock();
        table.retain(|_, session| session.is_live(now));
        let is_own = |session: &Session| session.owner == owner;
        if table.values().filter(|session| is_own(session)).count() >= OF_KEY_MAX {
            remove_idlest(&mut table, is_own);
        }
        if table.len() >= SESSIONS_MAX {
            remove_idlest(&mut table, |_| true);
        }
        table.insert(hash(&text), Session { owner, began: now, used: now });
        Ok(text)
    }

    /// Whose session a request's cookie names; it counts as used.
    pub fn find(&self, parts: &Parts, now: i64) -> Option<Owner> {
        let hash = hash(self.cookie(parts)?);
        let mut table = self.sessions.lock();
        let session = table.get_mut(&hash)?;
        if !session.is_live(now) {
            table.remove(&hash);
            return None;
        }
        session.used = session.used.max(now);
        Some(session.owner.clone())
    }

    /// Ends the session of a request's cookie; gives whether there was one.
    pub fn end(&self, parts: &Parts) -> bool {
        let hash = self.cookie(parts).map(hash);
        hash.is_some_and(|hash| self.sessions.lock().remove(&hash).is_some())
    }

    /// The session's text in a request.
    fn cookie<'a>(&self, parts: &'a Parts) -> Option<&'a str> {
        let all = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            all.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(name, _)| name.trim() == self.cookie_name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Ends the session of those meant that was not used for longest.
fn remove_idlest(table: &mut HashMap<[u8; 32], Session>, is_meant: impl Fn(&Session) -> bool) {
    let meant = table.iter().filter(|(_, session)| is_meant(session));
    let idlest = meant.min_by_key(|(_, session)| session.used);
    if let Some(idlest) = idlest.map(|(hash, _)| *hash) {
        table.remove(&idlest);
    }
}

/// A text that counts once.
#[derive(Debug, Default)]
pub struct Token(Mutex<Option<Hash>>);

impl Token {
    /// Another text instead of the one before.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn offer(&self) -> Result<String, getrandom::Error> {
        let text = random_text()?;
        *self.0.lock() = Some(Hash::of(&text));
        Ok(text)
    }

    /// Whether this is the text; it does not count again then.
    pub fn take(&self, text: &str) -> bool {
        let mut wanted = self.0.lock();
        let is_it = wanted.as_ref().is_some_and(|wanted| wanted.is(&Hash::of(text)));
        if is_it {
            *wanted = None;
        }
        is_it
    }

    /// Has a text count again that was taken for nothing.
    pub fn give_back(&self, text: &str) {
        self.0.lock().get_or_insert_with(|| Hash::of(text));
    }
}

/// Passes what may come of a page of ours: a browser lets no other page send the header.
///
/// # Errors
/// 403 when something would change and the header is missing.
pub fn check_sender(parts: &Parts) -> Result<(), Refusal> {
    let is_reading = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS)
        || READING.contains(&parts.uri.path());
    if is_reading || parts.headers.get(PORTAL_HEADER).is_some_and(|value| value == "1") {
        return Ok(());
    }
    let message = "a call with a session's cookie that changes something needs the header \
                   `X-Portal: 1`; programs send a key instead of the cookie";
    Err(Refusal::new(StatusCode::FORBIDDEN, "portal_header", message))
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// 256 random bits in hexadecimal digits.
fn random_text() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}
