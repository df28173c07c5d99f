//! `telltale demo`: a folder with weeks of invented telemetry and an invented organisation.
//!
//! Invariants: a folder with data of somebody is never touched; what is stored went the way that
//! real data goes (decoder of envelopes, collector, inbox of hooks, badges); the same seed, days
//! and end give the same rows.

mod calendar;
mod collect;
mod dice;
mod envelope;
mod folder;
mod hooks;
mod known;
mod organization;
mod site;
mod steps;
mod tasks;
mod telemetry;
mod trouble;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use model::time::{Fraction, format_datetime};
use store::Store;

use self::calendar::{DAY, SECOND};
use self::dice::Dice;
use self::folder::Demo;
use self::organization::World;
use super::Failure;
use crate::app::now;
use crate::apps::{self, Application, Apps};
use crate::cli::DemoCall;
use crate::collector::source::INSTALLATION_KEY;
use crate::settings::Settings;

/// The second application: the service that the tasks publish packages to.
const SECOND_APP: &str = "package-index";

/// From when to when a demonstration goes, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub begin: i64,
    pub end: i64,
}

/// Fills a folder and says what is in it.
///
/// # Errors
/// When the folder has data of somebody, or cannot be written.
pub fn run(call: &DemoCall) -> Result<(), Failure> {
    if !folder::is_empty(&call.data)? {
        let demo = folder::read(&call.data)?;
        return say(&format!(
            "`{}` holds a demonstration already (seed {}, {} days until {}); nothing was changed",
            call.data.display(),
            demo.seed,
            demo.days,
            demo.until
        ));
    }
    fill(call)?;
    say(&format!("look at it with: telltale serve --demo --data {}", call.data.display()))
}

/// Fills the folder of a server with a demonstration unless it is filled already.
///
/// # Errors
/// As [`run`]; also when a folder that is not empty is no demonstration.
pub fn serve(settings: &Settings) -> Result<(), Failure> {
    let data = settings.storage.data.clone();
    if folder::is_empty(&data)? {
        let data = data.clone();
        fill(&DemoCall { data, days: 30, seed: 1, until: None })?;
    } else {
        folder::read(&data)?;
    }
    say(&format!("serving the demonstration in `{}`; ask it, for example:", data.display()))?;
    say("  telltale query 'requests | summarize count() by name, client_OS'")?;
    say("  telltale query 'PassRate()'")
}

fn say(line: &str) -> Result<(), Failure> {
    // Standard output of a server belongs to its ready line.
    Ok(writeln!(std::io::stderr(), "{line}")?)
}

/// The store's options: nothing is too old for a demonstration.
fn options() -> store::Options {
    store::Options {
        retention: store::Retention { days: None, ..store::Retention::default() },
        ..store::Options::default()
    }
}

fn fill(call: &DemoCall) -> Result<(), Failure> {
    let end = call.until.unwrap_or_else(now).div_euclid(SECOND) * SECOND;
    let span = Span { begin: end - i64::from(call.days) * DAY, end };
    let dice = Dice::new(call.seed);
    let settings = settings(&call.data)?;
    let store = Store::open(&call.data, options())?;
    let until = format_datetime(end, Fraction::Trimmed);
    let mut demo = Demo { seed: call.seed, days: call.days, until, is_whole: false };
    folder::write(&store, &demo)?;
    // People are hashed by the key of the folder: with a random one no two folders had equal rows.
    let key = dice.of("installation", 0).hex(32).into_bytes();
    let documents = vec![(INSTALLATION_KEY.to_owned(), Some(key))];
    store.append_blocking(store::Write { rows: Vec::new(), documents })?;
    let apps = Arc::new(Apps::load(Arc::clone(&store))?);
    let first = application(&apps, dice, apps::DEFAULT, span)?;
    let second = application(&apps, dice, SECOND_APP, span)?;
    let world = Arc::new(World::new(dice, span.begin, span.end));
    let (items, builds) = std::thread::scope(|scope| {
        // Neither looks at the rows of the other.
        let collected =
            scope.spawn(|| collect::fill(&world, span, (&store, &apps), &first, &settings));
        let items = telemetry::fill(&world, dice, span, (&store, &apps), (&first, &second));
        let builds = collected.join().unwrap_or_else(|_| Err(Failure::new("collecting panicked")));
        (items, builds)
    });
    let (items, builds) = (items?, builds?);
    say(&format!("{items} items of telemetry in `{}` and `{}`", first.name, second.name))?;
    say(&format!("{builds} builds of the organisation `{}`", organization::layout::ORGANIZATION))?;
    let explained = known::fill(dice, span, (&store, &apps), &first, &settings)?;
    say(&format!("{explained} builds explained by known issues"))?;
    let filled = hooks::fill(&world, end, &store, settings)?;
    say(&format!("{} events of service hooks, {} badges", filled.events, filled.badges))?;
    demo.is_whole = true;
    folder::write(&store, &demo)?;
    store.seal(now())?;
    store.close()?;
    Ok(())
}

/// An application whose instrumentation key the seed decides.
fn application(
    apps: &Apps,
    dice: Dice,
    name: &str,
    span: Span,
) -> Result<Arc<Application>, Failure> {
    let key = dice.of("application", 0).of(name, 0).guid();
    Ok(apps.create(name, Some(&key), span.begin, |_| Vec::new())?)
}

/// What settings say when nothing is set, but for the folder.
fn settings(data: &Path) -> Result<Settings, Failure> {
    let flags = BTreeMap::from([("data".to_owned(), data.display().to_string())]);
    Settings::read(&flags, &[], None).map_err(Failure::Because)
}
