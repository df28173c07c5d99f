//! Stored events worked through again: after a change of how badges look, or of what was wrong.

use std::sync::Arc;

use arrow::compute::cast;
use arrow_array::cast::AsArray;
use arrow_schema::DataType;
use azdo::hook;
use azdo::identity::Identities;
use store::Write;

use super::{effects, scope};
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask::Question;
use crate::auth::Caller;
use crate::kql_text;
use crate::settings;

/// Events read at once.
const PAGE: usize = 100;
/// Limits of our own questions.
const ROWS_MAX: u64 = 4_000_000;
const BYTES_MAX: u64 = 1 << 30;
const TIME_MS: u64 = 600_000;

/// The events that badges or deployments follow from.
const OF_BADGES: &str = "and Processed and (EventType endswith '.deployment-completed-event' \
                         or EventType endswith '.deployment-started-event' \
                         or EventType endswith '.stage-state-changed-event')";

/// What a replay came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    pub events: u64,
    /// Events a badge heard of.
    pub badges: u64,
    /// Rows of deployments.
    pub deployments: u64,
}

/// Has the worker's effects happen again for events received from one time until another,
/// nanoseconds since 1970. Blocks; not for threads of the runtime.
///
/// # Errors
/// What went wrong, for the log.
pub fn run(
    app: &App,
    runtime: &tokio::runtime::Handle,
    from: i64,
    until: i64,
) -> Result<Replayed, String> {
    let mut replayed = Replayed::default();
    for application in app.apps.all() {
        // Times of receipt are unique, so they name pages.
        let text = format!(
            "PipelineEvents | where ReceivedAt >= {} and ReceivedAt <= {} {OF_BADGES} \
             | project At = tostring(ReceivedAt), Nothing = '' | order by At asc",
            kql_text::datetime(from),
            kql_text::datetime(until),
        );
        let times: Vec<String> =
            ask(app, runtime, &application, text)?.into_iter().map(|[at, _]| at).collect();
        for page in times.chunks(PAGE) {
            let (Some(first), Some(last)) = (page.first(), page.last()) else { continue };
            let text = format!(
                "PipelineEvents | where ReceivedAt >= todatetime('{first}') \
                 and ReceivedAt <= todatetime('{last}') {OF_BADGES} \
                 | project KeyName, Payload = tostring(Payload)"
            );
            let events = ask(app, runtime, &application, text)?;
            again(app, &application, &events, &mut replayed)?;
        }
    }
    Ok(replayed)
}

fn again(
    app: &App,
    application: &Application,
    events: &[[String; 2]],
    replayed: &mut Replayed,
) -> Result<(), String> {
    let mut plan = app.badges.plan_blocking();
    let (mut rows, mut number) = (Vec::new(), app.hooks.deployments(&app.store));
    for [key_name, payload] in events {
        // What was taken once can be read; its personal data is gone already.
        let Ok(delivery) = hook::read(payload.as_bytes(), &Identities::Keep) else { continue };
        let line = effects::source(app, &delivery);
        let key = app.keys.named(key_name);
        // What came of a key that is gone was in its scope: only what was processed is replayed.
        let outside = key.and_then(|key| scope::outside(&key, &delivery));
        let done = effects::of(&delivery, outside, line, now(), number, &mut plan);
        replayed.events += 1;
        replayed.badges += u64::from(done.badge.is_some());
        if let Some(row) = done.deployment {
            rows.push((application.app_id(), row));
            number += 1;
            replayed.deployments += 1;
        }
    }
    let mut documents = plan.documents();
    documents.push(super::deployments_edit(number));
    let written = app.store.append_blocking(Write { rows, documents });
    written.map_err(|error| error.to_string())?;
    app.badges.publish(plan).map_err(|error| error.to_string())
}

/// The first two columns of an answer, as texts.
///
/// # Errors
/// Why there is none.
pub fn ask(
    app: &App,
    runtime: &tokio::runtime::Handle,
    application: &Arc<Application>,
    text: String,
) -> Result<Vec<[String; 2]>, String> {
    let limits = settings::Query {
        rows_max: ROWS_MAX,
        bytes_max: BYTES_MAX,
        time_ms: TIME_MS,
        ..app.settings.query.clone()
    };
    let question = Question::new(text, Arc::clone(application), &Caller::local(), &limits);
    let answer = runtime.block_on(Box::pin(app.engine.answer(question.request())));
    let answer = answer.map_err(|error| error.to_string())?;
    if let Some(truncated) = answer.truncated {
        return Err(truncated.message);
    }
    let mut out = Vec::new();
    for batch in answer.tables.into_iter().take(1).flat_map(|table| table.batches) {
        let text = |at: usize| {
            let column = batch.columns().get(at).ok_or("a column is missing")?;
            cast(column, &DataType::Utf8).map_err(|error| error.to_string())
        };
        let (first, second) = (text(0)?, text(1)?);
        let pairs = first.as_string::<i32>().iter().zip(second.as_string::<i32>().iter());
        out.extend(pairs.map(|(first, second)| {
            [first, second].map(|text| text.unwrap_or_default().to_owned())
        }));
    }
    Ok(out)
}
