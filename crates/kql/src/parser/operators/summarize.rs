//! `summarize aggregates by keys`.

use super::super::Parser;
use crate::codes;
use crate::syntax::{NamedExpr, OperatorKind};

impl Parser<'_> {
    pub(super) fn summarize_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&[]);
        let mut aggregates = Vec::new();
        let mut below = 1;
        if !self.at_by() && (self.starts_expression(0) || !self.at_clause_end()) {
            aggregates = self.aggregates();
            below = self.height;
        }
        let mut keys = Vec::new();
        if self.at_by() {
            self.bump();
            keys = self.named_list();
        } else if aggregates.is_empty() {
            self.expected_help("an aggregate or `by`", Some("for example `summarize count()`"));
        }
        self.height = self.height.max(below);
        OperatorKind::Summarize { parameters, aggregates, keys }
    }

    /// The items before `by`; a comma in front of `by` is reported.
    fn aggregates(&mut self) -> Vec<NamedExpr> {
        let mut items = Vec::new();
        let mut height = 0;
        loop {
            items.push(self.named());
            height = height.max(self.height);
            let comma = self.span();
            if !self.eat(",") || self.ends_behind(comma) {
                break;
            }
            if self.at_by() && self.starts_expression(1) {
                let help = "no comma stands in front of `by`";
                self.repair(codes::UNEXPECTED, comma, "unexpected `,` before `by`", help);
                break;
            }
        }
        self.height = height;
        items
    }

    /// The word `by`, unless a column of that name is made.
    fn at_by(&self) -> bool {
        self.at_word("by") && self.symbol(1) != Some("=")
    }

    fn at_clause_end(&self) -> bool {
        self.at_end() || matches!(self.symbol(0), Some("|" | ";" | ")"))
    }
}
