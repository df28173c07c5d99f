//! Elements of dynamics as rows: what `mv-expand` unnests, and what it converts elements to.
//!
//! Invariant: a list is never null. Null has one element, null; an empty array or bag has none;
//! what is neither array nor bag has itself.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, AsArray, Int64Builder, ListBuilder, StringViewArray, StringViewBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use model::Type;

use super::json::scan;
use super::kernel;
use crate::Error;

/// Elements of one batch of rows: their lists are made in memory.
const ELEMENTS_MAX: usize = 1 << 26;

/// The elements of a dynamic, at most `limit`; with `pairs` properties are `[key, value]`.
pub fn list(value: Expr, pairs: bool, limit: Option<usize>) -> Expr {
    let made = Made::Elements { pairs, limit: limit.unwrap_or(usize::MAX) };
    ScalarUDF::new_from_impl(Function::new(made)).call(vec![value])
}

/// The positions of the elements of the longest list, from 0. With `keep_empty` a row whose lists
/// are all empty has one position, null.
pub fn positions(lists: Vec<Expr>, keep_empty: bool) -> Expr {
    ScalarUDF::new_from_impl(Function::new(Made::Positions { keep_empty })).call(lists)
}

/// An element as `ty`. Numbers and bools become each other, a text only what texts spell out:
/// times, spans, guids. What does not fit is null (spec kql.md §6).
pub fn converted(value: Expr, ty: Type) -> Result<Expr, Error> {
    let types = [Type::Dynamic];
    Ok(match ty {
        Type::Dynamic => value,
        Type::String => super::scalar("tostring", vec![value], &types, ty)?,
        Type::DateTime => super::scalar("todatetime", vec![value], &types, ty)?,
        Type::TimeSpan => super::scalar("totimespan", vec![value], &types, ty)?,
        Type::Guid => super::scalar("toguid", vec![value], &types, ty)?,
        Type::Bool => kernel::call("element_bool", vec![value], &types, ty, |args| {
            let values = args.text(0)?;
            args.bools(|row| boolean(values.get(row)?))
        }),
        Type::Int | Type::Long => kernel::call("element_whole", vec![value], &types, ty, |args| {
            let values = args.text(0)?;
            let is_int = args.result == Type::Int;
            args.whole(|row| whole(values.get(row)?, is_int))
        }),
        Type::Real | Type::Decimal => {
            kernel::call("element_real", vec![value], &types, ty, |args| {
                let values = args.text(0)?;
                args.reals(|row| real(values.get(row)?))
            })
        }
    })
}

fn boolean(json: &str) -> Option<bool> {
    scan::boolean(json).or_else(|| match scan::kind(json) {
        scan::Kind::Long | scan::Kind::Real => scan::number(json).map(|v| v != 0.0),
        _ => None,
    })
}

fn whole(json: &str, is_int: bool) -> Option<i64> {
    match scan::kind(json) {
        scan::Kind::Bool => scan::boolean(json).map(i64::from),
        scan::Kind::Long if !is_int => match json.trim().parse() {
            Ok(value) => Some(value),
            Err(_) => scan::number(json).map(|v| v as i64),
        },
        scan::Kind::Long | scan::Kind::Real => {
            let value = scan::number(json)?;
            // Conversions from real stop at the ends of the type.
            Some(if is_int { i64::from(value as i32) } else { value as i64 })
        }
        _ => None,
    }
}

fn real(json: &str) -> Option<f64> {
    match scan::kind(json) {
        scan::Kind::Bool => scan::boolean(json).map(|v| if v { 1.0 } else { 0.0 }),
        _ => scan::number(json),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    Elements { pairs: bool, limit: usize },
    Positions { keep_empty: bool },
}

#[derive(Debug)]
struct Function {
    made: Made,
    signature: Signature,
}

impl Function {
    fn new(made: Made) -> Function {
        Function { made, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn element_type(&self) -> DataType {
        match self.made {
            Made::Elements { .. } => Type::Dynamic.arrow(),
            Made::Positions { .. } => DataType::Int64,
        }
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.made == other.made
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.made.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.made {
            Made::Elements { .. } => "elements",
            Made::Positions { .. } => "positions",
        }
    }
    fn signature(&self) -> &Signature {
        &self.signature
    }
    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(self.element_type(), true))))
    }
    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(types.to_vec())
    }
    fn invoke_with_args(&self, input: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = input.number_rows;
        let arrays = ColumnarValue::values_to_arrays(&input.args)?;
        let lists = match self.made {
            Made::Elements { pairs, limit } => {
                let [values] = arrays.as_slice() else {
                    return internal_err!("elements of {} values", arrays.len());
                };
                let values = cast(values, &Type::Dynamic.arrow())?;
                lists_of(values.as_string_view(), pairs, limit)?
            }
            Made::Positions { keep_empty } => positions_of(&arrays, rows, keep_empty)?,
        };
        Ok(ColumnarValue::Array(lists))
    }
}

fn lists_of(values: &StringViewArray, pairs: bool, limit: usize) -> Result<ArrayRef> {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    let mut text = String::new();
    for value in values {
        let json = value.unwrap_or("null");
        let out = lists.values();
        match scan::kind(json) {
            scan::Kind::Array => {
                for element in scan::each_element(json).into_iter().flatten().take(limit) {
                    append(out, element);
                }
            }
            scan::Kind::Bag => {
                for (key, value) in scan::each_member(json).into_iter().flatten().take(limit) {
                    let [open, between, close] =
                        if pairs { ["[", ",", "]"] } else { ["{", ":", "}"] };
                    text.clear();
                    for part in [open, "\"", key, "\"", between, value, close] {
                        text.push_str(part);
                    }
                    out.append_value(&text);
                }
            }
            _ if limit > 0 => append(out, json),
            _ => {}
        }
        check(lists.values().len())?;
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

fn append(out: &mut StringViewBuilder, json: &str) {
    match scan::is_null(json) {
        true => out.append_null(),
        false => out.append_value(json),
    }
}

fn positions_of(lists: &[ArrayRef], rows: usize, keep_empty: bool) -> Result<ArrayRef> {
    let mut positions = ListBuilder::new(Int64Builder::new());
    let lists: Vec<_> = lists.iter().map(|list| list.as_list::<i32>()).collect();
    for row in 0..rows {
        let longest = lists.iter().map(|list| list.value_length(row)).max().unwrap_or(0);
        let out = positions.values();
        (0..i64::from(longest)).for_each(|position| out.append_value(position));
        if longest == 0 && keep_empty {
            out.append_null();
        }
        check(out.len())?;
        positions.append(true);
    }
    Ok(Arc::new(positions.finish()))
}

fn check(elements: usize) -> Result<()> {
    if elements <= ELEMENTS_MAX {
        return Ok(());
    }
    let message = format!("more than {ELEMENTS_MAX} elements at a time");
    Err(DataFusionError::ResourcesExhausted(message))
}
