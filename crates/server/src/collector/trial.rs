//! A test call: what a token may see of an organisation, before a source of the settings has it.
//!
//! Invariants: the token is in memory while the call runs, and in no text; of what the other side
//! sends nothing is told but names of projects and counts; a call ends within [`TIME`] and asks
//! nothing that the settings could not have asked, of no host but those of the address.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azdo::client::{Budget, Client, Credentials, Error, Hosts, Options, SignIn};
use azdo::collect::Globs;

use super::source::USER_AGENT;
use super::transport::{Sockets, Stop};
use crate::settings::is_loopback_url;
use crate::settings::sources::default_of;

/// The longest a test call takes.
const TIME: Duration = Duration::from_secs(15);
/// Projects that are asked for their definitions.
const PROJECTS_MAX: usize = 20;
/// Patterns of one call, and the bytes of one.
const PATTERNS_MAX: usize = 50;
const PATTERN_BYTES_MAX: usize = 256;
const ADDRESS_BYTES_MAX: usize = 1000;
const TOKEN_BYTES_MAX: usize = 4096;
/// Largest answer, decompressed.
const BODY_BYTES_MAX: u64 = 8 << 20;
/// So much of a name is told, and so many names where a name is not found.
const NAME_CHARS_MAX: usize = 64;
const NAMES_MAX: usize = 5;
/// So much of a reason of this machine's sockets is told.
const REASON_CHARS_MAX: usize = 200;

/// What is to be tried, checked.
pub struct Wanted {
    pub hosts: Hosts,
    projects: Globs,
    token: Option<String>,
}

/// What of a wish is wrong. The fault is of who wrote it.
#[derive(Debug)]
pub struct Wrong {
    /// As the API calls it.
    pub field: &'static str,
    pub message: String,
}

impl Wanted {
    /// Checks a wish by the rules of a source of the settings. A token that somebody types goes
    /// over HTTPS only, or stays on this machine.
    ///
    /// # Errors
    /// The first mistake.
    pub fn of(base: &str, projects: &[String], token: Option<String>) -> Result<Wanted, Wrong> {
        let wrong = |field, message| Err(Wrong { field, message });
        if base.len() > ADDRESS_BYTES_MAX {
            return wrong("base", format!("it has more than {ADDRESS_BYTES_MAX} bytes"));
        }
        let hosts = match Hosts::of(base, None) {
            Ok(hosts) => hosts,
            Err(reason) => return wrong("base", format!("the address {reason}")),
        };
        if hosts.core.starts_with("http://") && !is_loopback_url(&hosts.core) {
            let message = "the address is plain HTTP: from here a token is sent over HTTPS only; \
                           `telltale collect --once` tries what the settings file says";
            return wrong("base", message.to_owned());
        }
        let is_long = |pattern: &String| pattern.len() > PATTERN_BYTES_MAX;
        if projects.len() > PATTERNS_MAX || projects.iter().any(is_long) {
            let message = format!(
                "{PATTERNS_MAX} names or patterns of {PATTERN_BYTES_MAX} bytes are the most"
            );
            return wrong("projects", message);
        }
        let all = ["*".to_owned()];
        let projects = match Globs::new(if projects.is_empty() { &all } else { projects }) {
            Ok(projects) => projects,
            Err(reason) => return wrong("projects", format!("the list of projects {reason}")),
        };
        let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        let is_token = |token: &String| {
            token.len() <= TOKEN_BYTES_MAX && token.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !token.as_ref().is_none_or(is_token) {
            let message = format!(
                "a token is one line of {TOKEN_BYTES_MAX} letters and digits at most, as Azure \
                 DevOps shows it"
            );
            return wrong("token", message);
        }
        Ok(Wanted { hosts, projects, token })
    }
}

/// What came of a test call.
#[derive(Debug, Default)]
pub struct Found {
    pub projects: Vec<Seen>,
    /// Projects that were not asked, for their number or for want of time.
    pub left: usize,
    pub problems: Vec<Problem>,
}

/// A project the token may see.
#[derive(Debug)]
pub struct Seen {
    pub name: String,
    /// Definitions of pipelines, and of releases where these were told.
    pub pipelines: usize,
    pub releases: Option<usize>,
}

/// Why a part of a test call came to nothing, and what to do about it.
#[derive(Debug)]
pub struct Problem {
    pub about: About,
    pub message: String,
}

/// Where to look for the mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The address, or the way to it.
    Address,
    /// The certificate of the other side.
    Certificate,
    Token,
    /// What the token may do, or its owner.
    Scope,
    Project,
    /// Azure DevOps itself.
    Service,
    Time,
}

impl About {
    /// In the API.
    pub fn word(self) -> &'static str {
        match self {
            About::Address => "address",
            About::Certificate => "certificate",
            About::Token => "token",
            About::Scope => "scope",
            About::Project => "project",
            About::Service => "service",
            About::Time => "time",
        }
    }
}

/// A part of the service that is let into by a scope of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Area {
    Builds,
    Releases,
    Tests,
}

impl Area {
    fn scope(self) -> &'static str {
        match self {
            Area::Builds => "Build (read)",
            Area::Releases => "Release (read)",
            Area::Tests => "Test Management (read)",
        }
    }

    /// What is there, and what to write into a source that does without.
    fn things(self) -> (&'static str, &'static str) {
        match self {
            Area::Builds => ("pipelines", ""),
            Area::Releases => ("releases", "; or write `releases = false` into the source"),
            Area::Tests => ("tests", "; or write `tests = \"off\"` into the source"),
        }
    }
}

/// Runs a test call; blocks for [`TIME`] at most.
pub fn run(wanted: &Wanted, stop: Arc<Stop>) -> Found {
    let until = Instant::now() + TIME;
    let token = wanted.token.clone();
    let options = Options {
        hosts: wanted.hosts.clone(),
        credentials: match token {
            Some(token) => Credentials::Pat(Box::new(move || Ok(token.clone()))),
            None => Credentials::Anonymous,
        },
        concurrency: 1,
        api_version: default_of("api_version").to_owned(),
        body_bytes_max: BODY_BYTES_MAX,
        user_agent: USER_AGENT.to_owned(),
        retries: 0,
    };
    let sockets = Sockets::new(stop, None, Arc::new(|_| {})).until(until);
    let mut trial = Trial {
        client: Client::new(sockets, options),
        wanted,
        until,
        is_let_in: false,
        asks_releases: wanted.token.is_some(),
        asks_tests: wanted.token.is_some(),
        all: None,
        found: Found::default(),
    };
    if let Some(names) = trial.names() {
        trial.look(names);
    }
    trial.found
}

/// A test call under way.
struct Trial<'a> {
    client: Client<Sockets>,
    wanted: &'a Wanted,
    until: Instant,
    /// Whether something was answered: the token counts, and what is refused later is a matter
    /// of scopes.
    is_let_in: bool,
    asks_releases: bool,
    asks_tests: bool,
    /// The names of all projects, once they were listed.
    all: Option<Vec<String>>,
    found: Found,
}

impl Trial<'_> {
    /// The projects to look at; none when there is nothing to look at.
    fn names(&mut self) -> Option<Vec<String>> {
        if let Some(names) = self.wanted.projects.literal() {
            if names.is_empty() {
                self.problem(About::Project, "each project that is named is excluded, too".into());
                return None;
            }
            return Some(names);
        }
        let projects = match self.client.projects() {
            Ok(projects) => projects,
            Err(error) => {
                self.fail(&error, Area::Builds, "");
                return None;
            }
        };
        self.is_let_in = true;
        let globs = &self.wanted.projects;
        let taken = projects.iter().filter(|p| globs.takes(&p.name) && globs.allows(&p.id));
        let names: Vec<String> = taken.map(|project| project.name.clone()).collect();
        let all: Vec<String> = projects.into_iter().map(|project| project.name).collect();
        if names.is_empty() {
            let message = match all.is_empty() {
                true => "the token sees no project: its owner is a member of none".to_owned(),
                false => format!("no project fits; the token sees {}", listed(&all)),
            };
            self.problem(About::Project, message);
            return None;
        }
        self.all = Some(all);
        Some(names)
    }

    fn look(&mut self, names: Vec<String>) {
        let count = names.len();
        for (at, name) in names.into_iter().enumerate() {
            if at == PROJECTS_MAX {
                self.found.left = count - at;
                return;
            }
            if Instant::now() >= self.until {
                self.found.left = count - at;
                return self.is_late();
            }
            if !self.look_at(&name) {
                self.found.left = count - at - 1;
                return;
            }
        }
    }

    /// Looks at one project; whether there is any use in looking at others.
    fn look_at(&mut self, name: &str) -> bool {
        let pipelines = match self.client.build_definitions(name) {
            Ok(definitions) => definitions.len(),
            Err(Error::Missing { .. }) => {
                self.miss(name);
                return true;
            }
            Err(error) => {
                self.fail(&error, Area::Builds, name);
                return error.is_auth() && !self.found.projects.is_empty();
            }
        };
        self.is_let_in = true;
        let releases = self.releases(name);
        self.tests(name);
        self.found.projects.push(Seen { name: shortened(name), pipelines, releases });
        true
    }

    fn releases(&mut self, name: &str) -> Option<usize> {
        if !self.asks_releases {
            return None;
        }
        match self.client.release_definitions(name) {
            Ok(definitions) => Some(definitions.len()),
            // A server without releases.
            Err(Error::Missing { .. }) => None,
            Err(error) => {
                self.asks_releases = false;
                self.fail(&error, Area::Releases, name);
                None
            }
        }
    }

    /// Whether tests may be read: those of a build that may not be there are none.
    fn tests(&mut self, name: &str) {
        if !std::mem::take(&mut self.asks_tests) {
            return;
        }
        let mut budget = Budget::new(1, BODY_BYTES_MAX);
        if let Err(error) = self.client.test_runs(name, 1, &mut budget)
            && error.is_auth()
        {
            self.fail(&error, Area::Tests, name);
        }
    }

    /// There is no such project, or not for this token.
    fn miss(&mut self, name: &str) {
        if self.all.is_none() {
            let projects = self.client.projects().unwrap_or_default();
            self.all = Some(projects.into_iter().map(|project| project.name).collect());
        }
        let all = self.all.as_deref().unwrap_or_default();
        let near = kql::suggest::nearest(name, all.iter().map(String::as_str));
        let shown = shortened(name);
        let message = match near {
            _ if all.is_empty() => {
                format!(
                    "there is no project `{shown}` at {}, or the token may not see it",
                    host_of(&self.wanted.hosts.core)
                )
            }
            Some(near) => {
                format!("there is no project `{shown}`: did you mean `{}`?", shortened(near))
            }
            None => {
                format!("there is no project `{shown}`: the token sees {}", listed(all))
            }
        };
        self.problem(About::Project, message);
    }

    fn problem(&mut self, about: About, message: String) {
        self.found.problems.push(Problem { about, message });
    }

    fn is_late(&mut self) {
        let message = format!(
            "{} was too slow: a test call ends after {} s",
            host_of(&self.wanted.hosts.core),
            TIME.as_secs()
        );
        self.problem(About::Time, message);
    }

    /// Tells of a call that came to nothing, in words of ours. `project`: `''` for none.
    fn fail(&mut self, error: &Error, area: Area, project: &str) {
        let hosts = &self.wanted.hosts;
        let host = host_of(if area == Area::Releases { &hosts.release } else { &hosts.core });
        let (about, message) = match error {
            Error::AuthFailed { reason, .. } => {
                let about = if self.is_let_in { About::Scope } else { About::Token };
                (about, self.not_let_in(reason, area, project, &host))
            }
            Error::Stopped => return self.is_late(),
            Error::Unavailable { .. } if Instant::now() >= self.until => return self.is_late(),
            Error::Unavailable { reason, .. } => unavailable(reason, &host),
            Error::Missing { .. } => (
                About::Address,
                format!(
                    "{host} has no organisation or collection at this address: it is \
                     `https://dev.azure.com/ORGANISATION`, or a server's with its collection"
                ),
            ),
            Error::Refused { status, .. } => {
                (About::Service, format!("{host} refuses the call with status {status}"))
            }
            Error::TooLarge { limit_bytes, .. } => {
                (About::Service, format!("an answer of {host} is longer than {limit_bytes} bytes"))
            }
            Error::NoToken(_) | Error::Unreadable { .. } | Error::Paging { .. } => {
                (About::Address, format!("{host} answers, but not as Azure DevOps does"))
            }
        };
        self.problem(about, message);
    }

    /// What a refusal of the token means, by what else it was good for.
    fn not_let_in(&self, reason: &SignIn, area: Area, project: &str, host: &str) -> String {
        let scope = area.scope();
        let told = match reason {
            SignIn::Status(status @ (401 | 403)) => format!("status {status}"),
            _ => "a page to sign in on instead of data".to_owned(),
        };
        let has_token = self.wanted.token.is_some();
        if has_token && self.is_let_in {
            let (things, or) = area.things();
            return format!(
                "the token lacks the scope {scope}, or its owner may not see {things} of `{}` \
                 ({told}){or}",
                shortened(project)
            );
        }
        match (has_token, reason) {
            (false, _) => format!(
                "{host} lets nobody in without a token ({told}): only public projects need none"
            ),
            (true, SignIn::Status(403)) => format!(
                "{host} knows the token and refuses it ({told}): it lacks the scope {scope}, or \
                 its owner may not enter this organisation"
            ),
            (true, _) => format!(
                "{host} does not take the token ({told}): it is mistyped, has ended, was made for \
                 another organisation, or lacks the scope {scope}; or the address is none of an \
                 organisation"
            ),
        }
    }
}

/// What a call without an answer of worth means.
fn unavailable(reason: &str, host: &str) -> (About, String) {
    let folded = reason.to_lowercase();
    if let Some(status) = folded.strip_prefix("status ") {
        let status: String = status.chars().take_while(char::is_ascii_digit).collect();
        let message = format!(
            "{host} answers status {status}: it is busy or out of order, try again in a while"
        );
        return (About::Service, message);
    }
    if folded.contains("certificate") {
        let why = if folded.contains("unknownissuer") || folded.contains("unknown issuer") {
            "no public authority issued it; name the file of its authority as `ca_file` in the \
             source, and try it with `telltale collect --once`"
        } else if folded.contains("name") {
            "it is for other names; use the name it is for, or have it made anew"
        } else if folded.contains("expired") {
            "it has ended; who runs that server has to renew it"
        } else {
            "it cannot be used"
        };
        return (About::Certificate, format!("the certificate of {host} is not trusted: {why}"));
    }
    let reason: String = reason.chars().take(REASON_CHARS_MAX).collect();
    (About::Address, format!("{host} cannot be reached from this server: {reason}"))
}

/// The host of a base, with its port.
fn host_of(base: &str) -> String {
    let host = base.split('/').nth(2).unwrap_or_default();
    format!("`{}`", shortened(host))
}

fn shortened(name: &str) -> String {
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// The first of some names.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).map(|name| format!("`{}`", shortened(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
