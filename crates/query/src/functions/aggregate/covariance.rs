//! `covariance`, `covariancep` and their `…if` forms: 0 for too few pairs, like `variance`.

use std::sync::Arc;

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::covariance::{covar_pop_udaf, covar_samp_udaf};
use datafusion::logical_expr::{AggregateUDF, lit};

use super::{AggregateCall, Call};
use crate::Error;

pub(super) fn covariance(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, covar_samp_udaf())
}
pub(super) fn covariancep(call: Call<'_>) -> Result<AggregateCall, Error> {
    of(call, covar_pop_udaf())
}

fn of(call: Call<'_>, function: Arc<AggregateUDF>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::one(call.with(function), |value| coalesce(vec![value, lit(0.0)])))
}
