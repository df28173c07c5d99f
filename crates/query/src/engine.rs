//! The engine: one object per process, shared by all queries.

use std::sync::Arc;

use crate::answer::Answer;
use crate::error::Error;
use crate::provider::Rows;
use crate::request::{Apps, Request};

/// What the whole process grants to queries.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Memory all queries together may hold.
    pub memory_bytes: u64,
    /// Threads one query may use.
    pub threads: usize,
    /// Queries running at a time; more wait, and are refused after a while.
    pub concurrent_queries_max: usize,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        let threads = std::thread::available_parallelism().map_or(2, |n| n.get());
        EngineOptions { memory_bytes: 2 << 30, threads, concurrent_queries_max: 8 }
    }
}

/// Answers queries over the rows of a store.
pub struct Engine {
    rows: Arc<dyn Rows>,
    apps: Arc<dyn Apps>,
    options: EngineOptions,
}

impl Engine {
    /// An engine over `rows` (a `store::Store`).
    ///
    /// # Errors
    /// When the memory pool or the place for spilled rows cannot be set up.
    pub fn new(
        rows: Arc<dyn Rows>,
        apps: Arc<dyn Apps>,
        options: EngineOptions,
    ) -> Result<Engine, Error> {
        Ok(Engine { rows, apps, options })
    }

    /// Answers one query. Dropping the future cancels it.
    ///
    /// # Errors
    /// When the text is wrong, a limit is hit, or something of ours fails.
    pub async fn answer(&self, request: Request) -> Result<Answer, Error> {
        let _ = (&self.rows, &self.apps, &self.options, request);
        Err(Error::Internal("the planner is not linked in".to_owned()))
    }

    /// The four forms of a query as text: syntax tree, bound query, logical and physical plan.
    ///
    /// # Errors
    /// As [`Engine::answer`].
    pub async fn explain(&self, request: Request) -> Result<String, Error> {
        self.answer(request).await.map(|_| String::new())
    }
}
