//! Names given by `let`, function parameters and `as`.
//!
//! Invariant: a frame of parameters is searched before the columns of a row, a frame of `let`
//! names after them (spec kql.md §12).

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::bound::{self, Expr, PathStep, Relation};
use crate::syntax::{self, Name};
use crate::syntax::{ExprKind, Parameter, ParameterType, Pipeline, Statement, StatementKind};

use super::Binder;

/// What a name stands for.
#[derive(Debug, Clone)]
pub(super) enum Binding {
    Scalar(Expr),
    Table(Relation),
    Function(Rc<Function>),
    /// Its definition was wrong: using it is quiet.
    Poisoned,
}

/// A `let` function: bound anew at every call.
#[derive(Debug, PartialEq)]
pub(super) struct Function {
    pub name: String,
    pub parameters: Arc<[Parameter]>,
    pub body: Arc<[Statement]>,
    /// How many frames were visible where it was written, and how many names the last of them
    /// had, its own included.
    pub frames: usize,
    pub names: usize,
    pub view: bool,
    /// Whether its result is a table.
    pub tabular: bool,
    /// Whether it is a stored function, whose text is not the query's.
    pub stored: bool,
}

#[derive(Debug, Default)]
pub(super) struct Frame {
    pub names: HashMap<String, Binding>,
    /// The names in the order of their statements.
    pub order: Vec<String>,
    /// Parameters shadow columns.
    pub parameters: bool,
    /// [`Binder::level`] where the frame began: a row of that level is gone in deeper tables.
    pub level: usize,
}

impl Binder<'_> {
    pub(super) fn declare(&mut self, name: &str, binding: Binding) {
        if let Some(frame) = self.frames.last_mut() {
            frame.order.push(name.to_owned());
            frame.names.insert(name.to_owned(), binding);
        }
    }

    /// What a name stands for where a table is expected: a table of the catalog comes before a
    /// stored function of its name.
    pub(super) fn lookup_table(&self, name: &str) -> Option<&Binding> {
        let found = self.lookup(name);
        let is_stored = matches!(found, Some(Binding::Function(function)) if function.stored);
        found.filter(|_| !is_stored || self.catalog.table(name).is_none())
    }

    /// How many names the innermost frame has.
    pub(super) fn declared(&self) -> usize {
        self.frames.last().map_or(0, |frame| frame.order.len())
    }

    /// Takes the names away that the innermost frame got after its first `count`.
    pub(super) fn hide_later(&mut self, count: usize) -> Vec<(String, Binding)> {
        let Some(frame) = self.frames.last_mut() else { return Vec::new() };
        let Frame { names, order, .. } = frame;
        let (earlier, later) = order.split_at(count.min(order.len()));
        let later = later.iter().filter(|name| !earlier.contains(name));
        later.filter_map(|name| names.remove_entry(name)).collect()
    }

    /// Puts back what [`hide_later`] took away.
    ///
    /// [`hide_later`]: Binder::hide_later
    pub(super) fn show_later(&mut self, later: Vec<(String, Binding)>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.names.extend(later);
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<&Binding> {
        self.frames.iter().rev().find_map(|frame| frame.names.get(name))
    }

    pub(super) fn lookup_parameter(&self, name: &str) -> Option<&Binding> {
        let mut frames = self.frames.iter().rev().filter(|frame| frame.parameters);
        frames.find_map(|frame| frame.names.get(name))
    }

    /// Whether the named value belongs to a row outside of the table being bound.
    pub(super) fn is_of_outer_row(&self, name: &str, value: &Expr) -> bool {
        let frame = self.frames.iter().rev().find(|frame| frame.names.contains_key(name));
        frame.is_some_and(|frame| frame.level < self.level) && has_column(value)
    }

    /// The names of all bindings, for "did you mean".
    pub(super) fn binding_names(&self, wanted: impl Fn(&Binding) -> bool) -> Vec<String> {
        let all = self.frames.iter().flat_map(|frame| &frame.names);
        let mut names: Vec<String> =
            all.filter(|(_, b)| wanted(b)).map(|(n, _)| n.clone()).collect();
        names.sort();
        names
    }

    /// Whether an expression yields a table. `columns` are the names a row has here.
    pub(super) fn is_tabular(&self, expr: &syntax::Expr, columns: &dyn Fn(&str) -> bool) -> bool {
        match &expr.kind {
            ExprKind::Parenthesized(inner) => self.is_tabular(inner, columns),
            ExprKind::Pipeline(Pipeline { source: Some(source), operators }) => {
                !operators.is_empty() || self.is_tabular(source, columns)
            }
            ExprKind::Pipeline(_) | ExprKind::Datatable { .. } | ExprKind::ExternalData { .. } => {
                true
            }
            ExprKind::Name(name) => !columns(&name.text) && self.names_table(name),
            ExprKind::Call { name, .. } => self.calls_table(name),
            ExprKind::Member { base, .. } => match &base.kind {
                ExprKind::Call { name, .. } => super::sources::is_remote(&name.text),
                _ => false,
            },
            _ => false,
        }
    }

    fn names_table(&self, name: &Name) -> bool {
        match self.lookup_table(&name.text) {
            Some(Binding::Table(_)) => true,
            Some(Binding::Function(function)) => function.tabular,
            Some(_) => false,
            None => self.catalog.table(&name.text).is_some(),
        }
    }

    fn calls_table(&self, name: &Name) -> bool {
        match self.lookup(&name.text) {
            Some(Binding::Function(function)) => function.tabular,
            _ => {
                matches!(name.text.as_str(), "materialize" | "table")
                    || super::sources::is_remote(&name.text)
            }
        }
    }

    /// Whether a function body yields a table.
    pub(super) fn body_is_tabular(&self, parameters: &[Parameter], body: &[Statement]) -> bool {
        let mut tables: Vec<&str> = Vec::new();
        let mut scalars: Vec<&str> = Vec::new();
        for parameter in parameters {
            let list = match parameter.ty {
                ParameterType::Scalar(_) => &mut scalars,
                _ => &mut tables,
            };
            list.push(&parameter.name.text);
        }
        for statement in body {
            let (StatementKind::Let { value, .. } | StatementKind::Expression(value)) =
                &statement.kind
            else {
                continue;
            };
            let named = matches!(&unwrap(value).kind,
                ExprKind::Name(name) if tables.contains(&name.text.as_str()));
            let tabular = named || self.is_tabular(value, &|name: &str| scalars.contains(&name));
            match &statement.kind {
                StatementKind::Let { name, .. } if tabular => tables.push(&name.text),
                StatementKind::Let { name, .. } => scalars.push(&name.text),
                _ => return tabular,
            }
        }
        false
    }
}

/// Whether the value differs from row to row.
pub(super) fn has_column(expr: &Expr) -> bool {
    match &expr.kind {
        bound::ExprKind::Column(_) => true,
        bound::ExprKind::Literal(_) | bound::ExprKind::ToScalar(_) => false,
        bound::ExprKind::Call { args, .. } => args.iter().any(has_column),
        bound::ExprKind::Path { base, step } => {
            let computed = matches!(step.as_ref(), PathStep::Computed(index) if has_column(index));
            computed || has_column(base)
        }
        bound::ExprKind::InRelation { value, .. } => has_column(value),
    }
}

/// The expression inside parentheses and pipelines without operators.
pub(super) fn unwrap(expr: &syntax::Expr) -> &syntax::Expr {
    match &expr.kind {
        ExprKind::Parenthesized(inner) => unwrap(inner),
        ExprKind::Pipeline(Pipeline { source: Some(source), operators })
            if operators.is_empty() =>
        {
            unwrap(source)
        }
        _ => expr,
    }
}
