//! Which rows of extents a costly condition holds for, found out once for all queries that ask.
//!
//! A page asks several questions about the rows some words are in. The first query that comes to a
//! row group of an extent looks for the words, the others wait for it and read the rows found.
//! Invariants: extents never change, so what was found stays true; a query that is given up leaves
//! the work to the next one; what is kept has a limit, what was asked long ago goes first.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, Int64Array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::{cast, prep_null_mask_filter};
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{Column, DFSchema, DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::execute_stream;
use futures::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use store::Extent;
use tokio::sync::OnceCell;

use super::extents::ExtentsTable;
use super::format::{self, Group};
use crate::functions::any_search::longest_needle;

/// Conditions remembered.
const CONDITIONS_MAX: usize = 32;
/// Row groups remembered, of all conditions: 32 KiB each at most.
const GROUPS_MAX: usize = 1024;

type Cell = Arc<OnceCell<BooleanBuffer>>;

/// What was found for all queries.
#[derive(Debug, Default)]
pub(crate) struct FoundRows {
    /// The one asked last stands last.
    conditions: Mutex<VecDeque<Condition>>,
}

#[derive(Debug)]
struct Condition {
    condition: Expr,
    /// By id of an extent and number of a row group.
    groups: HashMap<(String, usize), Cell>,
}

/// A row group that has to be looked at.
struct Place {
    extent: Arc<Extent>,
    group: usize,
    /// Row groups of the extent.
    groups: usize,
}

impl FoundRows {
    /// Where what is found is kept, for each place.
    fn cells(&self, condition: &Expr, places: &[Place]) -> Vec<Cell> {
        let mut conditions = self.conditions.lock();
        let at = conditions.iter().position(|known| known.condition == *condition);
        let mut known = at
            .and_then(|at| conditions.remove(at))
            .unwrap_or_else(|| Condition { condition: condition.clone(), groups: HashMap::new() });
        if known.groups.len() + places.len() > GROUPS_MAX {
            // Those of extents that were merged meanwhile make room.
            let wanted: HashSet<_> =
                places.iter().map(|place| (&place.extent.id, place.group)).collect();
            known.groups.retain(|(extent, group), _| wanted.contains(&(extent, *group)));
        }
        let mut cell = |place: &Place| {
            let key = (place.extent.id.clone(), place.group);
            if known.groups.len() >= GROUPS_MAX && !known.groups.contains_key(&key) {
                // Beyond the limit each query looks for itself.
                return Cell::default();
            }
            Arc::clone(known.groups.entry(key).or_default())
        };
        let cells = places.iter().map(&mut cell).collect();
        conditions.push_back(known);
        let count = |all: &VecDeque<Condition>| all.iter().map(|c| c.groups.len()).sum::<usize>();
        while conditions.len() > CONDITIONS_MAX || count(&conditions) > GROUPS_MAX {
            conditions.pop_front();
        }
        cells
    }
}

/// The rows of each extent, in its order, for which `condition` holds. Row groups in which no row
/// can pass `filters` are not looked at: none of their rows counts as found.
pub(super) async fn rows(
    state: &dyn Session,
    table: &ExtentsTable,
    found: &FoundRows,
    extents: &[Arc<Extent>],
    (condition, filters): (&Expr, &[Expr]),
) -> Result<Vec<BooleanBuffer>> {
    let mut groups_of = Vec::with_capacity(extents.len());
    let mut places = Vec::new();
    for extent in extents {
        let groups = format::groups(state, table, extent).await?;
        for group in prune(state, table, &groups, filters)? {
            places.push(Place { extent: Arc::clone(extent), group, groups: groups.len() });
        }
        groups_of.push(groups);
    }
    let cells = found.cells(condition, &places);
    let test = &Test::new(state, table, condition)?;
    let looks: Vec<_> = places
        .iter()
        .zip(&cells)
        .map(|(place, cell)| cell.get_or_try_init(move || test.look(state, table, place)))
        .collect();
    let threads = state.config().target_partitions().max(1);
    let looked: Vec<&BooleanBuffer> = stream::iter(looks).buffered(threads).try_collect().await?;
    let mut looked = places.iter().zip(looked).peekable();
    let all = extents.iter().zip(groups_of).map(|(extent, groups)| {
        let mut rows = BooleanBufferBuilder::new(groups.iter().map(|group| group.rows).sum());
        for (number, group) in groups.iter().enumerate() {
            let is_this = |place: &Place| place.extent.id == extent.id && place.group == number;
            match looked.next_if(|(place, _)| is_this(place)) {
                Some((_, found)) => rows.append_buffer(found),
                None => rows.append_n(group.rows, false),
            }
        }
        rows.finish()
    });
    Ok(all.collect())
}

/// A condition ready to be asked of the rows of a file.
struct Test {
    condition: Arc<dyn PhysicalExpr>,
    /// Positions of the columns it reads.
    columns: Vec<usize>,
}

impl Test {
    fn new(state: &dyn Session, table: &ExtentsTable, condition: &Expr) -> Result<Test> {
        let names = condition.column_refs().into_iter().map(|column| column.name.as_str());
        // One column at least, so that there are rows.
        let names = names.chain([table.table.time_column().name]);
        let mut columns =
            names.map(|name| Ok(table.schema.index_of(name)?)).collect::<Result<Vec<_>>>()?;
        columns.sort_unstable();
        columns.dedup();
        let schema = DFSchema::try_from(Arc::new(table.schema.project(&columns)?))?;
        let condition = state.create_physical_expr(rarest_first(condition), &schema)?;
        Ok(Test { condition, columns })
    }

    /// Which rows of a row group pass.
    async fn look(
        &self,
        state: &dyn Session,
        table: &ExtentsTable,
        place: &Place,
    ) -> Result<BooleanBuffer> {
        let (group, groups) = (place.group, place.groups);
        let plan = format::group(state, table, &place.extent, (group, groups), &self.columns)?;
        let condition = Arc::clone(&self.condition);
        let mut batches = execute_stream(plan, state.task_ctx())?;
        let work = async move {
            let mut rows = BooleanBufferBuilder::new(0);
            while let Some(batch) = batches.next().await {
                let batch = batch?;
                let flags = condition.evaluate(&batch)?.into_array(batch.num_rows())?;
                rows.append_buffer(flags_of(flags.as_boolean()).values());
            }
            Ok(rows.finish())
        };
        // A task of its own, so that several row groups are looked at by several threads.
        let looked = SpawnedTask::spawn(work).join_unwind().await;
        looked.map_err(|error| DataFusionError::External(Box::new(error)))?
    }
}

/// The condition with the parts of which few rows are likely left in front: the others are then
/// asked of those rows alone. Of words the longest is taken for the rarest.
fn rarest_first(condition: &Expr) -> Expr {
    let mut parts = split_conjunction(condition);
    parts.sort_by_key(|part| Reverse(longest_needle(part)));
    conjunction(parts.into_iter().cloned()).unwrap_or_else(|| condition.clone())
}

/// The flags with false where they are null.
fn flags_of(flags: &BooleanArray) -> BooleanArray {
    match flags.null_count() {
        0 => flags.clone(),
        _ => prep_null_mask_filter(flags),
    }
}

/// The numbers of the row groups that may hold rows for which all `filters` are true.
fn prune(
    state: &dyn Session,
    table: &ExtentsTable,
    groups: &[Group],
    filters: &[Expr],
) -> Result<Vec<usize>> {
    let all = || (0..groups.len()).collect();
    let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(all()) };
    let schema = DFSchema::try_from(Arc::clone(&table.schema))?;
    let filter = state.create_physical_expr(filter, &schema)?;
    let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(&table.schema));
    let Ok(predicate) = builder.try_build(filter) else { return Ok(all()) };
    let kept = predicate.prune(&Times { table, groups })?;
    Ok(kept.into_iter().enumerate().filter(|(_, kept)| *kept).map(|(at, _)| at).collect())
}

/// What is known of row groups: the times of their rows.
struct Times<'a> {
    table: &'a ExtentsTable,
    groups: &'a [Group],
}

impl Times<'_> {
    fn ends(&self, column: &Column, end: fn((i64, i64)) -> i64) -> Option<ArrayRef> {
        if column.name != self.table.table.time_column().name {
            return None;
        }
        let ends: Int64Array = self.groups.iter().map(|group| group.times.map(end)).collect();
        cast(&ends, self.table.schema.field_with_name(&column.name).ok()?.data_type()).ok()
    }
}

impl PruningStatistics for Times<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.ends(column, |(first, _)| first)
    }
    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.ends(column, |(_, last)| last)
    }
    fn num_containers(&self) -> usize {
        self.groups.len()
    }
    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }
    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }
    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
