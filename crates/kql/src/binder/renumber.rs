//! A copy of a relation with column numbers of its own, so that a `let` table can be used twice.

use std::collections::HashMap;

use crate::bound::{ColumnId, Expansion, Expr, ExprKind, PathStep, Relation, RelationKind};
use crate::diagnostic::Span;

use super::Binder;

impl Binder<'_> {
    /// The relation with fresh column numbers; `None` when the query grows too large.
    pub(super) fn fresh(&mut self, relation: &Relation, span: Span) -> Option<Relation> {
        let mut copy = relation.clone();
        let mut size = 0;
        let mut map: HashMap<ColumnId, ColumnId> = HashMap::new();
        let mut next = self.next_column;
        visit_relation(&mut copy, &mut |id| {
            size += 1;
            *id = *map.entry(*id).or_insert_with(|| {
                next += 1;
                ColumnId(next)
            });
        });
        self.next_column = next;
        self.spend(size, span)?;
        let poisoned: Vec<ColumnId> = map
            .iter()
            .filter(|(old, _)| self.poisoned.contains(old))
            .map(|(_, new)| *new)
            .collect();
        self.poisoned.extend(poisoned);
        Some(copy)
    }
}

/// Calls `visit` with every column number in the relation.
pub(super) fn visit_relation(relation: &mut Relation, visit: &mut dyn FnMut(&mut ColumnId)) {
    for column in &mut relation.columns {
        visit(&mut column.id);
    }
    match &mut relation.kind {
        // What is shared keeps its own numbers: it is the same table at every use.
        RelationKind::Scan { .. }
        | RelationKind::Values { .. }
        | RelationKind::Rows { .. }
        | RelationKind::Shared { .. } => {}
        RelationKind::Range { from, to, step } => {
            [from, to, step].into_iter().for_each(|expr| visit_expr(expr, visit));
        }
        RelationKind::Where { input, predicate } => {
            visit_relation(input, visit);
            visit_expr(predicate, visit);
        }
        RelationKind::Project { input, expressions } => {
            visit_relation(input, visit);
            visit_named(expressions, visit);
        }
        RelationKind::Summarize { input, keys, aggregates } => {
            visit_relation(input, visit);
            visit_named(keys, visit);
            for aggregate in aggregates {
                aggregate.outputs.iter_mut().for_each(|(id, _)| visit(id));
                aggregate.args.iter_mut().for_each(|arg| visit_expr(arg, visit));
                aggregate.filter.iter_mut().for_each(&mut *visit);
            }
        }
        RelationKind::Sort { input, keys } => {
            visit_relation(input, visit);
            keys.iter_mut().for_each(|key| visit_expr(&mut key.value, visit));
        }
        RelationKind::Take { input, count, per } => {
            visit_relation(input, visit);
            visit_expr(count, visit);
            per.iter_mut().for_each(visit);
        }
        RelationKind::Union { inputs } => {
            for (input, columns) in inputs {
                visit_relation(input, visit);
                columns.iter_mut().flatten().for_each(&mut *visit);
            }
        }
        RelationKind::Join { left, right, keys, .. } => {
            visit_relation(left, visit);
            visit_relation(right, visit);
            for (left, right) in keys {
                visit(left);
                visit(right);
            }
        }
        RelationKind::Serialize { input } => visit_relation(input, visit),
        RelationKind::Window { .. }
        | RelationKind::Steps { .. }
        | RelationKind::MvExpand { .. } => visit_ordered(relation, visit),
    }
}

/// The operators that number or repeat rows.
fn visit_ordered(relation: &mut Relation, visit: &mut dyn FnMut(&mut ColumnId)) {
    match &mut relation.kind {
        RelationKind::Window { input, calls, partition } => {
            visit_relation(input, visit);
            for (id, call) in calls {
                visit(id);
                call.args.iter_mut().for_each(|arg| visit_expr(arg, visit));
            }
            partition.iter_mut().for_each(visit);
        }
        RelationKind::MvExpand { input, expansion } => {
            visit_relation(input, visit);
            visit_expansion(expansion, visit);
        }
        _ => visit_steps(relation, visit),
    }
}

fn visit_steps(relation: &mut Relation, visit: &mut dyn FnMut(&mut ColumnId)) {
    let RelationKind::Steps { input, declared, steps, state, match_id, partition } =
        &mut relation.kind
    else {
        return;
    };
    visit_relation(input, visit);
    visit_named(declared, visit);
    for step in steps {
        visit_expr(&mut step.condition, visit);
        visit_named(&mut step.assignments, visit);
    }
    for value in state {
        visit(&mut value.id);
        visit(&mut value.of);
    }
    match_id.iter_mut().chain(partition).for_each(visit);
}

fn visit_expansion(expansion: &mut Expansion, visit: &mut dyn FnMut(&mut ColumnId)) {
    for item in &mut expansion.items {
        visit(&mut item.id);
        visit_expr(&mut item.value, visit);
    }
    expansion.limit.iter_mut().for_each(|limit| visit_expr(limit, visit));
    expansion.index.iter_mut().chain(&mut expansion.row).for_each(visit);
}

fn visit_named(list: &mut [(ColumnId, Expr)], visit: &mut dyn FnMut(&mut ColumnId)) {
    for (id, expr) in list {
        visit(id);
        visit_expr(expr, visit);
    }
}

/// Calls `visit` with every column number in the expression.
pub(super) fn visit_expr(expr: &mut Expr, visit: &mut dyn FnMut(&mut ColumnId)) {
    match &mut expr.kind {
        ExprKind::Column(id) => visit(id),
        ExprKind::Literal(_) => {}
        ExprKind::Call { args, .. } => args.iter_mut().for_each(|arg| visit_expr(arg, visit)),
        ExprKind::Path { base, step } => {
            visit_expr(base, visit);
            if let PathStep::Computed(index) = step.as_mut() {
                visit_expr(index, visit);
            }
        }
        ExprKind::ToScalar(relation) => visit_relation(relation, visit),
        ExprKind::InRelation { value, relation, .. } => {
            visit_expr(value, visit);
            visit_relation(relation, visit);
        }
    }
}
