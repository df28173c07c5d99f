//! A bound relation as a DataFusion logical plan: folded bottom-up, one operator per file.
//!
//! Invariants: every physical column has a unique name made by [`needs`], never parsed again;
//! a node only carries the columns somebody above it reads; an order asked for by `sort` travels
//! upwards as [`Planned::order`] and becomes a sort node where it shows: at `take` and at the end.

pub(crate) mod constant;
pub(crate) mod expression;
pub(crate) mod needs;
mod operators;
pub(crate) mod physical;
mod predicate;
mod property;
pub(crate) mod resolve;
pub(crate) mod walk;

use std::cell::Cell;

use datafusion::common::Column;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use kql::bound::{Relation, RelationKind};

use crate::error::Error;
use crate::provider::Sources;
use crate::shared::Shareds;
use needs::Needs;

/// Turns one relation into a plan.
pub(crate) struct Planner<'a> {
    pub sources: &'a Sources,
    pub state: &'a SessionState,
    /// The tables computed before.
    pub shared: &'a Shareds,
    pub needs: Needs,
    hidden: Cell<usize>,
    /// Set when an aggregate must see its rows in order: the plan has to run on one thread.
    pub is_order_sensitive: Cell<bool>,
}

/// A plan whose schema holds the needed columns of a relation and those of `order`.
pub(crate) struct Planned {
    pub plan: LogicalPlan,
    /// The order the rows are in, by hidden columns of `plan`; empty when they are in none.
    pub order: Vec<OrderKey>,
}

/// One hidden column rows are ordered by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderKey {
    pub column: String,
    pub descending: bool,
    pub nulls_first: bool,
}

impl OrderKey {
    pub fn ascending(column: String) -> OrderKey {
        OrderKey { column, descending: false, nulls_first: true }
    }

    pub fn sort(&self) -> SortExpr {
        SortExpr::new(column(&self.column), !self.descending, self.nulls_first)
    }
}

/// More rows than anybody has: a limit that only keeps DataFusion from moving what is above it
/// below it, and brings the rows together on one thread.
const ROWS_MAX: usize = i64::MAX as usize;

/// The column of this exact name, whatever characters are in it.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

impl<'a> Planner<'a> {
    pub fn new(
        sources: &'a Sources,
        state: &'a SessionState,
        shared: &'a Shareds,
        relation: &Relation,
    ) -> Planner<'a> {
        Planner {
            sources,
            state,
            shared,
            needs: Needs::of(relation),
            hidden: Cell::new(0),
            is_order_sensitive: Cell::new(false),
        }
    }

    /// The whole statement: rows in order, columns exactly those of the relation; and whether the
    /// order means something.
    pub fn statement(&self, relation: &Relation) -> Result<(LogicalPlan, bool), Error> {
        let planned = self.relation(relation)?;
        let is_ordered = !planned.order.is_empty();
        let columns = relation.columns.iter().map(|c| column(&self.needs.name(c.id)));
        let columns: Vec<Expr> = columns.collect();
        let mut builder = LogicalPlanBuilder::new(planned.plan);
        if is_ordered {
            builder = builder.sort(planned.order.iter().map(OrderKey::sort)).map_err(internal)?;
        }
        let plan = builder.project(columns).and_then(LogicalPlanBuilder::build);
        Ok((plan.map_err(internal)?, is_ordered))
    }

    fn relation(&self, relation: &Relation) -> Result<Planned, Error> {
        use operators as op;
        match &relation.kind {
            RelationKind::Scan { view, app } => {
                op::scan::plan(self, relation, view, app.as_deref())
            }
            RelationKind::Values { rows } => op::values::plan(self, relation, rows),
            RelationKind::Range { from, to, step } => {
                op::range::plan(self, relation, from, to, step)
            }
            RelationKind::Where { input, predicate } => op::where_::plan(self, input, predicate),
            RelationKind::Project { input, expressions } => {
                op::project::plan(self, input, expressions)
            }
            RelationKind::Summarize { input, keys, aggregates } => {
                op::summarize::plan(self, input, keys, aggregates)
            }
            RelationKind::Sort { input, keys } => op::sort::plan(self, input, keys),
            RelationKind::Take { input, count, per } => op::take::plan(self, input, count, per),
            RelationKind::Union { inputs } => op::union::plan(self, relation, inputs),
            RelationKind::Join { kind, left, right, keys } => {
                op::join::plan(self, relation, *kind, (left, right), keys)
            }
            RelationKind::MvExpand { input, expansion } => {
                op::mv_expand::plan(self, input, expansion)
            }
            RelationKind::Rows { .. } => {
                Err(Error::Internal("the rows of a group were left in a query".to_owned()))
            }
            RelationKind::Serialize { input } => self.relation(input),
            RelationKind::Shared { table } => op::shared::plan(self, relation, table),
            RelationKind::Window { input, calls, partition } => {
                op::window::plan(self, input, calls, partition)
            }
            RelationKind::Steps { .. } => op::steps::plan(self, relation),
        }
    }

    /// A name for a column no query can name.
    fn hidden(&self, purpose: &str) -> String {
        let number = self.hidden.get();
        self.hidden.set(number + 1);
        format!("~{purpose}{number}")
    }
}

/// A plan DataFusion refuses to build is a mistake of ours.
pub(crate) fn internal(error: datafusion::error::DataFusionError) -> Error {
    Error::Internal(format!("planning failed: {error}"))
}
