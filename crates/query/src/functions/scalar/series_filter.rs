//! `series_fir`, `series_iir`: filters over a series (spec kql.md §9).
//!
//! Null for a series or filter with an element that is no number.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::{Args, Bools};
use super::super::series;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("series_fir", |c| c.kernel(fir)), ("series_iir", |c| c.kernel(iir))];

/// The most products of one row: beyond it nothing else would run for seconds.
const PRODUCTS_MAX: usize = 1 << 28;

fn too_long() -> datafusion::error::DataFusionError {
    let message = "a filter of `series_fir()` or `series_iir()` is too long for its series";
    series::limit("time", message.to_owned())
}

/// `(series, filter[, normalize[, center]])`.
fn fir(args: &Args) -> Result<ArrayRef> {
    let (arrays, filters) = (args.text(0)?, args.text(1)?);
    let flag = |k: usize| if args.has(k) { args.bool(k).map(Some) } else { Ok(None) };
    let (normalize, center) = (flag(2)?, flag(3)?);
    let given = |flags: &Option<Bools>, row: usize| flags.as_ref().and_then(|f| f.get(row));
    let mut is_too_long = false;
    let out = args.texts(|row, out| {
        let (Some(values), Some(mut filter)) =
            (arrays.get(row).and_then(series::reals), filters.get(row).and_then(series::reals))
        else {
            return false;
        };
        is_too_long |= values.len().saturating_mul(filter.len()) > PRODUCTS_MAX;
        if is_too_long {
            return false;
        }
        let has_negative = filter.iter().any(|v| *v < 0.0);
        if given(&normalize, row).unwrap_or(!has_negative) {
            if has_negative {
                return false;
            }
            let sum: f64 = filter.iter().sum();
            filter.iter_mut().for_each(|v| *v /= sum);
        }
        let ahead = if given(&center, row).unwrap_or(false) { filter.len() / 2 } else { 0 };
        let at = |place: usize| {
            let weighted = filter.iter().enumerate().filter_map(|(k, weight)| {
                Some(weight * values.get((place + ahead).checked_sub(k)?)?)
            });
            weighted.sum::<f64>() + 0.0
        };
        series::write_reals(out, (0..values.len()).map(at));
        true
    })?;
    if is_too_long { Err(too_long()) } else { Ok(out) }
}

/// `(series, numerators, denominators)`.
fn iir(args: &Args) -> Result<ArrayRef> {
    let (arrays, above, below) = (args.text(0)?, args.text(1)?, args.text(2)?);
    let mut is_too_long = false;
    let out = args.texts(|row, out| {
        let read = |texts: &super::super::kernel::Texts| texts.get(row).and_then(series::reals);
        let (Some(values), Some(b), Some(a)) = (read(&arrays), read(&above), read(&below)) else {
            return false;
        };
        let Some(first) = a.first().copied() else { return false };
        is_too_long |= values.len().saturating_mul(a.len() + b.len()) > PRODUCTS_MAX;
        if is_too_long {
            return false;
        }
        let mut made: Vec<f64> = Vec::with_capacity(values.len());
        for place in 0..values.len() {
            let of =
                |list: &[f64], k: usize| place.checked_sub(k).and_then(|at| list.get(at).copied());
            let mut sum = 0.0;
            for (k, weight) in b.iter().enumerate() {
                sum += weight * of(&values, k).unwrap_or(0.0);
            }
            for (k, weight) in a.iter().enumerate().skip(1) {
                sum -= weight * of(&made, k).unwrap_or(0.0);
            }
            made.push(sum / first);
        }
        series::write_reals(out, made);
        true
    })?;
    if is_too_long { Err(too_long()) } else { Ok(out) }
}
