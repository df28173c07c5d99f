//! Azure DevOps and pipelines: its REST API, Timelines as row batches, logging commands.
//!
//! Invariants: no socket, file or clock: requests go through a trait, times come in as arguments;
//! the store and HTTP types are not known here.

pub mod badge;
pub mod trace;
