//! Extents: immutable Parquet files of one table and day, rows sorted by time, bags taken apart.
//!
//! Invariant: what [`decode`] gives is what [`encode`] or [`merge`] got, in order of time; only the
//! order of members inside a bag and the spelling of numbers in it may differ.
//! Bytes and column names: docs/format.md, "Extents".

mod checksum;
mod merge;
mod read;
mod write;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use bytes::Bytes;
use model::{ColumnRole, TableDef, Type};

use crate::error::Error;
use crate::shred::{Census, Splitter};
use crate::versions::Superseded;

pub use crate::shred::BagKeys;
pub use merge::merge;

/// The format [`encode`] writes, as the manifest names it.
pub const FORMAT: &str = "parquet-1";

/// Rows prepared and written at a time: enough to amortise, few enough to stay in cache.
const CHUNK_ROWS: usize = 8_192;

/// What the manifest keeps of one extent.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ExtentEntry {
    /// The stem of the file names, unique in the store.
    pub id: String,
    /// The application's number.
    pub app: u32,
    pub table: String,
    /// Days since 1970-01-01 of the rows' time.
    pub day: i32,
    /// How the bytes are to be read: [`FORMAT`].
    pub format: String,
    pub rows: u64,
    /// Bytes of the extent file.
    pub size_bytes: u64,
    /// Bytes of the index file.
    pub index_bytes: u64,
    /// The earliest time, nanoseconds since 1970.
    pub time_min: i64,
    /// The latest time, nanoseconds since 1970.
    pub time_max: i64,
    /// The latest time of receipt, nanoseconds since 1970; `time_max` where the table has none.
    pub received_max: i64,
    /// Columns of the table whose range is known.
    pub ranges: Vec<ColumnRange>,
    /// One entry per bag of the table.
    pub keys: Vec<BagKeys>,
    /// How many merges lie behind this extent: 0 when sealed from the head.
    pub level: u32,
    /// How many of the table's columns the file has, the first ones; 0 in entries of older
    /// programs: all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub columns: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl ExtentEntry {
    /// Whether the file has the column at `position` of its table.
    pub fn has_column(&self, position: usize) -> bool {
        self.columns == 0 || position < self.columns as usize
    }
}

/// The smallest and the largest value of one column of an extent, nulls aside.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ColumnRange {
    pub column: String,
    pub min: Bound,
    pub max: Bound,
    /// Rows in which the column is null.
    pub nulls: u64,
}

/// One end of a [`ColumnRange`].
#[derive(Debug, Clone, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// `int`, `long`; nanoseconds for times.
    Long(i64),
    /// `real`; a column with NaN has no range.
    Real(f64),
    /// Whole texts only, ordered by their bytes; longer ones have no range.
    Text(String),
}

/// An extent ready to be stored.
#[derive(Debug)]
pub struct Encoded {
    /// The bytes of the extent file.
    pub data: Vec<u8>,
    /// The bytes of the index file, see [`crate::index::Index`].
    pub index: Vec<u8>,
    /// `id`, `app` and `level` are left for the caller to fill in.
    pub entry: ExtentEntry,
}

/// The column that holds the values of `key` of `bag`: `customDimensions.taskName`.
pub fn key_column(bag: &str, key: &str) -> String {
    format!("{bag}.{key}")
}

/// The schema of an extent file: the table's columns, then the keys' columns, bag by bag.
pub fn file_schema(table: &TableDef, keys: &[BagKeys]) -> SchemaRef {
    let stored = table.columns.iter().map(|c| Field::new(c.name, c.ty.arrow(), true));
    let shredded = bags(table).flat_map(|(_, bag, ty)| {
        let keys = keys.iter().filter(move |keys| keys.column == bag).flat_map(|keys| &keys.keys);
        keys.map(move |key| Field::new(key_column(bag, key), ty.arrow(), true))
    });
    Arc::new(Schema::new(stored.chain(shredded).collect::<Vec<_>>()))
}

/// The bags of a table: position, name and type of the values.
fn bags(table: &TableDef) -> impl Iterator<Item = (usize, &'static str, Type)> {
    table.columns.iter().enumerate().filter_map(|(position, column)| match column.role {
        ColumnRole::Bag(ty) => Some((position, column.name, ty)),
        _ => None,
    })
}

/// Writes `rows`, batches of `table` of one day and in any order, as one extent.
///
/// # Errors
/// [`Error::Batch`] when there are no rows, when they are of several days, or not of `table`.
pub fn encode(table: &'static TableDef, rows: &[RecordBatch]) -> Result<Encoded, Error> {
    let schema = model::batch::schema(table);
    let rows: Vec<&RecordBatch> = rows.iter().filter(|batch| batch.num_rows() > 0).collect();
    if let Some(batch) = rows.iter().find(|batch| batch.schema_ref().fields() != schema.fields()) {
        return Err(write::failed(table, format!("columns are {:?}", batch.schema_ref().fields())));
    }
    let keys: Vec<BagKeys> = bags(table)
        .map(|(position, bag, ty)| {
            let mut census = Census::new(ty);
            rows.iter().for_each(|batch| census.add_texts(read::texts(batch.column(position))));
            census.plan(bag)
        })
        .collect();
    let order = order_by_time(table, &rows);
    let mut shaper = Shaper::new(table, &keys);
    let mut writer = write::Writer::new(table, keys)?;
    for chunk in order.chunks(CHUNK_ROWS) {
        let batch = interleave_record_batch(&rows, chunk);
        let batch = batch.map_err(|error| write::failed(table, error))?;
        writer.write(&shaper.shape(&batch, &[])?)?;
    }
    writer.finish()
}

/// The rows as (batch, row), by time; equal times stay in the order given.
fn order_by_time(table: &TableDef, rows: &[&RecordBatch]) -> Vec<(usize, usize)> {
    let mut order: Vec<(i64, usize, usize)> = Vec::new();
    for (number, batch) in rows.iter().enumerate() {
        let times = read::times(table, batch);
        order.extend(times.into_iter().enumerate().map(|(row, time)| (time, number, row)));
    }
    order.sort();
    order.into_iter().map(|(_, batch, row)| (batch, row)).collect()
}

/// The rows of an extent as batches of `table`, in order of time, bags put together again.
///
/// Columns the file does not have are null (`''` for strings), columns `table` does not have are
/// left out.
///
/// # Errors
/// [`Error::Damaged`] when the bytes are not an extent of `table`.
pub fn decode(table: &'static TableDef, data: Bytes) -> Result<Vec<RecordBatch>, Error> {
    decode_kept(table, data, &Superseded::default())
}

/// As [`decode`], without the superseded rows.
pub(crate) fn decode_kept(
    table: &'static TableDef,
    data: Bytes,
    superseded: &Superseded,
) -> Result<Vec<RecordBatch>, Error> {
    let part = read::Part::open(table, data, superseded)?;
    let mut batches = Vec::new();
    for batch in part.rows(CHUNK_ROWS)? {
        let batch = batch.map_err(read::damaged)?;
        batches.push(part.canonical(table, &batch)?);
    }
    Ok(batches)
}

/// Brings batches into the columns of an extent file.
struct Shaper {
    schema: SchemaRef,
    splitters: Vec<(usize, Splitter)>,
}

/// The keys of one bag that have columns already, with these columns.
type KeyArrays = Vec<(String, arrow::array::ArrayRef)>;

impl Shaper {
    fn new(table: &TableDef, keys: &[BagKeys]) -> Shaper {
        let splitters = bags(table).zip(keys);
        Shaper {
            schema: file_schema(table, keys),
            splitters: splitters
                .map(|((position, _, ty), keys)| (position, Splitter::new(ty, &keys.keys)))
                .collect(),
        }
    }

    /// A batch of the file's schema from one of the table's schema, of which the bags' own columns
    /// lack the keys given in `columns` (per bag; none given: nothing is missing).
    fn shape(&mut self, batch: &RecordBatch, columns: &[KeyArrays]) -> Result<RecordBatch, Error> {
        let mut arrays = batch.columns().to_vec();
        for (bag, (position, splitter)) in self.splitters.iter_mut().enumerate() {
            let known = columns.get(bag).map_or(&[][..], Vec::as_slice);
            let (own, keys) = splitter.split(batch.column(*position), known);
            if let Some(array) = arrays.get_mut(*position) {
                *array = own;
            }
            arrays.extend(keys);
        }
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(read::damaged)
    }
}

#[cfg(test)]
mod tests;
