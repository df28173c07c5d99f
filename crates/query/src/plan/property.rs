//! Properties of stored bags: raw text or number columns that stand for dynamic values.
//!
//! Invariant: the raw column is null exactly where the bag lacks the key.

use datafusion::common::ScalarValue;
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, lit};
use model::Type;

use crate::error::Error;
use crate::functions;
use crate::functions::json;

/// The property as a dynamic value.
pub(super) fn dynamic(raw: Expr, ty: Type) -> Expr {
    match ty {
        Type::String => json::quoted(raw),
        // A bag of one key, taken out again: numbers are spelled as in the whole bag.
        _ => {
            let rest = lit(ScalarValue::Utf8View(None));
            json::property(json::assemble(vec![("v".to_owned(), raw, ty)], rest), "v")
        }
    }
}

/// `function(property)` computed from the raw column, for functions that read what a dynamic holds.
pub(super) fn converted(
    function: &str,
    raw: Expr,
    ty: Type,
    result: Type,
) -> Result<Option<Expr>, Error> {
    Ok(Some(match (function, ty) {
        ("isnull", _) => raw.is_null(),
        ("isnotnull", _) => raw.is_not_null(),
        ("tostring", Type::String) => text(raw),
        ("isempty", Type::String) => text(raw).eq(lit(ScalarValue::Utf8View(Some(String::new())))),
        ("isnotempty", Type::String) => {
            text(raw).not_eq(lit(ScalarValue::Utf8View(Some(String::new()))))
        }
        ("isempty", _) => raw.is_null(),
        ("isnotempty", _) => raw.is_not_null(),
        ("toreal" | "todouble" | "todecimal", Type::Real) => raw,
        (
            "toint" | "tolong" | "toreal" | "todouble" | "todecimal" | "tobool" | "todatetime"
            | "totimespan" | "toguid",
            Type::String,
        ) => functions::scalar(function, vec![text(raw)], &[Type::String], result)?,
        ("toint" | "tolong" | "tobool", Type::Real) => {
            functions::scalar(function, vec![raw], &[Type::Real], result)?
        }
        _ => return Ok(None),
    }))
}

/// The text, `''` where the key is missing.
fn text(raw: Expr) -> Expr {
    coalesce(vec![raw, lit(ScalarValue::Utf8View(Some(String::new())))])
}
