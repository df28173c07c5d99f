//! `format_bytes(size[, precision[, unit]])`: `19.08 MB`, in the largest unit that fits.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use kql::codes;

use super::super::kernel::Args;
use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("format_bytes", format_bytes)];

/// Each is 1024 of the one before.
const UNITS: [&str; 7] = ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB"];
/// More digits than a double has make no sense.
const PRECISION_MAX: i64 = 15;

/// The unit called `name`; `None` inside asks for the one that fits.
fn unit(name: &str) -> Option<Option<usize>> {
    if name.is_empty() { Some(None) } else { UNITS.iter().position(|u| *u == name).map(Some) }
}

fn format_bytes(call: Call) -> Result<Expr, Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(2)
        && let Some(Some(name)) = value.try_as_str()
        && unit(name).is_none()
    {
        let message = format!("no unit `{name}`: they are {}", UNITS.join(", "));
        return Err(Error::Argument { argument: 2, code: codes::UNKNOWN_NAME, message });
    }
    call.kernel(rows)
}

fn rows(args: &Args) -> Result<ArrayRef> {
    let sizes = args.real(0)?;
    let precisions = if args.has(1) { Some(args.long(1)?) } else { None };
    let units = if args.has(2) { Some(args.text(2)?) } else { None };
    args.texts(|row, out| {
        let Some(size) = sizes.get(row).filter(|size| size.is_finite()) else { return false };
        let precision = precisions.as_ref().and_then(|p| p.get(row)).unwrap_or(0);
        let Some(unit) = unit(units.as_ref().map_or("", |u| u.text(row))) else { return false };
        let fitting = || {
            let steps = |unit: &usize| size.abs() >= 1024_f64.powi(*unit as i32);
            (0..UNITS.len()).rev().find(steps).unwrap_or(0)
        };
        let unit = unit.unwrap_or_else(fitting);
        let digits = usize::try_from(precision.clamp(0, PRECISION_MAX)).unwrap_or(0);
        let text = format!("{:.digits$}", size / 1024_f64.powi(unit as i32));
        // Rounded, not padded: zeros at the end say nothing.
        let text = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.'),
            false => &text,
        };
        out.push_str(text);
        out.push(' ');
        out.push_str(UNITS[unit]);
        true
    })
}
