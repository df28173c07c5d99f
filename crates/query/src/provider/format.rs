//! The file format of extents: the only place that names Parquet.

use std::sync::Arc;

use chrono::DateTime;
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, not_impl_err};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetAccessPlan, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::parquet::file::statistics::Statistics as ColumnStatisticsOfFile;
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectMeta;
use store::Extent;

use super::extents::ExtentsTable;

/// A row group of an extent.
#[derive(Debug)]
pub(super) struct Group {
    pub rows: usize,
    /// The first and the last time, nanoseconds since 1970, where the file tells.
    pub times: Option<(i64, i64)>,
}

/// An extent to read.
pub(super) struct Part {
    extent: Arc<Extent>,
    /// `None`: all.
    rows: Option<RowSelection>,
}

impl Part {
    /// The extent without its superseded rows, and of the others those `found` when that is given.
    pub fn new(table: &ExtentsTable, extent: &Arc<Extent>, found: Option<BooleanBuffer>) -> Part {
        let superseded = table.superseded.get(&extent.id).map(|superseded| {
            let rows = usize::try_from(extent.rows).unwrap_or(usize::MAX);
            RowSelection::from_consecutive_ranges(superseded.kept(rows).into_iter(), rows)
        });
        let rows = match (superseded, found.map(RowSelection::from_boolean_buffer)) {
            (Some(one), Some(other)) => Some(one.intersection(&other)),
            (one, other) => one.or(other),
        };
        Part { extent: Arc::clone(extent), rows }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| !rows.selects_any())
    }

    fn rows(&self) -> usize {
        let all = usize::try_from(self.extent.rows).unwrap_or(usize::MAX);
        self.rows.as_ref().map_or(all, RowSelection::row_count)
    }
}

/// The scan of `parts`, in this order. `filters` are what the rows read will be tested by.
pub(super) fn scan(
    state: &dyn Session,
    table: &ExtentsTable,
    parts: Vec<Part>,
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    for part in &parts {
        check(&part.extent)?;
    }
    let source = source(state, table, !reads_only_tested(table, projection, filters))?;
    let statistics = statistics(table, &parts);
    let threads = state.config().target_partitions().max(1);
    let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); threads.min(parts.len())];
    let count = groups.len().max(1);
    for (position, part) in parts.into_iter().enumerate() {
        if let Some(group) = groups.get_mut(position % count) {
            let file = PartitionedFile::new_from_meta(object(&part.extent));
            group.push(match part.rows {
                Some(rows) => file.with_extension(ParquetRowSelection::new(rows)),
                None => file,
            });
        }
    }
    let config = FileScanConfigBuilder::new(table.objects.clone(), Arc::new(source))
        .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
        .with_statistics(statistics)
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// The rows of one of the row groups of an extent, superseded ones included, in their order.
pub(super) fn group(
    state: &dyn Session,
    table: &ExtentsTable,
    extent: &Extent,
    (number, count): (usize, usize),
    columns: &[usize],
) -> Result<Arc<dyn ExecutionPlan>> {
    let mut access = ParquetAccessPlan::new_none(count);
    access.scan(number);
    let file = PartitionedFile::new_from_meta(object(extent)).with_extension(access);
    let source = source(state, table, false)?;
    let config = FileScanConfigBuilder::new(table.objects.clone(), Arc::new(source))
        .with_file_groups(vec![FileGroup::new(vec![file])])
        .with_projection_indices(Some(columns.to_vec()))?
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// The row groups of an extent.
pub(super) async fn groups(
    state: &dyn Session,
    table: &ExtentsTable,
    extent: &Extent,
) -> Result<Vec<Group>> {
    check(extent)?;
    let time = table.table.index_of(table.table.time_column().name);
    let objects = state.runtime_env().object_store(&table.objects)?;
    let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
    let object = object(extent);
    let footer =
        DFParquetMetadata::new(objects.as_ref(), &object).with_file_metadata_cache(Some(footers));
    let footer = footer.fetch_metadata().await?;
    let group = |group: &RowGroupMetaData| {
        // Columns of the table come first in a file, in their order.
        let column = time.and_then(|at| group.columns().get(at));
        let times = column.and_then(|column| match column.statistics()? {
            ColumnStatisticsOfFile::Int64(times) => Some((*times.min_opt()?, *times.max_opt()?)),
            _ => None,
        });
        Group { rows: usize::try_from(group.num_rows()).unwrap_or(0), times }
    };
    Ok(footer.row_groups().iter().map(group).collect())
}

fn check(extent: &Extent) -> Result<()> {
    match extent.format.as_str() {
        store::extent::FORMAT => Ok(()),
        unknown => not_impl_err!("extent format `{unknown}`"),
    }
}

/// How files are read; with `tests_first` other columns of rows left out are never decoded.
fn source(state: &dyn Session, table: &ExtentsTable, tests_first: bool) -> Result<ParquetSource> {
    let mut options = TableParquetOptions {
        global: state.config().options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    options.global.pushdown_filters = tests_first;
    let objects = state.runtime_env().object_store(&table.objects)?;
    let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
    Ok(ParquetSource::new(Arc::clone(&table.schema))
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
            objects, footers,
        ))))
}

/// Whether every row's only column has to be decoded for the filters anyway. Otherwise filters are
/// checked while reading: the other columns of rows left out are never decoded.
fn reads_only_tested(
    table: &ExtentsTable,
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
) -> bool {
    let Some([only]) = projection.map(Vec::as_slice) else { return false };
    let name = table.schema.field(*only).name();
    let mut tested = filters.iter().flat_map(Expr::column_refs);
    filters.iter().any(|f| !f.column_refs().is_empty()) && tested.all(|c| c.name == *name)
}

fn object(extent: &Extent) -> ObjectMeta {
    // Extents never change: their time of change says nothing, and a constant one keeps the
    // cached footer valid.
    ObjectMeta {
        location: extent.location(),
        last_modified: DateTime::UNIX_EPOCH,
        size: extent.size_bytes,
        e_tag: None,
        version: None,
    }
}

fn statistics(table: &ExtentsTable, parts: &[Part]) -> Statistics {
    let time = table.table.time_column().name;
    let is_whole = parts.iter().all(|part| part.rows.is_none());
    let extents = || parts.iter().map(|part| &part.extent);
    let column_statistics = table.schema.fields().iter().map(|field| {
        if field.name() != time {
            return ColumnStatistics::new_unknown();
        }
        let stamp =
            |v: Option<i64>| match v.map(|v| ScalarValue::TimestampNanosecond(Some(v), None)) {
                Some(v) if is_whole => Precision::Exact(v),
                // The first or last row may be one that is left out.
                Some(v) => Precision::Inexact(v),
                None => Precision::Absent,
            };
        ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: stamp(extents().map(|e| e.time_min).min()),
            max_value: stamp(extents().map(|e| e.time_max).max()),
            ..ColumnStatistics::new_unknown()
        }
    });
    Statistics {
        num_rows: Precision::Exact(parts.iter().map(Part::rows).sum()),
        total_byte_size: Precision::Inexact(extents().map(|e| e.size_bytes).sum::<u64>() as usize),
        column_statistics: column_statistics.collect(),
    }
}
