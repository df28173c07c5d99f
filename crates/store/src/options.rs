//! Limits and thresholds of a store; the defaults suit a laptop and a small server.

use std::collections::BTreeMap;

/// Limits and thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Space reserved for one log segment, in bytes.
    pub segment_bytes: u64,
    /// Largest single write as a log record, in bytes.
    pub record_bytes_max: u64,
    /// Writes waiting for the log beyond which further ones are refused: bytes and count.
    pub queue_bytes_max: u64,
    pub queue_writes_max: usize,
    /// So many bytes go into one sync at most (a single larger write still does).
    pub group_bytes_max: u64,
    /// Rows in memory beyond which writes are refused, in bytes: sealing has fallen behind.
    pub head_bytes_max: u64,
    /// Head size from which a seal is due, in bytes.
    pub seal_bytes: u64,
    /// Age of the head from which a seal is due.
    pub seal_age_ms: u64,
    /// So many extents of like size, application, table and day become one.
    pub merge_fan_in: usize,
    /// Extents are not merged beyond these rows and file bytes.
    pub extent_rows_max: u64,
    pub extent_bytes_max: u64,
    /// A day no row has arrived for during this time gets its last extents merged into one.
    pub merge_quiet_ms: u64,
    /// Free space on the disk below which writes are refused, in bytes. Seals and merges use it.
    pub free_bytes_min: u64,
    pub retention: Retention,
}

/// How long rows are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Retention {
    /// Days rows are kept by their time, unless `tables` says otherwise; `None`: for ever.
    pub days: Option<u32>,
    /// Days by table name; of own tables by the name people use.
    pub tables: BTreeMap<String, u32>,
    /// Size of the data folder beyond which the oldest extents are removed, in bytes.
    pub total_bytes: Option<u64>,
}

impl Retention {
    /// Days rows of `table` are kept.
    pub fn days_of(&self, table: &str) -> Option<u32> {
        self.tables.get(table).copied().or(self.days)
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 64 << 20,
            record_bytes_max: 64 << 20,
            queue_bytes_max: 128 << 20,
            queue_writes_max: 16_384,
            group_bytes_max: 16 << 20,
            head_bytes_max: 320 << 20,
            seal_bytes: 80 << 20,
            seal_age_ms: 10 * 60 * 1000,
            merge_fan_in: 8,
            extent_rows_max: 1_000_000,
            extent_bytes_max: 128 << 20,
            merge_quiet_ms: 60 * 60 * 1000,
            free_bytes_min: 512 << 20,
            retention: Retention { days: Some(90), ..Retention::default() },
        }
    }
}
