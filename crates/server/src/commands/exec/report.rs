//! What becomes of findings: at once a command for the service, or kept back while the run may
//! still be tried again; repeated, summed up, or only sent as telemetry.
//!
//! Invariants: the lock here is never held while something is written; commands begin on fresh
//! lines of standard output, which both services read; nothing is told that the step masked.

use azdo::command::masks::Masks;
use azdo::command::{Dialect, azure};
use azdo::errors::budget::{Budget, Verdict};
use azdo::errors::message::{Style, check_category, is_marker};
use azdo::errors::paths::Folders;
use azdo::errors::{Finding, Severity};
use azdo::matcher::{self, Matchers, Selection, problem};
use parking_lot::Mutex;
use regex::Regex;

use super::relay::Output;
use super::scan::{Scan, Seen};
use super::surroundings::Surroundings;
use super::warn;
use crate::cli::pipeline::ExecCall;

/// Errors kept back of a run, and as many warnings; what is beyond is counted.
const KEPT_MAX: usize = 1_000;
/// Errors kept for telemetry.
const ERRORS_MAX: usize = 100;
/// Characters of the last line that are told.
const LAST_CHARS_MAX: usize = 300;

/// Says whether streams are looked at and gathers what was seen.
pub struct Report {
    pub output: Output,
    state: Mutex<State>,
    dialect: Option<Dialect>,
    style: Style,
    folders: Folders,
    selection: Selection,
    retry_on: Option<Regex>,
    retries_any: bool,
    is_needed: bool,
}

struct State {
    budget: Budget,
    masks: Masks,
    /// Findings of this run while it may be tried again.
    kept: Option<Kept>,
    run: Run,
    /// Lines that were too long.
    cut: u64,
}

/// Findings kept back.
struct Kept {
    findings: Vec<Finding>,
    /// Tells them apart and counts those that are too many.
    budget: Budget,
}

/// What is known of the run that goes on.
#[derive(Default)]
struct Run {
    errors: Vec<Finding>,
    has_errors: bool,
    wants_retry: bool,
    last_line: Option<String>,
}

impl Report {
    pub fn new(call: &ExecCall, surroundings: &Surroundings, sends: bool) -> Report {
        let dialect = surroundings.dialect;
        let budget = Budget::new(call.issues_max);
        let (masks, run) = (Masks::default(), Run::default());
        let state = State { budget, masks, kept: None, run, cut: 0 };
        Report {
            output: Output::new(),
            state: Mutex::new(state),
            dialect,
            style: style(call),
            folders: surroundings.folders.clone(),
            selection: selection(call),
            retry_on: call.retry_on.clone().filter(|_| call.retries > 0),
            retries_any: call.retry_on.is_none(),
            is_needed: dialect.is_some() || sends || call.fails_on_match || call.retries > 0,
        }
    }

    /// A scanner for a stream; none when nobody wants to know.
    pub fn scan(&self, keeps_last: bool) -> Option<Scan> {
        if !self.is_needed {
            return None;
        }
        let matchers = match self.selection.is_empty() {
            true => None,
            false => match Matchers::new(&self.selection) {
                Ok(matchers) => Some(matchers),
                Err(error) => {
                    warn(&format!("no errors are looked for: {error}"));
                    None
                }
            },
        };
        Some(Scan::new(matchers, self.retry_on.clone(), keeps_last))
    }

    /// A run begins; findings are kept back when it may be tried again.
    pub fn begin(&self, may_retry: bool) {
        let mut state = self.state.lock();
        state.run = Run::default();
        let budget = Budget::new(KEPT_MAX);
        state.kept = may_retry.then(|| Kept { findings: Vec::new(), budget });
    }

    /// Takes what a piece of output held.
    pub fn take(&self, seen: Seen) {
        let mut state = self.state.lock();
        state.run.wants_retry |= seen.wants_retry;
        seen.secrets.iter().for_each(|secret| state.masks.add(secret));
        for severity in seen.commands {
            state.run.has_errors |= severity == Severity::Error;
            state.budget.spend(severity);
        }
        for mut finding in seen.findings {
            if let Some(file) = finding.file.take() {
                let from = finding.from_path.as_deref();
                finding.file = Some(self.folders.place(&file, from));
            }
            state.run.has_errors |= finding.severity == Severity::Error;
            state.masks.apply(&mut finding);
            match &mut state.kept {
                Some(kept) => kept.add(finding),
                None => self.admit(&mut state, finding),
            }
        }
        drop(state);
        self.output.flush_pending();
    }

    /// Adds what the end of a stream showed.
    pub fn end_of_stream(&self, scan: &mut Scan) {
        let mut seen = Seen::default();
        let cut = scan.end(&mut seen);
        let last = scan.last_line();
        self.take(seen);
        let mut state = self.state.lock();
        state.cut += cut;
        state.run.last_line = last.or(state.run.last_line.take());
    }

    fn admit(&self, state: &mut State, finding: Finding) {
        let verdict = state.budget.admit(&finding);
        if verdict == Verdict::Report {
            self.tell(&state.masks, &finding);
        }
        if verdict != Verdict::Repeated {
            keep_error(state, finding);
        }
    }

    fn tell(&self, masks: &Masks, finding: &Finding) {
        if let Some(dialect) = self.dialect {
            let mut finding = finding.clone();
            masks.apply(&mut finding);
            self.output.add_pending(&self.style.line(&finding, dialect));
        }
    }

    /// Tells a finding whatever the budget says.
    pub fn force(&self, finding: Finding) {
        let mut state = self.state.lock();
        self.release(&mut state);
        state.budget.spend(finding.severity);
        self.tell(&state.masks, &finding);
        keep_error(&mut state, finding);
    }

    /// The task has a result between good and bad.
    pub fn succeeded_with_issues(&self) {
        if self.dialect == Some(Dialect::Azure) {
            let properties = [("result", "SucceededWithIssues")];
            self.output.add_pending(&azure::write("task.complete", &properties, ""));
        }
    }

    fn release(&self, state: &mut State) {
        if let Some(kept) = state.kept.take() {
            for finding in kept.findings {
                self.admit(state, finding);
            }
            state.budget.absorb(kept.budget);
        }
    }

    /// The run is over: its errors. What was kept back is told unless it is tried again.
    pub fn finish(&self, is_retried: bool) -> Vec<Finding> {
        let mut state = self.state.lock();
        if is_retried {
            for finding in state.kept.take().into_iter().flat_map(|kept| kept.findings) {
                keep_error(&mut state, finding);
            }
        } else {
            self.release(&mut state);
        }
        let errors = std::mem::take(&mut state.run.errors);
        drop(state);
        self.output.flush_pending();
        errors
    }

    /// Nothing more comes: the summaries, and what could not be looked at.
    pub fn close(&self) {
        let state = self.state.lock();
        for summary in state.budget.summaries() {
            self.tell(&state.masks, &summary);
        }
        let (cut, is_hidden) = (state.cut, state.masks.is_full());
        drop(state);
        self.output.finish();
        if is_hidden {
            warn("the command masked so many values that its errors are told without their texts");
        }
        if cut > 0 {
            let max = matcher::LINE_BYTES_MAX;
            warn(&format!("of {cut} long lines only the first {max} bytes were looked at"));
        }
    }

    /// Whether the failed run is one to try again.
    pub fn wants_retry(&self, code: i32) -> bool {
        let of_code = self.retry_on.as_ref().is_some_and(|r| r.is_match(&code.to_string()));
        self.retries_any || of_code || self.state.lock().run.wants_retry
    }

    /// Whether the run had an error that was found or that it reported itself.
    pub fn run_has_errors(&self) -> bool {
        self.state.lock().run.has_errors
    }

    /// Whether any error was told.
    pub fn has_errors(&self) -> bool {
        self.state.lock().budget.has_errors()
    }

    /// The last line of the run's standard error, or its beginning.
    pub fn last_line(&self) -> Option<String> {
        let state = self.state.lock();
        let line = state.masks.text(state.run.last_line.as_deref()?);
        Some(line.chars().take(LAST_CHARS_MAX).collect())
    }

    /// Masks what the step masked.
    pub fn mask(&self, errors: &mut [Finding]) {
        let state = self.state.lock();
        errors.iter_mut().for_each(|error| state.masks.apply(error));
    }
}

impl Kept {
    fn add(&mut self, finding: Finding) {
        if self.budget.admit(&finding) == Verdict::Report {
            self.findings.push(finding);
        }
    }
}

fn keep_error(state: &mut State, finding: Finding) {
    if finding.severity == Severity::Error && state.run.errors.len() < ERRORS_MAX {
        state.run.errors.push(finding);
    }
}

/// Category and marker; what cannot be used is left out with a warning.
fn style(call: &ExecCall) -> Style {
    let mut style = Style { category: call.category.clone(), marker: Some(call.marker.clone()) };
    if let Some(Err(error)) = call.category.as_deref().map(check_category) {
        warn(&format!("the errors have no category: {error}"));
        style.category = None;
    }
    if call.marker == "none" {
        style.marker = None;
    } else if !is_marker(&call.marker) {
        warn(&format!("the marker `{}` is left out: use letters, digits and `_`", call.marker));
        style.marker = None;
    }
    style
}

/// Named matchers, or all; files come in addition.
fn selection(call: &ExecCall) -> Selection {
    let mut names = Vec::new();
    let mut problems = Vec::new();
    for given in &call.matchers {
        if let Some(name) = matcher::NAMES.iter().find(|name| *name == given) {
            names.push(*name);
            continue;
        }
        if !given.ends_with(".json") {
            let known = matcher::NAMES.join(", ");
            warn(&format!("`{given}` is no matcher and no .json file; matchers are {known}"));
            continue;
        }
        let read = std::fs::read_to_string(given).map_err(|error| error.to_string());
        match read.and_then(|text| problem::parse(&text).map_err(|error| error.to_string())) {
            Ok(parsed) => problems.extend(parsed),
            Err(error) => warn(&format!("`{given}` is left out: {error}")),
        }
    }
    let base = match call.has_matchers {
        true => Selection::all(),
        false => Selection::none(),
    };
    let names = if names.is_empty() || !call.has_matchers { base.names } else { names };
    Selection { names, problems, is_strict: call.is_strict }
}
