//! `join` and `lookup`: rows of two relations brought together by equal keys, null keys included.

use datafusion::common::{Column, JoinType, NullEquality, ScalarValue};
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::first_value;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, lit};
use kql::bound::{ColumnId, JoinKind, Relation};
use model::Type;

use crate::error::Error;
use crate::plan::needs::Need;
use crate::plan::{OrderKey, Planned, Planner, column, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    relation: &Relation,
    kind: JoinKind,
    (left, right): (&Relation, &Relation),
    keys: &[(ColumnId, ColumnId)],
) -> Result<Planned, Error> {
    let left_keys: Vec<ColumnId> = keys.iter().map(|(left, _)| *left).collect();
    let left_plan = planner.relation(left)?;
    let left_plan = match kind {
        JoinKind::InnerUnique => first_rows(planner, left, left_plan, &left_keys)?,
        _ => left_plan.plan,
    };
    let right_plan = planner.relation(right)?.plan;
    let name = |id: &ColumnId| Column::new_unqualified(planner.needs.name(*id));
    let left_on: Vec<Column> = keys.iter().map(|(left, _)| name(left)).collect();
    let right_on: Vec<Column> = keys.iter().map(|(_, right)| name(right)).collect();
    let (join_type, gaps) = join_type(kind);
    let joined = LogicalPlanBuilder::new(left_plan).join_detailed(
        right_plan,
        join_type,
        (left_on, right_on),
        None,
        NullEquality::NullEqualsNull,
    );
    // A string is never null: rows without a partner show '' (spec kql.md §3 rule 1).
    let has_gaps = |id: ColumnId| {
        let side = if left.columns.iter().any(|c| c.id == id) { 0 } else { 1 };
        gaps[side]
    };
    let columns = planner.needs.items(relation).into_iter().map(|item| match item.need {
        Need::Column(id) if item.ty == Type::String && has_gaps(id) => {
            let empty = lit(ScalarValue::Utf8View(Some(String::new())));
            coalesce(vec![column(&item.name), empty]).alias(item.name)
        }
        _ => column(&item.name),
    });
    let columns: Vec<_> = columns.collect();
    let plan = joined.and_then(|b| b.project(columns)).and_then(LogicalPlanBuilder::build);
    Ok(Planned { plan: plan.map_err(internal)?, order: Vec::new() })
}

/// DataFusion's join, and whether the left and the right columns may lack a row.
fn join_type(kind: JoinKind) -> (JoinType, [bool; 2]) {
    match kind {
        JoinKind::InnerUnique | JoinKind::Inner => (JoinType::Inner, [false, false]),
        JoinKind::LeftOuter => (JoinType::Left, [false, true]),
        JoinKind::RightOuter => (JoinType::Right, [true, false]),
        JoinKind::FullOuter => (JoinType::Full, [true, true]),
        JoinKind::LeftSemi => (JoinType::LeftSemi, [false, false]),
        JoinKind::RightSemi => (JoinType::RightSemi, [false, false]),
        JoinKind::LeftAnti => (JoinType::LeftAnti, [false, false]),
        JoinKind::RightAnti => (JoinType::RightAnti, [false, false]),
    }
}

/// The first row of each key: what `innerunique` keeps of its left side.
fn first_rows(
    planner: &Planner<'_>,
    relation: &Relation,
    planned: Planned,
    keys: &[ColumnId],
) -> Result<LogicalPlan, Error> {
    let order: Vec<_> = planned.order.iter().map(OrderKey::sort).collect();
    let mut groups = Vec::new();
    let mut firsts = Vec::new();
    for item in planner.needs.items(relation) {
        match item.need {
            Need::Column(id) if keys.contains(&id) => groups.push(column(&item.name)),
            _ => firsts.push(first_value(column(&item.name), order.clone()).alias(&item.name)),
        }
    }
    LogicalPlanBuilder::new(planned.plan)
        .aggregate(groups, firsts)
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)
}
