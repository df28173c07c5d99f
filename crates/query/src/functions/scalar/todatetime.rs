//! `todatetime`, `totimespan`: texts by `model::time`, numbers as ticks (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::{Type, time};

use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("todatetime", convert), ("totimespan", convert)];

fn convert(call: Call) -> Result<Expr, Error> {
    let from = call.ty(0)?;
    if from == call.result {
        return call.one();
    }
    let kernel: Kernel = match from {
        Type::Int | Type::Long => |args| {
            let (a, to) = (args.long(0)?, args.result);
            args.whole(|row| from_ticks(a.get(row)?, to))
        },
        Type::Real | Type::Decimal => |args| {
            let (a, to) = (args.real(0)?, args.result);
            args.whole(|row| from_ticks(super::tolong::from_real(a.get(row)?, false)?, to))
        },
        Type::String => |args| {
            let (a, to) = (args.text(0)?, args.result);
            args.whole(|row| from_text(a.text(row), to))
        },
        Type::Dynamic => from_dynamic,
        _ => return Err(call.malformed()),
    };
    call.kernel(kernel)
}

fn from_dynamic(args: &Args) -> Result<ArrayRef> {
    let (a, to) = (args.text(0)?, args.result);
    args.whole(|row| {
        let json = a.get(row)?;
        match scan::kind(json) {
            Kind::Long | Kind::Real => from_ticks(scan::exact_long(json)?, to),
            Kind::Text => from_text(&scan::plain(json), to),
            _ => None,
        }
    })
}

fn from_text(text: &str, to: Type) -> Option<i64> {
    if to == Type::DateTime { time::parse_datetime(text) } else { time::parse_timespan(text) }
}

fn from_ticks(ticks: i64, to: Type) -> Option<i64> {
    let ticks = if to == Type::DateTime { ticks.checked_sub(time::EPOCH_TICKS)? } else { ticks };
    ticks.checked_mul(time::TICK)
}
