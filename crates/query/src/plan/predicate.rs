//! Bound expressions in a predicate position, where null and false mean the same.
//!
//! There a property compared with a text that is not empty needs no `''` for a missing key: the
//! bare column stays, and the filter prunes row groups and extents.

use datafusion::logical_expr::Expr as Physical;
use kql::bound::{Expr, ExprKind, Literal};
use model::Type;

use super::{Planner, column};
use crate::error::Error;
use crate::functions;
use crate::functions::any_search;

/// Functions of a text that never accept `''` when their other arguments are not empty.
const REFUSE_EMPTY: [&str; 18] = [
    "==",
    "=~",
    "in",
    "in~",
    "has",
    "has_cs",
    "hasprefix",
    "hasprefix_cs",
    "hassuffix",
    "hassuffix_cs",
    "contains",
    "contains_cs",
    "startswith",
    "startswith_cs",
    "endswith",
    "endswith_cs",
    "has_any",
    "has_all",
];

impl Planner<'_> {
    /// An expression that only decides whether a row is kept.
    pub(super) fn condition(&self, expr: &Expr) -> Result<Physical, Error> {
        let ExprKind::Call { function, args } = &expr.kind else { return self.value(expr) };
        if expr.ty != Type::Bool {
            return self.value(expr);
        }
        if *function == "or"
            && let Some(search) = self.search(expr)?
        {
            return Ok(search);
        }
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let physical: Result<Vec<Physical>, Error> = match *function {
            "and" | "or" => args.iter().map(|arg| self.condition(arg)).collect(),
            name if REFUSE_EMPTY.contains(&name) && all_filled(args) => {
                args.iter().map(|arg| self.bare_text(arg)).collect()
            }
            _ if args.len() == 1 => return self.value(expr),
            _ => args.iter().map(|arg| self.value(arg)).collect(),
        };
        functions::predicate(function, physical?, &types).map_err(|error| error.at(args))
    }

    /// One text looked for in several places (`* has "word"`) as one search.
    fn search(&self, expr: &Expr) -> Result<Option<Physical>, Error> {
        let mut tests = Vec::new();
        each_test(expr, &mut tests);
        let mut texts = Vec::with_capacity(tests.len());
        let mut wanted = None;
        for test in tests {
            let ExprKind::Call { function, args } = &test.kind else { return Ok(None) };
            let [text, needle] = args.as_slice() else { return Ok(None) };
            let ExprKind::Literal(Literal::String { value, .. }) = &needle.kind else {
                return Ok(None);
            };
            let this = (*function, value.as_str());
            if !any_search::is_known(function)
                || text.ty != Type::String
                || value.is_empty()
                || *wanted.get_or_insert(this) != this
            {
                return Ok(None);
            }
            texts.push(self.bare_text(text)?);
        }
        Ok(wanted.and_then(|(name, needle)| any_search::any(name, needle, texts)))
    }

    /// The value, or for the text of a property its raw column.
    fn bare_text(&self, expr: &Expr) -> Result<Physical, Error> {
        if let ExprKind::Call { function: "tostring", args } = &expr.kind
            && let [arg] = args.as_slice()
            && let Some((name, Type::String)) = self.needs.property(arg)
        {
            return Ok(column(&name));
        }
        self.value(expr)
    }
}

/// The conditions of which one has to hold.
fn each_test<'e>(expr: &'e Expr, tests: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Call { function: "or", args } => {
            args.iter().for_each(|arg| each_test(arg, tests));
        }
        _ => tests.push(expr),
    }
}

/// Whether a value is compared with texts that are not empty.
fn all_filled(args: &[Expr]) -> bool {
    let filled = |expr: &Expr| match &expr.kind {
        ExprKind::Literal(Literal::String { value, .. }) => !value.is_empty(),
        _ => false,
    };
    args.len() > 1 && args[1..].iter().all(filled)
}
