//! `lookup`: a join that extends the left rows; the right keys are dropped (spec kql.md §6).

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::names::Names;
use super::join::joined;
use crate::bound::{JoinKind, Relation};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, JoinKey};

impl Binder<'_> {
    pub(super) fn lookup_join(
        &mut self,
        left: Relation,
        kind: Option<(JoinKind, Span)>,
        right: &Expr,
        keys: &[JoinKey],
        span: Span,
    ) -> Option<Relation> {
        let kind = match kind {
            None => JoinKind::LeftOuter,
            Some((kind @ (JoinKind::LeftOuter | JoinKind::Inner), _)) => kind,
            Some((_, place)) => {
                let message = "`lookup` knows the kinds `leftouter` and `inner` only";
                return self.error(codes::NOT_ALLOWED, place, message);
            }
        };
        let right = self.subquery(right)?;
        let left_columns = left.columns.clone();
        let right_columns = right.columns.clone();
        let sides = self.join_sides(left, right, keys, span)?;
        let mut columns: Vec<_> =
            sides.left.columns.iter().chain(&sides.right.columns).cloned().collect();
        let mut unique = Names::default();
        for column in &mut columns {
            column.name = unique.derived(Some(&column.name));
        }
        let joined = joined(sides, kind, columns, span);
        let is_key = |name: &str| keys.iter().any(|key| key.right.text == name);
        let kept = right_columns.iter().filter(|c| !is_key(&c.name));
        let mut names = Names::default();
        let list = left_columns
            .iter()
            .chain(kept)
            .map(|c| (names.derived(Some(&c.name)), column_ref(c, span)))
            .collect();
        self.projection(joined, list, span)
    }
}
