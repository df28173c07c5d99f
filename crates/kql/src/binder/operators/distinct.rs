//! `distinct`: the different combinations of some columns, or of all with `*`.

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::scope::unwrap;
use crate::bound::{Column, Expr, Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::{ExprKind, NamedExpr};

impl Binder<'_> {
    pub(super) fn distinct(
        &mut self,
        input: Relation,
        items: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        let is_star = |item: &NamedExpr| match &unwrap(&item.value).kind {
            ExprKind::Wildcard(pattern) => pattern == "*",
            _ => false,
        };
        let all = items.iter().any(is_star);
        let keys: Vec<(Column, Expr)> = match all {
            true => {
                let mut keys = Vec::with_capacity(input.columns.len());
                for column in &input.columns {
                    let value = column_ref(column, span);
                    if !self.poisoned.contains(&column.id) {
                        self.refuse_dynamic_column(column, span)?;
                    }
                    keys.push((self.column(column.name.clone(), column.ty), value));
                }
                keys
            }
            false => {
                let mut names = self.names();
                self.keys(&input.columns, items, &mut names, "`distinct`")?
            }
        };
        self.spend(keys.len(), span)?;
        let columns = keys.iter().map(|(column, _)| column.clone()).collect();
        let keys = keys.into_iter().map(|(column, value)| (column.id, value)).collect();
        let input = self.windowed(input);
        let kind = RelationKind::Summarize { input: Box::new(input), keys, aggregates: Vec::new() };
        Some(Relation { kind, columns, span })
    }

    fn refuse_dynamic_column(&mut self, column: &Column, span: Span) -> Option<()> {
        if column.ty != model::Type::Dynamic {
            return Some(());
        }
        let message = format!("the dynamic column `{}` is not allowed in `distinct`", column.name);
        self.report(
            crate::diagnostic::Diagnostic::new(crate::codes::WRONG_TYPE, span, message)
                .help(format!("leave it out first: `project-away {}`", column.name)),
        )
    }
}
