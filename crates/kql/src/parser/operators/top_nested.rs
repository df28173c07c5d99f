//! `top-nested 3 of a with others = "rest" by sum(x) desc, top-nested of b by count()`.

use super::super::Parser;
use crate::syntax::{OperatorKind, TopNested};

impl Parser<'_> {
    pub(super) fn top_nested_operator(&mut self) -> OperatorKind {
        let mut levels = vec![self.top_nested_level()];
        let mut below = self.height;
        while self.eat(",") {
            if !(self.expect_word("top") && self.expect("-") && self.expect_word("nested")) {
                break;
            }
            levels.push(self.top_nested_level());
            below = below.max(self.height);
        }
        self.height = below;
        OperatorKind::TopNested(levels)
    }

    fn top_nested_level(&mut self) -> TopNested {
        let mut below = 1;
        let count = (!self.at_word("of")).then(|| self.scalar());
        if count.is_some() {
            below = self.height;
        }
        self.expect_word("of");
        let of = self.named();
        below = below.max(self.height);
        let mut others = None;
        if self.eat_word("with") {
            self.expect_word("others");
            self.expect("=");
            others = Some(self.scalar());
            below = below.max(self.height);
        }
        self.expect_word("by");
        let by = self.named();
        below = below.max(self.height);
        let descending = self.direction();
        let nulls_first = if self.eat_word("nulls") { self.nulls() } else { None };
        self.height = below;
        TopNested { count, of, others, by, descending, nulls_first }
    }
}
