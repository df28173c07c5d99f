//! `project`, `extend` and their kin: each output column computed from the input's.

use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{ColumnId, Expr, ExprKind, Relation};

use crate::error::Error;
use crate::plan::needs::property_name;
use crate::plan::{Planned, Planner, column, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    expressions: &[(ColumnId, Expr)],
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let mut columns = Vec::new();
    for (id, expr) in expressions {
        let name = planner.needs.name(*id);
        if let ExprKind::Column(from) = expr.kind {
            let from = planner.needs.name(from);
            for key in planner.needs.keys(*id) {
                let to = property_name(&name, &key);
                columns.push(column(&property_name(&from, &key)).alias(to));
            }
        }
        if planner.needs.is_whole(*id) {
            columns.push(planner.value(expr)?.alias(name));
        }
    }
    columns.extend(order.iter().map(|key| column(&key.column)));
    let plan = LogicalPlanBuilder::new(plan).project(columns);
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}
