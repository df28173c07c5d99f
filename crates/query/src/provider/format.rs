//! The file format of extents: the only place that names Parquet.

use std::sync::Arc;

use chrono::DateTime;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics, not_impl_err};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetRowSelection,
};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::Expr;
use datafusion::parquet::arrow::arrow_reader::RowSelection;
use datafusion::physical_plan::ExecutionPlan;
use object_store::ObjectMeta;
use store::{Extent, Superseded};

use super::extents::ExtentsTable;

/// The scan of `extents`, in this order. `filters` are what the rows read will be tested by.
pub(super) fn scan(
    state: &dyn Session,
    table: &ExtentsTable,
    extents: &[Arc<Extent>],
    projection: Option<&Vec<usize>>,
    filters: &[Expr],
    limit: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    if let Some(unknown) = extents.iter().find(|e| e.format != store::extent::FORMAT) {
        return not_impl_err!("extent format `{}`", unknown.format);
    }
    let mut options = TableParquetOptions {
        global: state.config().options().execution.parquet.clone(),
        ..TableParquetOptions::default()
    };
    options.global.pushdown_filters = !reads_only_tested(table, projection, filters);
    let objects = state.runtime_env().object_store(&table.objects)?;
    let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
    let source = ParquetSource::new(Arc::clone(&table.schema))
        .with_table_parquet_options(options)
        .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
            objects, footers,
        )));
    let threads = state.config().target_partitions().max(1);
    let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new(); threads.min(extents.len())];
    let count = groups.len().max(1);
    for (position, extent) in extents.iter().enumerate() {
        if let Some(group) = groups.get_mut(position % count) {
            group.push(file(table, extent));
        }
    }
    let config = FileScanConfigBuilder::new(table.objects.clone(), Arc::new(source))
        .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
        .with_statistics(statistics(table, extents))
        .with_projection_indices(projection.cloned())?
        .with_limit(limit)
        .build();
    Ok(DataSourceExec::from_data_source(config))
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

fn file(table: &ExtentsTable, extent: &Extent) -> PartitionedFile {
    // Extents never change: their time of change says nothing, and a constant one keeps the
    // cached footer valid.
    let file = PartitionedFile::new_from_meta(ObjectMeta {
        location: extent.location(),
        last_modified: DateTime::UNIX_EPOCH,
        size: extent.size_bytes,
        e_tag: None,
        version: None,
    });
    let Some(superseded) = table.superseded.get(&extent.id) else { return file };
    let rows = usize::try_from(extent.rows).unwrap_or(usize::MAX);
    let kept = superseded.kept(rows).into_iter();
    let kept = RowSelection::from_consecutive_ranges(kept, rows);
    file.with_extension(ParquetRowSelection::new(kept))
}

fn statistics(table: &ExtentsTable, extents: &[Arc<Extent>]) -> Statistics {
    let time = table.table.time_column().name;
    let superseded = extents.iter().filter_map(|extent| table.superseded.get(&extent.id));
    let superseded_rows: u64 = superseded.map(Superseded::rows).sum();
    let column_statistics = table.schema.fields().iter().map(|field| {
        if field.name() != time {
            return ColumnStatistics::new_unknown();
        }
        let stamp =
            |v: Option<i64>| match v.map(|v| ScalarValue::TimestampNanosecond(Some(v), None)) {
                Some(v) if superseded_rows == 0 => Precision::Exact(v),
                // The first or last row may be a superseded one.
                Some(v) => Precision::Inexact(v),
                None => Precision::Absent,
            };
        ColumnStatistics {
            null_count: Precision::Exact(0),
            min_value: stamp(extents.iter().map(|e| e.time_min).min()),
            max_value: stamp(extents.iter().map(|e| e.time_max).max()),
            ..ColumnStatistics::new_unknown()
        }
    });
    let sum = |of: fn(&Extent) -> u64| extents.iter().map(|e| of(e)).sum::<u64>() as usize;
    Statistics {
        num_rows: Precision::Exact(sum(|e| e.rows).saturating_sub(superseded_rows as usize)),
        total_byte_size: Precision::Inexact(sum(|e| e.size_bytes)),
        column_statistics: column_statistics.collect(),
    }
}
