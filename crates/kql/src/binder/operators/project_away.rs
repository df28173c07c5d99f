//! `project-away` and `project-keep`: columns by name or wildcard, in input order.

use super::super::Binder;
use super::super::scope::unwrap;
use crate::bound::{Column, Relation};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, ExprKind};

impl Binder<'_> {
    pub(super) fn project_away(
        &mut self,
        input: Relation,
        names: &[Expr],
        span: Span,
    ) -> Option<Relation> {
        let chosen = self.chosen(&input.columns, names)?;
        let rest: Vec<usize> = (0..input.columns.len()).filter(|i| !chosen.contains(i)).collect();
        self.pick(input, &rest, span)
    }

    pub(super) fn project_keep(
        &mut self,
        input: Relation,
        names: &[Expr],
        span: Span,
    ) -> Option<Relation> {
        let chosen = self.chosen(&input.columns, names)?;
        self.pick(input, &chosen, span)
    }

    /// Positions of the columns that any of the names and wildcards means, once each, in order.
    fn chosen(&mut self, columns: &[Column], names: &[Expr]) -> Option<Vec<usize>> {
        let mut chosen = Vec::new();
        let mut complete = true;
        for name in names {
            match self.matching(columns, name) {
                Some(found) => chosen.extend(found),
                None => complete = false,
            }
        }
        chosen.sort_unstable();
        chosen.dedup();
        complete.then_some(chosen)
    }

    /// Positions of the columns a name or wildcard means.
    pub(super) fn matching(&mut self, columns: &[Column], name: &Expr) -> Option<Vec<usize>> {
        match &unwrap(name).kind {
            ExprKind::Wildcard(pattern) => {
                let found = columns.iter().enumerate();
                Some(found.filter(|(_, c)| wildcard(pattern, &c.name)).map(|(i, _)| i).collect())
            }
            ExprKind::Name(name) => match columns.iter().position(|c| c.name == name.text) {
                Some(position) => Some(vec![position]),
                None => self.unknown_column(name, columns),
            },
            _ => self.error(codes::NOT_ALLOWED, name.span, "the name of a column is expected"),
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any text.
pub(super) fn wildcard(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}
