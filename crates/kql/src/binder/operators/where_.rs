//! `where`: keeps the rows whose predicate is true (spec kql.md §3.9, §6).

use model::Type;

use super::super::Binder;
use super::super::relations::filter;
use crate::bound::Relation;
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
        if predicate.ty != Type::Bool {
            let message = format!("`where` needs bool, not {}", predicate.ty);
            let help = match predicate.ty {
                Type::String | Type::Dynamic => "compare it, or convert it with `tobool(…)`",
                _ => "compare it with something",
            };
            let finding = Diagnostic::new(codes::WRONG_TYPE, predicate.span, message).help(help);
            let _: Option<()> = self.report(finding);
            return Some(input);
        }
        let columns = input.columns.len();
        let input = self.windowed(input);
        self.unwindowed(filter(input, predicate, span), columns)
    }
}
