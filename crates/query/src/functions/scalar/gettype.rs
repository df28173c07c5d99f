//! `gettype`: the type's name; of a dynamic, of what it holds (spec kql.md §3).

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use model::Type;

use super::super::json::scan::{self, Kind};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("gettype", gettype)];

fn gettype(call: Call) -> Result<Expr, Error> {
    let ty = call.ty(0)?;
    if ty != Type::Dynamic {
        return Ok(lit(ScalarValue::Utf8View(Some(ty.name().to_owned()))));
    }
    call.kernel(|args| {
        let a = args.text(0)?;
        args.slices(|row| {
            Some(match scan::kind(a.text(row)) {
                Kind::Null => "null",
                Kind::Bool => "bool",
                Kind::Long => "long",
                Kind::Real => "double",
                Kind::Text => "string",
                Kind::Array => "array",
                Kind::Bag => "dictionary",
            })
        })
    })
}
