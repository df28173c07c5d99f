//! `todynamic` (`parse_json`): any value as a dynamic (spec kql.md §3).
//!
//! A text that is no JSON becomes the dynamic string that holds it; `''` is null.

use datafusion::logical_expr::Expr;
use model::{Type, json};
use serde::de::IgnoredAny;

use super::super::json::scan;
use super::super::{Build, Call};
use super::tostring::Cells;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("todynamic", todynamic),
    // Not a function of the language: what wraps a branch or an element of another type.
    ("to_dynamic", to_dynamic),
];

fn todynamic(call: Call) -> Result<Expr, Error> {
    if call.ty(0)? == Type::Dynamic {
        return call.one();
    }
    if call.ty(0)? != Type::String {
        return to_dynamic(call);
    }
    call.kernel(|args| {
        let texts = args.text(0)?;
        args.texts(|row, out| write_parsed(texts.text(row), out))
    })
}

/// The value itself as a dynamic: a string stays that string, whatever it spells.
fn to_dynamic(call: Call) -> Result<Expr, Error> {
    if call.ty(0)? == Type::Dynamic {
        return call.one();
    }
    call.kernel(|args| {
        let cells = Cells::new(args, 0)?;
        args.texts(|row, out| {
            let some = !cells.is_null(row);
            if some {
                cells.write_json(row, out);
            }
            some
        })
    })
}

/// Appends the dynamic a text means; false for null.
fn write_parsed(text: &str, out: &mut String) -> bool {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed == "null" {
        return false;
    }
    if serde_json::from_str::<IgnoredAny>(trimmed).is_err() {
        json::write_string(out, text);
        return true;
    }
    scan::write_compact(out, trimmed);
    true
}
