//! Merging extents of one table and day into one, without putting bags together in between and
//! without the rows that newer ones have superseded.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use bytes::Bytes;
use model::{TableDef, Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::read::{self, Part};
use super::write::{self, Writer};
use super::{BagKeys, CHUNK_ROWS, Encoded, Shaper, bags};
use crate::error::Error;
use crate::shred::Census;
use crate::versions::Superseded;

/// Rows read from one part at a time: small, as one batch per part is in memory.
const READ_ROWS: usize = 8_192;

/// Writes the rows of `parts`, extents of `table` and of one day, as one extent; of each part those
/// that are not superseded.
///
/// The result holds the same rows, keys and columns as [`super::encode`] of all rows would; only
/// one batch of each part is in memory beside the parts' bytes and the result's.
///
/// # Errors
/// [`Error::Damaged`] when a part is not an extent of `table`, [`Error::Batch`] when there are no
/// rows or they are of several days.
pub fn merge(table: &'static TableDef, parts: &[(Bytes, Superseded)]) -> Result<Encoded, Error> {
    let parts = parts.iter().map(|(data, superseded)| Part::open(table, data.clone(), superseded));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let bags = bags(table).enumerate();
    let keys = bags
        .map(|(number, (position, bag, ty))| plan(&parts, number, position, bag, ty))
        .collect::<Result<Vec<_>, _>>()?;
    let mut shaper = Shaper::new(table, &keys);
    let mut writer = Writer::new(table, keys)?;
    let mut merger = Merger::start(table, &parts, &mut shaper)?;
    while let Some(batch) = merger.next_chunk(&mut shaper)? {
        writer.write(&batch)?;
    }
    writer.finish()
}

/// Which keys of one bag become columns of the merged extent.
fn plan(
    parts: &[Part],
    number: usize,
    position: usize,
    bag: &str,
    ty: Type,
) -> Result<BagKeys, Error> {
    let mut census = Census::new(ty);
    for part in parts {
        for (key, column) in part.keys(number) {
            census.add_column(key, part.count_present(*column)?);
        }
        match part.stored(position) {
            Some(column) if part.count_present(column)? > 0 => {
                for batch in part.column_rows(column)? {
                    let batch = batch.map_err(read::damaged)?;
                    batch.columns().iter().for_each(|texts| census.add_texts(read::texts(texts)));
                }
            }
            _ => census.add_rows(part.row_count()),
        }
    }
    Ok(census.plan(bag))
}

/// One part being read: its batch in memory, and how far its rows have been taken.
struct Cursor<'a> {
    part: &'a Part,
    reader: ParquetRecordBatchReader,
    times: Vec<i64>,
    row: usize,
    /// Where [`Merger::batches`] has the batch.
    slot: usize,
}

/// Takes rows from all parts by time, from earlier parts first where times are equal.
struct Merger<'a> {
    table: &'static TableDef,
    cursors: Vec<Cursor<'a>>,
    /// The batches rows of the current chunk come from.
    batches: Vec<RecordBatch>,
    /// The next time of each part that has rows left, with the part's number.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

impl<'a> Merger<'a> {
    fn start(
        table: &'static TableDef,
        parts: &'a [Part],
        shaper: &mut Shaper,
    ) -> Result<Merger<'a>, Error> {
        let mut merger = Merger {
            table,
            cursors: Vec::with_capacity(parts.len()),
            batches: Vec::new(),
            next: BinaryHeap::new(),
        };
        for (number, part) in parts.iter().enumerate() {
            let reader = part.rows(READ_ROWS)?;
            merger.cursors.push(Cursor { part, reader, times: Vec::new(), row: 0, slot: 0 });
            merger.refill(number, shaper)?;
        }
        Ok(merger)
    }

    /// Reads the next batch of a part whose rows have all been taken.
    fn refill(&mut self, number: usize, shaper: &mut Shaper) -> Result<(), Error> {
        let Some(cursor) = self.cursors.get_mut(number) else {
            return Ok(());
        };
        for batch in cursor.reader.by_ref() {
            let batch = batch.map_err(read::damaged)?;
            let (batch, keys) = cursor.part.taken_apart(self.table, &batch)?;
            cursor.times = read::times(self.table, &batch);
            let Some(first) = cursor.times.first() else {
                continue;
            };
            cursor.row = 0;
            cursor.slot = self.batches.len();
            self.next.push(Reverse((*first, number)));
            self.batches.push(shaper.shape(&batch, &keys)?);
            break;
        }
        Ok(())
    }

    /// The next rows in order of time, at most [`CHUNK_ROWS`].
    fn next_chunk(&mut self, shaper: &mut Shaper) -> Result<Option<RecordBatch>, Error> {
        self.drop_used();
        let mut rows = Vec::with_capacity(CHUNK_ROWS);
        while rows.len() < CHUNK_ROWS {
            let Some(Reverse((_, number))) = self.next.pop() else {
                break;
            };
            let limit = self.next.peek().map(|Reverse(other)| *other);
            let Some(cursor) = self.cursors.get_mut(number) else {
                break;
            };
            // The whole run of this part before the next row of any other.
            while let Some(time) = cursor.times.get(cursor.row)
                && limit.is_none_or(|limit| (*time, number) < limit)
                && rows.len() < CHUNK_ROWS
            {
                rows.push((cursor.slot, cursor.row));
                cursor.row += 1;
            }
            match cursor.times.get(cursor.row) {
                Some(time) => self.next.push(Reverse((*time, number))),
                None => self.refill(number, shaper)?,
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let chunk = interleave_record_batch(&batches, &rows);
        chunk.map(Some).map_err(|error| write::failed(self.table, error))
    }

    /// Keeps only the batches that have rows left.
    fn drop_used(&mut self) {
        let mut kept = Vec::with_capacity(self.cursors.len());
        for cursor in self.cursors.iter_mut().filter(|cursor| cursor.row < cursor.times.len()) {
            if let Some(batch) = self.batches.get(cursor.slot) {
                cursor.slot = kept.len();
                kept.push(batch.clone());
            }
        }
        self.batches = kept;
    }
}
