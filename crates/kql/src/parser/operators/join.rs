//! `join` and `lookup`: kind, right side, keys.

use super::super::{Parser, foreign};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{BinaryOp, Expr, ExprKind, JoinKey, JoinKind, Name, OperatorKind};

/// Spellings of join kinds; the first of a kind is the one printed.
pub(crate) const KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("rightsemi", JoinKind::RightSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

/// What both operators have.
struct Parts {
    kind: Option<(JoinKind, Span)>,
    right: Box<Expr>,
    keys: Vec<JoinKey>,
}

impl Parser<'_> {
    pub(super) fn join_operator(&mut self) -> OperatorKind {
        let Parts { kind, right, keys } = self.join_parts();
        OperatorKind::Join { kind, right, keys }
    }

    pub(super) fn lookup_operator(&mut self) -> OperatorKind {
        let Parts { kind, right, keys } = self.join_parts();
        OperatorKind::Lookup { kind, right, keys }
    }

    fn join_parts(&mut self) -> Parts {
        let mut kind = None;
        for parameter in self.operator_parameters(&["kind", "isfuzzy"]) {
            if parameter.name.text == "kind" {
                kind = self.join_kind(&parameter.value).or(kind);
            }
        }
        let right = Box::new(self.scalar());
        let below = self.height;
        let keys = if self.eat_word("on") {
            let on = self.list(Self::scalar);
            on.into_iter().flat_map(|key| self.join_keys(key)).collect()
        } else {
            let help = "name the columns that must be equal, for example `on operation_Id`";
            self.expected_help("`on`", Some(help));
            Vec::new()
        };
        self.height = below;
        Parts { kind, right, keys }
    }

    fn join_kind(&mut self, value: &Expr) -> Option<(JoinKind, Span)> {
        let word = self.slice(value.span);
        if let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == word) {
            return Some((*kind, value.span));
        }
        let meant = foreign::join_kind(word).map(|kind| format!("did you mean `{kind}`?"));
        let help = meant
            .or_else(|| self.did_you_mean(word, KINDS.iter().map(|(name, _)| *name)))
            .or_else(|| {
                Some(
                    "kinds are `innerunique`, `inner`, `leftouter`, `rightouter`, `fullouter`, \
                  `leftsemi`, `rightsemi`, `leftanti`, `rightanti`"
                        .to_owned(),
                )
            });
        if !matches!(value.kind, ExprKind::Missing) {
            let message = format!("`{word}` is no kind of join");
            self.report_help(codes::BAD_JOIN, value.span, message, help);
        }
        None
    }

    /// The keys an expression behind `on` states: several when joined with `and`.
    fn join_keys(&mut self, on: Expr) -> Vec<JoinKey> {
        let mut keys = Vec::new();
        let mut waiting = vec![on];
        while let Some(Expr { kind, span }) = waiting.pop() {
            match kind {
                ExprKind::Binary { op: BinaryOp::And, left, right, .. } => {
                    waiting.push(*right);
                    waiting.push(*left);
                }
                ExprKind::Parenthesized(inner) => waiting.push(*inner),
                ExprKind::Name(name) => {
                    keys.push(JoinKey { left: name.clone(), right: name, span });
                }
                ExprKind::Binary { op: BinaryOp::Equal, left, right, .. } => {
                    match equal_sides(&left, &right) {
                        Some((left, right)) => keys.push(JoinKey { left, right, span }),
                        None => self.bad_equality(&left, &right, span),
                    }
                }
                ExprKind::Missing => {}
                _ => self.bad_key(span),
            }
        }
        keys
    }

    /// `on a == b`: the sides are missing.
    fn bad_equality(&mut self, left: &Expr, right: &Expr, span: Span) {
        let (ExprKind::Name(left), ExprKind::Name(right)) = (&left.kind, &right.kind) else {
            return self.bad_key(span);
        };
        let help = format!("write `on $left.{} == $right.{}`", left.text, right.text);
        let message = "the sides of the equality are not told apart";
        self.report_help(codes::BAD_JOIN, span, message, Some(help));
    }

    fn bad_key(&mut self, span: Span) {
        let help = "write `on a` or `on $left.a == $right.b`".to_owned();
        let message = "a join key is a column's name or the equality of one from each side";
        self.report_help(codes::BAD_JOIN, span, message, Some(help));
    }
}

/// `$left.a` and `$right.b`, in either order.
fn equal_sides(a: &Expr, b: &Expr) -> Option<(Name, Name)> {
    match (side(a)?, side(b)?) {
        (("$left", left), ("$right", right)) | (("$right", right), ("$left", left)) => {
            Some((left.clone(), right.clone()))
        }
        _ => None,
    }
}

fn side(expr: &Expr) -> Option<(&str, &Name)> {
    match &expr.kind {
        ExprKind::Member { base, name } => match &base.kind {
            ExprKind::Name(side) => Some((side.text.as_str(), name)),
            _ => None,
        },
        ExprKind::Parenthesized(inner) => side(inner),
        _ => None,
    }
}
