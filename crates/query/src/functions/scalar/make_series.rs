//! The parts of `make-series`: which slot a value falls into, and the arrays made of the slots
//! (spec kql.md §9).
//!
//! A slot is the number of a bin, counted from `from`, or from where `bin()` counts.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::{Type, json, time};

use super::super::json::scan;
use super::super::kernel::{Args, Kernel, Longs};
use super::super::series;
use super::super::{Build, Call};
use super::bin::phase;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("make-series slot", |c| number(c, |args| wholes(args, false), |args| reals(args, false))),
    ("make-series end", |c| number(c, |args| wholes(args, true), |args| reals(args, true))),
    ("make-series fill", |c| c.kernel(fill)),
    ("make-series axis", |c| c.kernel(axis)),
];

/// The most elements of one array, as in the vendor's engine.
const SLOTS_MAX: i64 = 1 << 20;
/// The most elements of all arrays made at once: they are not in the query's memory yet.
const BATCH_SLOTS_MAX: i64 = 1 << 24;

fn number(call: Call, wholes: Kernel, reals: Kernel) -> Result<Expr, Error> {
    let kernel = if call.ty(0)? == Type::Real { reals } else { wholes };
    call.kernel(kernel)
}

/// Where slot 0 starts; `None` when `from` is null.
fn origin(args: &Args, k: usize, row: usize, columns: &(Longs, Longs, bool)) -> Option<i64> {
    let (from, step, is_anchored) = columns;
    match is_anchored {
        true => from.get(row),
        false if args.types[k] == Type::DateTime => Some(phase(step.get(row)?)),
        false => Some(0),
    }
}

/// The slot of a value, or the last slot that starts before it.
fn wholes(args: &Args, is_end: bool) -> Result<ArrayRef> {
    let (values, is_anchored) = (args.long(0)?, is_true(args, 3)?);
    let columns = (args.long(1)?, args.long(2)?, is_anchored);
    args.whole(|row| {
        let step = columns.1.get(row).filter(|step| *step > 0)?;
        let distance = values.get(row)?.checked_sub(origin(args, 1, row, &columns)?)?;
        match is_end {
            true => distance.checked_sub(1).map(|before| before.div_euclid(step)),
            false => Some(distance.div_euclid(step)),
        }
    })
}

fn reals(args: &Args, is_end: bool) -> Result<ArrayRef> {
    let (values, from, step) = (args.real(0)?, args.real(1)?, args.real(2)?);
    let is_anchored = is_true(args, 3)?;
    args.whole(|row| {
        let step = step.get(row).filter(|step| *step > 0.0)?;
        let origin = if is_anchored { from.get(row)? } else { 0.0 };
        let slot = (values.get(row)? - origin) / step;
        if !slot.is_finite() {
            return None;
        }
        // Casts of reals end at the ends of the type.
        match is_end {
            // A bound that is a slot up to the last digits does not open it.
            true if (slot - slot.round()).abs() < 1e-9 => Some(slot.round() as i64 - 1),
            true => Some(slot.ceil() as i64 - 1),
            false => Some(slot.floor() as i64),
        }
    })
}

fn is_true(args: &Args, k: usize) -> Result<bool> {
    Ok(args.bool(k)?.get(0).unwrap_or(false))
}

/// How many slots there are from `first` to `last`.
fn slots(first: Option<i64>, last: Option<i64>) -> Result<i64> {
    let (Some(first), Some(last)) = (first, last) else { return Ok(0) };
    let count = last.saturating_sub(first).saturating_add(1).max(0);
    if count > SLOTS_MAX {
        let message = format!(
            "`make-series` makes at most {SLOTS_MAX} elements per array: use a larger step"
        );
        return Err(series::limit("rows", message));
    }
    Ok(count)
}

/// `(slots and values by turns, first, last, default)`.
fn fill(args: &Args) -> Result<ArrayRef> {
    let (pairs, first, last) = (args.text(0)?, args.long(1)?, args.long(2)?);
    let defaults = args.text(3)?;
    let mut counts = Vec::with_capacity(args.rows);
    let mut all = 0_i64;
    for row in 0..args.rows {
        let count = slots(first.get(row), last.get(row))?;
        all = all.saturating_add(count);
        counts.push(usize::try_from(count).unwrap_or(0));
    }
    if all > BATCH_SLOTS_MAX {
        let message = "`make-series` makes too many elements: use a larger step or fewer keys";
        return Err(series::limit("memory", message.to_owned()));
    }
    args.texts(|row, out| {
        let default = defaults.get(row).unwrap_or("null");
        let mut elements = vec![default; counts[row]];
        let mut given = pairs.get(row).and_then(scan::each_element).into_iter().flatten();
        while let (Some(slot), Some(value)) = (given.next(), given.next()) {
            let place = slot.parse::<i64>().ok().zip(first.get(row));
            let place = place.and_then(|(slot, first)| usize::try_from(slot - first).ok());
            if let Some(element) = place.and_then(|place| elements.get_mut(place)) {
                *element = value;
            }
        }
        series::write_array(out, elements, |out, element| {
            out.push_str(element);
            true
        });
        true
    })
}

/// `(a slot with rows, first, last, from, step, whether anchored)`. Neighbouring rows with the same
/// slots share one text.
fn axis(args: &Args) -> Result<ArrayRef> {
    let (first, last, is_anchored) = (args.long(1)?, args.long(2)?, is_true(args, 5)?);
    let is_real = args.types[3] == Type::Real;
    let wholes = if is_real { None } else { Some((args.long(3)?, args.long(4)?, is_anchored)) };
    let reals = if is_real { Some((args.real(3)?, args.real(4)?)) } else { None };
    let mut out = StringViewBuilder::with_capacity(args.rows);
    let mut known = None;
    let mut text = String::new();
    let mut block = 0;
    for row in 0..args.rows {
        let count = slots(first.get(row), last.get(row))?;
        let start = first.get(row).unwrap_or(0);
        if known != Some((start, count)) {
            text.clear();
            series::write_array(&mut text, 0..count, |out, k| {
                let slot = start.saturating_add(k);
                match (&wholes, &reals) {
                    (Some(columns), _) => {
                        let step = columns.1.get(row).unwrap_or(0);
                        let origin = origin(args, 3, row, columns).unwrap_or(0);
                        let value = origin.saturating_add(step.saturating_mul(slot));
                        write_place(out, args.types[3], value);
                    }
                    (None, Some((from, step))) => {
                        let origin = if is_anchored { from.get(row).unwrap_or(0.0) } else { 0.0 };
                        let step = step.get(row).unwrap_or(0.0);
                        json::write_real(out, origin + step * slot as f64);
                    }
                    (None, None) => return false,
                }
                true
            });
            known = Some((start, count));
            block = out.append_block(text.as_bytes().to_vec().into());
        }
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        out.try_append_view(block, 0, length)?;
    }
    Ok(Arc::new(out.finish()))
}

fn write_place(out: &mut String, ty: Type, value: i64) {
    match ty {
        Type::DateTime => {
            json::write_string(out, &time::format_datetime(value, time::Fraction::Seven));
        }
        Type::TimeSpan => json::write_string(out, &time::format_timespan(value)),
        _ => out.push_str(&value.to_string()),
    }
}
