//! Tables that are computed once per query: `materialize(T)` and tables inside expressions.

use std::sync::Arc;

use crate::bound::{Aggregate, Column, Expr, ExprKind, JoinKind, PathStep, Relation};
use crate::bound::{RelationKind, SharedTable};

use super::Binder;

/// Aggregates whose value does not depend on the order of rows.
const ORDERLESS: &[&str] = &[
    "count",
    "countif",
    "sum",
    "sumif",
    "avg",
    "avgif",
    "min",
    "minif",
    "max",
    "maxif",
    "dcount",
    "dcountif",
    "count_distinct",
    "count_distinctif",
    "stdev",
    "stdevif",
    "variance",
    "varianceif",
];

impl Binder<'_> {
    /// A first use of the relation as a table that is computed once.
    pub(super) fn shared(&mut self, relation: Relation) -> Relation {
        if matches!(relation.kind, RelationKind::Shared { .. }) {
            return relation;
        }
        let mut columns: Vec<Column> = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            let copy = Column { id: self.fresh_id(), ..column.clone() };
            if self.poisoned.contains(&column.id) {
                self.poisoned.insert(copy.id);
            }
            columns.push(copy);
        }
        self.shared_tables += 1;
        let span = relation.span;
        let table = Arc::new(SharedTable { number: self.shared_tables, relation });
        Relation { kind: RelationKind::Shared { table }, columns, span }
    }

    /// The relation, shared unless it gives the same rows every time it is computed.
    pub(super) fn repeatable(&mut self, relation: Relation) -> Relation {
        if is_repeatable(&relation) { relation } else { self.shared(relation) }
    }
}

/// Whether computing the relation again over the same snapshot certainly gives the same rows, in
/// whatever order. Rows that depend on an order may differ: threads race.
fn is_repeatable(relation: &Relation) -> bool {
    match &relation.kind {
        // The rows of a group are made repeatable where all groups stand.
        RelationKind::Scan { .. }
        | RelationKind::Values { .. }
        | RelationKind::Shared { .. }
        | RelationKind::Rows { .. } => true,
        RelationKind::Range { from, to, step } => [from, to, step].into_iter().all(is_constant),
        RelationKind::Where { input, predicate } => is_repeatable(input) && is_constant(predicate),
        RelationKind::Project { input, expressions } => {
            is_repeatable(input) && expressions.iter().all(|(_, e)| is_constant(e))
        }
        RelationKind::Sort { input, .. } | RelationKind::Serialize { input } => {
            is_repeatable(input)
        }
        RelationKind::Summarize { input, keys, aggregates } => {
            let is_orderless = |aggregate: &Aggregate| {
                ORDERLESS.contains(&aggregate.function) && aggregate.args.iter().all(is_constant)
            };
            is_repeatable(input)
                && keys.iter().all(|(_, key)| is_constant(key))
                && aggregates.iter().all(is_orderless)
        }
        RelationKind::Union { inputs } => inputs.iter().all(|(input, _)| is_repeatable(input)),
        RelationKind::Join { kind, left, right, .. } => {
            *kind != JoinKind::InnerUnique && is_repeatable(left) && is_repeatable(right)
        }
        _ => false,
    }
}

/// Whether the expression gives the same value whenever it is computed for the same row.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        // Tables inside expressions are shared.
        ExprKind::Column(_) | ExprKind::Literal(_) | ExprKind::ToScalar(_) => true,
        ExprKind::Call { function, args } => {
            !matches!(*function, "rand" | "new_guid") && args.iter().all(is_constant)
        }
        ExprKind::Path { base, step } => {
            let is_step = match step.as_ref() {
                PathStep::Computed(index) => is_constant(index),
                PathStep::Key(_) | PathStep::Index(_) => true,
            };
            is_step && is_constant(base)
        }
        ExprKind::InRelation { value, .. } => is_constant(value),
    }
}
