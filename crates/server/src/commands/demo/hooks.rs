//! The demonstration's service hooks and badges: deliveries into the inbox, worked through by the
//! worker of the server; badges follow from them.

use std::sync::Arc;

use azdo::hook;
use azdo::identity::Identities;
use store::{Store, Write};

use super::Failure;
use super::organization::{World, events};
use crate::app::App;
use crate::badges::choice::{Choice, Visibility};
use crate::badges::document::Document;
use crate::badges::plan::Plan;
use crate::badges::query::{QueryDocument, Threshold};
use crate::collector::source::installation_key;
use crate::hooks::inbox::{Sender, Waiting, document_key};
use crate::hooks::work;
use crate::settings::Settings;

/// The name of the key that deliveries came with. It is no key: with one all calls need one.
const KEY: &str = "exorg-hooks";
/// How long after its creation an event comes in, in nanoseconds.
const LATE_NS: i64 = 400_000_000;
/// Documents of one write.
const WRITE: usize = 256;
/// The badge that has an alias: its definition and environment, and what it is called.
const ALIAS: (&str, &str, &str) = ("lantern delivery", "Production", "lantern/production");

/// What came of it.
#[derive(Debug)]
pub struct Filled {
    pub events: usize,
    pub badges: usize,
}

/// Fills inbox and badges and works all of it through.
///
/// # Errors
/// When the store refuses, or what follows from an event: that is a fault of ours.
pub fn fill(
    world: &World,
    end: i64,
    store: &Arc<Store>,
    settings: Settings,
) -> Result<Filled, Failure> {
    let mut app = App::new(settings, Arc::clone(store), String::new(), None)?;
    let sender = Sender { key_id: String::new(), key_name: KEY.to_owned() };
    let events = deliver(world, end, store, &sender)?;
    // The inbox is what the store holds when a server starts.
    app.hooks = crate::hooks::Hooks::load(store);
    work::work_off(&app).map_err(Failure::new)?;
    choose(&app, end)?;
    let badges = app.badges.entries().len();
    Ok(Filled { events, badges })
}

/// Puts all events into the inbox, as they would stand there had nobody worked them through.
fn deliver(world: &World, end: i64, store: &Store, sender: &Sender) -> Result<usize, Failure> {
    let key = installation_key(store).map_err(Failure::new)?;
    let wrong = |reason: String| Failure::new(format!("a delivery cannot be stored: {reason}"));
    let mut documents = Vec::new();
    let mut count = 0;
    let mut last = 0;
    let write = |documents: &mut Vec<_>| -> Result<(), Failure> {
        let documents = std::mem::take(documents);
        store.append_blocking(Write { rows: Vec::new(), documents })?;
        Ok(())
    };
    for event in events(world, end) {
        let delivery = hook::read(event.body.as_bytes(), &Identities::Hash(&key));
        let payload = delivery.map_err(|error| wrong(error.to_string()))?.payload;
        let waiting = Waiting { sender: sender.clone(), payload: payload.to_string().into_bytes() };
        let document = waiting.encode().map_err(|error| wrong(error.to_string()))?;
        // No two come at one time.
        last = (event.created + LATE_NS).max(last + 100) / 100 * 100;
        documents.push((document_key(last), Some(document)));
        count += 1;
        if documents.len() >= WRITE {
            write(&mut documents)?;
        }
    }
    write(&mut documents)?;
    Ok(count)
}

/// An alias for one badge, and a badge of a query.
fn choose(app: &App, end: i64) -> Result<(), Failure> {
    let public = || Choice { visibility: Some(Visibility::Public), ..Choice::default() };
    change(app, |plan| {
        let document = QueryDocument {
            name: "pass-rate".to_owned(),
            kql: "PassRate(ago(30d)) | summarize Passed = sum(Passed), Builds = sum(Builds) \
                  | project value = round(100.0 * Passed / Builds, 1), \
                  message = strcat(round(100.0 * Passed / Builds, 1), ' %')"
                .to_owned(),
            application: crate::apps::DEFAULT.to_owned(),
            every_seconds: 300,
            label: Some("pass rate".to_owned()),
            color: Some("red".to_owned()),
            thresholds: vec![
                Threshold { from: 75.0, color: "yellow".to_owned() },
                Threshold { from: 90.0, color: "green".to_owned() },
            ],
            choice: public(),
            generation: 0,
        };
        plan.put_query(document)
    })?;
    let (definition, environment, alias) = ALIAS;
    let entries = app.badges.entries();
    let is_it = |document: &Document| {
        let names = document.current();
        names.definition == definition && names.environment == environment
    };
    let found = entries.iter().find(|entry| entry.document().is_some_and(|d| is_it(d)));
    let Some(found) = found else { return Ok(()) };
    let choice = Choice { alias: Some(alias.to_owned()), ..public() };
    change(app, |plan| plan.choose(&found.id, choice, end))
}

fn change(
    app: &App,
    planned: impl FnOnce(&mut Plan) -> Result<(), crate::badges::plan::Error>,
) -> Result<(), Failure> {
    let mut plan = app.badges.plan_blocking();
    planned(&mut plan).map_err(|error| Failure::new(error.to_string()))?;
    let documents = plan.documents();
    app.store.append_blocking(Write { rows: Vec::new(), documents })?;
    Ok(app.badges.publish(plan)?)
}
