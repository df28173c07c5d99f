//! Rows in memory: literal tables and the head of a store.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use crate::error::Error;
use crate::plan::internal;

/// One batch as a plan; its columns keep their names, without a table in front.
pub(crate) fn unqualified(name: &str, batch: RecordBatch) -> Result<LogicalPlan, Error> {
    let schema = batch.schema();
    let batches = chunks(batch).map_err(|e| internal(e.into()))?;
    let provider = MemTable::try_new(Arc::clone(&schema), vec![batches]).map_err(internal)?;
    let names = schema.fields().iter().map(|f| f.name().clone());
    let table = TableReference::bare(name);
    let columns = names.map(|n| qualified(&table, &n).alias(n)).collect::<Vec<_>>();
    scan(&table, Arc::new(provider))?
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)
}

/// Rows of one batch: as many as the engine makes itself.
const CHUNK_ROWS: usize = 8192;

/// The batch in batches that share no memory. Operators that hold rows count the whole memory
/// behind each batch: parts of a large one would be counted at its size every time.
fn chunks(batch: RecordBatch) -> Result<Vec<RecordBatch>, ArrowError> {
    if batch.num_rows() <= CHUNK_ROWS {
        return Ok(vec![batch]);
    }
    let rows = u32::try_from(batch.num_rows()).unwrap_or(u32::MAX);
    let starts = (0..rows).step_by(CHUNK_ROWS);
    let chunk = |start: u32| {
        let end = start.saturating_add(CHUNK_ROWS as u32).min(rows);
        take_record_batch(&batch, &UInt32Array::from_iter_values(start..end))
    };
    starts.map(chunk).collect()
}

/// Batches as a table read by up to `threads` threads.
pub(crate) fn table(
    schema: SchemaRef,
    batches: &[RecordBatch],
    threads: usize,
) -> Result<Arc<dyn TableProvider>, Error> {
    let mut partitions: Vec<(usize, Vec<RecordBatch>)> = vec![(0, Vec::new()); threads.max(1)];
    for batch in batches {
        let Some(smallest) = partitions.iter_mut().min_by_key(|(rows, _)| *rows) else { break };
        smallest.0 += batch.num_rows();
        smallest.1.push(batch.clone());
    }
    let partitions: Vec<_> =
        partitions.into_iter().map(|(_, batches)| batches).filter(|b| !b.is_empty()).collect();
    Ok(Arc::new(MemTable::try_new(schema, partitions).map_err(internal)?))
}

/// The scan of a table under the name `table`.
pub(crate) fn scan(
    table: &TableReference,
    provider: Arc<dyn TableProvider>,
) -> Result<LogicalPlanBuilder, Error> {
    LogicalPlanBuilder::scan(table.clone(), provider_as_source(provider), None).map_err(internal)
}

/// The column of this exact name of `table`.
pub(crate) fn qualified(table: &TableReference, name: &str) -> Expr {
    Expr::Column(datafusion::common::Column::new(Some(table.clone()), name))
}
