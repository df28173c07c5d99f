//! `print` and `range`: rows made of expressions.

use model::Type;

use super::super::Binder;
use super::super::coerce::{convert, widest};
use super::super::names::Names;
use super::super::operations::as_literal;
use super::super::tuples::Rest;
use crate::bound::{Expr, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, Name, NamedExpr};

impl Binder<'_> {
    /// One row; unnamed columns are `print_0`, `print_1`, … by position.
    pub(in super::super) fn print(&mut self, items: &[NamedExpr], span: Span) -> Option<Relation> {
        let mut names = Names::default();
        let mut list: Vec<(String, Option<Expr>)> = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            if let Some(outputs) = self.several_outputs(item, &[], Rest::Dropped) {
                for (name, value) in outputs {
                    list.push((self.output_name(name, &mut names)?, value));
                }
                continue;
            }
            let value = self.scalar(&item.value, &[]);
            let name = match item.names.as_slice() {
                [] => names.derived(Some(&format!("print_{i}"))),
                [name] => match names.written(&name.text) {
                    Some(name) => name,
                    None => return self.named_twice(name),
                },
                [_, second, ..] => {
                    let message = "the expression yields one column";
                    return self.error(codes::NOT_ALLOWED, second.span, message);
                }
            };
            list.push((name, value));
        }
        let literals: Option<Vec<Literal>> =
            list.iter().map(|(_, value)| as_literal(value.as_ref()?).cloned()).collect();
        if let Some(row) = literals {
            let columns =
                list.into_iter().filter_map(|(n, v)| Some(self.column(n, v?.ty))).collect();
            return Some(Relation {
                kind: RelationKind::Values { rows: vec![row] },
                columns,
                span,
            });
        }
        // One row without columns carries the expressions.
        let kind = RelationKind::Values { rows: vec![Vec::new()] };
        self.projection_of(Relation { kind, columns: Vec::new(), span }, list, span)
    }

    pub(super) fn range(
        &mut self,
        name: &Name,
        parts: [&syntax::Expr; 3],
        span: Span,
    ) -> Option<Relation> {
        let [from, to, step] = parts.map(|part| self.scalar(part, &[]));
        let (from, to, step) = (from?, to?, step?);
        let (ty, step_ty) = match (from.ty, to.ty, step.ty) {
            (Type::DateTime, Type::DateTime, Type::TimeSpan) => (Type::DateTime, Type::TimeSpan),
            (Type::TimeSpan, Type::TimeSpan, Type::TimeSpan) => (Type::TimeSpan, Type::TimeSpan),
            (a, b, c) => match widest(a, b).and_then(|ab| widest(ab, c)) {
                Some(Type::Int | Type::Long) => (Type::Long, Type::Long),
                Some(_) => (Type::Real, Type::Real),
                None => {
                    let message = format!("`range` cannot go from {a} to {b} by {c}");
                    return self.report(
                        Diagnostic::new(codes::WRONG_TYPE, span, message)
                            .help("numbers, or times with a timespan as step"),
                    );
                }
            },
        };
        let column = self.column(name.text.clone(), ty);
        let (from, to, step) = (convert(from, ty), convert(to, ty), convert(step, step_ty));
        Some(Relation { kind: RelationKind::Range { from, to, step }, columns: vec![column], span })
    }
}
