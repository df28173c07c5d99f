//! Plugins of `evaluate`, one file each: relation in, relation out (spec kql.md §10).
//!
//! Invariant: a plugin is made of the relations everything else is made of; where its columns
//! depend on rows it asks.

mod activity_counts_metrics;
mod bag_unpack;
mod dcount_intersect;
mod narrow;
mod pivot;
mod rows_near;

use crate::bound::{Column, Expr, ExprKind, Literal, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, Argument, Evaluate};

use super::Binder;
use super::expressions::column_ref;
use super::operations::as_literal;
use super::scope::unwrap;

/// A plugin that is answered.
pub(super) struct Plugin {
    name: &'static str,
    /// Whether `: (schema)` may follow.
    pub takes_schema: bool,
    pub bind: fn(&mut Binder<'_>, Relation, &Evaluate, Span) -> Option<Relation>,
}

static PLUGINS: &[Plugin] = &[
    Plugin {
        name: "activity_counts_metrics",
        takes_schema: false,
        bind: |b, input, e, span| b.activity_counts_metrics(input, e, span),
    },
    Plugin {
        name: "bag_unpack",
        takes_schema: true,
        bind: |b, input, e, span| b.bag_unpack(input, e, span),
    },
    Plugin {
        name: "dcount_intersect",
        takes_schema: false,
        bind: |b, input, e, span| b.dcount_intersect(input, e, span),
    },
    Plugin {
        name: "identity",
        takes_schema: false,
        bind: |b, input, e, _| b.expect_arguments(e, 0, 0).map(|()| input),
    },
    Plugin {
        name: "narrow",
        takes_schema: false,
        bind: |b, input, e, span| b.narrow(input, e, span),
    },
    Plugin { name: "pivot", takes_schema: true, bind: |b, input, e, span| b.pivot(input, e, span) },
    Plugin {
        name: "rows_near",
        takes_schema: false,
        bind: |b, input, e, span| b.rows_near(input, e, span),
    },
];

/// Plugins the language has and this product does not, with what to write instead.
const REFUSED: &[(&str, &str)] = &[
    ("active_users_count", ""),
    ("activity_engagement", ""),
    ("activity_metrics", ""),
    ("ai_chat_completion", "queries ask nothing outside"),
    ("ai_chat_completion_prompt", "queries ask nothing outside"),
    ("ai_embed_text", "queries ask nothing outside"),
    ("ai_embeddings", "queries ask nothing outside"),
    ("autocluster", "`summarize count() by` the columns of interest, then `top`"),
    ("azure_digital_twins_query_request", "queries ask nothing outside"),
    ("basket", "`summarize count() by` the columns of interest, then `top`"),
    ("cosmosdb_sql_request", "queries ask nothing outside"),
    ("csharp", "queries run no programs"),
    ("dax_request", "queries ask nothing outside"),
    ("diffpatterns", "`summarize countif(a), countif(b) by` the columns of interest"),
    ("diffpatterns_text", ""),
    ("estimate_rows_count", "`count` gives the number"),
    ("execute_query", "queries ask nothing outside"),
    ("execute_show_command", "queries ask nothing outside"),
    ("external_datatable", "queries fetch nothing from outside"),
    ("funnel_sequence", ""),
    ("funnel_sequence_completion", ""),
    ("geo_line_lookup", ""),
    ("geo_polygon_lookup", ""),
    ("http_request", "queries ask nothing outside"),
    ("http_request_post", "queries ask nothing outside"),
    ("identity_v3", ""),
    ("infer_storage_schema", "queries fetch nothing from outside"),
    ("infer_storage_schema_with_suggestions", "queries fetch nothing from outside"),
    ("ipv4_lookup", "join by the network: `extend net = format_ipv4_mask(ip, 24)`"),
    ("ipv6_lookup", ""),
    ("mysql_request", "queries ask nothing outside"),
    ("new_activity_metrics", ""),
    ("postgresql_request", "queries ask nothing outside"),
    ("preview", "use `take`, and `count` in a second statement"),
    ("python", "queries run no programs"),
    ("r", "queries run no programs"),
    ("rolling_percentile", ""),
    ("schema_merge", "`union` merges schemas"),
    ("sequence_detect", "`scan` follows sequences of rows"),
    ("session_count", "`row_window_session()` gives sessions"),
    ("sliding_window_counts", ""),
    ("sql_request", "queries ask nothing outside"),
];

pub(super) fn find(name: &str) -> Option<&'static Plugin> {
    PLUGINS.iter().find(|plugin| plugin.name == name)
}

/// What to do instead (possibly nothing is known), when the plugin is one of the language.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(known, _)| *known == name).map(|(_, help)| *help)
}

/// The names of the plugins that are answered.
pub fn names() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|plugin| plugin.name)
}

impl Binder<'_> {
    fn expect_arguments(&mut self, evaluate: &Evaluate, least: usize, most: usize) -> Option<()> {
        let (name, count) = (&evaluate.plugin, evaluate.arguments.len());
        if (least..=most).contains(&count) {
            return Some(());
        }
        let message = match count {
            1 => format!("`{}` cannot take 1 argument", name.text),
            _ => format!("`{}` cannot take {count} arguments", name.text),
        };
        let finding = Diagnostic::new(codes::ARGUMENT_COUNT, name.span, message);
        self.report(match (least, most) {
            (0, 0) => finding.help("it takes none"),
            (least, usize::MAX) => finding.help(format!("it takes at least {least}")),
            _ => finding.help(format!("it takes {least} to {most}")),
        })
    }

    /// Arguments in the order of `names`, given by position or by name.
    fn plugin_arguments<'e>(
        &mut self,
        evaluate: &'e Evaluate,
        names: &[&str],
    ) -> Option<Vec<Option<&'e Argument>>> {
        let mut given: Vec<Option<&Argument>> = vec![None; names.len()];
        for argument in &evaluate.arguments {
            let place = match &argument.name {
                None => given.iter().position(Option::is_none),
                Some(name) => match names.iter().position(|known| *known == name.text) {
                    Some(place) => Some(place),
                    None => {
                        let plugin = &evaluate.plugin.text;
                        let message = format!("`{plugin}` has no parameter `{}`", name.text);
                        let names = names.iter().copied();
                        return self.unknown(
                            codes::UNKNOWN_NAME,
                            name.span,
                            message,
                            &name.text,
                            names,
                        );
                    }
                },
            };
            match place.and_then(|place| given.get_mut(place)) {
                Some(slot @ None) => *slot = Some(argument),
                _ => return self.expect_arguments(evaluate, 1, names.len()).and(None),
            }
        }
        Some(given)
    }

    /// An argument that must be the name of a column.
    fn plugin_column(&mut self, argument: &Argument, columns: &[Column]) -> Option<Column> {
        match &unwrap(&argument.value).kind {
            syntax::ExprKind::Name(name) => self.find_column(columns, name),
            _ => {
                let finding = Diagnostic::new(
                    codes::NOT_ALLOWED,
                    argument.value.span,
                    "the name of a column is expected",
                );
                self.report(finding.help("compute it first: `| extend c = …`"))
            }
        }
    }

    /// An argument that must be a literal.
    fn plugin_literal(&mut self, argument: &Argument) -> Option<Literal> {
        let bound = self.scalar(&argument.value, &[])?;
        match as_literal(&bound) {
            Some(literal) => Some(literal.clone()),
            None => {
                let message = "a literal is expected here";
                self.error(codes::CONSTANT_NEEDED, argument.value.span, message)
            }
        }
    }

    /// An argument that must be a literal string.
    fn plugin_text(&mut self, argument: &Argument) -> Option<String> {
        match self.plugin_literal(argument)? {
            Literal::String { value, .. } => Some(value),
            _ => {
                let message = "a literal string is expected here";
                self.error(codes::WRONG_TYPE, argument.value.span, message)
            }
        }
    }
}

/// The columns as items of a projection.
fn kept(columns: &[Column], span: Span) -> Vec<(String, Expr)> {
    columns.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect()
}

/// Whether the expression is the column.
fn is_column(expr: &Expr, column: &Column) -> bool {
    matches!(&expr.kind, ExprKind::Column(id) if *id == column.id)
}
