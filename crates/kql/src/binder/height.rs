//! How deep a bound tree is: whoever walks it may recurse, so its height is limited here.

use crate::bound::{Expr, ExprKind, PathStep, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};

use super::Binder;

/// Highest bound tree, operators and expressions counted together.
const HEIGHT_MAX: usize = 300;

impl Binder<'_> {
    pub(super) fn check_height(&mut self, relation: &Relation, span: Span) -> Option<()> {
        self.check(relation_height(relation), span)
    }

    pub(super) fn check_expr_height(&mut self, expr: &Expr) -> Option<()> {
        self.check(expr_height(expr), expr.span)
    }

    fn check(&mut self, height: usize, span: Span) -> Option<()> {
        if height <= HEIGHT_MAX {
            return Some(());
        }
        let message = format!("operators and expressions nest deeper than {HEIGHT_MAX} levels");
        self.report(
            Diagnostic::new(codes::NESTS_TOO_DEEP, span, message)
                .help("tables and values of `let` count where they are used"),
        )
    }
}

fn highest<'a>(exprs: impl IntoIterator<Item = &'a Expr>) -> usize {
    exprs.into_iter().map(expr_height).max().unwrap_or(0)
}

fn relation_height(relation: &Relation) -> usize {
    1 + match &relation.kind {
        RelationKind::Scan { .. } | RelationKind::Values { .. } | RelationKind::Rows { .. } => 0,
        RelationKind::Shared { table } => relation_height(&table.relation),
        RelationKind::Range { from, to, step } => highest([from, to, step]),
        RelationKind::Where { input, predicate: expr }
        | RelationKind::Take { input, count: expr, .. } => {
            relation_height(input).max(expr_height(expr))
        }
        RelationKind::Project { input, expressions } => {
            relation_height(input).max(highest(expressions.iter().map(|(_, e)| e)))
        }
        RelationKind::Summarize { input, keys, aggregates } => {
            let args = aggregates.iter().flat_map(|a| &a.args);
            relation_height(input).max(highest(keys.iter().map(|(_, e)| e).chain(args)))
        }
        RelationKind::Sort { input, keys } => {
            relation_height(input).max(highest(keys.iter().map(|key| &key.value)))
        }
        RelationKind::Union { inputs } => {
            inputs.iter().map(|(input, _)| relation_height(input)).max().unwrap_or(0)
        }
        RelationKind::Join { left, right, .. } => relation_height(left).max(relation_height(right)),
        RelationKind::Serialize { input } => relation_height(input),
        RelationKind::Window { input, calls, .. } => {
            relation_height(input).max(highest(calls.iter().flat_map(|(_, call)| &call.args)))
        }
        RelationKind::Steps { input, steps, .. } => {
            let values = steps.iter().flat_map(|step| step.assignments.iter().map(|(_, e)| e));
            let conditions = steps.iter().map(|step| &step.condition);
            relation_height(input).max(highest(conditions.chain(values)))
        }
        RelationKind::MvExpand { input, expansion } => {
            let values = expansion.items.iter().map(|item| &item.value);
            relation_height(input).max(highest(values.chain(&expansion.limit)))
        }
    }
}

fn expr_height(expr: &Expr) -> usize {
    1 + match &expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => 0,
        ExprKind::Call { args, .. } => highest(args),
        ExprKind::Path { base, step } => match step.as_ref() {
            PathStep::Computed(index) => highest([base.as_ref(), index]),
            PathStep::Key(_) | PathStep::Index(_) => expr_height(base),
        },
        ExprKind::ToScalar(relation) => relation_height(relation),
        ExprKind::InRelation { value, relation, .. } => {
            expr_height(value).max(relation_height(relation))
        }
    }
}
