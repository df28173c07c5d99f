//! `top n by key`: `sort` and `take`.

use super::super::Binder;
use super::sort::sorted;
use crate::bound::Relation;
use crate::diagnostic::Span;
use crate::syntax::{Expr, SortKey};

impl Binder<'_> {
    pub(super) fn top(
        &mut self,
        input: Relation,
        count: &Expr,
        key: &SortKey,
        span: Span,
    ) -> Option<Relation> {
        let Some(key) = self.sort_key(&input, key) else { return Some(input) };
        let columns = input.columns.len();
        let input = self.windowed(input);
        let taken = self.take(sorted(input, vec![key], span), count, span)?;
        self.unwindowed(taken, columns)
    }
}
