//! Runs physical plans: the only place that does.
//!
//! Invariants: a result never holds more rows or bytes than allowed (what was cut is said), and a
//! failure is told as the limit, mistake or bug it is.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;

use crate::answer::{Stage, Truncation};
use crate::error::Error;
use crate::memory::Crowded;
use crate::stages;
use crate::stream::RowSender;

/// How much of a result is kept; `None`: all of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cap {
    /// More rows than these are left out without a word.
    pub wanted: Option<u64>,
    pub rows: Option<u64>,
    pub bytes: Option<u64>,
}

/// Where the rows of a plan go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// To the caller; few.
    Caller,
    /// To the caller, counted as memory of the query.
    Held(&'a MemoryReservation),
    /// To whoever reads the answer, as they are made.
    Reader(&'a RowSender<'a>),
}

impl Target<'_> {
    /// What is charged for rows that are held.
    fn memory(&self) -> Option<&MemoryReservation> {
        match self {
            Target::Caller => None,
            Target::Held(memory) => Some(memory),
            Target::Reader(reader) => reader.memory,
        }
    }
}

/// The rows a plan gave.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Empty when they went to a reader.
    pub batches: Vec<RecordBatch>,
    pub truncated: Option<Truncation>,
    /// Rows and bytes that came out of files and memory at the bottom of the plan.
    pub rows_scanned: u64,
    pub bytes_scanned: u64,
    pub stages: Vec<Stage>,
}

impl Rows {
    async fn add(&mut self, batch: RecordBatch, target: Target<'_>) -> Result<(), Error> {
        match target {
            _ if batch.num_rows() == 0 => {}
            Target::Reader(reader) => reader.send(batch).await?,
            Target::Caller | Target::Held(_) => self.batches.push(batch),
        }
        Ok(())
    }
}

/// The physical plan.
pub(crate) async fn physical(
    state: &SessionState,
    plan: &LogicalPlan,
) -> Result<Arc<dyn ExecutionPlan>, Error> {
    // Boxed: DataFusion's planner future is several kilobytes.
    Box::pin(state.create_physical_plan(plan)).await.map_err(error)
}

/// Runs a plan to its end or to the cap. Dropping the future stops it.
pub(crate) async fn run(
    state: &SessionState,
    plan: Arc<dyn ExecutionPlan>,
    cap: Cap,
    target: Target<'_>,
) -> Result<Rows, Error> {
    let context = Arc::new(TaskContext::from(state));
    let mut stream = execute_stream(Arc::clone(&plan), context).map_err(error)?;
    let mut rows = Rows::default();
    let (mut count, mut size_bytes) = (0u64, 0u64);
    let wanted = cap.wanted.unwrap_or(u64::MAX);
    let crowded = state.config().get_extension::<Crowded>().unwrap_or_default();
    let mut crowd = std::pin::pin!(crowded.wait());
    while count < wanted
        && let Some(batch) = tokio::select! {
            batch = stream.next() => batch,
            () = &mut crowd => return Err(memory_error()),
        }
    {
        let batch = batch.map_err(error)?;
        let kept = usize::try_from(wanted - count).unwrap_or(usize::MAX);
        let batch = compact(batch.slice(0, kept.min(batch.num_rows())));
        let batch_bytes = bytes(&batch);
        if let Some(memory) = target.memory() {
            let views = batch.num_columns() * batch.num_rows() * size_of::<u128>();
            let held_bytes = usize::try_from(batch_bytes).unwrap_or(usize::MAX);
            memory.try_grow(held_bytes.saturating_add(views)).map_err(error)?;
        }
        let room = cap.rows.map_or(u64::MAX, |max| max.saturating_sub(count));
        if batch.num_rows() as u64 > room {
            let kept = usize::try_from(room).unwrap_or(usize::MAX);
            rows.add(batch.slice(0, kept.min(batch.num_rows())), target).await?;
            rows.truncated = Some(truncation("rows", cap.rows.unwrap_or(0)));
            break;
        }
        if cap.bytes.is_some_and(|max| size_bytes + batch_bytes > max) {
            let max = cap.bytes.unwrap_or(0);
            rows.add(cut(&batch, batch_bytes, max - size_bytes), target).await?;
            rows.truncated = Some(truncation("bytes", max));
            break;
        }
        count += batch.num_rows() as u64;
        size_bytes += batch_bytes;
        rows.add(batch, target).await?;
    }
    drop(stream);
    measure(plan.as_ref(), &mut rows);
    stages::measure(plan.as_ref(), &mut rows.stages);
    Ok(rows)
}

/// The first rows of a batch that fit into `room_bytes`, by the average row.
fn cut(batch: &RecordBatch, batch_bytes: u64, room_bytes: u64) -> RecordBatch {
    let rows = batch.num_rows() as u64;
    let kept = u128::from(rows) * u128::from(room_bytes) / u128::from(batch_bytes.max(1));
    batch.slice(0, usize::try_from(kept).unwrap_or(0).min(batch.num_rows()))
}

fn truncation(limit: &'static str, allowed: u64) -> Truncation {
    let message = match limit {
        "rows" => format!(
            "the result has more than the {allowed} rows allowed and was cut: \
             aggregate, filter or `take` fewer rows, or say `set notruncation;`"
        ),
        _ => format!(
            "the result is larger than the {allowed} bytes allowed and was cut: \
             project fewer columns or return fewer rows, or say `set notruncation;`"
        ),
    };
    Truncation { limit, allowed, message }
}

/// Bytes of the values, not of the buffers they may share with other batches.
fn bytes(batch: &RecordBatch) -> u64 {
    let column_bytes = |array: &Arc<dyn Array>| match array.as_string_view_opt() {
        Some(texts) => texts.iter().flatten().map(|t| t.len() as u64 + 2).sum(),
        None => {
            let width = array.data_type().primitive_width().unwrap_or(1);
            (array.len() * width) as u64
        }
    };
    batch.columns().iter().map(column_bytes).sum()
}

/// Lets go of large text buffers of which a batch only shows small parts.
fn compact(batch: RecordBatch) -> RecordBatch {
    let is_wasteful = |texts: &StringViewArray| {
        let held: usize = texts.data_buffers().iter().map(|buffer| buffer.capacity()).sum();
        held > 64 * 1024 && held > 2 * texts.total_buffer_bytes_used()
    };
    let columns = batch.columns().iter().map(|array| match array.data_type() {
        DataType::Utf8View if is_wasteful(array.as_string_view()) => {
            Arc::new(array.as_string_view().gc()) as Arc<dyn Array>
        }
        _ => Arc::clone(array),
    });
    RecordBatch::try_new(batch.schema(), columns.collect()).unwrap_or(batch)
}

/// Whether a join of the plan holds one side in memory that it could sort instead.
pub(crate) fn joins_by_hash(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<HashJoinExec>()
        || plan.children().into_iter().any(|child| joins_by_hash(child.as_ref()))
}

/// Adds up what the leaves of the plan read.
fn measure(plan: &dyn ExecutionPlan, rows: &mut Rows) {
    if plan.children().is_empty()
        && let Some(metrics) = plan.metrics()
    {
        let named =
            |name: &str| metrics.sum_by_name(name).map_or(0, |value| value.as_usize()) as u64;
        rows.rows_scanned += metrics.output_rows().unwrap_or(0) as u64;
        rows.rows_scanned += named("pushdown_rows_pruned");
        rows.bytes_scanned += named("bytes_scanned");
    }
    for child in plan.children() {
        measure(child.as_ref(), rows);
    }
}

/// What an error of DataFusion means to whoever asked.
pub(crate) fn error(error: DataFusionError) -> Error {
    let text = error.to_string();
    match error {
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(_) => Error::Internal(text),
        },
        DataFusionError::Context(_, inner) => self::error(*inner),
        DataFusionError::Shared(inner) => match inner.find_root() {
            DataFusionError::ResourcesExhausted(_) => memory_error(),
            DataFusionError::External(own) => match own.downcast_ref::<Error>() {
                Some(Error::Limit { limit, message }) => {
                    Error::Limit { limit, message: message.clone() }
                }
                _ => Error::Internal(text),
            },
            _ => Error::Internal(text),
        },
        other => match other.find_root() {
            DataFusionError::ResourcesExhausted(_) => memory_error(),
            DataFusionError::ArrowError(inner, _) if is_disk_full(inner) => memory_error(),
            _ => Error::Internal(text),
        },
    }
}

/// Whether a query put as much on disk as it may. DataFusion 55 tells it as an error of reading and
/// writing, by its text alone.
fn is_disk_full(error: &ArrowError) -> bool {
    matches!(error, ArrowError::IoError(text, _) if text.contains("used disk space"))
}

fn memory_error() -> Error {
    Error::Limit {
        limit: "memory",
        message: "the query needs more memory than it may use: filter earlier, group by fewer \
                  values, or put the smaller table on the left side of the join"
            .to_owned(),
    }
}
