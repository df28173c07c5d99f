//! `union`: the rows of all inputs, one input after the other where they are in an order.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union, lit};
use kql::bound::{ColumnId, Relation};

use crate::error::Error;
use crate::plan::expression::null;
use crate::plan::needs::{Item, Need, property_name};
use crate::plan::{OrderKey, Planned, Planner, ROWS_MAX, column, internal};

type Leg = (Relation, Vec<Option<ColumnId>>);

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    inputs: &[Leg],
) -> Result<Planned, Error> {
    let items = planner.needs.items(relation);
    let legs = inputs
        .iter()
        .map(|leg| Ok((planner.relation(&leg.0)?, columns(planner, relation, leg, &items)?)))
        .collect::<Result<Vec<(Planned, Vec<Expr>)>, Error>>()?;
    let is_ordered = legs.iter().any(|(leg, _)| !leg.order.is_empty());
    if !is_ordered {
        let plans = legs.into_iter().map(|(leg, columns)| project(leg.plan, columns));
        return Ok(Planned { plan: join(plans.collect::<Result<_, _>>()?)?, order: Vec::new() });
    }
    ordered(planner, legs)
}

/// The leg's expression for every needed output column.
fn columns(
    planner: &Planner<'_>,
    relation: &Relation,
    (_, from): &Leg,
    items: &[Item],
) -> Result<Vec<Expr>, Error> {
    let source = |id: ColumnId| {
        let position = relation.columns.iter().position(|c| c.id == id)?;
        from.get(position).copied().flatten().map(|id| planner.needs.name(id))
    };
    let columns = items.iter().map(|item| {
        let expr = match &item.need {
            Need::Column(id) => match source(*id) {
                Some(name) => column(&name),
                None => lit(null(item.ty)),
            },
            Need::Property(id, key) => match source(*id) {
                Some(name) => column(&property_name(&name, key)),
                None => lit(ScalarValue::try_from(item.ty.arrow()).map_err(internal)?),
            },
        };
        Ok(expr.alias(&item.name))
    });
    columns.collect()
}

/// Adds to each leg its number and, null in the other legs, the columns it is ordered by.
fn ordered(planner: &Planner<'_>, legs: Vec<(Planned, Vec<Expr>)>) -> Result<Planned, Error> {
    let number = planner.hidden("leg");
    let mut order = vec![OrderKey::ascending(number.clone())];
    let mut types = Vec::new();
    for (leg, _) in &legs {
        for key in &leg.order {
            let field = leg.plan.schema().field_with_unqualified_name(&key.column);
            types.push(field.map_err(internal)?.data_type().clone());
            order.push(key.clone());
        }
    }
    let mut plans = Vec::with_capacity(legs.len());
    let mut first_key = 1;
    for (position, (leg, mut columns)) in legs.into_iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        columns.push(lit(position).alias(&number));
        let own = first_key..first_key + leg.order.len();
        for (place, key) in order.iter().enumerate().skip(1) {
            columns.push(match own.contains(&place) {
                true => column(&key.column),
                false => {
                    let null = ScalarValue::try_from(&types[place - 1]).map_err(internal)?;
                    lit(null).alias(&key.column)
                }
            });
        }
        first_key = own.end;
        plans.push(project(leg.plan, columns)?);
    }
    // DataFusion 55 pushes sorts into a union without keeping apart the columns that are constant
    // in each input, and then refuses its own plan. A limit nothing reaches stops it.
    let plan = LogicalPlanBuilder::new(join(plans)?).limit(0, Some(ROWS_MAX));
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}

fn project(plan: LogicalPlan, columns: Vec<Expr>) -> Result<LogicalPlan, Error> {
    let builder = LogicalPlanBuilder::new(plan).project(columns);
    builder.and_then(LogicalPlanBuilder::build).map_err(internal)
}

/// All rows of plans with the same columns.
pub(super) fn join(mut plans: Vec<LogicalPlan>) -> Result<LogicalPlan, Error> {
    if plans.len() == 1
        && let Some(plan) = plans.pop()
    {
        return Ok(plan);
    }
    let plans = plans.into_iter().map(Arc::new).collect();
    Union::try_new_with_loose_types(plans).map(LogicalPlan::Union).map_err(internal)
}
