//! `telltale exec`: a command of a pipeline's step, its output untouched, its errors reported.
//!
//! Invariants: every byte of the child goes where it would have gone without us, in the order it
//! came; its exit code is ours; a failure of our own is a warning and changes neither.
//!
//! [`surroundings`] is what the environment says, [`child`] starts and ends the process, [`relay`]
//! passes its output on, [`scan`] looks at the lines, [`report`] decides what becomes of findings,
//! [`telemetry`] sends.

pub mod child;
pub mod relay;
pub mod report;
pub mod scan;
pub mod surroundings;
pub mod telemetry;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use azdo::errors::{Finding, Severity};

use self::child::End;
use self::report::Report;
use self::surroundings::Surroundings;
use self::telemetry::Sender;
use crate::app::now;
use crate::cli::pipeline::ExecCall;
use crate::commands::say;

/// The category of a command that took too long.
const TIMEOUT: &str = "Timeout";
/// What `timeout` of coreutils exits with, too.
const TIMEOUT_CODE: i32 = 124;

/// One run of the command.
#[derive(Debug)]
pub struct Try {
    /// From 1.
    pub number: u32,
    /// Nanoseconds since 1970.
    pub started: i64,
    pub duration: std::time::Duration,
    pub end: End,
    /// Errors of this run, distinct ones, as many as are kept.
    pub errors: Vec<Finding>,
}

/// Runs it; the exit code.
pub fn run(call: &ExecCall) -> i32 {
    let surroundings = Surroundings::here(call);
    let sender = Sender::open(call);
    let name = name(call);
    let tries = call.retries + 1;
    let report = Arc::new(Report::new(call, &surroundings, sender.is_some()));
    let mut done: Vec<Try> = Vec::new();
    loop {
        let number = u32::try_from(done.len()).unwrap_or(u32::MAX).saturating_add(1);
        let may_retry = number < tries;
        report.begin(may_retry);
        let (started, clock) = (now(), Instant::now());
        let variables = surroundings::child_variables(call, sender.as_ref(), number);
        let ended = child::run(call, &variables, &report);
        let duration = clock.elapsed();
        let retries = may_retry
            && ended.end.is_failure()
            && !ended.is_cancelled
            && !matches!(ended.end, End::NotStarted(..))
            && report.wants_retry(ended.end.code());
        if !retries {
            conclude(call, &name, &ended.end, ended.is_cancelled, &report, &done);
        }
        let errors = report.finish(retries);
        done.push(Try { number, started, duration, end: ended.end, errors });
        if !retries {
            break;
        }
        warn(&format!("{name}: trying again, {} of {tries}", number + 1));
    }
    report.close();
    if let Some(sender) = sender {
        // Values may have been masked after the errors that show them.
        done.iter_mut().for_each(|run| report.mask(&mut run.errors));
        sender.send(&name, call, &done);
    }
    let code = done.last().map_or(0, |last| last.end.code());
    match code {
        0 if call.fails_on_match && report.has_errors() => 1,
        code => code,
    }
}

/// What the end of the last run itself is worth telling.
fn conclude(
    call: &ExecCall,
    name: &str,
    end: &End,
    is_cancelled: bool,
    report: &Report,
    earlier: &[Try],
) {
    let tail = report.last_line().map(|line| format!(": {line}")).unwrap_or_default();
    if let End::TimedOut(limit) = end {
        let text = format!("{name} timed out after {limit:?}{tail}");
        let finding =
            Finding { category: Some(TIMEOUT.into()), ..Finding::new(Severity::Error, text) };
        report.force(finding);
    } else if end.is_failure() && !report.run_has_errors() {
        report.force(Finding::new(
            Severity::Error,
            format!("{name} {}{tail}", end.text(is_cancelled)),
        ));
    } else if !end.is_failure() && !earlier.is_empty() {
        let tries = call.retries + 1;
        let mut text = format!("{name} succeeded on try {} of {tries}", earlier.len() + 1);
        if let Some(first) = earlier.first() {
            let why = match first.errors.first() {
                Some(finding) => finding.text.lines().next().unwrap_or_default().to_owned(),
                None => first.end.text(false),
            };
            text.push_str(&format!("; the first: {why}"));
        }
        report.force(Finding::new(Severity::Warning, text));
        report.succeeded_with_issues();
    }
}

/// The step's name: as given, else the program's.
fn name(call: &ExecCall) -> String {
    if let Some(name) = call.name.as_ref().filter(|name| !name.trim().is_empty()) {
        return name.clone();
    }
    let program = call.command.first().map(Path::new);
    let name = program.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default()
}

/// Says something on standard error, where nobody takes it for the child's result.
pub fn warn(text: &str) {
    say::warn("telltale exec: warning: ", text);
}
