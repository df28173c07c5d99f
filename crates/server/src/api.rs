//! The public APIs, one folder each; `wire.rs` holds the JSON shapes of exactly that API.

pub mod admin;
pub mod appinsights;
pub mod badges;
pub mod ci;
pub mod collect;
pub mod health;
pub mod hooks;
pub mod ingest;
pub mod keys;
pub mod known;
pub mod kusto;
pub mod loganalytics;
pub mod metadata;
pub mod portal;
pub mod tags;
pub mod track;
