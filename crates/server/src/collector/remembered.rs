//! The last runs of a source that ended before they were about a project that is collected: lists
//! of projects that could not be had, builds that were named and not found.
//!
//! Invariant: one small document of each source, outside of what the collector keeps of projects.

use azdo::collect::{Notes, Run, Sink, Summary};
use serde::{Deserialize, Serialize};
use store::Store;

use super::sink::StoreNotes;
use super::source::SourceCollector;

/// Before the name of the source, which holds no `/`.
const PREFIX: &str = "collector-source/";
/// So many runs are remembered.
const RUNS_MAX: usize = 8;

/// A run and the project it was to be about; empty: the source as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    #[serde(default)]
    pub project: String,
    #[serde(flatten)]
    pub run: Summary,
}

/// Keeps a failed run; one that was told to end is none.
pub fn remember(collector: &SourceCollector, run: &Run) {
    if run.failure.as_ref().is_none_or(|failure| failure.is_stop()) {
        return;
    }
    let (sink, source) = (collector.sink(), &run.source);
    let mut runs = decoded(sink.document(&key(source)).as_deref());
    runs.insert(0, Remembered { project: run.project.clone(), run: run.summary() });
    runs.truncate(RUNS_MAX);
    // Plain data always becomes JSON.
    let bytes = serde_json::to_vec(&runs).unwrap_or_default();
    if let Err(error) = sink.write(Vec::new(), vec![(key(source), Some(bytes))]) {
        tracing::warn!(source, %error, "a failed run cannot be remembered");
    }
}

/// What is remembered of all sources, by their names; newest first of each.
pub fn all(store: &Store) -> Vec<(String, Vec<Remembered>)> {
    let documents = StoreNotes(store).documents(PREFIX);
    let source = |key: &str| key.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    documents.iter().map(|(key, bytes)| (source(key), decoded(Some(bytes)))).collect()
}

fn key(source: &str) -> String {
    format!("{PREFIX}{source}")
}

fn decoded(bytes: Option<&[u8]>) -> Vec<Remembered> {
    bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}
