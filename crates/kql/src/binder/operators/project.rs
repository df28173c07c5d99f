//! `project`: exactly these columns, in this order (spec kql.md §6, §7).

use super::super::Binder;
use super::super::names::Names;
use super::super::tuples::Rest;
use crate::bound::{Column, Relation};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, ExprKind, Name, NamedExpr, Pipeline};

impl Binder<'_> {
    pub(super) fn project(
        &mut self,
        input: Relation,
        items: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        let mut names = self.names();
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            if let Some(outputs) = self.several_outputs(item, &input.columns, Rest::Kept) {
                for (name, value) in outputs {
                    list.push((self.output_name(name, &mut names)?, value));
                }
                continue;
            }
            let value = self.scalar(&item.value, &input.columns);
            list.push((self.item_name(item, &input.columns, &mut names)?, value));
        }
        self.projection_of(input, list, span)
    }

    /// The name of a column of `project` or `by`: written, a bare column's, or derived.
    pub(super) fn item_name(
        &mut self,
        item: &NamedExpr,
        row: &[Column],
        names: &mut Names,
    ) -> Option<String> {
        let written = match item.names.as_slice() {
            [] => bare_name(&item.value),
            [name] => Some(name),
            [_, second, ..] => {
                let message = "the expression yields one column";
                return self.error(codes::NOT_ALLOWED, second.span, message);
            }
        };
        match written {
            Some(name) => match names.written(&name.text) {
                Some(taken) => Some(taken),
                None => self.named_twice(name),
            },
            None => Some(names.derived(self.default_name(&item.value, row).as_deref())),
        }
    }
}

/// The name, when the expression is nothing but a name.
pub(super) fn bare_name(expr: &Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Pipeline(Pipeline { source: Some(source), operators })
            if operators.is_empty() =>
        {
            bare_name(source)
        }
        _ => None,
    }
}
