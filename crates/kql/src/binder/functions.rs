//! Functions of `let` and stored ones: bound anew at every call with their arguments in place
//! (spec kql.md §12).
//!
//! Invariant: a body sees the names that were visible where it was written, never the caller's.

use std::rc::Rc;

use crate::bound::{Column, Expr, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, Argument, Parameter, ParameterType, SchemaColumn, StatementKind};

use super::Binder;
use super::coerce::convert;
use super::scope::{Binding, Frame, Function};

/// What a function body yields.
pub(super) enum Value {
    Scalar(Expr),
    Table(Relation),
}

impl Binder<'_> {
    pub(super) fn call_function_scalar(
        &mut self,
        function: &Rc<Function>,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        if function.tabular {
            let message = format!("`{}()` yields a table, a value is expected", function.name);
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, span, message)
                    .help("`toscalar(…)` gives the first value of a table"),
            );
        }
        match self.call_function(function, args, None, span, row)? {
            Value::Scalar(expr) => Some(Expr { span, ..expr }),
            Value::Table(_) => None,
        }
    }

    /// Binds the body with the arguments; `piped` is the table `invoke` passes first.
    pub(super) fn call_function(
        &mut self,
        function: &Rc<Function>,
        args: &[Argument],
        piped: Option<Relation>,
        span: Span,
        row: &[Column],
    ) -> Option<Value> {
        if self.active.iter().any(|active| Rc::ptr_eq(active, function)) {
            let message = format!("`{}()` calls itself", function.name);
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        let placed = super::stored::placed(function, span);
        let function_text = placed.as_ref().unwrap_or(function);
        let mut frame = self.parameter_frame(function_text, args, piped, span, row)?;
        frame.parameters = true;
        frame.level = self.level;
        let hidden = self.frames.split_off(function.frames.min(self.frames.len()));
        let depth = self.frames.len();
        let later = self.hide_later(function.names);
        self.frames.push(frame);
        self.frames.push(Frame { level: self.level, ..Frame::default() });
        self.active.push(function.clone());
        let aggregating = self.aggregating.take();
        let stepping = self.stepping.take();
        let unnamed = std::mem::take(&mut self.unnamed);
        let findings = self.diagnostics.len();
        let result = self.deeper(span, |binder| binder.body(&function_text.body));
        self.findings_inside(function, findings);
        self.unnamed = unnamed;
        self.stepping = stepping;
        self.aggregating = aggregating;
        self.active.pop();
        self.frames.truncate(depth);
        self.show_later(later);
        self.frames.extend(hidden);
        result
    }

    /// What is wrong with a function however it is called.
    pub(super) fn check_function(
        &mut self,
        parameters: &[Parameter],
        body: &[syntax::Statement],
        span: Span,
    ) -> Option<()> {
        for (i, parameter) in parameters.iter().enumerate() {
            let name = &parameter.name;
            if parameters.iter().take(i).any(|earlier| earlier.name.text == name.text) {
                let message = format!("the parameter `{}` is named twice", name.text);
                return self.error(codes::NAMED_TWICE, name.span, message);
            }
        }
        let ends = body.last().map(|last| matches!(last.kind, StatementKind::Expression(_)));
        if ends != Some(true) {
            let message = "the function yields nothing";
            let help = "its body ends with an expression: `(x: long) { x + 1 }`";
            return self.report(Diagnostic::new(codes::NO_RESULT, span, message).help(help));
        }
        let mut lets = body.iter().take(body.len().saturating_sub(1));
        if let Some(statement) = lets.find(|s| !matches!(s.kind, StatementKind::Let { .. })) {
            let message = "only `let` and, at the end, one expression can stand in a function";
            return self.error(codes::NOT_ALLOWED, statement.span, message);
        }
        Some(())
    }

    fn body(&mut self, statements: &[syntax::Statement]) -> Option<Value> {
        for statement in statements {
            match &statement.kind {
                StatementKind::Let { name, value } => self.let_statement(name, value),
                StatementKind::Expression(expr) => {
                    return match self.is_tabular(expr, &|_| false) {
                        true => self.subquery(expr).map(Value::Table),
                        false => {
                            let value = self.scalar(expr, &[])?;
                            self.check_expr_height(&value)?;
                            Some(Value::Scalar(value))
                        }
                    };
                }
                // Reported where the function is written.
                _ => return None,
            }
        }
        None
    }

    fn parameter_frame(
        &mut self,
        function: &Rc<Function>,
        args: &[Argument],
        piped: Option<Relation>,
        span: Span,
        row: &[Column],
    ) -> Option<Frame> {
        let first = usize::from(piped.is_some());
        let given = self.placed(function, args, first, span)?;
        let mut frame = Frame::default();
        let mut piped = piped;
        let mut complete = true;
        for (parameter, argument) in function.parameters.iter().zip(given) {
            let binding = match (piped.take(), argument, &parameter.default) {
                (Some(table), ..) => self.table_argument(parameter, table, span),
                (None, Some(argument), _) => self.argument(parameter, &argument.value, row),
                (None, None, Some(default)) => self.argument(parameter, default, &[]),
                (None, None, None) => return self.wrong_count(function, args.len(), span),
            };
            complete &= binding.is_some();
            let name = parameter.name.text.clone();
            frame.names.insert(name, binding.unwrap_or(Binding::Poisoned));
        }
        complete.then_some(frame)
    }

    /// The argument of each parameter: by name, or by position as long as no name has led away
    /// from it.
    fn placed<'a>(
        &mut self,
        function: &Function,
        args: &'a [Argument],
        first: usize,
        span: Span,
    ) -> Option<Vec<Option<&'a Argument>>> {
        let mut given: Vec<Option<&Argument>> = vec![None; function.parameters.len()];
        let mut is_ordered = true;
        for (position, argument) in (first..).zip(args) {
            let at = match &argument.name {
                None if is_ordered => position,
                None => {
                    let message = "all arguments after this point must be named";
                    return self.error(codes::NOT_ALLOWED, argument.value.span, message);
                }
                Some(name) => {
                    let mut known = function.parameters.iter();
                    let Some(at) = known.position(|p| p.name.text == name.text) else {
                        let message =
                            format!("`{}()` has no parameter `{}`", function.name, name.text);
                        let known = function.parameters.iter().map(|p| p.name.text.as_str());
                        let code = codes::UNKNOWN_NAME;
                        return self.unknown(code, name.span, message, &name.text, known);
                    };
                    is_ordered &= at == position;
                    at
                }
            };
            match given.get_mut(at) {
                Some(slot) if slot.is_none() && at >= first => *slot = Some(argument),
                Some(_) => {
                    let name = &function.parameters[at].name.text;
                    let message = format!("the parameter `{name}` is given twice");
                    return self.error(codes::NAMED_TWICE, argument.value.span, message);
                }
                None => return self.wrong_count(function, args.len() + first, span),
            }
        }
        Some(given)
    }

    fn wrong_count<T>(&mut self, function: &Function, given: usize, span: Span) -> Option<T> {
        let names: Vec<&str> = function.parameters.iter().map(|p| p.name.text.as_str()).collect();
        let message = format!("`{}()` cannot take {given} arguments", function.name);
        let help = format!("expected `{}({})`", function.name, names.join(", "));
        self.report(Diagnostic::new(codes::ARGUMENT_COUNT, span, message).help(help))
    }

    fn argument(
        &mut self,
        parameter: &Parameter,
        value: &syntax::Expr,
        row: &[Column],
    ) -> Option<Binding> {
        let ParameterType::Scalar(ty) = parameter.ty else {
            let table = self.subquery(value)?;
            return self.table_argument(parameter, table, value.span);
        };
        let bound = self.scalar(value, row)?;
        let fits = bound.ty == ty
            || bound.ty == model::Type::Dynamic
            || ty == model::Type::Dynamic
            || (bound.ty.is_numeric() && ty.is_numeric());
        if !fits {
            let message = format!("`{}` is of type {ty}, not {}", parameter.name.text, bound.ty);
            return self.error(codes::WRONG_TYPE, value.span, message);
        }
        Some(Binding::Scalar(convert(bound, ty)))
    }

    fn table_argument(
        &mut self,
        parameter: &Parameter,
        table: Relation,
        span: Span,
    ) -> Option<Binding> {
        if let ParameterType::Table(schema) = &parameter.ty {
            self.check_schema(schema, &table.columns, span)?;
        }
        Some(Binding::Table(table))
    }

    fn check_schema(
        &mut self,
        schema: &[SchemaColumn],
        columns: &[Column],
        span: Span,
    ) -> Option<()> {
        for wanted in schema {
            let found = columns.iter().find(|c| c.name == wanted.name.text);
            if !found.is_some_and(|c| c.ty == wanted.ty || self.poisoned.contains(&c.id)) {
                let message =
                    format!("the table has no column `{}:{}`", wanted.name.text, wanted.ty);
                return self.error(codes::WRONG_TYPE, span, message);
            }
        }
        Some(())
    }
}
