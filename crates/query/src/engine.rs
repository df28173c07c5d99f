//! The engine: one object per process, shared by all queries.
//!
//! Queries run on threads of their own, so that a heavy one does not hold up whoever serves
//! requests; their stacks are deep enough for the longest query texts.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

use crate::answer::Answer;
use crate::error::Error;
use crate::explain;
use crate::query::Query;
use crate::request::{Apps, Request};
use crate::session::Resources;

/// How long a query waits for others to finish before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Planning recurses over the query; debug builds need the most.
const STACK_BYTES: usize = 32 << 20;

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
    store: Arc<Store>,
    apps: Arc<dyn Apps>,
    resources: Arc<Resources>,
    threads: usize,
    slots: Arc<Semaphore>,
    /// `Some` until dropped.
    runtime: Option<Runtime>,
}

impl Engine {
    /// An engine over the rows of `store`.
    ///
    /// # Errors
    /// When the memory pool, the place for spilled rows or the threads cannot be set up.
    pub fn new(
        store: Arc<Store>,
        apps: Arc<dyn Apps>,
        options: EngineOptions,
    ) -> Result<Engine, Error> {
        let resources = Arc::new(Resources::new(&store, &options)?);
        let threads = options.threads.max(1);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|e| Error::Internal(format!("cannot start query threads: {e}")))?;
        let slots = Arc::new(Semaphore::new(options.concurrent_queries_max.max(1)));
        Ok(Engine { store, apps, resources, threads, slots, runtime: Some(runtime) })
    }

    /// Answers one query. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is wrong, [`Error::Limit`] when it would cost more than it
    /// may, [`Error::Internal`] when something of ours fails.
    pub async fn answer(&self, request: Request) -> Result<Answer, Error> {
        let query = self.query(request);
        self.spawn(query.time_ms(), async move { query.answer().await }).await
    }

    /// The four forms of a query as text: syntax tree, bound query, logical and physical plan.
    ///
    /// # Errors
    /// As [`Engine::answer`].
    pub async fn explain(&self, request: Request) -> Result<String, Error> {
        let query = self.query(request);
        self.spawn(query.time_ms(), async move { explain::explain(&query).await }).await
    }

    fn query(&self, request: Request) -> Query {
        Query {
            request,
            store: Arc::clone(&self.store),
            apps: Arc::clone(&self.apps),
            resources: Arc::clone(&self.resources),
            threads: self.threads,
            started: Instant::now(),
        }
    }

    /// Runs `work` on the query threads: within its time, in turn with others, and no longer than
    /// the caller waits for it.
    async fn spawn<T: Send + 'static>(
        &self,
        time_ms: u64,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let Some(runtime) = &self.runtime else { return Err(Error::Cancelled) };
        let slots = Arc::clone(&self.slots);
        let task = runtime.spawn(async move {
            let work = async move {
                let _slot = match tokio::time::timeout(WAIT_MAX, slots.acquire_owned()).await {
                    Ok(Ok(slot)) => slot,
                    Ok(Err(_)) => return Err(Error::Cancelled),
                    Err(_) => return Err(busy()),
                };
                Box::pin(work).await
            };
            match tokio::time::timeout(Duration::from_millis(time_ms), work).await {
                Ok(result) => result,
                Err(_) => Err(too_slow(time_ms)),
            }
        });
        let _abort = AbortOnDrop(task.abort_handle());
        match task.await {
            Ok(result) => result,
            Err(failure) if failure.is_panic() => {
                Err(Error::Internal(panic_text(failure.into_panic())))
            }
            Err(_) => Err(Error::Cancelled),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime may not be dropped from inside another one, and nobody waits for its queries.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// Stops a task when whoever waits for it goes away.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn busy() -> Error {
    Error::Limit {
        limit: "concurrent_queries",
        message: format!(
            "other queries are running and did not finish within {} s: try again later",
            WAIT_MAX.as_secs()
        ),
    }
}

fn too_slow(time_ms: u64) -> Error {
    Error::Limit {
        limit: "time",
        message: format!(
            "the query did not finish within {time_ms} ms: narrow its time range, filter earlier \
             or ask with a longer timeout"
        ),
    }
}

fn panic_text(panic: Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("no message"))
}
