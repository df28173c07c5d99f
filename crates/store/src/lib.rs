//! Row batches to durable extents to snapshots.
//!
//! A write becomes one log record, is visible in the head once it is on disk, and later moves into
//! extents. Invariants: no KQL, no DataFusion, no meaning of any table; [`disk`] alone touches the
//! file system; times come in as arguments.

mod changes;
pub mod codec;
pub mod disk;
pub mod disk_sim;
pub mod error;
pub mod extent;
pub mod files;
pub mod frame;
pub mod head;
pub mod index;
pub mod log;
pub mod manifest;
pub mod merge;
pub mod meta;
mod open;
pub mod options;
pub mod retain;
pub mod seal;
mod shred;
pub mod snapshot;
pub mod stats;
mod store;
pub mod tables;
pub mod texts;
mod usage;
mod versions;
mod writer;

pub use error::Error;
pub use extent::ExtentEntry;
pub use files::{File, Files};
pub use merge::Merged;
pub use options::{Options, Retention};
pub use retain::Retained;
pub use seal::Sealed;
pub use snapshot::{Extent, Snapshot};
pub use stats::{Histogram, Stats, TableStats};
pub use store::{Mode, Store};
pub use tables::Definition;
pub use texts::Texts;
pub use usage::{DayUsage, TableUsage};
pub use versions::Superseded;
pub use writer::{Receipt, Write};
