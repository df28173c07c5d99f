//! `toreal` (`todouble`), `todecimal` (computed as doubles; spec kql.md §3, §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, cast};
use model::{Type, time};

use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("toreal", convert), ("todecimal", convert)];

fn convert(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match call.ty(0)? {
        Type::Real | Type::Decimal => return call.one(),
        Type::Int | Type::Long => {
            let to = call.result.arrow();
            return Ok(cast(call.one()?, to));
        }
        Type::Bool => |args| {
            let a = args.bool(0)?;
            args.reals(|row| Some(f64::from(u8::from(a.get(row)?))))
        },
        Type::String => |args| {
            let a = args.text(0)?;
            args.reals(|row| from_text(a.text(row)))
        },
        Type::DateTime => |args| {
            let a = args.long(0)?;
            args.reals(|row| Some((a.get(row)?.div_euclid(time::TICK) + time::EPOCH_TICKS) as f64))
        },
        Type::TimeSpan => |args| {
            let a = args.long(0)?;
            args.reals(|row| Some((a.get(row)? / time::TICK) as f64))
        },
        Type::Dynamic => from_dynamic,
        Type::Guid => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

fn from_dynamic(args: &Args) -> Result<ArrayRef> {
    let a = args.text(0)?;
    args.reals(|row| {
        let json = a.get(row)?;
        match scan::kind(json) {
            Kind::Bool => Some(f64::from(u8::from(scan::boolean(json)?))),
            Kind::Long | Kind::Real => scan::number(json),
            Kind::Text => from_text(&scan::plain(json)),
            _ => None,
        }
    })
}

/// What Kusto reads: `.5`, `5.`, `1e10`, `NaN`, `nan`, `Infinity`, `Inf`, `-inf`; not `INF`,
/// `0x10`.
pub(super) fn from_text(text: &str) -> Option<f64> {
    let text = text.trim();
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match rest {
        "NaN" | "nan" => return Some(f64::NAN),
        "Infinity" | "infinity" | "Inf" | "inf" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    // Words and a second sign are not numbers, though `parse` knows some.
    if !matches!(rest.as_bytes().first()?, b'0'..=b'9' | b'.') {
        return None;
    }
    rest.parse::<f64>().ok().map(|v| sign * v)
}
