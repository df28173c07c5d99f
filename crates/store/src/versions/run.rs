//! Runs: rows that follow each other and tell of one thing at one time.
//!
//! Invariants: the runs of an extent or batch, one after another, are its rows; equal keys have
//! equal hashes in every version of the program (docs/format.md, "Index file").

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::partition;
use arrow::datatypes::{
    DataType, DurationNanosecondType, Float64Type, Int32Type, Int64Type, TimestampNanosecondType,
};
use model::TableDef;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::codec::{Reader, put_varint};
use crate::error::Error;

/// Rows one after another with one key and one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The hash of the values of the key's columns.
    pub key: u128,
    /// Nanoseconds since 1970; null is the earliest of all.
    pub time: i64,
    pub rows: u64,
}

/// The runs of batches of `table` that follow each other. Columns behind the table's do not matter.
///
/// # Errors
/// When Arrow cannot compare a column.
pub(crate) fn runs<'a>(
    table: &TableDef,
    batches: impl IntoIterator<Item = &'a RecordBatch>,
) -> Result<Vec<Run>, Error> {
    let mut collector = Collector::new(table);
    batches.into_iter().try_for_each(|batch| collector.add(batch))?;
    Ok(collector.runs)
}

/// Collects the runs of rows while they go by.
#[derive(Debug)]
pub(crate) struct Collector {
    /// Positions of the key's columns.
    key: Vec<usize>,
    time: usize,
    runs: Vec<Run>,
    text: Vec<u8>,
}

impl Collector {
    pub fn new(table: &TableDef) -> Collector {
        let position = |name: &&str| table.index_of(name);
        Collector {
            key: table.key.iter().filter_map(position).collect(),
            time: table.index_of(table.time_column().name).unwrap_or(0),
            runs: Vec::new(),
            text: Vec::new(),
        }
    }

    /// Adds the rows behind those before.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let at = |position: &usize| batch.columns().get(*position).cloned();
        let mut columns: Vec<ArrayRef> = self.key.iter().filter_map(at).collect();
        let key_columns = columns.len();
        columns.extend(at(&self.time));
        let times =
            columns.last().and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
        let times = times.cloned();
        for range in partition(&columns)?.ranges() {
            let time = times.as_ref().filter(|times| times.is_valid(range.start));
            let time = time.map_or(i64::MIN, |times| times.value(range.start));
            self.text.clear();
            for column in &columns[..key_columns] {
                put_value(&mut self.text, column, range.start);
            }
            let (key, rows) = (xxh3_128(&self.text), range.len() as u64);
            match self.runs.last_mut().filter(|last| last.key == key && last.time == time) {
                Some(last) => last.rows += rows,
                None => self.runs.push(Run { key, time, rows }),
            }
        }
        Ok(())
    }

    /// The runs as the last part of an index file; it begins with the name of the key.
    pub fn put(&self, table: &TableDef, out: &mut Vec<u8>) {
        out.extend_from_slice(&key_name(table).to_le_bytes());
        put_varint(out, self.runs.len() as u64);
        self.runs.iter().for_each(|run| out.extend_from_slice(&run.key.to_le_bytes()));
        let mut before = 0i64;
        for run in &self.runs {
            put_varint(out, run.time.wrapping_sub(before).cast_unsigned());
            put_varint(out, run.rows);
            before = run.time;
        }
    }
}

/// Reads what [`Collector::put`] wrote; `None` when it was for another key of the table.
///
/// # Errors
/// [`Error::Damaged`].
pub(crate) fn read(table: &TableDef, bytes: &[u8]) -> Result<Option<Vec<Run>>, Error> {
    let mut reader = Reader { bytes, object: "index" };
    if u64::from_le_bytes(reader.array()?) != key_name(table) {
        return Ok(None);
    }
    let count = usize::try_from(reader.varint()?).map_err(|_| reader.bad("number of runs"))?;
    let size = count.checked_mul(size_of::<u128>()).ok_or_else(|| reader.bad("number of runs"))?;
    let (keys, _) = reader.take(size)?.as_chunks();
    let mut time = 0i64;
    let mut runs = Vec::with_capacity(count);
    for key in keys {
        time = time.wrapping_add(reader.varint()?.cast_signed());
        runs.push(Run { key: u128::from_le_bytes(*key), time, rows: reader.varint()? });
    }
    match reader.bytes.is_empty() {
        true => Ok(Some(runs)),
        false => Err(reader.bad("end")),
    }
}

/// What tells the key of a table from any other it may get.
fn key_name(table: &TableDef) -> u64 {
    xxh3_64(table.key.join("\0").as_bytes())
}

/// A value as the hash of its key knows it.
fn put_value(out: &mut Vec<u8>, column: &ArrayRef, row: usize) {
    if column.is_null(row) {
        return out.push(0);
    }
    let number = match column.data_type() {
        DataType::Boolean => i64::from(column.as_boolean().value(row)),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row),
        DataType::Float64 => {
            column.as_primitive::<Float64Type>().value(row).to_bits().cast_signed()
        }
        DataType::Timestamp(..) => column.as_primitive::<TimestampNanosecondType>().value(row),
        DataType::Duration(_) => column.as_primitive::<DurationNanosecondType>().value(row),
        _ => {
            let text = column.as_string_view_opt().map_or("", |texts| texts.value(row));
            out.push(2);
            put_varint(out, text.len() as u64);
            return out.extend_from_slice(text.as_bytes());
        }
    };
    out.push(1);
    out.extend_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::tables::pipelines::{TIMELINE_BUILDS, TIMELINE_RECORDS};
    use model::{BatchBuilder, Type};

    /// Rows of (organization, build, time).
    fn batch(rows: &[(&str, i64, i64)]) -> RecordBatch {
        let mut builder = BatchBuilder::new(&TIMELINE_RECORDS);
        for (organization, build, time) in rows {
            for (at, column) in TIMELINE_RECORDS.columns.iter().enumerate() {
                match (column.name, column.ty) {
                    ("Organization", _) => builder.column(at).text(organization),
                    ("BuildId", _) => builder.column(at).long(*build),
                    ("CollectedAt", _) => builder.column(at).long(*time),
                    _ => builder.column(at).null(),
                }
            }
            builder.end_row();
        }
        builder.finish().unwrap().rows
    }

    fn shape(runs: &[Run]) -> Vec<(usize, i64, u64)> {
        let mut keys: Vec<u128> = Vec::new();
        let shown = runs.iter().map(|run| {
            let known = keys.iter().position(|key| *key == run.key);
            let number = known.unwrap_or(keys.len());
            if known.is_none() {
                keys.push(run.key);
            }
            (number, run.time, run.rows)
        });
        shown.collect()
    }

    #[test]
    fn rows_of_one_key_and_time_are_one_run_across_batches() {
        let first = batch(&[("p", 1, 5), ("p", 1, 5), ("p", 2, 5), ("p", 1, 5)]);
        let second = batch(&[("p", 1, 5), ("p", 1, 6), ("q", 1, 6), ("q", 1, 6)]);
        let runs = runs(&TIMELINE_RECORDS, [&first, &second]).unwrap();
        assert_eq!(shape(&runs), [(0, 5, 2), (1, 5, 1), (0, 5, 2), (0, 6, 1), (2, 6, 2)]);
    }

    #[test]
    fn keys_differ_when_any_value_does() {
        let of = |organization: &str, build: i64| {
            runs(&TIMELINE_RECORDS, [&batch(&[(organization, build, 0)])]).unwrap()[0].key
        };
        let keys = [of("p", 1), of("p", 2), of("", 1), of("p\u{1}", 1), of("q", 1)];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{at}");
        }
        // The bytes that the manual describes: Organization 'p', BuildId 1.
        let text = [&[2, 1, b'p', 1][..], &1i64.to_le_bytes()].concat();
        assert_eq!(keys[0], xxh3_128(&text));
    }

    #[test]
    fn runs_read_back_and_not_under_another_key() {
        let rows = batch(&[("p", 1, -5), ("p", 2, 5), ("q", 1, i64::MAX)]);
        let mut collector = Collector::new(&TIMELINE_RECORDS);
        collector.add(&rows).unwrap();
        let mut bytes = Vec::new();
        collector.put(&TIMELINE_RECORDS, &mut bytes);
        assert_eq!(read(&TIMELINE_RECORDS, &bytes).unwrap(), Some(collector.runs));
        assert_eq!(read(&model::tables::REQUESTS, &bytes).unwrap(), None);
        assert_eq!(key_name(&TIMELINE_RECORDS), key_name(&TIMELINE_BUILDS));
        for end in 0..bytes.len() {
            assert!(read(&TIMELINE_RECORDS, &bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn keys_are_columns_of_their_tables() {
        for table in model::tables::TABLES {
            for name in table.key {
                let at = table.index_of(name).unwrap_or_else(|| panic!("{}.{name}", table.name));
                assert!(matches!(table.columns[at].ty, Type::String | Type::Long), "{name}");
            }
        }
    }
}
