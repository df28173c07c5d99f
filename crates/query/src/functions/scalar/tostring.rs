//! `tostring`: the text of any value (spec kql.md §4).

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Expr;
use model::{Type, time};

use super::super::json::scan;
use super::super::kernel::{Args, Bools, Longs, Reals, Texts, Values};
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("tostring", tostring)];

fn tostring(call: Call) -> Result<Expr, Error> {
    if call.ty(0)? == Type::String {
        return call.one();
    }
    call.kernel(|args| {
        let cells = Cells::new(args, 0)?;
        args.texts(|row, out| {
            cells.write(row, out);
            true
        })
    })
}

/// One argument of any type, read as texts.
pub(crate) enum Cells {
    Bool(Bools),
    Long(Longs),
    Real(Reals),
    DateTime(Longs),
    TimeSpan(Longs),
    /// Strings and guids.
    Text(Texts),
    Dynamic(Texts),
}

impl Cells {
    /// The values of an array of `ty`, outside a call.
    pub fn of_array(array: &ArrayRef, ty: Type) -> Result<Cells> {
        Cells::new(&Args::of_array(Arc::clone(array), ty), 0)
    }

    pub fn new(args: &Args, k: usize) -> Result<Cells> {
        let Some(ty) = args.types.get(k) else { return exec_err!("argument {k} is missing") };
        Ok(match ty {
            Type::Bool => Cells::Bool(args.bool(k)?),
            Type::Int | Type::Long => Cells::Long(args.long(k)?),
            Type::Real | Type::Decimal => Cells::Real(args.real(k)?),
            Type::DateTime => Cells::DateTime(args.long(k)?),
            Type::TimeSpan => Cells::TimeSpan(args.long(k)?),
            Type::String | Type::Guid => Cells::Text(args.text(k)?),
            Type::Dynamic => Cells::Dynamic(args.text(k)?),
        })
    }

    /// Whether the value is null. A string never is.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Cells::Bool(a) => a.get(row).is_none(),
            Cells::Long(a) | Cells::DateTime(a) | Cells::TimeSpan(a) => a.get(row).is_none(),
            Cells::Real(a) => a.get(row).is_none(),
            Cells::Text(a) => a.get(row).is_none(),
            Cells::Dynamic(a) => a.get(row).is_none_or(scan::is_null),
        }
    }

    /// Appends the text as `tostring()` prints it; null prints nothing.
    pub fn write(&self, row: usize, out: &mut String) {
        match self {
            Cells::Bool(a) => match a.get(row) {
                Some(true) => out.push_str("True"),
                Some(false) => out.push_str("False"),
                None => {}
            },
            Cells::Long(a) => {
                if let Some(v) = a.get(row) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "{v}");
                }
            }
            Cells::Real(a) => {
                if let Some(v) = a.get(row) {
                    write_real(out, v);
                }
            }
            Cells::DateTime(a) => {
                if let Some(v) = a.get(row) {
                    out.push_str(&time::format_datetime(v, time::Fraction::Seven));
                }
            }
            Cells::TimeSpan(a) => {
                if let Some(v) = a.get(row) {
                    out.push_str(&time::format_timespan(v));
                }
            }
            Cells::Text(a) => out.push_str(a.text(row)),
            Cells::Dynamic(a) => out.push_str(&scan::plain(a.text(row))),
        }
    }

    /// Appends the value as JSON; null as `null`.
    pub fn write_json(&self, row: usize, out: &mut String) {
        match self {
            _ if self.is_null(row) => out.push_str("null"),
            Cells::Bool(a) => out.push_str(if a.get(row) == Some(true) { "true" } else { "false" }),
            Cells::Real(a) => model::json::write_real(out, a.get(row).unwrap_or_default()),
            Cells::Dynamic(a) => out.push_str(a.text(row)),
            Cells::Text(a) => model::json::write_string(out, a.text(row)),
            Cells::DateTime(_) | Cells::TimeSpan(_) => {
                out.push('"');
                self.write(row, out);
                out.push('"');
            }
            Cells::Long(_) => self.write(row, out),
        }
    }
}

/// Argument `k` as texts, whatever its type.
pub(super) fn texts_of(args: &Args, k: usize) -> Result<Texts> {
    if matches!(args.types.get(k), Some(Type::String | Type::Guid)) {
        return args.text(k);
    }
    let cells = Cells::new(args, k)?;
    let mut text = String::new();
    let array = (0..args.rows)
        .map(|row| {
            text.clear();
            cells.write(row, &mut text);
            Some(text.clone())
        })
        .collect();
    Ok(Values { array, scalar: false })
}

/// Shortest text that reads back the same, with a point: `1.0`, `1e+20`, `inf`, `NaN`.
pub(super) fn write_real(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str("NaN");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { "inf" } else { "-inf" });
    } else if value != 0.0 && (value.abs() >= 1e15 || value.abs() < 1e-4) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, size) = match exponent.strip_prefix('-') {
            Some(size) => ('-', size),
            None => ('+', exponent),
        };
        let _ = write!(out, "{digits}e{sign}{size:0>2}");
    } else {
        let _ = write!(out, "{value:?}");
    }
}
