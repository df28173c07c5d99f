//! `telltale ci`: works on what was collected of pipelines.

pub mod categorize;
mod change;
mod stored;
