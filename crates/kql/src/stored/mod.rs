//! Stored functions: functions of `let` that every query can call.
//!
//! The text of one is what a person would paste before a query, `let Name = (…) { … };`, under
//! comments that say what it is. It is read once and bound anew at every call, and sees tables and
//! other stored functions, never the names of the query that calls it (spec kql.md §12).

mod built_in;

use std::sync::Arc;

pub use built_in::{TEXTS, built_in, columns};

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::parser;
use crate::syntax::{Expr, ExprKind, OperatorKind, Parameter, ParameterType, Statement};
use crate::syntax::{Query, StatementKind};

/// A function that every query can call.
#[derive(Debug)]
pub struct StoredFunction {
    pub name: String,
    /// The comments above it, without their slashes; the first paragraph says what it is.
    pub doc: String,
    /// The whole text.
    pub text: String,
    /// Where in the text its parameters stand, brackets included, and its body, braces included.
    parameters_at: Span,
    body_at: Span,
    /// Whether it yields a table: its last expression has an operator, or is a table of its own.
    pub(crate) tabular: bool,
    pub(crate) parameters: Arc<[Parameter]>,
    pub(crate) body: Arc<[Statement]>,
}

impl StoredFunction {
    /// Reads a text that is one `let` function and nothing else.
    ///
    /// # Errors
    /// What is wrong with the text, with places in it.
    pub fn read(text: &str) -> Result<StoredFunction, Vec<Diagnostic>> {
        let parsed = parser::parse(text);
        if !parsed.diagnostics.is_empty() {
            return Err(parsed.diagnostics);
        }
        let wrong = |span, message: &str| {
            Err(vec![
                Diagnostic::new(codes::NOT_ALLOWED, span, message)
                    .help("a stored function is one `let Name = (parameters) { body };`"),
            ])
        };
        let Query { statements } = parsed.query;
        let whole = Span::new(0, text.len());
        let Ok([statement]) = <[Statement; 1]>::try_from(statements) else {
            return wrong(whole, "one statement is expected");
        };
        let StatementKind::Let { name, value: Expr { kind, span } } = statement.kind else {
            return wrong(statement.span, "a `let` is expected");
        };
        let ExprKind::Lambda { parameters, body, .. } = kind else {
            return wrong(span, "the value of the `let` is no function");
        };
        let Some((last, lets)) = body.split_last() else {
            return wrong(span, "the function yields nothing");
        };
        let StatementKind::Expression(result) = &last.kind else {
            return wrong(last.span, "the function yields nothing");
        };
        let is_let = |statement: &Statement| matches!(statement.kind, StatementKind::Let { .. });
        if let Some(other) = lets.iter().find(|statement| !is_let(statement)) {
            return wrong(other.span, "only `let` and, at the end, one expression can stand here");
        }
        let is_twice = |(i, parameter): (usize, &Parameter)| {
            parameters.iter().take(i).any(|earlier| earlier.name.text == parameter.name.text)
        };
        if parameters.iter().enumerate().any(is_twice) {
            return wrong(span, "a parameter is named twice");
        }
        // The parameters end before the brace that the first of the body's statements stands in.
        let starts = lets.first().map_or(last.span.start, |first| first.span.start);
        let open = text.get(span.start..starts).and_then(|head| head.rfind('{'));
        let open = span.start + open.unwrap_or(0);
        Ok(StoredFunction {
            name: name.text,
            doc: comments(text.get(..statement.span.start).unwrap_or("")),
            text: text.to_owned(),
            parameters_at: Span::new(span.start, open),
            body_at: Span::new(open, span.end),
            tabular: yields_table(result, &parameters, lets),
            parameters: parameters.into(),
            body: body.into(),
        })
    }

    /// Its parameters as written, in brackets.
    pub fn parameters(&self) -> &str {
        self.slice(self.parameters_at)
    }

    /// Its parameters one by one.
    pub fn takes(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The default of a parameter as written.
    pub fn default_of(&self, parameter: &Parameter) -> Option<&str> {
        parameter.default.as_ref().map(|value| self.slice(value.span))
    }

    /// Its body as written, in braces.
    pub fn body(&self) -> &str {
        self.slice(self.body_at)
    }

    /// The first paragraph of its comments, on one line.
    pub fn summary(&self) -> String {
        let first = self.doc.split("\n\n").next().unwrap_or("");
        first.lines().collect::<Vec<_>>().join(" ")
    }

    /// Whether it can be called without arguments, and so named like a table.
    pub fn needs_nothing(&self) -> bool {
        self.parameters.iter().all(|parameter| parameter.default.is_some())
    }

    fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("").trim()
    }
}

/// The comments at the start of a text, without slashes.
fn comments(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.trim().strip_prefix("//"));
    lines.map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Whether an expression at the end of a function is a table, as far as its text says: a name or
/// call alone is a table only when it is a parameter or `let` that is one.
fn yields_table(result: &Expr, parameters: &[Parameter], lets: &[Statement]) -> bool {
    match &result.kind {
        ExprKind::Parenthesized(inner) => yields_table(inner, parameters, lets),
        ExprKind::Datatable { .. } => true,
        ExprKind::Pipeline(pipeline) => match (&pipeline.source, pipeline.operators.first()) {
            (Some(source), None) => yields_table(source, parameters, lets),
            (_, Some(first)) => !matches!(first.kind, OperatorKind::Unknown(_)),
            (None, None) => false,
        },
        ExprKind::Name(name) => {
            let of = |parameter: &Parameter| !matches!(parameter.ty, ParameterType::Scalar(_));
            let is_table = |(i, statement): (usize, &Statement)| match &statement.kind {
                StatementKind::Let { name: own, value } if own.text == name.text => {
                    yields_table(value, parameters, lets.get(..i).unwrap_or(&[]))
                }
                _ => false,
            };
            parameters.iter().any(|p| p.name.text == name.text && of(p))
                || lets.iter().enumerate().any(is_table)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        let text = "// What it is,\n// in short.\n//\n// More.\nlet F = (a: long = 5, s: string = \
                    '{') {\n  let T = requests | take a;\n  T\n};\n";
        let function = StoredFunction::read(text).unwrap();
        assert_eq!(function.name, "F");
        assert_eq!(function.summary(), "What it is, in short.");
        assert_eq!(function.doc, "What it is,\nin short.\n\nMore.");
        assert_eq!(function.parameters(), "(a: long = 5, s: string = '{')");
        assert_eq!(function.body(), "{\n  let T = requests | take a;\n  T\n}");
        assert!(function.tabular && function.needs_nothing());
    }

    #[test]
    fn tables_and_values_are_told_apart() {
        for (text, wanted) in [
            ("let F = (x: long) { x + 1 };", false),
            ("let F = (T: (*)) { T };", true),
            ("let F = () { datatable (a: long) [1] };", true),
            ("let F = () { range x from 1 to 2 step 1 };", true),
            ("let F = () { let a = 1; a };", false),
            ("let F = () { toscalar(requests | count) };", false),
        ] {
            assert_eq!(StoredFunction::read(text).unwrap().tabular, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_function_is_refused() {
        for (text, wanted) in [
            ("requests", "a `let` is expected"),
            ("let x = 5;", "the value of the `let` is no function"),
            ("let F = () { };", "the function yields nothing"),
            ("let F = () { let a = 1; };", "the function yields nothing"),
            ("let F = () { requests; requests };", "only `let` and, at the end, one expression"),
            ("let F = (a: long, a: long) { a };", "a parameter is named twice"),
            ("let F = () { 1 }; F()", "one statement is expected"),
            ("let F = ", "expected"),
        ] {
            let findings = StoredFunction::read(text).unwrap_err();
            assert!(findings[0].message.starts_with(wanted), "{text}: {}", findings[0].message);
        }
    }
}
