//! `sample n` and `sample-distinct n of c`: rows and values by chance.

use model::Type;

use super::super::Binder;
use super::super::expressions::{call, column_ref};
use super::super::scope::unwrap;
use super::sort::sorted;
use crate::bound::{Relation, RelationKind, SortKey};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, ExprKind};

impl Binder<'_> {
    /// The first rows of a random order.
    pub(super) fn sample(&mut self, input: Relation, count: &Expr, span: Span) -> Option<Relation> {
        let value = call("rand", Vec::new(), Type::Real, span);
        let key = SortKey { value, descending: false, nulls_first: true };
        self.take(sorted(input, vec![key], span), count, span)
    }

    pub(super) fn sample_distinct(
        &mut self,
        input: Relation,
        count: &Expr,
        of: &Expr,
        span: Span,
    ) -> Option<Relation> {
        let ExprKind::Name(name) = &unwrap(of).kind else {
            let message = "`sample-distinct` takes the name of a column";
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, of.span, message)
                    .help("compute it first: `extend c = …`"),
            );
        };
        let column = self.find_column(&input.columns, name)?;
        let value = column_ref(&column, name.span);
        self.refuse_dynamic(&value, "`sample-distinct`")?;
        let key = self.column(column.name, column.ty);
        let keys = vec![(key.id, value)];
        let kind = RelationKind::Summarize { input: Box::new(input), keys, aggregates: Vec::new() };
        self.take(Relation { kind, columns: vec![key], span }, count, span)
    }
}
