//! Operators that go through their rows in order, one after the other.
//!
//! A [`Program`] says what is computed; this module brings the rows together in one stream in the
//! order asked for, runs the program over it batch by batch, accounts for what the program keeps,
//! and numbers the rows that come out, so that their order survives whatever follows.
//!
//! Invariant: the whole input is never collected; a program keeps only what it still needs.

mod exec;
mod node;
mod planner;

use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::logical_expr::{Extension, LogicalPlan};

use crate::error::Error;
use crate::plan::{OrderKey, Planned, internal};

pub(crate) use planner::SerialPlanner;

/// A computation over rows in order.
pub(crate) trait Program: Debug + Send + Sync {
    /// One line for `explain`.
    fn describe(&self) -> String;
    /// Begins a computation over rows of the schema `input`.
    fn start(&self, input: &Schema) -> Result<Box<dyn Run>>;
}

/// Rows that came out of a program, with the columns promised to [`plan`], in that order.
#[derive(Debug)]
pub(crate) struct Rows {
    pub count: usize,
    pub columns: Vec<ArrayRef>,
}

/// A program on its way through the rows.
pub(crate) trait Run: Send {
    /// Takes the next rows, in order; yields those that are finished. `held` accounts for what is
    /// kept: a program whose rows grow asks it on the way.
    fn push(&mut self, rows: &RecordBatch, held: &mut MemoryReservation) -> Result<Vec<Rows>>;
    /// The input has ended.
    fn finish(&mut self) -> Result<Vec<Rows>>;
    /// Bytes kept for rows to come.
    fn held_bytes(&self) -> usize;
}

/// The rows of `input`, taken in `order`, through `program`, which yields columns of these names
/// and types. The hidden column `row` numbers the rows that come out.
pub(crate) fn plan(
    input: LogicalPlan,
    order: Vec<OrderKey>,
    program: Arc<dyn Program>,
    columns: Vec<(String, DataType)>,
    row: String,
) -> Result<Planned, Error> {
    let fields = columns.into_iter().map(|(name, ty)| Field::new(name, ty, true));
    let number = Field::new(&row, DataType::Int64, true);
    let schema = Schema::new(fields.chain([number]).collect::<Vec<_>>());
    let schema = Arc::new(DFSchema::try_from(schema).map_err(internal)?);
    let node = node::Serial { input, order, program, schema };
    let plan = LogicalPlan::Extension(Extension { node: Arc::new(node) });
    Ok(Planned { plan, order: vec![OrderKey::ascending(row)] })
}

/// The position of a column of the input.
pub(crate) fn position(input: &Schema, name: &str) -> Result<usize> {
    match input.fields().iter().position(|field| field.name() == name) {
        Some(position) => Ok(position),
        None => plan_err!("the rows in order have no column {name}"),
    }
}

/// One value as an array of its own, which keeps nothing of the batch it comes from.
pub(crate) fn single(array: &ArrayRef, row: usize) -> Result<ArrayRef> {
    let row = u64::try_from(row).unwrap_or(u64::MAX);
    let value = take(array, &UInt64Array::from(vec![row]), None)?;
    Ok(match value.as_string_view_opt() {
        Some(text) => Arc::new(text.gc()),
        None => value,
    })
}

/// Bytes of the values of a column, not of the buffers they may share with other columns.
pub(crate) fn value_bytes(array: &dyn Array) -> usize {
    match array.as_string_view_opt() {
        Some(texts) => array.len() * 16 + texts.total_buffer_bytes_used(),
        None => array.to_data().get_slice_memory_size().unwrap_or(array.len() * 8),
    }
}
