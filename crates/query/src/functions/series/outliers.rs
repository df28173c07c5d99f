//! Scores of outliers by Tukey's fences: the distance from the bulk in widths of the bulk.

use super::fit::mean;

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
    let score = |value: &Option<f64>| match value {
        Some(v) if *v > high && width > 0.0 => (v - high) / width,
        Some(v) if *v < low && width > 0.0 => (v - low) / width,
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
        let scores = scores(&values, values.len(), Bulk::TENTHS);
        assert_eq!(scores[5], 0.0);
        assert_eq!(scores[10], (10.0 - 9.0) / 8.0);
        assert_eq!(scores[0], -(1.0 - 0.0) / 8.0);
    }

    #[test]
    fn a_bulk_without_width_still_has_outliers() {
        let mut values = vec![Some(1.0); 20];
        values.push(Some(50.0));
        let scores = scores(&values, values.len(), Bulk::TENTHS);
        assert!(scores[20] > 1.5 && scores[0] == 0.0);
    }
}
