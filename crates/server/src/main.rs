//! The `telltale` binary: a table of contents of what it can be asked to do.
//!
//! Invariant: decisions about exit codes are made here and nowhere else.

mod api;
mod app;
mod apps;
mod arrivals;
mod ask;
mod audit;
mod auth;
mod badges;
mod body;
mod cells;
mod cli;
mod collector;
mod commands;
mod domains;
mod error;
mod headers;
mod history;
mod hooks;
mod jobs;
mod keys;
mod known;
mod kql_text;
mod listen;
mod metrics;
mod observe;
mod official;
mod pace;
mod parameters;
mod png;
mod portal;
mod reply;
mod routes;
mod running;
mod settings;
mod stall;
mod stream;
mod tables;
mod timespan;
mod tls;
mod triage;

use std::io::Write;
use std::process::ExitCode;

use cli::Call;
use commands::Failure;

/// The system's allocator keeps what each of many threads freed: half as much memory again under
/// load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match cli::read() {
        Call::Serve { flags, config, is_demo } => {
            commands::serve::run(&flags, config.as_deref(), is_demo)
        }
        Call::ListKeys { place, key } => commands::keys::list(&place, key.as_deref()),
        Call::CreateKey { place, key, wish, is_json } => {
            commands::keys::create(&place, key.as_deref(), &wish, is_json)
        }
        Call::RevokeKey { place, key, name, is_json } => {
            commands::keys::revoke(&place, key.as_deref(), &name, is_json)
        }
        Call::ListApps { place, key } => commands::apps::list(&place, key.as_deref()),
        Call::CreateApp { place, key, name, guid } => {
            commands::apps::create(&place, key.as_deref(), &name, guid.as_deref())
        }
        Call::Query(call) => commands::query::run(&call),
        Call::Import { place, key, files } => commands::import::run(&place, key.as_deref(), &files),
        Call::Ingest(call) => commands::ingest::run(&call),
        Call::Collect(call) => commands::collect::run(&call),
        Call::CollectStatus { place, key, is_json } => {
            commands::collect::status::show(&place, key.as_deref(), is_json)
        }
        Call::CollectRetry { place, key, source } => {
            commands::collect::status::retry(&place, key.as_deref(), source.as_deref())
        }
        Call::Demo(call) => commands::demo::run(&call),
        Call::Track(call) => commands::track::run(&call),
        Call::Trace(call) => commands::trace::run(&call),
        // The exit code of the command it ran, which `ExitCode` is too narrow for on Windows.
        Call::Exec(call) => std::process::exit(commands::exec::run(&call)),
        Call::Issue(call) => commands::issue::run(&call),
        Call::Complete(call) => commands::complete::run(&call),
        Call::ShellInit(shell) => commands::shell_init::run(shell),
        Call::ShowCertificate { place, out } => commands::tls::show(&place, out.as_deref()),
        Call::Hooks(call) => commands::hooks::run(&call),
        Call::Badge(call) => commands::badge::run(&call),
        Call::Badges(call) => commands::badges::run(&call),
        Call::Categorize(call) => commands::ci::categorize::run(&call),
        Call::Reference { section } => commands::reference::run(section.as_deref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has read enough (`telltale query … | head`).
        Err(Failure::OutputClosed) => ExitCode::SUCCESS,
        Err(Failure::Said) => ExitCode::FAILURE,
        Err(Failure::Because(reasons)) => {
            let mut out = std::io::stderr().lock();
            for reason in reasons {
                // Commands of pipelines and queries alike run in steps, whose runner reads this.
                let reason = azdo::command::disarm::disarm_lines(&reason);
                // Nobody is left to tell when standard error is closed.
                let _ = writeln!(out, "error: {reason}");
            }
            ExitCode::FAILURE
        }
    }
}
