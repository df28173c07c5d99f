//! Bytes from Application Insights SDKs → row batches (spec ingestion.md).
//!
//! [`body::decode`] undoes the transport encoding, [`breeze::decode`] reads the envelopes,
//! [`bulk`] reads files of rows of any table.
//! Invariants: no IO, no clock; bad input never panics and never stops the items beside it.

pub mod body;
pub mod breeze;
pub mod bulk;
mod json;
pub mod limits;
mod rows;
mod scalar;
mod time;
mod user_agent;
