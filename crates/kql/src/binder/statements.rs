//! Statements: `let`, `set`, tabular expressions.

use crate::bound::{BoundStatement, Expr, Literal, Relation, Render};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, ExprKind, Name, OperatorKind, Pipeline, StatementKind};

use super::Binder;
use super::operations::as_literal;
use super::scope::{Binding, Function, unwrap};

/// Options of `set` that the service knows; all are accepted, those that matter are acted upon.
const OPTIONS: &str = "
    best_effort query_python_debug deferpartialqueryfailures request_impersonation_disabled
    results_error_reporting_placement materialized_view_shuffle query_max_entities_in_union
    maxmemoryconsumptionperiterator max_memory_consumption_per_query_per_node maxoutputcolumns
    norequesttimeout notruncation query_results_progressive_update_period
    query_results_progressive_row_count push_selection_through_aggregation query_bin_auto_at
    query_bin_auto_size query_cursor_after_default query_cursor_before_or_at_default
    query_cursor_current query_cursor_disabled query_cursor_scoped_tables query_datascope
    query_datetimescope_column query_datetimescope_from query_datetimescope_to
    query_distribution_nodes_span query_fanout_nodes_percent query_fanout_threads_percent
    query_force_row_level_security query_language query_log_query_parameters query_now
    query_results_apply_getschema query_results_cache_force_refresh query_results_cache_max_age
    query_results_cache_per_shard query_weakconsistency_session_id request_app_name
    request_block_row_level_security request_callout_disabled request_cross_cluster_token
    request_description request_external_data_disabled request_external_table_disabled
    request_readonly request_readonly_hardline request_remote_entities_disabled
    request_sandboxed_execution_disabled request_user results_progressive_enabled
    results_v2_newlines_between_frames query_take_max_records truncationmaxrecords
    truncationmaxsize results_v2_fragment_primary_tables validate_permissions
";

impl Binder<'_> {
    pub(super) fn statements(&mut self, query: &syntax::Query) -> Vec<BoundStatement> {
        let mut bound = Vec::new();
        let mut tabular = 0;
        for statement in &query.statements {
            match &statement.kind {
                StatementKind::Let { name, .. } if self.runs_on(statement.span) => {
                    self.declare(&name.text, Binding::Poisoned);
                }
                StatementKind::Let { name, value } => self.let_statement(name, value),
                StatementKind::Set { name, value } => self.set_statement(name, value.as_ref()),
                StatementKind::Parameters(parameters) => self.query_parameters(parameters),
                StatementKind::Expression(expr) => {
                    tabular += 1;
                    bound.extend(self.expression_statement(expr));
                }
                StatementKind::Unsupported(name) => {
                    let message = format!("the statement `{}` is not supported", name.text);
                    let _: Option<()> = self.error(codes::NOT_SUPPORTED, name.span, message);
                }
            }
        }
        if tabular == 0 && self.diagnostics.is_empty() && !self.misread {
            let end = Span::new(self.text.len(), self.text.len());
            let finding = Diagnostic::new(codes::NO_RESULT, end, "the query yields no table")
                .help("end it with an expression, for example a table's name");
            let _: Option<()> = self.report(finding);
        }
        bound
    }

    /// Whether the parser found something unexpected right behind a statement: then the statement
    /// is not what was meant.
    fn runs_on(&self, span: Span) -> bool {
        self.broken.iter().any(|place| {
            let gap = self.text.get(span.end..place.start);
            gap.is_some_and(|gap| gap.trim().is_empty() && !gap.contains('\n'))
        })
    }

    fn expression_statement(&mut self, expr: &syntax::Expr) -> Option<BoundStatement> {
        if let ExprKind::Pipeline(Pipeline { source, operators }) = &expr.kind
            && let Some((last, others)) = operators.split_last()
            && let OperatorKind::Render { kind, properties } = &last.kind
        {
            let rest = Pipeline { source: source.clone(), operators: others.to_vec() };
            let relation = self.pipeline(&rest, expr.span);
            if self.is_broken(last.span) {
                return None;
            }
            let columns = relation.as_ref().map(|relation| relation.columns.as_slice());
            let render = self.render(kind, properties, columns);
            return Some(BoundStatement { relation: relation?, render: Some(render?) });
        }
        if matches!(unwrap(expr).kind, ExprKind::Missing) {
            return None;
        }
        let relation = self.statement_relation(expr)?;
        Some(BoundStatement { relation, render: None::<Render> })
    }

    /// A table, or a single value as a table of one row.
    fn statement_relation(&mut self, expr: &syntax::Expr) -> Option<Relation> {
        let inner = unwrap(expr);
        let known = match &inner.kind {
            ExprKind::Name(name) => matches!(self.lookup(&name.text), Some(Binding::Scalar(_))),
            ExprKind::Call { name, .. } => {
                name.text == "toscalar"
                    || crate::signatures::scalar_function(&name.text).is_some()
                    || self.lookup(&name.text).is_some()
            }
            ExprKind::Missing | ExprKind::Wildcard(_) | ExprKind::Member { .. } => false,
            _ => true,
        };
        if !known || self.is_tabular(expr, &|_| false) {
            return self.relation(expr);
        }
        let value = syntax::NamedExpr { names: Vec::new(), value: inner.clone() };
        self.print(&[value], expr.span)
    }

    pub(super) fn let_statement(&mut self, name: &Name, value: &syntax::Expr) {
        let innermost = self.frames.last().is_some_and(|f| f.names.contains_key(&name.text));
        if innermost {
            let message = format!("`{}` is defined twice", name.text);
            let _: Option<()> = self.error(codes::NAMED_TWICE, name.span, message);
        }
        let binding = match &unwrap(value).kind {
            // A table whose columns are not known, a function half read.
            _ if self.is_broken(value.span) => {
                self.broken_value(value);
                None
            }
            ExprKind::Lambda { parameters, body, .. }
                if self.check_function(parameters, body, value.span).is_none() =>
            {
                None
            }
            ExprKind::Lambda { view, parameters, body } => {
                let tabular = self.body_is_tabular(parameters, body);
                Some(Binding::Function(std::rc::Rc::new(Function {
                    name: name.text.clone(),
                    parameters: parameters.as_slice().into(),
                    body: body.as_slice().into(),
                    frames: self.frames.len(),
                    names: self.declared() + 1,
                    view: *view,
                    tabular,
                    stored: false,
                })))
            }
            _ if self.is_tabular(value, &|_| false) => self.relation(value).map(Binding::Table),
            ExprKind::Name(other) if self.lookup(&other.text).is_none() => {
                self.relation(value).map(Binding::Table)
            }
            _ => self.let_scalar(value).map(Binding::Scalar),
        };
        self.declare(&name.text, binding.unwrap_or(Binding::Poisoned));
    }

    /// Binds a value in which the parser found something wrong, for what else is wrong with it.
    fn broken_value(&mut self, value: &syntax::Expr) {
        if self.is_tabular(value, &|_| false) {
            let _: Option<Relation> = self.relation(value);
        }
    }

    fn let_scalar(&mut self, value: &syntax::Expr) -> Option<Expr> {
        let bound = self.scalar(value, &[])?;
        self.check_expr_height(&bound)?;
        Some(bound)
    }

    fn set_statement(&mut self, name: &Name, value: Option<&syntax::Expr>) {
        let option = name.text.to_lowercase();
        if option == "servertimeout" {
            let message = "`servertimeout` is an option of the request, not of `set`";
            let _: Option<()> = self.error(codes::NOT_ALLOWED, name.span, message);
            return;
        }
        if !OPTIONS.split_ascii_whitespace().any(|known| known == option) {
            let message = format!("no option `{}`", name.text);
            let known = OPTIONS.split_ascii_whitespace();
            let _: Option<()> =
                self.unknown(codes::UNKNOWN_NAME, name.span, message, &option, known);
            return;
        }
        let literal = match value.map(|value| (value, unwrap(value))) {
            None => Literal::Bool(true),
            // Words such as `set query_datascope = hotcache` are values too.
            Some((_, syntax::Expr { kind: ExprKind::Name(word), .. }))
                if self.lookup(&word.text).is_none() =>
            {
                Literal::String { value: word.text.clone(), hidden: false }
            }
            Some((value, _)) => {
                let Some(bound) = self.scalar(value, &[]) else { return };
                let Some(literal) = as_literal(&bound) else {
                    let message = "the value of an option must be a literal";
                    let _: Option<()> = self.error(codes::CONSTANT_NEEDED, value.span, message);
                    return;
                };
                literal.clone()
            }
        };
        if option == "query_now" {
            let instant = match &literal {
                Literal::String { value, .. } => model::time::parse_datetime(value),
                Literal::DateTime(at) => Some(*at),
                _ => None,
            };
            match instant {
                Some(at) => self.now = at,
                None => {
                    let message = "`query_now` takes a datetime";
                    let _: Option<()> = self.error(codes::WRONG_TYPE, name.span, message);
                }
            }
        }
        self.set_options.push((option, literal));
    }
}
