//! `serialize`: marks the current order as meaningful; may add columns like `extend`.

use super::super::Binder;
use crate::bound::{Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::NamedExpr;

impl Binder<'_> {
    pub(super) fn serialize(
        &mut self,
        input: Relation,
        items: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        let columns = input.columns.clone();
        let kind = RelationKind::Serialize { input: Box::new(input) };
        let serialized = Relation { kind, columns, span };
        if items.is_empty() {
            return Some(serialized);
        }
        self.rely_on_order();
        self.extend(serialized, items, span)
    }
}
