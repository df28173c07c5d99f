//! `range(from, to[, step])`: an array, both ends included (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::{Type, json, time};

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[("range", |c| c.kernel(range))];

/// The most elements of one array; further ones are left out, as the vendor documents.
const ELEMENTS_MAX: i64 = 1_048_576;

fn range(args: &Args) -> Result<ArrayRef> {
    let real = args.types.iter().any(|t| matches!(t, Type::Real | Type::Decimal));
    if real { reals(args) } else { wholes(args) }
}

fn reals(args: &Args) -> Result<ArrayRef> {
    let (from, to) = (args.real(0)?, args.real(1)?);
    let step = if args.has(2) { Some(args.real(2)?) } else { None };
    args.texts(|row, out| {
        let step = step.as_ref().map_or(Some(1.0), |s| s.get(row));
        let (Some(from), Some(to), Some(step)) = (from.get(row), to.get(row), step) else {
            return false;
        };
        let count = ((to - from) / step).floor();
        if !count.is_finite() {
            return false;
        }
        out.push('[');
        for i in 0..=(count as i64).min(ELEMENTS_MAX - 1) {
            scan::separate(out);
            json::write_real(out, from + i as f64 * step);
        }
        out.push(']');
        true
    })
}

fn wholes(args: &Args) -> Result<ArrayRef> {
    let (from, to) = (args.long(0)?, args.long(1)?);
    let step = if args.has(2) { Some(args.long(2)?) } else { None };
    let ty = args.types[0];
    // Without a step: one, or one hour between times.
    let default = if matches!(ty, Type::DateTime | Type::TimeSpan) { time::HOUR } else { 1 };
    args.texts(|row, out| {
        let step = step.as_ref().map_or(Some(default), |s| s.get(row));
        let (Some(from), Some(to), Some(step)) = (from.get(row), to.get(row), step) else {
            return false;
        };
        if step == 0 {
            return false;
        }
        out.push('[');
        let mut value = Some(from);
        for _ in 0..ELEMENTS_MAX {
            let inside = value.filter(|v| if step > 0 { *v <= to } else { *v >= to });
            let Some(v) = inside else { break };
            scan::separate(out);
            match ty {
                Type::DateTime => {
                    json::write_string(out, &time::format_datetime(v, time::Fraction::Seven));
                }
                Type::TimeSpan => json::write_string(out, &time::format_timespan(v)),
                _ => out.push_str(&v.to_string()),
            }
            value = v.checked_add(step);
        }
        out.push(']');
        true
    })
}
