//! `datatable`, `print` of constants: literal rows, in the order written.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use kql::bound::{Literal, Relation};
use model::batch::ColumnBuilder;

use crate::error::Error;
use crate::plan::needs::{Item, Need};
use crate::plan::{OrderKey, Planned, Planner, internal};
use crate::provider;

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    rows: &[Vec<Literal>],
) -> Result<Planned, Error> {
    let items = planner.needs.items(relation);
    let columns = items.iter().map(|item| {
        let Need::Column(id) = item.need else {
            return Err(Error::Internal("a literal table has no stored bags".to_owned()));
        };
        let position = relation.columns.iter().position(|c| c.id == id).unwrap_or(usize::MAX);
        let mut builder = ColumnBuilder::new(item.ty);
        for row in rows {
            append(&mut builder, row.get(position));
        }
        Ok(builder.finish())
    });
    let columns = columns.collect::<Result<Vec<_>, Error>>()?;
    table(planner, &items, columns, rows.len())
}

/// Columns as a plan that keeps the order of their rows.
pub(super) fn table(
    planner: &Planner<'_>,
    items: &[Item],
    mut columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<Planned, Error> {
    let ordinal = planner.hidden("row");
    let mut fields: Vec<Field> =
        items.iter().map(|item| Field::new(&item.name, item.ty.arrow(), true)).collect();
    fields.push(Field::new(&ordinal, DataType::Int64, true));
    let last = i64::try_from(rows).unwrap_or(i64::MAX);
    columns.push(Arc::new(Int64Array::from_iter_values(0..last)));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|e| internal(e.into()))?;
    let plan = provider::memory::unqualified(&planner.hidden("values"), batch)?;
    Ok(Planned { plan, order: vec![OrderKey::ascending(ordinal)] })
}

fn append(builder: &mut ColumnBuilder, literal: Option<&Literal>) {
    match literal {
        None | Some(Literal::Null(_)) => builder.null(),
        Some(Literal::Bool(v)) => builder.bool(*v),
        Some(Literal::Int(v)) => builder.long(i64::from(*v)),
        Some(Literal::Long(v) | Literal::DateTime(v) | Literal::TimeSpan(v)) => builder.long(*v),
        Some(Literal::Real(v) | Literal::Decimal(v)) => builder.real(*v),
        Some(Literal::String { value: v, .. } | Literal::Guid(v) | Literal::Dynamic(v)) => {
            builder.text(v);
        }
    }
}
