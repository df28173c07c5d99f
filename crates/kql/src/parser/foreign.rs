//! Habits from other languages: read as what was meant, and reported with the KQL way to say it.
//!
//! Invariant: nothing here changes how a right query is read; every form stands where KQL allows
//! no token of that kind.

use super::Parser;
use super::chain::{BINARY, IN, Infix, Operand};
use super::operators::Known;
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Argument, BinaryOp, Expr, ExprKind, InOp, Name};

/// An operator between two expressions as another language spells it.
pub(super) struct Foreign {
    pub(super) infix: Infix,
    pub(super) tokens: usize,
    pub(super) help: String,
}

/// Negated spellings of what may follow `not`.
const NEGATED: &[(&str, Infix, &str)] = &[
    ("in", Infix::In(InOp::NotIn), "!in"),
    ("between", Infix::Between { negated: true }, "!between"),
    ("contains", Infix::Binary(BinaryOp::NotContains), "!contains"),
    ("has", Infix::Binary(BinaryOp::NotHas), "!has"),
    ("startswith", Infix::Binary(BinaryOp::NotStartsWith), "!startswith"),
    ("endswith", Infix::Binary(BinaryOp::NotEndsWith), "!endswith"),
    ("like", Infix::Binary(BinaryOp::NotContains), "!contains"),
];

impl Parser<'_> {
    /// The operator another language would have here, with what KQL writes instead.
    pub(super) fn foreign_infix(&self) -> Option<Foreign> {
        let equal = |tokens, help: &str| Foreign {
            infix: Infix::Binary(BinaryOp::Equal),
            tokens,
            help: help.to_owned(),
        };
        match self.symbol(0) {
            Some("=") if self.starts_expression(1) => {
                return Some(equal(1, "equality is written `==`"));
            }
            Some("|") if self.symbol(1) == Some("|") && self.touches(0) => {
                let piped = self.word(2).is_some_and(|word| Known::of(word).is_known());
                return (!piped && self.starts_expression(2)).then(|| Foreign {
                    infix: Infix::Binary(BinaryOp::Or),
                    tokens: 2,
                    help: "conditions are joined with `or`".to_owned(),
                });
            }
            _ => {}
        }
        let word = self.word(0)?;
        let lower = word.to_ascii_lowercase();
        if lower == "not" {
            let next = self.word(1)?.to_ascii_lowercase();
            let (_, infix, spelling) = NEGATED.iter().find(|(name, ..)| *name == next)?;
            let help = format!("write `{spelling}`");
            return Some(Foreign { infix: *infix, tokens: 2, help });
        }
        if !self.starts_expression(1) || (self.on_new_line() && !matches!(&*lower, "and" | "or")) {
            return None;
        }
        match lower.as_str() {
            "like" => {
                let help = "use `contains`, `startswith` or `matches regex`".to_owned();
                let infix = Infix::Binary(BinaryOp::Contains);
                return Some(Foreign { infix, tokens: 1, help });
            }
            "matches" if self.at_string(1) => {
                let help = "the operator is `matches regex`".to_owned();
                let infix = Infix::Binary(BinaryOp::MatchesRegex);
                return Some(Foreign { infix, tokens: 1, help });
            }
            "equals" | "eq" => return Some(equal(1, "equality is written `==`")),
            _ if lower == word => return None,
            _ => {}
        }
        let binary = BINARY.iter().find(|(name, _)| *name == lower);
        let infix = match binary {
            Some((_, op)) => Infix::Binary(*op),
            None if lower == "between" => Infix::Between { negated: false },
            None => Infix::In(IN.iter().find(|(name, _)| *name == lower)?.1),
        };
        let help = format!("operators are written in lower case: `{lower}`");
        Some(Foreign { infix, tokens: 1, help })
    }

    /// Whether a line begins with the present token.
    fn on_new_line(&self) -> bool {
        self.slice(Span::new(self.previous_end(), self.span().start)).contains('\n')
    }

    /// `x is null`, `x is not null`, `x is empty`: read as a call of the test.
    pub(super) fn foreign_test(&mut self, operands: &mut [Operand]) -> bool {
        let word = |parser: &Self, ahead| parser.word(ahead).map(str::to_ascii_lowercase);
        if word(self, 0).as_deref() != Some("is") {
            return false;
        }
        let negated = word(self, 1).as_deref() == Some("not");
        let tested = word(self, 1 + usize::from(negated));
        let function = match (tested.as_deref(), negated) {
            (Some("null"), false) => "isnull",
            (Some("null"), true) => "isnotnull",
            (Some("empty"), false) => "isempty",
            (Some("empty"), true) => "isnotempty",
            _ => return false,
        };
        let start = self.bump();
        self.at += 1 + usize::from(negated);
        let span = self.since(start);
        let message = format!("unexpected `{}`", self.slice(span));
        let help = "missing values are tested with `isnull(x)`, empty texts with `isempty(x)`";
        self.repair(codes::UNEXPECTED, span, message, help);
        if let Some(operand) = operands.last_mut() {
            let missing = Expr { kind: ExprKind::Missing, span };
            let value = std::mem::replace(&mut operand.expr, missing);
            let whole = value.span.to(span);
            let name = Name { text: function.to_owned(), span, quoted: false };
            let args = vec![Argument { name: None, value }];
            operand.expr = Expr { kind: ExprKind::Call { name, args }, span: whole };
        }
        true
    }

    /// `select …` at the start of a statement: reported and passed over.
    pub(super) fn foreign_statement(&mut self) -> bool {
        let Some(word) = self.word(0) else { return false };
        let is_sql = matches!(word.to_ascii_lowercase().as_str(), "select" | "from");
        let goes_on = self.word(1).is_some() || self.symbol(1) == Some("*");
        if !is_sql || !goes_on || self.infix(1).is_some_and(|_| self.symbol(1) != Some("*")) {
            return false;
        }
        let message = format!("`{word}` does not start a query");
        let help = "start with the table: `requests | where duration > 5 | project name`";
        let span = self.span();
        self.report_help(codes::UNEXPECTED, span, message, Some(help.to_owned()));
        self.skip(&[]);
        while self.eat("|") {
            self.skip(&[]);
        }
        true
    }
}

/// What does in KQL what an operator of another language does.
pub(super) fn operator(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "select" | "fields" | "table" | "columns" => "`project` chooses columns",
        "group" | "groupby" | "group_by" | "stats" | "aggregate" | "agg" => {
            "`summarize … by …` groups rows"
        }
        "having" => "`where` also filters behind `summarize`",
        "orderby" | "sortby" | "order_by" => "did you mean `order by`?",
        "map" | "eval" | "let" | "set" | "add" | "mutate" => "`extend` computes columns",
        "drop" | "remove" | "project-out" => "`project-away` drops columns",
        "rename" => "`project-rename new = old` renames columns",
        "dedup" | "unique" | "uniq" => "`distinct` keeps one of each",
        "head" | "first" => "`take` and `top` give the first rows",
        "tail" | "last" => "`top 10 by timestamp desc` gives the last rows",
        "skip" | "offset" => "rows cannot be skipped; `row_number()` behind `sort` numbers them",
        "explode" | "unnest" | "flatten" => "`mv-expand` makes rows of arrays",
        "rex" | "grok" | "regex" => "`parse` and `extract()` cut texts",
        "timechart" | "chart" | "piechart" | "barchart" => "`render timechart` draws",
        _ => return None,
    })
}

/// The kind of join another language calls so.
pub(super) fn join_kind(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "left" | "left_outer" => "leftouter",
        "right" | "right_outer" => "rightouter",
        "full" | "outer" | "full_outer" => "fullouter",
        "semi" => "leftsemi",
        _ => return None,
    })
}
