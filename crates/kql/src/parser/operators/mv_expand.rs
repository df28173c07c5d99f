//! `mv-expand [kind=array] a, b = x to typeof(long) limit 5`.

use model::Type;

use super::super::Parser;
use crate::syntax::{ExprKind, MvExpand, NamedExpr, OperatorKind};

impl Parser<'_> {
    pub(super) fn mv_expand_operator(&mut self, old: bool) -> OperatorKind {
        OperatorKind::MvExpand(self.expansion(old, &["kind", "bagexpansion", "with_itemindex"]))
    }

    /// What `mv-expand` and `mv-apply` have in common.
    pub(super) fn expansion(&mut self, old: bool, parameters: &[&str]) -> MvExpand {
        let parameters = self.operator_parameters(parameters);
        let columns = self.list(Self::expanded_column);
        let mut height = self.height;
        let limit = self.eat_word("limit").then(|| self.scalar());
        height = height.max(self.height);
        self.height = height;
        MvExpand { old, parameters, columns, limit }
    }

    fn expanded_column(&mut self) -> (NamedExpr, Option<Type>) {
        let column = self.named();
        let height = self.height;
        if !self.eat_word("to") {
            return (column, None);
        }
        if !self.at_word("typeof") {
            self.expected("`typeof(…)`");
            return (column, None);
        }
        let of = self.type_of();
        self.height = height;
        let ty = match of.kind {
            ExprKind::TypeOf(columns) => columns.first().map(|column| column.ty),
            _ => None,
        };
        (column, ty)
    }
}
