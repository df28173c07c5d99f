//! Which columns and which properties of bags a relation reads, worked out before planning.
//!
//! `customDimensions.k` on a stored bag is a [`Need::Property`]: a column of its own from the scan
//! up, so that a shredded key costs what a column costs and filters on it reach the files. Column
//! numbers are unique in a query, so one set serves the whole tree; a column named once too often
//! only costs a projection DataFusion removes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kql::bound::{Aggregate, ColumnId, Expr, ExprKind, PathStep, Relation, RelationKind, Step};
use model::{ColumnRole, Source, Type, ViewDef};

/// Something a relation must provide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Column(ColumnId),
    /// The raw value of a property: text or real, null where the bag lacks it.
    Property(ColumnId, String),
}

/// A needed column of some relation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub need: Need,
    /// Its name in plans.
    pub name: String,
    /// Of a column its KQL type, of a property `String` or `Real`.
    pub ty: Type,
}

/// What the whole tree needs.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Columns that are stored bags, however often projected, and the type of their values.
    bags: HashMap<ColumnId, Type>,
    names: HashMap<ColumnId, String>,
    needed: BTreeMap<ColumnId, Wanted>,
}

#[derive(Debug, Default)]
struct Wanted {
    whole: bool,
    keys: BTreeSet<String>,
}

impl Needs {
    /// The needs of a relation all of whose columns are read.
    pub fn of(relation: &Relation) -> Needs {
        let mut needs = Needs::default();
        needs.find_bags(relation);
        for column in &relation.columns {
            needs.add_column(column.id);
        }
        needs.descend(relation);
        needs
    }

    /// The name in plans of a column.
    pub fn name(&self, id: ColumnId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("#{}", id.0))
    }

    /// The needed columns and properties among the relation's columns, in the relation's order.
    pub fn items(&self, relation: &Relation) -> Vec<Item> {
        let mut items = Vec::new();
        for column in &relation.columns {
            let Some(wanted) = self.needed.get(&column.id) else { continue };
            let name = self.name(column.id);
            items.extend(wanted.keys.iter().map(|key| Item {
                need: Need::Property(column.id, key.clone()),
                name: property_name(&name, key),
                ty: self.bags.get(&column.id).copied().unwrap_or(Type::String),
            }));
            if wanted.whole {
                items.push(Item { need: Need::Column(column.id), name, ty: column.ty });
            }
        }
        items
    }

    /// The properties of `id` somebody reads.
    pub fn keys(&self, id: ColumnId) -> Vec<String> {
        self.needed.get(&id).map(|w| w.keys.iter().cloned().collect()).unwrap_or_default()
    }

    pub fn is_whole(&self, id: ColumnId) -> bool {
        self.needed.get(&id).is_some_and(|wanted| wanted.whole)
    }

    /// The property an expression reads, when it is one of a stored bag: bag, key, name in plans
    /// and type of the raw value.
    pub fn property(&self, expr: &Expr) -> Option<(String, Type)> {
        let (id, key) = path(expr)?;
        let ty = self.bags.get(&id)?;
        Some((property_name(&self.name(id), key), *ty))
    }

    fn find_bags(&mut self, relation: &Relation) {
        for input in relation.inputs() {
            self.find_bags(input);
        }
        for column in &relation.columns {
            let name = || format!("{}#{}", column.name, column.id.0);
            self.names.entry(column.id).or_insert_with(name);
        }
        match &relation.kind {
            RelationKind::Scan { view, .. } => {
                for (column, view_column) in relation.columns.iter().zip(&view.columns) {
                    if let Some(ty) = bag_type(view, view_column.source) {
                        self.bags.insert(column.id, ty);
                    }
                }
            }
            RelationKind::Project { expressions, .. } => {
                for (id, expr) in expressions {
                    if let ExprKind::Column(from) = expr.kind
                        && let Some(ty) = self.bags.get(&from)
                    {
                        self.bags.insert(*id, *ty);
                    }
                }
            }
            RelationKind::Union { inputs } => {
                for (position, column) in relation.columns.iter().enumerate() {
                    let legs = inputs.iter().filter_map(|(_, columns)| *columns.get(position)?);
                    let types: Option<BTreeSet<Type>> =
                        legs.map(|id| self.bags.get(&id).copied()).collect();
                    if let Some(ty) = types.filter(|t| t.len() == 1).and_then(|mut t| t.pop_first())
                    {
                        self.bags.insert(column.id, ty);
                    }
                }
            }
            _ => {}
        }
    }

    fn add_column(&mut self, id: ColumnId) {
        self.needed.entry(id).or_default().whole = true;
    }

    fn add_expr(&mut self, expr: &Expr) {
        if let Some((id, key)) = path(expr)
            && self.bags.contains_key(&id)
        {
            self.needed.entry(id).or_default().keys.insert(key.to_owned());
            return;
        }
        match &expr.kind {
            ExprKind::Column(id) => self.add_column(*id),
            ExprKind::Literal(_) | ExprKind::ToScalar(_) => {}
            ExprKind::Call { args, .. } => args.iter().for_each(|arg| self.add_expr(arg)),
            ExprKind::Path { base, step } => {
                self.add_expr(base);
                if let PathStep::Computed(computed) = step.as_ref() {
                    self.add_expr(computed);
                }
            }
            ExprKind::InRelation { value, .. } => self.add_expr(value),
        }
    }

    /// Adds what `to` needs as needs of `from`, of which it is a copy.
    fn add_copy(&mut self, to: ColumnId, from: ColumnId) {
        if to == from {
            return;
        }
        if self.is_whole(to) {
            self.add_column(from);
        }
        for key in self.keys(to) {
            self.needed.entry(from).or_default().keys.insert(key);
        }
    }

    /// Those somebody reads; without keys the first one makes the row even when nobody does.
    fn add_aggregates(&mut self, aggregates: &[Aggregate], without_keys: bool) {
        for (position, aggregate) in aggregates.iter().enumerate() {
            let is_read = |(id, _): &(ColumnId, Type)| self.is_whole(*id);
            if without_keys && position == 0 || aggregate.outputs.iter().any(is_read) {
                self.add_aggregate(aggregate);
            }
        }
    }

    fn add_aggregate(&mut self, aggregate: &Aggregate) {
        aggregate.args.iter().for_each(|arg| self.add_expr(arg));
        aggregate.filter.iter().for_each(|id| self.add_column(*id));
    }

    fn add_step(&mut self, step: &Step) {
        self.add_expr(&step.condition);
        step.assignments.iter().for_each(|(_, value)| self.add_expr(value));
    }

    /// Parents before children: when a relation is visited, its own needs are complete.
    fn descend(&mut self, relation: &Relation) {
        match &relation.kind {
            RelationKind::Where { predicate, .. } => self.add_expr(predicate),
            RelationKind::Project { expressions, .. } => {
                for (id, expr) in expressions {
                    match expr.kind {
                        ExprKind::Column(from) => self.add_copy(*id, from),
                        _ if self.is_whole(*id) => self.add_expr(expr),
                        _ => {}
                    }
                }
            }
            RelationKind::Summarize { keys, aggregates, .. } => {
                keys.iter().for_each(|(_, key)| self.add_expr(key));
                self.add_aggregates(aggregates, keys.is_empty());
            }
            RelationKind::Sort { keys, .. } => {
                keys.iter().for_each(|key| self.add_expr(&key.value));
            }
            RelationKind::Union { inputs } => {
                for (_, columns) in inputs {
                    for (column, from) in relation.columns.iter().zip(columns) {
                        if let Some(from) = from {
                            self.add_copy(column.id, *from);
                        }
                    }
                }
            }
            RelationKind::Join { keys, .. } => {
                keys.iter().flat_map(|(a, b)| [a, b]).for_each(|id| self.add_column(*id));
            }
            RelationKind::Window { calls, partition, .. } => {
                partition.iter().for_each(|id| self.add_column(*id));
                for (id, call) in calls {
                    if self.is_whole(*id) {
                        call.args.iter().for_each(|arg| self.add_expr(arg));
                    }
                }
            }
            RelationKind::Steps { steps, state, partition, .. } => {
                partition.iter().for_each(|id| self.add_column(*id));
                state.iter().for_each(|value| self.add_column(value.of));
                steps.iter().for_each(|step| self.add_step(step));
            }
            RelationKind::MvExpand { expansion, .. } => {
                // Each counts for the number of rows, read or not.
                expansion.items.iter().for_each(|item| self.add_expr(&item.value));
            }
            RelationKind::Take { per, .. } => per.iter().for_each(|id| self.add_column(*id)),
            RelationKind::Scan { .. }
            | RelationKind::Values { .. }
            | RelationKind::Shared { .. }
            | RelationKind::Range { .. }
            | RelationKind::Rows { .. }
            | RelationKind::Serialize { .. } => {}
        }
        for input in relation.inputs() {
            self.descend(input);
        }
    }
}

/// The name in plans of a property of the column called `column`.
pub(crate) fn property_name(column: &str, key: &str) -> String {
    format!("{column}[{key}]")
}

/// `column.key`.
fn path(expr: &Expr) -> Option<(ColumnId, &str)> {
    let ExprKind::Path { base, step } = &expr.kind else { return None };
    match (&base.kind, step.as_ref()) {
        (ExprKind::Column(id), PathStep::Key(key)) => Some((*id, key)),
        _ => None,
    }
}

/// The type of the values when the view's column is a stored bag.
fn bag_type(view: &ViewDef, source: Source) -> Option<Type> {
    let Source::Column(name) = source else { return None };
    let table = view.table?;
    match table.columns.get(table.index_of(name)?)?.role {
        ColumnRole::Bag(ty) => Some(ty),
        _ => None,
    }
}
