//! `count`: one row, one column `Count`.

use model::Type;

use super::super::Binder;
use crate::bound::{Aggregate, Relation, RelationKind};
use crate::diagnostic::Span;

impl Binder<'_> {
    pub(super) fn count(&mut self, input: Relation, span: Span) -> Relation {
        let column = self.column("Count", Type::Long);
        let outputs = vec![(column.id, Type::Long)];
        let aggregates =
            vec![Aggregate { function: "count", args: Vec::new(), outputs, filter: None, span }];
        let kind = RelationKind::Summarize { input: Box::new(input), keys: Vec::new(), aggregates };
        Relation { kind, columns: vec![column], span }
    }
}
