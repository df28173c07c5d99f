//! `partition hint.strategy=native by a (top 1 by x)`, `partition by a { T | where b == a }`.

use super::super::Parser;
use crate::codes;
use crate::syntax::{Name, OperatorKind};

impl Parser<'_> {
    pub(super) fn partition_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&[]);
        self.expect_word("by");
        let by = self.name("a column's name");
        self.computed_key(&by);
        let subquery = match self.at_symbol("{") {
            true => self.braced_pipeline(),
            false => self.sub_pipeline(),
        };
        OperatorKind::Partition { parameters, by, subquery: Box::new(subquery) }
    }

    /// `bin(x, 1) (…)`: a computed key, reported and passed over.
    fn computed_key(&mut self, name: &Name) {
        let place = self.at;
        if !self.eat("(") {
            return;
        }
        self.skip(&[]);
        if !self.eat(")") || !self.at_symbol("(") {
            self.at = place;
            return;
        }
        let span = self.since(name.span);
        let message = format!("`partition by` takes a column, not `{}`", self.slice(span));
        let help = "make the column first: `| extend key = … | partition by key (…)`".to_owned();
        self.report_help(codes::EXPECTED, span, message, Some(help));
    }
}
