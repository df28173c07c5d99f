//! Building relations: the few shapes operators are made of.

use model::Type;

use crate::bound::{Column, ColumnId, Expr, ExprKind, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::Name;

use super::Binder;
use super::COLUMNS_MAX;
use super::expressions::column_ref;

impl Binder<'_> {
    /// Columns with these names and expressions; a column passed on unchanged keeps its number.
    pub(super) fn projection(
        &mut self,
        input: Relation,
        items: Vec<(String, Expr)>,
        span: Span,
    ) -> Option<Relation> {
        if items.len() > COLUMNS_MAX {
            let message = format!("the table has more than {COLUMNS_MAX} columns");
            return self.error(codes::TOO_MANY_COLUMNS, span, message);
        }
        self.spend(items.len(), span)?;
        let input = self.windowed(input);
        let mut columns: Vec<Column> = Vec::with_capacity(items.len());
        let mut expressions = Vec::with_capacity(items.len());
        let mut kept: std::collections::HashSet<ColumnId> = std::collections::HashSet::new();
        for (name, expr) in items {
            let id = match expr.kind {
                ExprKind::Column(id)
                    if input.columns.iter().any(|c| c.id == id && c.name == name)
                        && kept.insert(id) =>
                {
                    id
                }
                _ => self.fresh_id(),
            };
            if let ExprKind::Column(source) = expr.kind
                && self.poisoned.contains(&source)
            {
                self.poisoned.insert(id);
            }
            columns.push(Column { id, name, ty: expr.ty });
            expressions.push((id, expr));
        }
        let kind = RelationKind::Project { input: Box::new(input), expressions };
        Some(Relation { kind, columns, span })
    }

    /// The columns at these positions of the input.
    pub(super) fn pick(
        &mut self,
        input: Relation,
        positions: &[usize],
        span: Span,
    ) -> Option<Relation> {
        let items = positions
            .iter()
            .map(|&i| (input.columns[i].name.clone(), column_ref(&input.columns[i], span)))
            .collect();
        self.projection(input, items, span)
    }

    /// Marks the column of a wrong expression.
    pub(super) fn poisoned_expr(&self, span: Span) -> Expr {
        let null = crate::bound::Literal::Null(Type::Dynamic);
        Expr { kind: ExprKind::Literal(null), ty: Type::Dynamic, span }
    }

    /// The input's column called `name`, or reported.
    pub(super) fn find_column(&mut self, columns: &[Column], name: &Name) -> Option<Column> {
        match columns.iter().find(|c| c.name == name.text) {
            Some(column) if self.poisoned.contains(&column.id) => None,
            Some(column) => Some(column.clone()),
            None => self.unknown_column(name, columns),
        }
    }

    /// Refuses a dynamic where values are compared for grouping or order (spec kql.md §3.10).
    pub(super) fn refuse_dynamic(&mut self, expr: &Expr, place: &str) -> Option<()> {
        if expr.ty != Type::Dynamic {
            return Some(());
        }
        let message = format!("a dynamic is not allowed in {place}");
        let text = self.text.get(expr.span.start..expr.span.end).unwrap_or("…");
        let text = if text.len() > 60 || text.contains('\n') { "…" } else { text };
        let help = format!("convert it, for example with `tostring({text})`");
        self.report(Diagnostic::new(codes::WRONG_TYPE, expr.span, message).help(help))
    }
}

pub(super) fn filter(input: Relation, predicate: Expr, span: Span) -> Relation {
    let columns = input.columns.clone();
    Relation { kind: RelationKind::Where { input: Box::new(input), predicate }, columns, span }
}
