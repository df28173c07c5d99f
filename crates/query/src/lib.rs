//! Bound query and snapshot to result table: the only crate that knows DataFusion.
//!
//! One call in: [`Engine::answer`]. Invariants: no HTTP, no JSON shape of any API, no file format
//! outside `provider`, all execution behind one function in `run`.

pub mod answer;
pub mod engine;
pub mod error;
mod explain;
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

pub use answer::{Answer, ResultTable, Statistics, Value};
pub use engine::{Engine, EngineOptions};
pub use error::Error;
pub use request::{AppInfo, Apps, Limits, Request};
