//! `sort`: remembers the order; nodes that show it sort (see [`crate::plan`]).

use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{Relation, SortKey};

use crate::error::Error;
use crate::plan::{OrderKey, Planned, Planner, column, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    keys: &[SortKey],
) -> Result<Planned, Error> {
    let Planned { plan, order: earlier } = planner.relation(input)?;
    // Hidden copies: later operators may drop or replace the columns sorted by.
    let mut columns: Vec<_> = planner.needs.items(input).iter().map(|i| column(&i.name)).collect();
    columns.extend(earlier.iter().map(|key| column(&key.column)));
    let mut order = Vec::with_capacity(keys.len());
    for key in keys {
        let name = planner.hidden("sort");
        columns.push(planner.value(&key.value)?.alias(&name));
        order.push(OrderKey {
            column: name,
            descending: key.descending,
            nulls_first: key.nulls_first,
        });
    }
    // Rows equal in the new order stay in the old one.
    order.extend(earlier);
    let plan = LogicalPlanBuilder::new(plan).project(columns);
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}
