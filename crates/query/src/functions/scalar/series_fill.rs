//! `series_fill_*`: missing elements replaced; all others stay as they are written.
//!
//! Missing is what is no number, or what equals the placeholder where one is given (spec kql.md
//! §9).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::{Type, json};

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Reals};
use super::super::series;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_fill_forward", |c| c.kernel(|args| neighbours(args, false))),
    ("series_fill_backward", |c| c.kernel(|args| neighbours(args, true))),
    ("series_fill_const", |c| c.kernel(constant)),
    ("series_fill_linear", |c| c.kernel(linear)),
];

/// An optional argument of reals.
fn optional(args: &Args, k: usize) -> Result<Option<Reals>> {
    if args.has(k) { args.real(k).map(Some) } else { Ok(None) }
}

fn value(reals: Option<&Reals>, row: usize) -> Option<f64> {
    reals.and_then(|reals| reals.get(row))
}

fn is_missing(element: &str, placeholder: Option<f64>) -> bool {
    match (scan::number(element), placeholder) {
        (None, None) => true,
        (Some(number), Some(placeholder)) => {
            number == placeholder || (number.is_nan() && placeholder.is_nan())
        }
        _ => false,
    }
}

fn write(out: &mut String, elements: &[&str]) {
    series::write_array(out, elements, |out, element| {
        out.push_str(element);
        true
    });
}

fn neighbours(args: &Args, backward: bool) -> Result<ArrayRef> {
    let (arrays, placeholders) = (args.text(0)?, optional(args, 1)?);
    args.texts(|row, out| {
        let Some(mut elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let placeholder = value(placeholders.as_ref(), row);
        if backward {
            elements.reverse();
        }
        let mut last = None;
        for element in &mut elements {
            match (is_missing(element, placeholder), last) {
                (false, _) => last = Some(*element),
                (true, Some(last)) => *element = last,
                (true, None) => {}
            }
        }
        if backward {
            elements.reverse();
        }
        write(out, &elements);
        true
    })
}

fn constant(args: &Args) -> Result<ArrayRef> {
    let (arrays, placeholders) = (args.text(0)?, optional(args, 2)?);
    let is_long = !args.has(1) || args.types[1] == Type::Long;
    let longs = if is_long && args.has(1) { Some(args.long(1)?) } else { None };
    let reals = if is_long { None } else { Some(args.real(1)?) };
    args.texts(|row, out| {
        let Some(mut elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let placeholder = value(placeholders.as_ref(), row);
        let mut filler = String::new();
        match (&longs, &reals) {
            (Some(longs), _) => match longs.get(row) {
                Some(long) => filler.push_str(&long.to_string()),
                None => filler.push_str("null"),
            },
            (_, Some(reals)) => match reals.get(row) {
                Some(real) => json::write_real(&mut filler, real),
                None => filler.push_str("null"),
            },
            _ => filler.push('0'),
        }
        for element in elements.iter_mut().filter(|e| is_missing(e, placeholder)) {
            *element = &filler;
        }
        write(out, &elements);
        true
    })
}

/// `(series[, placeholder[, edges[, value]]])`.
fn linear(args: &Args) -> Result<ArrayRef> {
    let (arrays, placeholders) = (args.text(0)?, optional(args, 1)?);
    let edges = if args.has(2) { Some(args.bool(2)?) } else { None };
    let fillers = optional(args, 3)?;
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let placeholder = value(placeholders.as_ref(), row);
        let known: Vec<usize> =
            (0..elements.len()).filter(|k| !is_missing(elements[*k], placeholder)).collect();
        if known.is_empty() {
            // Nothing to go by: the constant, or what is there when that is null.
            let filler = if fillers.is_some() { value(fillers.as_ref(), row) } else { Some(0.0) };
            series::write_array(out, &elements, |out, element| {
                match filler {
                    Some(filler) => json::write_real(out, filler),
                    None => out.push_str(element),
                }
                true
            });
            return true;
        }
        let fills_edges = edges.as_ref().and_then(|e| e.get(row)).unwrap_or(true);
        write_linear(out, &elements, &known, fills_edges);
        true
    })
}

/// `known` are the places of elements that are there, at least one.
fn write_linear(out: &mut String, elements: &[&str], known: &[usize], fills_edges: bool) {
    // A series of whole numbers stays one.
    let is_whole = known.iter().all(|k| scan::kind(elements[*k]) == Kind::Long);
    let mut next = 0;
    series::write_array(out, elements.iter().enumerate(), |out, (place, element)| {
        while known.get(next).is_some_and(|k| *k < place) {
            next += 1;
        }
        let right = known.get(next).copied();
        let left = next.checked_sub(1).and_then(|before| known.get(before)).copied();
        match (left, right) {
            (_, Some(right)) if right == place => out.push_str(element),
            (Some(left), Some(right)) => {
                let ends = (scan::number(elements[left]), scan::number(elements[right]));
                let (Some(low), Some(high)) = ends else { return false };
                let part = (place - left) as f64 / (right - left) as f64;
                let value = low + (high - low) * part;
                match is_whole {
                    true => out.push_str(&(value as i64).to_string()),
                    false => json::write_real(out, value),
                }
            }
            (Some(only), None) | (None, Some(only)) if fills_edges => out.push_str(elements[only]),
            _ => out.push_str(element),
        }
        true
    });
}
