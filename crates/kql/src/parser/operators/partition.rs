//! `partition hint.strategy=native by a (top 1 by x)`, `partition by a { T | where b == a }`.

use super::super::Parser;
use crate::syntax::OperatorKind;

impl Parser<'_> {
    pub(super) fn partition_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&[]);
        self.expect_word("by");
        let by = self.name("a column's name");
        let subquery = match self.at_symbol("{") {
            true => self.braced_pipeline(),
            false => self.sub_pipeline(),
        };
        OperatorKind::Partition { parameters, by, subquery: Box::new(subquery) }
    }
}
