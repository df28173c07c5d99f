//! Syntax tree to bound query: names resolved, every expression typed, sugar removed.
//!
//! Invariants: never fails and never panics; one mistake is reported once (what depends on a
//! reported mistake is `None` or a poisoned column and stays quiet); the work and the size of the
//! result are bounded, also for functions that call functions.

mod aggregates;
mod any_column;
mod calls;
mod coerce;
mod columns_as_values;
mod comparison;
mod expressions;
mod fold;
mod foreign;
mod functions;
mod height;
mod moments;
mod names;
mod operations;
mod operators;
mod parameters;
mod plugins;
mod questions;
mod received;
mod relations;
mod renumber;
mod scope;
mod search_terms;
mod shared;
mod sources;
mod special;
mod statements;
mod stored;
mod threads;
mod tuples;
mod windows;

pub use operators::RENDER_KINDS;
pub use plugins::names as plugin_names;

use std::collections::HashSet;

use model::Type;
use model::tables::CUT;

use crate::bound::{BoundQuery, Column, ColumnId, Literal};
use crate::catalog::{BindOptions, Catalog};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::parser::{self, ParseLimits};
use crate::question::{Question, Step};
use crate::suggest;
use crate::syntax;
use crate::words;
use scope::Frame;

/// Deepest nesting of expressions, pipelines and function calls while binding.
const DEPTH_MAX: usize = 400;
/// Expressions and columns made for one query text; `let` tables count at every use.
const WORK_MAX: usize = 200_000;
/// Columns of one table expression.
const COLUMNS_MAX: usize = 2_000;
/// Legs of one `union`.
const LEGS_MAX: usize = 100;
/// Findings reported of one text.
const DIAGNOSTICS_MAX: usize = 50;

/// Gives a syntax tree its meaning. The query is `None` when any diagnostic was found, and when
/// columns depend on rows nobody looked at: names behind them are not checked then.
pub fn bind(
    query: &syntax::Query,
    text: &str,
    catalog: &dyn Catalog,
    options: &BindOptions,
) -> (Option<BoundQuery>, Vec<Diagnostic>) {
    let (step, diagnostics) = bind_read(query, (&[], &[]), text, catalog, options);
    let bound = step.and_then(|step| match step {
        Step::Bound(bound) => Some(bound),
        Step::Asks(_) => None,
    });
    (bound, diagnostics)
}

/// As [`bind`], of a text that was read with these findings, some at places where it is not clear
/// what was meant: they come back among the others, and nothing is reported that only follows from
/// them.
fn bind_read(
    query: &syntax::Query,
    (findings, unclear): (&[Diagnostic], &[Span]),
    text: &str,
    catalog: &dyn Catalog,
    options: &BindOptions,
) -> (Option<Step>, Vec<Diagnostic>) {
    let mut binder = Binder::new(text, catalog, options);
    binder.broken = unclear.to_vec();
    binder.misread = !findings.is_empty();
    let statements = binder.statements(query);
    let Binder { mut diagnostics, set_options, asked, .. } = binder;
    diagnostics.extend_from_slice(findings);
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
    diagnostics.dedup();
    diagnostics.truncate(DIAGNOSTICS_MAX);
    let step = match asked {
        Some(question) => Step::Asks(question),
        None => Step::Bound(BoundQuery { statements, options: set_options }),
    };
    (diagnostics.is_empty().then_some(step), diagnostics)
}

/// Parses and binds a query text; any diagnostic is an error, and so is a plugin whose columns
/// depend on rows nobody looked at.
pub fn compile(
    text: &str,
    catalog: &dyn Catalog,
    options: &BindOptions,
) -> Result<BoundQuery, Vec<Diagnostic>> {
    match compile_step(text, catalog, options)? {
        Step::Bound(bound) => Ok(bound),
        Step::Asks(question) => Err(vec![questions::unanswered(question.relation.span)]),
    }
}

/// Parses and binds a query text as far as [`BindOptions::answers`] reach; any diagnostic is an
/// error.
pub fn compile_step(
    text: &str,
    catalog: &dyn Catalog,
    options: &BindOptions,
) -> Result<Step, Vec<Diagnostic>> {
    let limits =
        ParseLimits { text_bytes_max: options.text_bytes_max, depth_max: options.depth_max };
    let parsed = parser::parse_within(text, limits);
    let unread = |finding: &Diagnostic| {
        matches!(finding.code, codes::TOO_LONG | codes::TOO_DEEP | codes::EMPTY)
    };
    if parsed.diagnostics.iter().any(unread) {
        return Err(parsed.diagnostics);
    }
    let findings = (parsed.diagnostics.as_slice(), parsed.unclear.as_slice());
    let (step, diagnostics) = bind_read(&parsed.query, findings, text, catalog, options);
    step.ok_or(diagnostics)
}

/// The state of binding one query text.
struct Binder<'a> {
    text: &'a str,
    /// Whether the text names the column that tables have on demand.
    names_cut: bool,
    catalog: &'a dyn Catalog,
    options: &'a BindOptions,
    now: i64,
    diagnostics: Vec<Diagnostic>,
    next_column: u32,
    /// How many columns have no name of their own so far.
    unnamed: names::Unnamed,
    /// How many shared tables there are.
    shared_tables: u32,
    /// How many questions about rows came up, and the first one without an answer.
    questions: usize,
    asked: Option<Box<Question>>,
    /// Of each sub-query over groups of rows what all groups have together.
    groups: Vec<crate::bound::Relation>,
    /// Columns whose expression was wrong: naming them is quiet.
    poisoned: HashSet<ColumnId>,
    /// Visible names, innermost last.
    frames: Vec<Frame>,
    /// Set while the expressions of `summarize` are bound outside an aggregate.
    aggregating: Option<aggregates::Aggregating>,
    /// Set while the expressions of an operator over rows are bound.
    windowing: Option<windows::Windowing>,
    /// Set while the expressions of a `scan` are bound.
    stepping: Option<operators::Stepping>,
    /// Functions being inlined, to refuse recursion.
    active: Vec<std::rc::Rc<scope::Function>>,
    set_options: Vec<(String, Literal)>,
    /// Places where the parser could not tell what was meant: what only follows from that is not
    /// reported.
    broken: Vec<Span>,
    /// The parser found something wrong.
    misread: bool,
    /// The columns are not known because something before was wrong: unknown names are quiet.
    open: bool,
    /// The name `as` gave to the rows piped into the operator bound next.
    named: Option<String>,
    depth: usize,
    /// How many tables inside expressions stand around what is bound now.
    level: usize,
    work: usize,
}

impl<'a> Binder<'a> {
    fn new(text: &'a str, catalog: &'a dyn Catalog, options: &'a BindOptions) -> Binder<'a> {
        Binder {
            text,
            names_cut: words::has_name(text, CUT.name),
            catalog,
            options,
            now: options.now,
            diagnostics: Vec::new(),
            next_column: 0,
            unnamed: names::Unnamed::default(),
            shared_tables: 0,
            questions: 0,
            asked: None,
            groups: Vec::new(),
            poisoned: HashSet::new(),
            frames: vec![stored::frame(catalog), Frame::default()],
            aggregating: None,
            windowing: None,
            stepping: None,
            active: Vec::new(),
            set_options: Vec::new(),
            broken: Vec::new(),
            misread: false,
            open: false,
            named: None,
            depth: 0,
            level: 0,
            work: 0,
        }
    }

    /// Records a finding; `None`, so that `return self.report(…)` ends a binding.
    fn report<T>(&mut self, diagnostic: Diagnostic) -> Option<T> {
        if self.diagnostics.len() < DIAGNOSTICS_MAX * 2 {
            self.diagnostics.push(diagnostic);
        }
        None
    }

    fn error<T>(&mut self, code: &'static str, span: Span, text: impl Into<String>) -> Option<T> {
        self.report(Diagnostic::new(code, span, text))
    }

    /// A finding about an unknown name, with the nearest known one.
    fn unknown<'n, T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: String,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) -> Option<T> {
        let mut finding = Diagnostic::new(code, span, message);
        if let Some(near) = suggest::nearest(name, known) {
            finding = finding.help(format!("did you mean `{near}`?"));
        }
        self.report(finding)
    }

    /// Whether the parser found something wrong there.
    fn is_broken(&self, span: Span) -> bool {
        self.broken.iter().any(|place| span.start <= place.start && place.start <= span.end)
    }

    fn fresh_id(&mut self) -> ColumnId {
        self.next_column += 1;
        ColumnId(self.next_column)
    }

    fn column(&mut self, name: impl Into<String>, ty: Type) -> Column {
        Column { id: self.fresh_id(), name: name.into(), ty }
    }

    /// Accounts for work; `None` (reported once) when the query asks for too much.
    fn spend(&mut self, amount: usize, span: Span) -> Option<()> {
        let before = self.work;
        self.work = self.work.saturating_add(amount);
        if self.work <= WORK_MAX {
            return Some(());
        }
        if before > WORK_MAX {
            return None;
        }
        self.report(
            Diagnostic::new(codes::TOO_LARGE, span, "the query is too large when written out")
                .help("`let` tables and functions count at every use: use them less often"),
        )
    }

    /// Runs one level deeper; `None` (reported) beyond the limit.
    fn deeper<T>(&mut self, span: Span, run: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.spend(1, span)?;
        if self.depth >= DEPTH_MAX {
            let message = format!("the query nests deeper than {DEPTH_MAX} levels");
            return self.error(codes::NESTS_TOO_DEEP, span, message);
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        result
    }
}
