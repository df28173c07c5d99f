//! The head: rows in memory, newer than any extent.
//!
//! Invariant: per application and table the batches stay few (small ones are put together in tiers,
//! each row is copied at most five times), so a snapshot is a handful of reference counts.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::DataType;
use model::{AppId, TableDef};
use std::sync::Arc;

use crate::error::Error;
use crate::tables;

/// So many neighbours of a tier become one batch of the next.
const FAN_IN: usize = 8;
/// Batches of at least this many rows are left alone.
const ROWS_FULL: usize = 4096;
/// Batches of at most this many rows are copied on arrival: builders leave room for a thousand
/// rows and 8 KiB of text in every column, which for one row is a hundred times its size.
const ROWS_TIGHT: usize = 256;

/// Rows of all applications and tables.
#[derive(Debug, Clone, Default)]
pub struct Head {
    tables: BTreeMap<(AppId, &'static str), HeadTable>,
    rows: u64,
    size_bytes: u64,
}

/// Rows of one application and table, in log order.
#[derive(Debug, Clone)]
pub struct HeadTable {
    /// The newest definition rows came in with.
    pub table: &'static TableDef,
    /// Of this definition or earlier ones.
    pub batches: Vec<RecordBatch>,
    pub rows: u64,
    /// Estimated memory, in bytes.
    pub size_bytes: u64,
}

/// Neighbouring batches to be replaced by one.
#[derive(Debug)]
pub struct Tier {
    table: &'static TableDef,
    at: usize,
    batches: Vec<RecordBatch>,
}

impl Head {
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Estimated memory, in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub fn tables(&self) -> impl Iterator<Item = (AppId, &HeadTable)> {
        self.tables.iter().map(|((app, _), table)| (*app, table))
    }

    /// The batches of one application and table.
    pub fn batches(&self, app: AppId, table: &'static TableDef) -> &[RecordBatch] {
        self.tables.get(&(app, table.name)).map_or(&[], |t| t.batches.as_slice())
    }

    /// Adds rows of `size_bytes` (from [`size_bytes`]).
    pub fn push(
        &mut self,
        app: AppId,
        table: &'static TableDef,
        rows: RecordBatch,
        size_bytes: u64,
    ) {
        let count = rows.num_rows() as u64;
        if count == 0 {
            return;
        }
        let head = self.tables.entry((app, table.name)).or_insert_with(|| HeadTable {
            table,
            batches: Vec::new(),
            rows: 0,
            size_bytes: 0,
        });
        head.table = table;
        head.batches.push(rows);
        head.rows += count;
        head.size_bytes += size_bytes;
        self.rows += count;
        self.size_bytes += size_bytes;
    }

    /// Forgets the rows of a table of all applications.
    pub fn remove(&mut self, table: &str) {
        self.tables.retain(|(_, name), head| {
            if *name != table {
                return true;
            }
            self.rows -= head.rows;
            self.size_bytes -= head.size_bytes;
            false
        });
    }

    /// The newest batches that should become one, if they are many enough.
    pub fn due(&self, app: AppId, table: &'static TableDef) -> Option<Tier> {
        let head = self.tables.get(&(app, table.name))?;
        let (table, batches) = (head.table, &head.batches);
        let last = tier(batches.last()?.num_rows())?;
        let is_small = |b: &&RecordBatch| tier(b.num_rows()).is_some_and(|tier| tier <= last);
        let run = batches.iter().rev().take_while(is_small).count();
        let at = batches.len() - run;
        (run >= FAN_IN).then(|| Tier { table, at, batches: batches[at..].to_vec() })
    }

    /// Puts the one batch in the place of those of `tier`; nothing was removed in between.
    pub fn replace(
        &mut self,
        app: AppId,
        table: &'static TableDef,
        tier: &Tier,
        rows: RecordBatch,
    ) {
        if let Some(head) = self.tables.get_mut(&(app, table.name)) {
            let range = tier.at..(tier.at + tier.batches.len()).min(head.batches.len());
            head.batches.splice(range, [rows]);
        }
    }
}

/// `None` for batches that are left alone.
fn tier(rows: usize) -> Option<u32> {
    (rows < ROWS_FULL).then(|| (rows.max(1).ilog2()) / FAN_IN.ilog2())
}

impl Tier {
    /// All rows as one batch without slack.
    pub fn concat(&self) -> Result<RecordBatch, Error> {
        let conform = |rows: &RecordBatch| tables::conform(self.table, rows);
        let batches = self.batches.iter().map(conform).collect::<Result<Vec<_>, _>>()?;
        tight(&concat_batches(&model::batch::schema(self.table), &batches)?)
    }
}

/// The rows as the head keeps them: small batches are copied into memory of just their size.
pub fn adopt(rows: &RecordBatch) -> Result<RecordBatch, Error> {
    if rows.num_rows() > ROWS_TIGHT {
        return Ok(rows.clone());
    }
    let all = UInt32Array::from_iter_values(0..rows.num_rows() as u32);
    tight(&take_record_batch(rows, &all)?)
}

/// Texts copied into one buffer each of just their size.
fn tight(rows: &RecordBatch) -> Result<RecordBatch, Error> {
    let columns = rows.columns().iter().map(|column| match column.data_type() {
        DataType::Utf8View => Arc::new(column.as_string_view().gc()) as ArrayRef,
        _ => Arc::clone(column),
    });
    Ok(RecordBatch::try_new(rows.schema(), columns.collect())?)
}

/// Estimated memory of rows without slack, in bytes.
pub fn size_bytes(rows: &RecordBatch) -> u64 {
    let column_bytes = |column: &ArrayRef| match column.data_type() {
        DataType::Utf8View => {
            let column = column.as_string_view();
            let long = column.lengths().filter(|&n| n > 12).map(u64::from).sum::<u64>();
            column.len() as u64 * 16 + long
        }
        DataType::Boolean => column.len() as u64 / 8 + 1,
        DataType::Int32 => column.len() as u64 * 4,
        _ => column.len() as u64 * 8,
    };
    rows.columns().iter().map(column_bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::tables::REQUESTS;
    use model::{Batch, BatchBuilder};

    fn rows(count: usize) -> RecordBatch {
        let mut builder = BatchBuilder::new(&REQUESTS);
        for _ in 0..count {
            for (at, column) in REQUESTS.columns.iter().enumerate() {
                match column.name {
                    "timestamp" => builder.column(at).long(5),
                    "name" => builder.column(at).text("a name of more than twelve bytes"),
                    _ => builder.column(at).null(),
                }
            }
            builder.end_row();
        }
        let Batch { rows, .. } = builder.finish().unwrap();
        rows
    }

    fn push(head: &mut Head, count: usize) {
        let rows = rows(count);
        let size = size_bytes(&rows);
        head.push(AppId(1), &REQUESTS, rows, size);
        while let Some(tier) = head.due(AppId(1), &REQUESTS) {
            head.replace(AppId(1), &REQUESTS, &tier, tier.concat().unwrap());
        }
    }

    #[test]
    fn small_batches_are_put_together_in_tiers() {
        let mut head = Head::default();
        let mut batches_max = 0;
        for _ in 0..5000 {
            push(&mut head, 1);
            batches_max = batches_max.max(head.batches(AppId(1), &REQUESTS).len());
        }
        assert_eq!((head.rows(), batches_max), (5000, 28));
        let sizes: Vec<usize> =
            head.batches(AppId(1), &REQUESTS).iter().map(RecordBatch::num_rows).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 5000);
        assert_eq!(sizes[..2], [4096, 512]);
    }

    #[test]
    fn large_batches_are_left_alone_and_keep_the_others_apart() {
        let mut head = Head::default();
        for count in [1, 5000, 3, 70, 2, 600, 9000].into_iter().cycle().take(700) {
            push(&mut head, count);
        }
        let batches = head.batches(AppId(1), &REQUESTS);
        assert_eq!(head.rows(), 100 * 14_676);
        assert!(batches.len() as u64 <= head.rows() / 512, "{} batches", batches.len());
        assert!(batches.iter().filter(|b| b.num_rows() == 9000).count() == 100);
    }

    #[test]
    fn adopted_rows_take_little_more_than_their_size() {
        let rows = rows(1);
        let tight = adopt(&rows).unwrap();
        assert_eq!(tight, rows);
        let estimate = size_bytes(&tight);
        assert!(rows.get_array_memory_size() > 100_000);
        assert!(tight.get_array_memory_size() < 10_000, "{}", tight.get_array_memory_size());
        assert!((500..1000).contains(&estimate), "{estimate}");
    }
}
