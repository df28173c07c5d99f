//! Sort keys: `sort by`, `order by`, `top … by`.

use super::super::Parser;
use crate::codes;
use crate::syntax::{OperatorKind, SortKey};

impl Parser<'_> {
    pub(super) fn sort_operator(&mut self) -> OperatorKind {
        self.hints();
        self.expect_by("order by timestamp desc");
        OperatorKind::Sort(self.list(Self::sort_key))
    }

    pub(super) fn top_operator(&mut self) -> OperatorKind {
        self.hints();
        let count = if self.at_word("by") && self.starts_expression(1) {
            self.expected_help("a number of rows", Some("for example `top 10 by duration`"));
            self.missing()
        } else {
            self.scalar()
        };
        let below = self.height;
        self.expect_by("top 10 by duration");
        let key = self.sort_key();
        self.height = self.height.max(below);
        OperatorKind::Top { count, key }
    }

    /// The word `by`; without it the key is read all the same.
    fn expect_by(&mut self, example: &str) {
        if self.eat_word("by") {
            return;
        }
        let message = format!("expected `by`, found {}", self.found());
        let help = format!("for example `{example}`");
        if self.starts_expression(0) {
            self.repair(codes::EXPECTED, self.span(), message, &help);
        } else {
            self.report_help(codes::EXPECTED, self.span(), message, Some(help));
        }
    }

    pub(super) fn sort_key(&mut self) -> SortKey {
        let value = self.scalar();
        let descending = self.direction();
        let nulls_first = if self.eat_word("nulls") { self.nulls() } else { None };
        SortKey { value, descending, nulls_first }
    }

    /// `asc` or `desc`, when one stands here.
    pub(super) fn direction(&mut self) -> Option<bool> {
        match self.word(0)? {
            "asc" => self.at += 1,
            "desc" => {
                self.at += 1;
                return Some(true);
            }
            word => return self.foreign_direction(&word.to_ascii_lowercase()),
        }
        Some(false)
    }

    /// `ascending`, `DESC`: read, and reported.
    fn foreign_direction(&mut self, lower: &str) -> Option<bool> {
        let (descending, help) = match lower {
            "asc" | "ascending" => (false, "ascending order is written `asc`"),
            "desc" | "descending" => (true, "descending order is written `desc`"),
            _ => return None,
        };
        let message = format!("unexpected {}", self.found());
        let span = self.bump();
        self.repair(codes::UNEXPECTED, span, message, help);
        Some(descending)
    }

    /// What stands behind `nulls`.
    pub(super) fn nulls(&mut self) -> Option<bool> {
        if self.eat_word("first") {
            Some(true)
        } else if self.eat_word("last") {
            Some(false)
        } else {
            self.expected("`first` or `last`");
            None
        }
    }
}
