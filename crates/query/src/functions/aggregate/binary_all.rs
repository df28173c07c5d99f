//! `binary_all_and`, `binary_all_or`, `binary_all_xor`: DataFusion's own; null for no values.

use datafusion::functions_aggregate::bit_and_or_xor::{bit_and_udaf, bit_or_udaf, bit_xor_udaf};

use super::{AggregateCall, Call};
use crate::Error;

pub(super) fn and(call: Call<'_>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::plain(call.with(bit_and_udaf())))
}
pub(super) fn or(call: Call<'_>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::plain(call.with(bit_or_udaf())))
}
pub(super) fn xor(call: Call<'_>) -> Result<AggregateCall, Error> {
    Ok(AggregateCall::plain(call.with(bit_xor_udaf())))
}
