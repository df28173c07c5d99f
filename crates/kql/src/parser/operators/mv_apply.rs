//! `mv-apply x = a to typeof(long) limit 5 on (top 1 by x)`.

use super::super::Parser;
use crate::syntax::OperatorKind;

impl Parser<'_> {
    pub(super) fn mv_apply_operator(&mut self) -> OperatorKind {
        let expand = self.expansion(false, &["kind", "bagexpansion", "with_itemindex"]);
        let mut below = self.height;
        // `id guid(…)` only tells steps of the vendor's own rewriting apart.
        if self.eat_word("id") {
            self.scalar();
        }
        self.expect_word("on");
        let subquery = Box::new(self.sub_pipeline());
        below = below.max(self.height);
        self.height = below;
        OperatorKind::MvApply { expand, subquery }
    }
}
