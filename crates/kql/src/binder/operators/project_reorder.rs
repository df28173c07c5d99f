//! `project-reorder`: the named columns first; wildcards may be sorted by name.

use std::cmp::Ordering;

use super::super::Binder;
use crate::bound::Relation;
use crate::diagnostic::Span;
use crate::syntax::ReorderKey;

impl Binder<'_> {
    pub(super) fn project_reorder(
        &mut self,
        input: Relation,
        keys: &[ReorderKey],
        span: Span,
    ) -> Option<Relation> {
        let mut order: Vec<usize> = Vec::with_capacity(input.columns.len());
        for key in keys {
            let mut found = self.matching(&input.columns, &key.column)?;
            found.retain(|i| !order.contains(i));
            if let Some(descending) = key.descending {
                found.sort_by(|&a, &b| {
                    let (a, b) = (&input.columns[a].name, &input.columns[b].name);
                    let order = if key.numbers { by_numbers(a, b) } else { a.cmp(b) };
                    if descending { order.reverse() } else { order }
                });
            }
            order.extend(found);
        }
        let rest: Vec<usize> = (0..input.columns.len()).filter(|i| !order.contains(i)).collect();
        order.extend(rest);
        self.pick(input, &order, span)
    }
}

/// The order in which runs of digits count as numbers: `a2` before `a10`.
fn by_numbers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, y) = match (a.chars().next(), b.chars().next()) {
            (Some(x), Some(y)) => (x, y),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        let (left, right) = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (digits(a), digits(b));
            // Without zeros in front the longer number is the larger one.
            let (m, n) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => {}
                other => return other,
            }
            (left.len(), right.len())
        } else if x == y {
            (x.len_utf8(), y.len_utf8())
        } else {
            return x.cmp(&y);
        };
        a = a.get(left..).unwrap_or_default();
        b = b.get(right..).unwrap_or_default();
    }
}

/// The digits a text starts with.
fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}
