//! When sources are collected: each at its own interval, on threads of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use azdo::collect::state::{State, known};
use azdo::collect::{Failure, Run, Unwatched};

use super::line::{Health, Line, ProjectHealth};
use super::remembered::remember;
use super::source::{Ground, SourceCollector, collector};
use super::transport::Stop;
use super::upkeep;
use crate::app::{App, now};

/// How long a source waits whose token is not taken (spec azure-devops.md §1.2).
pub const AUTH_WAIT: Duration = Duration::from_secs(15 * 60);
/// Without a good pass for this long an active source raises an alarm, at least (§4.3).
const SILENCE_NS_MIN: i64 = 120 * 60 * 1_000_000_000;
/// So many intervals count as silence too.
const SILENCE_INTERVALS: i64 = 3;
/// A source is active that had changed builds within this time.
const ACTIVE_NS: i64 = 7 * 86_400 * 1_000_000_000;

/// What one thread of a source does until the end is told.
type Work = fn(&App, &Line, &Arc<Stop>);

/// Starts the threads of all sources. They end by themselves when the lines are stopped.
pub fn start(app: &Arc<App>) {
    let stop = Arc::clone(&app.collectors.stop);
    for line in &app.collectors.all {
        let works: [(&str, Work); 3] =
            [("collect", passes), ("trigger", triggers), ("upkeep", upkeep::run)];
        for (name, work) in works {
            let (app, line, stop) = (Arc::clone(app), Arc::clone(line), Arc::clone(&stop));
            let thread = std::thread::Builder::new().name(name.to_owned());
            if let Err(error) = thread.spawn(move || work(&app, &line, &stop)) {
                tracing::error!(%error, name, "a source lacks a thread");
            }
        }
    }
}

fn make(app: &App, line: &Line, stop: &Arc<Stop>) -> Result<SourceCollector, String> {
    let ground = Ground {
        store: Arc::clone(&app.store),
        apps: Arc::clone(&app.apps),
        stop: Arc::clone(stop),
        seals: false,
        told: Arc::new(|source, waits| tracing::info!(source, "{waits}")),
        badges: Some(app.badges.clone()),
    };
    collector(&line.source, &app.settings, &ground)
}

/// Passes over the projects of a source, again and again.
fn passes(app: &App, line: &Line, stop: &Arc<Stop>) {
    let collector = loop {
        match make(app, line, stop) {
            Ok(collector) => break line.collector.get_or_init(|| collector),
            Err(reason) => alarm(line, reason),
        }
        if !line.next_pass(Instant::now() + AUTH_WAIT) {
            return;
        }
    };
    let interval = Duration::from_nanos(u64::try_from(line.source.interval_ns).unwrap_or(0));
    loop {
        let started = Instant::now();
        let needs_user = pass(collector, line);
        if stop.is_set() {
            return;
        }
        let wait = if needs_user { interval.max(AUTH_WAIT) } else { interval };
        if !line.next_pass(started + wait) {
            return;
        }
    }
}

/// Collects single builds as they are named.
fn triggers(_: &App, line: &Line, stop: &Arc<Stop>) {
    while let Some((project, build)) = line.next_trigger() {
        let Some(collector) = line.collector.get() else { continue };
        let run = collector.trigger(&project, build);
        tell(&run);
        remember(collector, &run);
        note(collector, line, &run.project);
        if stop.is_set() {
            return;
        }
    }
}

/// One pass over all projects; whether only the user can help.
fn pass(collector: &SourceCollector, line: &Line) -> bool {
    let projects = match collector.projects() {
        Ok(projects) => projects,
        Err(failure) if failure.is_stop() => return false,
        Err(failure) => {
            let run = collector.failed(failure);
            tell(&run);
            remember(collector, &run);
            return not_listed(collector, line, run.failure.as_ref());
        }
    };
    let started_ns = now();
    line.set_health(|health| health.listed_ns = started_ns);
    let mut is_good = true;
    let mut wrong: Option<String> = None;
    for project in &projects {
        let runs = collector.pass(project, None, &Unwatched);
        runs.iter().for_each(tell);
        note(collector, line, project);
        // Releases may need rights that the token does not have: the builds are there.
        let failure =
            runs.iter().filter(|run| run.is_about_builds()).find_map(|run| run.failure.as_ref());
        if let Some(failure) = failure {
            is_good = false;
            if failure.is_stop() || needs_user(line, Some(failure)) {
                return failure.is_auth();
            }
            if failure.is_setting() {
                wrong = Some(format!("project `{project}`: {failure}"));
            }
        }
    }
    line.set_health(|health| {
        if is_good {
            health.succeeded_ns = started_ns;
        }
        let silence = if is_good { None } else { wrong.or_else(|| silence(line, health)) };
        health.alarm = silence.or_else(|| given_up(health)).unwrap_or_default();
    });
    let alarm = line.health().alarm;
    if !alarm.is_empty() {
        tracing::error!(source = line.source.name, alarm, "a source needs attention");
    }
    false
}

/// What follows when it is not known which projects there are; whether only the user can help.
///
/// An alarm at once when the settings cannot be right, or were never seen to be; else when it lasts
/// too long.
fn not_listed(collector: &SourceCollector, line: &Line, failure: Option<&Failure>) -> bool {
    if needs_user(line, failure) {
        return true;
    }
    let Some(failure) = failure else { return false };
    let listed_ns = line.health().listed_ns;
    let is_new = listed_ns == 0
        && !known(collector.sink()).iter().any(|project| project.source == line.source.name);
    let since_ns = listed_ns.max(line.started_ns);
    if failure.is_setting() || is_new || now().saturating_sub(since_ns) > silence_ns(line) {
        alarm(line, failure.to_string());
    }
    false
}

/// Raises the alarm of a token that is not taken.
fn needs_user(line: &Line, failure: Option<&Failure>) -> bool {
    match failure.filter(|failure| failure.is_auth()) {
        Some(failure) => {
            alarm(line, failure.to_string());
            true
        }
        None => false,
    }
}

fn alarm(line: &Line, reason: String) {
    tracing::error!(source = line.source.name, reason, "a source needs attention");
    line.set_health(|health| health.alarm = reason);
}

/// How long a source may be silent, nanoseconds.
fn silence_ns(line: &Line) -> i64 {
    SILENCE_NS_MIN.max(line.source.interval_ns.saturating_mul(SILENCE_INTERVALS))
}

/// What is wrong when an active project has not been collected for too long.
fn silence(line: &Line, health: &Health) -> Option<String> {
    let (longest, now) = (silence_ns(line), now());
    let silent = health.projects.iter().find(|(_, project)| {
        // One that was never collected has shown no activity, but is new.
        let is_new = project.succeeded_ns == 0;
        let since_ns = if is_new { line.started_ns } else { project.succeeded_ns };
        let is_active = is_new || now.saturating_sub(project.active_ns) < ACTIVE_NS;
        is_active && now.saturating_sub(since_ns) > longest
    });
    silent.map(|(name, _)| format!("project `{name}` has not been collected for too long"))
}

/// What is wrong while builds wait for their user.
fn given_up(health: &Health) -> Option<String> {
    let dead = |project: &&ProjectHealth| project.dead > 0;
    let (name, project) = health.projects.iter().find(|(_, project)| dead(project))?;
    let count = health.projects.values().map(|project| project.dead).sum::<u64>();
    let others = if project.dead == count { "" } else { " and others" };
    Some(format!(
        "builds of project `{name}`{others} are given up: {count}; see `telltale collect status`, \
         `telltale collect retry` has them tried again"
    ))
}

/// Keeps what metrics show of a project.
fn note(collector: &SourceCollector, line: &Line, project: &str) {
    let state = State::of(collector.sink(), &line.source.name, project);
    let (facts, pending) = (state.facts(), state.all_pending());
    let dead = pending.values().filter(|pending| pending.is_dead).count() as u64;
    line.set_health(|health| {
        // A project nobody collects has no facts.
        if facts.cursor_ns > 0 || !facts.runs.is_empty() {
            let kept = ProjectHealth {
                succeeded_ns: facts.succeeded_ns,
                active_ns: facts.active_ns,
                pending: pending.len() as u64 - dead,
                dead,
            };
            health.projects.insert(project.to_owned(), kept);
        }
    });
}

/// Writes a run into the log.
pub fn tell(run: &Run) {
    let (source, project, pass) = (&run.source, &run.project, run.kind.name());
    let (listed, fetched, failed) = (run.listed, run.fetched, run.failed);
    for (build, error) in &run.dead {
        tracing::warn!(source, project, build, error, "a build is given up");
    }
    match &run.failure {
        Some(failure) if failure.is_stop() => {}
        Some(failure) => {
            tracing::warn!(source, project, pass, %failure, fetched, "a pass did not end well");
        }
        None if run.failed > 0 || !run.error.is_empty() => {
            let error = &run.error;
            tracing::warn!(source, project, pass, listed, fetched, failed, error, "collected");
        }
        None if fetched > 0 => tracing::info!(source, project, pass, listed, fetched, "collected"),
        None => tracing::debug!(source, project, pass, listed, fetched, "nothing is new"),
    }
}
