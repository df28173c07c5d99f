//! The bound query as indented text, for `explain`: one line per operator, input below.

use std::fmt::{Display, Formatter, Result};

use crate::bound::{
    BoundQuery, BoundStatement, Column, ColumnId, Expansion, Expr, ExprKind, Literal, PathStep,
    Relation, RelationKind, SortKey, Step, StepState, WindowCall,
};

impl Display for BoundQuery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (name, value) in &self.options {
            writeln!(f, "set {name} = {value}")?;
        }
        self.statements.iter().try_for_each(|statement| statement.fmt(f))
    }
}

impl Display for BoundStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut depth = 0;
        if let Some(render) = &self.render {
            write!(f, "render {}", render.kind)?;
            for (name, values) in &render.properties {
                write!(f, " {name}={}", values.join(","))?;
            }
            writeln!(f)?;
            depth = 1;
        }
        write_relation(f, &self.relation, depth)
    }
}

impl Display for Relation {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write_relation(f, self, 0)
    }
}

impl Display for ColumnId {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "#{}", self.0)
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}{}:{}", self.name, self.id, self.ty)
    }
}

fn write_list<T: Display>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = T>) -> Result {
    for (i, item) in items.into_iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

fn write_named(f: &mut Formatter<'_>, items: &[(ColumnId, Expr)]) -> Result {
    for (i, (id, expr)) in items.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        match &expr.kind {
            // Passed on unchanged.
            ExprKind::Column(source) if source == id => write!(f, "{comma}{id}")?,
            _ => write!(f, "{comma}{id} = {expr}")?,
        }
    }
    Ok(())
}

fn write_relation(f: &mut Formatter<'_>, relation: &Relation, depth: usize) -> Result {
    write!(f, "{:1$}", "", depth * 2)?;
    write_head(f, relation)?;
    write!(f, "  -> ")?;
    write_list(f, &relation.columns)?;
    writeln!(f)?;
    match &relation.kind {
        RelationKind::Scan { .. }
        | RelationKind::Values { .. }
        | RelationKind::Range { .. }
        | RelationKind::Rows { .. } => Ok(()),
        RelationKind::Shared { table } => write_relation(f, &table.relation, depth + 1),
        RelationKind::Where { input, .. }
        | RelationKind::Project { input, .. }
        | RelationKind::Summarize { input, .. }
        | RelationKind::Sort { input, .. }
        | RelationKind::Take { input, .. }
        | RelationKind::Serialize { input }
        | RelationKind::Window { input, .. }
        | RelationKind::MvExpand { input, .. }
        | RelationKind::Steps { input, .. } => write_relation(f, input, depth + 1),
        RelationKind::Union { inputs } => {
            inputs.iter().try_for_each(|(input, _)| write_relation(f, input, depth + 1))
        }
        RelationKind::Join { left, right, .. } => {
            write_relation(f, left, depth + 1)?;
            write_relation(f, right, depth + 1)
        }
    }
}

fn write_head(f: &mut Formatter<'_>, relation: &Relation) -> Result {
    match &relation.kind {
        RelationKind::Scan { view, app: None } => write!(f, "scan {}", view.name),
        RelationKind::Scan { view, app: Some(app) } => write!(f, "scan app({app:?}).{}", view.name),
        RelationKind::Values { rows } => write!(f, "values {} rows", rows.len()),
        RelationKind::Shared { table } => write!(f, "shared {}", table.number),
        RelationKind::Range { from, to, step } => write!(f, "range {from} to {to} step {step}"),
        RelationKind::Where { predicate, .. } => write!(f, "where {predicate}"),
        RelationKind::Project { expressions, .. } => {
            write!(f, "project ")?;
            write_named(f, expressions)
        }
        RelationKind::Summarize { keys, aggregates, .. } => {
            write!(f, "summarize ")?;
            for (i, aggregate) in aggregates.iter().enumerate() {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}")?;
                write_list(f, aggregate.outputs.iter().map(|(id, _)| id))?;
                write!(f, " = {}(", aggregate.function)?;
                write_list(f, &aggregate.args)?;
                write!(f, ")")?;
                if let Some(filter) = aggregate.filter {
                    write!(f, " if {filter}")?;
                }
            }
            if !keys.is_empty() {
                write!(f, "{}by ", if aggregates.is_empty() { "" } else { " " })?;
                write_named(f, keys)?;
            }
            Ok(())
        }
        RelationKind::Sort { keys, .. } => {
            write!(f, "sort ")?;
            write_list(f, keys)
        }
        RelationKind::Take { count, per, .. } => {
            write!(f, "take {count}")?;
            write_per(f, per)
        }
        RelationKind::Union { inputs } => write_union(f, inputs),
        RelationKind::Join { kind, keys, .. } => {
            write!(f, "join {kind:?} on ")?;
            write_list(f, keys.iter().map(|(left, right)| format!("{left} == {right}")))
        }
        RelationKind::Serialize { .. } => write!(f, "serialize"),
        RelationKind::Window { calls, partition, .. } => write_window(f, calls, partition),
        RelationKind::Steps { steps, state, partition, .. } => {
            write_steps(f, steps, state, partition)
        }
        RelationKind::MvExpand { expansion, .. } => write_expansion(f, expansion),
        RelationKind::Rows { group, .. } => write!(f, "rows of group {group}"),
    }
}

fn write_per(f: &mut Formatter<'_>, columns: &[ColumnId]) -> Result {
    if !columns.is_empty() {
        write!(f, " per ")?;
    }
    write_list(f, columns)
}

/// `mv-expand #3 = #1 to long, index #4, row #5 limit 10`.
fn write_expansion(f: &mut Formatter<'_>, expansion: &Expansion) -> Result {
    write!(f, "mv-expand ")?;
    for (i, item) in expansion.items.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{} = {} to {}", item.id, item.value, item.ty)?;
        if item.pairs {
            write!(f, " as pairs")?;
        }
    }
    for (name, id) in [("index", expansion.index), ("row", expansion.row)] {
        if let Some(id) = id {
            write!(f, ", {name} {id}")?;
        }
    }
    if let Some(limit) = &expansion.limit {
        write!(f, " limit {limit}")?;
    }
    if expansion.keep_empty {
        write!(f, " keeping empty")?;
    }
    Ok(())
}

/// `window #4 = prev(#1), #5 = row_number() per #2`.
fn write_window(
    f: &mut Formatter<'_>,
    calls: &[(ColumnId, WindowCall)],
    partition: &[ColumnId],
) -> Result {
    write!(f, "window ")?;
    for (i, (id, call)) in calls.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{id} = {}(", call.function)?;
        write_list(f, &call.args)?;
        write!(f, ")")?;
    }
    write_per(f, partition)
}

/// `scan #7 = 0.#3, step all true => #3 = #7 + 1 per #2`.
fn write_steps(
    f: &mut Formatter<'_>,
    steps: &[Step],
    state: &[StepState],
    partition: &[ColumnId],
) -> Result {
    write!(f, "scan ")?;
    for StepState { id, step, of, .. } in state {
        write!(f, "{id} = {step}.{of}, ")?;
    }
    for (i, step) in steps.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}step {:?} {}", step.output, step.condition)?;
        if !step.assignments.is_empty() {
            write!(f, " => ")?;
            write_named(f, &step.assignments)?;
        }
    }
    if !partition.is_empty() {
        write!(f, " per ")?;
        write_list(f, partition)?;
    }
    Ok(())
}

/// `union [#1, #2] [#3, -]`: per leg the column behind each output column.
fn write_union(f: &mut Formatter<'_>, inputs: &[(Relation, Vec<Option<ColumnId>>)]) -> Result {
    write!(f, "union")?;
    for (_, columns) in inputs {
        let names = columns.iter().map(|id| match id {
            Some(id) => id.to_string(),
            None => "-".to_owned(),
        });
        write!(f, " [")?;
        write_list(f, names)?;
        write!(f, "]")?;
    }
    Ok(())
}

impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let order = if self.descending { "desc" } else { "asc" };
        let nulls = if self.nulls_first { "first" } else { "last" };
        write!(f, "{} {order} nulls {nulls}", self.value)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.kind {
            ExprKind::Column(id) => id.fmt(f),
            ExprKind::Literal(value) => value.fmt(f),
            ExprKind::Call { function, args } => match args.as_slice() {
                [left, right] if !starts_with_letter(function) || is_word(function) => {
                    write!(f, "({left} {function} {right})")
                }
                args => {
                    write!(f, "{function}(")?;
                    write_list(f, args)?;
                    write!(f, ")")
                }
            },
            ExprKind::Path { base, step } => match step.as_ref() {
                PathStep::Key(key) => write!(f, "{base}[{key:?}]"),
                PathStep::Index(index) => write!(f, "{base}[{index}]"),
                PathStep::Computed(index) => write!(f, "{base}[{index}]"),
            },
            ExprKind::ToScalar(relation) => {
                write!(f, "toscalar(")?;
                write_inline(f, relation)?;
                write!(f, ")")
            }
            ExprKind::InRelation { function, value, relation } => {
                write!(f, "({value} {function} (")?;
                write_inline(f, relation)?;
                write!(f, "))")
            }
        }
    }
}

/// A relation on one line: its operators from the top down. That a table inside an expression is
/// computed once goes without saying.
fn write_inline(f: &mut Formatter<'_>, relation: &Relation) -> Result {
    let relation = match &relation.kind {
        RelationKind::Shared { table } => &table.relation,
        _ => relation,
    };
    let text = relation.to_string();
    let lines = text.lines().map(|line| line.trim().split("  -> ").next().unwrap_or_default());
    write!(f, "{}", lines.collect::<Vec<_>>().join(" <- "))
}

fn starts_with_letter(function: &str) -> bool {
    function.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_word(function: &str) -> bool {
    crate::signatures::operator(function).is_some()
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Literal::Null(ty) => write!(f, "{ty}(null)"),
            Literal::Bool(value) => write!(f, "{value}"),
            Literal::Int(value) => write!(f, "int({value})"),
            Literal::Long(value) => write!(f, "{value}"),
            Literal::Real(value) => write!(f, "{value:?}"),
            Literal::Decimal(value) => write!(f, "decimal({value})"),
            // What an author marked as secret stays so.
            Literal::String { hidden: true, .. } => write!(f, "h\"…\""),
            Literal::String { value, .. } => write!(f, "{value:?}"),
            Literal::DateTime(value) => {
                let text = model::time::format_datetime(*value, model::time::Fraction::Trimmed);
                write!(f, "datetime({text})")
            }
            Literal::TimeSpan(value) => {
                write!(f, "timespan({})", model::time::format_timespan(*value))
            }
            Literal::Guid(value) => write!(f, "guid({value})"),
            Literal::Dynamic(value) => write!(f, "dynamic({value})"),
        }
    }
}
