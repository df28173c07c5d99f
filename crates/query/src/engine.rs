//! The engine: one object per process, shared by all queries.
//!
//! Queries run on threads of their own, so that a heavy one does not hold up whoever serves
//! requests; their stacks are deep enough for the longest query texts.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::BoxFuture;
use store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use crate::answer::{Answer, Checked};
use crate::error::Error;
use crate::explain::{self, Form};
use crate::query::Query;
use crate::request::{Apps, Request};
use crate::session::Resources;
use crate::stream::{self, AbortOnDrop, AnswerStream};

/// How long a query waits for others to finish before it is refused.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Queries that wait; more are refused at once.
const WAITING_MAX: usize = 1000;
/// Steps of niceness a query thread stands behind the other threads of the process: its share is
/// about a third of theirs. With none senders of telemetry wait long in `bench crowd`; with more
/// they wait no less, and queries starve beside a browser or a build.
const QUERY_NICENESS: i32 = 5;
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
    waiting: Arc<Semaphore>,
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
            .on_thread_start(yield_to_others)
            .enable_all()
            .build()
            .map_err(|e| Error::Internal(format!("cannot start query threads: {e}")))?;
        let slots = Arc::new(Semaphore::new(options.concurrent_queries_max.max(1)));
        let waiting = Arc::new(Semaphore::new(WAITING_MAX));
        Ok(Engine { store, apps, resources, threads, slots, waiting, runtime: Some(runtime) })
    }

    /// Answers one query. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`Error::Query`] when the text is wrong, [`Error::Limit`] when it would cost more than it
    /// may, [`Error::Internal`] when something of ours fails.
    pub async fn answer(&self, request: Request) -> Result<Answer, Error> {
        self.start(Query { is_held: true, ..self.query(request) }).await?.collect().await
    }

    /// Answers one query part by part: resolves when its columns are known. Dropping the stream
    /// cancels the query.
    ///
    /// # Errors
    /// As [`Engine::answer`]; [`AnswerStream::next`] tells what fails later.
    pub async fn stream(&self, request: Request) -> Result<AnswerStream, Error> {
        self.start(self.query(request)).await
    }

    async fn start(&self, query: Query) -> Result<AnswerStream, Error> {
        let (sender, receiver) = stream::channel();
        let reporter = sender.clone();
        let work = self.turn(query.time_ms(), async move { query.answer(&sender).await });
        let task = self.spawn(async move {
            if let Err(error) = work.await {
                reporter.failed(error).await;
            }
        })?;
        receiver.open(AbortOnDrop(task.abort_handle())).await
    }

    /// The four forms of a query as text: syntax tree, bound query, logical and physical plan.
    ///
    /// # Errors
    /// As [`Engine::answer`].
    pub async fn explain(&self, request: Request) -> Result<Vec<Form>, Error> {
        let query = self.query(request);
        let work = self.turn(query.time_ms(), async move { explain::explain(&query).await });
        let task = self.spawn(work)?;
        let _abort = AbortOnDrop(task.abort_handle());
        task.await.unwrap_or(Err(Error::Cancelled))
    }

    /// What is wrong with a text, and what it would yield. No row is read, so it waits for no
    /// other query.
    ///
    /// # Errors
    /// [`Error::Internal`] when something of ours fails.
    pub async fn check(&self, request: Request) -> Result<Checked, Error> {
        let query = self.query(request);
        // On threads with deep stacks, as for any text.
        let task = self.spawn(async move { query.check() })?;
        task.await.map_err(|error| Error::Internal(error.to_string()))
    }

    fn query(&self, request: Request) -> Query {
        Query {
            request,
            store: Arc::clone(&self.store),
            apps: Arc::clone(&self.apps),
            resources: Arc::clone(&self.resources),
            threads: self.threads,
            started: Instant::now(),
            is_held: false,
        }
    }

    /// Starts `work` on the query threads.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<JoinHandle<T>, Error> {
        self.runtime.as_ref().map(|runtime| runtime.spawn(work)).ok_or(Error::Cancelled)
    }

    /// `work` in turn with other queries and within its time; a panic in it is a failure of its
    /// own.
    fn turn<T: Send + 'static>(
        &self,
        time_ms: u64,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let slots = Arc::clone(&self.slots);
        let waiting = Arc::clone(&self.waiting);
        let work = async move {
            let _slot = wait(&slots, &waiting).await?;
            Box::pin(work).await
        };
        Box::pin(async move {
            let time = Duration::from_millis(time_ms);
            let work = AssertUnwindSafe(tokio::time::timeout(time, work)).catch_unwind();
            match work.await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(too_slow(time_ms)),
                Err(panic) => Err(Error::Internal(panic_text(panic))),
            }
        })
    }
}

/// Gives a query thread less of the processors than those that take telemetry in, which wait for
/// nothing but their turn.
fn yield_to_others() {
    // To Linux a thread is a process of its own; elsewhere this would slow all threads down. It
    // works as well without, so a refusal is not worth a word.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(QUERY_NICENESS);
}

/// Waits for a place among the running queries.
async fn wait(
    slots: &Arc<Semaphore>,
    waiting: &Arc<Semaphore>,
) -> Result<OwnedSemaphorePermit, Error> {
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Ok(slot);
    }
    let Ok(_place) = waiting.try_acquire() else {
        return Err(busy("too many queries are waiting"));
    };
    match tokio::time::timeout(WAIT_MAX, Arc::clone(slots).acquire_owned()).await {
        Ok(Ok(slot)) => Ok(slot),
        Ok(Err(_)) => Err(Error::Cancelled),
        Err(_) => Err(busy("other queries are running and did not finish in time")),
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

fn busy(reason: &str) -> Error {
    Error::Limit { limit: "concurrent_queries", message: format!("{reason}: try again later") }
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

fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("no message"))
}
