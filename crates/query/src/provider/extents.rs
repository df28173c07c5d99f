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
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::future::BoxFuture;
use model::TableDef;
use store::{Extent, Superseded};

use super::{Counters, format, prune};

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
}

impl ExtentsTable {
    fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut kept = prune::prune(state, self.table, &self.schema, &self.extents, filters)?;
        Counters::add(&self.counters.extents_total, self.extents.len());
        Counters::add(&self.counters.extents_scanned, kept.len());
        if kept.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.project(columns)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        // Newest first: `order by timestamp desc | take n` then fills early and skips the rest.
        kept.sort_by_key(|extent| std::cmp::Reverse(extent.time_max));
        format::scan(state, self, &kept, projection, filters, limit)
    }
}

impl TableProvider for ExtentsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Every filter prunes extents here; the exact check is pushed into the file scan later.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
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
        Box::pin(async move { self.plan(state, projection, filters, limit) })
    }
}
