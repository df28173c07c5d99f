//! `around(value, center, delta)`: whether the value is at most `delta` away, ends included.

use datafusion::logical_expr::Expr;
use model::Type;

use super::super::{Build, Call, scalar};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("around", around)];

fn around(mut call: Call) -> Result<Expr, Error> {
    let (center, delta) = (call.ty(1)?, call.ty(2)?);
    let (Some(by), Some(from), Some(value)) = (call.args.pop(), call.args.pop(), call.args.pop())
    else {
        return Err(call.malformed());
    };
    let end = |op: &str| scalar(op, vec![from.clone(), by.clone()], &[center, delta], center);
    let args = vec![value, end("-")?, end("+")?];
    scalar("between", args, &[call.types[0], center, center], Type::Bool)
}
