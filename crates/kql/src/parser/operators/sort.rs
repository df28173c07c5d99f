//! Sort keys: `sort by`, `order by`, `top … by`.

use super::super::Parser;
use crate::syntax::{OperatorKind, SortKey};

impl Parser<'_> {
    pub(super) fn sort_operator(&mut self) -> OperatorKind {
        self.hints();
        self.expect_word("by");
        OperatorKind::Sort(self.list(Self::sort_key))
    }

    pub(super) fn top_operator(&mut self) -> OperatorKind {
        self.hints();
        let count = self.scalar();
        let below = self.height;
        self.expect_word("by");
        let key = self.sort_key();
        self.height = self.height.max(below);
        OperatorKind::Top { count, key }
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
            _ => return None,
        }
        Some(false)
    }

    fn nulls(&mut self) -> Option<bool> {
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
