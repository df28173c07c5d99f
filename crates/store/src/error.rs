//! Why the store refused or failed, and whose fault it is (architecture.md §5).
//!
//! Invariant: every variant answers [`Error::fault`]; texts never carry row contents.

use std::io;

use model::Fault;

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the folder; `pid` is 0 when its number could not be read.
    #[error("data folder is in use by process {pid}")]
    Locked { pid: u32 },
    /// The folder is of a format this program does not know.
    #[error("data folder has format {found:?}, this program reads up to {supported}")]
    Format { found: String, supported: u32 },
    /// Opened without a server, but there is nothing to read.
    #[error("no data folder at `{path}`")]
    Missing { path: String },
    /// Free space fell below the reserve, or the device is full. Passes when space is freed.
    #[error("disk is nearly full: {free_bytes} bytes free")]
    DiskFull { free_bytes: u64 },
    /// More writes are waiting, or more rows are in memory, than the limits allow.
    #[error("store is overloaded: {waiting_bytes} bytes are waiting")]
    Overloaded { waiting_bytes: u64 },
    /// One write is larger than the log takes.
    #[error("write of {size_bytes} bytes is over the limit of {limit_bytes}")]
    TooLarge { size_bytes: u64, limit_bytes: u64 },
    /// The store is shutting down.
    #[error("store is closed")]
    Closed,
    /// The store was opened for reading only.
    #[error("store is open for reading only")]
    ReadOnly,
    /// The disk refused to make something durable: nothing is accepted until a restart.
    #[error("store stopped after a failed write: {reason}")]
    Failed { reason: String },
    /// Stored bytes are not what was written.
    #[error("`{object}` is damaged: {reason}")]
    Damaged { object: String, reason: String },
    /// A batch does not have the columns of its table: a mistake in our code.
    #[error("batch does not fit table `{table}`: {reason}")]
    Batch { table: String, reason: String },
    /// Rows for a table that was dropped, or a question about it.
    #[error("the table is not there any more")]
    NoTable,
    /// A new definition of a table lacks a column, or has it with another type.
    #[error("column `{column}` cannot be removed or change its type")]
    Altered { column: String },
    /// The name of a public file or a document key is not usable.
    #[error("name `{name}` is not usable: {reason}")]
    Name { name: String, reason: &'static str },
    /// The disk failed.
    #[error("failed to {doing}")]
    Io { doing: String, source: io::Error },
    #[error("failed to handle arrow rows")]
    Arrow(#[from] arrow::error::ArrowError),
    #[error("failed to read or write an extent")]
    Parquet(#[from] parquet::errors::ParquetError),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::DiskFull { .. } | Error::Overloaded { .. } | Error::TooLarge { .. } => {
                Fault::Limit
            }
            Error::Locked { .. }
            | Error::Format { .. }
            | Error::Missing { .. }
            | Error::ReadOnly
            | Error::NoTable
            | Error::Altered { .. }
            | Error::Name { .. } => Fault::Caller,
            Error::Closed
            | Error::Failed { .. }
            | Error::Damaged { .. }
            | Error::Batch { .. }
            | Error::Io { .. }
            | Error::Arrow(_)
            | Error::Parquet(_) => Fault::Internal,
        }
    }

    /// [`Error::Damaged`] for `object`.
    pub fn damaged(object: impl Into<String>, reason: impl ToString) -> Error {
        Error::Damaged { object: object.into(), reason: reason.to_string() }
    }

    /// An IO error while `doing` something; a full device becomes [`Error::DiskFull`].
    pub fn io(doing: impl Into<String>, source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Error::DiskFull { free_bytes: 0 }
            }
            _ => Error::Io { doing: doing.into(), source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_device_is_a_limit_and_a_broken_one_is_internal() {
        let full = Error::io("write", io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.fault(), Fault::Limit);
        let broken = Error::io("write `log/1`", io::Error::other("boom"));
        assert_eq!(broken.fault(), Fault::Internal);
        assert_eq!(broken.to_string(), "failed to write `log/1`");
    }
}
