//! `search`: the rows of many tables for which a predicate holds (spec kql.md §6).

use super::super::Binder;
use super::super::relations::filter;
use super::super::scope::unwrap;
use super::super::search_terms::required;
use super::union::{Leg, scanned};
use super::where_::needs_bool;
use crate::bound::{Literal, Relation};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, ExprKind, Name, Search};

/// The column that holds the name of the table.
const TABLE: &str = "$table";

const KINDS: [&str; 3] = ["case_sensitive", "case_insensitive", "default"];

impl Binder<'_> {
    pub(super) fn search(
        &mut self,
        input: Option<Relation>,
        search: &Search,
        span: Span,
    ) -> Option<Relation> {
        let piped_name = self.named.take();
        let cased = self.search_kind(search)?;
        let mut legs = match (input, &search.tables) {
            (Some(_), Some(tables)) => {
                let place = tables.first().map_or(span, |table| table.span);
                let message = "`search in (…)` takes no table before it";
                return self.error(codes::NOT_ALLOWED, place, message);
            }
            (Some(relation), None) => {
                let name = piped_name.or_else(|| scanned(&relation));
                vec![Leg { relation, name }]
            }
            (None, tables) => self.searched_legs(tables.as_deref(), span)?,
        };
        let all: Vec<_> = legs.iter().flat_map(|leg| leg.relation.columns.clone()).collect();
        let predicate = self.search_terms(&search.predicate, cased, &all);
        if let (Some(predicate), None) = (&predicate, &search.tables) {
            leave_out(&mut legs, predicate);
        }
        for (i, leg) in legs.iter_mut().enumerate() {
            leg.name.get_or_insert_with(|| format!("search_arg{i}"));
        }
        let source = Name { text: TABLE.to_owned(), span, quoted: false };
        let united = self.united(legs, false, Some(&source), span)?;
        // The name of the table is no text to be searched.
        let row = united.columns.get(1..).unwrap_or_default().to_vec();
        let Some(predicate) = predicate.and_then(|p| self.scalar(&p, &row)) else {
            return Some(united);
        };
        match needs_bool("search", &predicate) {
            Some(finding) => {
                let _: Option<()> = self.report(finding);
                Some(united)
            }
            None => Some(filter(united, predicate, span)),
        }
    }

    /// The tables named, or all there are.
    pub(super) fn searched_legs(
        &mut self,
        tables: Option<&[Expr]>,
        span: Span,
    ) -> Option<Vec<Leg>> {
        let Some(tables) = tables else { return self.wildcard_legs("*", None, span) };
        let mut legs = Vec::with_capacity(tables.len());
        let mut complete = true;
        for table in tables {
            match self.leg(table) {
                Some(found) => legs.extend(found),
                None => complete = false,
            }
        }
        complete.then_some(legs)
    }

    /// Whether case matters.
    fn search_kind(&mut self, search: &Search) -> Option<bool> {
        let Some(kind) = search.parameters.iter().find(|p| p.name.text == "kind") else {
            return Some(false);
        };
        let value = unwrap(&kind.value);
        let text = match &value.kind {
            ExprKind::Name(name) => name.text.as_str(),
            ExprKind::Literal(Literal::String { value, .. }) => value.as_str(),
            _ => "",
        };
        match text {
            "case_sensitive" => Some(true),
            "case_insensitive" | "default" => Some(false),
            _ => {
                let message = format!("`{}` is no kind of `search`", self.text_of(value));
                let place = value.span;
                self.unknown(codes::UNKNOWN_NAME, place, message, text, KINDS)
            }
        }
    }
}

/// Leaves out the tables that lack a column the predicate cannot be true without, unless that
/// leaves none: then the name is reported as unknown.
fn leave_out(legs: &mut Vec<Leg>, predicate: &Expr) {
    let required = required(predicate);
    let has = |leg: &Leg| {
        required.iter().all(|name| leg.relation.columns.iter().any(|c| c.name == *name))
    };
    if legs.len() > 1 && legs.iter().any(has) {
        legs.retain(has);
    }
}
