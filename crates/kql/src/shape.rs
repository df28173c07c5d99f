//! Comparing syntax trees by what they say and not by where it stands.

use crate::diagnostic::Span;
use crate::syntax::{
    Expr, ExprKind, JoinKey, Literal, MakeSeries, MvExpand, Name, NamedExpr, Operator,
    OperatorKind, OperatorParameter, Parameter, ParameterType, PatternPart, Pipeline, Query, Scan,
    SchemaColumn, SortKey, Statement, StatementKind, TopNested,
};

/// Whether two trees are the same up to the places of their parts. A NaN equals a NaN.
pub fn same_shape(a: &Query, b: &Query) -> bool {
    without_places(a) == without_places(b)
}

/// The tree with every place set to nothing. A NaN becomes the dynamic literal `nan`, which no text
/// can write, so that it equals itself.
pub fn without_places(query: &Query) -> Query {
    let mut query = query.clone();
    query.statements.iter_mut().for_each(statement);
    query
}

fn statement(statement: &mut Statement) {
    statement.span = Span::default();
    match &mut statement.kind {
        StatementKind::Let { name: n, value } => {
            name(n);
            expr(value);
        }
        StatementKind::Set { name: n, value } => {
            name(n);
            value.iter_mut().for_each(expr);
        }
        StatementKind::Parameters(parameters) => parameters.iter_mut().for_each(parameter),
        StatementKind::Expression(value) => expr(value),
        StatementKind::Unsupported(n) => name(n),
    }
}

fn name(name: &mut Name) {
    name.span = Span::default();
}

fn schema(columns: &mut [SchemaColumn]) {
    columns.iter_mut().for_each(|column| name(&mut column.name));
}

fn parameter(parameter: &mut Parameter) {
    name(&mut parameter.name);
    if let ParameterType::Table(columns) = &mut parameter.ty {
        schema(columns);
    }
    parameter.default.iter_mut().for_each(expr);
}

fn arguments(arguments: &mut [crate::syntax::Argument]) {
    for argument in arguments {
        argument.name.iter_mut().for_each(name);
        expr(&mut argument.value);
    }
}

fn exprs(exprs: &mut [Expr]) {
    exprs.iter_mut().for_each(expr);
}

fn expr(e: &mut Expr) {
    e.span = Span::default();
    match &mut e.kind {
        ExprKind::Missing | ExprKind::Wildcard(_) => {}
        ExprKind::Literal(value) => literal(value),
        ExprKind::Name(n) => name(n),
        ExprKind::Call { name: n, args } => {
            name(n);
            arguments(args);
        }
        ExprKind::Member { base, name: n } => {
            expr(base);
            name(n);
        }
        ExprKind::Index { base: a, index: b } => {
            expr(a);
            expr(b);
        }
        ExprKind::Unary { operand, .. } => expr(operand),
        ExprKind::Parenthesized(inner) => expr(inner),
        ExprKind::Binary { left, right, op_span, .. } => {
            *op_span = Span::default();
            expr(left);
            expr(right);
        }
        ExprKind::Between { value, low, high, .. } => {
            expr(value);
            expr(low);
            expr(high);
        }
        ExprKind::In { value, items, .. } => {
            expr(value);
            exprs(items);
        }
        ExprKind::Pipeline(inner) => pipeline(inner),
        ExprKind::TypeOf(columns) | ExprKind::ExternalData { columns } => schema(columns),
        ExprKind::Lambda { parameters, body, .. } => {
            parameters.iter_mut().for_each(parameter);
            body.iter_mut().for_each(statement);
        }
        ExprKind::Datatable { columns, values } => {
            schema(columns);
            exprs(values);
        }
    }
}

fn literal(literal: &mut Literal) {
    if matches!(literal, Literal::Real(value) if value.is_nan()) {
        *literal = Literal::Dynamic("nan".to_owned());
    }
}

fn pipeline(pipeline: &mut Pipeline) {
    if let Some(source) = &mut pipeline.source {
        expr(source);
    }
    for Operator { kind, span } in &mut pipeline.operators {
        *span = Span::default();
        operator(kind);
    }
}

fn named(items: &mut [NamedExpr]) {
    for item in items {
        item.names.iter_mut().for_each(name);
        expr(&mut item.value);
    }
}

fn sort_keys(keys: &mut [SortKey]) {
    keys.iter_mut().for_each(|key| expr(&mut key.value));
}

fn operator_parameters(parameters: &mut [OperatorParameter]) {
    for parameter in parameters {
        name(&mut parameter.name);
        expr(&mut parameter.value);
    }
}

fn join_keys(keys: &mut [JoinKey]) {
    for key in keys {
        key.span = Span::default();
        name(&mut key.left);
        name(&mut key.right);
    }
}

fn operator(operator: &mut OperatorKind) {
    match operator {
        OperatorKind::Where(value) | OperatorKind::Take(value) | OperatorKind::Sample(value) => {
            expr(value);
        }
        OperatorKind::Extend(items)
        | OperatorKind::Project(items)
        | OperatorKind::ProjectRename(items)
        | OperatorKind::Distinct(items)
        | OperatorKind::Print(items)
        | OperatorKind::Serialize(items) => named(items),
        OperatorKind::ProjectAway(columns) | OperatorKind::ProjectKeep(columns) => exprs(columns),
        OperatorKind::ProjectReorder(keys) => {
            keys.iter_mut().for_each(|key| expr(&mut key.column));
        }
        OperatorKind::Sort(keys) => sort_keys(keys),
        OperatorKind::Summarize { parameters, aggregates, keys } => {
            operator_parameters(parameters);
            named(aggregates);
            named(keys);
        }
        OperatorKind::Top { count, key } => {
            expr(count);
            expr(&mut key.value);
        }
        OperatorKind::Join { kind, right, keys } | OperatorKind::Lookup { kind, right, keys } => {
            kind.iter_mut().for_each(|(_, span)| *span = Span::default());
            expr(right);
            join_keys(keys);
        }
        OperatorKind::Union { parameters, legs } => {
            operator_parameters(parameters);
            exprs(legs);
        }
        OperatorKind::Range { name: n, from, to, step } => {
            name(n);
            [from, to, step].into_iter().for_each(expr);
        }
        OperatorKind::SampleDistinct { count, of } => [count, of].into_iter().for_each(expr),
        OperatorKind::MvExpand(expand) => mv_expand(expand),
        OperatorKind::Parse(_)
        | OperatorKind::ParseKv(_)
        | OperatorKind::Search(_)
        | OperatorKind::Find(_) => text_operator(operator),
        OperatorKind::ProjectByNames(names) => exprs(names),
        OperatorKind::TopHitters { count, of, by } => {
            expr(count);
            expr(of);
            by.iter_mut().for_each(expr);
        }
        OperatorKind::Scan(inner) => scan(inner),
        OperatorKind::MakeSeries(series) => make_series(series),
        OperatorKind::Evaluate(_)
        | OperatorKind::Invoke { .. }
        | OperatorKind::MvApply { .. }
        | OperatorKind::Partition { .. } => calling_operator(operator),
        OperatorKind::TopNested(levels) => levels.iter_mut().for_each(top_nested),
        OperatorKind::Render { kind: n, properties } => {
            name(n);
            properties.iter_mut().for_each(|property| name(&mut property.name));
        }
        OperatorKind::As { name: n, .. }
        | OperatorKind::Unsupported(n)
        | OperatorKind::Unknown(n) => name(n),
        OperatorKind::Count(n) => n.iter_mut().for_each(name),
        OperatorKind::GetSchema => {}
    }
}

/// Operators with a function or a sub-query.
fn calling_operator(operator: &mut OperatorKind) {
    match operator {
        OperatorKind::Evaluate(evaluate) => {
            operator_parameters(&mut evaluate.parameters);
            name(&mut evaluate.plugin);
            arguments(&mut evaluate.arguments);
            evaluate.schema.iter_mut().for_each(|s| schema(&mut s.columns));
        }
        OperatorKind::Invoke { name: n, args } => {
            name(n);
            arguments(args);
        }
        OperatorKind::MvApply { expand, subquery } => {
            mv_expand(expand);
            expr(subquery);
        }
        OperatorKind::Partition { parameters, by, subquery } => {
            operator_parameters(parameters);
            name(by);
            expr(subquery);
        }
        _ => {}
    }
}

fn text_operator(operator: &mut OperatorKind) {
    match operator {
        OperatorKind::Parse(parse) => {
            operator_parameters(&mut parse.parameters);
            expr(&mut parse.value);
            for part in &mut parse.pattern {
                match part {
                    PatternPart::Text { span, .. } | PatternPart::Skip(span) => {
                        *span = Span::default();
                    }
                    PatternPart::Capture { name: n, .. } => name(n),
                }
            }
        }
        OperatorKind::ParseKv(parse) => {
            expr(&mut parse.value);
            schema(&mut parse.columns);
            operator_parameters(&mut parse.parameters);
        }
        OperatorKind::Search(search) => {
            operator_parameters(&mut search.parameters);
            search.tables.iter_mut().for_each(|tables| exprs(tables));
            expr(&mut search.predicate);
        }
        OperatorKind::Find(find) => {
            operator_parameters(&mut find.parameters);
            find.tables.iter_mut().for_each(|tables| exprs(tables));
            expr(&mut find.predicate);
            for (n, _) in find.project.iter_mut().flat_map(|project| &mut project.columns) {
                name(n);
            }
        }
        _ => {}
    }
}

fn scan(scan: &mut Scan) {
    operator_parameters(&mut scan.parameters);
    sort_keys(&mut scan.order);
    exprs(&mut scan.partition);
    scan.declared.iter_mut().for_each(parameter);
    for step in &mut scan.steps {
        name(&mut step.name);
        step.optional.iter_mut().for_each(|span| *span = Span::default());
        step.output.iter_mut().for_each(name);
        expr(&mut step.condition);
        named(&mut step.assignments);
    }
}

fn top_nested(level: &mut TopNested) {
    level.count.iter_mut().chain(&mut level.others).for_each(expr);
    for item in [&mut level.of, &mut level.by] {
        item.names.iter_mut().for_each(name);
        expr(&mut item.value);
    }
}

fn mv_expand(expand: &mut MvExpand) {
    operator_parameters(&mut expand.parameters);
    for (column, _) in &mut expand.columns {
        column.names.iter_mut().for_each(name);
        expr(&mut column.value);
    }
    expand.limit.iter_mut().for_each(expr);
}

fn make_series(series: &mut MakeSeries) {
    operator_parameters(&mut series.parameters);
    for (aggregate, default) in &mut series.aggregates {
        named(std::slice::from_mut(aggregate));
        default.iter_mut().for_each(expr);
    }
    named(std::slice::from_mut(&mut series.axis));
    series.from.iter_mut().chain(&mut series.to).for_each(expr);
    expr(&mut series.step);
    named(&mut series.keys);
}
