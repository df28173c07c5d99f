//! Scalar expressions: literals, names, properties; the rest is in the neighbouring files.
//!
//! Invariant: `None` means that a diagnostic was reported (now or where the name was defined).

use model::Type;

use crate::bound::{Column, Expr, ExprKind, Literal, PathStep};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures;
use crate::suggest;
use crate::syntax::{self, Name};

use super::Binder;
use super::coerce::convert;
use super::foreign;
use super::scope::{Binding, unwrap};

/// The type of a literal.
pub(super) fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null(ty) => *ty,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Long(_) => Type::Long,
        Literal::Real(_) => Type::Real,
        Literal::Decimal(_) => Type::Decimal,
        Literal::String { .. } => Type::String,
        Literal::DateTime(_) => Type::DateTime,
        Literal::TimeSpan(_) => Type::TimeSpan,
        Literal::Guid(_) => Type::Guid,
        Literal::Dynamic(_) => Type::Dynamic,
    }
}

pub(super) fn literal(value: Literal, span: Span) -> Expr {
    let ty = literal_type(&value);
    Expr { kind: ExprKind::Literal(value), ty, span }
}

pub(super) fn text_literal(value: &str, span: Span) -> Expr {
    literal(Literal::String { value: value.to_owned(), hidden: false }, span)
}

pub(super) fn call(function: &'static str, args: Vec<Expr>, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Call { function, args }, ty, span }
}

pub(super) fn column_ref(column: &Column, span: Span) -> Expr {
    Expr { kind: ExprKind::Column(column.id), ty: column.ty, span }
}

impl Binder<'_> {
    /// An expression over the columns of `row`.
    pub(super) fn scalar(&mut self, expr: &syntax::Expr, row: &[Column]) -> Option<Expr> {
        self.deeper(expr.span, |binder| binder.scalar_inner(expr, row))
    }

    fn scalar_inner(&mut self, expr: &syntax::Expr, row: &[Column]) -> Option<Expr> {
        use syntax::ExprKind as S;
        match &expr.kind {
            S::Missing => None,
            S::Literal(value) => Some(literal(value.clone(), expr.span)),
            S::Name(name) => self.name(name, row),
            S::Call { name, args } => self.call(name, args, expr.span, row),
            S::Member { base, name } => self.member(base, name, expr.span, row),
            S::Index { base, index } => self.index(base, index, expr.span, row),
            S::Unary { op, operand } => self.unary(*op, operand, expr.span, row),
            S::Binary { op, op_span, left, right } => {
                let place = super::operations::Place { whole: expr.span, op: *op_span };
                self.binary(*op, place, left, right, row)
            }
            S::Between { negated, value, low, high } => {
                self.between(*negated, [value, low, high], expr.span, row)
            }
            S::In { op, value, items } => self.in_list(*op, value, items, expr.span, row),
            S::Parenthesized(inner) => {
                let mut bound = self.scalar(inner, row)?;
                bound.span = expr.span;
                Some(bound)
            }
            S::Pipeline(pipeline) if pipeline.operators.is_empty() => match &pipeline.source {
                Some(source) => self.scalar(source, row),
                None => None,
            },
            S::Pipeline(_) | S::Datatable { .. } | S::ExternalData { .. } => {
                self.table_for_value(expr.span)
            }
            S::Wildcard(pattern) => {
                let message = format!("`{pattern}` cannot stand for a value here");
                let mut finding = Diagnostic::new(codes::NOT_ALLOWED, expr.span, message);
                if pattern == "*" {
                    finding = finding
                        .help("`count()` counts rows; `* has \"text\"` looks at all columns");
                }
                self.report(finding)
            }
            S::TypeOf(_) => {
                let message = "`typeof()` is only known as an argument of a few functions";
                self.error(codes::NOT_ALLOWED, expr.span, message)
            }
            S::Lambda { .. } => {
                let message = "a function can only be the value of a `let`";
                self.error(codes::NOT_ALLOWED, expr.span, message)
            }
        }
    }

    fn table_for_value<T>(&mut self, span: Span) -> Option<T> {
        self.report(
            Diagnostic::new(codes::NOT_ALLOWED, span, "a table stands where a value is expected")
                .help("`toscalar(…)` gives the first value of a table"),
        )
    }

    fn name(&mut self, name: &Name, row: &[Column]) -> Option<Expr> {
        if let Some(Binding::Scalar(value)) = self.lookup_parameter(&name.text) {
            let value = value.clone();
            return self.inlined(name, value);
        }
        if let Some(column) = row.iter().find(|c| c.name == name.text) {
            if self.poisoned.contains(&column.id) {
                return None;
            }
            if self.aggregating.is_some() {
                return self.outside_aggregate(name);
            }
            return Some(column_ref(column, name.span));
        }
        match self.lookup(&name.text) {
            Some(Binding::Scalar(value)) => {
                let value = value.clone();
                return self.inlined(name, value);
            }
            Some(Binding::Poisoned) => return None,
            Some(Binding::Table(_)) => return self.table_for_value(name.span),
            Some(Binding::Function(function))
                if function.parameters.iter().all(|p| p.default.is_some()) =>
            {
                let function = function.clone();
                return self.call_function_scalar(&function, &[], name.span, row);
            }
            Some(Binding::Function(function)) => {
                let message = format!("`{}` is a function", function.name);
                let help = format!("call it: `{}(…)`", function.name);
                return self
                    .report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help));
            }
            None => {}
        }
        if self.catalog.table(&name.text).is_some() {
            return self.table_for_value(name.span);
        }
        self.unknown_column(name, row)
    }

    /// The value of a `let` or parameter in place of its name.
    fn inlined(&mut self, name: &Name, value: Expr) -> Option<Expr> {
        if !self.is_of_outer_row(&name.text, &value) {
            return Some(Expr { span: name.span, ..value });
        }
        let message = format!("`{}` differs from row to row, a table cannot use it", name.text);
        self.error(codes::NOT_ALLOWED, name.span, message)
    }

    fn outside_aggregate(&mut self, name: &Name) -> Option<Expr> {
        let message = format!("`{}` stands outside an aggregate", name.text);
        let help =
            format!("put it into `by`, or use an aggregate such as `take_any({})`", name.text);
        self.report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help))
    }

    pub(super) fn unknown_column<T>(&mut self, name: &Name, row: &[Column]) -> Option<T> {
        if self.open {
            return None;
        }
        if signatures::aggregate_function(&name.text).is_some()
            || signatures::scalar_function(&name.text).is_some_and(|_| row.is_empty())
        {
            let message = format!("no column `{}` here", name.text);
            let help = format!("the function is called with parentheses: `{}()`", name.text);
            return self
                .report(Diagnostic::new(codes::UNKNOWN_NAME, name.span, message).help(help));
        }
        let twin = self.twin(&name.text, row).map(|twin| format!("it is called `{twin}` here"));
        if let Some(help) = twin.or(foreign::missing_value(&name.text).map(str::to_owned)) {
            let message = format!("no column `{}` here", name.text);
            return self
                .report(Diagnostic::new(codes::UNKNOWN_NAME, name.span, message).help(help));
        }
        let lets = self.binding_names(|b| matches!(b, Binding::Scalar(_)));
        let known: Vec<&str> =
            row.iter().map(|c| c.name.as_str()).chain(lets.iter().map(String::as_str)).collect();
        let message = match row.is_empty() {
            true => format!("no name `{}` here", name.text),
            false => format!("no column `{}` here", name.text),
        };
        let mut finding = Diagnostic::new(codes::UNKNOWN_NAME, name.span, message);
        if let Some(near) = suggest::nearest(&name.text, known) {
            finding = finding.help(format!("did you mean `{near}`?"));
        } else if self.is_defined_later(name) {
            finding = finding.help(format!("`{}` is defined further down: move it up", name.text));
        }
        self.report(finding)
    }

    /// Whether a `let` behind the name defines it.
    fn is_defined_later(&self, name: &Name) -> bool {
        let rest = self.text.get(name.span.end..).unwrap_or("");
        rest.match_indices("let ").any(|(at, word)| {
            let behind = rest[at + word.len()..].trim_start();
            behind
                .strip_prefix(name.text.as_str())
                .is_some_and(|value| value.trim_start().starts_with('='))
        })
    }

    fn member(
        &mut self,
        base: &syntax::Expr,
        name: &Name,
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        if let syntax::ExprKind::Call { name: function, .. } = &unwrap(base).kind
            && super::sources::is_remote(&function.text)
        {
            return self.table_for_value(span);
        }
        if let syntax::ExprKind::Name(step) = &unwrap(base).kind
            && let Some(value) = self.step_value(step, name, span, row)
        {
            return value;
        }
        let base = self.scalar(base, row)?;
        self.path(base, PathStep::Key(name.text.clone()), span)
    }

    fn index(
        &mut self,
        base: &syntax::Expr,
        index: &syntax::Expr,
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let base = self.scalar(base, row);
        let index = self.scalar(index, row);
        let (base, index) = (base?, index?);
        let step = match (&index.kind, index.ty) {
            (ExprKind::Literal(Literal::String { value, .. }), _) => PathStep::Key(value.clone()),
            (ExprKind::Literal(Literal::Long(value)), _) => PathStep::Index(*value),
            (ExprKind::Literal(Literal::Int(value)), _) => PathStep::Index(i64::from(*value)),
            (_, Type::String | Type::Long) => PathStep::Computed(index),
            (_, Type::Int) => PathStep::Computed(convert(index, Type::Long)),
            (_, Type::Dynamic) => PathStep::Computed(convert(index, Type::String)),
            (_, ty) => {
                let message = format!("a property is named by a string or a long, not by {ty}");
                return self.error(codes::WRONG_TYPE, index.span, message);
            }
        };
        self.path(base, step, span)
    }

    fn path(&mut self, base: Expr, step: PathStep, span: Span) -> Option<Expr> {
        if base.ty != Type::Dynamic {
            let message = format!("{} has no properties, only dynamic has", base.ty);
            let mut finding = Diagnostic::new(codes::WRONG_TYPE, span, message);
            if base.ty == Type::String {
                finding = finding.help("`parse_json(…)` reads JSON text");
            }
            return self.report(finding);
        }
        let kind = ExprKind::Path { base: Box::new(base), step: Box::new(step) };
        Some(Expr { kind, ty: Type::Dynamic, span })
    }
}
