//! `range`: a column of equally spaced values, `to` included.

use datafusion::common::ScalarValue;
use kql::bound::{Expr, Relation};
use model::Type;
use model::batch::ColumnBuilder;

use super::values;
use crate::error::Error;
use crate::plan::{Planned, Planner, constant};

/// More values than this are refused: they are made in memory.
const ROWS_MAX: usize = 10_000_000;

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    from: &Expr,
    to: &Expr,
    step: &Expr,
) -> Result<Planned, Error> {
    let ty = relation.columns.first().map_or(Type::Long, |column| column.ty);
    let bound = |expr| constant::evaluate(planner.state, planner.value(expr)?);
    let mut builder = ColumnBuilder::new(ty);
    let rows = match (bound(from)?, bound(to)?, bound(step)?) {
        (
            ScalarValue::Float64(Some(from)),
            ScalarValue::Float64(Some(to)),
            ScalarValue::Float64(Some(step)),
        ) => reals(from, to, step, &mut builder)?,
        (from, to, step) => match (whole(&from), whole(&to), whole(&step)) {
            (Some(from), Some(to), Some(step)) => longs(from, to, step, &mut builder)?,
            // A null bound gives no rows.
            _ => 0,
        },
    };
    let items = planner.needs.items(relation);
    let columns = if items.is_empty() { Vec::new() } else { vec![builder.finish()] };
    values::table(planner, &items, columns, rows)
}

fn whole(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::Int32(v) => v.map(i64::from),
        ScalarValue::Int64(v)
        | ScalarValue::TimestampNanosecond(v, _)
        | ScalarValue::DurationNanosecond(v) => *v,
        _ => None,
    }
}

fn longs(from: i64, to: i64, step: i64, builder: &mut ColumnBuilder) -> Result<usize, Error> {
    let mut rows = 0;
    let mut next = (step != 0).then_some(from);
    while let Some(value) = next.filter(|v| if step > 0 { *v <= to } else { *v >= to }) {
        check(rows)?;
        builder.long(value);
        rows += 1;
        next = value.checked_add(step);
    }
    Ok(rows)
}

fn reals(from: f64, to: f64, step: f64, builder: &mut ColumnBuilder) -> Result<usize, Error> {
    let is_endless = step == 0.0 || !(from.is_finite() && to.is_finite() && step.is_finite());
    let mut rows = 0;
    let mut value = from;
    while !is_endless && (if step > 0.0 { value <= to } else { value >= to }) {
        check(rows)?;
        builder.real(value);
        rows += 1;
        // Multiplied, not added up: the error does not grow.
        value = from + step * rows as f64;
    }
    Ok(rows)
}

fn check(rows: usize) -> Result<(), Error> {
    if rows < ROWS_MAX {
        return Ok(());
    }
    Err(Error::Limit {
        limit: "rows",
        message: format!("`range` gives more than {ROWS_MAX} rows: use a larger step"),
    })
}
