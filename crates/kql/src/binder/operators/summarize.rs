//! `summarize`: keys first, then aggregates; scalar expressions around aggregates become a
//! projection above (spec kql.md §6, §7).

use super::super::Binder;
use super::super::aggregates::{Aggregating, Item};
use super::super::expressions::column_ref;
use super::super::names::Names;
use crate::bound::{Aggregate, Column, ColumnId, Expr, ExprKind, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::NamedExpr;

impl Binder<'_> {
    pub(super) fn summarize(
        &mut self,
        input: Relation,
        aggregates: &[NamedExpr],
        keys: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        if aggregates.is_empty() && keys.is_empty() {
            let message = "`summarize` needs an aggregate or `by`";
            return self.error(codes::NOT_ALLOWED, span, message);
        }
        let mut names = self.names();
        let keys = self.keys(&input.columns, keys, &mut names, "`summarize … by`")?;
        let saved = self.aggregating.replace(Aggregating::default());
        let sources = keys.iter().filter_map(|(_, key)| match key.kind {
            ExprKind::Column(id) => Some(id),
            _ => None,
        });
        let sources: Vec<ColumnId> = sources.collect();
        let mut items: Vec<Item> = Vec::new();
        for item in aggregates {
            items.extend(self.summarize_item(item, &input.columns, &sources, &mut names));
        }
        let found = std::mem::replace(&mut self.aggregating, saved);
        let found = found.map(|state| state.found).unwrap_or_default();
        self.spend(items.len() + found.len(), span)?;
        self.assemble(input, keys, items, found, span)
    }

    /// The keys of `by` and `distinct`: columns with their expressions over the input.
    pub(super) fn keys(
        &mut self,
        input: &[Column],
        keys: &[NamedExpr],
        names: &mut Names,
        place: &str,
    ) -> Option<Vec<(Column, Expr)>> {
        let mut bound = Vec::with_capacity(keys.len());
        for key in keys {
            let value = self.scalar(&key.value, input);
            let name = self.item_name(key, input, names)?;
            let value = value.and_then(|v| self.refuse_dynamic(&v, place).map(|()| v));
            let wrong = value.is_none();
            let value = value.unwrap_or_else(|| self.poisoned_expr(key.value.span));
            let column = self.column(name, value.ty);
            if wrong {
                self.poisoned.insert(column.id);
            }
            bound.push((column, value));
        }
        Some(bound)
    }

    /// The grouped relation, and above it what is computed from its aggregates.
    pub(super) fn assemble(
        &mut self,
        input: Relation,
        keys: Vec<(Column, Expr)>,
        items: Vec<Item>,
        aggregates: Vec<Aggregate>,
        span: Span,
    ) -> Option<Relation> {
        let outputs: Vec<_> = aggregates.iter().flat_map(|a| a.outputs.iter().copied()).collect();
        let plain = items.len() == outputs.len()
            && items.iter().zip(&outputs).all(|((_, value), (id, _))| {
                matches!(value, Some(Expr { kind: ExprKind::Column(column), .. }) if column == id)
            });
        let mut columns: Vec<Column> = keys.iter().map(|(column, _)| column.clone()).collect();
        for (i, (id, ty)) in outputs.iter().enumerate() {
            let name = match plain {
                true => items[i].0.clone(),
                false => format!("aggregate_{i}"),
            };
            columns.push(Column { id: *id, name, ty: *ty });
        }
        let key_columns: Vec<Column> = keys.iter().map(|(column, _)| column.clone()).collect();
        let keys = keys.into_iter().map(|(column, value)| (column.id, value)).collect();
        let input = self.windowed(input);
        let kind = RelationKind::Summarize { input: Box::new(input), keys, aggregates };
        let summarized = Relation { kind, columns, span };
        if plain {
            return Some(summarized);
        }
        let kept = key_columns.iter().map(|c| (c.name.clone(), Some(column_ref(c, span))));
        self.projection_of(summarized, kept.chain(items).collect(), span)
    }
}
