//! Numbers about a store, for its metrics page.

use std::time::Duration;

use model::AppId;

/// A store at one moment.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// Rows and bytes per application and table, head included.
    pub tables: Vec<TableStats>,
    pub head_rows: u64,
    /// Memory of the head, in bytes (estimated), frozen part included.
    pub head_bytes: u64,
    pub extents: u64,
    /// Bytes of all extent and index files.
    pub extent_bytes: u64,
    pub log_bytes: u64,
    pub log_segments: u64,
    /// Writes answered since the start.
    pub commits: u64,
    /// Syncs of the log since the start; fewer than commits when writes shared them.
    pub fsyncs: u64,
    /// Writes waiting for the log now.
    pub queue_writes: u64,
    pub queue_bytes: u64,
    pub commit_time: Histogram,
    pub seal_time: Histogram,
    pub merge_time: Histogram,
}

/// Rows and bytes of one application and table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStats {
    pub app: AppId,
    pub table: String,
    pub extents: u64,
    pub extent_rows: u64,
    /// Bytes of extent and index files.
    pub extent_bytes: u64,
    pub head_rows: u64,
    /// Memory of the rows in the head, in bytes (estimated).
    pub head_bytes: u64,
}

/// Durations in buckets whose upper bounds are powers of two of a microsecond.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// `buckets[i]` counts durations below `2^i` µs and not below `2^(i-1)`; the last all others.
    pub buckets: [u64; 32],
    pub count: u64,
    pub sum_us: u64,
}

impl Histogram {
    pub fn add(&mut self, duration: Duration) {
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = (u64::BITS - us.leading_zeros()) as usize;
        self.buckets[bucket.min(self.buckets.len() - 1)] += 1;
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// The upper bound of the bucket in which quantile `q` (0 to 1) lies, in µs; 0 when empty.
    pub fn quantile_us(&self, q: f64) -> u64 {
        let rank = (self.count as f64 * q).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                return 1 << bucket;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_bounds_of_their_buckets() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_us(0.5), 0);
        for us in [0, 1, 2, 3, 900, 1 << 40] {
            histogram.add(Duration::from_micros(us));
        }
        assert_eq!(histogram.count, 6);
        assert_eq!(histogram.buckets[..4], [1, 1, 2, 0]);
        assert_eq!(histogram.quantile_us(0.5), 4);
        assert_eq!(histogram.quantile_us(0.8), 1024);
        assert_eq!(histogram.quantile_us(1.0), 1 << 31);
    }
}
