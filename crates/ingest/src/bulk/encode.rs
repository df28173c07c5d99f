//! Rows → the one CSV form that [`super::Decoder`] reads back unchanged with the same columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    DurationNanosecondType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use arrow_array::{Array, RecordBatch};
use model::Type;
use model::time::{Fraction, format_datetime, format_timespan};

use super::Column;

/// Appends rows from `row` on as CSV lines until `out` has `bytes_max` bytes (one line at least),
/// and returns the row to go on with. `columns` are those of the rows.
pub fn write_csv(
    rows: &RecordBatch,
    columns: &[Column],
    mut row: usize,
    bytes_max: usize,
    out: &mut String,
) -> usize {
    let is_single = columns.len() == 1;
    while row < rows.num_rows() {
        let start = out.len();
        for (at, (array, column)) in rows.columns().iter().zip(columns).enumerate() {
            if at > 0 {
                out.push(',');
            }
            if array.is_valid(row) {
                write_cell(array.as_ref(), column.ty, row, out);
            }
        }
        if is_single && out.len() == start {
            // An empty line is no record.
            out.push_str("\"\"");
        }
        out.push('\n');
        row += 1;
        if out.len() >= bytes_max {
            break;
        }
    }
    row
}

fn write_cell(array: &dyn Array, ty: Type, row: usize, out: &mut String) {
    use std::fmt::Write;
    // Writing to a String cannot fail; an array of another type has no value.
    let _ = match ty {
        Type::Bool => array.as_boolean_opt().map(|a| write!(out, "{}", a.value(row))),
        Type::Int => array.as_primitive_opt::<Int32Type>().map(|a| write!(out, "{}", a.value(row))),
        Type::Long => {
            array.as_primitive_opt::<Int64Type>().map(|a| write!(out, "{}", a.value(row)))
        }
        Type::Real | Type::Decimal => {
            array.as_primitive_opt::<Float64Type>().map(|a| write!(out, "{:?}", a.value(row)))
        }
        Type::DateTime => array.as_primitive_opt::<TimestampNanosecondType>().map(|a| {
            out.push_str(&format_datetime(a.value(row), Fraction::Trimmed));
            Ok(())
        }),
        Type::TimeSpan => array.as_primitive_opt::<DurationNanosecondType>().map(|a| {
            out.push_str(&format_timespan(a.value(row)));
            Ok(())
        }),
        Type::String | Type::Guid | Type::Dynamic => array.as_string_view_opt().map(|a| {
            write_text(a.value(row), out);
            Ok(())
        }),
    };
}

fn write_text(text: &str, out: &mut String) {
    let is_plain = |b: u8| !matches!(b, b',' | b'"' | b'\n' | b'\r');
    // The first line must not start with what looks like a byte order mark.
    if text.bytes().all(is_plain) && !text.starts_with('\u{feff}') {
        out.push_str(text);
        return;
    }
    out.push('"');
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.push_str("\"\"");
        }
        out.push_str(part);
    }
    out.push('"');
}
