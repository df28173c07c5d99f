//! `render`: checked and handed on; it changes no rows (spec kql.md §11).

use super::super::Binder;
use crate::bound::Render;
use crate::codes;
use crate::syntax::{Name, RenderProperty};

const KINDS: [&str; 16] = [
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
    ) -> Option<Render> {
        if !KINDS.contains(&kind.text.as_str()) {
            let message = format!("no chart `{}`", kind.text);
            return self.unknown(codes::UNKNOWN_NAME, kind.span, message, &kind.text, KINDS);
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
            bound.push((name, property.values.clone()));
        }
        Some(Render { kind: kind.text.clone(), properties: bound })
    }

    fn check_value(&mut self, name: &str, property: &RenderProperty) -> Option<()> {
        let known: &[&str] = match name {
            "kind" => &["default", "unstacked", "stacked", "stacked100", "map"],
            "legend" => &["visible", "hidden"],
            "xaxis" | "yaxis" => &["linear", "log"],
            "ysplit" => &["none", "axes", "panels"],
            "accumulate" => &["true", "false"],
            _ => return Some(()),
        };
        for value in &property.values {
            if !known.contains(&value.to_lowercase().as_str()) {
                let message = format!("`{name}` cannot be `{value}`");
                return self.report(
                    crate::diagnostic::Diagnostic::new(
                        codes::NOT_ALLOWED,
                        property.name.span,
                        message,
                    )
                    .help(format!("one of {}", known.join(", "))),
                );
            }
        }
        Some(())
    }
}
