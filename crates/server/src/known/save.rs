//! An issue → the store, with what it explains of all that is there.
//!
//! Invariant: the matches are stored before the row of the issue that makes them count.

use model::{AppId, Batch};
use store::{Store, Write};

use super::find::{self, Asker, Match};
use super::{Issue, book, rows};
use crate::app::now;
use crate::error::{Refusal, append_status};

/// What was saved.
#[derive(Debug)]
pub struct Saved {
    /// Of the document.
    pub bytes: Vec<u8>,
    /// Errors the issue explains, and builds they are of; `None`: it means what it meant before.
    pub found: Option<(usize, usize)>,
}

/// Saves an issue at `at` (nanoseconds since 1970); `seeks`: what it means is new. `more`: rows
/// that belong to the change.
///
/// # Errors
/// When it explains too much, or the engine or the store refuses.
pub async fn save(
    store: &Store,
    asker: Asker<'_>,
    issue: &Issue,
    seeks: bool,
    at: i64,
    more: Vec<(AppId, Batch)>,
) -> Result<Saved, Refusal> {
    let app = asker.application.app_id();
    let mut found = None;
    if seeks {
        let all = asker.matches(&issue.what, None).await?;
        write_matches(store, app, (&issue.id, issue.revision), &all, at).await?;
        found = Some((all.len(), find::builds(&all)));
    }
    // Plain data always becomes JSON.
    let bytes = serde_json::to_vec(issue).unwrap_or_default();
    let mut all = more;
    all.push((app, fitting(rows::issue_row(issue, false, at))?));
    let documents = vec![(book::key(app, &issue.id), Some(bytes.clone()))];
    append(store, Write { rows: all, documents }).await?;
    Ok(Saved { bytes, found })
}

/// Removes an issue; what it explained no longer counts.
///
/// # Errors
/// When the store refuses.
pub async fn remove(
    store: &Store,
    app: AppId,
    issue: &Issue,
    more: Vec<(AppId, Batch)>,
) -> Result<(), Refusal> {
    let mut all = more;
    all.push((app, fitting(rows::issue_row(issue, true, now()))?));
    let documents = vec![(book::key(app, &issue.id), None)];
    append(store, Write { rows: all, documents }).await
}

/// Stores what a revision of an issue explains, found at `at` (nanoseconds since 1970).
///
/// # Errors
/// When the store refuses.
pub async fn write_matches(
    store: &Store,
    app: AppId,
    (id, revision): (&str, i64),
    all: &[Match],
    at: i64,
) -> Result<(), Refusal> {
    for part in find::parts(all) {
        let rows = vec![(app, fitting(rows::match_rows(id, revision, part, at))?)];
        append(store, Write { rows, documents: Vec::new() }).await?;
    }
    Ok(())
}

/// Stores rows that tell of a change.
///
/// # Errors
/// When the store refuses.
pub async fn append_rows(store: &Store, rows: Vec<(AppId, Batch)>) -> Result<(), Refusal> {
    append(store, Write { rows, documents: Vec::new() }).await
}

async fn append(store: &Store, write: Write) -> Result<(), Refusal> {
    store.append(write).await.map(drop).map_err(|error| {
        let (status, message) = append_status(&error);
        Refusal::new(status, "limit", message)
    })
}

fn fitting(batch: Result<Batch, arrow_schema::ArrowError>) -> Result<Batch, Refusal> {
    batch.map_err(|error| {
        tracing::error!(%error, "rows of known issues do not fit their table");
        Refusal::internal()
    })
}
