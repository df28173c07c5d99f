//! One query from text to answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool};
use datafusion::logical_expr::LogicalPlan;
use kql::bound::{BoundQuery, Literal, Relation};
use kql::catalog::{BindOptions, Catalog};
use kql::question::Step;
use kql::stored::StoredFunction;
use model::{AppId, ViewDef};
use store::Store;

use crate::answer::{Checked, Statistics};
use crate::error::Error;
use crate::plan::Planner;
use crate::provider::Sources;
use crate::request::{Apps, Limits, Request};
use crate::run::{self, Cap, Rows, Target};
use crate::session::{Resources, single_threaded, thriftier};
use crate::shared::{Shareds, Survey};
use crate::stream::{Part, Sender, TableHead};

/// A request and all it takes to answer it.
pub(crate) struct Query {
    pub request: Request,
    pub store: Arc<Store>,
    pub apps: Arc<dyn Apps>,
    pub resources: Arc<Resources>,
    pub threads: usize,
    pub started: Instant,
    /// The whole answer will lie in memory.
    pub is_held: bool,
}

/// The part of a query under way that its statements share.
pub(crate) struct Context {
    pub sources: Sources,
    pub state: SessionState,
    pub statistics: Statistics,
    pub shared: Shareds,
    /// Time spent running plans; the rest of the total is parsing, binding and planning.
    run_ms: f64,
}

/// The tables every application has, those of the applications asked, and the applications the
/// caller may name.
struct Tables<'a> {
    apps: &'a dyn Apps,
    request: &'a Request,
    asked: Vec<AppId>,
}

impl Tables<'_> {
    /// Of an own table that several of the applications have, the first one's.
    fn find(&self, apps: &[AppId], name: &str) -> Option<&'static ViewDef> {
        let audit = model::tables::audit::view();
        let is_audit = self.request.audit && name == audit.name;
        let own = || apps.iter().find_map(|app| self.apps.own_table(*app, name));
        model::tables::view(name).or(is_audit.then_some(audit)).or_else(own)
    }

    fn names(&self, apps: &[AppId]) -> Vec<&'static str> {
        let own = apps.iter().flat_map(|app| self.apps.own_tables(*app));
        let own: BTreeSet<&'static str> = own.map(|view| view.name).collect();
        model::tables::views().iter().map(|view| view.name).chain(own).collect()
    }

    /// The application of this name, if the caller may name it.
    fn named(&self, app: &str) -> Vec<AppId> {
        let may_name =
            |id| self.request.nameable.as_ref().is_none_or(|nameable| nameable.contains(&id));
        self.apps.by_name(app).map(|app| app.id).filter(|id| may_name(*id)).into_iter().collect()
    }
}

impl Catalog for Tables<'_> {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        self.find(&self.asked, name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        self.names(&self.asked)
    }
    fn has_app(&self, name: &str) -> bool {
        !self.named(name).is_empty()
    }
    fn functions(&self) -> Vec<&'static StoredFunction> {
        kql::stored::built_in().iter().collect()
    }
    fn table_in(&self, app: &str, name: &str) -> Option<&'static ViewDef> {
        self.find(&self.named(app), name)
    }
    fn table_names_in(&self, app: &str) -> Vec<&'static str> {
        self.names(&self.named(app))
    }
}

impl Query {
    pub fn time_ms(&self) -> u64 {
        self.request.limits.time_ms
    }

    /// The text with names resolved. Columns that depend on rows are looked up in rounds, over the
    /// same snapshot as the query.
    pub async fn bind(&self, context: &mut Context) -> Result<BoundQuery, Error> {
        let mut options = BindOptions {
            now: self.request.now,
            time_range: self.request.time_range,
            parameters: self.request.parameters.clone(),
            ..BindOptions::default()
        };
        loop {
            let (apps, asked) = (self.apps.as_ref(), self.request.asked());
            let tables = Tables { apps, request: &self.request, asked };
            match kql::compile_step(&self.request.text, &tables, &options).map_err(Error::Query)? {
                Step::Bound(bound) => return Ok(bound),
                Step::Asks(question) => options.answers.push(context.look_up(*question).await?),
            }
        }
    }

    /// What the binder says of the text. Nothing is looked up: where columns depend on rows, what
    /// stands behind them is not checked.
    pub fn check(&self) -> Checked {
        let options = BindOptions {
            now: self.request.now,
            time_range: self.request.time_range,
            parameters: self.request.parameters.clone(),
            ..BindOptions::default()
        };
        let (apps, asked) = (self.apps.as_ref(), self.request.asked());
        let tables = Tables { apps, request: &self.request, asked };
        match kql::compile_step(&self.request.text, &tables, &options) {
            Ok(Step::Bound(bound)) => {
                Checked { diagnostics: Vec::new(), tables: Some(heads(&bound)) }
            }
            Ok(Step::Asks(_)) => Checked::default(),
            Err(diagnostics) => Checked { diagnostics, tables: None },
        }
    }

    /// Sends the answer, part by part.
    pub async fn answer(&self, to: &Sender) -> Result<(), Error> {
        let (state, pool) = self.resources.session(self.request.limits.memory_bytes)?;
        let mut context = self.context(state)?;
        let bound = self.bind(&mut context).await?;
        let cap = cap(&self.request.limits, &bound.options, self.is_held);
        context.survey(&bound);
        to.tables(heads(&bound)).await?;
        let shared = Arc::clone(&pool) as Arc<dyn MemoryPool>;
        let held = self.is_held.then(|| MemoryConsumer::new("answer").register(&shared));
        let (mut rows_returned, mut empty) = (0, None);
        for statement in bound.statements {
            let relation = context.prepare(statement.relation).await?;
            let (plan, state, _) = context.plan(&relation)?;
            let reader = to.rows(held.as_ref());
            let rows = context.run_plan((plan, state), cap, Target::Reader(&reader)).await?;
            let count = reader.rows.into_inner();
            rows_returned += count;
            to.part(Part::TableEnd(rows.truncated)).await?;
            if count == 0 && empty.is_none() {
                empty = Some(relation);
            }
        }
        let mut statistics = std::mem::take(&mut context.statistics);
        let counters = &context.sources.counters;
        statistics.total_ms = self.started.elapsed().as_secs_f64() * 1e3;
        statistics.plan_ms = (statistics.total_ms - context.run_ms).max(0.0);
        statistics.bytes_scanned += counters.head_bytes.load(Ordering::Relaxed);
        statistics.extents_total = counters.extents_total.load(Ordering::Relaxed);
        statistics.extents_scanned = counters.extents_scanned.load(Ordering::Relaxed);
        statistics.memory_peak_bytes = pool.peak_bytes();
        statistics.rows_returned = rows_returned;
        if let Some(relation) = empty.filter(|_| self.request.explains_empty) {
            // The answer is whole without it.
            let time = Duration::from_millis(self.request.limits.time_ms);
            let left = time.saturating_sub(self.started.elapsed());
            statistics.filtered = context.filtered(&relation, left).await.unwrap_or_default();
        }
        to.part(Part::End(statistics)).await
    }

    pub fn context(&self, state: SessionState) -> Result<Context, Error> {
        let mut sources = Sources::new(
            Arc::clone(&self.store),
            Arc::clone(&self.apps),
            &self.request,
            self.threads,
            self.resources.objects.clone(),
        )?;
        let shares = self.request.shares_conditions;
        sources.found = shares.then(|| Arc::clone(&self.resources.found));
        let (statistics, shared) = (Statistics::default(), Shareds::default());
        Ok(Context { sources, state, statistics, shared, run_ms: 0.0 })
    }
}

impl Context {
    /// Looks at all uses of shared tables before the first statement is answered.
    pub fn survey(&mut self, bound: &BoundQuery) {
        let mut survey = Survey::default();
        bound.statements.iter().for_each(|statement| survey.add(&statement.relation));
        self.shared.set_survey(survey);
    }

    /// The logical plan of a prepared relation, the session to run it in, and whether the order
    /// of its rows means something.
    pub fn plan(&self, relation: &Relation) -> Result<(LogicalPlan, SessionState, bool), Error> {
        let planner = Planner::new(&self.sources, &self.state, &self.shared, relation);
        let (plan, is_ordered) = planner.statement(relation)?;
        let state = match planner.is_order_sensitive.get() {
            true => single_threaded(&self.state),
            false => self.state.clone(),
        };
        Ok((plan, state, is_ordered))
    }

    pub async fn run(&mut self, relation: &Relation, cap: Cap) -> Result<Rows, Error> {
        let (plan, state, _) = self.plan(relation)?;
        self.run_plan((plan, state), cap, Target::Caller).await
    }

    /// Runs a plan.
    pub async fn run_plan(
        &mut self,
        (plan, state): (LogicalPlan, SessionState),
        cap: Cap,
        target: Target<'_>,
    ) -> Result<Rows, Error> {
        let physical = run::physical(&state, &plan).await?;
        let started = Instant::now();
        let before = match target {
            Target::Held(memory) => memory.size(),
            _ => 0,
        };
        let joins_by_hash = run::joins_by_hash(physical.as_ref());
        let is_untouched = || !matches!(target, Target::Reader(reader) if reader.has_sent());
        let mut rows = run::run(&state, physical, cap, target).await;
        if matches!(rows, Err(Error::Limit { limit: "memory", .. }))
            && is_untouched()
            && let Some(state) = thriftier(&state, joins_by_hash)
        {
            if let Target::Held(memory) = target {
                memory.shrink(memory.size().saturating_sub(before));
            }
            let physical = run::physical(&state, &plan).await?;
            rows = run::run(&state, physical, cap, target).await;
        }
        let rows = rows?;
        self.run_ms += started.elapsed().as_secs_f64() * 1e3;
        self.statistics.rows_scanned += rows.rows_scanned;
        self.statistics.bytes_scanned += rows.bytes_scanned;
        self.statistics.stages.extend_from_slice(&rows.stages);
        Ok(rows)
    }
}

/// What is known of the result tables before they are made.
fn heads(bound: &BoundQuery) -> Vec<TableHead> {
    let head = |statement: &kql::bound::BoundStatement| TableHead {
        columns: statement.relation.columns.clone(),
        render: statement.render.clone(),
    };
    bound.statements.iter().map(head).collect()
}

/// The cap on results: the request's, changed by `set` options (spec kql.md §12). Rows beyond
/// `query_take_max_records` were not asked for, so nothing is said about them.
fn cap(limits: &Limits, options: &[(String, Literal)], is_held: bool) -> Cap {
    let value = |name: &str| options.iter().find(|(n, _)| n == name).map(|(_, value)| value);
    let number = |name: &str| match value(name)? {
        Literal::Long(v) => u64::try_from(*v).ok(),
        Literal::Int(v) => u64::try_from(*v).ok(),
        _ => None,
    };
    let is_uncut = value("notruncation").is_some_and(|v| *v != Literal::Bool(false));
    let mut rows = number("truncationmaxrecords").or(Some(limits.rows_max));
    let mut bytes = number("truncationmaxsize").or(Some(limits.bytes_max));
    if is_uncut {
        (rows, bytes) = (None, None);
    }
    if is_held {
        // Without any end the result could take all memory there is.
        bytes = Some(bytes.unwrap_or(u64::MAX).min(limits.memory_bytes));
    }
    let wanted = number("query_take_max_records").or(limits.rows_wanted);
    Cap { wanted, rows, bytes }
}
