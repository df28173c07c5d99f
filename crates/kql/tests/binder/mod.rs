//! The binder: cases in `tests/kql/binder/*.txt`, recorded answers, limits, invariants.

#![allow(clippy::print_stderr, reason = "what a query lacks is shown on demand")]

mod cases;
mod coverage;
mod diagnostics;
mod explained;
mod invariants;
mod limits;
mod own_tables;
mod recorded;
mod requests;
mod spliced;
mod stored;

use kql::bound::BoundQuery;
use kql::catalog::{BindOptions, Catalog};
use kql::diagnostic::Diagnostic;
use kql::stored::StoredFunction;
use model::ViewDef;

/// The built-in tables and one further application, `other`.
pub struct Tables;

impl Catalog for Tables {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        model::tables::view(name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        model::tables::views().iter().map(|view| view.name).collect()
    }
    fn functions(&self) -> Vec<&'static StoredFunction> {
        kql::stored::built_in().iter().collect()
    }
    fn has_app(&self, name: &str) -> bool {
        name == "other"
    }
}

/// 2024-01-02T03:04:05Z.
pub const NOW: i64 = 1_704_164_645_000_000_000;

pub fn compile_with(text: &str, options: &BindOptions) -> Result<BoundQuery, Vec<Diagnostic>> {
    kql::compile(text, &Tables, options)
}

pub fn compile(text: &str) -> Result<BoundQuery, Vec<Diagnostic>> {
    compile_with(text, &BindOptions { now: NOW, ..BindOptions::default() })
}

/// `name:type, …` of each statement, one per line; `render …` after it.
pub fn columns(query: &BoundQuery) -> String {
    let mut lines = Vec::new();
    for statement in &query.statements {
        let columns = statement.relation.columns.iter();
        let mut line: Vec<String> = columns.map(|c| format!("{}:{}", c.name, c.ty)).collect();
        if line.is_empty() {
            line.push("(no columns)".to_owned());
        }
        lines.push(line.join(", "));
        if let Some(render) = &statement.render {
            let properties = render.properties.iter();
            let words: Vec<String> =
                properties.map(|(name, values)| format!(" {name}={}", values.join(","))).collect();
            lines.push(format!("render {}{}", render.kind, words.concat()));
        }
    }
    lines.join("\n")
}

/// The outcome of a text as the case files write it.
pub fn outcome(text: &str) -> String {
    match compile(text) {
        Ok(query) => columns(&query),
        Err(findings) => {
            let lines = findings.iter().map(|finding| {
                let (line, column) = kql::diagnostic::line_column(text, finding.span.start);
                let head = format!("error {} at {line}:{column}: ", finding.code);
                let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}"));
                format!("{head}{}{}", finding.message, help.unwrap_or_default())
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}
