//! `where`: keeps the rows whose predicate is true (spec kql.md §3.9, §6).

use model::Type;

use super::super::Binder;
use super::super::relations::filter;
use crate::bound::{self, ExprKind, Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::Expr;

impl Binder<'_> {
    pub(super) fn where_(
        &mut self,
        input: Relation,
        predicate: &Expr,
        span: Span,
    ) -> Option<Relation> {
        let Some(predicate) = self.scalar(predicate, &input.columns) else { return Some(input) };
        match needs_bool("where", &predicate) {
            Some(finding) => {
                let _: Option<()> = self.report(finding);
                Some(input)
            }
            None => {
                let columns = input.columns.len();
                let input = self.windowed(input);
                self.unwindowed(filter(input, predicate, span), columns)
            }
        }
    }
}

/// What is wrong with a predicate that is no bool.
pub(super) fn needs_bool(operator: &str, predicate: &bound::Expr) -> Option<Diagnostic> {
    if predicate.ty == Type::Bool {
        return None;
    }
    let message = format!("`{operator}` needs bool, not {}", predicate.ty);
    let help = match (&predicate.kind, predicate.ty) {
        (ExprKind::Literal(Literal::String { .. }), _) => {
            "`where * has \"text\"` looks for a text in every column"
        }
        (_, Type::String | Type::Dynamic) => "compare it, or convert it with `tobool(…)`",
        _ => "compare it with something",
    };
    Some(Diagnostic::new(codes::WRONG_TYPE, predicate.span, message).help(help))
}
