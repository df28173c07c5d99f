//! `evaluate`: a plugin makes a table of the table before it (spec kql.md §10).

use super::super::Binder;
use super::super::plugins;
use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::Evaluate;

impl Binder<'_> {
    pub(super) fn evaluate(
        &mut self,
        input: Option<Relation>,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        let name = &evaluate.plugin;
        self.check_hints(&evaluate.parameters);
        let Some(plugin) = plugins::find(&name.text) else {
            if let Some(help) = plugins::refused(&name.text) {
                let message = format!("the plugin `{}` is not supported", name.text);
                let mut finding = Diagnostic::new(codes::NOT_SUPPORTED, name.span, message);
                finding.help = (!help.is_empty()).then(|| help.to_owned());
                return self.report(finding);
            }
            let message = format!("no plugin `{}`", name.text);
            let known = plugins::names();
            return self.unknown(codes::UNKNOWN_FUNCTION, name.span, message, &name.text, known);
        };
        let Some(input) = input else {
            let message = format!("`{}` needs a table before it", name.text);
            return self.error(codes::NOT_ALLOWED, span, message);
        };
        if let Some(schema) = &evaluate.schema
            && !plugin.takes_schema
        {
            let message = format!("`{}` has columns of its own", name.text);
            let place = schema.columns.first().map_or(span, |column| column.name.span);
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, place, message).help("leave the schema out"),
            );
        }
        (plugin.bind)(self, input, evaluate, span)
    }
}
