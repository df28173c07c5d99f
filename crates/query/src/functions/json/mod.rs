//! Expressions over `dynamic` values, and the parts of bags the tables are stored in.
//!
//! Invariant: a `dynamic` is JSON text; a missing property is null, never an error.

pub mod scan;

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use model::{Type, json};

use super::kernel::{Args, Texts, call};

fn text_literal(text: &str) -> Expr {
    lit(ScalarValue::Utf8View(Some(text.to_owned())))
}

/// `bag.key`: the property as a dynamic, null when missing.
pub fn property(bag: Expr, key: &str) -> Expr {
    let types = [Type::Dynamic, Type::String];
    call("json_property", vec![bag, text_literal(key)], &types, Type::Dynamic, |args| {
        parts(args, &args.text(1)?, scan::property)
    })
}

/// `array[index]`: the element as a dynamic; negative counts from the end.
pub fn element(array: Expr, index: i64) -> Expr {
    computed(array, lit(index), Type::Long)
}

/// `base[step]` with a computed string or long.
pub fn computed(base: Expr, step: Expr, step_type: Type) -> Expr {
    let types = [Type::Dynamic, step_type];
    if step_type.is_numeric() {
        return call("json_element", vec![base, step], &types, Type::Dynamic, |args| {
            let (arrays, indexes) = (args.text(0)?, args.long(1)?);
            args.slices(|row| {
                let part = scan::element(arrays.get(row)?, indexes.get(row)?)?;
                (!scan::is_null(part)).then_some(part)
            })
        });
    }
    call("json_computed", vec![base, step], &types, Type::Dynamic, |args| {
        let keys = args.text(1)?;
        if args.types[1] != Type::Dynamic {
            return parts(args, &keys, scan::property);
        }
        // A dynamic step is a key or an index by what it holds.
        parts(args, &keys, |json, step| match scan::exact_long(step) {
            Some(index) => scan::element(json, index),
            None => scan::property(json, &scan::plain(step)),
        })
    })
}

fn parts(
    args: &Args,
    keys: &Texts,
    find: impl for<'j> Fn(&'j str, &str) -> Option<&'j str>,
) -> Result<ArrayRef> {
    let bags = args.text(0)?;
    args.slices(|row| {
        let part = find(bags.get(row)?, keys.text(row))?;
        (!scan::is_null(part)).then_some(part)
    })
}

/// The unquoted text of a property of a bag; null (not `''`) when the bag does not have it.
pub fn property_text(bag: Expr, key: &str) -> Expr {
    let types = [Type::Dynamic, Type::String];
    call("json_property_text", vec![bag, text_literal(key)], &types, Type::Guid, |args| {
        let (bags, keys) = (args.text(0)?, args.text(1)?);
        args.texts(|row, out| {
            match bags.get(row).and_then(|bag| scan::property(bag, keys.text(row))) {
                Some(part) if !scan::is_null(part) => {
                    out.push_str(&scan::plain(part));
                    true
                }
                _ => false,
            }
        })
    })
}

/// The number a property of a bag holds; null when missing or of another kind.
pub fn property_real(bag: Expr, key: &str) -> Expr {
    let types = [Type::Dynamic, Type::String];
    call("json_property_real", vec![bag, text_literal(key)], &types, Type::Real, |args| {
        let (bags, keys) = (args.text(0)?, args.text(1)?);
        args.reals(|row| scan::number(scan::property(bags.get(row)?, keys.text(row))?))
    })
}

/// A text column as the dynamic string that holds it: quoted JSON, null for null.
pub fn quoted(text: Expr) -> Expr {
    call("json_quoted", vec![text], &[Type::Guid], Type::Dynamic, |args| {
        let texts = args.text(0)?;
        args.texts(|row, out| {
            texts.get(row).is_some_and(|text| {
                json::write_string(out, text);
                true
            })
        })
    })
}

/// The whole bag: the columns its keys were shredded to (null: not in this row's bag), then `rest`,
/// the bag of the others. Columns hold strings or doubles; a bag without any key is `{}`, and null
/// when `rest` is null too.
pub fn assemble(columns: Vec<(String, Expr, Type)>, rest: Expr) -> Expr {
    let mut args = vec![rest];
    let mut types = vec![Type::Dynamic];
    for (key, column, ty) in columns {
        args.push(text_literal(&key));
        args.push(column);
        // A missing string column is a missing key here, so it must stay null: read as a guid.
        types.extend([Type::String, if ty == Type::String { Type::Guid } else { ty }]);
    }
    call("json_assemble", args, &types, Type::Dynamic, assemble_rows)
}

enum Column {
    Text(Texts),
    Real(super::kernel::Reals),
}

fn assemble_rows(args: &Args) -> Result<ArrayRef> {
    let rest = args.text(0)?;
    let mut columns = Vec::new();
    for k in (1..args.count()).step_by(2) {
        let mut key = String::new();
        json::write_string(&mut key, args.text(k)?.text(0));
        key.push(':');
        let column = match args.types.get(k + 1) {
            Some(Type::Guid) => Column::Text(args.text(k + 1)?),
            _ => Column::Real(args.real(k + 1)?),
        };
        columns.push((key, column));
    }
    args.texts(|row, out| {
        out.push('{');
        for (key, column) in &columns {
            let start = out.len();
            scan::separate(out);
            out.push_str(key);
            let written = match column {
                Column::Text(texts) => texts.get(row).map(|t| json::write_string(out, t)),
                Column::Real(reals) => reals.get(row).map(|v| json::write_number(out, v)),
            };
            if written.is_none() {
                out.truncate(start);
            }
        }
        let rest = rest.get(row);
        write_members(out, rest.unwrap_or_default());
        let some = out.len() > 1 || rest.is_some();
        out.push('}');
        some
    })
}

/// Appends the members of a bag to the one under construction in `out`.
pub fn write_members(out: &mut String, bag: &str) {
    for (key, value) in scan::each_member(bag).into_iter().flatten() {
        scan::separate(out);
        // Writing to a String cannot fail.
        let _ = write!(out, "\"{key}\":{value}");
    }
}
