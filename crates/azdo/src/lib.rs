//! Azure DevOps and pipelines: its REST API, Timelines as row batches, logging commands.
//!
//! Invariants: no socket, file or clock: requests go through a trait, times come in as arguments;
//! the store and HTTP types are not known here.

pub mod attempts;
pub mod category;
pub mod client;
pub mod collect;
pub mod command;
pub mod errors;
pub mod fingerprint;
pub mod identity;
pub mod matcher;
pub mod origin;
mod pattern;
pub mod rows;
pub mod trace;
pub mod variables;
pub mod wire;
