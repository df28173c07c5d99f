//! `in`, `!in`, `in~`, `!in~`: membership in constants, computed values and dynamic arrays.

use std::collections::HashSet;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Expr, lit};
use model::{Type, time};

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call, scalar};
use super::equality::{is_constant, same_ignoring_case};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("in", |call| member(call, false)),
    ("!in", |call| member(call, true)),
    ("in~", |call| call.kernel(|a| ignoring_case(a, false))),
    ("!in~", |call| call.kernel(|a| ignoring_case(a, true))),
];

fn member(mut call: Call, negated: bool) -> Result<Expr, Error> {
    if call.args.is_empty() {
        return Err(call.malformed());
    }
    let value = call.args.remove(0);
    let ty = call.types.remove(0);
    let mut list = Vec::new();
    let mut alternatives = Vec::new();
    for (item, item_type) in call.args.drain(..).zip(call.types.drain(..)) {
        if item_type == Type::Dynamic && ty != Type::Dynamic {
            match constant_array(&item, ty) {
                Some(values) => list.extend(values),
                None => alternatives.push(in_dynamic(&value, ty, item)),
            }
        } else if is_constant(&item) && !matches!(ty, Type::Real | Type::Decimal) {
            list.push(item);
        } else {
            let pair = vec![value.clone(), item];
            alternatives.push(scalar("==", pair, &[ty, item_type], Type::Bool)?);
        }
    }
    // Doubles compare by IEEE rules, which `IN` does not know.
    let mut found = if matches!(ty, Type::Real | Type::Decimal) {
        for item in list {
            alternatives.push(scalar("==", vec![value.clone(), item], &[ty, ty], Type::Bool)?);
        }
        None
    } else {
        (!list.is_empty()).then(|| value.clone().in_list(list, false))
    };
    if ty != Type::String && (!call.predicate || negated) {
        // One null side: not a member. Two nulls meet only in `alternatives`.
        found = found.map(|f| f.is_true());
    }
    let all = found.into_iter().chain(alternatives).reduce(Expr::or).unwrap_or_else(|| lit(false));
    Ok(if negated { !all } else { all })
}

/// The elements of a constant array as constants of type `ty`; those of other kinds equal nothing.
fn constant_array(item: &Expr, ty: Type) -> Option<Vec<Expr>> {
    let Expr::Literal(value, _) = item else { return None };
    let Some(Some(json)) = value.try_as_str() else { return Some(Vec::new()) };
    let elements = scan::elements(json).unwrap_or_else(|| vec![json]);
    Some(elements.into_iter().filter_map(|e| element(e, ty)).map(lit).collect())
}

fn element(json: &str, ty: Type) -> Option<ScalarValue> {
    if scan::is_null(json) {
        return None;
    }
    let text = || scan::text_of(json);
    Some(match ty {
        Type::Bool => ScalarValue::Boolean(Some(scan::boolean(json)?)),
        Type::Int => ScalarValue::Int32(Some(i32::try_from(scan::exact_long(json)?).ok()?)),
        Type::Long => ScalarValue::Int64(Some(scan::exact_long(json)?)),
        Type::Real | Type::Decimal => ScalarValue::Float64(Some(scan::number(json)?)),
        Type::String | Type::Guid => ScalarValue::Utf8View(Some(text())),
        Type::DateTime => ScalarValue::TimestampNanosecond(time::parse_datetime(&text()), None),
        Type::TimeSpan => ScalarValue::DurationNanosecond(time::parse_timespan(&text())),
        Type::Dynamic => ScalarValue::Utf8View(Some(json.to_owned())),
    })
    .filter(|v| !v.is_null())
}

/// Membership in an array that differs from row to row: by the text of the elements.
fn in_dynamic(value: &Expr, ty: Type, array: Expr) -> Expr {
    let types = [ty, Type::Dynamic];
    super::super::kernel::call("in", vec![value.clone(), array], &types, Type::Bool, |args| {
        let arrays = args.text(1)?;
        let texts = super::tostring::texts_of(args, 0)?;
        args.flags(|row| {
            let Some(json) = arrays.get(row) else { return false };
            let elements = scan::elements(json).unwrap_or_else(|| vec![json]);
            let text = texts.text(row);
            elements.into_iter().any(|e| {
                scan::text_of(e).eq_ignore_ascii_case(text)
                    && (args.types[0] == Type::Bool || scan::text_of(e) == text)
            })
        })
    })
}

fn ignoring_case(args: &Args, negated: bool) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    let list = |row: usize| -> Result<Vec<String>> {
        let mut out = Vec::new();
        for k in 1..args.count() {
            let values = args.text(k)?;
            match (args.types[k], values.get(row)) {
                (Type::Dynamic, None) => {}
                (Type::Dynamic, Some(json)) => match scan::elements(json) {
                    Some(elements) => out.extend(elements.into_iter().map(scan::text_of)),
                    None => out.push(scan::text_of(json)),
                },
                (_, value) => out.push(value.unwrap_or("").to_owned()),
            }
        }
        Ok(out)
    };
    if args.constant_from(1) {
        let folded: HashSet<String> = list(0)?.iter().map(|t| t.to_lowercase()).collect();
        return args.flags_of(&texts, |text| folded.contains(&text.to_lowercase()) != negated);
    }
    let mut flags = Vec::with_capacity(args.rows);
    for row in 0..args.rows {
        let text = texts.text(row);
        flags.push(list(row)?.iter().any(|t| same_ignoring_case(t, text)) != negated);
    }
    args.flags(|row| flags[row])
}
