//! `take`: the first rows of an order, any rows when there is none.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{Expr, Relation};

use crate::error::Error;
use crate::plan::{OrderKey, Planned, Planner, constant, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    count: &Expr,
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let count = match constant::evaluate(planner.state, planner.value(count)?)? {
        ScalarValue::Int64(Some(count)) => usize::try_from(count).unwrap_or(0),
        ScalarValue::Int32(Some(count)) => usize::try_from(count).unwrap_or(0),
        _ => 0,
    };
    let builder = LogicalPlanBuilder::new(plan);
    let builder = match order.is_empty() {
        true => builder.limit(0, Some(count)),
        false => builder.sort_with_limit(order.iter().map(OrderKey::sort), Some(count)),
    };
    Ok(Planned { plan: builder.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}
