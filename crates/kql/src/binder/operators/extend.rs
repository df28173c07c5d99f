//! `extend`: new columns at the end, existing ones replaced in place (spec kql.md §6).
//!
//! All expressions see the input's columns only.

use std::collections::HashMap;

use super::super::Binder;
use super::super::expressions::column_ref;
use super::super::names::Names;
use super::super::tuples::{OutputName, Rest};
use crate::bound::{Expr, ExprKind, Relation};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{self, NamedExpr};

impl Binder<'_> {
    pub(super) fn extend(
        &mut self,
        input: Relation,
        items: &[NamedExpr],
        span: Span,
    ) -> Option<Relation> {
        // Names of this `extend` alone: a taken input column is a replacement, not a clash.
        let mut own = self.names();
        let mut replaced: HashMap<String, Option<Expr>> = HashMap::new();
        let mut added: Vec<String> = Vec::new();
        let mut put = |name: String, value: Option<Expr>| {
            let column = input.columns.iter().find(|c| c.name == name);
            // A column that stays itself replaces nothing: `extend tostring(n), tolong(n)`.
            let itself = value.as_ref().zip(column).is_some_and(
                |(value, column)| matches!(value.kind, ExprKind::Column(id) if id == column.id),
            );
            if itself && replaced.contains_key(&name) {
                return;
            }
            if column.is_none() && !added.contains(&name) {
                added.push(name.clone());
            }
            replaced.insert(name, value);
        };
        for (number, item) in items.iter().enumerate() {
            if let Some(outputs) = self.several_outputs(item, &input.columns, Rest::Dropped) {
                for (name, value) in outputs {
                    put(self.output_name(name, &mut own)?, value);
                }
                continue;
            }
            let value = self.scalar(&item.value, &input.columns);
            if value.is_none() {
                self.made_here(&item.value, &items[..number]);
            }
            let name = match item.names.as_slice() {
                [] => match self.default_name(&item.value, &input.columns) {
                    Some(name) => own.replacing(&name, false).unwrap_or(name),
                    None => own.numbered(|name| input.columns.iter().any(|c| c.name == name)),
                },
                [name] => match own.replacing(&name.text, true) {
                    Some(name) => name,
                    None => return self.named_twice(name),
                },
                [_, second, ..] => {
                    let message = "the expression yields one column";
                    return self.error(codes::NOT_ALLOWED, second.span, message);
                }
            };
            put(name, value);
        }
        let mut list: Vec<(String, Option<Expr>)> = Vec::new();
        for column in &input.columns {
            let value = match replaced.remove(&column.name) {
                Some(value) => value,
                None => Some(column_ref(column, span)),
            };
            list.push((column.name.clone(), value));
        }
        for name in added {
            let value = replaced.remove(&name).flatten();
            list.push((name, value));
        }
        self.projection_of(input, list, span)
    }

    /// The name of a column of a call that yields several.
    pub(in super::super) fn output_name(
        &mut self,
        name: OutputName<'_>,
        names: &mut Names,
    ) -> Option<String> {
        match name {
            OutputName::Written(name) => match names.written(&name.text) {
                Some(taken) => Some(taken),
                None => self.named_twice(name),
            },
            OutputName::Derived(name) => Some(names.derived(Some(&name))),
        }
    }

    /// A name that the same `extend` makes is not known in it yet: says so.
    fn made_here(&mut self, value: &syntax::Expr, made: &[NamedExpr]) {
        let Some(finding) = self.diagnostics.last_mut() else { return };
        let place = finding.span;
        let within = value.span.start <= place.start && place.end <= value.span.end;
        let name = self.text.get(place.start..place.end).unwrap_or("");
        let is_made = made.iter().flat_map(|item| &item.names).any(|own| own.text == name);
        if within && finding.code == codes::UNKNOWN_NAME && is_made {
            let help = format!("`{name}` is made in the same step: add another `| extend`");
            finding.help = Some(help);
        }
    }

    /// A projection in which wrong expressions leave poisoned columns.
    pub(in super::super) fn projection_of(
        &mut self,
        input: Relation,
        items: Vec<(String, Option<Expr>)>,
        span: Span,
    ) -> Option<Relation> {
        let wrong: Vec<usize> = (0..items.len()).filter(|&i| items[i].1.is_none()).collect();
        let null = self.poisoned_expr(span);
        let items = items.into_iter().map(|(name, e)| (name, e.unwrap_or_else(|| null.clone())));
        let relation = self.projection(input, items.collect(), span)?;
        self.poisoned.extend(wrong.into_iter().map(|i| relation.columns[i].id));
        Some(relation)
    }
}
