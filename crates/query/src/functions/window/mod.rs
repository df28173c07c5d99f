//! Window functions by canonical name: values that depend on the rows before and behind.
//!
//! Most follow from the rows so far and carry a small state from batch to batch ([`Running`]);
//! `prev` and `next` fetch the value of another row.

pub(crate) mod prev;
pub(crate) mod program;
mod row_cumsum;
mod row_number;
pub(crate) mod row_rank;
mod row_window_session;

use std::ops::Range;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::common::{Result, ScalarValue, internal_err};
use model::Type;

/// A function whose value follows from the rows so far.
pub(crate) trait Running: Send {
    /// The values of the next rows; a set bit of `begins` says that a group begins with the row.
    fn step(&mut self, args: &[ArrayRef], begins: &BooleanBuffer) -> Result<ArrayRef>;
}

/// Begins a function with its constant arguments and the type of its value.
type Start = fn(&[ScalarValue], Type) -> Box<dyn Running>;

/// How a function is computed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Window {
    Running(Start),
    /// The value of the row this many rows before.
    Before,
    /// The value of the row this many rows behind.
    Behind,
}

/// Name, arguments that are constants, computation.
const TABLE: &[(&str, Range<usize>, Window)] = &[
    ("row_number", 0..1, Window::Running(row_number::start)),
    ("prev", 1..3, Window::Before),
    ("next", 1..3, Window::Behind),
    ("row_cumsum", 0..0, Window::Running(row_cumsum::start)),
    ("row_rank_dense", 0..0, Window::Running(row_rank::dense)),
    ("row_rank_min", 0..0, Window::Running(row_rank::min)),
    ("row_window_session", 0..0, Window::Running(row_window_session::start)),
];

/// The function called `name`, and which of its arguments are constants.
pub(crate) fn find(name: &str) -> Option<(Range<usize>, Window)> {
    let found = TABLE.iter().find(|(known, ..)| *known == name);
    found.map(|(_, constants, window)| (constants.clone(), *window))
}

/// The canonical names that can be computed.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, ..)| *name)
}

/// Argument `k`; a call without it is a fault of the binder.
fn argument(args: &[ArrayRef], k: usize) -> Result<&ArrayRef> {
    match args.get(k) {
        Some(array) => Ok(array),
        None => internal_err!("argument {k} is missing"),
    }
}

/// Where a function begins anew: with every group, and where its last argument says so.
struct Restarts<'a> {
    begins: &'a BooleanBuffer,
    asked: Option<&'a BooleanArray>,
}

impl<'a> Restarts<'a> {
    fn new(args: &'a [ArrayRef], k: usize, begins: &'a BooleanBuffer) -> Restarts<'a> {
        Restarts { begins, asked: args.get(k).and_then(|array| array.as_boolean_opt()) }
    }
    fn at(&self, row: usize) -> bool {
        let is_asked = |asked: &BooleanArray| asked.is_valid(row) && asked.value(row);
        self.begins.value(row) || self.asked.is_some_and(is_asked)
    }
}
