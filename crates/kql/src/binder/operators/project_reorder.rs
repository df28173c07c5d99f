//! `project-reorder`: the named columns first; wildcards may be sorted by name.

use super::super::Binder;
use crate::bound::Relation;
use crate::diagnostic::Span;
use crate::syntax::SortKey;

impl Binder<'_> {
    pub(super) fn project_reorder(
        &mut self,
        input: Relation,
        keys: &[SortKey],
        span: Span,
    ) -> Option<Relation> {
        let mut order: Vec<usize> = Vec::with_capacity(input.columns.len());
        for key in keys {
            let mut found = self.matching(&input.columns, &key.value)?;
            found.retain(|i| !order.contains(i));
            if let Some(descending) = key.descending {
                found.sort_by(|&a, &b| input.columns[a].name.cmp(&input.columns[b].name));
                if descending {
                    found.reverse();
                }
            }
            order.extend(found);
        }
        let rest: Vec<usize> = (0..input.columns.len()).filter(|i| !order.contains(i)).collect();
        order.extend(rest);
        self.pick(input, &order, span)
    }
}
