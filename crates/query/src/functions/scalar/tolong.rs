//! `toint`, `tolong`: null instead of an error; `toint` wraps longs, both cut reals (spec kql.md
//! §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::{Type, time};

use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("toint", convert), ("tolong", convert)];

fn convert(call: Call) -> Result<Expr, Error> {
    let from = call.ty(0)?;
    if from == call.result {
        return call.one();
    }
    let kernel: Kernel = match from {
        Type::Bool => |args| {
            let a = args.bool(0)?;
            args.whole(|row| Some(i64::from(a.get(row)?)))
        },
        // The low 32 bits, when the result is an int.
        Type::Int | Type::Long => |args| args.retype(args.long(0)?.array),
        Type::Real | Type::Decimal => |args| {
            let (a, int) = (args.real(0)?, args.result == Type::Int);
            args.whole(|row| from_real(a.get(row)?, int))
        },
        Type::String => |args| {
            let (a, int) = (args.text(0)?, args.result == Type::Int);
            args.whole(|row| fit(from_text(a.text(row))?, int))
        },
        Type::DateTime => |args| {
            let a = args.long(0)?;
            args.whole(|row| Some(a.get(row)?.div_euclid(time::TICK) + time::EPOCH_TICKS))
        },
        Type::TimeSpan => |args| {
            let a = args.long(0)?;
            args.whole(|row| Some(a.get(row)? / time::TICK))
        },
        Type::Dynamic => from_dynamic,
        Type::Guid => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

fn fit(value: i64, int: bool) -> Option<i64> {
    if int { i32::try_from(value).ok().map(i64::from) } else { Some(value) }
}

fn from_dynamic(args: &Args) -> Result<ArrayRef> {
    let (a, int) = (args.text(0)?, args.result == Type::Int);
    args.whole(|row| {
        let json = a.get(row)?;
        match scan::kind(json) {
            Kind::Bool => scan::boolean(json).map(i64::from),
            // A long wraps in an int, as outside of a dynamic.
            Kind::Long => json.trim().parse().ok(),
            Kind::Real => from_real(scan::number(json)?, int),
            Kind::Text => fit(from_text(&scan::plain(json))?, int),
            _ => None,
        }
    })
}

/// Cuts the fraction; NaN and infinities are null. Out of range an int is the nearest there is; a
/// long is the least there is, as the recorded engine answers.
pub(super) fn from_real(value: f64, int: bool) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if !value.is_finite() {
        return None;
    }
    Some(match int {
        // `as` saturates.
        true => i64::from(value as i32),
        false if value >= LIMIT => i64::MIN,
        false => value as i64,
    })
}

/// Trimmed, optional sign, decimal digits or `0x` hex, nothing else.
pub(super) fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // A sign after the prefix is not a number, though `from_str_radix` takes it.
        let digits = hex.bytes().all(|b| b.is_ascii_hexdigit());
        return digits.then(|| u64::from_str_radix(hex, 16).ok()).flatten().map(|v| v as i64);
    }
    text.parse().ok()
}
