//! Bound query and snapshot to result table: the only crate that knows DataFusion.
//!
//! One call in: [`Engine::answer`]. Invariants: no HTTP, no JSON shape of any API, no file format
//! outside `provider`, all execution behind one function in `run`.

pub mod answer;
pub mod error;

pub use answer::{Answer, ResultTable, Statistics, Value};
pub use error::Error;
