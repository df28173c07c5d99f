//! Implicit conversions: which are allowed, at what cost, and as which call.
//!
//! Invariant: a conversion of a literal is a literal wherever that is exact.

use model::Type;

use crate::bound::{Expr, ExprKind, Literal};
use crate::signatures::{Kind, Overload, Param, Returns, Signature};

use super::expressions::{call, literal};

/// The function that converts to a type.
pub(super) fn conversion(to: Type) -> &'static str {
    match to {
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real => "toreal",
        Type::Decimal => "todecimal",
        Type::String => "tostring",
        Type::DateTime => "todatetime",
        Type::TimeSpan => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => "todynamic",
    }
}

/// `expr` as `to`: itself, another literal, or a call of the conversion.
pub(super) fn convert(expr: Expr, to: Type) -> Expr {
    if expr.ty == to {
        return expr;
    }
    let span = expr.span;
    if let ExprKind::Literal(value) = &expr.kind
        && let Some(converted) = convert_literal(value, to)
    {
        return literal(converted, span);
    }
    call(conversion(to), vec![expr], to, span)
}

/// The literal a conversion yields, where this is plain.
pub(super) fn convert_literal(value: &Literal, to: Type) -> Option<Literal> {
    Some(match (value, to) {
        (Literal::Null(_), Type::String) => Literal::String { value: String::new(), hidden: false },
        (Literal::Null(_), to) => Literal::Null(to),
        (Literal::Int(v), Type::Long) => Literal::Long(i64::from(*v)),
        (Literal::Int(v), Type::Real) => Literal::Real(f64::from(*v)),
        (Literal::Int(v), Type::Decimal) => Literal::Decimal(f64::from(*v)),
        (Literal::Long(v), Type::Real) => Literal::Real(*v as f64),
        (Literal::Long(v), Type::Decimal) => Literal::Decimal(*v as f64),
        (Literal::Real(v), Type::Decimal) => Literal::Decimal(*v),
        (Literal::Decimal(v), Type::Real) => Literal::Real(*v),
        (Literal::Bool(v), Type::Long) => Literal::Long(i64::from(*v)),
        (Literal::Bool(v), Type::Int) => Literal::Int(i32::from(*v)),
        (Literal::Long(v), Type::Int) => Literal::Int(i32::try_from(*v).ok()?),
        (Literal::String { value, .. }, Type::DateTime) => {
            model::time::parse_datetime(value).map_or(Literal::Null(to), Literal::DateTime)
        }
        (Literal::String { value, .. }, Type::TimeSpan) => {
            model::time::parse_timespan(value).map_or(Literal::Null(to), Literal::TimeSpan)
        }
        _ => return None,
    })
}

fn rank(ty: Type) -> Option<u32> {
    match ty {
        Type::Int => Some(0),
        Type::Long => Some(1),
        Type::Real => Some(3),
        Type::Decimal => Some(5),
        _ => None,
    }
}

/// The wider of two numeric types.
pub(super) fn widest(a: Type, b: Type) -> Option<Type> {
    let (left, right) = (rank(a)?, rank(b)?);
    Some(if left >= right { a } else { b })
}

/// The cost of passing a `from` where `to` is declared; `None` when that is not allowed.
fn cost(from: Type, to: Type, kind: Kind) -> Option<u32> {
    if from == to {
        return Some(0);
    }
    if let (Some(low), Some(high)) = (rank(from), rank(to)) {
        return match (low < high, from, to) {
            (true, ..) => Some(high - low),
            (false, Type::Decimal, Type::Real) => Some(7),
            _ => None,
        };
    }
    match (from, to, kind) {
        (Type::Dynamic, Type::String, Kind::Scalar | Kind::Operator) => Some(20),
        // Beside a long a dynamic counts as long, beside a real as real, as the vendor binds them.
        (Type::Dynamic, Type::Long | Type::Real, Kind::Operator) => Some(20),
        (Type::Dynamic, Type::Bool, Kind::Operator) => Some(21),
        // A time is meant only where a number makes no sense: `d.n * 2` is a number, although
        // reading `d.n` as a timespan would leave the 2 as it is.
        (Type::Dynamic, Type::TimeSpan | Type::DateTime, Kind::Operator) => Some(24),
        (Type::Dynamic, Type::Decimal, Kind::Operator) => Some(26),
        _ => None,
    }
}

/// The one type of several arguments: numbers widen, dynamics follow the others.
pub(super) fn unify(types: impl IntoIterator<Item = Type>) -> Option<Type> {
    let mut found: Option<Type> = None;
    for ty in types {
        found = Some(match found {
            None | Some(Type::Dynamic) => ty,
            Some(known) if known == ty || ty == Type::Dynamic => known,
            Some(known) => widest(known, ty)?,
        });
    }
    found
}

/// One overload fitted to arguments: the type each must get, and the type of the call.
pub(super) struct Fit {
    pub types: Vec<Type>,
    pub returns: Type,
    pub overload: &'static Overload,
}

/// The cheapest overload for the arguments.
pub(super) fn fit(signature: &'static Signature, args: &[Expr]) -> Option<Fit> {
    let mut best: Option<(u32, Fit)> = None;
    for overload in signature.overloads {
        let Some((cost, fit)) = fit_overload(signature.kind, overload, args) else { continue };
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, fit));
        }
    }
    best.map(|(_, fit)| fit)
}

fn fit_overload(kind: Kind, overload: &'static Overload, args: &[Expr]) -> Option<(u32, Fit)> {
    let params = overload.expand(args.len())?;
    let is_common = |param: &Param| matches!(param, Param::Common | Param::Ordered);
    let pairs = || params.iter().zip(args);
    let common = unify(pairs().filter(|(p, _)| is_common(p)).map(|(_, a)| a.ty));
    let has_common = params.iter().any(is_common);
    if has_common && common.is_none() {
        return None;
    }
    let mut total = 0;
    let mut types = Vec::with_capacity(args.len());
    for (param, arg) in pairs() {
        let ty = match param {
            Param::Of(ty) => *ty,
            Param::Const(ty) if matches!(arg.kind, ExprKind::Literal(_)) => *ty,
            Param::Const(_) => return None,
            Param::Text => Type::String,
            Param::Any => arg.ty,
            Param::Common => common?,
            Param::Ordered if common? == Type::Dynamic => return None,
            Param::Ordered => common?,
        };
        if matches!(param, Param::Of(_) | Param::Const(_)) {
            total += cost(arg.ty, ty, kind)?;
        }
        types.push(ty);
    }
    let returns = match overload.returns {
        Returns::Is(ty) => ty,
        Returns::Common => common?,
        Returns::Each | Returns::First => *types.first()?,
    };
    // Of equal costs the overload whose sides agree is meant: `dynamic + timespan`.
    let mixed = types.windows(2).any(|pair| pair[0] != pair[1]);
    Some((total * 2 + u32::from(mixed), Fit { types, returns, overload }))
}
