//! `summarize`, `distinct`, `count`: one row per key, or one row without keys.

use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr as Physical, LogicalPlanBuilder};
use kql::bound::{Aggregate, ColumnId, Expr, Relation};
use model::Type;

use crate::error::Error;
use crate::functions;
use crate::plan::{OrderKey, Planned, Planner, ROWS_MAX, column, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    keys: &[(ColumnId, Expr)],
    aggregates: &[Aggregate],
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let mut groups = Vec::with_capacity(keys.len());
    let mut columns = Vec::new();
    for (id, key) in keys {
        let name = planner.needs.name(*id);
        groups.push(planner.value(key)?.alias(&name));
        if planner.needs.is_whole(*id) {
            columns.push(column(&name));
        }
    }
    let mut calls: Vec<(Physical, String)> = Vec::with_capacity(aggregates.len());
    let mut reads_in_order = false;
    for aggregate in aggregates {
        let is_needed = aggregate.outputs.iter().any(|(id, _)| planner.needs.is_whole(*id));
        // Without keys the one row must come out even when nobody reads its values.
        let is_only_row = keys.is_empty() && calls.is_empty();
        if !is_needed && !is_only_row {
            continue;
        }
        let types: Vec<Type> = aggregate.args.iter().map(|arg| arg.ty).collect();
        let args = aggregate.args.iter().map(|arg| planner.value(arg)).collect::<Result<_, _>>()?;
        let outputs: Vec<Type> = aggregate.outputs.iter().map(|(_, ty)| *ty).collect();
        let call = functions::aggregate(aggregate.function, args, &types, &outputs)?;
        let call = match aggregate.filter {
            Some(id) => call.only_where(column(&planner.needs.name(id)))?,
            None => call,
        };
        let expr = match call.order_sensitive && !order.is_empty() {
            true => {
                reads_in_order = true;
                in_order(call.expr, &order)
            }
            false => call.expr,
        };
        // The engine's own sharing of equal calls fails where their arguments are shared too.
        let known = calls.iter().find(|(call, _)| *call == expr).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = planner.hidden("aggregate");
            calls.push((expr, name.clone()));
            name
        });
        for ((id, _), output) in aggregate.outputs.iter().zip(call.outputs) {
            if planner.needs.is_whole(*id) {
                columns.push(output(column(&name)).alias(planner.needs.name(*id)));
            }
        }
    }
    let mut builder = LogicalPlanBuilder::new(plan);
    if reads_in_order {
        planner.is_order_sensitive.set(true);
        // Lists made in parts, each in order, would be in no order together.
        builder = builder.limit(0, Some(ROWS_MAX)).map_err(internal)?;
    }
    let plan = builder
        .aggregate(groups, calls.into_iter().map(|(call, name)| call.alias(name)))
        .and_then(|builder| builder.project(columns))
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    Ok(Planned { plan, order: Vec::new() })
}

/// The aggregate fed with its rows in order.
fn in_order(expr: Physical, order: &[OrderKey]) -> Physical {
    match expr {
        Physical::AggregateFunction(AggregateFunction { func, mut params }) => {
            params.order_by = order.iter().map(OrderKey::sort).collect();
            Physical::AggregateFunction(AggregateFunction { func, params })
        }
        other => other,
    }
}
