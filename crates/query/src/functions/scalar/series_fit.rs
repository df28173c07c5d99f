//! `series_fit_line`, `series_fit_2lines`, their `_dynamic` forms, and `series_fit_poly`.
//!
//! Null for a series that is empty or has an element that is no number (spec kql.md §9).

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::kernel::Args;
use super::super::series::{self, fit::Line, fit::Polynomial, fit::TwoLines};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_fit_line", |c| c.kernel(|args| fitted(args, Line::of, write_line))),
    ("series_fit_line_dynamic", |c| c.kernel(|args| fitted(args, Line::of, write_line_bag))),
    ("series_fit_2lines", |c| c.kernel(|args| fitted(args, TwoLines::of, write_lines))),
    ("series_fit_2lines_dynamic", |c| c.kernel(|args| fitted(args, TwoLines::of, write_lines_bag))),
    ("series_fit_poly", |c| c.kernel(polynomial)),
];

/// The highest power of a polynomial: more would only follow the noise of the digits.
const DEGREE_MAX: i64 = 32;

fn fitted<F>(
    args: &Args,
    of: fn(&[f64]) -> Option<F>,
    write: fn(&mut String, &F, usize),
) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    args.texts(|row, out| {
        let Some(values) = arrays.get(row).and_then(series::reals) else { return false };
        match of(&values) {
            Some(fit) => write(out, &fit, values.len()),
            None => return false,
        }
        true
    })
}

/// In the order of the outputs.
fn write_line(out: &mut String, line: &Line, count: usize) {
    out.push('[');
    let parts = [line.rsquare, line.slope, line.variance, line.rvariance, line.interception];
    parts.into_iter().for_each(|part| series::write_part(out, part));
    series::write_reals(out, (0..count).map(|place| line.at(place)));
    out.push(']');
}

fn write_named(out: &mut String, named: &[(&str, f64)]) {
    for (name, value) in named {
        // Writing to a String cannot fail.
        let _ = write!(out, "\"{name}\":");
        series::write_part(out, *value);
    }
}

fn write_line_bag(out: &mut String, line: &Line, count: usize) {
    out.push('{');
    let named = [
        ("rsquare", line.rsquare),
        ("slope", line.slope),
        ("variance", line.variance),
        ("rvariance", line.rvariance),
        ("interception", line.interception),
    ];
    write_named(out, &named);
    out.push_str("\"line_fit\":");
    series::write_reals(out, (0..count).map(|place| line.at(place)));
    out.push('}');
}

/// In the order of the outputs.
fn write_lines(out: &mut String, lines: &TwoLines, count: usize) {
    out.push('[');
    series::write_part(out, lines.rsquare);
    let _ = write!(out, "{},", lines.split);
    series::write_part(out, lines.variance);
    series::write_part(out, lines.rvariance);
    series::write_reals(out, (0..count).map(|place| lines.at(place)));
    for line in [&lines.right, &lines.left] {
        let parts = [line.rsquare, line.slope, line.interception, line.variance, line.rvariance];
        for part in parts {
            out.push(',');
            json::write_real(out, part);
        }
    }
    out.push(']');
}

fn write_lines_bag(out: &mut String, lines: &TwoLines, count: usize) {
    out.push('{');
    write_named(out, &[("rsquare", lines.rsquare)]);
    let _ = write!(out, "\"split_idx\":{},", lines.split);
    write_named(out, &[("variance", lines.variance), ("rvariance", lines.rvariance)]);
    out.push_str("\"line_fit\":");
    series::write_reals(out, (0..count).map(|place| lines.at(place)));
    for (name, line) in [("right", &lines.right), ("left", &lines.left)] {
        let _ = write!(out, ",\"{name}\":{{");
        let named = [
            ("rsquare", line.rsquare),
            ("slope", line.slope),
            ("interception", line.interception),
            ("variance", line.variance),
        ];
        write_named(out, &named);
        out.push_str("\"rvariance\":");
        json::write_real(out, line.rvariance);
        out.push('}');
    }
    out.push('}');
}

/// `(series[, x_series[, degree]])`; without places of its own a series stands at 1, 2, ….
fn polynomial(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let places = if args.has(1) { Some(args.text(1)?) } else { None };
    let degrees = if args.has(2) { Some(args.long(2)?) } else { None };
    let mut too_high = false;
    let out = args.texts(|row, out| {
        let Some(y) = arrays.get(row).and_then(series::reals) else { return false };
        let x = match &places {
            Some(places) => places.get(row).and_then(series::reals),
            None => Some((1..=y.len()).map(|place| place as f64).collect()),
        };
        let degree = degrees.as_ref().map_or(Some(1), |d| d.get(row));
        let (Some(x), Some(degree)) = (x, degree) else { return false };
        too_high |= degree > DEGREE_MAX;
        let found = match usize::try_from(degree) {
            Ok(degree) if !too_high => Polynomial::of(&x, &y, degree),
            _ => None,
        };
        let Some(found) = found else { return false };
        out.push('[');
        series::write_part(out, found.rsquare);
        series::write_reals(out, found.coefficients);
        out.push(',');
        series::write_part(out, found.variance);
        series::write_part(out, found.rvariance);
        series::write_reals(out, found.fit);
        out.push(']');
        true
    })?;
    if too_high {
        let message = format!("`series_fit_poly()` fits polynomials up to degree {DEGREE_MAX}");
        return Err(series::limit("rows", message));
    }
    Ok(out)
}
