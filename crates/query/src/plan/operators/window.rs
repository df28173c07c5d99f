//! Window functions: the rows in order, with the values of the calls behind their columns.

use std::sync::Arc;

use datafusion::logical_expr::LogicalPlanBuilder;
use kql::bound::{ColumnId, Relation, WindowCall};

use crate::error::Error;
use crate::functions::window::{find, program};
use crate::plan::{OrderKey, Planned, Planner, column, constant, internal};
use crate::serial;

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    calls: &[(ColumnId, WindowCall)],
    partition: &[ColumnId],
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let needed: Vec<_> = calls.iter().filter(|(id, _)| planner.needs.is_whole(*id)).collect();
    if needed.is_empty() && partition.is_empty() {
        return Ok(Planned { plan, order });
    }
    let carried: Vec<String> =
        planner.needs.items(input).into_iter().map(|item| item.name).collect();
    let mut columns: Vec<_> = carried.iter().map(|name| column(name)).collect();
    columns.extend(order.iter().map(|key| column(&key.column)));
    let mut outputs = Vec::with_capacity(carried.len() + needed.len());
    for name in &carried {
        let field = plan.schema().field_with_unqualified_name(name).map_err(internal)?;
        outputs.push((name.clone(), field.data_type().clone()));
    }
    let mut programs = Vec::with_capacity(needed.len());
    for (id, call) in needed {
        let (made, args) = bind(planner, call)?;
        outputs.push((planner.needs.name(*id), call.ty.arrow()));
        programs.push(made);
        columns.extend(args);
    }
    // The rows of one group stand together, in the order they had.
    let partition: Vec<String> = partition.iter().map(|id| planner.needs.name(*id)).collect();
    let groups = partition.iter().cloned().map(OrderKey::ascending);
    let order: Vec<OrderKey> = groups.chain(order).collect();
    let plan = LogicalPlanBuilder::new(plan)
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    let program = program::Windows { carried, calls: programs, partition };
    serial::plan(plan, order, Arc::new(program), outputs, planner.hidden("row"))
}

/// The call, and its arguments as hidden columns.
fn bind(
    planner: &Planner<'_>,
    call: &WindowCall,
) -> Result<(program::Call, Vec<datafusion::logical_expr::Expr>), Error> {
    let name = call.function;
    let (constants, window) =
        find(name).ok_or_else(|| Error::Internal(format!("`{name}` has no implementation")))?;
    let mut bound =
        program::Call { name, window, columns: Vec::new(), constants: Vec::new(), ty: call.ty };
    let mut args = Vec::new();
    for (position, arg) in call.args.iter().enumerate() {
        let value = planner.value(arg)?;
        if constants.contains(&position) {
            bound.constants.push(constant::evaluate(planner.state, value)?);
            continue;
        }
        let hidden = planner.hidden("argument");
        args.push(value.alias(&hidden));
        bound.columns.push((hidden, arg.ty));
    }
    Ok((bound, args))
}
