//! Pipelines and operators as text.

use super::Printer;
use crate::diagnostic::Span;
use crate::parser::spelling;
use crate::syntax::{
    Expr, ExprKind, JoinKey, JoinKind, MakeSeries, MvExpand, Name, OperatorKind, OperatorParameter,
    Pipeline, RenderProperty, Scan, SortKey, TopNested,
};

impl Printer {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline) {
        let mut piped = false;
        if let Some(source) = &pipeline.source {
            self.expr(source);
            piped = true;
        }
        for operator in &pipeline.operators {
            self.text(if piped { "\n| " } else { "" });
            self.operator(&operator.kind, piped);
            piped = true;
        }
    }

    fn operator(&mut self, operator: &OperatorKind, piped: bool) {
        match operator {
            OperatorKind::Where(predicate) => self.one("where ", predicate),
            OperatorKind::Take(count) => self.one("take ", count),
            OperatorKind::Sample(count) => self.one("sample ", count),
            OperatorKind::Count(None) => self.text("count"),
            OperatorKind::Count(Some(name)) => {
                self.text("count as ");
                self.name(name);
            }
            OperatorKind::GetSchema => self.text("getschema"),
            OperatorKind::As { name, materialized } => {
                self.text(if *materialized { "as hint.materialized=true " } else { "as " });
                self.name(name);
            }
            OperatorKind::Union { parameters, legs } => {
                self.text("union ");
                self.operator_parameters(parameters);
                self.exprs(legs);
            }
            OperatorKind::Range { name, from, to, step } => {
                self.text("range ");
                self.name(name);
                self.one(" from ", from);
                self.one(" to ", to);
                self.one(" step ", step);
            }
            OperatorKind::Join { kind, right, keys } => self.join("join ", *kind, right, keys),
            OperatorKind::Lookup { kind, right, keys } => self.join("lookup ", *kind, right, keys),
            OperatorKind::MakeSeries(series) => self.make_series(series),
            OperatorKind::Scan(scan) => self.scan(scan),
            OperatorKind::Render { kind, properties } => self.render(kind, properties),
            OperatorKind::Sort(keys) => {
                self.text("sort by ");
                self.list(keys, Self::sort_key);
            }
            OperatorKind::Top { count, key } => {
                self.one("top ", count);
                self.text(" by ");
                self.sort_key(key);
            }
            OperatorKind::Parse(_)
            | OperatorKind::ParseKv(_)
            | OperatorKind::Search(_)
            | OperatorKind::Find(_) => self.text_operator(operator),
            OperatorKind::Evaluate(evaluate) => self.evaluate(evaluate),
            OperatorKind::TopHitters { count, of, by } => {
                self.one("top-hitters ", count);
                self.one(" of ", of);
                if let Some(by) = by {
                    self.one(" by ", by);
                }
            }
            OperatorKind::Unsupported(name) | OperatorKind::Unknown(name) => {
                self.name(name);
                // At a start, only an operand behind it tells an operator from a name.
                self.text(if piped { "" } else { " \"\"" });
            }
            _ => self.called(operator),
        }
    }

    /// Operators with functions and operators inside.
    fn called(&mut self, operator: &OperatorKind) {
        match operator {
            OperatorKind::Invoke { name, args } => {
                self.text("invoke ");
                self.name(name);
                self.text("(");
                self.list(args, Self::argument);
                self.text(")");
            }
            OperatorKind::MvExpand(expand) => {
                self.text(if expand.old { "mvexpand " } else { "mv-expand " });
                self.expansion(expand);
            }
            OperatorKind::MvApply { expand, subquery } => {
                self.text("mv-apply ");
                self.expansion(expand);
                self.text(" on ");
                self.subquery(subquery);
            }
            OperatorKind::Partition { parameters, by, subquery } => {
                self.text("partition ");
                self.operator_parameters(parameters);
                self.text("by ");
                self.name(by);
                self.text(" ");
                self.subquery(subquery);
            }
            OperatorKind::TopNested(levels) => self.list(levels, Self::top_nested),
            OperatorKind::SampleDistinct { count, of } => {
                self.one("sample-distinct ", count);
                self.one(" of ", of);
            }
            _ => self.columns(operator),
        }
    }

    /// Operators that are a list of columns.
    fn columns(&mut self, operator: &OperatorKind) {
        match operator {
            OperatorKind::Extend(items) => {
                self.text("extend ");
                self.named_list(items);
            }
            OperatorKind::Project(items) => {
                self.text("project ");
                self.named_list(items);
            }
            OperatorKind::ProjectRename(items) => {
                self.text("project-rename ");
                self.named_list(items);
            }
            OperatorKind::Distinct(items) => {
                self.text("distinct ");
                self.named_list(items);
            }
            OperatorKind::Print(items) => {
                self.text("print ");
                self.named_list(items);
            }
            OperatorKind::Serialize(items) => {
                self.text(if items.is_empty() { "serialize" } else { "serialize " });
                self.named_list(items);
            }
            OperatorKind::ProjectAway(columns) => {
                self.text("project-away ");
                self.exprs(columns);
            }
            OperatorKind::ProjectKeep(columns) => {
                self.text("project-keep ");
                self.exprs(columns);
            }
            OperatorKind::ProjectReorder(keys) => {
                self.text("project-reorder ");
                self.list(keys, |printer, key| {
                    printer.expr(&key.column);
                    printer.text(match (key.numbers, key.descending) {
                        (true, Some(true)) => " granny-desc",
                        (true, _) => " granny-asc",
                        (false, Some(true)) => " desc",
                        (false, Some(false)) => " asc",
                        (false, None) => "",
                    });
                });
            }
            OperatorKind::ProjectByNames(names) => {
                self.text("project-by-names ");
                self.exprs(names);
            }
            OperatorKind::Summarize { parameters, aggregates, keys } => {
                self.text("summarize ");
                self.operator_parameters(parameters);
                self.named_list(aggregates);
                if !keys.is_empty() {
                    self.text(if aggregates.is_empty() { "by " } else { " by " });
                    self.named_list(keys);
                }
            }
            _ => {}
        }
    }

    pub(super) fn one(&mut self, before: &str, expr: &Expr) {
        self.text(before);
        self.expr(expr);
    }

    pub(super) fn operator_parameters(&mut self, parameters: &[OperatorParameter]) {
        for parameter in parameters {
            self.name(&parameter.name);
            self.text("=");
            self.expr(&parameter.value);
            self.text(" ");
        }
    }

    fn sort_key(&mut self, key: &SortKey) {
        self.expr(&key.value);
        self.direction(key.descending, key.nulls_first);
    }

    fn direction(&mut self, descending: Option<bool>, nulls_first: Option<bool>) {
        match descending {
            Some(true) => self.text(" desc"),
            Some(false) => self.text(" asc"),
            None => {}
        }
        match nulls_first {
            Some(true) => self.text(" nulls first"),
            Some(false) => self.text(" nulls last"),
            None => {}
        }
    }

    fn top_nested(&mut self, level: &TopNested) {
        self.text("top-nested ");
        if let Some(count) = &level.count {
            self.expr(count);
            self.text(" ");
        }
        self.text("of ");
        self.named(&level.of);
        if let Some(others) = &level.others {
            self.one(" with others = ", others);
        }
        self.text(" by ");
        self.named(&level.by);
        self.direction(level.descending, level.nulls_first);
    }

    /// Operators in parentheses, or a whole query in braces.
    fn subquery(&mut self, subquery: &Expr) {
        match &subquery.kind {
            ExprKind::Pipeline(Pipeline { source: None, operators }) => {
                self.text("(");
                for (i, operator) in operators.iter().enumerate() {
                    self.text(if i > 0 { "\n| " } else { "" });
                    self.operator(&operator.kind, true);
                }
                self.text(")");
            }
            ExprKind::Parenthesized(inner) => {
                self.text("{ ");
                self.expr(inner);
                self.text(" }");
            }
            _ => {}
        }
    }

    fn join(&mut self, name: &str, kind: Option<(JoinKind, Span)>, right: &Expr, keys: &[JoinKey]) {
        self.text(name);
        if let Some((kind, _)) = kind {
            self.text("kind=");
            self.text(spelling::join_kind(kind));
            self.text(" ");
        }
        self.expr(right);
        self.text(" on ");
        self.list(keys, |printer, key| {
            if key.left.text == key.right.text && key.left.quoted == key.right.quoted {
                return printer.name(&key.left);
            }
            printer.text("$left.");
            printer.name(&key.left);
            printer.text(" == $right.");
            printer.name(&key.right);
        });
    }

    fn expansion(&mut self, expand: &MvExpand) {
        self.operator_parameters(&expand.parameters);
        self.list(&expand.columns, |printer, (column, ty)| {
            printer.named(column);
            if let Some(ty) = ty {
                printer.text(" to typeof(");
                printer.text(ty.name());
                printer.text(")");
            }
        });
        if let Some(limit) = &expand.limit {
            self.one(" limit ", limit);
        }
    }

    fn scan(&mut self, scan: &Scan) {
        self.text("scan ");
        self.operator_parameters(&scan.parameters);
        if !scan.order.is_empty() {
            self.text("order by ");
            self.list(&scan.order, Self::sort_key);
            self.text(" ");
        }
        if !scan.partition.is_empty() {
            self.text("partition by ");
            self.exprs(&scan.partition);
            self.text(" ");
        }
        if !scan.declared.is_empty() {
            self.text("declare ");
            self.parameters(&scan.declared);
            self.text(" ");
        }
        self.text("with (");
        for step in &scan.steps {
            self.text("step ");
            self.name(&step.name);
            self.text(if step.optional.is_some() { " optional" } else { "" });
            if let Some(output) = &step.output {
                self.text(" output=");
                self.name(output);
            }
            self.one(": ", &step.condition);
            if !step.assignments.is_empty() {
                self.text(" => ");
                self.named_list(&step.assignments);
            }
            self.text("; ");
        }
        self.text(")");
    }

    fn make_series(&mut self, series: &MakeSeries) {
        self.text("make-series ");
        self.operator_parameters(&series.parameters);
        self.list(&series.aggregates, |printer, (aggregate, default)| {
            printer.named(aggregate);
            if let Some(default) = default {
                printer.one(" default = ", default);
            }
        });
        self.text(" on ");
        self.named(&series.axis);
        match (&series.from, &series.to) {
            (Some(from), Some(to)) if series.in_range => {
                self.one(" in range(", from);
                self.one(", ", to);
                self.one(", ", &series.step);
                self.text(")");
            }
            (from, to) => {
                for (word, bound) in [(" from ", from), (" to ", to)] {
                    if let Some(bound) = bound {
                        self.one(word, bound);
                    }
                }
                self.one(" step ", &series.step);
            }
        }
        if !series.keys.is_empty() {
            self.text(" by ");
            self.named_list(&series.keys);
        }
    }

    fn render(&mut self, kind: &Name, properties: &[RenderProperty]) {
        self.text("render ");
        self.name(kind);
        if properties.is_empty() {
            return;
        }
        self.text(" with (");
        self.list(properties, |printer, property| {
            printer.name(&property.name);
            printer.text("=");
            printer.list(&property.values, |printer, value| printer.string(value));
        });
        self.text(")");
    }
}
