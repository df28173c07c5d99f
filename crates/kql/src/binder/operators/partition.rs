//! `partition by c (sub-query)`: a sub-query over the rows of each value of a column
//! (spec kql.md §6).
//!
//! It runs over all groups at once, its operators keeping them apart
//! ([`threads`](super::super::threads)).

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::threads::Groups;
use super::super::windows::is_serialized;
use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, ExprKind, Name};

impl Binder<'_> {
    pub(super) fn partition(
        &mut self,
        input: Relation,
        by: &Name,
        subquery: &Expr,
        span: Span,
    ) -> Option<Relation> {
        if matches!(subquery.kind, ExprKind::Parenthesized(_)) {
            let message = "`partition … { … }` is not supported";
            return self.report(
                Diagnostic::new(codes::NOT_SUPPORTED, subquery.span, message).help(
                    "put operators into parentheses: `partition by c (top 1 by x)`, or `join` \
                     the other table",
                ),
            );
        }
        let column = self.find_column(&input.columns, by)?;
        self.refuse_dynamic(&column_ref(&column, by.span), "`partition by`")?;
        let group = self.group(&input);
        let serialized = is_serialized(&input);
        let result = self.over_rows(subquery, (group, serialized), &input.columns, span)?;
        let mut list: Vec<_> =
            input.columns.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        list.push((self.hidden_column(column.ty).name, column_ref(&column, span)));
        let source = self.projection(input, list, span)?;
        let groups = Groups { operator: "partition", number: group, source, keys: 1 };
        let list = result.columns.iter().map(|c| (c.name.clone(), column_ref(c, span)));
        let list = list.collect();
        let (threaded, _) = self.threaded(result, groups, span)?;
        self.projection(threaded, list, span)
    }
}
