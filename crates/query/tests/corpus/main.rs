//! The corpus of the query language: `cargo test -p query [-- NAME…]` runs the case files whose
//! path has one of the names in it (`recorded` for the recorded answers, `signatures` for the
//! declared functions); `ACCEPT=1` rewrites the expectations, `EXPLAIN='<query>'` prints plans.
//! The only test binary of this crate: it links DataFusion.

#![allow(clippy::expect_used, clippy::panic, reason = "a failed test panics")]

mod answers;
mod bags;
mod cases;
mod functions;
mod judge;
mod limits;
mod memory;
mod pipelines;
mod properties;
mod recorded;
mod rows;
mod versions;
mod world;

use std::io::Write;
use std::process::ExitCode;

/// What one part of the run found.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: usize,
    pub failures: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// Prints the plans of a query over the test tables in extents.
async fn explain(text: &str) -> ExitCode {
    let tables = ["requests", "traces", "exceptions", "dependencies"].map(str::to_owned);
    let world = world::world(&tables, world::Place::Both).await;
    let plans = world.engine.explain(world::request(text)).await;
    let plans = plans.map_or_else(|error| error.to_string(), |forms| query::explain::text(&forms));
    let _ = writeln!(std::io::stdout(), "{plans}");
    ExitCode::SUCCESS
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<String> = args.into_iter().filter(|a| !a.starts_with('-')).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| name.contains(n.as_str()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    let mut report = Report::default();
    if let Ok(text) = std::env::var("EXPLAIN") {
        return runtime.block_on(explain(&text));
    }
    runtime.block_on(async {
        cases::run(&wanted, &mut report).await;
        if wanted("signatures") {
            functions::run(&mut report);
        }
        if wanted("recorded") {
            recorded::run(&mut report).await;
        }
        if wanted("bags") {
            bags::run(&mut report).await;
        }
        if wanted("limits") {
            limits::run(&mut report).await;
        }
        if wanted("memory") {
            memory::run(&mut report).await;
        }
        if wanted("versions") {
            versions::run(&mut report).await;
        }
        if wanted("properties") {
            properties::run(&mut report).await;
        }
    });
    let mut out = std::io::stdout().lock();
    for failure in &report.failures {
        let _ = writeln!(out, "{failure}\n");
    }
    for note in &report.notes {
        let _ = writeln!(out, "{note}");
    }
    let _ = writeln!(out, "{} passed, {} failed", report.passed, report.failures.len());
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
