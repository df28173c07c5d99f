//! Query badges → their queries, each at its interval.
//!
//! Invariants: a badge's query never runs twice at once, and few run at the same time; it sees the
//! application it names and no other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use store::Write;
use tokio::sync::Semaphore;

use super::index::What;
use super::query::QueryBadge;
use crate::app::{App, now};
use crate::ask::{self, Question};
use crate::auth::Caller;

/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Queries of badges at the same time.
const RUNNING_MAX: usize = 2;
/// A badge is no reason to keep the server busy for longer.
const TIME_MS_MAX: u64 = 30_000;
const BYTES_MAX: u64 = 1 << 20;
const MEMORY_BYTES_MAX: u64 = 128 << 20;

/// Asks for as long as the runtime lives.
pub fn start(app: &Arc<App>) {
    let app = Arc::clone(app);
    let places = Arc::new(Semaphore::new(RUNNING_MAX));
    let running = Arc::new(Mutex::new(BTreeSet::<String>::new()));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            for badge in due(&app) {
                let name = badge.document.name.clone();
                if !running.lock().insert(name.clone()) {
                    continue;
                }
                let (app, running) = (Arc::clone(&app), Arc::clone(&running));
                let places = Arc::clone(&places);
                tokio::spawn(async move {
                    let _place = places.acquire().await;
                    Box::pin(refresh(&app, &badge)).await;
                    running.lock().remove(&name);
                });
            }
        }
    });
}

fn due(app: &App) -> Vec<Arc<QueryBadge>> {
    let now = now();
    let queries = app.badges.entries().into_iter().filter_map(|entry| match &entry.what {
        What::Query(query) => Some(Arc::clone(query)),
        What::Badge(_) | What::Strip { .. } => None,
    });
    queries.filter(|query| query.is_due(now)).collect()
}

async fn refresh(app: &Arc<App>, badge: &Arc<QueryBadge>) {
    let answer = answer(app, badge).await;
    let value = match answer {
        Ok(value) => value,
        Err(error) => badge.failed(&error, now()),
    };
    let mut plan = app.badges.plan().await;
    if !plan.put_value(badge, value) {
        return;
    }
    let write = Write { rows: Vec::new(), documents: plan.documents() };
    match app.store.append(write).await {
        Ok(_) => {
            if let Err(error) = app.badges.publish(plan) {
                tracing::error!(%error, "a query badge cannot be published");
            }
        }
        Err(error) => tracing::error!(%error, "the value of a query badge cannot be written"),
    }
}

async fn answer(app: &Arc<App>, badge: &QueryBadge) -> Result<super::query::QueryValue, String> {
    let document = &badge.document;
    let found = app.apps.by_name_or_id(&document.application);
    let found =
        found.ok_or_else(|| format!("there is no application `{}`", document.application))?;
    let caller = Caller::badge(found.app_id());
    let mut question = Question::new(document.kql.clone(), found, &caller, &app.settings.query);
    question.program = "badge".to_owned();
    let limits = &mut question.limits;
    limits.time_ms = limits.time_ms.min(TIME_MS_MAX);
    limits.bytes_max = limits.bytes_max.min(BYTES_MAX);
    limits.memory_bytes = limits.memory_bytes.min(MEMORY_BYTES_MAX);
    let answer = ask::answer(app, &question).await;
    let answer = answer.map_err(|refusal| match refusal.diagnostics.first() {
        Some(diagnostic) => diagnostic.message.clone(),
        None => refusal.message,
    })?;
    document.read(&answer.tables, now())
}
