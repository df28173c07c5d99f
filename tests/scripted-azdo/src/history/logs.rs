//! Logs of a history: plain lines with times, the errors of a failed record among them.

use serde_json::{Value, json};

use super::errors::Place;
use super::layout::Job;
use super::plan::{Build, JobRun, Moment};
use super::world::{ORGANIZATION, World};
use crate::time::{self, SECOND, Ticks};

/// The line at which the errors of a failed record begin, counted from 1.
pub(crate) const FIRST_ERROR_LINE: usize = 13;
/// Numbers of logs of one attempt.
const PER_ATTEMPT: i64 = 1_000_000;
/// Lines of a task that does the work of a job, without its errors.
const MAIN_LINES: usize = 120;
/// Lines of other logs.
const LINES: usize = 16;

/// The number of a record's log.
pub(crate) fn id(attempt: usize, record: u32) -> i64 {
    (attempt as i64 - 1) * PER_ATTEMPT + i64::from(record)
}

/// A log: what it is of and when it was written.
struct Log<'a> {
    id: i64,
    attempt: usize,
    job: &'a Job,
    run: JobRun,
    /// Nothing for logs of phases and jobs, else which task.
    task: Option<usize>,
}

/// All logs of a build, as JSON.
pub(crate) fn list(world: &World, build: &Build, now: Ticks, project: &str) -> Vec<u8> {
    let mut value = Vec::new();
    for_each(world, build, now, |log| {
        let (start, finish) = log.run.times.unwrap_or_default();
        let url = format!(
            "https://dev.azure.com/{ORGANIZATION}/{project}/_apis/build/builds/{}/logs/{}",
            build.id, log.id
        );
        value.push(json!({
            "lineCount": lines(world, build, &log).len(),
            "createdOn": time::text(start),
            "lastChangedOn": time::text(finish),
            "id": log.id,
            "type": "Container",
            "url": url,
        }));
    });
    json!({ "count": value.len(), "value": value }).to_string().into_bytes()
}

/// The lines of a log; nothing when there is no such log yet.
pub(crate) fn text(world: &World, build: &Build, now: Ticks, id: i64) -> Option<Vec<String>> {
    let mut found = None;
    for_each(world, build, now, |log| {
        if log.id == id {
            found = Some(lines(world, build, &log));
        }
    });
    found
}

/// A log's answer, cut to lines (counted from 1, both ends included), as text or as JSON.
pub(crate) fn cut(lines: &[String], from: Option<usize>, to: Option<usize>) -> Vec<String> {
    let start = from.unwrap_or(1).max(1) - 1;
    let end = to.unwrap_or(usize::MAX).min(lines.len());
    lines.get(start.min(end)..end).unwrap_or_default().to_vec()
}

/// Lines as JSON.
pub(crate) fn json_lines(lines: &[String]) -> Vec<u8> {
    json!({ "count": lines.len(), "value": lines }).to_string().into_bytes()
}

fn for_each<'a>(world: &'a World, build: &Build, now: Ticks, mut each: impl FnMut(Log<'a>)) {
    let (Moment::Running(upto) | Moment::Done(upto)) = build.at(now) else { return };
    for run in build.jobs(world.dice, &world.layout, upto) {
        let Some(job) = world.layout.jobs(run.stage).get(run.index) else { continue };
        let begun = run.times.is_some_and(|(start, _)| start <= now);
        if run.result == "skipped" || !begun {
            continue;
        }
        let attempt =
            if run.stage == 0 && usize::from(build.lost) > run.index { 1 } else { run.attempt };
        each(Log { id: id(attempt, job.first), attempt, job, run, task: None });
        each(Log { id: id(attempt, job.first + 1), attempt, job, run, task: None });
        let failing = build.is_failing(attempt, run.stage, run.index);
        let stops = build.failing_task(&world.layout).filter(|_| failing);
        let stops = stops.unwrap_or(if run.failed() { job.main() } else { job.tasks.len() });
        for at in 0..job.tasks.len() {
            let last = at + 1 == job.tasks.len() && run.result != "abandoned";
            if at <= stops || last {
                let id = id(attempt, job.first + 2 + at as u32);
                each(Log { id, attempt, job, run, task: Some(at) });
            }
        }
    }
}

fn lines(world: &World, build: &Build, log: &Log<'_>) -> Vec<String> {
    let (start, _) = log.run.times.unwrap_or_default();
    let mut moment = start;
    let mut lines = Vec::new();
    let mut say = |text: &str| {
        moment += SECOND / 7;
        lines.push(format!("{} {text}", stamp(moment)));
    };
    let name = log.task.and_then(|at| log.job.tasks.get(at)).map_or(&log.job.name, |t| &t.name);
    say(&format!("##[section]Starting: {name}"));
    for number in 2..FIRST_ERROR_LINE {
        say(&format!("Step {number} of {name}: 0 errors so far"));
    }
    for error in errors(world, build, log) {
        say(&format!("##[error]{error}"));
    }
    let rest = if log.task == Some(log.job.main()) { MAIN_LINES } else { LINES };
    for number in FIRST_ERROR_LINE..rest {
        say(&format!("##[debug]value {number} is {}", number * number));
    }
    say(&format!("##[section]Finishing: {name}"));
    lines
}

/// The errors a log holds: all of the record's, also those the service dropped, and those that
/// never became an issue.
fn errors(world: &World, build: &Build, log: &Log<'_>) -> Vec<String> {
    let Some(failure) = build.failure else { return Vec::new() };
    let failing = build.is_failing(log.attempt, log.run.stage, log.run.index);
    if !failing || log.task.is_none() || log.task != build.failing_task(&world.layout) {
        return Vec::new();
    }
    if failure.kind.place() == Place::Job {
        return Vec::new();
    }
    let mut errors: Vec<String> = failure
        .kind
        .errors(failure.variant, failure.flood, "")
        .into_iter()
        .map(|issue| issue.message)
        .collect();
    errors.extend(failure.kind.log_errors(failure.variant));
    errors
}

/// The time before each line: always seven digits.
fn stamp(moment: Ticks) -> String {
    let whole = time::text(moment - moment.rem_euclid(SECOND));
    format!("{}.{:07}Z", whole.trim_end_matches('Z'), moment.rem_euclid(SECOND))
}

/// An empty list, as JSON.
pub(crate) fn empty() -> Value {
    json!({ "count": 0, "value": [] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_have_twenty_eight_characters() {
        assert_eq!(stamp(12_345).len(), 28);
        assert_eq!(stamp(0), "1970-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn lines_are_cut_by_number() {
        let lines: Vec<String> = (1..=5).map(|n| n.to_string()).collect();
        assert_eq!(cut(&lines, Some(2), Some(3)), ["2", "3"]);
        assert_eq!(cut(&lines, Some(4), None), ["4", "5"]);
        assert!(cut(&lines, Some(9), Some(3)).is_empty());
    }
}
