//! `mv-expand [kind=array] a, b = x to typeof(long) limit 5`.

use model::Type;

use super::super::Parser;
use crate::syntax::{ExprKind, MvExpand, NamedExpr, OperatorKind};

impl Parser<'_> {
    pub(super) fn mv_expand_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&["kind", "bagexpansion", "with_itemindex"]);
        let columns = self.list(Self::expanded_column);
        let mut height = self.height;
        let limit = self.eat_word("limit").then(|| self.scalar());
        height = height.max(self.height);
        self.height = height;
        OperatorKind::MvExpand(MvExpand { parameters, columns, limit })
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
