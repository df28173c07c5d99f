//! Where the parts of syntax trees stand: comparing trees by what they say alone, and moving them.

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
    query.statements.iter_mut().for_each(|part| statement(part, EQUAL));
    query
}

/// What the parts of a tree are set to.
#[derive(Clone, Copy)]
struct Place {
    span: Span,
    /// Whether a NaN is made equal to itself.
    equal_nan: bool,
}

const EQUAL: Place = Place { span: Span { start: 0, end: 0 }, equal_nan: true };

/// Sets the places of all parts of parameters and statements to one: that of the call which puts
/// them into a query of another text.
pub(crate) fn move_to(parameters: &mut [Parameter], statements: &mut [Statement], span: Span) {
    let place = Place { span, equal_nan: false };
    parameters.iter_mut().for_each(|part| parameter(part, place));
    statements.iter_mut().for_each(|part| statement(part, place));
}

fn statement(statement: &mut Statement, place: Place) {
    statement.span = place.span;
    match &mut statement.kind {
        StatementKind::Let { name: n, value } => {
            name(n, place);
            expr(value, place);
        }
        StatementKind::Set { name: n, value } => {
            name(n, place);
            value.iter_mut().for_each(|part| expr(part, place));
        }
        StatementKind::Parameters(parameters) => {
            parameters.iter_mut().for_each(|part| parameter(part, place))
        }
        StatementKind::Expression(value) => expr(value, place),
        StatementKind::Unsupported(n) => name(n, place),
    }
}

fn name(name: &mut Name, place: Place) {
    name.span = place.span;
}

fn schema(columns: &mut [SchemaColumn], place: Place) {
    columns.iter_mut().for_each(|column| name(&mut column.name, place));
}

fn parameter(parameter: &mut Parameter, place: Place) {
    name(&mut parameter.name, place);
    if let ParameterType::Table(columns) = &mut parameter.ty {
        schema(columns, place);
    }
    parameter.default.iter_mut().for_each(|part| expr(part, place));
}

fn arguments(arguments: &mut [crate::syntax::Argument], place: Place) {
    for argument in arguments {
        argument.name.iter_mut().for_each(|part| name(part, place));
        expr(&mut argument.value, place);
    }
}

fn exprs(exprs: &mut [Expr], place: Place) {
    exprs.iter_mut().for_each(|part| expr(part, place));
}

fn expr(e: &mut Expr, place: Place) {
    e.span = place.span;
    match &mut e.kind {
        ExprKind::Missing | ExprKind::Wildcard(_) => {}
        ExprKind::Literal(value) => literal(value, place),
        ExprKind::Name(n) => name(n, place),
        ExprKind::Call { name: n, args } => {
            name(n, place);
            arguments(args, place);
        }
        ExprKind::Member { base, name: n } => {
            expr(base, place);
            name(n, place);
        }
        ExprKind::Index { base: a, index: b } => {
            expr(a, place);
            expr(b, place);
        }
        ExprKind::Unary { operand, .. } => expr(operand, place),
        ExprKind::Parenthesized(inner) => expr(inner, place),
        ExprKind::Binary { left, right, op_span, .. } => {
            *op_span = place.span;
            expr(left, place);
            expr(right, place);
        }
        ExprKind::Between { value, low, high, .. } => {
            expr(value, place);
            expr(low, place);
            expr(high, place);
        }
        ExprKind::In { value, items, .. } => {
            expr(value, place);
            exprs(items, place);
        }
        ExprKind::Pipeline(inner) => pipeline(inner, place),
        ExprKind::TypeOf(columns) | ExprKind::ExternalData { columns } => schema(columns, place),
        ExprKind::Lambda { parameters, body, .. } => {
            parameters.iter_mut().for_each(|part| parameter(part, place));
            body.iter_mut().for_each(|part| statement(part, place));
        }
        ExprKind::Datatable { columns, values } => {
            schema(columns, place);
            exprs(values, place);
        }
    }
}

fn literal(literal: &mut Literal, place: Place) {
    if place.equal_nan && matches!(literal, Literal::Real(value) if value.is_nan()) {
        *literal = Literal::Dynamic("nan".to_owned());
    }
}

fn pipeline(pipeline: &mut Pipeline, place: Place) {
    if let Some(source) = &mut pipeline.source {
        expr(source, place);
    }
    for Operator { kind, span } in &mut pipeline.operators {
        *span = place.span;
        operator(kind, place);
    }
}

fn named(items: &mut [NamedExpr], place: Place) {
    for item in items {
        item.names.iter_mut().for_each(|part| name(part, place));
        expr(&mut item.value, place);
    }
}

fn sort_keys(keys: &mut [SortKey], place: Place) {
    keys.iter_mut().for_each(|key| expr(&mut key.value, place));
}

fn operator_parameters(parameters: &mut [OperatorParameter], place: Place) {
    for parameter in parameters {
        name(&mut parameter.name, place);
        expr(&mut parameter.value, place);
    }
}

fn join_keys(keys: &mut [JoinKey], place: Place) {
    for key in keys {
        key.span = place.span;
        name(&mut key.left, place);
        name(&mut key.right, place);
    }
}

fn operator(operator: &mut OperatorKind, place: Place) {
    match operator {
        OperatorKind::Where(value) | OperatorKind::Take(value) | OperatorKind::Sample(value) => {
            expr(value, place);
        }
        OperatorKind::Extend(items)
        | OperatorKind::Project(items)
        | OperatorKind::ProjectRename(items)
        | OperatorKind::Distinct(items)
        | OperatorKind::Print(items)
        | OperatorKind::Serialize(items) => named(items, place),
        OperatorKind::ProjectAway(columns) | OperatorKind::ProjectKeep(columns) => {
            exprs(columns, place)
        }
        OperatorKind::ProjectReorder(keys) => {
            keys.iter_mut().for_each(|key| expr(&mut key.column, place));
        }
        OperatorKind::Sort(keys) => sort_keys(keys, place),
        OperatorKind::Summarize { parameters, aggregates, keys } => {
            operator_parameters(parameters, place);
            named(aggregates, place);
            named(keys, place);
        }
        OperatorKind::Top { count, key } => {
            expr(count, place);
            expr(&mut key.value, place);
        }
        OperatorKind::Join { .. } | OperatorKind::Lookup { .. } | OperatorKind::Union { .. } => {
            combining_operator(operator, place);
        }
        OperatorKind::Range { name: n, from, to, step } => {
            name(n, place);
            [from, to, step].into_iter().for_each(|part| expr(part, place));
        }
        OperatorKind::SampleDistinct { count, of } => {
            [count, of].into_iter().for_each(|part| expr(part, place))
        }
        OperatorKind::MvExpand(expand) => mv_expand(expand, place),
        OperatorKind::Parse(_)
        | OperatorKind::ParseKv(_)
        | OperatorKind::Search(_)
        | OperatorKind::Find(_) => text_operator(operator, place),
        OperatorKind::ProjectByNames(names) => exprs(names, place),
        OperatorKind::TopHitters { count, of, by } => {
            expr(count, place);
            expr(of, place);
            by.iter_mut().for_each(|part| expr(part, place));
        }
        OperatorKind::Scan(inner) => scan(inner, place),
        OperatorKind::MakeSeries(series) => make_series(series, place),
        OperatorKind::Evaluate(_)
        | OperatorKind::Invoke { .. }
        | OperatorKind::MvApply { .. }
        | OperatorKind::Partition { .. } => calling_operator(operator, place),
        OperatorKind::TopNested(levels) => {
            levels.iter_mut().for_each(|part| top_nested(part, place))
        }
        OperatorKind::Render { kind: n, properties } => {
            name(n, place);
            properties.iter_mut().for_each(|property| name(&mut property.name, place));
        }
        OperatorKind::As { name: n, .. }
        | OperatorKind::Unsupported(n)
        | OperatorKind::Unknown(n) => name(n, place),
        OperatorKind::Count(n) => n.iter_mut().for_each(|part| name(part, place)),
        OperatorKind::GetSchema => {}
    }
}

/// Operators with further tables.
fn combining_operator(operator: &mut OperatorKind, place: Place) {
    match operator {
        OperatorKind::Join { kind, right, keys } | OperatorKind::Lookup { kind, right, keys } => {
            kind.iter_mut().for_each(|(_, span)| *span = place.span);
            expr(right, place);
            join_keys(keys, place);
        }
        OperatorKind::Union { parameters, legs } => {
            operator_parameters(parameters, place);
            exprs(legs, place);
        }
        _ => {}
    }
}

/// Operators with a function or a sub-query.
fn calling_operator(operator: &mut OperatorKind, place: Place) {
    match operator {
        OperatorKind::Evaluate(evaluate) => {
            operator_parameters(&mut evaluate.parameters, place);
            name(&mut evaluate.plugin, place);
            arguments(&mut evaluate.arguments, place);
            evaluate.schema.iter_mut().for_each(|s| schema(&mut s.columns, place));
        }
        OperatorKind::Invoke { name: n, args } => {
            name(n, place);
            arguments(args, place);
        }
        OperatorKind::MvApply { expand, subquery } => {
            mv_expand(expand, place);
            expr(subquery, place);
        }
        OperatorKind::Partition { parameters, by, subquery } => {
            operator_parameters(parameters, place);
            name(by, place);
            expr(subquery, place);
        }
        _ => {}
    }
}

fn text_operator(operator: &mut OperatorKind, place: Place) {
    match operator {
        OperatorKind::Parse(parse) => {
            operator_parameters(&mut parse.parameters, place);
            expr(&mut parse.value, place);
            for part in &mut parse.pattern {
                match part {
                    PatternPart::Text { span, .. } | PatternPart::Skip(span) => {
                        *span = place.span;
                    }
                    PatternPart::Capture { name: n, .. } => name(n, place),
                }
            }
        }
        OperatorKind::ParseKv(parse) => {
            expr(&mut parse.value, place);
            schema(&mut parse.columns, place);
            operator_parameters(&mut parse.parameters, place);
        }
        OperatorKind::Search(search) => {
            operator_parameters(&mut search.parameters, place);
            search.tables.iter_mut().for_each(|tables| exprs(tables, place));
            expr(&mut search.predicate, place);
        }
        OperatorKind::Find(find) => {
            operator_parameters(&mut find.parameters, place);
            find.tables.iter_mut().for_each(|tables| exprs(tables, place));
            expr(&mut find.predicate, place);
            for (n, _) in find.project.iter_mut().flat_map(|project| &mut project.columns) {
                name(n, place);
            }
        }
        _ => {}
    }
}

fn scan(scan: &mut Scan, place: Place) {
    operator_parameters(&mut scan.parameters, place);
    sort_keys(&mut scan.order, place);
    exprs(&mut scan.partition, place);
    scan.declared.iter_mut().for_each(|part| parameter(part, place));
    for step in &mut scan.steps {
        name(&mut step.name, place);
        step.optional.iter_mut().for_each(|span| *span = place.span);
        step.output.iter_mut().for_each(|part| name(part, place));
        expr(&mut step.condition, place);
        named(&mut step.assignments, place);
    }
}

fn top_nested(level: &mut TopNested, place: Place) {
    level.count.iter_mut().chain(&mut level.others).for_each(|part| expr(part, place));
    for item in [&mut level.of, &mut level.by] {
        item.names.iter_mut().for_each(|part| name(part, place));
        expr(&mut item.value, place);
    }
}

fn mv_expand(expand: &mut MvExpand, place: Place) {
    operator_parameters(&mut expand.parameters, place);
    for (column, _) in &mut expand.columns {
        column.names.iter_mut().for_each(|part| name(part, place));
        expr(&mut column.value, place);
    }
    expand.limit.iter_mut().for_each(|part| expr(part, place));
}

fn make_series(series: &mut MakeSeries, place: Place) {
    operator_parameters(&mut series.parameters, place);
    for (aggregate, default) in &mut series.aggregates {
        named(std::slice::from_mut(aggregate), place);
        default.iter_mut().for_each(|part| expr(part, place));
    }
    named(std::slice::from_mut(&mut series.axis), place);
    series.from.iter_mut().chain(&mut series.to).for_each(|part| expr(part, place));
    expr(&mut series.step, place);
    named(&mut series.keys, place);
}
