//! `isnull`, `isnotnull`, `isempty`, `isnotempty`: a string is never null (spec kql.md §3, §4).

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use model::Type;

use super::super::json::scan;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("isnull", |call| null_test(call, false)),
    ("isnotnull", |call| null_test(call, true)),
    ("isempty", |call| empty_test(call, false)),
    ("isnotempty", |call| empty_test(call, true)),
];

fn null_test(call: Call, negated: bool) -> Result<Expr, Error> {
    let ty = call.ty(0)?;
    if ty == Type::Dynamic {
        let tested = call.kernel(|args| {
            let a = args.text(0)?;
            args.flags(|row| scan::is_null(a.text(row)))
        })?;
        return Ok(if negated { !tested } else { tested });
    }
    let value = call.one()?;
    Ok(match ty {
        Type::String => lit(negated),
        _ if negated => value.is_not_null(),
        _ => value.is_null(),
    })
}

fn empty_test(call: Call, negated: bool) -> Result<Expr, Error> {
    match call.ty(0)? {
        Type::String => {
            let value = call.one()?;
            let empty = lit(ScalarValue::Utf8View(Some(String::new())));
            Ok(if negated { value.not_eq(empty) } else { value.eq(empty) })
        }
        Type::Dynamic => {
            let tested = call.kernel(|args| {
                let a = args.text(0)?;
                args.flags(|row| matches!(a.text(row), "" | "null" | "\"\""))
            })?;
            Ok(if negated { !tested } else { tested })
        }
        _ => null_test(call, negated),
    }
}
