//! A table over a list of extents: pruned by the filters, then an ordinary file scan.
//!
//! Invariants: an extent is left out only when the filters cannot be true for any of its rows;
//! superseded rows are never read.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::future::BoxFuture;
use model::TableDef;
use store::{Extent, Superseded};

use super::format::Part;
use super::found::{self, FoundRows};
use super::{Counters, format, prune};
use crate::functions::once;

/// Extents of one table as DataFusion reads them.
#[derive(Debug)]
pub(crate) struct ExtentsTable {
    pub table: &'static TableDef,
    /// Stored columns and the keys' columns anybody reads.
    pub schema: SchemaRef,
    pub extents: Vec<Arc<Extent>>,
    /// By id of an extent.
    pub superseded: Arc<HashMap<String, Superseded>>,
    pub objects: ObjectStoreUrl,
    pub counters: Arc<Counters>,
    /// Where rows found for costly conditions are kept; `None`: such conditions are filters.
    pub found: Option<Arc<FoundRows>>,
}

impl ExtentsTable {
    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut kept = prune::prune(state, self.table, &self.schema, &self.extents, filters)?;
        Counters::add(&self.counters.extents_total, self.extents.len());
        Counters::add(&self.counters.extents_scanned, kept.len());
        // Newest first: `order by timestamp desc | take n` then fills early and skips the rest.
        kept.sort_by_key(|extent| std::cmp::Reverse(extent.time_max));
        let (conditions, filters): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|filter| self.takes(filter));
        let mut parts: Vec<Part> = match (&self.found, conjunction(conditions)) {
            (Some(found), Some(condition)) => {
                let rows = found::rows(state, self, found, &kept, (&condition, &filters)).await?;
                let parts = kept.iter().zip(rows);
                parts.map(|(extent, rows)| Part::new(self, extent, Some(rows))).collect()
            }
            _ => kept.iter().map(|extent| Part::new(self, extent, None)).collect(),
        };
        parts.retain(|part| !part.is_empty());
        if parts.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        format::scan(state, self, parts, projection, &filters, limit)
    }

    /// Whether the scan tests the filter itself. What such a one became when it was simplified
    /// reads no column: other filters are tested once more above the scan.
    fn takes(&self, filter: &Expr) -> bool {
        self.found.is_some()
            && (once::condition(filter).is_some() || filter.column_refs().is_empty())
    }
}

impl TableProvider for ExtentsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Every filter prunes extents here; the exact check is pushed into the file scan later, but
    /// for conditions whose rows are found once for several queries.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = filters.iter().map(|filter| match self.takes(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        });
        Ok(support.collect())
    }

    // What `#[async_trait]` would make of an `async fn`.
    fn scan<'life0, 'life1, 'life2, 'life3, 'async_trait>(
        &'life0 self,
        state: &'life1 dyn Session,
        projection: Option<&'life2 Vec<usize>>,
        filters: &'life3 [Expr],
        limit: Option<usize>,
    ) -> BoxFuture<'async_trait, Result<Arc<dyn ExecutionPlan>>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        'life3: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.plan(state, projection, filters, limit))
    }
}
