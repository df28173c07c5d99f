//! `row_rank_dense`, `row_rank_min`: ranks that change where the value differs from that of the
//! row before.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Int64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::concat;
use datafusion::arrow::compute::kernels::cmp::distinct;
use datafusion::common::{Result, ScalarValue};
use model::Type;

use super::{Restarts, Running, argument};
use crate::serial::single;

struct Rank {
    is_dense: bool,
    changes: Changes,
    position: i64,
    rank: i64,
}

pub(super) fn dense(_: &[ScalarValue], _: Type) -> Box<dyn Running> {
    Box::new(Rank { is_dense: true, changes: Changes::default(), position: 0, rank: 0 })
}

pub(super) fn min(_: &[ScalarValue], _: Type) -> Box<dyn Running> {
    Box::new(Rank { is_dense: false, changes: Changes::default(), position: 0, rank: 0 })
}

impl Running for Rank {
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef> {
        let changes = self.changes.next(argument(args, 0)?)?;
        let restarts = Restarts::new(args, 1, begins);
        let ranks = (0..begins.len()).map(|row| {
            self.position += 1;
            if restarts.at(row) {
                self.position = 1;
                self.rank = 1;
            } else if changes.value(row) {
                self.rank = if self.is_dense { self.rank + 1 } else { self.position };
            }
            self.rank
        });
        Ok(Arc::new(Int64Array::from_iter_values(ranks)))
    }
}

/// Tells in which rows a column differs from the row before; two nulls do not differ.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The value of the last row, an array of one.
    last: Option<ArrayRef>,
}

impl Changes {
    /// True in the first row of all.
    pub fn next(&mut self, values: &ArrayRef) -> Result<BooleanArray> {
        let rows = values.len();
        if rows == 0 {
            return Ok(BooleanArray::from(Vec::<bool>::new()));
        }
        let before = match &self.last {
            Some(last) => concat(&[last.as_ref(), &values.slice(0, rows - 1)])?,
            None => concat(&[&values.slice(0, 1), &values.slice(0, rows - 1)])?,
        };
        let is_first = self.last.is_none();
        let differs = distinct(&before, values)?;
        self.last = Some(single(values, rows - 1)?);
        let flags =
            BooleanBuffer::collect_bool(rows, |row| is_first && row == 0 || differs.value(row));
        Ok(BooleanArray::new(flags, None))
    }
}
