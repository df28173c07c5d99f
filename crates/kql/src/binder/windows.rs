//! Window functions: each call inside an operator's expressions becomes a column of a relation put
//! under the operator, calls inside calls one relation further down (spec kql.md §9).
//!
//! Invariant: a call is bound only where the rows stand in an order that a query can rely on.

use model::Type;

use crate::bound::{Column, ColumnId, Expr, ExprKind, Literal, Relation, RelationKind, WindowCall};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures::Signature;
use crate::syntax::{Argument, Name};

use super::coerce::{Fit, convert, fit};
use super::expressions::column_ref;
use super::scope::has_column;
use super::{Binder, received};

/// The calls found so far in the expressions of one operator.
#[derive(Debug)]
pub(super) struct Windowing {
    /// The operator's input.
    columns: Vec<ColumnId>,
    serialized: bool,
    /// Whether the rows still are rows of tables.
    from_tables: bool,
    /// The column that says when a row came in, when somebody asked for it.
    received: Option<ColumnId>,
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    column: Column,
    call: WindowCall,
    /// 0 over the input, 1 over calls of layer 0, ….
    layer: usize,
    span: Span,
}

impl Windowing {
    fn over(input: &Relation) -> Windowing {
        Windowing {
            columns: input.columns.iter().map(|c| c.id).collect(),
            serialized: is_serialized(input),
            from_tables: received::is_from_tables(input),
            received: None,
            found: Vec::new(),
        }
    }
}

/// Whether window functions may follow. The reference says which operators put rows into an order
/// (`sort`, `top`, `range`, `serialize`, `getschema`) and which lose it; the others keep what they
/// find.
pub(super) fn is_serialized(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Sort { .. }
        | RelationKind::Serialize { .. }
        | RelationKind::Window { .. }
        | RelationKind::Steps { .. }
        | RelationKind::Range { .. } => true,
        RelationKind::Where { input, .. }
        | RelationKind::Project { input, .. }
        | RelationKind::Take { input, .. }
        | RelationKind::MvExpand { input, .. } => is_serialized(input),
        RelationKind::Rows { serialized, .. } => *serialized,
        RelationKind::Shared { table } => is_serialized(&table.relation),
        RelationKind::Scan { .. }
        | RelationKind::Values { .. }
        | RelationKind::Summarize { .. }
        | RelationKind::Union { .. }
        | RelationKind::Join { .. } => false,
    }
}

impl Binder<'_> {
    /// Binds an operator over `input`; window calls left over by `run` are reported.
    pub(super) fn with_windows(
        &mut self,
        input: Relation,
        span: Span,
        run: impl FnOnce(&mut Self, Relation) -> Option<Relation>,
    ) -> Option<Relation> {
        let saved = self.windowing.replace(Windowing::over(&input));
        let result = run(self, input);
        let left = std::mem::replace(&mut self.windowing, saved);
        if left.as_ref().is_some_and(|left| left.received.is_some()) && result.is_some() {
            let message = "`ingestion_time()` is not allowed here";
            let help = "compute it first: `| extend c = …`";
            let finding = Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help);
            return self.report(finding);
        }
        match left.and_then(|left| left.found.into_iter().next()) {
            Some(Found { call, span, .. }) if result.is_some() => {
                let message = format!("`{}()` is not allowed here", call.function);
                let help = "compute it first: `| extend c = …`";
                self.report(Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help))
            }
            _ => result,
        }
    }

    /// The operator itself makes the order of its input's rows count.
    pub(super) fn rely_on_order(&mut self) {
        if let Some(windowing) = &mut self.windowing {
            windowing.serialized = true;
        }
    }

    /// The operator's input with a column for every window call found in its expressions, behind
    /// the input's own columns.
    pub(super) fn windowed(&mut self, mut input: Relation) -> Relation {
        let Some(windowing) = &mut self.windowing else { return input };
        // A table inside an expression is not what the calls were found over.
        let is_own = windowing.columns.iter().eq(input.columns.iter().map(|c| &c.id));
        if !is_own {
            return input;
        }
        let mut found = std::mem::take(&mut windowing.found);
        if let Some(id) = windowing.received.take() {
            self.add_received(&mut input, id);
        }
        if found.is_empty() {
            return input;
        }
        let layers = found.iter().map(|f| f.layer).max().unwrap_or(0);
        for layer in 0..=layers {
            let (own, later) = found.into_iter().partition(|f| f.layer == layer);
            found = later;
            input = layered(input, own);
        }
        input
    }

    /// What an operator yields that keeps its input's `columns`, without those of [`windowed`].
    ///
    /// [`windowed`]: Binder::windowed
    pub(super) fn unwindowed(&mut self, relation: Relation, columns: usize) -> Option<Relation> {
        if relation.columns.len() == columns {
            return Some(relation);
        }
        let span = relation.span;
        self.pick(relation, &(0..columns).collect::<Vec<_>>(), span)
    }

    /// `ingestion_time()`: null where there are no rows of tables.
    pub(super) fn ingestion_time(&mut self, span: Span) -> Option<Expr> {
        if self.aggregating.is_some() {
            let message = "`ingestion_time()` stands outside an aggregate";
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        let ty = Type::DateTime;
        let is_known = self.windowing.as_ref().is_some_and(|windowing| windowing.from_tables);
        if !is_known {
            return Some(Expr { kind: ExprKind::Literal(Literal::Null(ty)), ty, span });
        }
        let known = self.windowing.as_ref().and_then(|windowing| windowing.received);
        let id = known.unwrap_or_else(|| self.fresh_id());
        self.windowing.as_mut()?.received = Some(id);
        Some(Expr { kind: ExprKind::Column(id), ty, span })
    }

    pub(super) fn window_call(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        if self.aggregating.is_some() {
            let message = format!("`{}()` stands outside an aggregate", name.text);
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        let Some(windowing) = &self.windowing else {
            let message = format!("`{}()` has no rows to go through here", name.text);
            return self.error(codes::NOT_ALLOWED, span, message);
        };
        if !windowing.serialized && !self.open {
            let message = format!("`{}()` needs rows in a fixed order", name.text);
            let help = "add `| serialize` or `| sort by …` before the operator";
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help));
        }
        let args = self.arguments(args, row)?;
        let call = self.window_arguments(signature, name, args, span)?;
        let id = self.fresh_id();
        let column = Column { id, name: format!("{}_{}", signature.name, id.0), ty: call.ty };
        let expr = column_ref(&column, span);
        let windowing = self.windowing.as_mut()?;
        let below = |arg: &Expr| {
            let read = windowing.found.iter().filter(|f| reads(arg, f.column.id));
            read.map(|f| f.layer + 1).max()
        };
        let layer = call.args.iter().filter_map(below).max().unwrap_or(0);
        windowing.found.push(Found { column, call, layer, span });
        Some(expr)
    }

    /// The call with arguments of exact types.
    fn window_arguments(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        mut args: Vec<Expr>,
        span: Span,
    ) -> Option<WindowCall> {
        let Some(Fit { types, returns, .. }) = fit(signature, &args) else {
            return self.no_overload(signature, name, &args, span);
        };
        let mut ty = returns;
        let is_neighbour = matches!(signature.name, "prev" | "next");
        if is_neighbour {
            ty = self.check_neighbour(name, &mut args)?;
        }
        if is_neighbour || signature.name == "row_number" {
            let constants = if is_neighbour { 1..args.len() } else { 0..args.len().min(1) };
            self.check_constants(name, &args[constants])?;
        }
        if signature.name.starts_with("row_rank") {
            self.refuse_dynamic(&args[0], &format!("`{}()`", name.text))?;
        }
        let typed = args.into_iter().zip(types).enumerate();
        let exact = |(i, (arg, ty)): (usize, (Expr, Type))| match is_neighbour && i == 2 {
            // The default has the column's type by now.
            true => arg,
            false => convert(arg, ty),
        };
        Some(WindowCall { function: signature.name, args: typed.map(exact).collect(), ty })
    }

    /// `prev(column[, offset[, default]])`: the type of the column, which the default gets too.
    fn check_neighbour(&mut self, name: &Name, args: &mut [Expr]) -> Option<Type> {
        let columns = &self.windowing.as_ref()?.columns;
        let ty = args[0].ty;
        if !matches!(args[0].kind, ExprKind::Column(id) if columns.contains(&id)) {
            let message = format!("`{}()` takes a column", name.text);
            let help = "name the expression first: `| extend c = …`";
            let finding = Diagnostic::new(codes::NOT_ALLOWED, args[0].span, message).help(help);
            return self.report(finding);
        }
        if let Some(offset) = args.get(1)
            && matches!(offset.kind, ExprKind::Literal(Literal::Long(n)) if n < 0)
        {
            let other = if name.text == "prev" { "next" } else { "prev" };
            let message = format!("the offset of `{}()` must not be negative", name.text);
            let help = format!("`{other}()` goes the other way");
            let finding = Diagnostic::new(codes::NOT_ALLOWED, offset.span, message).help(help);
            return self.report(finding);
        }
        if let Some(default) = args.get_mut(2) {
            let fits = default.ty == ty
                || ty == Type::Dynamic
                || default.ty.is_numeric() && ty.is_numeric();
            if !fits {
                let message = format!(
                    "the default of `{}()` must be of type {ty}, not {}",
                    name.text, default.ty
                );
                return self.error(codes::WRONG_TYPE, default.span, message);
            }
            *default = convert(default.clone(), ty);
        }
        Some(ty)
    }

    fn check_constants(&mut self, name: &Name, args: &[Expr]) -> Option<()> {
        match args.iter().find(|arg| has_column(arg)) {
            None => Some(()),
            Some(arg) => {
                let message = format!("`{}()` takes a constant here", name.text);
                self.error(codes::CONSTANT_NEEDED, arg.span, message)
            }
        }
    }
}

/// `input` with the calls as columns behind its own.
fn layered(input: Relation, found: Vec<Found>) -> Relation {
    let span = input.span;
    let mut columns = input.columns.clone();
    let mut calls = Vec::with_capacity(found.len());
    for Found { column, call, .. } in found {
        calls.push((column.id, call));
        columns.push(column);
    }
    let kind = RelationKind::Window { input: Box::new(input), calls, partition: Vec::new() };
    Relation { kind, columns, span }
}

/// Whether the expression reads the column.
fn reads(expr: &Expr, id: ColumnId) -> bool {
    let mut expr = expr.clone();
    let mut found = false;
    super::renumber::visit_expr(&mut expr, &mut |read| found |= *read == id);
    found
}
