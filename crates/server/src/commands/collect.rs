//! `telltale collect`: the sources of the settings into a folder that no server holds.
//!
//! Invariant: a kill at any moment loses and repeats nothing; the next run goes on.

pub mod status;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azdo::client::Transport;
use azdo::collect::{Run, Watch};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Failure;
use crate::app::{StartError, now, open_folder};
use crate::cli::CollectCall;
use crate::collector::remembered::remember;
use crate::collector::schedule::AUTH_WAIT;
use crate::collector::source::{Ground, SourceCollector, collector};
use crate::collector::transport::Stop;
use crate::settings::Settings;
use crate::settings::sources::Source;

/// Collects once, or at the intervals of the settings until it is ended.
///
/// # Errors
/// When a setting is wrong or the folder cannot be used; with `--once` also when a pass failed.
pub fn run(call: &CollectCall) -> Result<(), Failure> {
    let settings = settings(&call.flags, call.config.as_deref())?;
    let wanted = |source: &&Source| call.source.as_ref().is_none_or(|name| *name == source.name);
    let sources: Vec<&Source> = settings.sources.iter().filter(wanted).collect();
    if sources.is_empty() {
        return Err(match &call.source {
            Some(name) => Failure::new(format!("there is no source `{name}` in the settings")),
            None => Failure::new(
                "there is nothing to collect: describe a `[[source]]` in the settings file and \
                 name it with `--config`",
            ),
        });
    }
    let (store, apps) = open_folder(&settings.storage.data).map_err(unopened)?;
    crate::domains::remember(&store, &apps, &settings)?;
    crate::official::remember(&store, &apps, &settings)?;
    let bars = MultiProgress::new();
    let told = {
        let bars = bars.clone();
        Arc::new(move |source: &str, line: &str| say(&bars, &format!("{source}: {line}")))
    };
    let stop: Arc<Stop> = Arc::default();
    let ground = Ground { store: Arc::clone(&store), apps, stop, seals: true, told, badges: None };
    let mut collectors = Vec::new();
    for source in sources {
        let made = collector(source, &settings, &ground);
        let made =
            made.map_err(|reason| Failure::new(format!("source `{}`: {reason}", source.name)));
        collectors.push((source, made?));
    }
    for (source, _) in &collectors {
        say(&bars, &format!("{}: asking {}", source.name, source.hosts.core));
    }
    let since_ns = call.since_ms.map(|ms| {
        now().saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX).saturating_mul(1_000_000))
    });
    let work = |source: &Source, collector: &SourceCollector| match call.once {
        true => pass(collector, since_ns, &bars).0,
        false => again_and_again(source, collector, since_ns, &bars),
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let spawn = |(source, collector)| scope.spawn(move || work(source, collector));
        let pairs = collectors.iter().map(|(source, collector)| (*source, collector));
        let threads: Vec<_> = pairs.map(spawn).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<String>>| {
            thread.join().unwrap_or_else(|_| vec!["a source's thread panicked".to_owned()])
        };
        threads.into_iter().flat_map(join).collect()
    });
    store.seal(now())?;
    store.close()?;
    if failures.is_empty() { Ok(()) } else { Err(Failure::Because(failures)) }
}

/// Why the folder cannot be used; one that a server holds is collected into by that server.
fn unopened(error: StartError) -> Failure {
    match error {
        StartError::Store(error @ store::Error::Locked { .. }) => Failure::new(format!(
            "{error}: have it collect with `POST /api/collect?source=NAME`, or stop it"
        )),
        error => error.into(),
    }
}

/// A line for whoever watches, above the bars.
fn say(bars: &MultiProgress, line: &str) {
    // Nobody is left to tell when standard error is closed.
    bars.suspend(|| drop(writeln!(std::io::stderr(), "{line}")));
}

/// The settings of server and collector: flags, variables, file.
fn settings(flags: &BTreeMap<String, String>, config: Option<&Path>) -> Result<Settings, Failure> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Settings::read(flags, &environment, config).map_err(Failure::Because)
}

fn again_and_again(
    source: &Source,
    collector: &SourceCollector,
    since_ns: Option<i64>,
    bars: &MultiProgress,
) -> Vec<String> {
    let interval = Duration::from_nanos(u64::try_from(source.interval_ns).unwrap_or(0));
    let mut since_ns = since_ns;
    loop {
        let started = Instant::now();
        let (failures, needs_user) = pass(collector, since_ns.take(), bars);
        for failure in failures {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
        }
        let wait = if needs_user { interval.max(AUTH_WAIT) } else { interval };
        let rest = wait.saturating_sub(started.elapsed());
        let nanos = i64::try_from(rest.as_nanos()).unwrap_or(i64::MAX);
        if collector.client().transport().sleep(nanos).is_err() {
            return Vec::new();
        }
    }
}

/// One pass over all projects of a source: why runs failed, and whether only the user can help.
fn pass(
    collector: &SourceCollector,
    since_ns: Option<i64>,
    bars: &MultiProgress,
) -> (Vec<String>, bool) {
    let projects = match collector.projects() {
        Ok(projects) => projects,
        Err(failure) => {
            let needs_user = failure.is_auth();
            let run = collector.failed(failure);
            remember(collector, &run);
            return (vec![failure_of(&run)], needs_user);
        }
    };
    let mut failures = Vec::new();
    for project in projects {
        let bar = Bar::new(bars, &format!("{}/{project}", collector.plan().source));
        let runs = collector.pass(&project, since_ns, &bar);
        bar.0.finish_and_clear();
        bars.suspend(|| runs.iter().for_each(print));
        let failed: Vec<&Run> = runs.iter().filter(|run| run.failure.is_some()).collect();
        failures.extend(failed.iter().map(|run| failure_of(run)));
        let is_auth = |run: &&Run| {
            run.is_about_builds() && run.failure.as_ref().is_some_and(|failure| failure.is_auth())
        };
        // The other projects take the same token no better.
        if failed.iter().any(is_auth) {
            return (failures, true);
        }
    }
    (failures, false)
}

fn failure_of(run: &Run) -> String {
    let (pass, error) = (run.kind.name(), &run.error);
    match run.project.as_str() {
        "" => format!("{}: {error}", run.source),
        project => format!("{}/{project}, {pass}: {error}", run.source),
    }
}

/// One line per run.
fn print(run: &Run) {
    let seconds = run.finished_ns.saturating_sub(run.started_ns) as f64 / 1e9;
    let pending =
        if run.pending > 0 { format!(", {} pending", run.pending) } else { String::new() };
    // Whoever closed our output still wants the rows.
    let _ = writeln!(
        std::io::stdout(),
        "{}/{} {}: {} listed, {} fetched, {} unchanged, {} failed{pending}; {} requests, {:.1} MB, \
         {seconds:.1} s",
        run.source,
        run.project,
        run.kind.name(),
        run.listed,
        run.fetched,
        run.unchanged,
        run.failed,
        run.requests,
        run.bytes as f64 / 1e6,
    );
    if run.failure.is_none() && !run.error.is_empty() {
        let _ = writeln!(std::io::stderr(), "warning: {}", run.error);
    }
}

/// A bar that grows with the pages of the list; hidden by itself when standard error is no
/// terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new(bars: &MultiProgress, name: &str) -> Bar {
        let bar = bars.add(ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} builds {eta}")
        {
            bar.set_style(style);
        }
        Bar(bar.with_message(name.to_owned()))
    }
}

impl Watch for Bar {
    fn listed(&self, builds: u64) {
        self.0.inc_length(builds);
    }

    fn done(&self) {
        self.0.inc(1);
    }
}
