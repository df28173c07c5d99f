//! `tobool`: never raises (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::Type;

use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("tobool", tobool)];

fn tobool(call: Call) -> Result<Expr, Error> {
    let kernel: Kernel = match call.ty(0)? {
        Type::Bool => return call.one(),
        Type::Int | Type::Long => |args| {
            let a = args.long(0)?;
            args.bools(|row| Some(a.get(row)? != 0))
        },
        Type::Real | Type::Decimal => |args| {
            let a = args.real(0)?;
            args.bools(|row| Some(a.get(row)? != 0.0))
        },
        Type::String => |args| {
            let a = args.text(0)?;
            args.bools(|row| from_text(a.text(row)))
        },
        Type::Dynamic => from_dynamic,
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

/// `true`/`false` in any case, or a whole number.
pub(super) fn from_text(text: &str) -> Option<bool> {
    // As telemetry has them: no need to look at each letter.
    match text {
        "True" | "true" => return Some(true),
        "False" | "false" => return Some(false),
        _ => {}
    }
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    super::tolong::from_text(text).map(|v| v != 0)
}

fn from_dynamic(args: &Args) -> Result<ArrayRef> {
    let a = args.text(0)?;
    args.bools(|row| {
        let json = a.get(row)?;
        match scan::kind(json) {
            Kind::Bool => scan::boolean(json),
            Kind::Long | Kind::Real => Some(scan::number(json)? != 0.0),
            Kind::Text => from_text(&scan::plain(json)),
            _ => None,
        }
    })
}
