//! `find`: the rows of many tables for which a predicate holds, with the columns that matter and
//! the rest in a bag (spec kql.md §6).
//!
//! Invariant: the predicate is bound to each table for itself; a column the table lacks is null
//! there, `''` when it is a text.

use model::Type;

use super::super::Binder;
use super::super::coerce::convert;
use super::super::expressions::{call, column_ref, literal, text_literal};
use super::super::relations::filter;
use super::super::scope::unwrap;
use super::super::search_terms::{each_name, looks_everywhere};
use super::union::Leg;
use super::where_::needs_bool;
use crate::bound::{self, Column, Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, ExprKind, Find, FindProject, Name};

/// A column of the answer.
struct Chosen {
    name: String,
    ty: Type,
}

/// What is the same for all tables.
struct Plan<'f> {
    source: String,
    predicate: Expr,
    /// Columns the predicate names, with their types.
    read: Vec<(String, Type)>,
    chosen: Vec<Chosen>,
    pack: bool,
    find: &'f Find,
    span: Span,
}

impl Binder<'_> {
    pub(super) fn find(
        &mut self,
        input: Option<Relation>,
        find: &Find,
        span: Span,
    ) -> Option<Relation> {
        if input.is_some() {
            let message = "`find` takes no table before it";
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, span, message)
                    .help("`find in (T) where …` names tables; `T | where …` filters one"),
            );
        }
        let mut legs = self.searched_legs(find.tables.as_deref(), span)?;
        let all: Vec<Column> = legs.iter().flat_map(|leg| leg.relation.columns.clone()).collect();
        let predicate = self.search_terms(&find.predicate, false, &all)?;
        let mut read: Vec<&str> = Vec::new();
        each_name(&predicate, &mut |name| {
            if all.iter().any(|c| c.name == name) && !read.contains(&name) {
                read.push(name);
            }
        });
        let has_any = |leg: &Leg| leg.relation.columns.iter().any(|c| read.contains(&&*c.name));
        if !looks_everywhere(&predicate) && !read.is_empty() {
            legs.retain(has_any);
        }
        let mut typed = Vec::with_capacity(read.len());
        for name in &read {
            typed.push(((*name).to_owned(), self.type_in(&legs, name, find.predicate.span)?));
        }
        let (chosen, pack) = match &find.project {
            Some(project) => (self.projected(&legs, project)?, project.pack),
            None => self.chosen_columns(&legs, &read, find.predicate.span)?,
        };
        let source = source_name(find);
        let plan =
            Plan { source, predicate: predicate.clone(), read: typed, chosen, pack, find, span };
        let mut found = Vec::with_capacity(legs.len());
        for (i, leg) in legs.into_iter().enumerate() {
            let relation = self.found_in(leg, i, &plan)?;
            found.push(Leg { relation, name: None });
        }
        self.united(found, false, None, span)
    }

    /// The rows of one table in the shape of the answer.
    fn found_in(&mut self, leg: Leg, number: usize, plan: &Plan<'_>) -> Option<Relation> {
        let span = plan.span;
        let own = leg.relation.columns.clone();
        let missing = plan.read.iter().filter(|(name, _)| !own.iter().any(|c| c.name == *name));
        let missing: Vec<_> =
            missing.map(|(name, ty)| (name.clone(), missing_value(*ty, span))).collect();
        let mut relation = leg.relation;
        if !missing.is_empty() {
            let kept = own.iter().map(|c| (c.name.clone(), column_ref(c, span)));
            relation = self.projection(relation, kept.chain(missing).collect(), span)?;
        }
        let predicate = self.scalar(&plan.predicate, &relation.columns)?;
        if let Some(finding) = needs_bool("find", &predicate) {
            return self.report(finding);
        }
        relation = filter(relation, predicate, span);
        let name = leg.name.unwrap_or_else(|| format!("union_arg{number}"));
        let mut names = self.names();
        let mut list = vec![(names.derived(Some(&plan.source)), text_literal(&name, span))];
        for chosen in &plan.chosen {
            let value = match own.iter().find(|c| c.name == chosen.name) {
                Some(column) => convert(column_ref(column, span), chosen.ty),
                None => missing_value(chosen.ty, span),
            };
            list.push((names.derived(Some(&chosen.name)), value));
        }
        if plan.pack {
            let rest: Vec<&Column> =
                own.iter().filter(|c| !plan.chosen.iter().any(|o| o.name == c.name)).collect();
            list.push((names.derived(Some("pack_")), packed(&rest, span)));
        }
        if own.iter().any(|column| self.poisoned.contains(&column.id)) {
            return None;
        }
        self.spend(own.len(), plan.find.predicate.span)?;
        self.projection(relation, list, span)
    }

    /// The columns of `project`.
    fn projected(&mut self, legs: &[Leg], project: &FindProject) -> Option<Vec<Chosen>> {
        let mut chosen: Vec<Chosen> = Vec::with_capacity(project.columns.len());
        for (name, ty) in &project.columns {
            if chosen.iter().any(|other| other.name == name.text) {
                return self.named_twice(name);
            }
            let own = self.find_in(legs, name)?;
            let ty = match ty {
                Some(ty) => *ty,
                None => self.type_in(legs, &own, name.span)?,
            };
            chosen.push(Chosen { name: own, ty });
        }
        Some(chosen)
    }

    fn find_in(&mut self, legs: &[Leg], name: &Name) -> Option<String> {
        let all: Vec<Column> = legs.iter().flat_map(|leg| leg.relation.columns.clone()).collect();
        self.find_column(&all, name).map(|column| column.name)
    }

    /// Without `project`: the columns the predicate names and those all tables have; whether
    /// others are left.
    fn chosen_columns(
        &mut self,
        legs: &[Leg],
        read: &[&str],
        span: Span,
    ) -> Option<(Vec<Chosen>, bool)> {
        let mut chosen: Vec<Chosen> = Vec::new();
        let mut rest = false;
        for column in legs.iter().flat_map(|leg| &leg.relation.columns) {
            if chosen.iter().any(|other| other.name == column.name) {
                continue;
            }
            let in_all =
                legs.iter().all(|leg| leg.relation.columns.iter().any(|c| c.name == column.name));
            if in_all || read.contains(&column.name.as_str()) {
                let ty = self.type_in(legs, &column.name, span)?;
                chosen.push(Chosen { name: column.name.clone(), ty });
            } else {
                rest = true;
            }
        }
        Some((chosen, rest))
    }

    /// The one type a column has in all tables that have it.
    fn type_in(&mut self, legs: &[Leg], name: &str, span: Span) -> Option<Type> {
        let mut types: Vec<Type> = Vec::new();
        for column in legs.iter().flat_map(|leg| &leg.relation.columns) {
            if column.name == name && !types.contains(&column.ty) {
                types.push(column.ty);
            }
        }
        match types.as_slice() {
            [] => None,
            [ty] => Some(*ty),
            several => {
                let names: Vec<&str> = several.iter().map(|ty| ty.name()).collect();
                let message = format!(
                    "`find` in tables where `{name}` has several types ({}) is not supported",
                    names.join(", ")
                );
                self.report(
                    Diagnostic::new(codes::NOT_SUPPORTED, span, message).help(format!(
                        "name one in `project {name}:{}`, or use `union`",
                        several[0]
                    )),
                )
            }
        }
    }
}

fn source_name(find: &Find) -> String {
    let given = find.parameters.iter().find(|p| p.name.text.starts_with("with"));
    match given.map(|parameter| &unwrap(&parameter.value).kind) {
        Some(ExprKind::Name(name)) => name.text.clone(),
        Some(ExprKind::Literal(Literal::String { value, .. })) => value.clone(),
        _ => "source_".to_owned(),
    }
}

fn missing_value(ty: Type, span: Span) -> bound::Expr {
    match ty {
        Type::String => text_literal("", span),
        _ => literal(Literal::Null(ty), span),
    }
}

fn packed(columns: &[&Column], span: Span) -> bound::Expr {
    if columns.is_empty() {
        return literal(Literal::Dynamic("{}".to_owned()), span);
    }
    let pairs = columns.iter().flat_map(|c| [text_literal(&c.name, span), column_ref(c, span)]);
    call("bag_pack", pairs.collect(), Type::Dynamic, span)
}
