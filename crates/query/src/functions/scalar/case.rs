//! `iff`, `case`: a null condition takes the ELSE branch (spec kql.md §4).

use datafusion::logical_expr::{Expr, cast, when};
use model::Type;

use super::super::{Build, Call, scalar};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("iff", case), ("case", case)];

/// Condition and value by turns, then the value otherwise.
fn case(mut call: Call) -> Result<Expr, Error> {
    if call.args.len() < 3 || call.args.len().is_multiple_of(2) {
        return Err(call.malformed());
    }
    let result = call.result;
    let mut pairs = call.args.drain(..).zip(call.types.drain(..)).collect::<Vec<_>>();
    let branch = |pair: Option<(Expr, Type)>| match pair {
        Some((value, ty)) => convert(value, ty, result),
        None => Err(Error::Internal("`case` lost a branch".into())),
    };
    let mut otherwise = branch(pairs.pop())?;
    while !pairs.is_empty() {
        let value = branch(pairs.pop())?;
        let Some((condition, _)) = pairs.pop() else { break };
        otherwise = when(condition, value)
            .otherwise(otherwise)
            .map_err(|e| Error::Internal(e.to_string()))?;
    }
    Ok(otherwise)
}

/// `value` of type `ty` as a branch of a `to`: numbers widen, anything becomes a dynamic.
pub(super) fn convert(value: Expr, ty: Type, to: Type) -> Result<Expr, Error> {
    if ty == to {
        return Ok(value);
    }
    if to == Type::Dynamic {
        return scalar("to_dynamic", vec![value], &[ty], to);
    }
    Ok(if ty.arrow() == to.arrow() { value } else { cast(value, to.arrow()) })
}
