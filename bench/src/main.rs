//! Benchmarks: seeded data through the product's own code, one JSON line per run.
//!
//! Every figure is measured in one run on one machine; compare lines of the same machine only.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its terminal"
)]

mod ask;
mod badge;
mod baseline;
mod collect;
mod crowd;
mod decode;
mod envelopes;
mod generate;
mod hooks;
mod load;
mod memory;
mod output;
mod queries;
mod results;
mod rows;
mod search;
mod server;
mod versions;

use std::path::PathBuf;
use std::process::ExitCode;

/// The product's allocator: figures without it would be of another program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "usage: cargo xtask bench COMMAND

  decode                     gzip'd envelopes to row batches on one core
  rows                       CSV and JSON of a table to row batches on one core
  generate DIR [ROWS]        the data set of the queries (20,000,000 requests over 30 days), also
                             into the folder of a demonstration that ends with them
  queries DIR                the twelve queries as KQL against hand-written plans on its extents
  search DIR                 the questions of Search about words, each alone and sharing them
  ask DIR                    questions over standard input (see compare_clickhouse.py)
  versions [BUILDS]          a table that shows newest versions against a plain one of its rows
  memory DIR                 questions larger than the memory of queries, to the built server
  start DIR                  start to ready, and memory, of a server on a filled folder
  badge                      badges on one core, against npm badge-maker 6
  hooks [SECONDS]            events to files of badges, a flood of wrong keys, badges by wrk
  collect [BUILDS [RECORDS]] builds of a generated organisation, by the built collector, one core
  builds DIR [BUILDS]        a new folder of builds of a generated organisation (1,000)
  load [SECONDS]             HTTP ingestion into a new server, full speed and at half of it
  output                     a build's output through `exec` and its matchers, on one machine
  crowd [SECONDS]            telemetry while slow clients, queries and a download crowd the server";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let folder = || args.get(1).map(PathBuf::from);
    let number = |at: usize| args.get(at).and_then(|a| a.replace(['_', ','], "").parse().ok());
    let result = match (args.first().map(String::as_str), folder()) {
        (Some("decode"), _) => decode::run(),
        (Some("rows"), _) => rows::run(),
        (Some("output"), _) => output::run(),
        (Some("generate"), Some(data)) => generate::run(&data, number(2).unwrap_or(20_000_000)),
        (Some("queries"), Some(data)) => queries::run(&data),
        (Some("search"), Some(data)) => search::run(&data),
        (Some("ask"), Some(data)) => ask::run(&data),
        (Some("memory"), Some(data)) => memory::run(&data),
        (Some("start"), Some(data)) => server::measure_start(&data),
        (Some("versions"), _) => versions::run(number(1).unwrap_or(1_000)),
        (Some("badge"), _) => badge::run(),
        (Some("hooks"), _) => hooks::run(number(1).unwrap_or(20)),
        (Some("crowd"), _) => crowd::run(number(1).unwrap_or(60)),
        (Some("collect"), _) => {
            collect::run(number(1).unwrap_or(1_000), number(2).unwrap_or(2_000))
        }
        (Some("builds"), Some(data)) => collect::fill(&data, number(2).unwrap_or(1_000)),
        (Some("load"), _) => load::run(number(1).unwrap_or(20)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
