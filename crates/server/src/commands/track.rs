//! `telltale track KIND`: one item from a script, a file for each kind.
//!
//! Invariants: whatever happens, a build goes on: failures are one warning unless `--strict` asks
//! for more; standard output names an item only when a server took it.

mod dependency;
mod event;
mod exception;
mod given;
mod metric;
mod request;
mod trace;

use std::io::Write;

use clap::{Arg, ArgMatches};
use serde_json::json;

use self::given::Given;
use super::telemetry::Telemetry;
use super::telemetry::item::{Data, Item};
use super::telemetry::send::Sent;
use super::{Failure, say};
use crate::app::now;
use crate::cli::track::TrackCall;

/// A kind of item as the command line knows it.
pub struct Kind {
    pub name: &'static str,
    pub about: &'static str,
    /// Flags of this kind alone.
    pub flags: fn() -> Vec<Arg>,
    /// What those flags say; a failure names the flag and what it wants.
    read: fn(&Given<'_>) -> Result<Data, Failure>,
}

/// All kinds, in the order of the help.
pub const KINDS: [Kind; 6] =
    [request::KIND, dependency::KIND, event::KIND, exception::KIND, trace::KIND, metric::KIND];

/// Sends the item.
///
/// # Errors
/// With `--strict`, when it was not accepted.
pub fn run(call: &TrackCall) -> Result<(), Failure> {
    match send(call) {
        Ok(()) => Ok(()),
        Err(Failure::Because(reasons)) if !call.is_strict => {
            if !call.is_quiet {
                say::warn("warning: telemetry not sent: ", &reasons.join("; "));
            }
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}

fn send(call: &TrackCall) -> Result<(), Failure> {
    // Asked first: who opted out is not told about mistakes in flags.
    let Some(mut telemetry) = Telemetry::open(call.options.clone())? else { return Ok(()) };
    let item = item(&call.kind, &call.matches)?;
    let given = Given(&call.matches);
    if let Some(operation_id) = given.text("operation") {
        // The task's span is a part of the build's operation and of no other.
        if operation_id != telemetry.context.operation_id {
            telemetry.context.origin = None;
        }
        telemetry.context.operation_id = operation_id;
    }
    telemetry.context.role = given.text("role").unwrap_or_default();
    let sent = telemetry.send(std::slice::from_ref(&item))?;
    judge(&sent)?;
    if call.is_quiet {
        return Ok(());
    }
    if sent.cut > 0 {
        let max = ingest::breeze::ITEM_BYTES_MAX;
        say::warn("warning: ", &format!("texts were cut: an item has at most {max} bytes"));
    }
    print_ids(&item, &telemetry, call.is_json)
}

fn judge(sent: &Sent) -> Result<(), Failure> {
    if sent.accepted >= sent.items {
        return Ok(());
    }
    Err(Failure::new(format!("the server refused it: {}", sent.reasons.join("; "))))
}

fn item(kind: &str, matches: &ArgMatches) -> Result<Item, Failure> {
    let given = Given(matches);
    let unknown = || Failure::new(format!("there is no kind `{kind}`"));
    let kind = KINDS.iter().find(|known| known.name == kind).ok_or_else(unknown)?;
    let data = (kind.read)(&given)?;
    let duration = match &data {
        Data::Request { duration, .. } | Data::Dependency { duration, .. } => *duration,
        _ => 0,
    };
    Ok(Item {
        time: given.time("time")?.unwrap_or_else(|| now().saturating_sub(duration)),
        parent_id: given.text("parent"),
        properties: given.properties()?,
        measurements: given.measurements()?,
        data,
    })
}

/// So that a script can pass them on.
fn print_ids(item: &Item, telemetry: &Telemetry, is_json: bool) -> Result<(), Failure> {
    let context = &telemetry.context;
    let parent = item.parent_id.as_deref();
    let parent = parent.or(context.origin.as_ref().map(|origin| origin.span_id.as_str()));
    let mut out = std::io::stdout().lock();
    if is_json {
        let ids = json!({
            "operationId": context.operation_id, "parentId": parent, "id": item.id(),
        });
        writeln!(out, "{ids}")?;
    } else {
        writeln!(out, "operation_id={}", context.operation_id)?;
        let ids = [("parent_id", parent), ("id", item.id())];
        for (name, id) in ids {
            if let Some(id) = id {
                writeln!(out, "{name}={id}")?;
            }
        }
    }
    Ok(out.flush()?)
}
