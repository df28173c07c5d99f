//! The bound query: names resolved, every expression typed, sugar removed.
//!
//! The binder writes it, `query` plans it. Columns are known by number, never by name, so two
//! columns of one name, letter case and in-place replacement cannot be confused.
//!
//! Contract:
//! - implicit conversions are explicit calls: both sides of a call have exactly the types of one
//!   overload of the function's signature;
//! - `now()`, `ago()` are literals; `let` scalars and functions are inlined;
//! - operators (`==`, `has`, `+`, …) are calls under their KQL spelling (`"!in"`);
//! - a string-typed expression is never null.

use std::sync::Arc;

use model::{Type, ViewDef};

use crate::diagnostic::Span;

/// A column's number, unique within the whole bound query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId(pub u32);

/// A column of a relation: in output order, with the name users see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub id: ColumnId,
    pub name: String,
    pub ty: Type,
}

/// One query text, bound.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundQuery {
    /// One per tabular statement, each a result table.
    pub statements: Vec<BoundStatement>,
    /// Values of `set` options that matter (`notruncation`, `truncationmaxrecords`, …), lower-case
    /// names.
    pub options: Vec<(String, Literal)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct BoundStatement {
    pub relation: Relation,
    pub render: Option<Render>,
}

/// What `render` asked for; properties as written, in the order written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Render {
    /// `timechart`, `table`, …
    pub kind: String,
    /// Lower-case property names with one or more values.
    pub properties: Vec<(String, Vec<String>)>,
}

/// A tabular expression: an operator and the columns it yields, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub kind: RelationKind,
    pub columns: Vec<Column>,
    pub span: Span,
}

impl Relation {
    /// The relations directly below; a shared table is not below its uses.
    pub fn inputs(&self) -> Vec<&Relation> {
        match &self.kind {
            RelationKind::Scan { .. }
            | RelationKind::Values { .. }
            | RelationKind::Shared { .. }
            | RelationKind::Range { .. }
            | RelationKind::Rows { .. } => Vec::new(),
            RelationKind::Where { input, .. }
            | RelationKind::Project { input, .. }
            | RelationKind::Summarize { input, .. }
            | RelationKind::Sort { input, .. }
            | RelationKind::Take { input, .. }
            | RelationKind::Serialize { input }
            | RelationKind::Window { input, .. }
            | RelationKind::Steps { input, .. }
            | RelationKind::MvExpand { input, .. } => vec![input],
            RelationKind::Union { inputs } => inputs.iter().map(|(input, _)| input).collect(),
            RelationKind::Join { left, right, .. } => vec![left, right],
        }
    }

    /// The relations directly below, to change.
    pub fn inputs_mut(&mut self) -> Vec<&mut Relation> {
        match &mut self.kind {
            RelationKind::Scan { .. }
            | RelationKind::Values { .. }
            | RelationKind::Shared { .. }
            | RelationKind::Range { .. }
            | RelationKind::Rows { .. } => Vec::new(),
            RelationKind::Where { input, .. }
            | RelationKind::Project { input, .. }
            | RelationKind::Summarize { input, .. }
            | RelationKind::Sort { input, .. }
            | RelationKind::Take { input, .. }
            | RelationKind::Serialize { input }
            | RelationKind::Window { input, .. }
            | RelationKind::Steps { input, .. }
            | RelationKind::MvExpand { input, .. } => vec![input],
            RelationKind::Union { inputs } => inputs.iter_mut().map(|(input, _)| input).collect(),
            RelationKind::Join { left, right, .. } => vec![left, right],
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum RelationKind {
    /// A table. `columns[i]` is column `view.columns[i]`; columns beyond those are by their names
    /// the column that is there for who names it (`ViewDef::on_demand`) and the time at which the
    /// row came in. The implicit time range of the request stands as a `Where` above it.
    Scan { view: &'static ViewDef, app: Option<String> },
    /// Literal rows (`datatable`, `print` of constants): row-major, one literal per column.
    Values { rows: Vec<Vec<Literal>> },
    /// `range`: one column; `from`, `to`, `step` are constant expressions of matching types.
    Range { from: Expr, to: Expr, step: Expr },
    /// `where`: keeps rows whose predicate (bool) is true.
    Where { input: Box<Relation>, predicate: Expr },
    /// `project`, `extend`, `project-away`, …: each output column and its expression over the
    /// input.
    Project { input: Box<Relation>, expressions: Vec<(ColumnId, Expr)> },
    /// `summarize`, `distinct`, `count`: keys first, then aggregates.
    /// Without keys and on empty input: one row.
    Summarize { input: Box<Relation>, keys: Vec<(ColumnId, Expr)>, aggregates: Vec<Aggregate> },
    /// `sort`: the order is kept by the operators that follow it.
    Sort { input: Box<Relation>, keys: Vec<SortKey> },
    /// `take`: `count` is a constant expression of type long. With `per` so many rows of each
    /// combination of these columns.
    Take { input: Box<Relation>, count: Expr, per: Vec<ColumnId> },
    /// Rows of all inputs in order; `inputs[i].1[j]` is the input's column for output column `j`
    /// (`None`: null, `''` for strings).
    Union { inputs: Vec<(Relation, Vec<Option<ColumnId>>)> },
    /// `join`, `lookup`. Keys have equal types on both sides; null keys match null keys.
    /// Output columns are those of the input columns with the same id; semi and anti joins yield
    /// one side.
    Join {
        kind: JoinKind,
        left: Box<Relation>,
        right: Box<Relation>,
        keys: Vec<(ColumnId, ColumnId)>,
    },
    /// `serialize`, `row_number()` and the like need the current order: a marker.
    Serialize { input: Box<Relation> },
    /// The input's columns and one more per call, rows in the current order and in it afterwards.
    /// With `partition` the rows of one combination of these columns stand together, in their
    /// order, and every call begins anew with each combination.
    Window { input: Box<Relation>, calls: Vec<(ColumnId, WindowCall)>, partition: Vec<ColumnId> },
    /// A use of a table that is computed once per query. `columns[i]` is column `i` of the table,
    /// under a number of this use's own.
    Shared { table: Arc<SharedTable> },
    /// `scan`: rows in the current order go through the steps, each match of a row and a step
    /// yields a row: the input's columns, the declared ones (with a constant as the default of
    /// each), the number of the match. With `partition` as for `Window`.
    Steps {
        input: Box<Relation>,
        declared: Vec<(ColumnId, Expr)>,
        steps: Vec<Step>,
        state: Vec<StepState>,
        match_id: Option<ColumnId>,
        partition: Vec<ColumnId>,
    },
    /// `mv-expand`: one row per element, the input's columns repeated. The output columns are some
    /// of the input's and those the expansion makes; elements keep their order.
    MvExpand { input: Box<Relation>, expansion: Expansion },
    /// The rows of one group of `partition` or `mv-apply`: stands in a sub-query while it is
    /// bound, never in a bound query. `serialized`: their order counts.
    Rows { group: u32, serialized: bool },
}

/// A table computed once per query however often it is used, and always the same rows:
/// `materialize(T)`, and the tables of `toscalar(T)` and `x in (T)`.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedTable {
    /// Unique within the whole bound query; a table inside another one has the smaller number.
    pub number: u32,
    /// Sees nothing of where the table is used.
    pub relation: Relation,
}

/// One step of `scan`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub output: StepOutput,
    /// A bool over the input's columns and the state.
    pub condition: Expr,
    /// New values of declared columns, over the input's columns and the state; the declared
    /// columns of a matching row that are not here have their defaults.
    pub assignments: Vec<(ColumnId, Expr)>,
}

/// Which rows a step of `scan` yields of those that match it one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutput {
    All,
    Last,
    None,
}

/// A value steps of `scan` remember: `s1.a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// How expressions name it.
    pub id: ColumnId,
    /// The position of the step whose last row it is of.
    pub step: usize,
    /// A column of the input or a declared one.
    pub of: ColumnId,
    pub ty: Type,
}

/// What `mv-expand` makes of each row: as many rows as the longest of the items has elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    pub items: Vec<Expanded>,
    /// The position of the element, from 0 (long).
    pub index: Option<ColumnId>,
    /// A number that is another for each row of the input (long), ascending in its order.
    pub row: Option<ColumnId>,
    /// The most rows made of one, a constant expression of type long.
    pub limit: Option<Expr>,
    /// A row without any element stays as one row, its items and its index null.
    pub keep_empty: bool,
}

/// A dynamic whose elements become rows; null counts as one element.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    pub id: ColumnId,
    pub value: Expr,
    /// The type elements are converted to.
    pub ty: Type,
    /// Properties of a bag become `[key, value]` instead of bags of one property.
    pub pairs: bool,
}

/// A call of a function whose value depends on the order of rows: `row_number()`, `prev(x)`.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowCall {
    /// Canonical name in `signatures::window`.
    pub function: &'static str,
    /// Over the input's columns, with the exact types of one overload.
    pub args: Vec<Expr>,
    pub ty: Type,
}

pub use crate::syntax::JoinKind;

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub value: Expr,
    pub descending: bool,
    pub nulls_first: bool,
}

/// One aggregate call with its output columns (`arg_max(x, a, b)` and `percentiles(x, 50, 95)` have
/// several).
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Canonical name in `signatures::aggregate`.
    pub function: &'static str,
    /// Exact types of one overload; for `percentiles` the percentile literals follow the value.
    pub args: Vec<Expr>,
    /// Output column of each result, with its type.
    pub outputs: Vec<(ColumnId, Type)>,
    /// A column (bool): rows where it is not true do not count, their groups stay.
    pub filter: Option<ColumnId>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub ty: Type,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Column(ColumnId),
    Literal(Literal),
    /// A scalar function or operator by its canonical name in `signatures`.
    Call {
        function: &'static str,
        args: Vec<Expr>,
    },
    /// `base.a`, `base['a']`, `base[0]`, `base[expr]`; `base` is dynamic, so is the result.
    Path {
        base: Box<Expr>,
        step: Box<PathStep>,
    },
    /// `toscalar(T)`: first column of the first row of a [`RelationKind::Shared`].
    ToScalar(Box<Relation>),
    /// `value in (T)`: whether the (one) column of the relation holds the value; `function` is
    /// `in`, `!in`, `in~`, `!in~`, `has_any`, `has_all`; the relation is a
    /// [`RelationKind::Shared`].
    InRelation {
        function: &'static str,
        value: Box<Expr>,
        relation: Box<Relation>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum PathStep {
    /// A property of a bag.
    Key(String),
    /// An element of an array; negative counts from the end.
    Index(i64),
    /// Computed: string or long.
    Computed(Expr),
}

pub use crate::syntax::Literal;
