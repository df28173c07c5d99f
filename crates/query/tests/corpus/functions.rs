//! Every declared function is computed, and every computed one is declared.

use kql::signatures::{self, Kind};

use crate::Report;

/// Declared, but not computed yet. May only shrink.
const NOT_YET: &[&str] = &[];

/// Computed, but no function of the language: what the planner wraps values with.
const INTERNAL: &[&str] = &[
    "bag_columns",
    "make-series axis",
    "make-series end",
    "make-series fill",
    "make-series pairs",
    "make-series slot",
    "parse",
    "parse_kv",
    "to_dynamic",
];

/// Compares `kql::signatures` with `query::functions`, both ways.
pub fn run(report: &mut Report) {
    let (scalars, aggregates) = query::functions::implemented();
    let windows: Vec<&str> = query::functions::window::names().collect();
    let mut names = Vec::new();
    for signature in signatures::all() {
        let computed = match signature.kind {
            Kind::Aggregate => &aggregates,
            Kind::Window => &windows,
            Kind::Scalar | Kind::Operator => &scalars,
        };
        names.push(signature.name);
        let is_computed = computed.contains(&signature.name);
        let excused = signature.by_binder || NOT_YET.contains(&signature.name);
        if is_computed == excused {
            let state = if excused { "is computed, but excused" } else { "is not computed" };
            report.failures.push(format!("function `{}` {state}", signature.name));
        } else {
            report.passed += 1;
        }
    }
    for name in scalars.iter().chain(&aggregates).chain(&windows) {
        if !names.contains(name) && !INTERNAL.contains(name) {
            report.failures.push(format!("function `{name}` is not declared"));
        }
    }
}
