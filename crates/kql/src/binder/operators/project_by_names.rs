//! `project-by-names`: columns by names and patterns that are values; unknown names are passed
//! over.

use super::super::Binder;
use super::super::operations::as_literal;
use super::super::scope::unwrap;
use super::project_away::wildcard;
use crate::bound::{Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::lexer::{TokenKind, lex};
use crate::syntax::{Expr, ExprKind};

impl Binder<'_> {
    pub(super) fn project_by_names(
        &mut self,
        input: Relation,
        names: &[Expr],
        span: Span,
    ) -> Option<Relation> {
        let mut order: Vec<usize> = Vec::with_capacity(input.columns.len());
        for name in names {
            for pattern in self.listed_names(name)? {
                let columns = input.columns.iter().enumerate();
                let found = columns.filter(|(_, c)| wildcard(&pattern, &c.name)).map(|(i, _)| i);
                let new: Vec<usize> = found.filter(|i| !order.contains(i)).collect();
                order.extend(new);
            }
        }
        self.pick(input, &order, span)
    }

    /// The names a literal or `column_names_of(T)` lists.
    fn listed_names(&mut self, expr: &Expr) -> Option<Vec<String>> {
        if let ExprKind::Call { name, args } = &unwrap(expr).kind
            && name.text == "column_names_of"
            && let [table] = args.as_slice()
        {
            let table = self.subquery(&table.value)?;
            return Some(table.columns.into_iter().map(|column| column.name).collect());
        }
        let bound = self.scalar(expr, &[])?;
        let names = match as_literal(&bound) {
            Some(Literal::String { value, .. }) => Some(vec![value.clone()]),
            Some(Literal::Dynamic(json)) => texts(json),
            _ => None,
        };
        if names.is_some() {
            return names;
        }
        let message = "the names of columns must be literal texts here";
        self.report(
            Diagnostic::new(codes::CONSTANT_NEEDED, expr.span, message)
                .help("`\"name\"`, `\"pre*\"`, `dynamic([\"a\", \"b\"])` or `column_names_of(T)`"),
        )
    }
}

/// The elements of a JSON array of texts.
fn texts(json: &str) -> Option<Vec<String>> {
    let mut texts = Vec::new();
    for token in lex(json).tokens {
        match token.kind {
            TokenKind::String { value, .. } => texts.push(value),
            TokenKind::Symbol("[" | "]" | ",") | TokenKind::End => {}
            _ => return None,
        }
    }
    Some(texts)
}
