//! Builds that were collected lately → what known issues explain of them.
//!
//! Builds are told apart by when they were collected, which is before their rows are stored: all of
//! the last hours are listed at each turn, and those looked at before are left out.
//! Invariants: a build is looked at when its rows are there and issues are; doing it again changes
//! nothing. What comes in more than [`WINDOW`] after it was collected is not seen.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::StatusCode;
use model::tables::pipelines::{KNOWN_ISSUES, TIMELINE_BUILDS};
use model::time::HOUR;
use store::Write;

use super::find::{Asker, long};
use super::kql::{self, Builds};
use super::{Issue, book, save};
use crate::api::appinsights::rows::Rows;
use crate::app::{App, now};
use crate::apps::Application;
use crate::error::Refusal;
use crate::kql_text::datetime;

/// How long after its collection a build's rows may come in.
const WINDOW: i64 = 6 * HOUR;
/// Builds looked at together, and issues whose texts are looked for together.
const BUILDS_MAX: usize = 500;
const ISSUES_TOGETHER: usize = 50;

/// A build by organisation, number and when it was collected.
type Collected = (String, i64, i64);

/// What was looked at in one application.
#[derive(Debug, Default)]
pub struct Looked {
    /// Of the rows of the store after which nothing was left to look at.
    version: u64,
    builds: HashSet<Collected>,
}

/// Looks at what is new of all applications. A failure is logged, and tried again at the next turn.
pub async fn look(app: &App) {
    for application in app.apps.all() {
        if let Err(reason) = look_at(app, &application).await {
            let application = application.name.as_str();
            tracing::error!(application, reason, "known issues are not looked for in new builds");
        }
    }
}

async fn look_at(app: &App, application: &Arc<Application>) -> Result<(), String> {
    let id = application.app_id();
    let version = app.store.version(id, |t| t == TIMELINE_BUILDS.name || t == KNOWN_ISSUES.name);
    if app.known.looked.lock().get(&id).is_some_and(|looked| looked.version == version) {
        return Ok(());
    }
    let issues: Vec<Issue> =
        book::all(&app.store, id).into_iter().map(|(issue, _)| issue).collect();
    let issues: Vec<&Issue> = issues.iter().filter(|issue| issue.is_enabled()).collect();
    if !issues.is_empty() {
        let asker = Asker { engine: &app.engine, application, limits: &app.settings.query };
        let begin = now();
        // Issues that are new were looked for when they were made.
        let mut cursor = cursor(app, application).unwrap_or(begin);
        loop {
            let new = new_builds(app, asker, cursor - WINDOW).await?;
            let some = &new[..new.len().min(BUILDS_MAX)];
            explain(app, asker, &issues, some).await?;
            let is_last = some.len() == new.len();
            cursor = if is_last { begin } else { some.last().map_or(cursor, |build| build.2) };
            if !some.is_empty() {
                keep_cursor(app, application, cursor).await?;
            }
            let mut all = app.known.looked.lock();
            let looked = all.entry(id).or_default();
            looked.builds.extend(some.iter().cloned());
            if is_last {
                looked.builds.retain(|build| build.2 >= cursor - 2 * WINDOW);
                break;
            }
        }
    }
    app.known.looked.lock().entry(id).or_default().version = version;
    Ok(())
}

/// Builds collected since a time that were not looked at, in that order, however many answers they
/// take.
async fn new_builds(app: &App, asker: Asker<'_>, since: i64) -> Result<Vec<Collected>, String> {
    let mut builds: Vec<Collected> = Vec::new();
    let mut from = since;
    loop {
        let text = format!(
            "TimelineBuilds | where CollectedAt >= {} | project Organization, BuildId, \
             CollectedAt | order by CollectedAt asc",
            datetime(from)
        );
        let answer = asker.ask(text).await.map_err(|refusal| refusal.message)?;
        let Some(table) = answer.tables.first() else { break };
        let rows = Rows::new(table);
        builds.extend(rows.iter().map(|row| {
            let number = |column| long(&row, column).unwrap_or_default();
            (row.text("Organization").to_owned(), number("BuildId"), number("CollectedAt"))
        }));
        if answer.truncated.is_none() {
            break;
        }
        // Those of the last moment are asked for again, with what was cut off.
        let last = builds.last().map_or(from, |build| build.2);
        if last <= from {
            return Err("too many builds were collected at one moment".to_owned());
        }
        builds.retain(|build| build.2 < last);
        from = last;
    }
    let looked = app.known.looked.lock();
    let known = looked.get(&asker.application.app_id()).map(|looked| &looked.builds);
    builds.retain(|build| !known.is_some_and(|known| known.contains(build)));
    Ok(builds)
}

/// Stores what issues explain of some builds.
async fn explain(
    app: &App,
    asker: Asker<'_>,
    issues: &[&Issue],
    some: &[Collected],
) -> Result<(), String> {
    if some.is_empty() {
        return Ok(());
    }
    let at = now();
    for issues in issues.chunks(ISSUES_TOGETHER) {
        for issue in candidates(asker, issues, &numbers(some)).await? {
            explain_by(app, asker, issue, some, at).await?;
        }
    }
    Ok(())
}

/// Stores what an issue explains of some builds, of fewer at once where it is too much. A build
/// that alone is too much is logged and left out: it must not keep others from being looked at.
async fn explain_by(
    app: &App,
    asker: Asker<'_>,
    issue: &Issue,
    some: &[Collected],
    at: i64,
) -> Result<(), String> {
    let mut left = vec![some];
    while let Some(part) = left.pop() {
        match asker.matches(&issue.what, Some(&numbers(part))).await {
            Ok(found) => {
                let (id, of) = (asker.application.app_id(), (issue.id.as_str(), issue.revision));
                let written = save::write_matches(&app.store, id, of, &found, at).await;
                written.map_err(|refusal| refusal.message)?;
            }
            Err(refusal) if !is_too_much(&refusal) => return Err(refusal.message),
            Err(_) if part.len() > 1 => {
                let (first, second) = part.split_at(part.len() / 2);
                left.extend([second, first]);
            }
            Err(refusal) => {
                let (issue, build, reason) = (&issue.id, part.first(), refusal.message);
                tracing::warn!(issue, ?build, reason, "a build is not explained by a known issue");
            }
        }
    }
    Ok(())
}

/// Whether the same question would be refused again.
fn is_too_much(refusal: &Refusal) -> bool {
    refusal.code == "limit" && refusal.status == StatusCode::BAD_REQUEST
}

fn numbers(some: &[Collected]) -> Builds {
    let since = some.iter().map(|build| build.2).min().unwrap_or_default();
    Builds { ids: some.iter().map(|build| build.1).collect(), since }
}

/// The issues that may explain something of some builds.
async fn candidates<'i>(
    asker: Asker<'_>,
    issues: &[&'i Issue],
    builds: &Builds,
) -> Result<Vec<&'i Issue>, String> {
    let all: Vec<_> = issues.iter().map(|issue| &issue.what).collect();
    let answer = asker.ask(kql::candidates(&all, builds)).await.map_err(|e| e.message)?;
    let Some(table) = answer.tables.first() else { return Ok(Vec::new()) };
    let rows = Rows::new(table);
    let Some(row) = rows.iter().next() else { return Ok(Vec::new()) };
    let found = issues.iter().enumerate();
    let found = found.filter(|(at, _)| long(&row, &format!("I{at}")).is_some_and(|n| n > 0));
    Ok(found.map(|(_, issue)| *issue).collect())
}

/// The document that says until when everything was looked at, nanoseconds since 1970.
fn cursor_key(application: &Application) -> String {
    format!("known-cursor/{}", application.app_id().0)
}

fn cursor(app: &App, application: &Application) -> Option<i64> {
    let document = app.store.document(&cursor_key(application))?;
    serde_json::from_slice(&document).ok()
}

async fn keep_cursor(app: &App, application: &Application, cursor: i64) -> Result<(), String> {
    let document = (cursor_key(application), Some(cursor.to_string().into_bytes()));
    let write = Write { rows: Vec::new(), documents: vec![document] };
    app.store.append(write).await.map(drop).map_err(|error| error.to_string())
}
