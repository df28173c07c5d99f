//! The worker: waiting deliveries → one write of rows, badges, tallies and the end of their
//! documents → badges shown, builds collected.
//!
//! Invariant: a delivery's document ends in the write that holds its row. What happens after the
//! write may be lost with the process: badges make their files again at the start, and builds are
//! found by the collector's next pass.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use azdo::hook::{self, Delivery, Receipt};
use azdo::identity::Identities;
use model::{AppId, Batch};
use store::Write;

use super::counts::Outcome;
use super::deliveries::Entry;
use super::effects::{self, Effects};
use super::inbox::{Waiting, document_key};
use super::recent::{self, Mark};
use super::scope;
use super::tally::Tally;
use super::waits::{self, Moment};
use crate::app::App;
use crate::badges::plan::Plan;

/// Deliveries worked through in one write, at most.
const GROUP: usize = 128;
/// A write takes no further delivery above this many bytes of payloads.
const GROUP_BYTES: usize = 8 << 20;
/// So much of an event's type is shown, in characters.
const EVENT_CHARS_MAX: usize = 100;
/// How long the worker waits before it tries to write again.
const RETRY: Duration = Duration::from_millis(200);
/// Deliveries that cannot be worked through are kept here, for whoever repairs it.
pub(super) const BROKEN: &str = "hook/broken/";

/// Starts the worker. It ends by itself when the inbox is stopped.
pub fn start(app: &Arc<App>) {
    let (app, runtime) = (Arc::clone(app), tokio::runtime::Handle::current());
    let thread = std::thread::Builder::new().name("hooks".to_owned());
    let started = thread.spawn(move || {
        recent::load(&app, &runtime);
        while let Some(ids) = app.hooks.inbox.take(GROUP) {
            let mut group = Group::new(&app);
            let rest = group.add_all(&ids);
            app.hooks.inbox.put_back(rest);
            if !group.finish() {
                return;
            }
        }
    });
    if let Err(error) = started {
        tracing::error!(%error, "deliveries of hooks are stored and not worked through");
    }
}

/// Works through all deliveries that wait, for who has a folder and no server.
///
/// # Errors
/// When the store refuses or a delivery cannot be worked through: a sentence.
pub fn work_off(app: &App) -> Result<(), String> {
    while app.hooks.inbox.size().0 > 0 {
        let Some(ids) = app.hooks.inbox.take(GROUP) else { break };
        let mut group = Group::new(app);
        let rest = group.add_all(&ids);
        app.hooks.inbox.put_back(rest);
        if !group.finish() {
            return Err("the store is closed".to_owned());
        }
    }
    match app.store.documents(BROKEN).len() {
        0 => Ok(()),
        count => Err(format!("{count} deliveries cannot be worked through")),
    }
}

/// Deliveries that are worked through together.
struct Group<'a> {
    app: &'a App,
    plan: Plan,
    rows: Vec<(AppId, Batch)>,
    documents: Vec<(String, Option<Vec<u8>>)>,
    ids: Vec<i64>,
    marks: Vec<(Mark, i64)>,
    tallies: BTreeMap<String, Tally>,
    entries: Vec<Entry>,
    waits: Vec<Moment>,
    builds: Vec<(String, String, i64)>,
    deployments: u64,
    bytes: usize,
}

impl<'a> Group<'a> {
    fn new(app: &'a App) -> Group<'a> {
        let plan = app.badges.plan_blocking();
        Group {
            app,
            plan,
            rows: Vec::new(),
            documents: Vec::new(),
            ids: Vec::new(),
            marks: Vec::new(),
            tallies: BTreeMap::new(),
            entries: Vec::new(),
            waits: Vec::new(),
            builds: Vec::new(),
            deployments: app.hooks.deployments(&app.store),
            bytes: 0,
        }
    }

    /// Adds deliveries until the group is full; those left over.
    fn add_all<'i>(&mut self, ids: &'i [i64]) -> &'i [i64] {
        for (at, id) in ids.iter().enumerate() {
            if self.bytes > GROUP_BYTES {
                return ids.get(at..).unwrap_or_default();
            }
            self.add(*id);
        }
        &[]
    }

    fn add(&mut self, id: i64) {
        let key = document_key(id);
        self.ids.push(id);
        let Some(document) = self.app.store.document(&key) else {
            tracing::error!(key, "a waiting delivery has no document");
            return;
        };
        self.documents.push((key, None));
        let read = Waiting::decode(&document).map_err(|error| error.to_string());
        let done = read.and_then(|waiting| {
            let delivery = hook::read(&waiting.payload, &Identities::Keep);
            self.event(id, &waiting, &delivery.map_err(|error| error.to_string())?)
        });
        if let Err(reason) = done {
            tracing::error!(id, reason, "a delivery cannot be worked through and is kept aside");
            self.documents.push((format!("{BROKEN}{id:016x}"), Some(document.to_vec())));
        }
    }

    fn event(&mut self, id: i64, waiting: &Waiting, delivery: &Delivery) -> Result<(), String> {
        let sender = &waiting.sender;
        let mark = recent::mark(&sender.key_name, &delivery.envelope, &waiting.payload);
        let mut entry = Entry {
            at: id,
            key_name: sender.key_name.clone(),
            event_type: delivery.envelope.event_type.chars().take(EVENT_CHARS_MAX).collect(),
            outcome: Outcome::Duplicate,
            badge: None,
            bytes: waiting.payload.len(),
            error: String::new(),
            count: 1,
        };
        if self.app.hooks.recent.contains(&mark) || self.marks.iter().any(|(m, _)| *m == mark) {
            self.entries.push(entry);
            return Ok(());
        }
        let key = self.app.keys.of_id(&sender.key_id);
        let line = effects::source(self.app, delivery);
        // A fault of ours about one event must not keep all others from being worked through.
        let worked = catch_unwind(AssertUnwindSafe(|| {
            let number = self.deployments;
            let outside = scope::outside_of(sender, key.as_deref(), delivery);
            effects::of(delivery, outside, line, id, number, &mut self.plan)
        }));
        let effects = worked.unwrap_or_else(|_| Effects {
            error: "an internal error kept anything from following from the event".to_owned(),
            ..Effects::default()
        });
        let application = effects::application(self.app, key.as_deref(), line);
        let receipt = Receipt {
            received_at: id,
            key_name: &sender.key_name,
            is_processed: effects.is_processed,
            error: &effects.error,
        };
        let row = delivery.row(receipt).map_err(|error| error.to_string())?;
        self.rows.extend(row.map(|row| (application, row)));
        if let Some(row) = effects.deployment {
            self.rows.push((application, row));
            self.deployments += 1;
        }
        if let (Some((project, build)), Some(line)) = (effects.build, line) {
            self.builds.push((line.source.name.clone(), project, build));
        }
        let known = || self.app.hooks.tallies.of(&sender.key_id);
        let tally = self.tallies.entry(sender.key_id.clone()).or_insert_with(known);
        tally.hear(id, &delivery.envelope.event_type, effects.hint);
        tally.out_of_scope += u64::from(effects.is_outside);
        entry.outcome = match effects.is_outside {
            true => Outcome::OutOfScope,
            false => Outcome::Accepted,
        };
        (entry.badge, entry.error) = (effects.badge, effects.error);
        self.entries.push(entry);
        if !effects.is_outside {
            self.waits.extend(waits::moment(delivery));
        }
        self.marks.push((mark, id));
        self.bytes += waiting.payload.len();
        Ok(())
    }

    /// Writes all of it and shows it; whether the worker is to go on.
    fn finish(mut self) -> bool {
        let hooks = &self.app.hooks;
        self.documents.extend(self.plan.documents());
        self.documents.extend(self.tallies.iter().map(|(id, tally)| tally.edit(id)));
        self.documents.push(super::deployments_edit(self.deployments));
        let mut tries = 0_u32;
        loop {
            // Batches share their columns: a copy is cheap.
            let write = Write { rows: self.rows.clone(), documents: self.documents.clone() };
            match self.app.store.append_blocking(write) {
                Ok(_) => break,
                Err(store::Error::Closed) => return false,
                Err(error) => {
                    if tries.is_multiple_of(100) {
                        tracing::warn!(%error, "events of hooks wait until they can be written");
                    }
                    tries += 1;
                }
            }
            if hooks.inbox.is_stopped() {
                return false;
            }
            std::thread::sleep(RETRY);
        }
        for (id, tally) in self.tallies {
            hooks.tallies.set(&id, tally);
        }
        self.marks.iter().for_each(|(mark, at)| hooks.recent.add(*mark, *at));
        if let Err(error) = self.app.badges.publish(self.plan) {
            tracing::error!(%error, "a badge's file cannot be written");
        }
        for entry in self.entries {
            hooks.counts.add(&entry.key_name, entry.outcome);
            hooks.deliveries.add(entry);
        }
        self.waits.into_iter().for_each(|moment| hooks.waits.hear(moment));
        for (source, project, build) in &self.builds {
            let line = self.app.collectors.by_name(source);
            if line.is_some_and(|line| line.enqueue(project, *build).is_err()) {
                tracing::warn!(source, project, build, "too many builds wait to be collected");
            }
        }
        hooks.inbox.done(&self.ids);
        true
    }
}
