//! The syntax tree: what was written, with the place of every part and nothing about meaning.
//!
//! Tabular and scalar expressions share one type, as in KQL: a parenthesis may hold either.

use model::Type;

use crate::diagnostic::Span;

/// A whole query text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StatementKind {
    /// `let name = expression`; functions are [`ExprKind::Lambda`].
    Let { name: Name, value: Expr },
    /// `set option [= value]`.
    Set { name: Name, value: Option<Expr> },
    /// `declare query_parameters(a:long = 5, …)`.
    Parameters(Vec<Parameter>),
    /// A tabular (or stand-alone scalar) expression: yields a result table.
    Expression(Expr),
    /// A recognised statement nothing is implemented for: `alias`, `pattern`, `restrict`.
    Unsupported(Name),
}

/// A name as written, brackets and quotes removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub span: Span,
    /// Written as `['…']` or `["…"]`.
    pub quoted: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// Something should stand here; a diagnostic says what.
    Missing,
    Literal(Literal),
    Name(Name),
    /// `*`, `prefix*`, `*suffix`, `a*b`.
    Wildcard(String),
    /// `name(args)`; also `materialize(…)`, `toscalar(…)`, `app('x')`.
    Call {
        name: Name,
        args: Vec<Argument>,
    },
    /// `base.name`, `base.['name']`.
    Member {
        base: Box<Expr>,
        name: Name,
    },
    /// `base[index]`.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `value between (low .. high)`.
    Between {
        negated: bool,
        value: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    /// `value in (a, b)`, `has_any (…)`, …; one item may be a pipeline.
    In {
        op: InOp,
        value: Box<Expr>,
        items: Vec<Expr>,
    },
    Parenthesized(Box<Expr>),
    /// `source | operators`, or operators that need no source (`union …`, `print …`, `range …`).
    Pipeline(Pipeline),
    /// `typeof(long)`; several columns for schemas `typeof(a:long)`.
    TypeOf(Vec<SchemaColumn>),
    /// `(a:long, T:(x:string)) { let …; expr }`, `view () { … }`.
    Lambda {
        view: bool,
        parameters: Vec<Parameter>,
        body: Vec<Statement>,
    },
    /// `datatable (a:long, b:string) [ 1, "x", … ]`.
    Datatable {
        columns: Vec<SchemaColumn>,
        values: Vec<Expr>,
    },
    /// `externaldata (…) [ … ]`: read, refused by the binder.
    ExternalData {
        columns: Vec<SchemaColumn>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Argument {
    /// `name = value` arguments.
    pub name: Option<Name>,
    pub value: Expr,
}

/// A parameter of a function or of `declare query_parameters`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub ty: ParameterType,
    pub default: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ParameterType {
    Scalar(Type),
    /// `(x:string, …)`.
    Table(Vec<SchemaColumn>),
    /// `(*)`.
    AnyTable,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SchemaColumn {
    pub name: Name,
    pub ty: Type,
}

/// A literal's value. Times are nanoseconds (see `model::time`).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null(Type),
    Bool(bool),
    Int(i32),
    Long(i64),
    Real(f64),
    Decimal(f64),
    String {
        value: String,
        hidden: bool,
    },
    DateTime(i64),
    TimeSpan(i64),
    /// 36 lower-case characters.
    Guid(String),
    /// `dynamic(…)` as JSON text.
    Dynamic(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Minus,
    Plus,
}

/// Operators between two expressions. String operators name their KQL spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    EqualTilde,
    NotEqualTilde,
    Has,
    NotHas,
    HasCs,
    NotHasCs,
    HasPrefix,
    NotHasPrefix,
    HasPrefixCs,
    NotHasPrefixCs,
    HasSuffix,
    NotHasSuffix,
    HasSuffixCs,
    NotHasSuffixCs,
    Contains,
    NotContains,
    ContainsCs,
    NotContainsCs,
    StartsWith,
    NotStartsWith,
    StartsWithCs,
    NotStartsWithCs,
    EndsWith,
    NotEndsWith,
    EndsWithCs,
    NotEndsWithCs,
    MatchesRegex,
    /// `column:"term"`, in the predicates of `search`, `find` and `where` only.
    Term,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InOp {
    In,
    NotIn,
    InTilde,
    NotInTilde,
    HasAny,
    HasAll,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// `None` when the first operator needs no input.
    pub source: Option<Box<Expr>>,
    pub operators: Vec<Operator>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    pub kind: OperatorKind,
    /// From the operator's name to its end.
    pub span: Span,
}

/// `name = value`, `(a, b) = value`, or a bare value (no names).
#[derive(Debug, Clone, PartialEq)]
pub struct NamedExpr {
    pub names: Vec<Name>,
    pub value: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub value: Expr,
    /// `asc` → `Some(false)`, `desc` → `Some(true)`.
    pub descending: Option<bool>,
    /// `nulls first` → `Some(true)`.
    pub nulls_first: Option<bool>,
}

/// A column or wildcard of `project-reorder` and how its columns are sorted by name.
#[derive(Debug, Clone, PartialEq)]
pub struct ReorderKey {
    pub column: Expr,
    /// `asc` → `Some(false)`, `desc` → `Some(true)`.
    pub descending: Option<bool>,
    /// `granny-asc`, `granny-desc`: digits in names count as numbers.
    pub numbers: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    InnerUnique,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    RightSemi,
    LeftAnti,
    RightAnti,
}

/// `hint.x = v`, `kind = outer`, `withsource = c`: an operator's own parameters, in written order.
#[derive(Debug, Clone, PartialEq)]
pub struct OperatorParameter {
    pub name: Name,
    pub value: Expr,
}

/// A join key: `c`, or `$left.a == $right.b` (two names).
#[derive(Debug, Clone, PartialEq)]
pub struct JoinKey {
    pub left: Name,
    pub right: Name,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OperatorKind {
    Where(Expr),
    Extend(Vec<NamedExpr>),
    Project(Vec<NamedExpr>),
    /// Names and wildcards.
    ProjectAway(Vec<Expr>),
    ProjectKeep(Vec<Expr>),
    /// `new = old`.
    ProjectRename(Vec<NamedExpr>),
    ProjectReorder(Vec<ReorderKey>),
    Summarize {
        parameters: Vec<OperatorParameter>,
        aggregates: Vec<NamedExpr>,
        keys: Vec<NamedExpr>,
    },
    Sort(Vec<SortKey>),
    Top {
        count: Expr,
        key: SortKey,
    },
    Take(Expr),
    /// Columns, or `*`.
    Distinct(Vec<NamedExpr>),
    /// `count`, `count as name`.
    Count(Option<Name>),
    Join {
        kind: Option<(JoinKind, Span)>,
        right: Box<Expr>,
        keys: Vec<JoinKey>,
    },
    Lookup {
        kind: Option<(JoinKind, Span)>,
        right: Box<Expr>,
        keys: Vec<JoinKey>,
    },
    Union {
        parameters: Vec<OperatorParameter>,
        legs: Vec<Expr>,
    },
    Print(Vec<NamedExpr>),
    Range {
        name: Name,
        from: Expr,
        to: Expr,
        step: Expr,
    },
    Render {
        kind: Name,
        properties: Vec<RenderProperty>,
    },
    As {
        name: Name,
        /// `hint.materialized=true`: computed once.
        materialized: bool,
    },
    Serialize(Vec<NamedExpr>),
    GetSchema,
    Sample(Expr),
    /// `invoke f(x)`.
    Invoke {
        name: Name,
        args: Vec<Argument>,
    },
    Scan(Scan),
    Parse(Parse),
    ParseKv(ParseKv),
    Evaluate(Evaluate),
    Search(Search),
    Find(Find),
    /// Names, patterns and arrays of them.
    ProjectByNames(Vec<Expr>),
    TopHitters {
        count: Expr,
        of: Expr,
        by: Option<Expr>,
    },
    MakeSeries(Box<MakeSeries>),
    SampleDistinct {
        count: Expr,
        of: Expr,
    },
    MvExpand(MvExpand),
    MvApply {
        expand: MvExpand,
        /// A pipeline without a source.
        subquery: Box<Expr>,
    },
    Partition {
        parameters: Vec<OperatorParameter>,
        by: Name,
        /// A pipeline without a source; with one when it is written in braces.
        subquery: Box<Expr>,
    },
    TopNested(Vec<TopNested>),
    /// A KQL operator that is known by name and not implemented: the binder refuses it.
    Unsupported(Name),
    /// Not an operator at all; already reported.
    Unknown(Name),
}

#[derive(Debug, Clone, PartialEq)]
pub struct MvExpand {
    /// Spelt `mvexpand`.
    pub old: bool,
    pub parameters: Vec<OperatorParameter>,
    /// With the `to typeof(…)` of each.
    pub columns: Vec<(NamedExpr, Option<Type>)>,
    pub limit: Option<Expr>,
}

/// `parse` and `parse-where`.
#[derive(Debug, Clone, PartialEq)]
pub struct Parse {
    /// `parse-where`: rows that do not fit are dropped.
    pub filters: bool,
    /// `kind`, `flags`.
    pub parameters: Vec<OperatorParameter>,
    pub value: Expr,
    pub pattern: Vec<PatternPart>,
}

/// A part of the pattern of `parse`.
#[derive(Debug, Clone, PartialEq)]
pub enum PatternPart {
    Text {
        value: String,
        span: Span,
    },
    /// `*`: anything, thrown away.
    Skip(Span),
    /// `name` or `name: type`.
    Capture {
        name: Name,
        ty: Option<Type>,
    },
}

/// `parse-kv value as (schema) with (parameters)`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseKv {
    pub value: Expr,
    pub columns: Vec<SchemaColumn>,
    pub parameters: Vec<OperatorParameter>,
}

/// `evaluate plugin(arguments) : (schema)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluate {
    /// Hints.
    pub parameters: Vec<OperatorParameter>,
    pub plugin: Name,
    pub arguments: Vec<Argument>,
    pub schema: Option<OutputSchema>,
}

/// The columns a plugin is told to yield: `(*, name: type, …)`.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSchema {
    /// `*`: the columns of the input come first.
    pub all: bool,
    pub columns: Vec<SchemaColumn>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// `kind`.
    pub parameters: Vec<OperatorParameter>,
    /// `in (…)`: tables and wildcards.
    pub tables: Option<Vec<Expr>>,
    pub predicate: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    /// `withsource`, `datascope`.
    pub parameters: Vec<OperatorParameter>,
    pub tables: Option<Vec<Expr>>,
    pub predicate: Expr,
    /// `None`: the columns are chosen for the writer (`project-smart`).
    pub project: Option<FindProject>,
}

/// The columns `find` is told to yield.
#[derive(Debug, Clone, PartialEq)]
pub struct FindProject {
    /// With the type each is converted to.
    pub columns: Vec<(Name, Option<Type>)>,
    /// `pack(*)`: the other columns as a bag.
    pub pack: bool,
}

/// `scan`: steps that rows in order go through.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scan {
    /// `with_match_id = name`, `kind = …`.
    pub parameters: Vec<OperatorParameter>,
    pub order: Vec<SortKey>,
    pub partition: Vec<Expr>,
    pub declared: Vec<Parameter>,
    pub steps: Vec<ScanStep>,
}

/// `step s [optional] [output = all]: condition => a = x;`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanStep {
    pub name: Name,
    pub optional: Option<Span>,
    pub output: Option<Name>,
    pub condition: Expr,
    pub assignments: Vec<NamedExpr>,
}

/// `make-series a = count() default = 0 on t from x to y step z by k`.
#[derive(Debug, Clone, PartialEq)]
pub struct MakeSeries {
    pub parameters: Vec<OperatorParameter>,
    /// With the `default` of each.
    pub aggregates: Vec<(NamedExpr, Option<Expr>)>,
    pub axis: NamedExpr,
    pub from: Option<Expr>,
    pub to: Option<Expr>,
    pub step: Expr,
    /// Written as `in range(from, to, step)`: both bounds are there, `to` is included.
    pub in_range: bool,
    pub keys: Vec<NamedExpr>,
}

/// One level of `top-nested [count] of key [with others = label] by aggregate`.
#[derive(Debug, Clone, PartialEq)]
pub struct TopNested {
    pub count: Option<Expr>,
    pub of: NamedExpr,
    pub others: Option<Expr>,
    pub by: NamedExpr,
    /// `asc` → `Some(false)`, `desc` → `Some(true)`.
    pub descending: Option<bool>,
    /// `nulls first` → `Some(true)`.
    pub nulls_first: Option<bool>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RenderProperty {
    pub name: Name,
    /// One value, or several for lists such as `ycolumns = a, b`; as text.
    pub values: Vec<String>,
}
