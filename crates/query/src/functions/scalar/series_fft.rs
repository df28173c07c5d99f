//! `series_fft`, `series_ifft`: the Fourier transform of a series and its inverse.
//!
//! Null for an element that is no number, or an imaginary part of another length (spec kql.md §9).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::super::series::{self, fft, fft::Complex};

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("series_fft", |c| c.kernel(|args| transform(args, fft::forward))),
    ("series_ifft", |c| c.kernel(|args| transform(args, fft::inverse))),
];

fn transform(args: &Args, of: fn(Complex) -> Complex) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let imaginary = if args.has(1) { Some(args.text(1)?) } else { None };
    args.texts(|row, out| {
        let Some(real) = arrays.get(row).and_then(series::reals) else { return false };
        let imag = match &imaginary {
            Some(imaginary) => imaginary.get(row).and_then(series::reals),
            None => Some(vec![0.0; real.len()]),
        };
        let Some(imag) = imag.filter(|imag| imag.len() == real.len()) else { return false };
        let found = of(Complex { real, imag });
        out.push('[');
        series::write_reals(out, found.real);
        out.push(',');
        series::write_reals(out, found.imag);
        out.push(']');
        true
    })
}
