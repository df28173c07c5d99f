//! Writing an extent file: encodings per column, its index, and what the manifest keeps of it.

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, TimestampNanosecondType};
use model::{ColumnRole, TableDef, Type, own};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnPath;

use super::{
    BagKeys, Bound, ColumnRange, Encoded, ExtentEntry, FORMAT, checksum, file_schema, read,
};
use crate::error::Error;
use crate::index::IndexBuilder;
use crate::versions::Collector;

/// Rows per row group: the unit queries skip by statistics and share between cores.
const GROUP_ROWS: usize = 262_144;
/// Bytes per row group, for rows that are large.
const GROUP_BYTES: usize = 128 * 1024 * 1024;
/// Texts longer than this have no range; Parquet's statistics are cut there too.
const RANGE_TEXT_BYTES: usize = 64;
/// Wrong answers of a row group's bloom filter: one in so many. The filters are powers of two in
/// size, and this rate is what 8 bits per value give in a full row group.
const BLOOM_FPP: f64 = 0.03;
const DAY_NS: i64 = 86_400_000_000_000;
/// The column with the time of receipt, where a table has one.
const RECEIVED: &str = "_received";
/// The column whose values are consecutive GUIDs.
const ITEM_ID: &str = "itemId";

pub(super) struct Writer {
    table: &'static TableDef,
    keys: Vec<BagKeys>,
    arrow: ArrowWriter<Vec<u8>>,
    index: IndexBuilder,
    /// Of a table with a key.
    runs: Option<Collector>,
    /// Positions of the columns that are indexed.
    ids: Vec<usize>,
    /// Positions of `real` columns, and whether they held a NaN.
    reals: Vec<(usize, bool)>,
    rows: u64,
    time_min: Option<i64>,
    time_max: Option<i64>,
    received_max: Option<i64>,
}

impl Writer {
    pub(super) fn new(table: &'static TableDef, keys: Vec<BagKeys>) -> Result<Writer, Error> {
        let schema = file_schema(table, &keys);
        let mut arrow = ArrowWriter::try_new(Vec::new(), schema, Some(properties(table)?))
            .map_err(|error| failed(table, error))?;
        let (key, value) = checksum::placeholder();
        arrow.append_key_value_metadata(KeyValue::new(key, value));
        let columns = || table.columns.iter().enumerate();
        let ids = || columns().filter(|(_, column)| column.role == ColumnRole::Id);
        let reals = columns().filter(|(_, c)| matches!(c.ty, Type::Real | Type::Decimal));
        Ok(Writer {
            arrow,
            index: IndexBuilder::new(ids().map(|(_, column)| column.name)),
            runs: (!table.key.is_empty()).then(|| Collector::new(table)),
            ids: ids().map(|(position, _)| position).collect(),
            reals: reals.map(|(position, _)| (position, false)).collect(),
            table,
            keys,
            rows: 0,
            time_min: None,
            time_max: None,
            received_max: None,
        })
    }

    /// Appends rows in the file's schema, in order of time.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.arrow.write(batch).map_err(|error| failed(self.table, error))?;
        self.rows += batch.num_rows() as u64;
        if let Some(runs) = &mut self.runs {
            runs.add(batch)?;
        }
        for (number, position) in self.ids.iter().enumerate() {
            self.index.add(number, read::texts(batch.column(*position)));
        }
        for (position, has_nan) in &mut self.reals {
            let values = batch.column(*position).as_primitive_opt::<Float64Type>();
            *has_nan |= values.is_some_and(|v| v.values().iter().any(|value| value.is_nan()));
        }
        let time = batch.column_by_name(self.table.time_column().name);
        let (min, max) = time.map_or((None, None), range_of_times);
        self.time_min = self.time_min.or(min);
        self.time_max = max.or(self.time_max);
        let received = batch.column_by_name(RECEIVED).and_then(|times| range_of_times(times).1);
        self.received_max = self.received_max.max(received);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Encoded, Error> {
        let table = self.table;
        let (Some(time_min), Some(time_max)) = (self.time_min, self.time_max) else {
            return Err(failed(table, "no row has a time"));
        };
        let (day, last) = (time_min.div_euclid(DAY_NS), time_max.div_euclid(DAY_NS));
        if day != last {
            return Err(failed(table, format!("rows are of the days {day} to {last}")));
        }
        let metadata = self.arrow.finish().map_err(|error| failed(table, error))?;
        let ranges = self.ranges(&metadata);
        let mut data = std::mem::take(self.arrow.inner_mut());
        checksum::seal(&mut data)?;
        let runs = self.runs.map(|runs| {
            let mut bytes = Vec::new();
            runs.put(table, &mut bytes);
            bytes
        });
        let index = self.index.finish(runs.as_deref());
        let entry = ExtentEntry {
            id: String::new(),
            app: 0,
            table: table.name.to_owned(),
            day: day as i32,
            format: FORMAT.to_owned(),
            rows: self.rows,
            size_bytes: data.len() as u64,
            index_bytes: index.len() as u64,
            time_min,
            time_max,
            received_max: self.received_max.unwrap_or(time_max),
            ranges,
            keys: self.keys,
            level: 0,
            columns: if own::is_own(table.name) { table.columns.len() as u32 } else { 0 },
        };
        Ok(Encoded { data, index, entry })
    }

    /// The ranges of the table's plain columns, from the statistics Parquet kept while writing.
    fn ranges(&self, metadata: &ParquetMetaData) -> Vec<ColumnRange> {
        let has_nan = |at| self.reals.iter().any(|(position, nan)| *position == at && *nan);
        let plain = self.table.columns.iter().enumerate().filter(|(position, column)| {
            column.role == ColumnRole::Plain && column.ty != Type::Dynamic && !has_nan(*position)
        });
        plain.filter_map(|(position, column)| range(metadata, position, column.name)).collect()
    }
}

/// The first and last time that is not null, of times in order.
fn range_of_times(times: &ArrayRef) -> (Option<i64>, Option<i64>) {
    let Some(times) = times.as_primitive_opt::<TimestampNanosecondType>() else {
        return (None, None);
    };
    (arrow::compute::min(times), arrow::compute::max(times))
}

/// The range of the file's column at `position` over all row groups that have values of it.
fn range(metadata: &ParquetMetaData, position: usize, name: &str) -> Option<ColumnRange> {
    let mut range: Option<(Bound, Bound)> = None;
    let mut nulls = 0;
    for group in metadata.row_groups() {
        let statistics = group.column(position).statistics()?;
        let group_nulls = statistics.null_count_opt()?;
        nulls += group_nulls;
        if u64::try_from(group.num_rows()).ok() == Some(group_nulls) {
            continue;
        }
        let (min, max) = bounds(statistics)?;
        range = Some(match range {
            None => (min, max),
            Some((low, high)) => {
                (if min < low { min } else { low }, if max > high { max } else { high })
            }
        });
    }
    let (min, max) = range?;
    Some(ColumnRange { column: name.to_owned(), min, max, nulls })
}

fn bounds(statistics: &Statistics) -> Option<(Bound, Bound)> {
    match statistics {
        Statistics::Int32(s) => {
            Some((Bound::Long((*s.min_opt()?).into()), Bound::Long((*s.max_opt()?).into())))
        }
        Statistics::Int64(s) => Some((Bound::Long(*s.min_opt()?), Bound::Long(*s.max_opt()?))),
        Statistics::Double(s) => Some((Bound::Real(*s.min_opt()?), Bound::Real(*s.max_opt()?))),
        Statistics::ByteArray(s) if s.min_is_exact() && s.max_is_exact() => {
            let text = |bytes: &[u8]| {
                let text = std::str::from_utf8(bytes).ok()?;
                (text.len() <= RANGE_TEXT_BYTES).then(|| Bound::Text(text.to_owned()))
            };
            Some((text(s.min_bytes_opt()?)?, text(s.max_bytes_opt()?)?))
        }
        _ => None,
    }
}

/// How the columns are written: docs/format.md gives the measurements behind each choice.
fn properties(table: &'static TableDef) -> Result<WriterProperties, Error> {
    let level = ZstdLevel::try_new(1).map_err(|error| failed(table, error))?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_write_batch_size(8_192)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_statistics_truncate_length(Some(RANGE_TEXT_BYTES))
        .set_created_by("telltale".to_owned());
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        if column.role == ColumnRole::Id {
            // Smallest and largest of random ids exclude nothing; the index and the filters do.
            let none = EnabledStatistics::None;
            properties = properties.set_column_statistics_enabled(path.clone(), none);
        }
        properties = match (column.role, column.ty) {
            (ColumnRole::Id, _) if column.name == ITEM_ID => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BYTE_ARRAY),
            (ColumnRole::Id, _) => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
                .set_column_bloom_filter_fpp(path.clone(), BLOOM_FPP)
                .set_column_bloom_filter_max_ndv(path, GROUP_ROWS as u64),
            (_, Type::DateTime) => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            (_, Type::Real | Type::Decimal) => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT),
            _ => properties,
        };
    }
    Ok(properties.build())
}

pub(super) fn failed(table: &'static TableDef, error: impl ToString) -> Error {
    Error::Batch { table: table.name.to_owned(), reason: error.to_string() }
}
