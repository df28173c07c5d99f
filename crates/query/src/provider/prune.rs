//! Which extents a filter can be true for, by what the manifest and the indexes know.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use model::{ColumnRole, TableDef};
use store::Extent;
use store::extent::Bound;

/// The extents that may hold rows for which all `filters` are true.
///
/// Reads index files when a filter compares an identifier.
pub(super) fn prune(
    state: &dyn datafusion::catalog::Session,
    table: &'static TableDef,
    schema: &SchemaRef,
    extents: &[Arc<Extent>],
    filters: &[Expr],
) -> Result<Vec<Arc<Extent>>> {
    let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(extents.to_vec()) };
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    let filter = state.create_physical_expr(filter, &df_schema)?;
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
    let Ok(predicate) = builder.try_build(filter) else {
        return Ok(extents.to_vec());
    };
    let kept = predicate.prune(&Known { table, schema, extents })?;
    let kept = extents.iter().zip(kept).filter(|(_, keep)| *keep);
    Ok(kept.map(|(extent, _)| Arc::clone(extent)).collect())
}

/// What is known about extents without opening them.
struct Known<'a> {
    table: &'static TableDef,
    schema: &'a SchemaRef,
    extents: &'a [Arc<Extent>],
}

impl Known<'_> {
    fn bounds(
        &self,
        column: &Column,
        of: impl Fn(&Extent, &str) -> Option<Bound>,
    ) -> Option<ArrayRef> {
        let ty = self.schema.field_with_name(&column.name).ok()?.data_type();
        let values = self.extents.iter().map(|extent| {
            let bound = of(extent, &column.name).and_then(|bound| scalar(bound, ty));
            Ok(bound.unwrap_or(ScalarValue::try_from(ty)?))
        });
        ScalarValue::iter_to_array(values.collect::<Result<Vec<_>>>().ok()?).ok()
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        let time = self.table.time_column().name;
        self.bounds(column, |extent, name| match name == time {
            true => Some(Bound::Long(extent.time_min)),
            false => extent.ranges.iter().find(|r| r.column == name).map(|r| r.min.clone()),
        })
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        let time = self.table.time_column().name;
        self.bounds(column, |extent, name| match name == time {
            true => Some(Bound::Long(extent.time_max)),
            false => extent.ranges.iter().find(|r| r.column == name).map(|r| r.max.clone()),
        })
    }

    fn num_containers(&self) -> usize {
        self.extents.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let nulls = |extent: &Arc<Extent>| {
            extent.ranges.iter().find(|r| r.column == column.name).map(|r| r.nulls)
        };
        Some(Arc::new(self.extents.iter().map(nulls).collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(self.extents.iter().map(|e| Some(e.rows)).collect::<UInt64Array>()))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let position = self.table.index_of(&column.name)?;
        if self.table.columns.get(position)?.role != ColumnRole::Id {
            return None;
        }
        let texts: Option<Vec<&str>> = values.iter().map(|v| v.try_as_str().flatten()).collect();
        let texts = texts?;
        let absent = |extent: &Arc<Extent>| {
            // The index leaves out empty texts: nothing is known about them.
            let may = |text: &&str| text.is_empty() || extent.may_contain(&column.name, text);
            if texts.iter().any(may) { None } else { Some(false) }
        };
        Some(self.extents.iter().map(absent).collect())
    }
}

/// A bound as a value of the column's Arrow type.
fn scalar(bound: Bound, ty: &DataType) -> Option<ScalarValue> {
    Some(match (bound, ty) {
        (Bound::Long(v), DataType::Timestamp(_, _)) => {
            ScalarValue::TimestampNanosecond(Some(v), None)
        }
        (Bound::Long(v), DataType::Duration(_)) => ScalarValue::DurationNanosecond(Some(v)),
        (Bound::Long(v), DataType::Int64) => ScalarValue::Int64(Some(v)),
        (Bound::Long(v), DataType::Int32) => ScalarValue::Int32(i32::try_from(v).ok()),
        (Bound::Real(v), DataType::Float64) => ScalarValue::Float64(Some(v)),
        (Bound::Text(v), DataType::Utf8View) => ScalarValue::Utf8View(Some(v)),
        _ => return None,
    })
}
