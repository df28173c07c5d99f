//! `row_number`: counts the rows from a start, again after each restart.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::{Result, ScalarValue};
use model::Type;

use super::{Restarts, Running};

struct Number {
    start: i64,
    last: i64,
}

pub(super) fn start(constants: &[ScalarValue], _: Type) -> Box<dyn Running> {
    let start = match constants.first() {
        Some(ScalarValue::Int64(Some(start))) => *start,
        _ => 1,
    };
    Box::new(Number { start, last: start })
}

impl Running for Number {
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef> {
        let restarts = Restarts::new(args, 0, begins);
        let numbers = (0..begins.len()).map(|row| {
            self.last = if restarts.at(row) { self.start } else { self.last.wrapping_add(1) };
            self.last
        });
        Ok(Arc::new(Int64Array::from_iter_values(numbers)))
    }
}
