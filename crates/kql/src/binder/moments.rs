//! Instants and timespans that exist and cannot be held: refused where the text of the query
//! states them, instead of a silent null (spec kql.md §3 rule 7; years 1 to 9999 exist).

use model::Type;
use model::time::{EPOCH_TICKS, TICK};

use crate::bound::{Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::lexer::is_distant_moment;

use super::Binder;
use super::fold::fold;

/// Ticks of the last instant there is, 9999-12-31T23:59:59.9999999Z.
const TICKS_MAX: i64 = 3_155_378_975_999_999_999;

impl Binder<'_> {
    /// The call, or the literal it yields; reported when that is a time which cannot be held.
    pub(super) fn folded(&mut self, expr: Expr) -> Option<Expr> {
        if !is_distant(&expr) {
            return Some(fold(expr));
        }
        let message = match expr.ty {
            Type::TimeSpan => "the timespan computed here cannot be represented",
            _ => "the datetime computed here cannot be represented",
        };
        let help = match expr.ty {
            Type::TimeSpan => "timespans up to 106751 days can be used",
            _ => "dates from 1677-09-22 to 2262-04-10 can be used",
        };
        self.report(Diagnostic::new(codes::MOMENT_OUT_OF_RANGE, expr.span, message).help(help))
    }
}

/// Whether a call of literals yields a time outside what can be held.
fn is_distant(expr: &Expr) -> bool {
    use Literal::{DateTime, Int, Long, Real, String, TimeSpan};
    let ExprKind::Call { function, args } = &expr.kind else { return false };
    let literal = |arg| match arg {
        &Expr { kind: ExprKind::Literal(ref value), .. } => Some(value),
        _ => None,
    };
    let Some(literals) = args.iter().map(literal).collect::<Option<Vec<_>>>() else {
        return false;
    };
    match (*function, literals.as_slice()) {
        ("todatetime", [Long(ticks)]) => is_distant_tick(*ticks),
        ("todatetime", [Int(ticks)]) => is_distant_tick(i64::from(*ticks)),
        ("todatetime", [Real(ticks)]) => is_distant_tick(*ticks as i64),
        ("todatetime", [String { value, .. }]) => is_distant_moment(value.trim()),
        ("+", [DateTime(a), TimeSpan(b)] | [TimeSpan(a), DateTime(b)]) => {
            a.checked_add(*b).is_none()
        }
        ("-", [DateTime(a), TimeSpan(b)] | [DateTime(a), DateTime(b)]) => {
            a.checked_sub(*b).is_none()
        }
        _ => false,
    }
}

fn is_distant_tick(ticks: i64) -> bool {
    let held = ticks.checked_sub(EPOCH_TICKS).and_then(|ticks| ticks.checked_mul(TICK));
    (0..=TICKS_MAX).contains(&ticks) && held.is_none()
}
