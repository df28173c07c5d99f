//! Row batches to durable extents to snapshots.
//!
//! A write becomes one log record, is visible in the head once it is on disk, and later moves into
//! extents. Invariants: no KQL, no DataFusion, no meaning of any table; [`disk`] alone touches the
//! file system; times come in as arguments.

pub mod error;
pub mod extent;
pub mod index;
mod shred;

pub use error::Error;
