//! `count`, `countif`, `count_distinct`: DataFusion's own.

use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit};

use super::{AggregateCall, Call, expression};
use crate::Error;

/// All rows; an argument changes nothing, unlike in SQL (spec kql.md §8).
pub(super) fn count(call: Call<'_>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::plain(expression(count_udaf(), vec![lit(1_i64)], call.filter)))
}

/// Exact; nulls are not counted.
pub(super) fn distinct(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    call.args.truncate(1);
    let function =
        AggregateFunction::new_udf(count_udaf(), call.args, true, call.filter, Vec::new(), None);
    Ok(AggregateCall::plain(Expr::AggregateFunction(function)))
}
