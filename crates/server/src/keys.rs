//! Named keys: what programs send to be let in, kept as small documents of the store.
//!
//! One document per key, `key/<id>`. Invariants: names are unique among keys not revoked; a key
//! counts only after its document is durable and stops counting at once when it is revoked; the
//! use of a key is never a write of its own.

mod bucket;
mod secret;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use model::{AppId, Batch, Fault};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use store::{Store, Write};

use self::bucket::Bucket;
pub use self::secret::{Hash, redact};
use crate::apps::Apps;
use crate::auth::Scope;
use crate::settings::parse_duration_ms;

const PREFIX: &str = "key/";
const NAME_CHARS_MAX: usize = 64;
/// Keys a folder holds, dead ones included; the oldest dead ones make room for new ones.
const KEYS_MAX: usize = 1000;
/// Applications one key may list.
const APPS_MAX: usize = 100;
/// Projects one key may list, and characters of one.
const PROJECTS_MAX: usize = 100;
const PROJECT_CHARS_MAX: usize = 256;
const RATE_MAX: u32 = 1_000_000;
/// Events of a day.
const DAY_MAX: u32 = 1_000_000_000;
/// Names the audit uses for callers without a key.
const RESERVED: [&str; 4] = ["anonymous", "admin_key", "local", "badge"];

/// One key as its document says; times in nanoseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    /// 12 hexadecimal digits, part of the key's text and no secret.
    pub id: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    /// Numbers of the applications it is for; `None`: all, and the server as a whole.
    pub applications: Option<Vec<u32>>,
    hash: Hash,
    pub created: i64,
    pub expires: Option<i64>,
    pub revoked: Option<i64>,
    pub rate_per_minute: Option<u32>,
    /// Projects whose events it may deliver, names or ids as given; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<String>>,
    /// Definitions whose events it may deliver, names or ids as given; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definitions: Option<Vec<String>>,
    /// Types of events it may deliver, or topics; `None`: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<Vec<String>>,
    /// Events it may deliver in a day; `None`: as many as hooks say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_day: Option<u32>,
    last_used: Option<i64>,
}

/// What a new key is to be, in the words of its maker.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub name: String,
    pub scopes: Vec<String>,
    /// Names or ids; `None`: all.
    pub applications: Option<Vec<String>>,
    /// A duration such as `90d` or a date.
    pub expires: Option<String>,
    pub rate_per_minute: Option<u64>,
    /// Names or ids of projects, for keys of scope `hook`; `None`: any. So are the next three.
    pub projects: Option<Vec<String>>,
    /// Names or ids of definitions.
    pub definitions: Option<Vec<String>>,
    /// Types of events, or topics such as `releases`.
    pub event_types: Option<Vec<String>>,
    pub events_per_day: Option<u64>,
}

/// Why a key could not be made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "`{0}` is not a name for a key: use 1 to {NAME_CHARS_MAX} letters, digits, `-`, `_`, `.` \
         or spaces between them"
    )]
    Name(String),
    #[error("there is a key `{0}` already: revoke it first, or take another name")]
    NameTaken(String),
    #[error("`{0}` is not a scope: use `ingest`, `query`, `hook` or `admin`")]
    Scope(String),
    #[error("a key needs a scope: `ingest`, `query`, `hook` or `admin`")]
    NoScope,
    #[error("there is no application `{0}`")]
    Application(String),
    #[error("a key lists 1 to {APPS_MAX} applications, or none to be for all")]
    Applications,
    #[error(
        "a key lists 1 to {PROJECTS_MAX} {0} of 1 to {PROJECT_CHARS_MAX} characters, or none to be \
         for all"
    )]
    Listed(&'static str),
    #[error("only keys of scope `hook` are for {0}")]
    NotHook(&'static str),
    #[error("`{0}` events a day are no quota: use 1 to {DAY_MAX}")]
    PerDay(u64),
    #[error("`{0}` is not a time to expire: use a duration such as `90d` or a date ahead")]
    Expires(String),
    #[error("`{0}` requests a minute are no rate: use 1 to {RATE_MAX}")]
    Rate(u64),
    #[error("there is no key `{0}`")]
    NotFound(String),
    #[error("there are {KEYS_MAX} keys, the most a server holds: revoke some first")]
    TooMany,
    #[error("the system has no random bytes: {0}")]
    Random(getrandom::Error),
    #[error("document `{key}` of a key cannot be read: {reason}")]
    Document { key: String, reason: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::TooMany => Fault::Limit,
            Error::Random(_) | Error::Document { .. } => Fault::Internal,
            Error::Store(error) => error.fault(),
            _ => Fault::Caller,
        }
    }
}

/// One key, and what is known of its use.
#[derive(Debug)]
pub struct Key {
    pub document: Document,
    /// 0: never.
    last_used: AtomicI64,
    /// The last use its document tells.
    saved_use: AtomicI64,
    bucket: Mutex<Bucket>,
}

impl Key {
    fn new(document: Document) -> Arc<Key> {
        let used = document.last_used.unwrap_or(0);
        Arc::new(Key {
            document,
            last_used: AtomicI64::new(used),
            saved_use: AtomicI64::new(used),
            bucket: Mutex::default(),
        })
    }

    /// A key of scope `hook` with this quota of a day.
    #[cfg(test)]
    pub fn for_tests(events_per_day: Option<u32>) -> Arc<Key> {
        Key::new(Document {
            id: "0123456789ab".to_owned(),
            name: "test".to_owned(),
            scopes: vec![Scope::Hook],
            applications: None,
            hash: Hash::of("x"),
            created: 0,
            expires: None,
            revoked: None,
            rate_per_minute: None,
            projects: None,
            definitions: None,
            event_types: None,
            events_per_day,
            last_used: None,
        })
    }

    /// Whether it counts at the time `now`.
    pub fn is_live(&self, now: i64) -> bool {
        self.document.revoked.is_none() && self.document.expires.is_none_or(|at| now < at)
    }

    pub fn has(&self, scope: Scope) -> bool {
        let scopes = &self.document.scopes;
        scopes.contains(&scope) || scopes.contains(&Scope::Admin)
    }

    /// Whether it is for this application.
    pub fn is_for(&self, app: AppId) -> bool {
        self.document.applications.as_ref().is_none_or(|numbers| numbers.contains(&app.0))
    }

    /// When a request last carried it.
    pub fn last_used(&self) -> Option<i64> {
        Some(self.last_used.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// Notes a request at the time `now`.
    ///
    /// # Errors
    /// Nanoseconds to wait when the key has a rate and it is used up.
    pub fn take(&self, now: i64) -> Result<(), i64> {
        self.last_used.fetch_max(now, Ordering::Relaxed);
        match self.document.rate_per_minute {
            Some(rate) => self.bucket.lock().take(rate, now),
            None => Ok(()),
        }
    }

    /// The document with the last use in it.
    fn current(&self) -> Document {
        Document { last_used: self.last_used(), ..self.document.clone() }
    }
}

/// All keys of one data folder.
#[derive(Debug)]
pub struct Keys {
    store: Arc<Store>,
    /// By id.
    index: RwLock<BTreeMap<String, Arc<Key>>>,
    /// Held while documents change, so that no change undoes another.
    changing: Mutex<()>,
}

impl Keys {
    /// Reads the keys of a store.
    ///
    /// # Errors
    /// When a document is damaged.
    pub fn load(store: Arc<Store>) -> Result<Keys, Error> {
        let mut index = BTreeMap::new();
        for (key, bytes) in store.documents(PREFIX) {
            let document = serde_json::from_slice::<Document>(&bytes)
                .map_err(|e| Error::Document { key, reason: e.to_string() })?;
            index.insert(document.id.clone(), Key::new(document));
        }
        Ok(Keys { store, index: RwLock::new(index), changing: Mutex::new(()) })
    }

    /// Whether a key was ever made: dead ones count, or the last one's end would open the server.
    pub fn any(&self) -> bool {
        !self.index.read().is_empty()
    }

    /// Whether a live key may administer the server as a whole.
    pub fn any_admin(&self, now: i64) -> bool {
        let is_one = |key: &Arc<Key>| {
            key.has(Scope::Admin) && key.document.applications.is_none() && key.is_live(now)
        };
        self.index.read().values().any(is_one)
    }

    /// In order of creation.
    pub fn all(&self) -> Vec<Arc<Key>> {
        let mut all: Vec<Arc<Key>> = self.index.read().values().cloned().collect();
        all.sort_by_key(|key| key.document.created);
        all
    }

    /// The live key of this text.
    pub fn find(&self, text: &str, now: i64) -> Option<Arc<Key>> {
        self.known(text).filter(|key| key.is_live(now))
    }

    /// The live key of this id.
    pub fn live(&self, id: &str, now: i64) -> Option<Arc<Key>> {
        self.index.read().get(id).filter(|key| key.is_live(now)).cloned()
    }

    /// The key of an id, whether it counts or not.
    pub fn of_id(&self, id: &str) -> Option<Arc<Key>> {
        self.index.read().get(id).cloned()
    }

    /// The key of this text, whether it counts or not.
    pub fn known(&self, text: &str) -> Option<Arc<Key>> {
        let key = self.index.read().get(secret::id_of(text)?).cloned()?;
        key.document.hash.is(&Hash::of(text)).then_some(key)
    }

    /// The key of a name or id; of several of a name the newest, which is the one not revoked if
    /// any is.
    pub fn named(&self, name_or_id: &str) -> Option<Arc<Key>> {
        let text = name_or_id.trim();
        let all = self.all();
        let by_id = all.iter().find(|key| key.document.id == text.to_ascii_lowercase());
        let by_name = |key: &&Arc<Key>| key.document.name.eq_ignore_ascii_case(text);
        by_id.or_else(|| all.iter().rev().find(by_name)).cloned()
    }

    /// Makes a key; durable with the rows `audit` gives when it returns, and its text, which
    /// nothing can give again. Blocks on the disk.
    ///
    /// # Errors
    /// When the wish cannot be met, or the store refuses.
    pub fn create(
        &self,
        wish: &Wish,
        apps: &Apps,
        now: i64,
        audit: impl FnOnce(&Document) -> Vec<(AppId, Batch)>,
    ) -> Result<(Arc<Key>, String), Error> {
        let name = check_name(&wish.name)?;
        let scopes = read_scopes(&wish.scopes)?;
        let applications = read_applications(wish.applications.as_deref(), apps)?;
        let expires = wish.expires.as_deref().map(|text| read_expires(text, now)).transpose()?;
        let rate_per_minute = wish.rate_per_minute.map(read_rate).transpose()?;
        let listed = |names: &Option<Vec<String>>, what| read_listed(names, what, &scopes);
        let projects = listed(&wish.projects, "projects")?;
        let definitions = listed(&wish.definitions, "definitions")?;
        let event_types = listed(&wish.event_types, "types of events")?;
        let events_per_day = read_per_day(wish.events_per_day, &scopes)?;
        let _changing = self.changing.lock();
        let all = self.all();
        let is_taken = |key: &Arc<Key>| {
            key.document.revoked.is_none() && key.document.name.eq_ignore_ascii_case(name)
        };
        if all.iter().any(is_taken) {
            return Err(Error::NameTaken(name.to_owned()));
        }
        let (id, text) = secret::make().map_err(Error::Random)?;
        let key = Key::new(Document {
            id,
            name: name.to_owned(),
            scopes,
            applications,
            hash: Hash::of(&text),
            created: now,
            expires,
            revoked: None,
            rate_per_minute,
            projects,
            definitions,
            event_types,
            events_per_day,
            last_used: None,
        });
        let mut documents = vec![edit(&key.document)?];
        let mut gone = None;
        if all.len() >= KEYS_MAX {
            let dead = all.iter().find(|key| !key.is_live(now)).ok_or(Error::TooMany)?;
            documents.push((format!("{PREFIX}{}", dead.document.id), None));
            gone = Some(dead.document.id.clone());
        }
        let rows = audit(&key.document);
        self.store.append_blocking(Write { rows, documents })?;
        let mut index = self.index.write();
        if let Some(id) = gone {
            index.remove(&id);
        }
        index.insert(key.document.id.clone(), Arc::clone(&key));
        Ok((key, text))
    }

    /// Revokes the key of a name or id; durable with the rows `audit` gives when it returns.
    /// Gives the key and whether it counted as not revoked before: revoking again changes
    /// nothing. Blocks on the disk.
    ///
    /// # Errors
    /// When there is no such key, or the store refuses.
    pub fn revoke(
        &self,
        name_or_id: &str,
        now: i64,
        audit: impl FnOnce(&Document) -> Vec<(AppId, Batch)>,
    ) -> Result<(Arc<Key>, bool), Error> {
        let _changing = self.changing.lock();
        let shown = || Error::NotFound(name_or_id.trim().chars().take(NAME_CHARS_MAX).collect());
        let found = self.named(name_or_id).ok_or_else(shown)?;
        if found.document.revoked.is_some() {
            return Ok((found, false));
        }
        let key = Key::new(Document { revoked: Some(now), ..found.current() });
        let documents = vec![edit(&key.document)?];
        self.store.append_blocking(Write { rows: audit(&key.document), documents })?;
        self.index.write().insert(key.document.id.clone(), Arc::clone(&key));
        Ok((key, true))
    }

    /// Writes down the uses since the last time. Blocks on the disk.
    ///
    /// # Errors
    /// When the store refuses: the next call writes them.
    pub fn save_uses(&self) -> Result<(), Error> {
        let _changing = self.changing.lock();
        let mut saved = Vec::new();
        let mut documents = Vec::new();
        for key in self.all() {
            let document = key.current();
            let at = document.last_used.unwrap_or(0);
            if at > key.saved_use.load(Ordering::Relaxed) {
                documents.push(edit(&document)?);
                saved.push((key, at));
            }
        }
        if documents.is_empty() {
            return Ok(());
        }
        self.store.append_blocking(Write { rows: Vec::new(), documents })?;
        saved.iter().for_each(|(key, at)| key.saved_use.store(*at, Ordering::Relaxed));
        Ok(())
    }
}

/// What makes a document durable.
fn edit(document: &Document) -> Result<(String, Option<Vec<u8>>), Error> {
    let key = format!("{PREFIX}{}", document.id);
    let bytes = serde_json::to_vec(document)
        .map_err(|e| Error::Document { key: key.clone(), reason: e.to_string() })?;
    Ok((key, Some(bytes)))
}

/// The trimmed name.
fn check_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    let is_usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let is_reserved = RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
    // A name that reads as an id could hide another key.
    let is_name = (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name.chars().all(is_usable)
        && !is_reserved
        && !secret::is_id(name);
    is_name.then_some(name).ok_or_else(|| Error::Name(name.chars().take(NAME_CHARS_MAX).collect()))
}

fn read_scopes(texts: &[String]) -> Result<Vec<Scope>, Error> {
    let mut scopes = Vec::new();
    for text in texts.iter().map(|text| text.trim()) {
        let shown = || Error::Scope(text.chars().take(NAME_CHARS_MAX).collect());
        let scope = Scope::parse(text).ok_or_else(shown)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.is_empty() { Err(Error::NoScope) } else { Ok(scopes) }
}

fn read_applications(names: Option<&[String]>, apps: &Apps) -> Result<Option<Vec<u32>>, Error> {
    let Some(names) = names else { return Ok(None) };
    if names.is_empty() || names.len() > APPS_MAX {
        return Err(Error::Applications);
    }
    let mut numbers = Vec::new();
    for name in names {
        let shown = || Error::Application(name.chars().take(100).collect());
        let number = apps.by_name_or_id(name.trim()).ok_or_else(shown)?.number;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    Ok(Some(numbers))
}

/// What only keys of hooks are for.
fn read_listed(
    names: &Option<Vec<String>>,
    what: &'static str,
    scopes: &[Scope],
) -> Result<Option<Vec<String>>, Error> {
    let Some(names) = names else { return Ok(None) };
    if !scopes.contains(&Scope::Hook) {
        return Err(Error::NotHook(what));
    }
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let is_name = |name: &String| (1..=PROJECT_CHARS_MAX).contains(&name.chars().count());
    match (1..=PROJECTS_MAX).contains(&names.len()) && names.iter().all(is_name) {
        true => Ok(Some(names)),
        false => Err(Error::Listed(what)),
    }
}

/// A duration from now, or a date.
fn read_expires(text: &str, now: i64) -> Result<i64, Error> {
    let text = text.trim();
    let after = parse_duration_ms(text)
        .and_then(|ms| i64::try_from(ms).ok()?.checked_mul(1_000_000)?.checked_add(now));
    let at = after.or_else(|| model::time::parse_datetime(text)).filter(|at| *at > now);
    at.ok_or_else(|| Error::Expires(text.chars().take(NAME_CHARS_MAX).collect()))
}

fn read_per_day(events: Option<u64>, scopes: &[Scope]) -> Result<Option<u32>, Error> {
    let Some(events) = events else { return Ok(None) };
    if !scopes.contains(&Scope::Hook) {
        return Err(Error::NotHook("events"));
    }
    let number = u32::try_from(events).ok().filter(|events| (1..=DAY_MAX).contains(events));
    number.map(Some).ok_or(Error::PerDay(events))
}

fn read_rate(rate: u64) -> Result<u32, Error> {
    let number = u32::try_from(rate).ok().filter(|rate| (1..=RATE_MAX).contains(rate));
    number.ok_or(Error::Rate(rate))
}
