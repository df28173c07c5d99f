//! The discrete Fourier transform of any length, in n log n steps.

use std::f64::consts::PI;

/// Real and imaginary parts of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Complex {
    pub real: Vec<f64>,
    pub imag: Vec<f64>,
}

impl Complex {
    fn zeros(count: usize) -> Complex {
        Complex { real: vec![0.0; count], imag: vec![0.0; count] }
    }

    fn multiply(&mut self, other: &Complex) {
        for k in 0..self.real.len() {
            let (a, b) = (self.real[k], self.imag[k]);
            self.real[k] = a * other.real[k] - b * other.imag[k];
            self.imag[k] = a * other.imag[k] + b * other.real[k];
        }
    }
}

/// The transform: sums without a factor.
pub fn forward(mut values: Complex) -> Complex {
    if values.real.len().is_power_of_two() {
        radix2(&mut values);
        return values;
    }
    any_length(&values)
}

/// The inverse of [`forward`].
pub fn inverse(mut values: Complex) -> Complex {
    let count = values.real.len() as f64;
    values.imag.iter_mut().for_each(|v| *v = -*v);
    let mut out = forward(values);
    out.real.iter_mut().for_each(|v| *v /= count);
    out.imag.iter_mut().for_each(|v| *v /= -count);
    out
}

/// In place, for lengths that are powers of two.
fn radix2(values: &mut Complex) {
    let count = values.real.len();
    if count < 2 {
        return;
    }
    let bits = count.trailing_zeros();
    for i in 0..count {
        let j = i.reverse_bits() >> (usize::BITS - bits);
        if i < j {
            values.real.swap(i, j);
            values.imag.swap(i, j);
        }
    }
    let mut half = 1;
    while half < count {
        let angle = -PI / half as f64;
        for k in 0..half {
            // Without the noise of the last digit where there is an exact answer.
            let (sin, cos) = match 2 * k == half {
                true => (-1.0, 0.0),
                false => (angle * k as f64).sin_cos(),
            };
            for at in (k..count).step_by(2 * half) {
                let (a, b) = (values.real[at + half], values.imag[at + half]);
                let (real, imag) = (a * cos - b * sin, a * sin + b * cos);
                values.real[at + half] = values.real[at] - real;
                values.imag[at + half] = values.imag[at] - imag;
                values.real[at] += real;
                values.imag[at] += imag;
            }
        }
        half *= 2;
    }
}

/// Bluestein's way: the transform as a convolution, which a power of two can compute.
fn any_length(values: &Complex) -> Complex {
    let count = values.real.len();
    if count == 0 {
        return Complex::default();
    }
    let size = (2 * count).next_power_of_two();
    // The squares are taken modulo the period, so that large ones keep their digits.
    let turn = |k: usize| {
        let square = (k as u128 * k as u128) % (2 * count as u128);
        (PI * square as f64 / count as f64).sin_cos()
    };
    let (mut a, mut b) = (Complex::zeros(size), Complex::zeros(size));
    for k in 0..count {
        let (sin, cos) = turn(k);
        a.real[k] = values.real[k] * cos + values.imag[k] * sin;
        a.imag[k] = values.imag[k] * cos - values.real[k] * sin;
        (b.real[k], b.imag[k]) = (cos, sin);
        if k > 0 {
            (b.real[size - k], b.imag[size - k]) = (cos, sin);
        }
    }
    radix2(&mut a);
    radix2(&mut b);
    a.multiply(&b);
    let product = inverse(a);
    let mut out = Complex::zeros(count);
    for k in 0..count {
        let (sin, cos) = turn(k);
        out.real[k] = product.real[k] * cos + product.imag[k] * sin;
        out.imag[k] = product.imag[k] * cos - product.real[k] * sin;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_agree_with_the_definition() {
        for count in [1_usize, 2, 5, 8, 12] {
            let real: Vec<f64> = (0..count).map(|k| ((k * 7) % 5) as f64 - 1.0).collect();
            let imag: Vec<f64> = (0..count).map(|k| ((k * 3) % 4) as f64).collect();
            let values = Complex { real, imag };
            let out = forward(values.clone());
            for f in 0..count {
                let (mut re, mut im) = (0.0, 0.0);
                for k in 0..count {
                    let (sin, cos) = (-2.0 * PI * (f * k) as f64 / count as f64).sin_cos();
                    re += values.real[k] * cos - values.imag[k] * sin;
                    im += values.real[k] * sin + values.imag[k] * cos;
                }
                assert!((out.real[f] - re).abs() < 1e-9, "{count} {f}");
                assert!((out.imag[f] - im).abs() < 1e-9, "{count} {f}");
            }
            let back = inverse(out);
            for k in 0..count {
                assert!((back.real[k] - values.real[k]).abs() < 1e-9);
                assert!((back.imag[k] - values.imag[k]).abs() < 1e-9);
            }
        }
    }
}
