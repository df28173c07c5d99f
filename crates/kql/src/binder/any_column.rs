//! `* has "x"`: one comparison with every column it can be made with (spec kql.md §5).
//!
//! Texts are looked for in strings and, in their text form, dynamics; other values in columns of
//! their own kind.

use model::Type;

use crate::bound::{Column, Expr, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, BinaryOp, ExprKind};

use super::Binder;
use super::expressions::{call, column_ref, literal};
use super::operations::{Place, spelling};
use super::scope::unwrap;

/// Whether an operand stands for all columns.
pub(super) fn is_any_column(expr: &syntax::Expr) -> bool {
    matches!(&unwrap(expr).kind, ExprKind::Wildcard(pattern) if pattern == "*")
}

impl Binder<'_> {
    /// `* op right` over the columns of `row`.
    pub(super) fn any_column(
        &mut self,
        op: BinaryOp,
        place: Place,
        right: &syntax::Expr,
        row: &[Column],
    ) -> Option<Expr> {
        let name = spelling(op);
        let right = self.scalar(right, row)?;
        if !is_comparable(op) {
            let message = format!("`* {name}` is not defined");
            let mut finding = Diagnostic::new(codes::NOT_ALLOWED, place.whole, message);
            finding = finding.help(match name.strip_prefix('!') {
                Some(positive) => format!("write `not(* {} …)`", positive.replace('=', "==")),
                None => "`* has`, `* contains`, `* ==` and the like look at all columns".to_owned(),
            });
            return self.report(finding);
        }
        if self.aggregating.is_some() {
            let message = "`*` stands outside an aggregate";
            return self.error(codes::NOT_ALLOWED, place.whole, message);
        }
        let text = !matches!(op, BinaryOp::Equal);
        if text && right.ty != Type::String {
            let message = format!("`{name}` is not defined for {}", right.ty);
            return self.report(
                Diagnostic::new(codes::WRONG_TYPE, right.span, message)
                    .help("`tostring(…)` makes it a string"),
            );
        }
        self.spend(row.len() * 2, place.whole)?;
        let fits = |column: &&Column| match (column.ty, right.ty) {
            (Type::Dynamic, _) => true,
            (a, b) => a == b || (a.is_numeric() && b.is_numeric()),
        };
        let columns: Vec<&Column> =
            row.iter().filter(fits).filter(|column| !self.poisoned.contains(&column.id)).collect();
        let mut tests = Vec::with_capacity(columns.len());
        for column in columns {
            let left = column_ref(column, place.whole);
            tests.push(if text {
                let args = vec![self.as_text(left), right.clone()];
                call(name, args, Type::Bool, place.whole)
            } else {
                self.compare(name, left, right.clone(), place.whole, place.op)?
            });
        }
        Some(any(tests, place.whole))
    }
}

/// Comparisons that mean something with any column: those that find.
fn is_comparable(op: BinaryOp) -> bool {
    use BinaryOp as B;
    matches!(
        op,
        B::Equal
            | B::EqualTilde
            | B::Has
            | B::HasCs
            | B::HasPrefix
            | B::HasPrefixCs
            | B::HasSuffix
            | B::HasSuffixCs
            | B::Contains
            | B::ContainsCs
            | B::StartsWith
            | B::StartsWithCs
            | B::EndsWith
            | B::EndsWithCs
            | B::MatchesRegex
    )
}

/// Whether any test holds, as a tree of low height; without a test none does.
fn any(mut tests: Vec<Expr>, span: Span) -> Expr {
    while tests.len() > 1 {
        let mut joined = Vec::with_capacity(tests.len().div_ceil(2));
        let mut rest = tests.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => call("or", vec![left, right], Type::Bool, span),
                None => left,
            });
        }
        tests = joined;
    }
    tests.pop().unwrap_or_else(|| literal(Literal::Bool(false), span))
}
