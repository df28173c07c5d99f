//! Scores of outliers by Tukey's fences: the distance from the bulk in widths of the bulk.
//!
//! Widths between other percentiles than the quartiles are scaled so that, for values normally
//! distributed, a score of 1.5 stands at the same place as with quartiles.

use super::fit::mean;

/// The score of Tukey's fence.
const FENCE: f64 = 1.5;
/// The upper quartile of the normal distribution.
const QUARTILE: f64 = 0.674_489_750_196_081_7;
/// Where the fence of the quartiles stands in the normal distribution.
const FENCE_PLACE: f64 = QUARTILE + FENCE * 2.0 * QUARTILE;

/// The percentiles between which the bulk lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bulk {
    pub low: f64,
    pub high: f64,
}

impl Bulk {
    /// `tukey`.
    pub const QUARTILES: Bulk = Bulk { low: 25.0, high: 75.0 };
    /// `ctukey`.
    pub const TENTHS: Bulk = Bulk { low: 10.0, high: 90.0 };

    /// What a width below and above the bulk counts, 1 for the quartiles.
    fn scales(self) -> (f64, f64) {
        if self == Bulk::QUARTILES {
            return (1.0, 1.0);
        }
        let (low, high) = (normal_quantile(self.low / 100.0), normal_quantile(self.high / 100.0));
        let scale = |place: f64| FENCE * (high - low) / (FENCE_PLACE - place);
        (scale(-low), scale(high))
    }
}

/// The value below which a part of the normal distribution lies, by bisection of its series.
fn normal_quantile(part: f64) -> f64 {
    let (mut low, mut high) = (-4.0, 4.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if normal_part(middle) < part { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The part of the normal distribution below a value of at most a few deviations.
fn normal_part(value: f64) -> f64 {
    let mut term = value;
    let mut sum = value;
    for k in 1..100 {
        term *= value * value / f64::from(2 * k + 1);
        sum += term;
    }
    let density = (-value * value / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    0.5 + density * sum
}

/// The score of each value: 0 in the bulk and for nothing, positive above, negative below. The bulk
/// is that of the first `learned` values.
pub fn scores(values: &[Option<f64>], learned: usize, bulk: Bulk) -> Vec<f64> {
    let known = values.iter().take(learned).flatten().copied().filter(|v| v.is_finite());
    let mut sorted: Vec<f64> = known.collect();
    if sorted.is_empty() {
        return vec![0.0; values.len()];
    }
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (percentile(&sorted, bulk.low), percentile(&sorted, bulk.high));
    let width = width(&sorted, high - low);
    let (below, above) = bulk.scales();
    let score = |value: &Option<f64>| match value {
        Some(v) if *v > high && width > 0.0 => above * (v - high) / width,
        Some(v) if *v < low && width > 0.0 => below * (v - low) / width,
        _ => 0.0,
    };
    values.iter().map(score).collect()
}

/// The width of the bulk; where it has none, the standard deviation of all.
fn width(sorted: &[f64], bulk: f64) -> f64 {
    let mean = mean(sorted);
    // What differs in the last digits only is noise of the computation.
    let noise = 1e-9 * sorted.iter().fold(0.0_f64, |max, v| max.max(v.abs()));
    if bulk > noise {
        return bulk;
    }
    let squares: f64 = sorted.iter().map(|v| (v - mean).powi(2)).sum();
    let deviation = (squares / (sorted.len() as f64 - 1.0).max(1.0)).sqrt();
    if deviation > noise { deviation } else { 0.0 }
}

/// Between the two nearest values, in proportion.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let place = (sorted.len() as f64 - 1.0) * (percent / 100.0).clamp(0.0, 1.0);
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_count_widths_outside_of_the_bulk() {
        let values: Vec<Option<f64>> = (0..11).map(|v| Some(f64::from(v))).collect();
        let scores = super::scores(&values, values.len(), Bulk::TENTHS);
        assert_eq!(scores[5], 0.0);
        // 1.5 · 2 · 1.2815515655 / (2.6979590008 − 1.2815515655) widths of 8.
        assert!((scores[10] - 2.714_370_597_739 / 8.0).abs() < 1e-12, "{}", scores[10]);
        assert!((scores[0] + scores[10]).abs() < 1e-12);
        let quartiles = super::scores(&values, values.len(), Bulk::QUARTILES);
        assert!((quartiles[10] - (10.0 - 7.5) / 5.0).abs() < 1e-12);
    }

    #[test]
    fn a_bulk_without_width_still_has_outliers() {
        let mut values = vec![Some(1.0); 20];
        values.push(Some(50.0));
        let scores = scores(&values, values.len(), Bulk::TENTHS);
        assert!(scores[20] > 1.5 && scores[0] == 0.0);
    }
}
