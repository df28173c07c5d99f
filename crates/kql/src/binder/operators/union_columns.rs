//! The columns of a `union`: by name, split by type, in order of first appearance.

use model::Type;

use super::super::Binder;
use super::super::expressions::{column_ref, text_literal};
use super::super::names::Names;
use super::union::Leg;
use crate::bound::{Column, ColumnId, Relation, RelationKind};
use crate::diagnostic::Span;
use crate::syntax::Name;

/// A name with its types in order of first appearance.
struct Group {
    name: String,
    types: Vec<Type>,
}

impl Binder<'_> {
    pub(super) fn united(
        &mut self,
        legs: Vec<Leg>,
        inner: bool,
        source: Option<&Name>,
        span: Span,
    ) -> Option<Relation> {
        let groups = groups(&legs, inner);
        let mut names = Names::default();
        let mut columns: Vec<Column> = Vec::new();
        if let Some(source) = source {
            let name = names.derived(Some(&source.text));
            columns.push(self.column(name, Type::String));
        }
        let mut wanted: Vec<(&str, Type)> = Vec::new();
        for group in &groups {
            for ty in &group.types {
                let name = match group.types.as_slice() {
                    [_] => names.derived(Some(&group.name)),
                    _ => names.derived(Some(&format!("{}_{ty}", group.name))),
                };
                columns.push(self.column(name, *ty));
                wanted.push((&group.name, *ty));
            }
        }
        self.spend(columns.len() * (legs.len() + 1), span)?;
        let first = usize::from(source.is_some());
        let mut inputs = Vec::with_capacity(legs.len());
        for (number, leg) in legs.into_iter().enumerate() {
            let mut sources: Vec<Option<ColumnId>> = wanted
                .iter()
                .map(|(name, ty)| {
                    let found = leg.relation.columns.iter().find(|c| c.name == *name);
                    found.filter(|c| c.ty == *ty).map(|c| c.id)
                })
                .collect();
            for (column, id) in columns[first..].iter().zip(&sources) {
                if id.is_some_and(|id| self.poisoned.contains(&id)) {
                    self.poisoned.insert(column.id);
                }
            }
            let relation = match source {
                None => leg.relation,
                Some(_) => {
                    let (relation, id) = self.with_source(leg, number, span)?;
                    sources.insert(0, Some(id));
                    relation
                }
            };
            inputs.push((relation, sources));
        }
        Some(Relation { kind: RelationKind::Union { inputs }, columns, span })
    }

    /// The leg with a column holding its name.
    fn with_source(&mut self, leg: Leg, number: usize, span: Span) -> Option<(Relation, ColumnId)> {
        let text = leg.name.unwrap_or_else(|| format!("union_arg{number}"));
        let columns = leg.relation.columns.iter();
        let mut list: Vec<_> = columns.map(|c| (c.name.clone(), column_ref(c, span))).collect();
        list.push(("$source".to_owned(), text_literal(&text, span)));
        let relation = self.projection(leg.relation, list, span)?;
        let id = relation.columns.last()?.id;
        Some((relation, id))
    }
}

fn groups(legs: &[Leg], inner: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for column in legs.iter().flat_map(|leg| &leg.relation.columns) {
        // By name alone: a name with several types splits in either kind.
        let in_all =
            || legs.iter().all(|leg| leg.relation.columns.iter().any(|c| c.name == column.name));
        if inner && !in_all() {
            continue;
        }
        match groups.iter_mut().find(|group| group.name == column.name) {
            Some(group) if group.types.contains(&column.ty) => {}
            Some(group) => group.types.push(column.ty),
            None => groups.push(Group { name: column.name.clone(), types: vec![column.ty] }),
        }
    }
    groups
}
