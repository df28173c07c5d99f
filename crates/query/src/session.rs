//! DataFusion set up once per process, and the session of one query.

use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryPool};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::prelude::SessionConfig;
use store::Store;

use crate::engine::EngineOptions;
use crate::error::Error;
use crate::functions::any_search::BagColumns;
use crate::memory::{Crowded, QueryPool};
use crate::merge_order;
use crate::provider::FoundRows;
use crate::serial::SerialPlanner;

/// Footers of extents kept in memory, in bytes.
const FOOTERS_BYTES: usize = 128 << 20;

/// How many times its memory a query may put on disk. What was spilled is merged a few parts at a
/// time, as many as fit into memory: with far more parts than that a query would be busy with its
/// own spilled rows until its time is over.
const SPILLED_TIMES: u64 = 16;

/// This part of the memory of all queries is divided among the places for running ones.
const OWN_PART: usize = 4;

/// What all queries share: cached footers, the memory pool, the way to the files.
#[derive(Debug)]
pub(crate) struct Resources {
    runtime: RuntimeEnv,
    pool: Arc<dyn MemoryPool>,
    pub objects: ObjectStoreUrl,
    /// Rows found for costly conditions.
    pub found: Arc<FoundRows>,
    threads: usize,
    /// Memory a running query has to itself.
    own_bytes: usize,
}

impl Resources {
    pub fn new(store: &Store, options: &EngineOptions) -> Result<Resources, Error> {
        let failed = |e: datafusion::error::DataFusionError| Error::Internal(e.to_string());
        let limit_bytes = usize::try_from(options.memory_bytes).unwrap_or(usize::MAX);
        let places = options.concurrent_queries_max.max(1);
        let own_bytes = limit_bytes / OWN_PART / places;
        let shared_bytes = limit_bytes - own_bytes * places;
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(shared_bytes));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::clone(&pool))
            .with_metadata_cache_limit(FOOTERS_BYTES)
            .build()
            .map_err(failed)?;
        let objects = ObjectStoreUrl::parse("telltale://data").map_err(failed)?;
        runtime.register_object_store(objects.as_ref(), store.object_store());
        let (found, threads) = (Arc::default(), options.threads.max(1));
        Ok(Resources { runtime, pool, objects, found, threads, own_bytes })
    }

    /// A session for one query, which holds at most `memory_bytes`.
    pub fn session(&self, memory_bytes: u64) -> Result<(SessionState, Arc<QueryPool>), Error> {
        let (shared, crowded) = (Arc::clone(&self.pool), Arc::<Crowded>::default());
        let told = Arc::clone(&crowded);
        let pool = Arc::new(QueryPool::new(shared, self.own_bytes, memory_bytes, told));
        let runtime = RuntimeEnvBuilder::from_runtime_env(&self.runtime)
            .with_memory_pool(Arc::clone(&pool) as Arc<dyn MemoryPool>)
            .with_disk_manager_builder(spilling(memory_bytes))
            .build_arc()
            .map_err(|e| Error::Internal(e.to_string()))?;
        let state = SessionStateBuilder::new()
            .with_config(config(self.threads).with_extension(crowded))
            .with_query_planner(Arc::new(SerialPlanner))
            .with_runtime_env(runtime)
            .with_optimizer_rules(logical_rules())
            .with_physical_optimizer_rules(merge_order::rules())
            .build();
        Ok((state, pool))
    }
}

/// DataFusion's own rules, and ours where filters have just been pushed to the tables.
fn logical_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    let pushed = rules.iter().position(|rule| rule.name() == "push_down_filter");
    rules.insert(pushed.map_or(rules.len(), |at| at + 1), Arc::new(BagColumns));
    rules
}

/// Where one query puts rows that do not fit into its memory, and how many.
fn spilling(memory_bytes: u64) -> DiskManagerBuilder {
    let most_bytes = memory_bytes.saturating_mul(SPILLED_TIMES);
    DiskManagerBuilder::default().with_max_temp_directory_size(most_bytes)
}

fn config(threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(threads);
    let options = config.options_mut();
    // Each scan decides for itself: here it would be decided for all.
    options.execution.parquet.pushdown_filters = false;
    options.execution.parquet.reorder_filters = true;
    options.execution.parquet.schema_force_view_types = true;
    options.execution.collect_statistics = true;
    // The check compares what the logical and the physical plan conclude about nulls, and
    // DataFusion 55 concludes less in the physical one: `countif(iff(…))` of constants would fail.
    options.execution.skip_physical_aggregate_schema_check = true;
    config
}

/// The session with all work on one thread, for aggregates that must see rows in order.
pub(crate) fn single_threaded(state: &SessionState) -> SessionState {
    let mut state = state.clone();
    state.config_mut().options_mut().execution.target_partitions = 1;
    state
}

/// The session for another try that holds fewer rows in memory, if there is one: with sorted joins,
/// or on one thread where rows on their way between threads did not fit.
pub(crate) fn thriftier(state: &SessionState, joins_by_hash: bool) -> Option<SessionState> {
    let crowded = state.config().get_extension::<Crowded>();
    let is_crowded = crowded.is_some_and(|crowded| crowded.take());
    match state.config().target_partitions() > 1 {
        true if joins_by_hash => Some(joins_by_order(state)),
        true if is_crowded => Some(single_threaded(state)),
        _ => None,
    }
}

/// The session with joins that sort both sides and merge them: slower than hash tables, and what
/// does not fit into memory goes to disk. The engine has them for several threads only.
fn joins_by_order(state: &SessionState) -> SessionState {
    let mut state = state.clone();
    state.config_mut().options_mut().optimizer.prefer_hash_join = false;
    state
}
