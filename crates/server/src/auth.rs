//! Who calls, and what that caller may do.
//!
//! Invariants: keys are compared in constant time and never logged; a key that does not count gets
//! the same answer whatever is wrong with it; a caller that may not see an application gets the
//! same answer whether it exists or not.

pub mod credentials;
pub mod failures;
pub mod sessions;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use model::AppId;
use serde::{Deserialize, Serialize};

use self::sessions::Owner;
use crate::app::{App, now};
use crate::apps::{Application, Apps};
use crate::audit::{self, Event};
use crate::error::Refusal;
use crate::keys::{Hash, Key, Keys};
use crate::listen::Peer;
use crate::settings::Access;

/// Longest client request id kept.
const REQUEST_ID_CHARS_MAX: usize = 200;

/// What a call does to the server, and so what its key must allow; `admin` allows the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Sending telemetry.
    Ingest,
    /// Asking, and reading what is there to ask.
    Query,
    /// Sending events of pipelines and releases.
    Hook,
    /// Applications, keys, tables, metrics, the audit.
    Admin,
}

impl Scope {
    pub const ALL: [Scope; 4] = [Scope::Ingest, Scope::Query, Scope::Hook, Scope::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Query => "query",
            Scope::Hook => "hook",
            Scope::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == text)
    }
}

/// What decides whether a key is needed.
#[derive(Debug)]
pub struct Auth {
    admin_key: Option<Hash>,
    allows_anonymous: bool,
    ingest_needs_key: bool,
    exposed: Option<SocketAddr>,
    failures: failures::Table,
    /// Browsers that are signed in.
    pub sessions: sessions::Table,
    /// What may make the first key.
    first_key: sessions::Token,
}

impl Auth {
    /// `installation`: what tells this server from others, such as the id of an application.
    pub fn new(access: &Access, installation: &str) -> Auth {
        Auth {
            admin_key: access.admin_key.as_ref().map(|key| Hash::of(&key.0)),
            allows_anonymous: access.allow_anonymous_queries,
            ingest_needs_key: access.ingest_needs_key,
            exposed: access.exposed(),
            failures: failures::Table::default(),
            sessions: sessions::Table::new(installation),
            first_key: sessions::Token::default(),
        }
    }

    /// Whether calls need a key; once one was made they always do.
    pub fn is_on(&self, keys: &Keys) -> bool {
        self.admin_key.is_some() || self.exposed.is_some() || keys.any()
    }

    /// Whether anybody may make the next key once calls need one.
    pub fn any_admin(&self, keys: &Keys, now: i64) -> bool {
        self.admin_key.is_some() || keys.any_admin(now)
    }

    /// Where others can reach a server that nobody has a key to.
    pub fn stranded(&self, keys: &Keys) -> Option<SocketAddr> {
        let has_key = self.admin_key.is_some() || keys.any();
        self.exposed.filter(|_| !has_key && !self.allows_anonymous)
    }

    /// Whether queries are answered to whom nobody knows.
    pub fn answers_anybody(&self, keys: &Keys) -> bool {
        self.allows_anonymous || !self.is_on(keys)
    }

    /// A text that may make the first key, once; the one before does not count any more.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn offer_first_key(&self) -> Result<String, getrandom::Error> {
        self.first_key.offer()
    }

    /// Has a text count again that [`take_first_key`] passed and no key was made for.
    pub fn give_back_first_key(&self, text: &str) {
        self.first_key.give_back(text);
    }
}

#[derive(Debug, Clone)]
enum Who {
    /// Anybody: no keys are needed.
    Everybody,
    /// Anybody, where queries need no key.
    Anonymous,
    AdminKey,
    Key(Arc<Key>),
    /// The command line on a folder.
    Local,
    /// A query badge, which asks one application.
    Badge(AppId),
}

/// Whoever sent a request.
#[derive(Debug, Clone)]
pub struct Caller {
    who: Who,
    sees_audit: bool,
    /// What the client calls its request; often empty.
    pub request_id: String,
    /// Where it came from, when addresses are stored.
    pub address: Option<String>,
}

impl Caller {
    /// Who the request is from.
    ///
    /// # Errors
    /// 401 when a key is needed and missing, unknown, expired or revoked; 429 when its rate is
    /// used up or its address sent too many wrong ones.
    pub fn of(app: &App, parts: &Parts) -> Result<Caller, Refusal> {
        // A call made of several asks once.
        if let Some(known) = parts.extensions.get::<Caller>() {
            return Ok(known.clone());
        }
        let who = match app.auth.is_on(&app.keys) {
            false => Who::Everybody,
            true => match identify(app, parts)? {
                Some(who) => who,
                None if app.auth.allows_anonymous => Who::Anonymous,
                None => return Err(unauthorized()),
            },
        };
        Ok(Caller::new(app, parts, who))
    }

    /// Who sends rows of tables: as [`Caller::of`], and as strict as for telemetry.
    ///
    /// # Errors
    /// As [`Caller::of_ingestion`].
    pub fn of_rows(app: &App, parts: &Parts) -> Result<Caller, Refusal> {
        match app.auth.ingest_needs_key {
            true => Caller::of_ingestion(app, parts),
            false => Caller::of(app, parts),
        }
    }

    /// Who sends telemetry. The instrumentation key alone admits it unless the setting
    /// `ingest_needs_key` wants more.
    ///
    /// # Errors
    /// As [`Caller::of`]; 403 when the key has no scope `ingest`.
    pub fn of_ingestion(app: &App, parts: &Parts) -> Result<Caller, Refusal> {
        let who = match app.auth.ingest_needs_key {
            false => Who::Everybody,
            true => identify(app, parts)?.ok_or_else(unauthorized)?,
        };
        match &who {
            Who::Key(key) if !key.has(Scope::Ingest) => Err(forbidden()),
            _ => Ok(Caller::new(app, parts, who)),
        }
    }

    /// The command line, which works on a folder without a server.
    pub fn local() -> Caller {
        Caller { who: Who::Local, sees_audit: true, request_id: String::new(), address: None }
    }

    /// The query of a badge, which may ask that application and nothing else.
    pub fn badge(application: AppId) -> Caller {
        let who = Who::Badge(application);
        Caller { who, sees_audit: false, request_id: String::new(), address: None }
    }

    /// Somebody without a key that counts.
    pub fn unknown(app: &App, parts: &Parts) -> Caller {
        Caller::new(app, parts, Who::Anonymous)
    }

    fn new(app: &App, parts: &Parts, who: Who) -> Caller {
        let request_id = parts.headers.get("x-ms-client-request-id");
        let request_id = request_id.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.filter(|_| app.settings.ingest.store_addresses);
        let sees_audit = match &who {
            Who::Everybody | Who::AdminKey | Who::Local => true,
            Who::Anonymous | Who::Badge(_) => false,
            // What concerns the server as a whole stands among the rows of the default
            // application, and names others.
            Who::Key(key) => {
                let is_whole = key.document.applications.is_none();
                let default = app.apps.default().map(|found| found.app_id());
                key.has(Scope::Admin) && (is_whole || !default.is_some_and(|id| key.is_for(id)))
            }
        };
        Caller {
            who,
            sees_audit,
            request_id: request_id.chars().take(REQUEST_ID_CHARS_MAX).collect(),
            address: peer.map(|peer| peer.address.ip().to_string()),
        }
    }

    /// Passes a caller who may do `scope` to `application`; `None`: to the server as a whole.
    ///
    /// # Errors
    /// 403 when its key does not allow that, the same for every reason; 401 when it has no key and
    /// needs one.
    pub fn may(&self, scope: Scope, application: Option<&Application>) -> Result<(), Refusal> {
        match &self.who {
            Who::Everybody | Who::AdminKey | Who::Local => Ok(()),
            Who::Anonymous if scope == Scope::Query => Ok(()),
            Who::Anonymous => Err(unauthorized()),
            Who::Badge(own) => match application.is_some_and(|found| found.app_id() == *own) {
                true if scope == Scope::Query => Ok(()),
                _ => Err(forbidden()),
            },
            Who::Key(key) => {
                let is_for = match application {
                    Some(found) => key.is_for(found.app_id()),
                    None => key.document.applications.is_none(),
                };
                if key.has(scope) && is_for { Ok(()) } else { Err(forbidden()) }
            }
        }
    }

    /// Passes a caller who may do `scope` to any application it sees.
    ///
    /// # Errors
    /// As [`Caller::may`].
    pub fn may_somewhere(&self, scope: Scope) -> Result<(), Refusal> {
        match &self.who {
            Who::Key(key) if key.has(scope) => Ok(()),
            _ => self.may(scope, None),
        }
    }

    /// Whether the application exists as far as this caller can tell.
    pub fn sees(&self, application: &Application) -> bool {
        match &self.who {
            Who::Key(key) => key.is_for(application.app_id()),
            Who::Badge(own) => application.app_id() == *own,
            _ => true,
        }
    }

    /// The applications this caller sees, in order of creation.
    pub fn visible(&self, apps: &Apps) -> Vec<Arc<Application>> {
        let mut all = apps.all();
        all.retain(|found| self.sees(found));
        all
    }

    /// The application meant when none is named: the default one, else the first it sees.
    pub fn home(&self, apps: &Apps) -> Option<Arc<Application>> {
        apps.default()
            .filter(|found| self.sees(found))
            .or_else(|| self.visible(apps).into_iter().next())
    }

    /// The applications its queries may name; `None`: all.
    pub fn nameable(&self) -> Option<Vec<AppId>> {
        match &self.who {
            Who::Key(key) => {
                let numbers = key.document.applications.as_ref()?;
                Some(numbers.iter().map(|number| AppId(*number)).collect())
            }
            Who::Badge(own) => Some(vec![*own]),
            _ => None,
        }
    }

    /// Whether it still counts at the time `now`.
    pub fn is_live(&self, app: &App, now: i64) -> bool {
        match &self.who {
            Who::Key(key) => app.keys.live(&key.document.id, now).is_some(),
            Who::Everybody => !app.auth.is_on(&app.keys),
            _ => true,
        }
    }

    /// Under which name is kept what is this caller's alone; `None` where nobody tells callers
    /// apart from strangers.
    pub fn owner(&self) -> Option<String> {
        match &self.who {
            Who::Anonymous | Who::Badge(_) => None,
            Who::Key(key) => Some(format!("key-{}", key.document.id)),
            _ => Some(self.name().to_owned()),
        }
    }

    /// Whether it is somebody nobody knows on a server that tells callers apart.
    pub fn is_stranger(&self) -> bool {
        matches!(self.who, Who::Anonymous)
    }

    /// Whether the table `Audit` exists for it: for administrators.
    pub fn sees_audit(&self) -> bool {
        self.sees_audit
    }

    /// The name of its key, or what it is without one.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::Everybody | Who::Anonymous => "anonymous",
            Who::AdminKey => "admin_key",
            Who::Key(key) => &key.document.name,
            Who::Local => "local",
            Who::Badge(_) => "badge",
        }
    }

    /// Whether its name tells it from other callers.
    pub fn is_named(&self) -> bool {
        !matches!(self.who, Who::Everybody | Who::Anonymous)
    }

    /// The id of its key; empty without one.
    pub fn key_id(&self) -> &str {
        match &self.who {
            Who::Key(key) => &key.document.id,
            _ => "",
        }
    }
}

/// Whose key a request carries, or who is signed in; `None` when it carries neither.
fn identify(app: &App, parts: &Parts) -> Result<Option<Who>, Refusal> {
    let given = credentials::read(parts);
    match given.is_empty() {
        true => of_session(app, parts),
        false => of_keys(app, parts, &given).map(Some),
    }
}

/// Who is signed in; a session whose key does not count any more is none.
fn of_session(app: &App, parts: &Parts) -> Result<Option<Who>, Refusal> {
    let now = now();
    let who = match app.auth.sessions.find(parts, now) {
        None => return Ok(None),
        Some(Owner::AdminKey) => app.auth.admin_key.map(|_| Who::AdminKey),
        Some(Owner::Key(id)) => app.keys.live(&id, now).map(Who::Key),
    };
    let Some(who) = who else {
        app.auth.sessions.end(parts);
        return Ok(None);
    };
    sessions::check_sender(parts)?;
    if let Who::Key(key) = &who {
        take(key, now)?;
    }
    Ok(Some(who))
}

/// Signs in whoever holds `key`: the session's text for its cookie, and the caller.
///
/// # Errors
/// As [`Caller::of`]; 403 for a key that can neither ask nor administer.
pub fn sign_in(app: &App, parts: &Parts, key: &str) -> Result<(String, Caller), Refusal> {
    let who = of_keys(app, parts, &[key.trim().to_owned()])?;
    let owner = match &who {
        Who::Key(key) if key.has(Scope::Query) => Owner::Key(key.document.id.clone()),
        Who::AdminKey => Owner::AdminKey,
        _ => {
            let message = "the portal asks and administers: sign in with a key of scope `query` \
                           or `admin`";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", message));
        }
    };
    let text = app.auth.sessions.begin(owner, now()).map_err(|error| {
        tracing::error!(%error, "the system has no random bytes");
        Refusal::internal()
    })?;
    Ok((text, Caller::new(app, parts, who)))
}

/// Passes whoever sends the text that may make the first key; it counts no more then.
///
/// # Errors
/// 401 when the text is another one or was used; 429 when its address sent too many wrong ones.
pub fn take_first_key(app: &App, parts: &Parts, text: &str) -> Result<(), Refusal> {
    let now = now();
    let address = parts.extensions.get::<Peer>().map(|peer| peer.address.ip());
    check_address(app, address, now)?;
    if app.auth.stranded(&app.keys).is_some() && app.auth.first_key.take(text) {
        return Ok(());
    }
    if let Some(address) = address {
        app.auth.failures.add(address, now);
    }
    let message = "this link made a key already, or is one of an earlier start: sign in with a \
                   key, or start the server again where there is none";
    Err(Refusal::new(StatusCode::UNAUTHORIZED, "token", message))
}

fn check_address(app: &App, address: Option<IpAddr>, now: i64) -> Result<(), Refusal> {
    match address.and_then(|address| app.auth.failures.wait(address, now)) {
        Some(wait) => Err(throttled("too many wrong keys came from this address", wait)),
        None => Ok(()),
    }
}

fn take(key: &Key, now: i64) -> Result<(), Refusal> {
    key.take(now).map_err(|wait| throttled("this key's requests of a minute are used up", wait))
}

/// Whose one of these keys is.
fn of_keys(app: &App, parts: &Parts, given: &[String]) -> Result<Who, Refusal> {
    let now = now();
    // A key that counts is never held up by what others send from the same address: it has more
    // bits than anybody can try.
    if let Some(key) = given.iter().find_map(|text| app.keys.find(text, now)) {
        take(&key, now)?;
        return Ok(Who::Key(key));
    }
    let address = parts.extensions.get::<Peer>().map(|peer| peer.address.ip());
    check_address(app, address, now)?;
    let is_admin = |text: &String| app.auth.admin_key.is_some_and(|h| h.is(&Hash::of(text)));
    if given.iter().any(is_admin) {
        return Ok(Who::AdminKey);
    }
    if let Some(address) = address {
        app.auth.failures.add(address, now);
    }
    let refusal = unauthorized();
    let event = Event {
        target: parts.uri.path().to_owned(),
        status: refusal.status.as_u16(),
        ..Event::new("auth.failed")
    };
    audit::record(app, &Caller::new(app, parts, Who::Anonymous), event);
    Err(refusal)
}

/// Notes that a key was refused what it asked for: one that tries doors leaves a trace.
pub fn note_forbidden(app: &App, parts: &Parts) {
    let given = credentials::read(parts);
    let found = match app.auth.sessions.find(parts, now()).filter(|_| given.is_empty()) {
        Some(Owner::Key(id)) => app.keys.live(&id, now()),
        _ => given.iter().find_map(|text| app.keys.find(text, now())),
    };
    let who = found.map_or(Who::Anonymous, Who::Key);
    let event = Event {
        target: parts.uri.path().to_owned(),
        status: StatusCode::FORBIDDEN.as_u16(),
        ..Event::new("auth.forbidden")
    };
    audit::record(app, &Caller::new(app, parts, who), event);
}

fn unauthorized() -> Refusal {
    let message = "a valid key is needed: send it as `x-api-key`, bearer token or password";
    Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

fn forbidden() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "forbidden", "this key does not allow that")
}

fn throttled(what: &str, wait_ns: i64) -> Refusal {
    let wait = Duration::from_nanos(wait_ns.unsigned_abs());
    let seconds = wait.as_secs() + 1;
    let message = format!("{what}: wait {seconds} s");
    let mut refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "throttled", message);
    refusal.retry_after = Some(Duration::from_secs(seconds));
    refusal
}
