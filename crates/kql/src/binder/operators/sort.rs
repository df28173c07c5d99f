//! `sort by`: descending unless told otherwise; nulls count as smallest (spec kql.md §6).

use super::super::Binder;
use crate::bound::{Relation, RelationKind, SortKey};
use crate::diagnostic::Span;
use crate::syntax;

impl Binder<'_> {
    pub(super) fn sort(
        &mut self,
        input: Relation,
        keys: &[syntax::SortKey],
        span: Span,
    ) -> Option<Relation> {
        let bound: Vec<Option<SortKey>> =
            keys.iter().map(|key| self.sort_key(&input, key)).collect();
        let Some(keys) = bound.into_iter().collect::<Option<Vec<SortKey>>>() else {
            return Some(input);
        };
        let columns = input.columns.len();
        let input = self.windowed(input);
        self.unwindowed(sorted(input, keys, span), columns)
    }

    pub(super) fn sort_key(&mut self, input: &Relation, key: &syntax::SortKey) -> Option<SortKey> {
        let value = self.scalar(&key.value, &input.columns)?;
        self.refuse_dynamic(&value, "`sort by`")?;
        let descending = key.descending.unwrap_or(true);
        let nulls_first = key.nulls_first.unwrap_or(!descending);
        Some(SortKey { value, descending, nulls_first })
    }
}

pub(in super::super) fn sorted(input: Relation, keys: Vec<SortKey>, span: Span) -> Relation {
    let columns = input.columns.clone();
    Relation { kind: RelationKind::Sort { input: Box::new(input), keys }, columns, span }
}
