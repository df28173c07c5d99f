//! `stdev`, `variance` and their population forms: 0 for too few values (spec kql.md §8).

use std::sync::Arc;

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::stddev::{stddev_pop_udaf, stddev_udaf};
use datafusion::functions_aggregate::variance::{var_pop_udaf, var_samp_udaf};
use datafusion::logical_expr::{AggregateUDF, lit};

use super::{AggregateCall, Call};
use crate::Error;

pub(super) fn stdev(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, stddev_udaf())
}
pub(super) fn stdevp(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, stddev_pop_udaf())
}
pub(super) fn variance(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, var_samp_udaf())
}
pub(super) fn variancep(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, var_pop_udaf())
}

fn of(call: Call<'_>, function: Arc<AggregateUDF>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::one(call.with(function), |value| coalesce(vec![value, lit(0.0)])))
}
