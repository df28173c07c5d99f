//! `sum`, `sumif`: wraps like long arithmetic, 0 for nothing (spec kql.md §8).

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::{cast, lit};
use model::Type;

use super::{AggregateCall, Call, expression};
use crate::Error;

pub(super) fn sum(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let Some(value) = call.args.pop() else { return Err(call.malformed()) };
    let real = matches!(ty, Type::Real | Type::Decimal);
    // Timespans are summed as their nanoseconds.
    let value = if real || ty == Type::Long { value } else { cast(value, DataType::Int64) };
    let sum = expression(sum_udaf(), vec![value], call.filter);
    let to = call.outputs.first().copied().unwrap_or(ty);
    Ok(AggregateCall::one(sum, move |value| {
        let zero = if real { lit(0.0) } else { lit(0_i64) };
        let value = coalesce(vec![value, zero]);
        if real || to == Type::Long { value } else { cast(value, to.arrow()) }
    }))
}
