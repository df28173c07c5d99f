//! `series_decompose`, `series_decompose_forecast`, `series_decompose_anomalies`.
//!
//! A series is the median of its phase in the season, plus the trend of what is left, plus the
//! rest; the points set aside for a test are learned from by neither (spec kql.md §9). Null for a
//! series with an element that is no number.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Expr;
use kql::codes;

use super::super::kernel::{Args, Longs, Texts};
use super::super::series::outliers::{self, Bulk};
use super::super::series::{self, fit::Line, fit::mean, periods::Agreement};
use super::super::{Build, Call};
use super::series_outliers::KINDS;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_decompose", |c| {
        check_word(&c, 2, &TRENDS)?;
        c.kernel(|args| parts(args, Places { period: 1, trend: 2, tests: 3, threshold: 4 }))
    }),
    ("series_decompose_forecast", |c| {
        check_word(&c, 3, &TRENDS)?;
        c.kernel(|args| parts(args, Places { tests: 1, period: 2, trend: 3, threshold: 4 }))
    }),
    ("series_decompose_anomalies", |c| {
        check_word(&c, 3, &TRENDS)?;
        check_word(&c, 5, &KINDS)?;
        c.kernel(anomalies)
    }),
];

const TRENDS: [&str; 3] = ["avg", "linefit", "none"];
/// The score from which on a period counts.
const THRESHOLD: f64 = 0.6;
/// The score from which on an element is an anomaly.
const ANOMALY: f64 = 1.5;

/// Refuses a constant that is none of the words an argument may be.
pub(super) fn check_word(call: &Call, k: usize, words: &[&str]) -> Result<(), Error> {
    let Some(Expr::Literal(ScalarValue::Utf8View(Some(word)), _)) = call.args.get(k) else {
        return Ok(());
    };
    if words.contains(&word.as_str()) {
        return Ok(());
    }
    let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Err(Error::Argument {
        argument: k,
        code: codes::NOT_ALLOWED,
        message: format!("expected one of {}", list.join(", ")),
    })
}

/// Where the arguments of a call stand.
struct Places {
    period: usize,
    trend: usize,
    tests: usize,
    threshold: usize,
}

/// The arguments beside the series, read once per batch.
struct Options {
    periods: Option<Longs>,
    trends: Option<Texts>,
    tests: Option<Longs>,
    thresholds: Option<super::super::kernel::Reals>,
}

impl Options {
    fn of(args: &Args, places: &Places) -> Result<Options> {
        let long = |k: usize| if args.has(k) { args.long(k).map(Some) } else { Ok(None) };
        let (trend, threshold) = (places.trend, places.threshold);
        Ok(Options {
            periods: long(places.period)?,
            tests: long(places.tests)?,
            trends: if args.has(trend) { Some(args.text(trend)?) } else { None },
            thresholds: if args.has(threshold) { Some(args.real(threshold)?) } else { None },
        })
    }

    fn decompose(&self, row: usize, values: &[f64]) -> Parts {
        let learned = values.len() - count_of(self.tests.as_ref(), row, values.len());
        let threshold = self.thresholds.as_ref().and_then(|t| t.get(row)).unwrap_or(THRESHOLD);
        let known = &values[..learned];
        let period = period_of(self.periods.as_ref(), row, known, threshold);
        let seasonal = seasons(known, values.len(), period);
        let rest: Vec<f64> = known.iter().zip(&seasonal).map(|(v, s)| v - s).collect();
        let word = self.trends.as_ref().map_or("avg", |trends| trends.text(row));
        let line = match word {
            "none" => None,
            "linefit" => Line::of(&rest),
            _ => Line::of(&rest).map(|line| {
                let interception = mean(&rest);
                Line { slope: 0.0, interception, ..line }
            }),
        };
        let trend: Vec<f64> =
            (0..values.len()).map(|place| line.map_or(0.0, |line| line.at(place))).collect();
        let baseline: Vec<f64> = seasonal.iter().zip(&trend).map(|(s, t)| s + t).collect();
        let residual = values.iter().zip(&baseline).map(|(v, b)| v - b).collect();
        Parts { learned, baseline, seasonal, trend, residual }
    }
}

struct Parts {
    learned: usize,
    baseline: Vec<f64>,
    seasonal: Vec<f64>,
    trend: Vec<f64>,
    residual: Vec<f64>,
}

/// A number of points at the end of a series; 0 for null and what makes no sense.
pub(super) fn count_of(counts: Option<&Longs>, row: usize, all: usize) -> usize {
    let count = counts.and_then(|counts| counts.get(row)).unwrap_or(0);
    usize::try_from(count).unwrap_or(0).min(all)
}

/// The period to use: the one given, none for 0, the one found for anything negative.
pub(super) fn period_of(
    periods: Option<&Longs>,
    row: usize,
    values: &[f64],
    threshold: f64,
) -> Option<usize> {
    let given = periods.and_then(|periods| periods.get(row)).unwrap_or(-1);
    match usize::try_from(given) {
        Ok(0) => None,
        Ok(period) => Some(period),
        Err(_) => Agreement::of(values).season(threshold),
    }
}

/// The median of each phase, `count` elements long; zeros without a period.
pub(super) fn seasons(values: &[f64], count: usize, period: Option<usize>) -> Vec<f64> {
    let Some(period) = period.filter(|period| *period < values.len()) else {
        return vec![0.0; count];
    };
    let phases: Vec<f64> = (0..period)
        .map(|phase| {
            let mut own: Vec<f64> = values.iter().skip(phase).step_by(period).copied().collect();
            own.sort_by(f64::total_cmp);
            let middle = own.len() / 2;
            match own.len() % 2 {
                0 => (own[middle - 1] + own[middle]) / 2.0,
                _ => own[middle],
            }
        })
        .collect();
    (0..count).map(|place| phases[place % period]).collect()
}

fn parts(args: &Args, places: Places) -> Result<ArrayRef> {
    let (arrays, options) = (args.text(0)?, Options::of(args, &places)?);
    args.texts(|row, out| {
        let Some(values) = arrays.get(row).and_then(series::reals) else { return false };
        let parts = options.decompose(row, &values);
        let mut open = '[';
        for part in [parts.baseline, parts.seasonal, parts.trend, parts.residual] {
            out.push(open);
            series::write_reals(out, part);
            open = ',';
        }
        out.push(']');
        true
    })
}

/// `(series[, threshold[, period[, trend[, test_points[, method[, seasonality]]]]]])`.
fn anomalies(args: &Args) -> Result<ArrayRef> {
    let places = Places { period: 2, trend: 3, tests: 4, threshold: 6 };
    let (arrays, options) = (args.text(0)?, Options::of(args, &places)?);
    let thresholds = if args.has(1) { Some(args.real(1)?) } else { None };
    let methods = if args.has(5) { Some(args.text(5)?) } else { None };
    args.texts(|row, out| {
        let Some(values) = arrays.get(row).and_then(series::reals) else { return false };
        let parts = options.decompose(row, &values);
        let bulk = match methods.as_ref().map(|methods| methods.text(row)) {
            Some("tukey") => Bulk::QUARTILES,
            _ => Bulk::TENTHS,
        };
        let residual: Vec<Option<f64>> = parts.residual.into_iter().map(Some).collect();
        let scores = outliers::scores(&residual, parts.learned, bulk);
        let threshold = thresholds.as_ref().and_then(|t| t.get(row)).unwrap_or(ANOMALY);
        out.push('[');
        series::write_array(out, &scores, |out, score| {
            out.push_str(match score {
                score if *score > threshold => "1",
                score if *score < -threshold => "-1",
                _ => "0",
            });
            true
        });
        out.push(',');
        series::write_reals(out, scores);
        out.push(',');
        series::write_reals(out, parts.baseline);
        out.push(']');
        true
    })
}
