//! `take`: the first rows of an order, any rows when there is none; of each group when told so.

use datafusion::common::ScalarValue;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{ExprFunctionExt, LogicalPlanBuilder, lit};
use kql::bound::{ColumnId, Expr, Relation};

use crate::error::Error;
use crate::plan::{OrderKey, Planned, Planner, column, constant, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    count: &Expr,
    per: &[ColumnId],
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let count = self::count(planner, count)?;
    if !per.is_empty() {
        return first_of_each(planner, Planned { plan, order }, count, per);
    }
    let builder = LogicalPlanBuilder::new(plan);
    // Rows in an order nobody asked for need no sort: any of them will do. No rows need none
    // either, and DataFusion 55 panics over a sort that keeps nothing.
    let builder = match order.first() {
        Some(key) if count > 0 && !super::mv_expand::is_any_order(key) => {
            builder.sort_with_limit(order.iter().map(OrderKey::sort), Some(count))
        }
        _ => builder.limit(0, Some(count)),
    };
    Ok(Planned { plan: builder.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}

/// A number of rows; null and negative count as none.
pub(super) fn count(planner: &Planner<'_>, count: &Expr) -> Result<usize, Error> {
    Ok(match constant::evaluate(planner.state, planner.value(count)?)? {
        ScalarValue::Int64(Some(count)) => usize::try_from(count).unwrap_or(0),
        ScalarValue::Int32(Some(count)) => usize::try_from(count).unwrap_or(0),
        _ => 0,
    })
}

/// Numbers the rows of each group and keeps the first numbers.
fn first_of_each(
    planner: &Planner<'_>,
    Planned { plan, order }: Planned,
    count: usize,
    per: &[ColumnId],
) -> Result<Planned, Error> {
    let number = planner.hidden("number");
    let groups = per.iter().map(|id| column(&planner.needs.name(*id))).collect();
    let mut call = row_number().partition_by(groups);
    if !order.is_empty() {
        call = call.order_by(order.iter().map(OrderKey::sort).collect());
    }
    let call = call.build().map_err(internal)?.alias(&number);
    let last = u64::try_from(count).unwrap_or(u64::MAX);
    let plan = LogicalPlanBuilder::new(plan)
        .window([call])
        .and_then(|builder| builder.filter(column(&number).lt_eq(lit(last))))
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    Ok(Planned { plan, order })
}
