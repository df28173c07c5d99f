//! `row_window_session`: the time at which the row's session began.
//!
//! A session begins anew where the value reaches its beginning plus the longest duration, or the
//! value before plus the longest gap, and after a missing value.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DurationNanosecondType, TimestampNanosecondType};
use datafusion::common::{Result, ScalarValue};
use model::Type;

use super::{Restarts, Running, argument};

#[derive(Default)]
struct Session {
    began: Option<i64>,
    before: Option<i64>,
}

pub(super) fn start(_: &[ScalarValue], _: Type) -> Box<dyn Running> {
    Box::new(Session::default())
}

impl Running for Session {
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef> {
        let times = argument(args, 0)?.as_primitive::<TimestampNanosecondType>();
        let longest = argument(args, 1)?.as_primitive::<DurationNanosecondType>();
        let gap = argument(args, 2)?.as_primitive::<DurationNanosecondType>();
        let restarts = Restarts::new(args, 3, begins);
        let values = (0..times.len()).map(|row| {
            let time = times.is_valid(row).then(|| times.value(row));
            let longest = longest.is_valid(row).then(|| longest.value(row));
            let gap = gap.is_valid(row).then(|| gap.value(row));
            if restarts.at(row) || self.ends(time, longest, gap) {
                self.began = time;
            }
            self.before = time;
            self.began
        });
        let values: Int64Array = values.collect();
        Ok(Arc::new(values.reinterpret_cast::<TimestampNanosecondType>()))
    }
}

impl Session {
    /// Whether the session so far has no place for a row at `time`.
    fn ends(&self, time: Option<i64>, longest: Option<i64>, gap: Option<i64>) -> bool {
        let (Some(time), Some(began), Some(before)) = (time, self.began, self.before) else {
            return true;
        };
        let reaches =
            |from: i64, by: Option<i64>| by.is_some_and(|by| time >= from.saturating_add(by));
        reaches(began, longest) || reaches(before, gap)
    }
}
