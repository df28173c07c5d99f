//! `make-series`: aggregates per bin of an axis, as one array per key (spec kql.md §9).
//!
//! Two `summarize` above each other: the inner one by keys and slot (the number of a bin), the
//! outer one collects slots and values per key. What has no value gets the default, and the axis is
//! made of the slots, in a projection on top.

use model::Type;

use super::super::Binder;
use super::super::aggregates::{Aggregating, Item};
use super::super::coerce::convert;
use super::super::expressions::{call, column_ref, literal};
use super::super::names::Names;
use super::super::relations::filter;
use crate::bound::{Aggregate, Column, ColumnId, Expr, ExprKind, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, MakeSeries, Name, NamedExpr};

/// The axis: all parts of one type, the step of the type of a difference.
struct Axis {
    value: Expr,
    /// A null literal where slots count from the origin of `bin()`.
    from: Expr,
    is_anchored: bool,
    to: Option<Expr>,
    step: Expr,
}

/// One array to make: its name, what it is made of, what fills its gaps.
struct Series {
    name: String,
    value: Column,
    default: Expr,
}

impl Binder<'_> {
    pub(super) fn make_series(
        &mut self,
        input: Relation,
        series: &MakeSeries,
        span: Span,
    ) -> Option<Relation> {
        let keeps_empty = self.series_parameters(series);
        let mut names = self.names();
        let keys = self.keys(&input.columns, &series.keys, &mut names, "`make-series … by`")?;
        let key_count = keys.len();
        let (items, found) = self.series_items(series, &input.columns, &mut names);
        let axis_name = self.item_name(&series.axis, &input.columns, &mut names)?;
        let axis = self.series_axis(series, &input.columns)?;
        let slot_name = names.derived(Some("make-series slot"));
        let slot = self.column(slot_name, Type::Long);
        let defaults: Vec<Option<Expr>> = series
            .aggregates
            .iter()
            .zip(&items)
            .map(|((item, default), (_, value))| {
                self.series_default(item, default.as_ref(), value.as_ref()?.ty)
            })
            .collect();
        let binned = within(input, &axis, span);
        let mut inner_keys = keys;
        inner_keys.push((slot.clone(), slot_of("make-series slot", &axis, axis.value.clone())));
        let inner = self.assemble(binned, inner_keys, items, found, span)?;
        let (head, values) = inner.columns.split_at(key_count + 1);
        if values.len() != defaults.len() {
            // A mistake in an aggregate, reported.
            return None;
        }
        let mut made = Vec::with_capacity(values.len());
        for (value, default) in values.iter().zip(defaults) {
            let (name, value, default) = (value.name.clone(), value.clone(), default?);
            made.push(Series { name, value, default });
        }
        let key_columns = head[..key_count].to_vec();
        let slot = head[key_count].clone();
        self.series_rows(inner, (key_columns, slot), made, (axis_name, axis), keeps_empty, span)
    }

    /// Whether a result without rows shall be one row of defaults.
    fn series_parameters(&mut self, series: &MakeSeries) -> bool {
        let is_kind = |p: &&syntax::OperatorParameter| p.name.text == "kind";
        let (kinds, hints): (Vec<_>, Vec<_>) = series.parameters.iter().partition(is_kind);
        self.check_hints(&hints.into_iter().cloned().collect::<Vec<_>>());
        let Some(kind) = kinds.first() else { return false };
        let is_nonempty = matches!(&kind.value.kind,
            syntax::ExprKind::Name(name) if name.text == "nonempty");
        if !is_nonempty {
            let message = "the only `kind` of `make-series` is `nonempty`";
            let _: Option<()> = self.error(codes::UNKNOWN_NAME, kind.value.span, message);
        } else if !series.keys.is_empty() {
            let message = "`kind=nonempty` together with `by` is not supported";
            let _: Option<()> = self.error(codes::NOT_SUPPORTED, kind.name.span, message);
        }
        is_nonempty
    }

    /// One column per aggregate, and the aggregates in them.
    fn series_items(
        &mut self,
        series: &MakeSeries,
        input: &[Column],
        names: &mut Names,
    ) -> (Vec<Item>, Vec<Aggregate>) {
        let saved = self.aggregating.replace(Aggregating::default());
        let mut items: Vec<Item> = Vec::new();
        for (item, _) in &series.aggregates {
            let mut columns = self.summarize_item(item, input, &[], names);
            if columns.len() > 1 {
                let message = "an aggregate of `make-series` yields one column";
                let _: Option<()> = self.error(codes::NOT_ALLOWED, item.value.span, message);
            }
            columns.truncate(1);
            items.extend(columns);
        }
        let found = std::mem::replace(&mut self.aggregating, saved);
        (items, found.map(|state| state.found).unwrap_or_default())
    }

    fn series_axis(&mut self, series: &MakeSeries, columns: &[Column]) -> Option<Axis> {
        let value = self.scalar(&series.axis.value, columns);
        let from = series.from.as_ref().map(|from| self.scalar(from, &[]));
        let to = series.to.as_ref().map(|to| self.scalar(to, &[]));
        let step = self.scalar(&series.step, &[]);
        let (value, step) = (value?, step?);
        let (ty, step_ty) = match value.ty {
            Type::Int | Type::Long => (Type::Long, Type::Long),
            Type::Real | Type::Decimal => (Type::Real, Type::Real),
            Type::DateTime => (Type::DateTime, Type::TimeSpan),
            Type::TimeSpan => (Type::TimeSpan, Type::TimeSpan),
            other => {
                let message = format!("`make-series` cannot go along {other}");
                return self.report(
                    Diagnostic::new(codes::WRONG_TYPE, value.span, message)
                        .help("the axis is a number, a datetime or a timespan"),
                );
            }
        };
        let step = self.bound_of_axis(step, step_ty, "the step")?;
        if is_not_positive(&step) {
            let message = "the step must be positive";
            return self.error(codes::NOT_ALLOWED, step.span, message);
        }
        let from = match from {
            Some(from) => Some(self.bound_of_axis(from?, ty, "`from`")?),
            None => None,
        };
        let to = match to {
            Some(to) => Some(self.bound_of_axis(to?, ty, "`to`")?),
            None => None,
        };
        let (is_anchored, value) = (from.is_some(), convert(value, ty));
        let from = from.unwrap_or_else(|| literal(Literal::Null(ty), value.span));
        let axis = Axis { value, from, is_anchored, to, step };
        Some(if series.in_range { whole_bins(axis) } else { axis })
    }

    fn bound_of_axis(&mut self, bound: Expr, ty: Type, what: &str) -> Option<Expr> {
        let widens = match ty {
            Type::Long => bound.ty == Type::Int,
            Type::Real => bound.ty.is_numeric(),
            _ => false,
        };
        if bound.ty == ty || widens {
            return Some(convert(bound, ty));
        }
        let message = format!("{what} must be of type {ty}, not {}", bound.ty);
        self.error(codes::WRONG_TYPE, bound.span, message)
    }

    /// What fills the gaps of a series of `ty`, as a dynamic.
    fn series_default(
        &mut self,
        item: &NamedExpr,
        default: Option<&syntax::Expr>,
        ty: Type,
    ) -> Option<Expr> {
        let span = item.value.span;
        let is_time = matches!(ty, Type::DateTime | Type::TimeSpan);
        if !ty.is_numeric() && !is_time {
            let message = format!("`make-series` makes arrays of numbers and times, not of {ty}");
            return self.error(codes::WRONG_TYPE, span, message);
        }
        let is_real = matches!(ty, Type::Real | Type::Decimal);
        let Some(default) = default else {
            if is_time {
                let message = format!("a series of {ty} needs a `default`");
                return self.error(codes::PARAMETER_MISSING, span, message);
            }
            let zero = if is_real { "0.0" } else { "0" };
            return Some(literal(Literal::Dynamic(zero.to_owned()), span));
        };
        if is_null_word(default) {
            return Some(literal(Literal::Null(Type::Dynamic), default.span));
        }
        let bound = self.scalar(default, &[])?;
        if bound.ty != ty && !(bound.ty.is_numeric() && ty.is_numeric()) {
            let nothing = matches!(bound.kind, ExprKind::Literal(Literal::Null(_)));
            if !nothing {
                let message = format!("the default of {ty} cannot be {}", bound.ty);
                return self.error(codes::WRONG_TYPE, default.span, message);
            }
        }
        let bound =
            if is_real && bound.ty.is_numeric() { convert(bound, Type::Real) } else { bound };
        Some(convert(bound, Type::Dynamic))
    }

    /// Collects slots and values per key, and makes arrays of them.
    fn series_rows(
        &mut self,
        input: Relation,
        (keys, slot): (Vec<Column>, Column),
        series: Vec<Series>,
        (axis_name, axis): (String, Axis),
        keeps_empty: bool,
        span: Span,
    ) -> Option<Relation> {
        let slot = column_ref(&slot, span);
        let mut columns = Vec::new();
        let mut groups: Vec<(ColumnId, Expr)> = Vec::new();
        for key in &keys {
            let column = self.column(key.name.clone(), key.ty);
            groups.push((column.id, column_ref(key, span)));
            columns.push(column);
        }
        let mut aggregates = Vec::new();
        let mut add = |binder: &mut Self, function: &'static str, args: Vec<Expr>, ty: Type| {
            let column = binder.column(format!("make-series {}", aggregates.len()), ty);
            let outputs = vec![(column.id, ty)];
            aggregates.push(Aggregate { function, args, outputs, filter: None, span });
            column
        };
        let low = add(self, "min", vec![slot.clone()], Type::Long);
        let high = add(self, "max", vec![slot.clone()], Type::Long);
        let pairs: Vec<Column> = series
            .iter()
            .map(|series| {
                let args = vec![slot.clone(), column_ref(&series.value, span)];
                add(self, "make-series pairs", args, Type::Dynamic)
            })
            .collect();
        columns.extend([&low, &high].into_iter().chain(&pairs).cloned());
        let kind = RelationKind::Summarize { input: Box::new(input), keys: groups, aggregates };
        let mut grouped = Relation { kind, columns, span };
        if !keeps_empty {
            grouped = not_null(grouped, &low, span);
        }
        let first = match axis.is_anchored {
            true => literal(Literal::Long(0), span),
            false => column_ref(&low, span),
        };
        let last = match &axis.to {
            Some(to) => slot_of("make-series end", &axis, to.clone()),
            None => column_ref(&high, span),
        };
        let kept = grouped.columns[..keys.len()].to_vec();
        let mut items: Vec<(String, Expr)> =
            kept.iter().map(|key| (key.name.clone(), column_ref(key, span))).collect();
        for (series, pairs) in series.into_iter().zip(&pairs) {
            let pairs = column_ref(pairs, span);
            let args = vec![pairs, first.clone(), last.clone(), series.default];
            items.push((series.name, call("make-series fill", args, Type::Dynamic, span)));
        }
        let anchored = literal(Literal::Bool(axis.is_anchored), span);
        let args = vec![column_ref(&low, span), first, last, axis.from, axis.step, anchored];
        items.push((axis_name, call("make-series axis", args, Type::Dynamic, span)));
        self.projection(grouped, items, span)
    }
}

/// `in range(a, b, s)`: the bins of `bin()` from the one `a` lies in to that of `b`, included.
fn whole_bins(axis: Axis) -> Axis {
    let Axis { value, from, is_anchored, to, step } = axis;
    let ty = value.ty;
    let bin = |bound: Expr| {
        let span = bound.span;
        call("bin", vec![bound, step.clone()], ty, span)
    };
    let to = to.map(|to| {
        let span = to.span;
        call("+", vec![bin(to), step.clone()], ty, span)
    });
    Axis { from: bin(from), value, is_anchored, to, step }
}

/// The rows whose axis lies in the range.
fn within(input: Relation, axis: &Axis, span: Span) -> Relation {
    let compare = |op, bound: &Expr| {
        call(op, vec![axis.value.clone(), bound.clone()], Type::Bool, bound.span)
    };
    let mut rows = input;
    if axis.is_anchored {
        rows = filter(rows, compare(">=", &axis.from), span);
    }
    if let Some(to) = &axis.to {
        rows = filter(rows, compare("<", to), span);
    }
    rows
}

fn slot_of(function: &'static str, axis: &Axis, value: Expr) -> Expr {
    let span = value.span;
    let anchored = literal(Literal::Bool(axis.is_anchored), span);
    let args = vec![value, axis.from.clone(), axis.step.clone(), anchored];
    call(function, args, Type::Long, span)
}

fn not_null(input: Relation, column: &Column, span: Span) -> Relation {
    let is_there = call("isnotnull", vec![column_ref(column, span)], Type::Bool, span);
    filter(input, is_there, span)
}

fn is_not_positive(step: &Expr) -> bool {
    match &step.kind {
        ExprKind::Literal(Literal::Long(v) | Literal::TimeSpan(v)) => *v <= 0,
        ExprKind::Literal(Literal::Real(v)) => *v <= 0.0,
        _ => false,
    }
}

/// `default = null`, which is a name to the parser.
fn is_null_word(default: &syntax::Expr) -> bool {
    matches!(&default.kind,
        syntax::ExprKind::Name(Name { text, quoted: false, .. }) if text == "null")
}
