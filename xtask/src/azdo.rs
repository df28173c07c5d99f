//! `cargo xtask azdo`: an organisation for people who have none, to collect from.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use scripted_azdo::{Answer, History, Request, Scenario, Script, Service, Shape, time};

use crate::process;

const USAGE: &str = "usage: cargo xtask azdo [ARGS…]

  --port N       port of this machine (default 8085; 0: a free one)
  --builds N     builds until now (default 1000)
  --records N    Timeline records of a build, at least 22 (default 60)
  --days N       days before now over which they are spread (default 28)
  --definitions N, --projects N  pipelines (default 4), projects (default 1)
  --trouble X    how much goes wrong: 1 = as usual (default), 0 = nothing
  --seed N       another number, another history (default 1)
  --still        stands still: nothing goes on while it runs
  --truth FILE   writes what is true of the history at the start, as JSON
  --scenario     the written scenario of the tests instead, pass after pass

It runs until it is stopped.";

/// How far a history goes on while it is served.
const AHEAD_DAYS: u32 = 3;
/// How often it says what it was asked.
const PAUSE: Duration = Duration::from_secs(60);

/// The variable that holds the token of a source; the service takes any.
const TOKEN: &str = "EXORG_PAT";

/// What the arguments ask for.
struct Wish {
    port: u16,
    seed: u64,
    shape: Shape,
    still: bool,
    truth: Option<PathBuf>,
    scenario: bool,
}

/// Starts the service and prints how to collect from it.
///
/// # Errors
/// Arguments that are none, a port that is taken, a truth that cannot be written.
pub fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|a| a == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    let wish = wish(args)?;
    let taken = || format!("port {} cannot be opened; give another one with --port", wish.port);
    if wish.scenario {
        return scenario(wish.port).with_context(taken);
    }
    let history = History::generate(wish.seed, &wish.shape);
    let history = history.at(now());
    if let Some(file) = &wish.truth {
        write(file, &history)?;
    }
    let totals = history.truth().totals;
    // A day more, so that the first builds are within reach some hours later.
    let (organization, days) = (history.organization(), wish.shape.days + 1);
    let service = if wish.still {
        Service::start_on(wish.port, history)
    } else {
        Service::start_on(wish.port, Live(history))
    };
    let service = service.with_context(taken)?;
    println!(
        "{} completed builds, {} running, {} Timeline records",
        totals.completed, totals.in_progress, totals.records
    );
    advise(&service.url(), organization, &format!("projects = [\"*\"]\nbackfill = \"{days}d\""));
    loop {
        std::thread::sleep(PAUSE);
        report(&service);
    }
}

/// A history that goes on with the clock.
struct Live(History);

impl Script for Live {
    fn now(&self) -> Option<time::Ticks> {
        Some(now())
    }

    fn answer(&self, request: &Request) -> Option<Answer> {
        self.0.at(now()).answer(request)
    }
}

fn now() -> time::Ticks {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos() / 100).unwrap_or(i64::MAX)
}

fn wish(args: &[String]) -> Result<Wish> {
    let mut wish = Wish {
        port: 8085,
        seed: 1,
        shape: Shape { now: now(), ..Shape::default() },
        still: false,
        truth: None,
        scenario: false,
    };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        match name.as_str() {
            "--still" => wish.still = true,
            "--scenario" => wish.scenario = true,
            "--truth" => wish.truth = Some(value(name, args.next())?),
            "--port" => wish.port = value(name, args.next())?,
            "--seed" => wish.seed = value(name, args.next())?,
            "--builds" => wish.shape.builds = value(name, args.next())?,
            "--records" => wish.shape.records_per_build = value(name, args.next())?,
            "--days" => wish.shape.days = value(name, args.next())?,
            "--definitions" => wish.shape.definitions = value(name, args.next())?,
            "--projects" => wish.shape.projects = value(name, args.next())?,
            "--trouble" => wish.shape.trouble = value(name, args.next())?,
            _ => bail!("{name} is no argument\n\n{USAGE}"),
        }
    }
    if !wish.still {
        // What comes is planned at the same pace as what was.
        let days = wish.shape.days.max(1);
        wish.shape.builds += wish.shape.builds * AHEAD_DAYS as usize / days as usize;
        wish.shape.days = days + AHEAD_DAYS;
        wish.shape.now += time::DAY * i64::from(AHEAD_DAYS);
    }
    Ok(wish)
}

fn value<T: std::str::FromStr>(name: &str, text: Option<&String>) -> Result<T> {
    let Some(text) = text else { bail!("{name} needs a value\n\n{USAGE}") };
    text.parse().ok().with_context(|| format!("{name} {text}: not a value for it\n\n{USAGE}"))
}

fn write(file: &Path, history: &History) -> Result<()> {
    let text = serde_json::to_string_pretty(&history.truth())?;
    std::fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
    println!("the truth about it is in {}", file.display());
    Ok(())
}

fn advise(url: &str, organization: &str, rest: &str) {
    println!("\nPut this into the settings file and any text into the variable {TOKEN};");
    println!("then run `telltale collect --once`, or `telltale serve`:\n");
    println!("[[source]]\nname = \"{organization}\"\nbase = \"{url}/{organization}\"");
    println!("{rest}\ntoken_env = \"{TOKEN}\"\n");
}

/// Says what was asked in the meantime, and forgets it.
fn report(service: &Service) {
    let (count, unknown) = (service.count(), service.unknown());
    service.forget();
    if count > 0 {
        println!("{count} requests");
    }
    for request in unknown.iter().take(10) {
        println!("not known here: {} {}", request.method, request.path);
    }
}

fn scenario(port: u16) -> Result<()> {
    let folder = process::root().join("tests/azdo/synthetic/collector");
    let scenario = Scenario::load(&folder)?;
    let passes = scenario.passes();
    let mut service: Option<Service> = None;
    for (number, name) in passes.iter().enumerate() {
        let pass = scenario.pass(name)?;
        match &service {
            Some(service) => service.play(pass),
            None => {
                let started = Service::start_on(port, pass)?;
                advise(&started.url(), "exorg", "projects = [\"exproj\"]\npage_size = 3");
                service = Some(started);
            }
        }
        let next = if number + 1 == passes.len() { "the end" } else { "the next pass" };
        println!("this is {name}; press Enter for {next}");
        std::io::stdin().read_line(&mut String::new())?;
        service.iter().for_each(report);
    }
    Ok(())
}
