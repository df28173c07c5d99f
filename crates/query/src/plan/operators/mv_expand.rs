//! `mv-expand`: lists of the elements of each row, made rows by DataFusion's unnest.
//!
//! Invariant: rows made of one row stand together, in the order of its elements. They are ordered
//! by the number of the row they come from and their own position in it.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, UnnestOptions};
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{ExprFunctionExt, LogicalPlanBuilder, cast};
use kql::bound::{Expansion, Relation};

use super::take;
use crate::error::Error;
use crate::functions::elements;
use crate::plan::{OrderKey, Planned, Planner, column, internal};

/// Numbers of rows that are in an order; of rows in none; of the elements of one row.
const ROW: &str = "row";
const ANY_ROW: &str = "anyrow";
const ITEM: &str = "item";

/// Whether rows are ordered by numbers they got in no order.
pub(super) fn is_any_order(key: &OrderKey) -> bool {
    is_made_for(key, ANY_ROW)
}

fn is_made_for(key: &OrderKey, purpose: &str) -> bool {
    key.column
        .strip_prefix('~')
        .is_some_and(|name| name.trim_end_matches(|c: char| c.is_ascii_digit()) == purpose)
}

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    expansion: &Expansion,
) -> Result<Planned, Error> {
    let planned = planner.relation(input)?;
    let row = expansion.row.filter(|id| planner.needs.is_whole(*id));
    let Planned { plan, order } = numbered(planner, planned, row.is_some())?;
    let limit = match &expansion.limit {
        Some(limit) => Some(take::count(planner, limit)?),
        None => None,
    };
    let mut kept: Vec<String> =
        planner.needs.items(input).into_iter().map(|item| item.name).collect();
    kept.extend(order.iter().map(|key| key.column.clone()));
    let kept_columns = || kept.iter().map(|name| column(name));
    let mut columns: Vec<_> = kept_columns().collect();
    let mut lists = Vec::with_capacity(expansion.items.len());
    for item in &expansion.items {
        let list = planner.hidden("list");
        let value = planner.value(&item.value)?;
        columns.push(elements::list(value, item.pairs, limit).alias(&list));
        lists.push(list);
    }
    let position = planner.hidden(ITEM);
    let list_columns = || lists.iter().map(|name| column(name));
    let positions = elements::positions(list_columns().collect(), expansion.keep_empty);
    let with_position = kept_columns().chain(list_columns()).chain([positions.alias(&position)]);
    let unnested = lists.iter().chain([&position]).map(Column::new_unqualified);
    let mut outputs: Vec<_> = kept_columns().chain([column(&position)]).collect();
    for (item, list) in expansion.items.iter().zip(&lists) {
        if planner.needs.is_whole(item.id) {
            let value = elements::converted(column(list), item.ty)?;
            outputs.push(value.alias(planner.needs.name(item.id)));
        }
    }
    if let Some(id) = expansion.index.filter(|id| planner.needs.is_whole(*id)) {
        outputs.push(column(&position).alias(planner.needs.name(id)));
    }
    if let (Some(id), Some(key)) = (row, order.first()) {
        let number = cast(column(&key.column), DataType::Int64);
        outputs.push(number.alias(planner.needs.name(id)));
    }
    let plan = LogicalPlanBuilder::new(plan)
        .project(columns)
        .and_then(|builder| builder.project(with_position.collect::<Vec<_>>()))
        .and_then(|builder| {
            builder.unnest_columns_with_options(unnested.collect(), UnnestOptions::default())
        })
        .and_then(|builder| builder.project(outputs))
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    let mut order = order;
    order.push(OrderKey::ascending(position));
    Ok(Planned { plan, order })
}

/// The rows ordered by columns no two of them share; by a single number when `alone`.
fn numbered(planner: &Planner<'_>, planned: Planned, alone: bool) -> Result<Planned, Error> {
    let Planned { plan, order } = planned;
    let is_number = |key: &OrderKey| [ROW, ANY_ROW].iter().any(|name| is_made_for(key, name));
    let is_total = match order.as_slice() {
        [] => false,
        [first, rest @ ..] => is_number(first) && rest.iter().all(|key| is_made_for(key, ITEM)),
    };
    if is_total && (order.len() == 1 || !alone) {
        return Ok(Planned { plan, order });
    }
    let is_any = order.first().is_none_or(is_any_order);
    let number = planner.hidden(if is_any { ANY_ROW } else { ROW });
    let mut call = row_number();
    if !order.is_empty() {
        call =
            call.order_by(order.iter().map(OrderKey::sort).collect()).build().map_err(internal)?;
    }
    let plan = LogicalPlanBuilder::new(plan)
        .window([call.alias(&number)])
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    Ok(Planned { plan, order: vec![OrderKey::ascending(number)] })
}
