//! A scenario: passes of answers written down in a file, chosen by path and query.
//!
//! The rules are those its `about` states: paths are compared in any letter case, the query keys
//! given must have their values (null: must be absent) and other keys are free, the first match
//! wins, and an answer marked `once` is given a single time.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use crate::http::{Answer, Request};
use crate::service::Script;
use crate::time::{self, Ticks};

/// The name of the file that lists the passes.
const FILE: &str = "scenario.json";

/// A folder with a `scenario.json` and the bodies it names.
#[derive(Debug)]
pub struct Scenario {
    folder: PathBuf,
    file: File,
}

#[derive(Debug, Deserialize)]
struct File {
    passes: Vec<PassFile>,
}

#[derive(Clone, Debug, Deserialize)]
struct PassFile {
    name: String,
    now: String,
    requests: Vec<Wanted>,
    expected: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Wanted {
    path: String,
    query: BTreeMap<String, Option<String>>,
    status: u16,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    once: bool,
}

/// One pass, ready to be played.
#[derive(Debug)]
pub struct Pass {
    now: Ticks,
    expected: PathBuf,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    wanted: Wanted,
    answer: Answer,
    used: AtomicBool,
}

impl Scenario {
    /// Reads the scenario of a folder.
    ///
    /// # Errors
    /// The file is missing or not of this form.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let file = serde_json::from_slice(&std::fs::read(&path)?)
            .map_err(|e| invalid(format!("{}: {e}", path.display())))?;
        Ok(Self { folder: folder.to_owned(), file })
    }

    /// The names of its passes, in their order.
    pub fn passes(&self) -> Vec<&str> {
        self.file.passes.iter().map(|pass| pass.name.as_str()).collect()
    }

    /// A pass, with nothing of it used up.
    ///
    /// # Errors
    /// There is no such pass, a body is missing, or its time is no time.
    pub fn pass(&self, name: &str) -> io::Result<Pass> {
        let pass = self.file.passes.iter().find(|pass| pass.name == name);
        let pass = pass.ok_or_else(|| invalid(format!("{FILE} has no pass {name}")))?;
        let now =
            time::parse(&pass.now).ok_or_else(|| invalid(format!("no time: {}", pass.now)))?;
        let entries =
            pass.requests.iter().map(|wanted| self.entry(wanted)).collect::<Result<_, _>>()?;
        Ok(Pass { now, expected: self.folder.join(&pass.expected), entries })
    }

    fn entry(&self, wanted: &Wanted) -> io::Result<Entry> {
        let mut answer = match &wanted.body {
            Some(body) => Answer::json(wanted.status, std::fs::read(self.folder.join(body))?),
            None => Answer::empty(wanted.status),
        };
        answer.headers.extend(wanted.headers.clone());
        Ok(Entry { wanted: wanted.clone(), answer, used: AtomicBool::new(false) })
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

impl Pass {
    /// The moment at which the pass is collected.
    pub fn now(&self) -> Ticks {
        self.now
    }

    /// The file with the rows expected after the pass.
    pub fn expected(&self) -> &Path {
        &self.expected
    }
}

impl Wanted {
    fn matches(&self, request: &Request) -> bool {
        self.path.eq_ignore_ascii_case(&request.path)
            && self.query.iter().all(|(key, wanted)| match (wanted, request.param(key)) {
                (None, found) => found.is_none(),
                (Some(wanted), Some(found)) => is_or_lists(found, wanted),
                (Some(_), None) => false,
            })
    }
}

/// Whether a parameter is the wanted value, or a list separated by commas that holds it: filters
/// such as `statusFilter` are sets.
fn is_or_lists(found: &str, wanted: &str) -> bool {
    found == wanted || found.split(',').any(|one| one.eq_ignore_ascii_case(wanted))
}

impl Script for Pass {
    fn now(&self) -> Option<Ticks> {
        Some(self.now)
    }

    fn answer(&self, request: &Request) -> Option<Answer> {
        let fresh = |entry: &&Entry| {
            entry.wanted.matches(request)
                && !(entry.wanted.once && entry.used.swap(true, Ordering::SeqCst))
        };
        self.entries.iter().find(fresh).map(|entry| entry.answer.clone())
    }
}
