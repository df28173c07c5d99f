//! `coalesce`: skips nulls and empty strings (spec kql.md §4).

use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn;
use datafusion::logical_expr::{Expr, lit, when};
use model::Type;

use super::super::{Build, Call};
use super::case::convert;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("coalesce", coalesce)];

fn coalesce(mut call: Call) -> Result<Expr, Error> {
    let result = call.result;
    let mut values = Vec::new();
    for (value, ty) in call.args.drain(..).zip(call.types.drain(..)) {
        values.push(convert(value, ty, result)?);
    }
    if result != Type::String {
        return Ok(expr_fn::coalesce(values));
    }
    let empty = || lit(ScalarValue::Utf8View(Some(String::new())));
    let mut chosen = values.pop().unwrap_or_else(empty);
    while let Some(value) = values.pop() {
        chosen = when(value.clone().not_eq(empty()), value)
            .otherwise(chosen)
            .map_err(|e| Error::Internal(e.to_string()))?;
    }
    Ok(chosen)
}
