//! Versions: of the rows of one application and table with equal keys those with the newest time
//! are seen, all others are *superseded*. Tables without a key have no superseded rows.
//!
//! Invariants: what is superseded is told of exactly the head and the extents at hand, so a
//! snapshot is whole; extents are never changed, which of their rows are superseded is kept in
//! memory as ranges and can always be worked out again; memory for runs is bounded by
//! [`RUNS_BYTES_MAX`], beside about 50 bytes per key while the ranges are worked out.

mod run;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{BooleanArray, BooleanBufferBuilder, RecordBatch};
use arrow::compute::filter_record_batch;
use model::{AppId, TableDef};
use parking_lot::Mutex;

use crate::error::Error;
use crate::snapshot::{Extent, Snapshot};
use crate::store::Inner;
pub(crate) use run::{Collector, Run, read, runs};

/// Runs of extents held in memory, in bytes: two million. The runs of further extents are read
/// again by every query over their table.
pub(crate) const RUNS_BYTES_MAX: usize = 64 << 20;

/// Superseded rows of one extent or batch, by their number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Superseded {
    /// In order, none empty, apart from each other.
    ranges: Arc<[Range<usize>]>,
}

impl Superseded {
    /// Of the ranges given in order, those that touch become one.
    fn new(ranges: impl IntoIterator<Item = Range<usize>>) -> Superseded {
        let mut all: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match all.last_mut().filter(|last| last.end >= range.start) {
                Some(last) => last.end = last.end.max(range.end),
                None => all.push(range),
            }
        }
        Superseded { ranges: all.into() }
    }

    /// Whether no row is superseded.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many rows are superseded.
    pub fn rows(&self) -> u64 {
        self.ranges.iter().map(|range| range.len() as u64).sum()
    }

    /// The other ones of `rows` rows: in order, none empty.
    pub fn kept(&self, rows: usize) -> Vec<Range<usize>> {
        let mut kept = Vec::with_capacity(self.ranges.len() + 1);
        let mut start = 0;
        for range in self.ranges.iter() {
            kept.push(start..range.start.min(rows));
            start = range.end;
        }
        kept.push(start..rows);
        kept.retain(|range| !range.is_empty());
        kept
    }

    /// These rows and others.
    fn and(&self, other: &Superseded) -> Superseded {
        match (self.is_empty(), other.is_empty()) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            _ => {
                let mut all = [&*self.ranges, &*other.ranges].concat();
                all.sort_by_key(|range| range.start);
                Superseded::new(all)
            }
        }
    }

    /// The batch without these rows; `None` when none is left.
    fn filter(&self, batch: RecordBatch) -> Result<Option<RecordBatch>, Error> {
        let kept = self.kept(batch.num_rows());
        Ok(match kept.as_slice() {
            [] => None,
            [all] if all.len() == batch.num_rows() => Some(batch),
            [one] => Some(batch.slice(one.start, one.len())),
            _ => {
                let mut mask = BooleanBufferBuilder::new(batch.num_rows());
                for range in kept {
                    mask.append_n(range.start - mask.len(), false);
                    mask.append_n(range.len(), true);
                }
                mask.append_n(batch.num_rows() - mask.len(), false);
                Some(filter_record_batch(&batch, &BooleanArray::new(mask.finish(), None))?)
            }
        })
    }
}

/// A key is a hash already.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= xxhash_rust::xxh3::xxh3_64(bytes);
    }
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

/// The newest time of each key.
#[derive(Debug, Default)]
struct Newest(HashMap<u128, i64, BuildHasherDefault<KeyHasher>>);

impl Newest {
    fn add(&mut self, run: &Run) {
        let time = self.0.entry(run.key).or_insert(run.time);
        *time = run.time.max(*time);
    }

    /// Whether there is a newer version of what the run tells.
    fn is_newer(&self, run: &Run) -> bool {
        self.0.get(&run.key).is_some_and(|time| *time > run.time)
    }

    /// The rows of runs that are older than what is known.
    fn superseded(&self, runs: &[Run]) -> Superseded {
        let mut start = 0;
        let ranges = runs.iter().map(|run| {
            let end = start + usize::try_from(run.rows).unwrap_or(usize::MAX - start);
            let range = std::mem::replace(&mut start, end)..end;
            (range, run)
        });
        Superseded::new(ranges.filter(|(_, run)| self.is_newer(run)).map(|(range, _)| range))
    }
}

/// What is superseded among the extents of each application and table, as last worked out.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    settled: Mutex<HashMap<(AppId, &'static str), Arc<Settled>>>,
}

/// What is superseded among these extents, in the same order.
#[derive(Debug)]
struct Settled {
    ids: Vec<String>,
    superseded: Vec<Superseded>,
}

/// The rows of batches that no newer one among them supersedes, in the same order.
pub(crate) fn newest(
    table: &'static TableDef,
    batches: Vec<RecordBatch>,
) -> Result<Vec<RecordBatch>, Error> {
    if table.key.is_empty() {
        return Ok(batches);
    }
    Head::new(table, batches)?.seen()
}

/// The batches of a head and what they tell.
struct Head {
    batches: Vec<RecordBatch>,
    runs: Vec<Vec<Run>>,
    newest: Newest,
}

impl Head {
    fn new(table: &TableDef, batches: Vec<RecordBatch>) -> Result<Head, Error> {
        let runs = batches.iter().map(|batch| runs(table, [batch]));
        let runs = runs.collect::<Result<Vec<_>, _>>()?;
        let mut newest = Newest::default();
        runs.iter().flatten().for_each(|run| newest.add(run));
        Ok(Head { batches, runs, newest })
    }

    fn seen(self) -> Result<Vec<RecordBatch>, Error> {
        let Head { batches, runs, newest } = self;
        let seen = batches.into_iter().zip(&runs);
        let seen = seen.map(|(batch, runs)| newest.superseded(runs).filter(batch));
        seen.filter_map(Result::transpose).collect()
    }
}

impl Inner {
    /// The snapshot of a table with a key: what is seen of this head and these extents.
    ///
    /// Reads index files the first time they are needed.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`] when neither an extent's index nor its rows can be read.
    pub(crate) fn newest(
        &self,
        app: AppId,
        table: &'static TableDef,
        head: Vec<RecordBatch>,
        extents: Vec<Arc<Extent>>,
    ) -> Result<Snapshot, Error> {
        let mut superseded = self.superseded(app, table, &extents)?;
        let mut head = Head::new(table, head)?;
        if !head.batches.is_empty() {
            let mut in_extents = Vec::new();
            for (extent, superseded) in extents.iter().zip(&mut superseded) {
                let runs = extent.runs(table)?;
                *superseded = superseded.and(&head.newest.superseded(&runs));
                let of_head = |run: &&Run| head.newest.0.contains_key(&run.key);
                in_extents.extend(runs.iter().filter(of_head).copied());
            }
            in_extents.iter().for_each(|run| head.newest.add(run));
        }
        let is_seen =
            |(extent, superseded): &(Arc<Extent>, Superseded)| superseded.rows() < extent.rows;
        let (extents, superseded): (Vec<_>, Vec<_>) =
            extents.into_iter().zip(superseded).filter(is_seen).unzip();
        let some = extents.iter().zip(superseded).filter(|(_, superseded)| !superseded.is_empty());
        let superseded = some.map(|(extent, superseded)| (extent.id.clone(), superseded));
        let superseded = Arc::new(superseded.collect());
        Ok(Snapshot { table, head: head.seen()?, extents, superseded })
    }

    /// The superseded rows of each extent by what the other extents hold: all of them are given.
    pub(crate) fn superseded(
        &self,
        app: AppId,
        table: &'static TableDef,
        extents: &[Arc<Extent>],
    ) -> Result<Vec<Superseded>, Error> {
        if table.key.is_empty() {
            return Ok(vec![Superseded::default(); extents.len()]);
        }
        let key = (app, table.name);
        let known = self.versions.settled.lock().get(&key).cloned();
        let is_of = |known: &&Arc<Settled>| known.ids.iter().eq(extents.iter().map(|e| &e.id));
        if let Some(known) = known.as_ref().filter(is_of) {
            return Ok(known.superseded.clone());
        }
        let mut newest = Newest::default();
        let all = extents.iter().map(|extent| extent.runs(table));
        let all = all.collect::<Result<Vec<_>, _>>()?;
        all.iter().flat_map(|runs| runs.iter()).for_each(|run| newest.add(run));
        let superseded: Vec<_> = all.iter().map(|runs| newest.superseded(runs)).collect();
        let ids = extents.iter().map(|extent| extent.id.clone()).collect();
        let settled = Arc::new(Settled { ids, superseded: superseded.clone() });
        self.versions.settled.lock().insert(key, settled);
        Ok(superseded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_where_they_touch_and_leave_the_others() {
        let rows = Superseded::new([0..2, 2..3, 5..6, 5..8]);
        assert_eq!((&*rows.ranges, rows.rows()), (&[0..3, 5..8][..], 6));
        assert_eq!(rows.kept(10), [3..5, 8..10]);
        assert_eq!(rows.kept(8).first(), Some(&(3..5)));
        assert_eq!(Superseded::default().kept(3).first(), Some(&(0..3)));
        let both = rows.and(&Superseded::new([4..5, 9..10]));
        assert_eq!(&*both.ranges, &[0..3, 4..8, 9..10]);
        assert_eq!(rows.and(&Superseded::default()), rows);
    }
}
