//! Where rows and documents go, and where documents come from.

use std::sync::Arc;

use model::Batch;

use crate::wire::{Deployment, ProjectRef};

/// Documents to put (`Some`) or remove (`None`), by key.
pub type Documents = Vec<(String, Option<Vec<u8>>)>;

/// Documents to read.
pub trait Notes: Send + Sync {
    fn document(&self, key: &str) -> Option<Arc<[u8]>>;

    /// All documents whose keys begin so, by key.
    fn documents(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)>;
}

/// The store, as the collector needs it.
pub trait Sink: Notes {
    /// Makes rows and documents durable together; waits while the store has no room.
    ///
    /// # Errors
    /// When nothing of it is stored.
    fn write(&self, rows: Vec<Batch>, documents: Documents) -> Result<(), SinkError>;

    /// Hears of deployments before their rows are written; the same again when the write fails.
    ///
    /// # Errors
    /// When what follows from them cannot be stored: they are read again.
    fn deployed(&self, _: &ProjectRef, _: &[Deployment]) -> Result<(), SinkError> {
        Ok(())
    }

    /// The row of `TimelineBuilds` that is stored of a build, in its newest version.
    ///
    /// # Errors
    /// When it cannot be read.
    fn stored_build(&self, organization: &str, build: i64) -> Result<Option<Batch>, SinkError>;
}

/// Why nothing was stored or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    /// More than one write may hold: the same again is refused again.
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    Failed(String),
}
