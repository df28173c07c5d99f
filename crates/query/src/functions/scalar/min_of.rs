//! `min_of`, `max_of`: the least and greatest argument, nulls skipped, NaN wins (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::Type;

use super::super::kernel::{Args, Kernel};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("min_of", |c| of(c, false)), ("max_of", |c| of(c, true))];

fn of(call: Call, max: bool) -> Result<Expr, Error> {
    let kernel: Kernel = match (call.result, max) {
        (Type::Real | Type::Decimal, false) => |a| reals(a, false),
        (Type::Real | Type::Decimal, true) => |a| reals(a, true),
        (Type::String | Type::Guid, false) => |a| texts(a, false),
        (Type::String | Type::Guid, true) => |a| texts(a, true),
        (Type::Bool | Type::Dynamic, _) => return Err(call.malformed()),
        (_, false) => |a| wholes(a, false),
        (_, true) => |a| wholes(a, true),
    };
    call.kernel(kernel)
}

fn reals(args: &Args, max: bool) -> Result<ArrayRef> {
    let columns = (0..args.count()).map(|k| args.real(k)).collect::<Result<Vec<_>>>()?;
    args.reals(|row| {
        columns.iter().filter_map(|c| c.get(row)).reduce(|a, b| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else if max {
                a.max(b)
            } else {
                a.min(b)
            }
        })
    })
}

fn wholes(args: &Args, max: bool) -> Result<ArrayRef> {
    let columns = (0..args.count()).map(|k| args.long(k)).collect::<Result<Vec<_>>>()?;
    args.whole(|row| {
        let values = columns.iter().filter_map(|c| c.get(row));
        if max { values.max() } else { values.min() }
    })
}

fn texts(args: &Args, max: bool) -> Result<ArrayRef> {
    let columns = (0..args.count()).map(|k| args.text(k)).collect::<Result<Vec<_>>>()?;
    args.slices(|row| {
        let values = columns.iter().filter_map(|c| c.get(row));
        if max { values.max() } else { values.min() }
    })
}
