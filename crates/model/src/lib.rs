//! The words every other crate shares: scalar types, tables, row batches, faults and time texts.
//!
//! Invariants: no IO, no clock, no HTTP, no DataFusion.
//! The mapping between KQL types and Arrow types exists only in [`types`].

pub mod batch;
pub mod fault;
pub mod json;
pub mod own;
pub mod table;
pub mod tables;
pub mod text;
pub mod time;
pub mod types;

pub use batch::{AppId, Batch, BatchBuilder};
pub use fault::Fault;
pub use table::{ColumnDef, ColumnRole, Source, TableDef, ViewColumn, ViewDef, Vocabulary};
pub use types::Type;
