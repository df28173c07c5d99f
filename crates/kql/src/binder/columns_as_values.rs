//! Functions that turn names of columns into values, and `assert`, which must read none.

use model::json;

use crate::bound::{Column, Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures;
use crate::syntax::{Argument, Name};

use super::Binder;
use super::expressions::{call, column_ref, literal, text_literal};
use super::scope::{has_column, unwrap};

impl Binder<'_> {
    /// `iscolumnexists('name')`.
    pub(super) fn is_column_exists(&mut self, args: &[Argument], row: &[Column]) -> Option<Expr> {
        let name = self.scalar(&args[0].value, row)?;
        let ExprKind::Literal(Literal::String { value, .. }) = &name.kind else {
            let message = "the name of the column must be a literal string";
            return self.error(codes::CONSTANT_NEEDED, name.span, message);
        };
        Some(literal(Literal::Bool(row.iter().any(|c| c.name == *value)), name.span))
    }

    /// `column_names_of(T)`.
    pub(super) fn column_names_of(&mut self, args: &[Argument], span: Span) -> Option<Expr> {
        let table = self.subquery(&args[0].value)?;
        let mut names = String::from("[");
        for (at, column) in table.columns.iter().enumerate() {
            if at > 0 {
                names.push(',');
            }
            json::write_string(&mut names, &column.name);
        }
        names.push(']');
        Some(literal(Literal::Dynamic(names), span))
    }

    /// `bag_pack_columns(a, b)` is `bag_pack('a', a, 'b', b)`.
    pub(super) fn bag_pack_columns(
        &mut self,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let mut pairs = Vec::new();
        for arg in args {
            let value = self.scalar(&arg.value, row)?;
            let ExprKind::Column(id) = value.kind else {
                let message = "`bag_pack_columns()` takes columns only";
                let help = "`bag_pack('name', value)` takes any values";
                let place = unwrap(&arg.value).span;
                return self.report(Diagnostic::new(codes::NOT_ALLOWED, place, message).help(help));
            };
            let column = row.iter().find(|column| column.id == id)?;
            pairs.push(text_literal(&column.name, value.span));
            pairs.push(column_ref(column, value.span));
        }
        Some(call("bag_pack", pairs, model::Type::Dynamic, span))
    }

    /// `assert(condition, message)`: both known before any row is read.
    pub(super) fn assert(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let bound = self.arguments(args, row)?;
        if let Some(wrong) = bound.iter().find(|arg| has_column(arg)) {
            let message = "`assert()` cannot read a column: it holds for the whole query";
            return self.error(codes::CONSTANT_NEEDED, wrong.span, message);
        }
        self.resolve(signatures::scalar_function("assert")?, name, bound, span)
    }
}
