//! What the collector knows of a project, as small documents of the store.
//!
//! Below `collector/{source}/{project}/`: `state` (cursor and the last runs), `seen/{build}` (what
//! a build was like when it was collected), `open/{build}` (builds that run), `pending/{build}`
//! (builds that failed), `releases`. A document per build, since documents are written whole: a
//! build costs its own hundred bytes, however many there are. Those of `seen` go when the reconcile
//! window has passed over them.
//!
//! `{project}` is the project's id, which stays when the project is renamed; its name, as long as
//! no build has told the id. `collector-names/{source}/{name}` leads from names to ids.

use std::collections::BTreeMap;

use model::time::{Fraction, format_datetime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::run::Summary;
use super::sink::{Documents, Notes};
use crate::client::address::escape;
use crate::rows::Kept;
use crate::wire;

/// Before the keys of all documents of collectors.
pub const PREFIX: &str = "collector/";
/// Before the keys of the documents that hold a project's id by its name.
const NAMES: &str = "collector-names/";
/// So many of the last runs are remembered.
const RUNS_MAX: usize = 8;
const MINUTE_NS: i64 = 60_000_000_000;
/// Longest wait before a pending build is tried again.
const RETRY_NS_MAX: i64 = 6 * 60 * MINUTE_NS;
/// So often a build is tried before it is a dead letter.
pub const TRIES_MAX: u32 = 20;

/// Cursor and history of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The name the project was last collected under.
    pub name: String,
    /// The newest finish time all builds up to which are durable or pending; 0: none yet.
    pub cursor_ns: i64,
    /// When the last reconciliation began.
    pub reconciled_ns: i64,
    /// When the last pass over the list of builds ended well.
    pub succeeded_ns: i64,
    /// The newest time a changed build was seen.
    pub active_ns: i64,
    /// Newest first.
    pub runs: Vec<Summary>,
}

/// What a finished build was like when it was collected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    #[serde(rename = "f")]
    pub finish_ns: i64,
    #[serde(rename = "r")]
    pub result: String,
    #[serde(rename = "m")]
    pub changed_ns: i64,
    /// Of the newest timeline.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub change_id: Option<i64>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub timeline: Option<bool>,
    #[serde(rename = "a", default)]
    pub attempts: i64,
    #[serde(rename = "x", default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Listed as if it were there, while its timeline is not.
    #[serde(rename = "g", default, skip_serializing_if = "std::ops::Not::not")]
    pub has_lost_timeline: bool,
    /// Tells the names of projects apart: rows of a build are under one name.
    #[serde(rename = "p", default)]
    pub name_hash: u16,
    /// The CollectedAt of its rows.
    #[serde(rename = "n")]
    pub collected_ns: i64,
}

/// What a build that had not finished was like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Open {
    #[serde(rename = "s")]
    pub status: String,
    #[serde(rename = "b")]
    pub start_ns: i64,
    #[serde(rename = "m")]
    pub changed_ns: i64,
    #[serde(rename = "n")]
    pub collected_ns: i64,
}

/// A build that failed to be collected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pending {
    pub tries: u32,
    pub next_ns: i64,
    pub error: String,
    /// Tried too often: waits for its user.
    pub is_dead: bool,
}

impl Seen {
    /// Whether a listed build is as it was. `is_thorough`: what contradicts the list is looked at
    /// again.
    pub fn is_same(&self, build: &wire::Build, is_thorough: bool) -> bool {
        self.is_same_run(build)
            && self.changed_ns == build.last_changed_date.unwrap_or(0)
            // One that nobody finds may still be listed for a while as if nothing had happened.
            && (self.deleted == build.deleted || self.deleted && !is_thorough)
            && !(self.has_lost_timeline && is_thorough)
    }

    /// Whether a listed build has not run again.
    pub fn is_same_run(&self, build: &wire::Build) -> bool {
        self.finish_ns == build.finish_time.unwrap_or(0) && self.result == build.result
    }

    /// A build as it is now.
    pub fn of(build: &wire::Build, change_id: Option<i64>, kept: Kept, collected_ns: i64) -> Seen {
        Seen {
            finish_ns: build.finish_time.unwrap_or(0),
            result: build.result.clone(),
            changed_ns: build.last_changed_date.unwrap_or(0),
            change_id,
            timeline: Some(kept.has_timeline),
            attempts: kept.attempt_count,
            deleted: build.deleted,
            has_lost_timeline: false,
            name_hash: name_hash(&build.project.name),
            collected_ns,
        }
    }

    /// Whether the rows of the build are under the name its project has now.
    pub fn is_same_name(&self, build: &wire::Build) -> bool {
        self.name_hash == name_hash(&build.project.name)
    }

    /// What the row of the build alone repeats.
    pub fn kept(&self) -> Kept {
        Kept { attempt_count: self.attempts, has_timeline: self.timeline.unwrap_or(false) }
    }
}

/// FNV-1a, folded: differs for most pairs of names.
fn name_hash(name: &str) -> u16 {
    let hash = name
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash >> 16) as u16 ^ hash as u16
}

impl Open {
    pub fn of(build: &wire::Build, collected_ns: i64) -> Open {
        Open {
            status: build.status.clone(),
            start_ns: build.start_time.unwrap_or(0),
            changed_ns: build.last_changed_date.unwrap_or(0),
            collected_ns,
        }
    }

    /// Whether a listed build is as it was.
    pub fn is_same(&self, build: &wire::Build) -> bool {
        *self == Open::of(build, self.collected_ns)
    }
}

impl Pending {
    /// After another failure: 1, 2, 4, … minutes to six hours later, then never.
    pub fn failed(self, error: String, now: i64) -> Pending {
        let tries = self.tries + 1;
        let wait_ns = MINUTE_NS.checked_shl(tries - 1).filter(|wait| *wait > 0);
        let wait_ns = wait_ns.unwrap_or(RETRY_NS_MAX).min(RETRY_NS_MAX);
        let is_dead = tries >= TRIES_MAX;
        Pending { tries, next_ns: now.saturating_add(wait_ns), error, is_dead }
    }
}

/// The documents of one project.
#[derive(Debug)]
pub struct State<'a, S: ?Sized> {
    notes: &'a S,
    prefix: String,
}

impl<'a, S: Notes + ?Sized> State<'a, S> {
    /// Of a project by its name or id.
    pub fn of(notes: &'a S, source: &str, project: &str) -> State<'a, S> {
        let id = notes.document(&name_key(source, project));
        let id = id.and_then(|id| String::from_utf8(id.to_vec()).ok());
        State { notes, prefix: prefix(source, id.as_deref().unwrap_or(project)) }
    }

    fn key(&self, kind: &str, build: i64) -> String {
        format!("{}{kind}/{build}", self.prefix)
    }

    fn get<V: DeserializeOwned>(&self, key: &str) -> Option<V> {
        serde_json::from_slice(&self.notes.document(key)?).ok()
    }

    fn list<V: DeserializeOwned>(&self, kind: &str) -> BTreeMap<i64, V> {
        let prefix = format!("{}{kind}/", self.prefix);
        let found = self.notes.documents(&prefix).into_iter().filter_map(|(key, bytes)| {
            let build = key.strip_prefix(&prefix)?.parse().ok()?;
            Some((build, serde_json::from_slice(&bytes).ok()?))
        });
        found.collect()
    }

    pub fn facts(&self) -> Facts {
        self.get(&format!("{}state", self.prefix)).unwrap_or_default()
    }

    pub fn seen(&self, build: i64) -> Option<Seen> {
        self.get(&self.key("seen", build))
    }

    pub fn open(&self, build: i64) -> Option<Open> {
        self.get(&self.key("open", build))
    }

    pub fn pending(&self, build: i64) -> Option<Pending> {
        self.get(&self.key("pending", build))
    }

    pub fn all_seen(&self) -> BTreeMap<i64, Seen> {
        self.list("seen")
    }

    pub fn all_open(&self) -> BTreeMap<i64, Open> {
        self.list("open")
    }

    pub fn all_pending(&self) -> BTreeMap<i64, Pending> {
        self.list("pending")
    }

    /// The document `releases`.
    pub fn releases<V: DeserializeOwned + Default>(&self) -> V {
        self.get(&format!("{}releases", self.prefix)).unwrap_or_default()
    }

    pub fn put_releases(&self, documents: &mut Documents, value: &impl Serialize) {
        put(documents, format!("{}releases", self.prefix), Some(value));
    }

    pub fn put_facts(&self, documents: &mut Documents, facts: &Facts) {
        put(documents, format!("{}state", self.prefix), Some(facts));
    }

    pub fn put_seen(&self, documents: &mut Documents, build: i64, seen: Option<&Seen>) {
        put(documents, self.key("seen", build), seen);
    }

    pub fn put_open(&self, documents: &mut Documents, build: i64, open: Option<&Open>) {
        put(documents, self.key("open", build), open);
    }

    pub fn put_pending(&self, documents: &mut Documents, build: i64, pending: Option<&Pending>) {
        put(documents, self.key("pending", build), pending);
    }

    /// The edits after a build was collected: it is seen, runs no more and is not pending.
    pub fn collected(&self, build: i64, seen: &Seen) -> Documents {
        let mut documents = Documents::new();
        self.put_seen(&mut documents, build, Some(seen));
        for kind in ["open", "pending"] {
            let key = self.key(kind, build);
            if self.notes.document(&key).is_some() {
                documents.push((key, None));
            }
        }
        documents
    }
}

fn prefix(source: &str, project: &str) -> String {
    let mut prefix = PREFIX.to_owned();
    escape(&mut prefix, source);
    prefix.push('/');
    escape(&mut prefix, project);
    prefix.push('/');
    prefix
}

/// Names of projects are the same in any letter case.
fn name_key(source: &str, project: &str) -> String {
    let mut key = NAMES.to_owned();
    escape(&mut key, source);
    key.push('/');
    escape(&mut key, &project.to_lowercase());
    key
}

/// The edits that have documents of a project found by its id, in the order in which they are to be
/// written; none when they are already. What was noted under the name moves along.
pub fn learn<S: Notes + ?Sized>(notes: &S, source: &str, project: &str, id: &str) -> Documents {
    let key = name_key(source, project);
    if id.is_empty() || id == project || notes.document(&key).is_some_and(|v| *v == *id.as_bytes())
    {
        return Documents::new();
    }
    let (from, to) = (prefix(source, project), prefix(source, id));
    let mut documents = Documents::new();
    for (old, value) in notes.documents(&from) {
        let new = format!("{to}{}", old.strip_prefix(&from).unwrap_or_default());
        if notes.document(&new).is_none() {
            documents.push((new, Some(value.to_vec())));
        }
        documents.push((old, None));
    }
    // Last: until it is there, all of this can be done again.
    documents.push((key, Some(id.as_bytes().to_vec())));
    documents
}

impl Facts {
    /// Puts a run in front of the history.
    pub fn remember(&mut self, summary: Summary) {
        self.runs.insert(0, summary);
        self.runs.truncate(RUNS_MAX);
    }
}

fn put<V: Serialize>(documents: &mut Documents, key: String, value: Option<&V>) {
    // Plain data always becomes JSON.
    documents.push((key, value.map(|value| serde_json::to_vec(value).unwrap_or_default())));
}

/// What is known of one project, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub source: String,
    /// The name it was last collected under.
    pub project: String,
    /// What its documents are found by.
    key: String,
    pub facts: Facts,
    pub seen: usize,
    pub open: usize,
    /// Dead letters among them.
    pub pending: BTreeMap<i64, Pending>,
}

/// All projects with documents, by source and project.
pub fn known<S: Notes + ?Sized>(notes: &S) -> Vec<Known> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut counts: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (key, _) in notes.documents(PREFIX) {
        let mut parts = key.trim_start_matches(PREFIX).split('/').map(unescape);
        let (Some(source), Some(project), Some(kind)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let name = (source.clone(), project.clone());
        if !names.contains(&name) {
            names.push(name);
        }
        *counts.entry((source, project, kind)).or_default() += 1;
    }
    let known = names.into_iter().map(|(source, key)| {
        let state = State { notes, prefix: prefix(&source, &key) };
        let count = |kind: &str| {
            let key = (source.clone(), key.clone(), kind.to_owned());
            counts.get(&key).copied().unwrap_or(0)
        };
        let (facts, pending) = (state.facts(), state.all_pending());
        let (seen, open) = (count("seen"), count("open"));
        let project = if facts.name.is_empty() { key.clone() } else { facts.name.clone() };
        Known { facts, seen, open, pending, source, project, key }
    });
    known.collect()
}

/// The edits that have all pending builds and dead letters of a source, or of all, tried again at
/// the next pass; as many as there are such builds.
pub fn retry<S: Notes + ?Sized>(notes: &S, source: Option<&str>) -> Documents {
    let mut documents = Documents::new();
    for known in known(notes) {
        if source.is_some_and(|source| source != known.source) {
            continue;
        }
        let state = State { notes, prefix: prefix(&known.source, &known.key) };
        for (build, pending) in known.pending {
            let again = Pending { tries: 0, next_ns: 0, is_dead: false, ..pending };
            state.put_pending(&mut documents, build, Some(&again));
        }
    }
    documents
}

/// A time as the service and people want it.
pub fn text_of(nanos: i64) -> String {
    format_datetime(nanos, Fraction::Trimmed)
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.filter(|_| first == b'%').and_then(|c| u8::from_str_radix(c, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
