//! Least squares: a line, two lines, a polynomial.

/// A line through a series, its elements standing at 1, 2, 3, ….
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// The part of the variance the line explains, 1 for a series without any.
    pub rsquare: f64,
    pub slope: f64,
    /// Of a sample, as the residual variance is.
    pub variance: f64,
    pub rvariance: f64,
    /// Where the line is one step before the first element.
    pub interception: f64,
}

impl Line {
    /// The nearest line; `None` for an empty series.
    pub fn of(values: &[f64]) -> Option<Line> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = mean(values);
        let middle = (count as f64 + 1.0) / 2.0;
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (k, value) in values.iter().enumerate() {
            let (x, y) = ((k + 1) as f64 - middle, value - mean);
            xx += x * x;
            xy += x * y;
            yy += y * y;
        }
        let slope = if xx > 0.0 { xy / xx } else { 0.0 };
        let interception = mean - slope * middle;
        let residual =
            |(k, value): (usize, &f64)| (value - interception - slope * (k + 1) as f64).powi(2);
        let rss: f64 = values.iter().enumerate().map(residual).sum();
        let freedom = (count as f64 - 1.0).max(1.0);
        let rsquare = share(rss, yy);
        Some(Line {
            rsquare,
            slope,
            variance: yy / freedom,
            rvariance: rss / freedom,
            interception,
        })
    }

    /// The value at the element of this number, from 0.
    pub fn at(&self, place: usize) -> f64 {
        self.interception + self.slope * (place + 1) as f64
    }
}

/// The mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// How much of `total` is explained when `rest` is left.
fn share(rest: f64, total: f64) -> f64 {
    if total > 0.0 { 1.0 - rest / total } else { 1.0 }
}

/// Two lines, the second from `split` on.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoLines {
    pub rsquare: f64,
    pub split: usize,
    pub variance: f64,
    pub rvariance: f64,
    pub left: Line,
    /// Its places count from the split.
    pub right: Line,
}

/// Sums over the elements before a place.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    y: f64,
    xy: f64,
    yy: f64,
}

impl TwoLines {
    /// The split with the smallest rest; each side has at least two elements where there are four.
    pub fn of(values: &[f64]) -> Option<TwoLines> {
        let count = values.len();
        if count < 2 {
            return None;
        }
        let (mean, whole) = (mean(values), Line::of(values)?);
        let mut sums = vec![Sums::default()];
        let mut last = Sums::default();
        for (k, value) in values.iter().enumerate() {
            let y = value - mean;
            last.y += y;
            last.xy += k as f64 * y;
            last.yy += y * y;
            sums.push(last);
        }
        let least = if count >= 4 { 2 } else { 1 };
        let mut best = (f64::INFINITY, least);
        for split in least..=count - least {
            let rest = rest(&sums, 0, split) + rest(&sums, split, count);
            // Ties and noise of the last digits leave the earlier split.
            if rest < best.0 - 1e-12 * last.yy {
                best = (rest, split);
            }
        }
        let (left, right) = values.split_at(best.1);
        let (left_line, right_line) = (Line::of(left)?, Line::of(right)?);
        let squares =
            |line: &Line, part: &[f64]| line.rvariance * (part.len() as f64 - 1.0).max(1.0);
        let rss = squares(&left_line, left) + squares(&right_line, right);
        let freedom = (count as f64 - 1.0).max(1.0);
        Some(TwoLines {
            rsquare: share(rss, whole.variance * freedom),
            split: best.1,
            variance: whole.variance,
            rvariance: rss / freedom,
            left: left_line,
            right: right_line,
        })
    }

    /// The fitted value at a place of the whole series.
    pub fn at(&self, place: usize) -> f64 {
        match place.checked_sub(self.split) {
            Some(place) => self.right.at(place),
            None => self.left.at(place),
        }
    }
}

/// What a line leaves of the elements `from..to`.
fn rest(sums: &[Sums], from: usize, to: usize) -> f64 {
    let (a, b, count) = (sums[from], sums[to], (to - from) as f64);
    let (y, xy, yy) = (b.y - a.y, b.xy - a.xy, b.yy - a.yy);
    let middle = (from as f64 + to as f64 - 1.0) / 2.0;
    let total = yy - y * y / count;
    let xx = count * (count * count - 1.0) / 12.0;
    let covariance = xy - middle * y;
    let explained = if xx > 0.0 { covariance * covariance / xx } else { 0.0 };
    (total - explained).max(0.0)
}

/// A polynomial through points.
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    pub rsquare: f64,
    /// Highest power first.
    pub coefficients: Vec<f64>,
    pub variance: f64,
    pub rvariance: f64,
    /// The values at the points.
    pub fit: Vec<f64>,
}

impl Polynomial {
    /// The nearest polynomial; `None` when the points do not determine one.
    pub fn of(x: &[f64], y: &[f64], degree: usize) -> Option<Polynomial> {
        if x.len() != y.len() || degree >= x.len() {
            return None;
        }
        let (low, high) = x
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        // Places are moved to -1 … 1: powers of large ones would lose all digits.
        let middle = (low + high) / 2.0;
        let width = if high > low { (high - low) / 2.0 } else { 1.0 };
        let places: Vec<f64> = x.iter().map(|v| (v - middle) / width).collect();
        let scaled = solve(&places, y, degree)?;
        let value = |place: &f64| scaled.iter().rev().fold(0.0, |sum, c| sum * place + c);
        let fit: Vec<f64> = places.iter().map(value).collect();
        let mean = mean(y);
        let total: f64 = y.iter().map(|v| (v - mean).powi(2)).sum();
        let rest: f64 = y.iter().zip(&fit).map(|(v, f)| (v - f).powi(2)).sum();
        let freedom = (y.len() as f64 - 1.0).max(1.0);
        let mut coefficients = unscale(&scaled, middle, width);
        coefficients.reverse();
        let rsquare = share(rest, total);
        let (variance, rvariance) = (total / freedom, rest / freedom);
        Some(Polynomial { rsquare, coefficients, variance, rvariance, fit })
    }
}

/// Coefficients of the powers of `places`, lowest first, by orthogonal columns.
fn solve(places: &[f64], y: &[f64], degree: usize) -> Option<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(degree + 1);
    // What each orthogonal column is in powers.
    let mut powers: Vec<Vec<f64>> = Vec::with_capacity(degree + 1);
    let mut result = vec![0.0; degree + 1];
    let mut rest = y.to_vec();
    for power in 0..=degree {
        let mut column: Vec<f64> = match columns.last() {
            None => vec![1.0; places.len()],
            Some(last) => last.iter().zip(places).map(|(c, p)| c * p).collect(),
        };
        let mut own = vec![0.0; degree + 1];
        match powers.last() {
            None => own[0] = 1.0,
            Some(last) => own[1..].copy_from_slice(&last[..degree]),
        }
        let before = dot(&column, &column);
        // Twice is enough to be orthogonal to the last digit.
        for _ in 0..2 {
            for (other, other_powers) in columns.iter().zip(&powers) {
                let part = dot(&column, other) / dot(other, other);
                column.iter_mut().zip(other).for_each(|(c, o)| *c -= part * o);
                own.iter_mut().zip(other_powers).for_each(|(c, o)| *c -= part * o);
            }
        }
        let size = dot(&column, &column);
        if size <= 1e-20 * before.max(f64::MIN_POSITIVE) || power > places.len() {
            return None;
        }
        let part = dot(&rest, &column) / size;
        rest.iter_mut().zip(&column).for_each(|(r, c)| *r -= part * c);
        result.iter_mut().zip(&own).for_each(|(r, c)| *r += part * c);
        columns.push(column);
        powers.push(own);
    }
    Some(result)
}

/// A polynomial of `(x - middle) / width` as one of `x`; lowest power first.
fn unscale(scaled: &[f64], middle: f64, width: f64) -> Vec<f64> {
    let mut out = vec![0.0; scaled.len()];
    for coefficient in scaled.iter().rev() {
        // out = out * (x - middle) / width + coefficient
        let mut next = vec![0.0; out.len()];
        for (power, value) in out.iter().enumerate() {
            if power + 1 < next.len() {
                next[power + 1] += value / width;
            }
            next[power] -= value * middle / width;
        }
        next[0] += coefficient;
        out = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_where_there_is_one() {
        let line = Line::of(&[1.0, 3.0, 5.0]).expect("a line");
        assert_eq!((line.slope, line.interception, line.rsquare), (2.0, -1.0, 1.0));
        assert_eq!((line.variance, line.rvariance), (4.0, 0.0));
        assert_eq!(Line::of(&[]), None);
    }

    #[test]
    fn two_lines_meet_at_the_break() {
        let lines = TwoLines::of(&[0.0, 1.0, 2.0, 3.0, 10.0, 8.0, 6.0, 4.0]).expect("two lines");
        assert_eq!((lines.split, lines.left.slope, lines.right.slope), (4, 1.0, -2.0));
        assert!((lines.rsquare - 1.0).abs() < 1e-12);
        assert_eq!((lines.at(3), lines.at(4)), (3.0, 10.0));
    }

    #[test]
    fn a_parabola_is_found_far_from_the_origin() {
        let x: Vec<f64> = (1000..1010).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 2.0 * x * x - 3.0 * x + 5.0).collect();
        let found = Polynomial::of(&x, &y, 2).expect("a polynomial");
        for (found, wanted) in found.coefficients.iter().zip([2.0, -3.0, 5.0]) {
            assert!((found - wanted).abs() < 1e-3 * wanted.abs(), "{found}");
        }
        assert!(found.rsquare > 1.0 - 1e-12);
    }
}
