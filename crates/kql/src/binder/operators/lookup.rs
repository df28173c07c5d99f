//! `lookup`: a join that extends the left rows; the right keys are dropped (spec kql.md §6).

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::names::right_names;
use super::join::{joined, name_apart};
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
        name_apart(&mut columns, sides.left.columns.len());
        let joined = joined(sides, kind, columns, span);
        let is_key = |name: &str| keys.iter().any(|key| key.right.text == name);
        let kept = right_columns.iter().filter(|c| !is_key(&c.name));
        let kept: Vec<_> = kept.collect();
        let left_names: Vec<&str> = left_columns.iter().map(|c| c.name.as_str()).collect();
        let kept_names: Vec<&str> = kept.iter().map(|c| c.name.as_str()).collect();
        let right_list = right_names(&left_names, &kept_names);
        let right_list = right_list.into_iter().zip(kept).map(|(n, c)| (n, column_ref(c, span)));
        let left_list = left_columns.iter().map(|c| (c.name.clone(), column_ref(c, span)));
        let list = left_list.chain(right_list).collect();
        self.projection(joined, list, span)
    }
}
