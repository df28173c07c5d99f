//! `series_outliers`: how far each element lies outside of the bulk (spec kql.md §9).
//!
//! Missing elements and those equal to the ignored value score 0.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;

use super::super::kernel::Args;
use super::super::series::{self, outliers, outliers::Bulk};
use super::super::{Build, Call};
use super::series_decompose::{check_word, count_of};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("series_outliers", build)];

/// Words for the bulk.
pub(super) const KINDS: [&str; 2] = ["ctukey", "tukey"];

fn build(call: Call) -> Result<Expr, Error> {
    check_word(&call, 1, &KINDS)?;
    call.kernel(kernel)
}

/// `(series[, kind[, ignore[, min_percentile[, max_percentile[, test_points]]]]])`.
fn kernel(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let kinds = if args.has(1) { Some(args.text(1)?) } else { None };
    let given = |k: usize| if args.has(k) { args.real(k).map(Some) } else { Ok(None) };
    let (ignored, low, high) = (given(2)?, given(3)?, given(4)?);
    let tests = if args.has(5) { Some(args.long(5)?) } else { None };
    args.texts(|row, out| {
        let Some(mut values) = arrays.get(row).and_then(series::optional_reals) else {
            return false;
        };
        let real = |reals: &Option<super::super::kernel::Reals>| {
            reals.as_ref().and_then(|reals| reals.get(row))
        };
        let mut bulk = Bulk::TENTHS;
        if kinds.as_ref().map(|kinds| kinds.text(row)) == Some("tukey") {
            bulk = Bulk::QUARTILES;
        } else {
            bulk.low = real(&low).unwrap_or(bulk.low);
            bulk.high = real(&high).unwrap_or(bulk.high);
        }
        if !(2.0..=98.0).contains(&bulk.low) || !(2.0..=98.0).contains(&bulk.high) {
            return false;
        }
        let ignored = real(&ignored);
        for value in &mut values {
            *value = value.filter(|v| v.is_finite() && Some(*v) != ignored);
        }
        let learned = values.len() - count_of(tests.as_ref(), row, values.len());
        series::write_reals(out, outliers::scores(&values, learned, bulk));
        true
    })
}
