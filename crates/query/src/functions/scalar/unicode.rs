//! `isascii`, `isutf8`, `unicode_codepoints_*`: texts as code points.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use kql::codes;
use model::Type;

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call};
use super::tostring::texts_of;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("isascii", |c| {
        c.kernel(|args| {
            let texts = texts_of(args, 0)?;
            args.flags_of(&texts, str::is_ascii)
        })
    }),
    // Every text here is UTF-8: other bytes are replaced when they come in.
    ("isutf8", |c| c.kernel(|args| args.flags(|_| true))),
    ("unicode_codepoints_from_string", |c| {
        c.kernel(|args| {
            let texts = texts_of(args, 0)?;
            args.texts(|row, out| {
                out.push('[');
                for c in texts.text(row).chars() {
                    scan::separate(out);
                    out.push_str(&u32::from(c).to_string());
                }
                out.push(']');
                true
            })
        })
    }),
    ("unicode_codepoints_to_string", to_string),
];

fn to_string(call: Call) -> Result<Expr, Error> {
    let fits = |ty: &Type| matches!(ty, Type::Int | Type::Long | Type::Dynamic);
    if let Some(argument) = call.types.iter().position(|ty| !fits(ty)) {
        let message = format!("a code point is a whole number, not {}", call.types[argument]);
        return Err(Error::Argument { argument, code: codes::WRONG_TYPE, message });
    }
    call.kernel(of_numbers)
}

/// Numbers and arrays of numbers; `''` when one of them is no code point.
fn of_numbers(args: &Args) -> Result<ArrayRef> {
    let mut columns = Vec::new();
    for k in 0..args.count() {
        columns.push(match args.types[k] {
            Type::Dynamic => (None, Some(args.text(k)?)),
            _ => (Some(args.long(k)?), None),
        });
    }
    let point = |number: i64| char::from_u32(u32::try_from(number).ok()?);
    args.texts(|row, out| {
        for column in &columns {
            let written = match column {
                (Some(numbers), _) => numbers.get(row).and_then(point).map(|c| out.push(c)),
                (_, Some(arrays)) => {
                    arrays.get(row).and_then(scan::each_element).and_then(|mut elements| {
                        elements.try_for_each(|element| {
                            out.push(point(scan::exact_long(element)?)?);
                            Some(())
                        })
                    })
                }
                _ => None,
            };
            if written.is_none() {
                out.clear();
                return false;
            }
        }
        true
    })
}
