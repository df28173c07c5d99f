//! The few commands cargo lacks. Plain cargo does everything else.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool talks on its terminal"
)]

mod azdo;
mod bench;
mod e2e;
mod portal;
mod process;
mod reference;
mod run;
mod test;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  run [ARGS…]          build portal and server and start it on ./telltale-data; ARGS go to
                       `telltale serve`: `--demo` has it serve invented data
  portal [--watch]     build the portal's files, or serve them with Vite while one works on them
  test                 everything that CI checks, in the same order
  e2e [NAME]           unmodified telemetry clients against the built executable
  shots                pictures of every page of the portal, to be looked at
  reference [--check]  write docs/reference from the executable, or fail when it is stale
  bench [ARGS…]        load and query benchmarks in release mode; see bench/README.md
  azdo [ARGS…]         an Azure DevOps that follows a script, to collect from; --help lists ARGS";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let result = match command.as_str() {
        "run" => run::run(&rest),
        "portal" => portal::run(&rest),
        "test" => test::run(),
        "e2e" => e2e::run(rest.first().map(String::as_str)),
        "reference" => reference::run(rest.iter().any(|a| a == "--check")),
        "shots" => e2e::portal::shots(),
        "azdo" => azdo::run(&rest),
        "bench" => bench::run(&rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
