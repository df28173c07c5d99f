//! `and`, `or`, `not`: three-valued, as DataFusion's (spec kql.md §3).

use datafusion::logical_expr::Expr;

use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("and", and), ("or", or), ("not", not)];

fn and(call: Call) -> Result<Expr, Error> {
    let (a, b) = call.pair()?;
    Ok(a.and(b))
}
fn or(call: Call) -> Result<Expr, Error> {
    let (a, b) = call.pair()?;
    Ok(a.or(b))
}
fn not(call: Call) -> Result<Expr, Error> {
    Ok(!call.one()?)
}
