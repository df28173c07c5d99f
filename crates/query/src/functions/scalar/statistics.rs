//! `gamma`, `erf`, the beta distribution, Welch's test and other functions of one or more reals.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("cot", |c| c.kernel(|a| one(a, |v| v.tan().recip()))),
    ("gamma", |c| c.kernel(|a| one(a, libm::tgamma))),
    ("loggamma", |c| c.kernel(|a| one(a, libm::lgamma))),
    ("erf", |c| c.kernel(|a| one(a, libm::erf))),
    ("erfc", |c| c.kernel(|a| one(a, libm::erfc))),
    ("beta_cdf", |c| c.kernel(|a| three(a, beta_cdf))),
    ("beta_pdf", |c| c.kernel(|a| three(a, beta_pdf))),
    ("beta_inv", |c| c.kernel(|a| three(a, beta_inv))),
    ("welch_test", |c| c.kernel(welch_test)),
    ("bitset_count_ones", |c| {
        c.kernel(|args| {
            let values = args.long(0)?;
            args.whole(|row| Some(i64::from(values.get(row)?.count_ones())))
        })
    }),
];

fn one(args: &Args, f: fn(f64) -> f64) -> Result<ArrayRef> {
    let a = args.real(0)?;
    args.reals(|row| Some(f(a.get(row)?)))
}

fn three(args: &Args, f: fn(f64, f64, f64) -> Option<f64>) -> Result<ArrayRef> {
    let (a, b, c) = (args.real(0)?, args.real(1)?, args.real(2)?);
    args.reals(|row| f(a.get(row)?, b.get(row)?, c.get(row)?))
}

/// Parameters beyond this are out of the functions' domain.
const SHAPE_MAX: f64 = 10_000.0;

fn is_shape(alpha: f64, beta: f64) -> bool {
    alpha > 0.0 && beta > 0.0 && alpha <= SHAPE_MAX && beta <= SHAPE_MAX
}

fn ln_beta(alpha: f64, beta: f64) -> f64 {
    libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta)
}

fn beta_cdf(x: f64, alpha: f64, beta: f64) -> Option<f64> {
    let inside = (0.0..=1.0).contains(&x) && is_shape(alpha, beta);
    Some(if inside { incomplete_beta(x, alpha, beta) } else { f64::NAN })
}

fn beta_pdf(x: f64, alpha: f64, beta: f64) -> Option<f64> {
    if !(x > 0.0 && x < 1.0 && is_shape(alpha, beta)) {
        return Some(f64::NAN);
    }
    let ln = (alpha - 1.0) * x.ln() + (beta - 1.0) * (-x).ln_1p() - ln_beta(alpha, beta);
    Some(ln.exp())
}

/// Null for what is no probability, as the vendor's printed answers have it.
fn beta_inv(probability: f64, alpha: f64, beta: f64) -> Option<f64> {
    if !is_shape(alpha, beta) {
        return Some(f64::NAN);
    }
    if !(probability > 0.0 && probability <= 1.0) {
        return None;
    }
    // The distribution rises everywhere: halving reaches the last bit.
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Some(high);
        }
        if incomplete_beta(middle, alpha, beta) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The regularised incomplete beta function, by its continued fraction on the side where that
/// converges quickly.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's evaluation of the continued fraction.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TERMS_MAX: u32 = 10_000;
    const TINY: f64 = 1e-300;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = away_from_zero(1.0 - (a + b) * x / (a + 1.0)).recip();
    let mut fraction = d;
    for term in 1..=TERMS_MAX {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = away_from_zero(1.0 + even * d).recip();
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = away_from_zero(1.0 + odd * d).recip();
        c = away_from_zero(1.0 + odd / c);
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// `(mean, variance, count)` of two samples: the two-sided p-value of the difference of the means.
fn welch_test(args: &Args) -> Result<ArrayRef> {
    let columns = (0..6).map(|k| args.real(k)).collect::<Result<Vec<_>>>()?;
    args.reals(|row| {
        let value = |k: usize| columns.get(k).and_then(|c| c.get(row));
        let (left, left_count) = (value(1)? / value(2)?, value(2)?);
        let (right, right_count) = (value(4)? / value(5)?, value(5)?);
        let both = left + right;
        let t_squared = (value(0)? - value(3)?).powi(2) / both;
        let freedom = both.powi(2)
            / (left.powi(2) / (left_count - 1.0) + right.powi(2) / (right_count - 1.0));
        if !(freedom > 0.0 && t_squared.is_finite()) {
            return Some(f64::NAN);
        }
        Some(incomplete_beta(freedom / (freedom + t_squared), freedom / 2.0, 0.5))
    })
}
