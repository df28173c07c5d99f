//! A use of a shared table: its held rows, in their order where that means something.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::TableReference;
use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{Relation, SharedTable};

use crate::error::Error;
use crate::plan::needs::Need;
use crate::plan::{OrderKey, Planned, Planner, internal};
use crate::provider::memory;

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    table: &SharedTable,
) -> Result<Planned, Error> {
    let lost = || Error::Internal(format!("shared table {} was not computed", table.number));
    let held = planner.shared.table(table.number).ok_or_else(lost)?;
    let ordinal = planner.hidden("row");
    let mut fields = Vec::new();
    let mut places = Vec::new();
    for item in planner.needs.items(relation) {
        let Need::Column(id) = item.need else {
            return Err(Error::Internal("a shared table has no stored bags".to_owned()));
        };
        let position = relation.columns.iter().position(|c| c.id == id);
        let place = position.and_then(|at| held.places.get(at).copied().flatten());
        places.push(place.ok_or_else(lost)?);
        fields.push(Field::new(&item.name, item.ty.arrow(), true));
    }
    // Numbers of rows also stand for rows of which no column is read.
    let is_numbered = held.is_ordered || places.is_empty();
    if is_numbered {
        fields.push(Field::new(&ordinal, DataType::Int64, true));
    }
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::with_capacity(held.batches.len());
    let mut first = 0i64;
    for batch in &held.batches {
        let mut columns: Vec<ArrayRef> =
            places.iter().filter_map(|&at| batch.columns().get(at).cloned()).collect();
        let rows = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        if is_numbered {
            let numbers = Int64Array::from_iter_values(first..first + rows);
            columns.push(Arc::new(numbers) as Arc<dyn Array>);
        }
        first += rows;
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns);
        batches.push(batch.map_err(|e| internal(e.into()))?);
    }
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(Arc::clone(&schema)));
    }
    let names: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let provider = memory::table(schema, &batches, planner.sources.threads)?;
    let name = TableReference::bare(planner.hidden("shared"));
    let columns: Vec<_> = names.iter().map(|n| memory::qualified(&name, n).alias(n)).collect();
    let plan = memory::scan(&name, provider)?
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    let order = if held.is_ordered { vec![OrderKey::ascending(ordinal)] } else { Vec::new() };
    Ok(Planned { plan, order })
}
