//! `row_cumsum`: the sum of the values so far; a missing value adds nothing.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use datafusion::common::{Result, ScalarValue};
use model::Type;

use super::{Restarts, Running, argument};

/// Sums of whole numbers; an `int` shows the low 32 bits.
struct Wholes {
    sum: i64,
    is_int: bool,
}

struct Reals {
    sum: f64,
}

pub(super) fn start(_: &[ScalarValue], ty: Type) -> Box<dyn Running> {
    match ty {
        Type::Int | Type::Long => Box::new(Wholes { sum: 0, is_int: ty == Type::Int }),
        _ => Box::new(Reals { sum: 0.0 }),
    }
}

impl Running for Wholes {
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef> {
        let values = argument(args, 0)?;
        let restarts = Restarts::new(args, 1, begins);
        let mut add = |row: usize, value: i64| {
            if restarts.at(row) {
                self.sum = 0;
            }
            if values.is_valid(row) {
                self.sum = self.sum.wrapping_add(value);
            }
            self.sum
        };
        if self.is_int {
            let ints = values.as_primitive::<Int32Type>();
            let sums = (0..ints.len()).map(|row| add(row, i64::from(ints.value(row))) as i32);
            return Ok(Arc::new(Int32Array::from_iter_values(sums)));
        }
        let longs = values.as_primitive::<Int64Type>();
        let sums = (0..longs.len()).map(|row| add(row, longs.value(row)));
        Ok(Arc::new(Int64Array::from_iter_values(sums)))
    }
}

impl Running for Reals {
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef> {
        let values = argument(args, 0)?.as_primitive::<Float64Type>();
        let restarts = Restarts::new(args, 1, begins);
        let sums = (0..values.len()).map(|row| {
            if restarts.at(row) {
                self.sum = 0.0;
            }
            if values.is_valid(row) {
                self.sum += values.value(row);
            }
            self.sum
        });
        Ok(Arc::new(Float64Array::from_iter_values(sums)))
    }
}
