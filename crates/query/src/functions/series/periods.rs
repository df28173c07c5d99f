//! Periods of a series by autocorrelation.
//!
//! The line through the series is taken away first, so that a trend hides no season. A lag counts
//! as a period when no lag in its neighbourhood, half of it to both sides, agrees better, and the
//! agreement is more than chance.

use super::fft::{Complex, forward, inverse};
use super::fit::Line;

/// A period and how well the series repeats itself at it, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    pub lag: usize,
    pub score: f64,
}

/// The shortest period looked for.
const LAG_MIN: usize = 4;
/// How much better a multiple of a period must be to count as another.
const BETTER: f64 = 0.05;

/// How a series agrees with itself, by lag up to half of its length.
#[derive(Debug)]
pub struct Agreement {
    by_lag: Vec<f64>,
    count: usize,
}

impl Agreement {
    pub fn of(values: &[f64]) -> Agreement {
        let count = values.len();
        let by_lag = correlations(values).unwrap_or_default();
        Agreement { by_lag, count }
    }

    /// The score of a lag; 0 when it is no period.
    pub fn score(&self, lag: usize) -> f64 {
        if lag < LAG_MIN || 2 * lag >= self.count {
            return 0.0;
        }
        let Some(own) = self.by_lag.get(lag).copied() else { return 0.0 };
        let last = ((3 * lag - 1) / 2).min(self.count / 2);
        let near = self.by_lag.get(lag / 2 + 1..=last).unwrap_or_default();
        let chance = 2.5 / (self.count as f64).sqrt();
        if own < chance || near.iter().any(|other| *other > own) {
            return 0.0;
        }
        own.min(1.0)
    }

    /// The periods between two lags, both included, best first.
    pub fn periods(&self, min: usize, max: usize) -> Vec<Period> {
        let mut found: Vec<Period> = Vec::new();
        for lag in min.max(LAG_MIN)..=max.min(self.count / 2) {
            let score = self.score(lag);
            let is_multiple = |p: &Period| lag.is_multiple_of(p.lag) && score <= p.score + BETTER;
            if score > 0.0 && !found.iter().any(is_multiple) {
                found.push(Period { lag, score });
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }

    /// The best period of all when it reaches the threshold.
    pub fn season(&self, threshold: f64) -> Option<usize> {
        let best = self.periods(LAG_MIN, self.count / 2).into_iter().next()?;
        (best.score >= threshold).then_some(best.lag)
    }
}

/// Normalized correlations of the series with itself, moved by 0, 1, …; `None` for a series that is
/// nothing but a line.
fn correlations(values: &[f64]) -> Option<Vec<f64>> {
    let line = Line::of(values)?;
    if line.rvariance <= 1e-18 * values.iter().map(|v| v * v).fold(0.0, f64::max) {
        return None;
    }
    let rest: Vec<f64> = values.iter().enumerate().map(|(k, v)| v - line.at(k)).collect();
    let count = rest.len();
    let size = (2 * count).next_power_of_two();
    let mut padded = Complex { real: rest.clone(), imag: vec![0.0; size] };
    padded.real.resize(size, 0.0);
    let mut spectrum = forward(padded);
    for (real, imag) in spectrum.real.iter_mut().zip(&mut spectrum.imag) {
        (*real, *imag) = (*real * *real + *imag * *imag, 0.0);
    }
    let products = inverse(spectrum).real;
    // Squares before each place, to normalize by what overlaps.
    let mut squares = vec![0.0];
    let mut sum = 0.0;
    for value in &rest {
        sum += value * value;
        squares.push(sum);
    }
    let by_lag = (0..=count / 2).map(|lag| {
        let energy = squares[count - lag] * (sum - squares[lag]);
        if energy > 0.0 { products[lag] / energy.sqrt() } else { 0.0 }
    });
    Some(by_lag.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_with_and_without_trend() {
        let pattern = [1.0, 5.0, 2.0, 8.0, 3.0, 3.0, 9.0];
        for trend in [0.0, 0.7] {
            let values: Vec<f64> = (0..60).map(|k| pattern[k % 7] + trend * k as f64).collect();
            let agreement = Agreement::of(&values);
            assert_eq!(agreement.season(0.6), Some(7));
            assert_eq!(agreement.score(5), 0.0);
        }
    }

    #[test]
    fn lines_steps_and_single_peaks_have_no_period() {
        let line: Vec<f64> = (0..50).map(f64::from).collect();
        let step: Vec<f64> = (0..50).map(|k| if k < 25 { 0.0 } else { 5.0 }).collect();
        let peak: Vec<f64> = (0..50).map(|k| if k == 20 { 100.0 } else { 1.0 }).collect();
        for values in [line, step, peak, vec![5.0; 50], Vec::new()] {
            assert_eq!(Agreement::of(&values).season(0.6), None);
        }
    }
}
