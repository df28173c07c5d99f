//! Operators between expressions: precedence, spelling, and trees of long chains.

use super::Parser;
use crate::diagnostic::Span;
use crate::lexer::TokenKind;
use crate::syntax::{BinaryOp, Expr, ExprKind, InOp};

/// An operator between two expressions, as found in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Infix {
    Binary(BinaryOp),
    In(InOp),
    Between { negated: bool },
}

/// Binding strength, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Text,
    /// Not an operator.
    Operand,
}

impl Infix {
    pub(super) fn strength(self) -> Strength {
        match self {
            Infix::Binary(op) => strength(op),
            Infix::In(_) | Infix::Between { .. } => Strength::Equality,
        }
    }
}

fn strength(op: BinaryOp) -> Strength {
    match op {
        BinaryOp::Or => Strength::Or,
        BinaryOp::And => Strength::And,
        BinaryOp::Equal | BinaryOp::NotEqual => Strength::Equality,
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
            Strength::Relation
        }
        BinaryOp::Add | BinaryOp::Subtract => Strength::Sum,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => Strength::Product,
        _ => Strength::Text,
    }
}

/// Spellings of all operators of two operands; the first of an operator is the one printed.
pub(crate) const BINARY: &[(&str, BinaryOp)] = &[
    ("or", BinaryOp::Or),
    ("and", BinaryOp::And),
    ("==", BinaryOp::Equal),
    ("!=", BinaryOp::NotEqual),
    ("<>", BinaryOp::NotEqual),
    ("<", BinaryOp::Less),
    ("<=", BinaryOp::LessEqual),
    (">", BinaryOp::Greater),
    (">=", BinaryOp::GreaterEqual),
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Subtract),
    ("*", BinaryOp::Multiply),
    ("/", BinaryOp::Divide),
    ("%", BinaryOp::Modulo),
    ("=~", BinaryOp::EqualTilde),
    ("!~", BinaryOp::NotEqualTilde),
    ("has", BinaryOp::Has),
    ("!has", BinaryOp::NotHas),
    ("has_cs", BinaryOp::HasCs),
    ("!has_cs", BinaryOp::NotHasCs),
    ("hasprefix", BinaryOp::HasPrefix),
    ("!hasprefix", BinaryOp::NotHasPrefix),
    ("hasprefix_cs", BinaryOp::HasPrefixCs),
    ("!hasprefix_cs", BinaryOp::NotHasPrefixCs),
    ("hassuffix", BinaryOp::HasSuffix),
    ("!hassuffix", BinaryOp::NotHasSuffix),
    ("hassuffix_cs", BinaryOp::HasSuffixCs),
    ("!hassuffix_cs", BinaryOp::NotHasSuffixCs),
    ("contains", BinaryOp::Contains),
    ("!contains", BinaryOp::NotContains),
    ("notcontains", BinaryOp::NotContains),
    ("contains_cs", BinaryOp::ContainsCs),
    ("containscs", BinaryOp::ContainsCs),
    ("!contains_cs", BinaryOp::NotContainsCs),
    ("notcontainscs", BinaryOp::NotContainsCs),
    ("startswith", BinaryOp::StartsWith),
    ("!startswith", BinaryOp::NotStartsWith),
    ("startswith_cs", BinaryOp::StartsWithCs),
    ("!startswith_cs", BinaryOp::NotStartsWithCs),
    ("endswith", BinaryOp::EndsWith),
    ("!endswith", BinaryOp::NotEndsWith),
    ("endswith_cs", BinaryOp::EndsWithCs),
    ("!endswith_cs", BinaryOp::NotEndsWithCs),
    ("matches regex", BinaryOp::MatchesRegex),
    (":", BinaryOp::Term),
];

/// Spellings of the operators with a list on the right.
pub(crate) const IN: &[(&str, InOp)] = &[
    ("in", InOp::In),
    ("!in", InOp::NotIn),
    ("in~", InOp::InTilde),
    ("!in~", InOp::NotInTilde),
    ("has_any", InOp::HasAny),
    ("has_all", InOp::HasAll),
];

/// One operand on the way, with what its tree looks like.
pub(super) struct Operand {
    pub(super) expr: Expr,
    pub(super) height: usize,
    /// Of its outermost operator.
    pub(super) strength: Strength,
}

/// Chains of `and` and `or` longer than this become balanced trees: a query with thousands of
/// alternatives then has a tree of a few levels, and both operators are associative.
const BALANCED_FROM: usize = 32;

/// An operator waiting for its right operand.
type Waiting = (BinaryOp, Span);

impl Parser<'_> {
    /// The infix operator at the present place, and how many tokens it has.
    pub(super) fn infix(&self, ahead: usize) -> Option<(Infix, usize)> {
        let token = self.token(ahead);
        let text = match token.kind {
            TokenKind::Symbol(symbol) => symbol,
            TokenKind::Name => self.slice(token.span),
            _ => return None,
        };
        if matches!(text, "(" | ")" | "[" | "]" | "{" | "}" | "," | ";" | "|" | "." | "=")
            || (text == ":" && !self.terms)
        {
            return None;
        }
        if text == "&&" {
            return Some((Infix::Binary(BinaryOp::And), 1));
        }
        if text == "matches" && self.word(ahead + 1) == Some("regex") {
            return Some((Infix::Binary(BinaryOp::MatchesRegex), 2));
        }
        if text == "between" || text == "!between" {
            return Some((Infix::Between { negated: text.starts_with('!') }, 1));
        }
        let binary =
            BINARY.iter().find(|(name, _)| *name == text).map(|(_, op)| Infix::Binary(*op));
        let found = binary
            .or_else(|| IN.iter().find(|(name, _)| *name == text).map(|(_, op)| Infix::In(*op)));
        found.map(|infix| (infix, 1))
    }

    /// Joins the operands of waiting operators at least as strong as `limit`.
    ///
    /// `and` and `or` wait for the whole chain, so that it can be balanced; when one of them
    /// arrives again, only stronger operators are joined.
    pub(super) fn reduce(
        &mut self,
        operands: &mut Vec<Operand>,
        waiting: &mut Vec<Waiting>,
        limit: Strength,
    ) {
        while let Some(&(op, _)) = waiting.last() {
            let strength = strength(op);
            if strength < limit {
                return;
            }
            let chained = matches!(op, BinaryOp::And | BinaryOp::Or);
            let same = waiting.iter().rev().take_while(|(other, _)| chained && *other == op);
            let ops = waiting.split_off(waiting.len() - same.count().max(1));
            let parts = operands.split_off(operands.len().saturating_sub(ops.len() + 1));
            let joined = if ops.len() >= BALANCED_FROM {
                balanced(parts, &ops)
            } else {
                self.left_deep(parts, &ops)
            };
            operands.extend(joined.map(|operand| Operand { strength, ..operand }));
        }
    }

    fn left_deep(&mut self, parts: Vec<Operand>, ops: &[Waiting]) -> Option<Operand> {
        let mut parts = parts.into_iter();
        let mut left = parts.next()?;
        for (right, &(op, op_span)) in parts.zip(ops) {
            let below = left.height.max(right.height);
            let span = left.expr.span.to(right.expr.span);
            let fits = self.raise(below, op_span);
            left = if fits { join(left, right, op, op_span) } else { right };
            left.expr.span = span;
        }
        Some(left)
    }
}

fn join(left: Operand, right: Operand, op: BinaryOp, op_span: Span) -> Operand {
    let height = left.height.max(right.height) + 1;
    let span = left.expr.span.to(right.expr.span);
    let (left, right) = (Box::new(left.expr), Box::new(right.expr));
    let kind = ExprKind::Binary { op, op_span, left, right };
    Operand { expr: Expr { kind, span }, height, strength: strength(op) }
}

/// Joins neighbours pairwise until one is left.
fn balanced(mut parts: Vec<Operand>, ops: &[Waiting]) -> Option<Operand> {
    let mut ops: Vec<Waiting> = ops.to_vec();
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut between = Vec::with_capacity(ops.len() / 2);
        let mut rest = parts.into_iter();
        let mut ops_left = ops.into_iter();
        while let Some(left) = rest.next() {
            match (rest.next(), ops_left.next()) {
                (Some(right), Some((op, span))) => joined.push(join(left, right, op, span)),
                _ => joined.push(left),
            }
            between.extend(ops_left.next());
        }
        parts = joined;
        ops = between;
    }
    parts.pop()
}
