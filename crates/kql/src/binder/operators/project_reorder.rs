//! `project-reorder`: the named columns first; wildcards may be sorted by name.

use std::cmp::Ordering;

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
                let name = |i: &usize| input.columns[*i].name.as_str();
                let granny = self.word_after(key).starts_with("granny");
                found.sort_by(|a, b| match granny {
                    true => natural(name(a), name(b)),
                    false => name(a).cmp(name(b)),
                });
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

    /// The text right after a key: the tree does not tell `granny-asc` from `asc`.
    fn word_after(&self, key: &SortKey) -> &str {
        self.text.get(key.value.span.end..).unwrap_or("").trim_start()
    }
}

/// Order by name in which runs of digits compare as numbers: `a2` before `a10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (x, y) = (digits(a), digits(b));
        if x > 0 && y > 0 {
            let (left, right) = (a[..x].trim_start_matches('0'), b[..y].trim_start_matches('0'));
            let order = left.len().cmp(&right.len()).then(left.cmp(right));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[x..], &b[y..]);
            continue;
        }
        let (mut left, mut right) = (a.chars(), b.chars());
        match (left.next(), right.next()) {
            (Some(p), Some(q)) if p == q => (a, b) = (left.as_str(), right.as_str()),
            (p, q) => return p.cmp(&q),
        }
    }
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}
