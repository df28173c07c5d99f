//! `where`: keeps the rows whose predicate is true.

use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{Expr, Relation};

use crate::error::Error;
use crate::plan::{Planned, Planner, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    predicate: &Expr,
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let predicate = planner.condition(predicate)?;
    let plan = LogicalPlanBuilder::new(plan).filter(predicate);
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}
