//! Operators between expressions, `in` lists and `between`.

use model::Type;

use crate::bound::{Column, Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures;
use crate::syntax::{self, BinaryOp, InOp, UnaryOp};

use super::Binder;
use super::any_column::is_any_column;
use super::coerce::{Fit, convert, fit};
use super::comparison::pair;
use super::expressions::call;
use super::fold::fold;

/// Where an operation stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub whole: Span,
    pub op: Span,
}

/// The spelling under which an operator is declared in `signatures`.
pub(super) fn spelling(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::EqualTilde => "=~",
        BinaryOp::NotEqualTilde => "!~",
        BinaryOp::Has => "has",
        BinaryOp::NotHas => "!has",
        BinaryOp::HasCs => "has_cs",
        BinaryOp::NotHasCs => "!has_cs",
        BinaryOp::HasPrefix => "hasprefix",
        BinaryOp::NotHasPrefix => "!hasprefix",
        BinaryOp::HasPrefixCs => "hasprefix_cs",
        BinaryOp::NotHasPrefixCs => "!hasprefix_cs",
        BinaryOp::HasSuffix => "hassuffix",
        BinaryOp::NotHasSuffix => "!hassuffix",
        BinaryOp::HasSuffixCs => "hassuffix_cs",
        BinaryOp::NotHasSuffixCs => "!hassuffix_cs",
        BinaryOp::Contains => "contains",
        BinaryOp::NotContains => "!contains",
        BinaryOp::ContainsCs => "contains_cs",
        BinaryOp::NotContainsCs => "!contains_cs",
        BinaryOp::StartsWith => "startswith",
        BinaryOp::NotStartsWith => "!startswith",
        BinaryOp::StartsWithCs => "startswith_cs",
        BinaryOp::NotStartsWithCs => "!startswith_cs",
        BinaryOp::EndsWith => "endswith",
        BinaryOp::NotEndsWith => "!endswith",
        BinaryOp::EndsWithCs => "endswith_cs",
        BinaryOp::NotEndsWithCs => "!endswith_cs",
        BinaryOp::MatchesRegex => "matches regex",
        BinaryOp::Term => ":",
    }
}

fn in_spelling(op: InOp) -> &'static str {
    match op {
        InOp::In => "in",
        InOp::NotIn => "!in",
        InOp::InTilde => "in~",
        InOp::NotInTilde => "!in~",
        InOp::HasAny => "has_any",
        InOp::HasAll => "has_all",
    }
}

impl Binder<'_> {
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: &syntax::Expr,
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let value = self.scalar(operand, row)?;
        if op == UnaryOp::Plus {
            if value.ty.is_numeric() || matches!(value.ty, Type::TimeSpan | Type::Dynamic) {
                return Some(value);
            }
            let message = format!("`+` cannot stand before {}", value.ty);
            return self.error(codes::WRONG_TYPE, span, message);
        }
        let ty = value.ty;
        let signature = signatures::operator("unary -")?;
        let Some(Fit { types, returns, .. }) = fit(signature, std::slice::from_ref(&value)) else {
            let message = format!("`-` cannot stand before {ty}");
            return self.error(codes::WRONG_TYPE, span, message);
        };
        Some(fold(call("unary -", vec![convert(value, types[0])], returns, span)))
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        place: Place,
        left: &syntax::Expr,
        right: &syntax::Expr,
        row: &[Column],
    ) -> Option<Expr> {
        if op == BinaryOp::Term {
            let term = self.column_term(left, right, false, (place.whole, place.op))?;
            return self.scalar(&term, row);
        }
        if is_any_column(left) {
            return self.any_column(op, place, right, row);
        }
        let left = self.scalar(left, row);
        let right = self.compared_value(op, right, row);
        let (left, right) = (left?, right?);
        let name = spelling(op);
        match op {
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => self.compare(name, left, right, place.whole, place.op),
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo => self.arithmetic(name, left, right, place),
            _ => self.text_operator(name, left, right, place),
        }
    }

    /// The right side of an operator; a name nobody knows there is most likely a text without
    /// quotes.
    fn compared_value(
        &mut self,
        op: BinaryOp,
        right: &syntax::Expr,
        row: &[Column],
    ) -> Option<Expr> {
        let value = self.scalar(right, row);
        let compares = !matches!(
            op,
            BinaryOp::Or
                | BinaryOp::And
                | BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::Modulo
        );
        if let (None, true, syntax::ExprKind::Name(name)) = (&value, compares, &right.kind)
            && let Some(finding) = self.diagnostics.last_mut()
            && finding.span == right.span
            && finding.code == codes::UNKNOWN_NAME
            && finding.help.is_none()
        {
            finding.help = Some(format!("a text stands in quotes: `\"{}\"`", name.text));
        }
        value
    }

    fn arithmetic(
        &mut self,
        name: &'static str,
        left: Expr,
        right: Expr,
        place: Place,
    ) -> Option<Expr> {
        let (a, b) = (left.ty, right.ty);
        let args = vec![left, right];
        let fitting = signatures::operator(name).and_then(|signature| fit(signature, &args));
        let Some(Fit { types, returns, .. }) = fitting else {
            let message = format!("`{name}` is not defined for {a} and {b}");
            let mut finding = Diagnostic::new(codes::WRONG_TYPE, place.op, message);
            if name == "+" && (a == Type::String || b == Type::String) {
                finding = finding.help("`strcat(a, b)` joins texts");
            } else if matches!(name, "+" | "-")
                && [a, b].iter().any(|ty| matches!(ty, Type::DateTime | Type::TimeSpan))
                && (a.is_numeric() || b.is_numeric())
            {
                finding = finding.help("times are moved by timespans such as `7d`");
            } else if matches!(name, "and" | "or") {
                finding = finding.help("both sides must be conditions");
            } else if a == Type::String || b == Type::String {
                finding = finding.help("convert the string, for example with `toreal(…)`");
            }
            return self.report(finding);
        };
        let args = args.into_iter().zip(types).map(|(arg, ty)| convert(arg, ty)).collect();
        self.folded(call(name, args, returns, place.whole))
    }

    fn text_operator(
        &mut self,
        name: &'static str,
        left: Expr,
        right: Expr,
        place: Place,
    ) -> Option<Expr> {
        let (left, right) = (self.as_text(left), self.as_text(right));
        for side in [&left, &right] {
            if side.ty != Type::String {
                let message = format!("`{name}` is not defined for {}", side.ty);
                return self.report(
                    Diagnostic::new(codes::WRONG_TYPE, side.span, message)
                        .help("`tostring(…)` makes it a string"),
                );
            }
        }
        Some(call(name, vec![left, right], Type::Bool, place.whole))
    }

    pub(super) fn between(
        &mut self,
        negated: bool,
        parts: [&syntax::Expr; 3],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let name = if negated { "!between" } else { "between" };
        let [value, low, high] = parts.map(|part| self.scalar(part, row));
        let (value, low, mut high) = (value?, low?, high?);
        if low.ty == Type::DateTime && high.ty == Type::TimeSpan {
            // `between (start .. 1d)` means start to start + 1d.
            let end_span = high.span;
            high = fold(call("+", vec![low.clone(), high], Type::DateTime, end_span));
        }
        let types = (value.ty, low.ty);
        let ordered = |ty| !matches!(ty, Type::String | Type::Bool | Type::Guid);
        if !ordered(low.ty) || !ordered(high.ty) {
            return self.incomparable(name, types, span);
        }
        let Some((value, low)) = pair(value, low, true) else {
            return self.incomparable(name, types, span);
        };
        let types = (value.ty, high.ty);
        let Some((value, high)) = pair(value, high, true) else {
            return self.incomparable(name, types, span);
        };
        // Widening for the upper end may have changed the value's type.
        let low = convert(low, value.ty);
        if value.ty == Type::String {
            return self.incomparable(name, (Type::String, Type::String), span);
        }
        Some(call(name, vec![value, low, high], Type::Bool, span))
    }

    pub(super) fn in_list(
        &mut self,
        op: InOp,
        value: &syntax::Expr,
        items: &[syntax::Expr],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let name = in_spelling(op);
        if let [table] = items {
            let has = |name: &str| row.iter().any(|c| c.name == name);
            if self.is_tabular(table, &has) {
                let value = self.scalar(value, row);
                let relation = self.subquery(table);
                return self.in_relation(name, value?, relation?, span);
            }
        }
        let value = self.scalar(value, row);
        let bound: Vec<Option<Expr>> = items.iter().map(|item| self.scalar(item, row)).collect();
        let value = value?;
        let items: Vec<Expr> = bound.into_iter().collect::<Option<_>>()?;
        if items.is_empty() {
            let message = format!("`{name}` needs at least one item");
            return self.error(codes::ARGUMENT_COUNT, span, message);
        }
        let text = !matches!(op, InOp::In | InOp::NotIn);
        let value = if text { self.as_text(value) } else { value };
        if text && value.ty != Type::String {
            let message = format!("`{name}` is not defined for {}", value.ty);
            return self.error(codes::WRONG_TYPE, value.span, message);
        }
        if items.iter().any(|item| item.ty == Type::Dynamic) {
            return Some(self.in_arrays(name, value, items, span));
        }
        if text {
            let items = items.into_iter().map(|item| convert(item, Type::String));
            let args = std::iter::once(value).chain(items).collect();
            return Some(call(name, args, Type::Bool, span));
        }
        self.in_values(name, value, items, span)
    }

    /// Some items are dynamic arrays: all become arrays.
    fn in_arrays(&mut self, name: &'static str, value: Expr, items: Vec<Expr>, span: Span) -> Expr {
        let arrays = items.into_iter().map(|item| match item.ty {
            Type::Dynamic => item,
            _ => {
                let place = item.span;
                call("pack_array", vec![item], Type::Dynamic, place)
            }
        });
        call(name, std::iter::once(value).chain(arrays).collect(), Type::Bool, span)
    }

    /// Brings the value and all items to one type; items of another kind than the value's
    /// conversion make separate lists joined by `or` / `and`.
    fn in_values(
        &mut self,
        name: &'static str,
        value: Expr,
        items: Vec<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let mut groups: Vec<Vec<Expr>> = Vec::new();
        for item in items {
            let types = (value.ty, item.ty);
            let place = item.span;
            let Some((value, item)) = pair(value.clone(), item, false) else {
                return self.incomparable(name, types, place);
            };
            match groups.iter_mut().find(|group| group[0] == value) {
                Some(group) => group.push(item),
                None => groups.push(vec![value, item]),
            }
        }
        let join = if name == "in" { "or" } else { "and" };
        let mut calls = groups.into_iter().map(|group| call(name, group, Type::Bool, span));
        let first = calls.next()?;
        Some(calls.fold(first, |all, next| call(join, vec![all, next], Type::Bool, span)))
    }

    fn in_relation(
        &mut self,
        function: &'static str,
        value: Expr,
        relation: crate::bound::Relation,
        span: Span,
    ) -> Option<Expr> {
        let Some(first) = relation.columns.first().cloned() else {
            return self.error(codes::NOT_ALLOWED, span, "the table has no column");
        };
        let item = super::expressions::column_ref(&first, relation.span);
        let text = !matches!(function, "in" | "!in");
        let types = (value.ty, item.ty);
        let sides = match text {
            true => {
                let (value, item) = (self.as_text(value), self.as_text(item));
                let strings = value.ty == Type::String && item.ty == Type::String;
                strings.then_some((value, item))
            }
            false if item.ty == Type::Dynamic && value.ty != Type::Dynamic => {
                let ty = value.ty;
                Some((value, convert(item, ty)))
            }
            false => pair(value, item, false),
        };
        let Some((value, item)) = sides else {
            return self.incomparable(function, types, span);
        };
        let place = relation.span;
        let relation = self.projection(relation, vec![(first.name, item)], place)?;
        let relation = self.shared(relation);
        let (value, relation) = (Box::new(value), Box::new(relation));
        let kind = ExprKind::InRelation { function, value, relation };
        Some(Expr { kind, ty: Type::Bool, span })
    }
}

/// Whether a bound expression is a literal.
pub(super) fn as_literal(expr: &Expr) -> Option<&Literal> {
    match &expr.kind {
        ExprKind::Literal(value) => Some(value),
        _ => None,
    }
}
