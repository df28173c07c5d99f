//! `count`: one row, one column `Count`, or of the name that `as` gives it.

use model::Type;

use super::super::Binder;
use crate::bound::{Aggregate, Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::Name;

impl Binder<'_> {
    pub(super) fn count(&mut self, input: Relation, name: Option<&Name>, span: Span) -> Relation {
        let column = self.column(name.map_or("Count", |n| n.text.as_str()), Type::Long);
        let outputs = vec![(column.id, Type::Long)];
        let aggregates =
            vec![Aggregate { function: "count", args: Vec::new(), outputs, filter: None, span }];
        let kind = RelationKind::Summarize { input: Box::new(input), keys: Vec::new(), aggregates };
        Relation { kind, columns: vec![column], span }
    }
}
