//! Opening an extent file: which of its columns are the table's, and which belong to keys of bags.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray, new_null_array};
use arrow::datatypes::{DataType, TimestampNanosecondType};
use bytes::Bytes;
use model::{TableDef, Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};

use super::{KeyArrays, bags, checksum};
use crate::error::Error;
use crate::shred::join;
use crate::versions::Superseded;

/// An opened extent file, without its superseded rows.
pub(super) struct Part {
    data: Bytes,
    metadata: ArrowReaderMetadata,
    /// For each column of the table: where the file has it.
    stored: Vec<Option<usize>>,
    /// For each bag of the table: the keys with columns, and where the file has them.
    keys: Vec<Vec<(String, usize)>>,
    /// The rows that are read; `None`: all.
    kept: Option<RowSelection>,
}

impl Part {
    pub(super) fn open(
        table: &'static TableDef,
        data: Bytes,
        superseded: &Superseded,
    ) -> Result<Part, Error> {
        checksum::verify(&data)?;
        let metadata =
            ArrowReaderMetadata::load(&data, ArrowReaderOptions::new()).map_err(damaged)?;
        let fields = metadata.schema().fields();
        let find = |name: &str| fields.iter().position(|field| field.name() == name);
        for field in fields {
            let expected = expected_type(table, field.name());
            if expected.is_some_and(|expected| &expected != field.data_type()) {
                let found = field.data_type();
                return Err(damaged(format!("column `{}` is of type {found}", field.name())));
            }
        }
        let keys = bags(table).map(|(_, bag, _)| {
            let keys = fields.iter().enumerate().filter_map(|(position, field)| {
                let key = field.name().strip_prefix(bag)?.strip_prefix('.')?;
                Some((key.to_owned(), position))
            });
            keys.collect()
        });
        let stored = table.columns.iter().map(|column| find(column.name)).collect();
        let mut part = Part { stored, keys: keys.collect(), data, metadata, kept: None };
        if !superseded.is_empty() {
            let rows = usize::try_from(part.row_count()).map_err(damaged)?;
            let kept = superseded.kept(rows).into_iter();
            part.kept = Some(RowSelection::from_consecutive_ranges(kept, rows));
        }
        Ok(part)
    }

    /// The keys of the bag with this number that have columns, and their positions in the file.
    pub(super) fn keys(&self, bag: usize) -> &[(String, usize)] {
        self.keys.get(bag).map_or(&[], Vec::as_slice)
    }

    /// Where the file has the table's column at `position`.
    pub(super) fn stored(&self, position: usize) -> Option<usize> {
        self.stored.get(position).copied().flatten()
    }

    /// Rows that are read.
    pub(super) fn row_count(&self) -> u64 {
        if let Some(kept) = &self.kept {
            return kept.row_count() as u64;
        }
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    /// Rows with a value in the file's column, by the file's statistics where all rows are read.
    pub(super) fn count_present(&self, column: usize) -> Result<u64, Error> {
        let mut present = 0;
        if self.kept.is_some() {
            for batch in self.column_rows(column)? {
                let batch = batch.map_err(damaged)?;
                let values = batch.columns().iter().map(|c| c.len() - c.null_count());
                present += values.sum::<usize>() as u64;
            }
            return Ok(present);
        }
        for group in self.metadata.metadata().row_groups() {
            let nulls = group.columns().get(column).and_then(|c| c.statistics()?.null_count_opt());
            let nulls = nulls.ok_or_else(|| damaged("a column has no count of nulls"))?;
            present += u64::try_from(group.num_rows()).unwrap_or(0).saturating_sub(nulls);
        }
        Ok(present)
    }

    /// The rows in the file's columns.
    pub(super) fn rows(&self, batch_rows: usize) -> Result<ParquetRecordBatchReader, Error> {
        self.builder().with_batch_size(batch_rows).build().map_err(damaged)
    }

    /// One of the file's columns.
    pub(super) fn column_rows(&self, column: usize) -> Result<ParquetRecordBatchReader, Error> {
        let builder = self.builder();
        let mask = ProjectionMask::roots(builder.parquet_schema(), [column]);
        builder.with_projection(mask).build().map_err(damaged)
    }

    fn builder(&self) -> ParquetRecordBatchReaderBuilder<Bytes> {
        let (data, metadata) = (self.data.clone(), self.metadata.clone());
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(data, metadata);
        match &self.kept {
            Some(kept) => builder.with_row_selection(kept.clone()),
            None => builder,
        }
    }

    /// The table's columns of a batch of the file, bags without the keys that have columns, and
    /// these keys' columns for each bag.
    pub(super) fn taken_apart(
        &self,
        table: &'static TableDef,
        batch: &RecordBatch,
    ) -> Result<(RecordBatch, Vec<KeyArrays>), Error> {
        let rows = batch.num_rows();
        let arrays = table.columns.iter().zip(&self.stored).map(|(column, position)| {
            let stored = position.and_then(|position| batch.columns().get(position));
            stored.map_or_else(|| missing(column.ty, rows), Arc::clone)
        });
        let arrays = RecordBatch::try_new(model::batch::schema(table), arrays.collect());
        let keys = self.keys.iter().map(|keys| {
            let arrays = keys.iter().filter_map(|(key, position)| {
                Some((key.clone(), Arc::clone(batch.columns().get(*position)?)))
            });
            arrays.collect()
        });
        Ok((arrays.map_err(damaged)?, keys.collect()))
    }

    /// A batch of the file as a batch of the table.
    pub(super) fn canonical(
        &self,
        table: &'static TableDef,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, Error> {
        let (batch, keys) = self.taken_apart(table, batch)?;
        let mut arrays = batch.columns().to_vec();
        for ((position, ..), keys) in bags(table).zip(&keys) {
            if let Some(array) = arrays.get_mut(position) {
                *array = Arc::new(join(keys, texts(array)));
            }
        }
        RecordBatch::try_new(batch.schema(), arrays).map_err(damaged)
    }
}

/// The type the file's column must have, if it is one of the table's or of a bag's keys.
fn expected_type(table: &'static TableDef, name: &str) -> Option<DataType> {
    let stored = table.columns.iter().find(|column| column.name == name).map(|c| c.ty);
    let key = || bags(table).find(|(_, bag, _)| key_of(name, bag)).map(|(_, _, ty)| ty);
    stored.or_else(key).map(Type::arrow)
}

fn key_of(name: &str, bag: &str) -> bool {
    name.strip_prefix(bag).is_some_and(|rest| rest.starts_with('.'))
}

/// What a column reads as in files older than the column.
fn missing(ty: Type, rows: usize) -> ArrayRef {
    match ty {
        Type::String => Arc::new(StringViewArray::from_iter_values(std::iter::repeat_n("", rows))),
        _ => new_null_array(&ty.arrow(), rows),
    }
}

/// The times of a batch's rows, nanoseconds since 1970; null is the earliest of all.
pub(super) fn times(table: &TableDef, batch: &RecordBatch) -> Vec<i64> {
    let position = table.index_of(table.time_column().name).unwrap_or(0);
    let times = batch.columns().get(position);
    match times.and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>()) {
        Some(times) if times.null_count() == 0 => times.values().to_vec(),
        Some(times) => times.iter().map(|time| time.unwrap_or(i64::MIN)).collect(),
        None => vec![i64::MIN; batch.num_rows()],
    }
}

/// A column known to be text.
#[allow(clippy::expect_used, reason = "columns are checked against the table's types before")]
pub(super) fn texts(array: &ArrayRef) -> &StringViewArray {
    array.as_string_view_opt().expect("a text column")
}

pub(super) fn damaged(error: impl ToString) -> Error {
    Error::damaged("extent", error)
}
