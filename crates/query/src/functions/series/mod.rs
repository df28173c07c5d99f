//! Series: arrays of numbers read out of JSON, computed with, and written back.
//!
//! Invariant: the computations below see plain vectors; what an element that is no number means is
//! decided by the function that reads the series.

pub mod fft;
pub mod fit;
pub mod outliers;
pub mod periods;

use datafusion::error::DataFusionError;
use model::json;

use super::json::scan::{self, Kind};
use crate::Error;

/// One number of a series; whole ones stay whole where the function says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    Long(i64),
    Real(f64),
}

impl Number {
    /// A JSON number, or one of the texts that stand for what JSON has no number for.
    pub fn of(element: &str) -> Option<Number> {
        match scan::kind(element) {
            Kind::Long => match element.trim().parse() {
                Ok(value) => Some(Number::Long(value)),
                Err(_) => scan::number(element).map(Number::Real),
            },
            _ => scan::number(element).map(Number::Real),
        }
    }

    pub fn real(self) -> f64 {
        match self {
            Number::Long(value) => value as f64,
            Number::Real(value) => value,
        }
    }

    pub fn write(self, out: &mut String) {
        match self {
            Number::Long(value) => out.push_str(&value.to_string()),
            Number::Real(value) => json::write_real(out, value),
        }
    }
}

/// The elements of an array, `None` for those that are no numbers; `None` for anything but an
/// array.
pub fn numbers(json: &str) -> Option<Vec<Option<Number>>> {
    Some(scan::each_element(json)?.map(Number::of).collect())
}

/// [`numbers`] as reals.
pub fn optional_reals(json: &str) -> Option<Vec<Option<f64>>> {
    Some(scan::each_element(json)?.map(scan::number).collect())
}

/// The elements of an array of finite numbers; `None` when any element is something else.
pub fn reals(json: &str) -> Option<Vec<f64>> {
    scan::each_element(json)?.map(|e| scan::number(e).filter(|v| v.is_finite())).collect()
}

/// Appends an array; `write` appends each element, `false` means null.
pub fn write_array<T>(
    out: &mut String,
    elements: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> bool,
) {
    out.push('[');
    for (at, element) in elements.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        if !write(out, element) {
            out.push_str("null");
        }
    }
    out.push(']');
}

/// Appends an array of reals.
pub fn write_reals(out: &mut String, values: impl IntoIterator<Item = f64>) {
    write_array(out, values, |out, value| {
        json::write_real(out, value);
        true
    });
}

/// Appends a real and a comma: one of several outputs that are written as an array.
pub fn write_part(out: &mut String, value: f64) {
    json::write_real(out, value);
    out.push(',');
}

/// The failure of a function that meets a limit.
pub fn limit(limit: &'static str, message: String) -> DataFusionError {
    DataFusionError::External(Box::new(Error::Limit { limit, message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_numbers_or_nothing() {
        let read = numbers("[1, 2.0, \"x\", null, \"NaN\", 99999999999999999999]");
        let read = read.expect("an array");
        assert_eq!(read[..4], [Some(Number::Long(1)), Some(Number::Real(2.0)), None, None]);
        assert!(read[4].is_some_and(|v| v.real().is_nan()));
        assert_eq!(read[5], Some(Number::Real(1e20)));
        assert_eq!(numbers("{}"), None);
        assert_eq!(reals("[1, null]"), None);
        assert_eq!(reals("[]"), Some(Vec::new()));
    }
}
