//! `take n`: any n rows, the first n after a `sort`.

use model::Type;

use super::super::Binder;
use crate::bound::{Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::Expr;

impl Binder<'_> {
    pub(super) fn take(&mut self, input: Relation, count: &Expr, span: Span) -> Option<Relation> {
        let Some(count) = self.constant(count, Type::Long, "the number of rows") else {
            return Some(input);
        };
        let columns = input.columns.clone();
        let kind = RelationKind::Take { input: Box::new(input), count, per: Vec::new() };
        Some(Relation { kind, columns, span })
    }
}
