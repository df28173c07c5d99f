//! Tables a query computes once: `materialize(T)`, `toscalar(T)`, `x in (T)` (spec kql.md §12).
//!
//! Invariants: a table is known by its number and computed at most once per query, whoever asks
//! first; what is held counts as the query's memory and goes with it.

mod survey;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use kql::bound::{Column, ColumnId, Expr, ExprKind, Literal, Relation, RelationKind, SharedTable};

use crate::answer::ResultTable;
use crate::error::Error;
use crate::functions::members::Members;
use crate::plan::resolve::{self, Wanted};
use crate::query::Context;
use crate::run::{self, Cap, Target};

pub(crate) use survey::Survey;

/// Different values an `in (T)` may have.
const IN_VALUES_MAX: u64 = 1_000_000;
/// Needles `has_any (T)` and `has_all (T)` may have: each is looked for in every row.
const NEEDLES_MAX: u64 = 10_000;

/// What was computed so far, by the number of the table.
#[derive(Debug, Default)]
pub(crate) struct Shareds {
    tables: HashMap<u32, Arc<Held>>,
    scalars: HashMap<u32, Literal>,
    members: HashMap<u32, Arc<Members>>,
    /// The memory of all of them.
    memory: Vec<MemoryReservation>,
    survey: Option<Survey>,
}

/// The rows of a shared table.
#[derive(Debug)]
pub(crate) struct Held {
    pub batches: Vec<RecordBatch>,
    /// Where in the batches column `i` of the table is, when anybody reads it.
    pub places: Vec<Option<usize>>,
    /// Whether the order of the rows means something.
    pub is_ordered: bool,
}

impl Shareds {
    pub fn table(&self, number: u32) -> Option<&Arc<Held>> {
        self.tables.get(&number)
    }
    pub fn members(&self, number: u32) -> Option<&Arc<Members>> {
        self.members.get(&number)
    }
    pub fn scalar(&self, number: u32) -> Option<&Literal> {
        self.scalars.get(&number)
    }
    /// Says how all tables are used, before the statements that use them are answered.
    pub fn set_survey(&mut self, survey: Survey) {
        self.survey = Some(survey);
    }

    /// Whether the table is better computed where its only use is.
    fn is_inlined(&self, number: u32) -> bool {
        !self.tables.contains_key(&number)
            && self.survey.as_ref().is_some_and(|survey| survey.uses(number) == 1)
    }

    fn has(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Table(table) => self.tables.contains_key(&table.number),
            Wanted::Scalar(table) => self.scalars.contains_key(&table.number),
            Wanted::Members(table, _) => self.members.contains_key(&table.number),
        }
    }
}

impl Context {
    /// The relation ready for planning: every shared table it needs is held, scalars and small
    /// lists of values stand in their places.
    pub async fn prepare(&mut self, mut relation: Relation) -> Result<Relation, Error> {
        self.inline(&mut relation);
        for wanted in resolve::wanted(&mut relation) {
            if !self.shared.has(&wanted) {
                // Boxed: a shared table may need another one.
                Box::pin(self.hold(wanted)).await?;
            }
        }
        resolve::replace(&mut relation, &self.shared);
        Ok(relation)
    }

    /// Puts tables with one use in their places: filters then reach what they read.
    fn inline(&self, relation: &mut Relation) {
        if let RelationKind::Shared { table } = &relation.kind
            && self.shared.is_inlined(table.number)
        {
            let input = table.relation.clone();
            let copy = |(to, from): (&Column, &Column)| {
                let kind = ExprKind::Column(from.id);
                (to.id, Expr { kind, ty: from.ty, span: relation.span })
            };
            let expressions = relation.columns.iter().zip(&input.columns).map(copy).collect();
            relation.kind = RelationKind::Project { input: Box::new(input), expressions };
        }
        for input in crate::plan::walk::parts_mut(relation).1 {
            self.inline(input);
        }
    }

    async fn hold(&mut self, wanted: Wanted) -> Result<(), Error> {
        match wanted {
            Wanted::Table(table) => self.hold_table(&table).await,
            Wanted::Scalar(table) => {
                let relation = self.prepare(table.relation.clone()).await?;
                let cap = Cap { rows: Some(1), ..Cap::default() };
                let rows = self.run(&relation, cap).await?;
                let ty = relation.columns.first().map_or(model::Type::Dynamic, |c| c.ty);
                let columns = relation.columns;
                let answer = ResultTable { columns, batches: rows.batches, render: None };
                let value = resolve::first(&answer, ty);
                self.shared.scalars.insert(table.number, value);
                Ok(())
            }
            Wanted::Members(table, function) => self.hold_members(&table, function).await,
        }
    }

    async fn hold_table(&mut self, table: &SharedTable) -> Result<(), Error> {
        let relation = self.prepare(table.relation.clone()).await?;
        let read = self.shared.survey.as_ref().map(|survey| survey.columns(table.number));
        let is_read = |place: usize| read.as_ref().is_none_or(|read| read.contains(&place));
        let mut next = 0;
        let places: Vec<Option<usize>> = (0..relation.columns.len())
            .map(|place| {
                is_read(place).then(|| {
                    next += 1;
                    next - 1
                })
            })
            .collect();
        let relation = narrowed(relation, &places);
        let (plan, state, is_ordered) = self.plan(&relation)?;
        let memory = self.reservation("materialize");
        let rows = self.run_plan((plan, state), Cap::default(), Target::Held(&memory)).await?;
        let held = Held { batches: rows.batches, places, is_ordered };
        self.shared.memory.push(memory);
        self.shared.tables.insert(table.number, Arc::new(held));
        Ok(())
    }

    async fn hold_members(
        &mut self,
        table: &SharedTable,
        function: &'static str,
    ) -> Result<(), Error> {
        let max = if function.starts_with("has_") { NEEDLES_MAX } else { IN_VALUES_MAX };
        let relation = distinct(self.prepare(table.relation.clone()).await?);
        let (plan, state, _) = self.plan(&relation)?;
        let memory = self.reservation("in (T)");
        let cap = Cap { rows: Some(max), ..Cap::default() };
        let rows = self.run_plan((plan, state), cap, Target::Held(&memory)).await?;
        if rows.truncated.is_some() {
            return Err(Error::Limit {
                limit: "in_values",
                message: format!(
                    "the table of `{function}` gives more than {max} different values: \
                     use `join kind=leftsemi`"
                ),
            });
        }
        let ty = relation.columns.first().map_or(model::Type::Dynamic, |c| c.ty);
        let members = Members::new(ty, &rows.batches).map_err(run::error)?;
        // The rows go, the set of their values stays.
        memory.free();
        memory.try_grow(members.size_bytes()).map_err(run::error)?;
        self.shared.memory.push(memory);
        self.shared.members.insert(table.number, Arc::new(members));
        Ok(())
    }

    fn reservation(&self, name: &str) -> MemoryReservation {
        let pool: &Arc<dyn MemoryPool> = &self.state.runtime_env().memory_pool;
        MemoryConsumer::new(name).register(pool)
    }
}

/// The relation with only the columns that have a place.
fn narrowed(relation: Relation, places: &[Option<usize>]) -> Relation {
    if places.iter().all(Option::is_some) {
        return relation;
    }
    let span = relation.span;
    let read = relation.columns.iter().zip(places).filter(|(_, place)| place.is_some());
    let columns: Vec<Column> = read.map(|(column, _)| column.clone()).collect();
    let expressions = columns.iter().map(|c| (c.id, reference(c.id, c, span))).collect();
    let kind = RelationKind::Project { input: Box::new(relation), expressions };
    Relation { kind, columns, span }
}

/// The different values of a relation of one column.
fn distinct(relation: Relation) -> Relation {
    let (columns, span) = (relation.columns.clone(), relation.span);
    let keys = columns.iter().map(|c| (c.id, reference(c.id, c, span))).collect();
    let kind = RelationKind::Summarize { input: Box::new(relation), keys, aggregates: Vec::new() };
    Relation { kind, columns, span }
}

fn reference(id: ColumnId, column: &Column, span: kql::diagnostic::Span) -> Expr {
    Expr { kind: ExprKind::Column(id), ty: column.ty, span }
}
