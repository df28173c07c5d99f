//! Series as vectors: `series_product`, `series_magnitude`, `series_dot_product`,
//! `series_cosine_similarity`, `series_pearson_correlation`.
//!
//! Elements that are no numbers are left out, of two series in pairs; a longer series is cut to the
//! shorter one (spec kql.md §9).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::Type;

use super::super::Build;
use super::super::kernel::{Args, Reals, Texts};
use super::super::series;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_product", |c| c.kernel(|args| reduce(args, |v| v.iter().product()))),
    ("series_magnitude", |c| c.kernel(|args| reduce(args, magnitude))),
    ("series_dot_product", |c| c.kernel(dot_product)),
    ("series_cosine_similarity", |c| c.kernel(cosine)),
    ("series_pearson_correlation", |c| c.kernel(pearson)),
];

fn magnitude(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn reduce(args: &Args, of: fn(&[f64]) -> f64) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    args.reals(|row| {
        let elements = series::optional_reals(arrays.get(row)?)?;
        let known: Vec<f64> = elements.into_iter().flatten().collect();
        Some(of(&known))
    })
}

/// A series, or a number in the place of every element.
enum Side {
    Series(Texts),
    Number(Reals),
}

impl Side {
    fn of(args: &Args, k: usize) -> Result<Side> {
        Ok(match args.types.get(k) {
            Some(Type::Dynamic) => Side::Series(args.text(k)?),
            _ => Side::Number(args.real(k)?),
        })
    }

    /// `count` is how often a number is repeated.
    fn row(&self, row: usize, count: usize) -> Option<Vec<Option<f64>>> {
        match self {
            Side::Series(texts) => series::optional_reals(texts.get(row)?),
            Side::Number(reals) => Some(vec![Some(reals.get(row)?); count]),
        }
    }
}

/// The pairs of numbers at the same places; `None` without elements.
fn pairs(left: &Side, right: &Side, row: usize) -> Option<Vec<(f64, f64)>> {
    let count = |side: &Side| match side {
        Side::Series(_) => side.row(row, 0).map_or(0, |elements| elements.len()),
        Side::Number(_) => 0,
    };
    let longest = count(left).max(count(right));
    let (left, right) = (left.row(row, longest)?, right.row(row, longest)?);
    if left.is_empty() || right.is_empty() {
        return None;
    }
    Some(left.into_iter().zip(right).filter_map(|(a, b)| Some((a?, b?))).collect())
}

fn dot_product(args: &Args) -> Result<ArrayRef> {
    let (left, right) = (Side::of(args, 0)?, Side::of(args, 1)?);
    args.reals(|row| Some(pairs(&left, &right, row)?.iter().map(|(a, b)| a * b).sum()))
}

/// `(series1, series2[, magnitude1[, magnitude2]])`.
fn cosine(args: &Args) -> Result<ArrayRef> {
    let (left, right) = (Side::of(args, 0)?, Side::of(args, 1)?);
    let given = |k: usize| if args.has(k) { args.real(k).map(Some) } else { Ok(None) };
    let (left_size, right_size) = (given(2)?, given(3)?);
    args.reals(|row| {
        let pairs = pairs(&left, &right, row)?;
        let (left, right): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let size = |given: &Option<Reals>, values: &[f64]| {
            given.as_ref().and_then(|g| g.get(row)).unwrap_or_else(|| magnitude(values))
        };
        let dot: f64 = pairs.iter().map(|(a, b)| a * b).sum();
        Some(dot / (size(&left_size, &left) * size(&right_size, &right)))
    })
}

/// Null for series of different lengths or with elements that are no numbers.
fn pearson(args: &Args) -> Result<ArrayRef> {
    let (left, right) = (args.text(0)?, args.text(1)?);
    args.reals(|row| {
        let a = series::optional_reals(left.get(row)?)?.into_iter().collect::<Option<Vec<_>>>()?;
        let b = series::optional_reals(right.get(row)?)?.into_iter().collect::<Option<Vec<_>>>()?;
        if a.len() != b.len() || a.is_empty() {
            return None;
        }
        let (mean_a, mean_b) = (series::fit::mean(&a), series::fit::mean(&b));
        let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
        for (a, b) in a.iter().zip(&b) {
            let (a, b) = (a - mean_a, b - mean_b);
            aa += a * a;
            bb += b * b;
            ab += a * b;
        }
        Some(ab / (aa.sqrt() * bb.sqrt()))
    })
}
