//! The tolerant JSON reader of everything clients send (spec ingestion.md §3).
//!
//! It is the only JSON path of this crate. Invariants: any text is either read or refused, never a
//! panic; memory is bounded by the length of the item read; text without escapes is borrowed.

mod reader;
mod skip;
mod value;

pub use reader::{DEPTH_MAX, Problem, Reader, Tape};
pub use skip::{skip_space, skip_value};
pub use value::{Kind, Members, Value};
