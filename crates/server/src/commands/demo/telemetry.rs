//! The demonstration's items into the store, by the same decoder that requests go through.

use std::collections::BTreeMap;

use model::time::HOUR;
use model::{AppId, Batch};
use store::{Store, Write};

use super::calendar::{MINUTE, hour_of};
use super::dice::Dice;
use super::envelope::{Mail, Sender};
use super::organization::World;
use super::site::Site;
use super::tasks::{self, Tasks};
use super::{Failure, Span};
use crate::app::now;
use crate::apps::{Application, Apps};
use ingest::breeze::{self, Context, Mode};

/// Items that came in within so long are decoded together.
const STEP_NS: i64 = 5 * MINUTE;
/// Hours of items in one write.
const WRITE_HOURS: i64 = 6;

/// Fills both applications; gives how many items were stored.
///
/// # Errors
/// When the store refuses, or the decoder an item: that is a fault of ours.
pub fn fill(
    world: &World,
    dice: Dice,
    span: Span,
    (store, apps): (&Store, &Apps),
    (first, second): (&Application, &Application),
) -> Result<usize, Failure> {
    let dice = dice.of("telemetry", 0);
    let server = |app: &Application, role: &str, version: &str| Sender {
        instrumentation_key: app.instrumentation_key.clone(),
        role: role.to_owned(),
        instance: format!("{role}-1"),
        os: "Linux 6.8.0".to_owned(),
        device: "PC".to_owned(),
        version: version.to_owned(),
        sdk: "dotnet:2.22.0".to_owned(),
        ..Sender::default()
    };
    let index = server(second, "package-index", "7.4.1");
    let reports = server(first, "task-reports", "1.12.0");
    let tasks = Tasks {
        dice,
        end: span.end,
        instrumentation_key: &first.instrumentation_key,
        service: &index,
    };
    let site = |name, server, visits, address| Site {
        dice: dice.of(name, 0),
        end: span.end,
        server,
        visits,
        address,
    };
    let sites = [
        site("index", &index, 1.0, "index.example.invalid"),
        site("reports", &reports, 0.25, "reports.example.invalid"),
    ];
    let mut post = Post { store, apps, end: span.end, stored: 0, number: 0, mail: Mail::default() };
    let mut builds = world.builds.iter().peekable();
    for hour in (hour_of(span.begin)..span.end).step_by(HOUR as usize) {
        tasks.elsewhere(hour, &mut post.mail);
        tasks::machines(dice, hour, &reports, &mut post.mail);
        sites.iter().for_each(|site| site.hour(hour, &mut post.mail));
        while let Some(build) = builds.next_if(|build| build.queued < hour + HOUR) {
            tasks.of_build(world, build, &mut post.mail);
        }
        if hour / HOUR % WRITE_HOURS == 0 {
            post.deliver(hour + HOUR)?;
        }
    }
    post.deliver(i64::MAX)?;
    Ok(post.stored)
}

/// Brings what was sent into the store.
struct Post<'a> {
    store: &'a Store,
    apps: &'a Apps,
    end: i64,
    stored: usize,
    /// Of the next item; its id.
    number: u64,
    mail: Mail,
}

impl Post<'_> {
    /// Stores what comes in before a time; what would come in after the end never does.
    fn deliver(&mut self, before: i64) -> Result<(), Failure> {
        let all = std::mem::take(&mut self.mail.lines);
        let (mut now_in, later): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(arrival, _)| *arrival < before);
        self.mail.lines = later;
        now_in.retain(|(arrival, _)| *arrival <= self.end);
        now_in.sort();
        let mut batches = Vec::new();
        let of_step = |a: &(i64, String), b: &(i64, String)| a.0 / STEP_NS == b.0 / STEP_NS;
        for chunk in now_in.chunk_by(of_step) {
            batches.extend(self.decode(chunk)?);
        }
        if self.store.seal_due(now()) {
            self.store.seal(now())?;
        }
        self.store.append_blocking(Write { rows: merged(batches)?, documents: Vec::new() })?;
        Ok(())
    }

    fn decode(&mut self, chunk: &[(i64, String)]) -> Result<Vec<(AppId, Batch)>, Failure> {
        let arrival = chunk.last().map_or(self.end, |(arrival, _)| *arrival);
        let lines: Vec<&str> = chunk.iter().map(|(_, line)| line.as_str()).collect();
        let find = |key: &str| {
            let id = self.apps.by_key(key)?.app_id();
            Some(breeze::App { id, mode: Mode::Default })
        };
        let context = Context {
            now: arrival,
            window: None,
            item_bytes_max: breeze::ITEM_BYTES_MAX,
            items_max: breeze::ITEMS_MAX,
            sender_address: None,
            user_agent: None,
            app: &find,
            // Rises with the time of acceptance, as ids of items do.
            item_id: (u128::from(arrival.unsigned_abs()) << 64) | u128::from(self.number),
            place: None,
        };
        let accepted = breeze::decode(lines.join("\n").as_bytes(), &context);
        if let Some(fault) = accepted.faults.first() {
            let message = &fault.message;
            return Err(Failure::new(format!(
                "an item of the demonstration was refused: {message}"
            )));
        }
        self.stored += accepted.accepted;
        self.number += accepted.received as u64;
        Ok(accepted.batches)
    }
}

/// One batch of each application and table, since each costs the store something.
fn merged(batches: Vec<(AppId, Batch)>) -> Result<Vec<(AppId, Batch)>, Failure> {
    let mut groups: BTreeMap<(AppId, &str), Vec<Batch>> = BTreeMap::new();
    for (app, batch) in batches {
        groups.entry((app, batch.table.name)).or_default().push(batch);
    }
    let one = |((app, _), parts): ((AppId, &str), Vec<Batch>)| {
        let table = parts.first().map(|part| part.table)?;
        let rows: Vec<_> = parts.into_iter().map(|part| part.rows).collect();
        let schema = rows.first()?.schema();
        let rows = arrow::compute::concat_batches(&schema, &rows);
        Some(rows.map(|rows| (app, Batch { table, rows })))
    };
    let merged: Result<_, _> = groups.into_iter().filter_map(one).collect();
    merged.map_err(|error| Failure::new(error.to_string()))
}
