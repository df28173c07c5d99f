//! Where the time of a query went, and which `where` left no rows.
//!
//! Invariant: what is told is counted, over the same snapshot as the answer; looking for the
//! `where` that left nothing costs at most [`LOOKS_MAX`] counts, [`TIME_MAX`] and half of the time
//! the query has left, so that no answer comes too late for it.

use std::time::{Duration, Instant};

use datafusion::physical_plan::ExecutionPlan;
use kql::bound::{Aggregate, Column, ColumnId, Relation, RelationKind};
use kql::diagnostic::Span;
use model::Type;

use crate::answer::{Cells, Filtered, Stage, Value};
use crate::error::Error;
use crate::query::Context;
use crate::run::Cap;

/// Filters whose rows are counted.
const LOOKS_MAX: usize = 10;
/// How long counting may take at most.
const TIME_MAX: Duration = Duration::from_secs(3);

/// Adds the stages of a plan that was run to `stages`, those that rows go through first in front;
/// all scans count as one stage, and so do the steps of one operator.
pub(crate) fn measure(plan: &dyn ExecutionPlan, stages: &mut Vec<Stage>) {
    for child in plan.children() {
        measure(child.as_ref(), stages);
    }
    let (Some(name), Some(metrics)) = (name(plan.name()), plan.metrics()) else { return };
    let rows = metrics.output_rows().unwrap_or(0) as u64;
    let ms = metrics.elapsed_compute().unwrap_or(0) as f64 / 1e6;
    let scan_ns = metrics.sum_by_name("time_elapsed_processing").map_or(0, |v| v.as_usize());
    let ms = ms.max(scan_ns as f64 / 1e6);
    let is_again = stages.last().is_some_and(|last| last.name == name);
    match stages.iter_mut().rfind(|stage| stage.name == name) {
        Some(stage) if name == SCAN => {
            stage.rows += rows;
            stage.ms += ms;
        }
        // Partial results and what puts them together.
        Some(stage) if is_again => {
            stage.rows = rows;
            stage.ms += ms;
        }
        _ => stages.push(Stage { name, rows, ms }),
    }
}

const SCAN: &str = "scan";

/// What a node of a plan does in words of KQL; nothing for those that only hand rows on.
fn name(node: &str) -> Option<&'static str> {
    Some(match node {
        "DataSourceExec" => SCAN,
        "FilterExec" => "where",
        "ProjectionExec" => "project",
        "AggregateExec" => "summarize",
        "SortExec" | "SortPreservingMergeExec" => "sort",
        "GlobalLimitExec" | "LocalLimitExec" => "take",
        "HashJoinExec" | "SortMergeJoinExec" | "NestedLoopJoinExec" | "CrossJoinExec" => "join",
        "UnnestExec" => "mv-expand",
        "BoundedWindowAggExec" | "WindowAggExec" | "SerialExec" => "rows in order",
        _ => return None,
    })
}

impl Context {
    /// How many rows each `where` of a relation left, from the first one to the one that left
    /// none, within half of the time that is `left`. Only operators that have one input are looked
    /// through.
    ///
    /// # Errors
    /// As running any relation. What takes too long is left out.
    pub async fn filtered(
        &mut self,
        relation: &Relation,
        left: Duration,
    ) -> Result<Vec<Filtered>, Error> {
        let mut filters = Vec::new();
        let mut at = relation;
        loop {
            if let RelationKind::Where { input, .. } = &at.kind {
                filters.push((at, input.as_ref()));
            }
            match at.inputs().as_slice() {
                [input] => at = *input,
                _ => break,
            }
        }
        filters.reverse();
        let Some((_, first)) = filters.first() else { return Ok(Vec::new()) };
        let end = Instant::now() + TIME_MAX.min(left / 2);
        let Some(mut rows_before) = self.count(first, end).await? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for (filter, input) in filters.iter().take(LOOKS_MAX) {
            let Some(rows) = self.count(filter, end).await? else { break };
            let is_range =
                matches!(input.kind, RelationKind::Scan { .. }) && filter.span == input.span;
            found.push(Filtered { span: filter.span, is_range, rows_before, rows });
            if rows == 0 {
                break;
            }
            rows_before = rows;
        }
        Ok(found)
    }

    /// How many rows a relation has; nothing when that is not known by `end`.
    async fn count(&mut self, relation: &Relation, end: Instant) -> Result<Option<u64>, Error> {
        let counted = counted(relation.clone());
        let left = end.saturating_duration_since(Instant::now());
        let run = Box::pin(self.run(&counted, Cap::default()));
        let Ok(rows) = tokio::time::timeout(left, run).await else { return Ok(None) };
        let rows = rows?;
        let count =
            rows.batches.first().map(|batch| Cells::new(&counted.columns, batch).value(0, 0));
        Ok(match count {
            Some(Value::Long(count)) => u64::try_from(count).ok(),
            _ => None,
        })
    }
}

/// The relation `… | count`.
fn counted(relation: Relation) -> Relation {
    // No query has so many columns.
    let id = ColumnId(u32::MAX);
    let span = Span::default();
    let aggregate = Aggregate {
        function: "count",
        args: Vec::new(),
        outputs: vec![(id, Type::Long)],
        filter: None,
        span,
    };
    let columns = vec![Column { id, name: "Count".to_owned(), ty: Type::Long }];
    let input = Box::new(relation);
    let kind = RelationKind::Summarize { input, keys: Vec::new(), aggregates: vec![aggregate] };
    Relation { kind, columns, span }
}
