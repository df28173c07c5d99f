//! The JSON of the collector's state, the same over HTTP and from a folder.

use azdo::collect::Summary;
use azdo::collect::state::{Known, known, text_of};
use serde_json::{Value, json};
use store::Store;

use super::sink::StoreNotes;
use super::{Lines, remembered};

/// Most pending builds shown of one project.
const SHOWN_MAX: usize = 100;

/// What is known of all sources and projects, and runs that failed before they were about a project
/// that is collected; `lines` adds how running sources fare.
pub fn status(store: &Store, lines: Option<&Lines>, now: i64) -> Value {
    let projects: Vec<Value> =
        known(&StoreNotes(store)).iter().map(|known| project(known, now)).collect();
    let failed = remembered::all(store);
    let failed = failed.iter().flat_map(|(source, runs)| {
        runs.iter().map(move |remembered| {
            let mut value = run(&remembered.run);
            value["source"] = json!(source);
            value["project"] = json!(remembered.project);
            value
        })
    });
    let mut body = json!({ "projects": projects, "failed": failed.collect::<Vec<_>>() });
    if let Some(lines) = lines {
        let sources = lines.all.iter().map(|line| {
            let health = line.health();
            json!({
                "source": line.source.name,
                "alarm": health.alarm,
                "requests": health.usage.requests,
                "delayedSeconds": health.usage.delayed_seconds,
                "budgetRemaining": health.usage.remaining,
                "concurrency": health.usage.concurrency,
                "succeeded": time(health.succeeded_ns),
            })
        });
        body["sources"] = sources.collect();
    }
    body
}

fn project(known: &Known, now: i64) -> Value {
    let facts = &known.facts;
    let runs: Vec<Value> = facts.runs.iter().map(run).collect();
    let pending: Vec<Value> = known
        .pending
        .iter()
        .take(SHOWN_MAX)
        .map(|(build, pending)| {
            json!({
                "build": build,
                "tries": pending.tries,
                "next": if pending.is_dead { Value::Null } else { time(pending.next_ns) },
                "dead": pending.is_dead,
                "error": pending.error,
            })
        })
        .collect();
    let dead = known.pending.values().filter(|pending| pending.is_dead).count();
    let lag = (facts.succeeded_ns > 0)
        .then(|| now.saturating_sub(facts.succeeded_ns).max(0) / 1_000_000_000);
    json!({
        "source": known.source,
        "project": known.project,
        "cursor": time(facts.cursor_ns),
        "lagSeconds": lag,
        "reconciled": time(facts.reconciled_ns),
        "seen": known.seen,
        "open": known.open,
        "pending": known.pending.len() - dead,
        "dead": dead,
        "builds": pending,
        "runs": runs,
    })
}

fn run(run: &Summary) -> Value {
    json!({
        "pass": run.kind,
        "started": time(run.started_ns),
        "finished": time(run.finished_ns),
        "listed": run.listed,
        "fetched": run.fetched,
        "failed": run.failed,
        "requests": run.requests,
        "error": run.error,
    })
}

fn time(nanos: i64) -> Value {
    if nanos > 0 { Value::from(text_of(nanos)) } else { Value::Null }
}
