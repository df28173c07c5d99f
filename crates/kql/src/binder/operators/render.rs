//! `render`: checked and handed on; it changes no rows (spec kql.md §11).

use super::super::Binder;
use crate::bound::{Column, Render};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::suggest;
use crate::syntax::{Name, RenderProperty};

/// The charts there are.
pub const KINDS: [&str; 21] = [
    "timechart",
    "columnchart",
    "barchart",
    "piechart",
    "linechart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "table",
    "card",
    "anomalychart",
    "ladderchart",
    "pivotchart",
    "plotly",
    "timepivot",
    "treemap",
    "list",
    "timeline",
    "graph",
    "sankey",
    "3Dchart",
];

const PROPERTIES: [&str; 18] = [
    "title",
    "xtitle",
    "ytitle",
    "xcolumn",
    "ycolumns",
    "series",
    "anomalycolumns",
    "kind",
    "legend",
    "xaxis",
    "yaxis",
    "ymin",
    "ymax",
    "xmin",
    "xmax",
    "ysplit",
    "accumulate",
    "by",
];

impl Binder<'_> {
    pub(in super::super) fn render(
        &mut self,
        kind: &Name,
        properties: &[RenderProperty],
        columns: Option<&[Column]>,
    ) -> Option<Render> {
        if !KINDS.contains(&kind.text.as_str()) {
            let message = format!("no chart `{}`", kind.text);
            let near = suggest::nearest(&kind.text, KINDS.into_iter().filter(|k| *k != "3Dchart"));
            let start = kind.text.to_lowercase();
            let long = |k: &&&str| !start.is_empty() && k.starts_with(&start);
            let help = match near.or(KINDS.iter().find(long).copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("charts are `{}`", KINDS[..10].join("`, `")),
            };
            let finding = Diagnostic::new(codes::UNKNOWN_NAME, kind.span, message);
            return self.report(finding.help(help));
        }
        let mut bound = Vec::with_capacity(properties.len());
        for property in properties {
            let name = property.name.text.to_lowercase();
            if !PROPERTIES.contains(&name.as_str()) {
                let message = format!("no chart property `{}`", property.name.text);
                let span = property.name.span;
                return self.unknown(codes::UNKNOWN_NAME, span, message, &name, PROPERTIES);
            }
            self.check_value(&name, property)?;
            if let Some(columns) = columns {
                self.check_columns(&name, property, columns)?;
            }
            bound.push((name, property.values.clone()));
        }
        Some(Render { kind: kind.text.clone(), properties: bound })
    }

    /// Properties that name columns name those of the answer.
    fn check_columns(
        &mut self,
        name: &str,
        property: &RenderProperty,
        columns: &[Column],
    ) -> Option<()> {
        if !matches!(name, "xcolumn" | "ycolumns" | "series" | "anomalycolumns" | "by") {
            return Some(());
        }
        for value in &property.values {
            if !columns.iter().any(|column| column.name == *value) {
                let message = format!("no column `{value}` to draw as `{name}`");
                let known = columns.iter().map(|column| column.name.as_str());
                let place = property.name.span;
                return self.unknown(codes::UNKNOWN_NAME, place, message, value, known);
            }
        }
        Some(())
    }

    fn check_value(&mut self, name: &str, property: &RenderProperty) -> Option<()> {
        let known: &[&str] = match name {
            "kind" => &["default", "unstacked", "stacked", "stacked100", "map"],
            "legend" => &["visible", "hidden"],
            "xaxis" | "yaxis" => &["linear", "log"],
            "ysplit" => &["none", "axes", "panels"],
            "accumulate" => &["true", "false"],
            "ymin" | "ymax" | "xmin" | "xmax" => return self.check_bound(name, property),
            _ => return Some(()),
        };
        for value in &property.values {
            if !known.contains(&value.to_lowercase().as_str()) {
                let message = format!("`{name}` cannot be `{value}`");
                return self.report(
                    Diagnostic::new(codes::NOT_ALLOWED, property.name.span, message)
                        .help(format!("one of {}", known.join(", "))),
                );
            }
        }
        Some(())
    }

    /// An end of an axis is a number or a time.
    fn check_bound(&mut self, name: &str, property: &RenderProperty) -> Option<()> {
        let is_end = |value: &String| {
            value.parse::<f64>().is_ok()
                || value.starts_with("datetime")
                || model::time::parse_datetime(value).is_some()
        };
        match property.values.iter().find(|value| !is_end(value)) {
            None => Some(()),
            Some(value) => {
                let message = format!("`{name}` cannot be `{value}`");
                let finding = Diagnostic::new(codes::NOT_ALLOWED, property.name.span, message);
                self.report(finding.help("a number or a datetime is expected"))
            }
        }
    }
}
