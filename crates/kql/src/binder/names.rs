//! How unnamed columns are called, and what happens when a name is taken (spec kql.md §7).

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::bound::{self, Column, ExprKind as BoundKind, Literal};
use crate::signatures::{self, Naming, Signature};
use crate::syntax::{Argument, Expr, ExprKind};

use super::Binder;
use super::scope::{Binding, unwrap};

/// Names taken so far in one list of columns.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Whether the name was written (as opposed to derived).
    taken: HashMap<String, bool>,
    /// How many columns went unnamed so far: `Column1`, `Column2`, … are counted through a whole
    /// query text, each function body for itself (the vendor's binder).
    unnamed: Unnamed,
}

/// A count that all lists of columns of one query text share.
pub(super) type Unnamed = Rc<Cell<usize>>;

impl Names {
    /// Takes a written name; `None` when the same name was written before.
    pub fn written(&mut self, name: &str) -> Option<String> {
        if self.taken.get(name) == Some(&true) {
            return None;
        }
        Some(self.take(name, true))
    }

    /// Takes a derived name, with a number when it is taken; `None` numbers an unnamed column.
    pub fn derived(&mut self, name: Option<&str>) -> String {
        match name {
            Some(name) => self.take(name, false),
            None => {
                self.unnamed.set(self.unnamed.get() + 1);
                self.take(&format!("Column{}", self.unnamed.get()), false)
            }
        }
    }

    /// The next `Column…` that is neither taken nor a column `elsewhere`.
    pub fn numbered(&mut self, elsewhere: impl Fn(&str) -> bool) -> String {
        loop {
            self.unnamed.set(self.unnamed.get() + 1);
            let name = format!("Column{}", self.unnamed.get());
            if !self.has(&name) && !elsewhere(&name) {
                return self.take(&name, false);
            }
        }
    }

    /// Takes a name as it is, also when another column of the list has it: in `extend` the last
    /// one counts. `None` when the same name was written before.
    pub fn replacing(&mut self, name: &str, written: bool) -> Option<String> {
        let before = self.taken.get(name) == Some(&true);
        if written && before {
            return None;
        }
        self.taken.insert(name.to_owned(), written || before);
        Some(name.to_owned())
    }

    /// Whether the name is taken.
    pub fn has(&self, name: &str) -> bool {
        self.taken.contains_key(name)
    }

    fn take(&mut self, name: &str, written: bool) -> String {
        let mut free = name.to_owned();
        let mut number = 0;
        while self.taken.contains_key(&free) {
            number += 1;
            free = format!("{name}{number}");
        }
        self.taken.insert(free.clone(), written);
        free
    }
}

/// Names for the right columns of a join beside the left ones: a taken name gets the first number
/// that no column of either side has.
pub(super) fn right_names(left: &[&str], right: &[&str]) -> Vec<String> {
    let mut taken: HashSet<String> = left.iter().chain(right).map(|n| (*n).to_owned()).collect();
    let rename = |name: &&str| {
        if !left.contains(name) {
            return (*name).to_owned();
        }
        let mut number = 1;
        while !taken.insert(format!("{name}{number}")) {
            number += 1;
        }
        format!("{name}{number}")
    };
    right.iter().map(rename).collect()
}

impl Binder<'_> {
    /// No names yet, for the columns of one operator.
    pub(super) fn names(&self) -> Names {
        Names { taken: HashMap::new(), unnamed: Rc::clone(&self.unnamed) }
    }

    /// The name an expression gives its column, if any.
    pub(super) fn default_name(&self, expr: &Expr, row: &[Column]) -> Option<String> {
        match &expr.kind {
            ExprKind::Name(name) => Some(name.text.clone()),
            ExprKind::Parenthesized(inner) => self.default_name(inner, row),
            ExprKind::Pipeline(p) if p.operators.is_empty() => {
                self.default_name(p.source.as_deref()?, row)
            }
            ExprKind::Member { base, name } => {
                Some(path_name(self.default_name(base, row), &name.text))
            }
            ExprKind::Index { base, index } => {
                let base = self.default_name(base, row);
                Some(match &index.kind {
                    ExprKind::Literal(Literal::String { value, .. }) => path_name(base, value),
                    ExprKind::Literal(Literal::Long(value)) => path_name(base, &value.to_string()),
                    _ => format!("{}_", base?),
                })
            }
            ExprKind::Call { name, args } => self.call_name(&name.text, args, row),
            _ => None,
        }
    }

    fn call_name(&self, name: &str, args: &[Argument], row: &[Column]) -> Option<String> {
        if matches!(self.lookup(name), Some(Binding::Function(_))) {
            return None;
        }
        let aggregate = signatures::aggregate_function(name);
        let scalar = signatures::scalar_function(name);
        let signature = match self.aggregating.is_some() {
            true => aggregate.or(scalar)?,
            false => scalar.or(aggregate)?,
        };
        let first = args.first().map(|arg| &arg.value);
        let first_name = || first.and_then(|value| self.default_name(value, row));
        match signature.naming {
            Naming::Positional => None,
            Naming::Argument if old_prefix(name).is_some() => {
                Some(format!("{name}_{}", first_name().unwrap_or_default()))
            }
            Naming::Argument => first_name(),
            Naming::OnlyArgument if args.len() == 1 => first_name(),
            Naming::OnlyArgument => None,
            Naming::Prefix(prefix) => {
                let prefix = old_prefix(name).unwrap_or(prefix);
                Some(format!("{prefix}_{}", first_name().unwrap_or_default()))
            }
            Naming::Fixed(name) => Some(name.to_owned()),
            Naming::Special => self.special_name(signature, name, args, row),
        }
    }

    /// Names with a rule of their own; aggregates with several columns name them elsewhere.
    fn special_name(
        &self,
        signature: &Signature,
        spelt: &str,
        args: &[Argument],
        row: &[Column],
    ) -> Option<String> {
        if signature.name == "ingestion_time" {
            return Some("$IngestionTime".to_owned());
        }
        let first = &args.first()?.value;
        let first_name = self.default_name(first, row);
        match signature.name {
            "array_sort_asc" | "array_sort_desc" => Some(format!("{}_sorted", first_name?)),
            "column_ifexists" => {
                let name = self.literal_name(first)?;
                row.iter().any(|c| c.name == name).then_some(name)
            }
            "percentile" | "percentilew" => {
                let percentile = &args.last()?.value;
                Some(self.percentile_name(&first_name.unwrap_or_default(), percentile))
            }
            "covariance" | "covarianceif" | "covariancep" | "covariancepif" => {
                let second = self.default_name(&args.get(1)?.value, row).unwrap_or_default();
                Some(format!("{}_{}_{second}", signature.name, first_name.unwrap_or_default()))
            }
            "percentiles_array" | "percentilesw_array" => {
                Some(format!("percentiles_{}", first_name.unwrap_or_default()))
            }
            "take_any" if spelt == "any" => Some(format!("any_{}", first_name.unwrap_or_default())),
            "arg_max" | "arg_min" if spelt.starts_with("arg_") => first_name,
            "arg_max" => Some(format!("max_{}", first_name.unwrap_or_default())),
            "arg_min" => Some(format!("min_{}", first_name.unwrap_or_default())),
            _ => first_name,
        }
    }

    /// The text of a literal, or of a `let` that is one.
    fn literal_name(&self, expr: &Expr) -> Option<String> {
        let text = |literal: &Literal| match literal {
            Literal::String { value, .. } => Some(value.clone()),
            _ => None,
        };
        match &unwrap(expr).kind {
            ExprKind::Literal(literal) => text(literal),
            ExprKind::Name(name) => match self.lookup(&name.text)? {
                Binding::Scalar(value) => super::operations::as_literal(value).and_then(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// An expression as written.
    pub(super) fn text_of(&self, expr: &Expr) -> String {
        if self.is_inside_stored() {
            return crate::print::expression(expr);
        }
        self.text.get(expr.span.start..expr.span.end).unwrap_or("").trim().to_owned()
    }

    /// `percentile_x_99_9`; a percentile that is computed adds nothing.
    pub(super) fn percentile_name(&self, value: &str, percentile: &Expr) -> String {
        let number = match &percentile.kind {
            ExprKind::Literal(literal) => number_text(literal),
            ExprKind::Name(name) => match self.lookup(&name.text) {
                Some(Binding::Scalar(bound::Expr {
                    kind: BoundKind::Literal(literal), ..
                })) => number_text(literal),
                _ => None,
            },
            _ => None,
        };
        format!("percentile_{value}_{}", number.unwrap_or_default())
    }
}

/// `d_a`; what has no name leaves the step alone: `parse_url(s).Host` is `Host`.
fn path_name(base: Option<String>, step: &str) -> String {
    base.map_or_else(|| step.to_owned(), |base| format!("{base}_{step}"))
}

fn number_text(literal: &Literal) -> Option<String> {
    let text = match literal {
        Literal::Int(number) => number.to_string(),
        Literal::Long(number) => number.to_string(),
        Literal::Real(number) | Literal::Decimal(number) => number.to_string(),
        _ => return None,
    };
    Some(text.replace('.', "_"))
}

/// Old spellings that name their columns after themselves.
fn old_prefix(spelt: &str) -> Option<&'static str> {
    match spelt {
        "cnt" => Some("cnt"),
        "anyif" => Some("anyif"),
        "make_dictionary" => Some("dictionary"),
        _ => None,
    }
}
