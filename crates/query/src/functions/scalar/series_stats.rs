//! `series_stats`, `series_stats_dynamic`: extremes, mean and spread of a series.
//!
//! An element that is no finite number makes all of it null, unless such are to be ignored (spec
//! kql.md §9).

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::kernel::Args;
use super::super::series;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_stats", |c| c.kernel(|args| stats(args, write_outputs))),
    ("series_stats_dynamic", |c| c.kernel(|args| stats(args, write_bag))),
];

struct Stats {
    min: (usize, f64),
    max: (usize, f64),
    sum: f64,
    variance: f64,
    count: usize,
}

impl Stats {
    fn of(elements: &[Option<f64>], ignores: bool) -> Option<Stats> {
        let finite = elements.iter().enumerate();
        let finite = finite.filter_map(|(k, v)| v.filter(|v| v.is_finite()).map(|v| (k, v)));
        let known: Vec<(usize, f64)> = finite.collect();
        let first = *known.first()?;
        if !ignores && known.len() < elements.len() {
            return None;
        }
        let (mut min, mut max, mut sum) = (first, first, 0.0);
        for &(place, value) in &known {
            sum += value;
            if value < min.1 {
                min = (place, value);
            }
            if value > max.1 {
                max = (place, value);
            }
        }
        let count = known.len();
        let mean = sum / count as f64;
        let squares: f64 = known.iter().map(|(_, v)| (v - mean).powi(2)).sum();
        let variance = if count > 1 { squares / (count as f64 - 1.0) } else { 0.0 };
        Some(Stats { min, max, sum, variance, count })
    }

    fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }
}

fn stats(args: &Args, write: fn(&mut String, &Stats)) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let ignores = if args.has(1) { Some(args.bool(1)?) } else { None };
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(series::optional_reals) else { return false };
        let ignores = ignores.as_ref().and_then(|i| i.get(row)).unwrap_or(false);
        match Stats::of(&elements, ignores) {
            Some(stats) => write(out, &stats),
            None => return false,
        }
        true
    })
}

/// In the order of the outputs.
fn write_outputs(out: &mut String, stats: &Stats) {
    out.push('[');
    for (place, value) in [stats.min, stats.max] {
        series::write_part(out, value);
        // Writing to a String cannot fail.
        let _ = write!(out, "{place},");
    }
    series::write_part(out, stats.mean());
    series::write_part(out, stats.variance.sqrt());
    json::write_real(out, stats.variance);
    out.push(']');
}

fn write_bag(out: &mut String, stats: &Stats) {
    for (open, (place, value)) in [("{\"min", stats.min), (",\"max", stats.max)] {
        let _ = write!(out, "{open}\":");
        json::write_real(out, value);
        let _ = write!(out, ",\"{}_idx\":{place}", &open[2..]);
    }
    let named = [
        ("avg", stats.mean()),
        ("stdev", stats.variance.sqrt()),
        ("variance", stats.variance),
        ("sum", stats.sum),
    ];
    for (name, value) in named {
        let _ = write!(out, ",\"{name}\":");
        json::write_real(out, value);
    }
    let _ = write!(out, ",\"len\":{}}}", stats.count);
}
