//! Bound query and snapshot to result table: the only crate that knows DataFusion.
//!
//! Two calls in: [`Engine::stream`], and [`Engine::answer`] for all of it at once. Invariants: no
//! HTTP, no JSON shape of any API, no file format outside `provider`, all execution behind one
//! function in `run`.

pub mod answer;
pub mod engine;
pub mod error;
pub mod explain;
pub mod functions;
mod memory;
mod merge_order;
mod plan;
mod provider;
mod query;
mod question;
pub mod request;
mod run;
mod serial;
mod session;
mod shared;
mod stages;
pub mod stream;
mod yielding;

pub use answer::{Answer, Checked, ResultTable, Statistics, Value};
/// Rows of a result table: Arrow columns, read through [`answer::Cells`].
pub use datafusion::arrow::array::RecordBatch as Rows;
pub use engine::{Engine, EngineOptions};
pub use error::Error;
pub use request::{AppInfo, Apps, Limits, Request};
pub use stream::{AnswerStream, Part, TableHead};
