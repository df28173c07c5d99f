//! `pivot(column [, aggregate] [, key, …]) [: (schema)]`: a column for every value of a column.

use model::Type;

use super::is_column;
use crate::binder::aggregates::Aggregating;
use crate::binder::coerce::convert;
use crate::binder::expressions::{call, column_ref, text_literal};
use crate::binder::scope::unwrap;
use crate::binder::{Binder, COLUMNS_MAX};
use crate::bound::{Column, ColumnId, Expr, ExprKind, Literal, PathStep, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::question::QuestionKind;
use crate::signatures::{self, Signature};
use crate::syntax::{self, Argument, Evaluate, Name, OutputSchema};

/// Aggregates, their form with a predicate, and where the predicate stands.
const AGGREGATES: &[(&str, &str, usize)] = &[
    ("count", "countif", 0),
    ("sum", "sumif", 1),
    ("min", "minif", 1),
    ("max", "maxif", 1),
    ("take_any", "take_anyif", 1),
    ("dcount", "dcountif", 1),
    ("avg", "avgif", 1),
    ("stdev", "stdevif", 1),
    ("variance", "varianceif", 1),
    ("make_list", "make_list_if", 1),
    ("make_set", "make_set_if", 1),
    ("make_bag", "make_bag_if", 1),
];

/// Columns as a schema names them.
type Order = Vec<(String, Type)>;

/// What stands in the cells.
struct Cells {
    signature: &'static Signature,
    predicate_at: usize,
    args: Vec<Expr>,
    name: Name,
}

impl Binder<'_> {
    pub(super) fn pivot(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        self.expect_arguments(evaluate, 1, usize::MAX)?;
        let input = self.repeatable(input);
        let (first, rest) = evaluate.arguments.split_first()?;
        let column = self.plugin_column(first, &input.columns)?;
        self.refuse_dynamic(&column_ref(&column, first.value.span), "`pivot`")?;
        let (cells, keys) = self.pivot_arguments(rest, &input, span)?;
        let keys = match keys {
            Some(keys) => keys,
            None => {
                let free =
                    |c: &&Column| c.id != column.id && !cells.args.iter().any(|e| uses(e, c));
                input.columns.iter().filter(free).cloned().collect()
            }
        };
        let text = |column: &Column| convert(column_ref(column, span), Type::String);
        let (names, order) = match &evaluate.schema {
            Some(schema) => self.pivot_schema(schema, &keys)?,
            None => {
                let relation = self.distinct_texts(&input, text(&column), span);
                let kind = QuestionKind::Rows { max: COLUMNS_MAX + 1 };
                let answer = self.ask(relation, kind, evaluate.plugin.span)?;
                (self.pivot_values(answer, evaluate.plugin.span)?, None)
            }
        };
        let pivoted = self.pivoted(input, (&keys, &names), text(&column), cells, span)?;
        self.in_schema(pivoted, order, span)
    }

    /// What stands in the cells, and the keys when they are given.
    fn pivot_arguments(
        &mut self,
        rest: &[Argument],
        input: &Relation,
        span: Span,
    ) -> Option<(Cells, Option<Vec<Column>>)> {
        let count = Name { text: "count".to_owned(), span, quoted: false };
        let (cells, rest) = match rest.split_first() {
            Some((first, rest)) => match &unwrap(&first.value).kind {
                syntax::ExprKind::Call { name, args } => (self.cells(name, args, input)?, rest),
                _ => {
                    let finding = Diagnostic::new(
                        codes::NOT_ALLOWED,
                        first.value.span,
                        "an aggregate is expected, keys stand behind it",
                    );
                    return self.report(finding.help("for example `pivot(a, count(), b)`"));
                }
            },
            None => (self.cells(&count, &[], input)?, rest),
        };
        let mut keys = Vec::with_capacity(rest.len());
        for argument in rest {
            keys.push(self.plugin_column(argument, &input.columns)?);
        }
        Some((cells, (!rest.is_empty()).then_some(keys)))
    }

    fn cells(&mut self, name: &Name, args: &[Argument], input: &Relation) -> Option<Cells> {
        let plain = signatures::aggregate_function(&name.text).map(|s| s.name);
        let known = AGGREGATES.iter().find(|(known, ..)| Some(*known) == plain);
        let Some((_, conditional, predicate_at)) = known else {
            let message = format!("`{}()` cannot stand in `pivot`", name.text);
            let names: Vec<String> =
                AGGREGATES.iter().map(|(name, ..)| format!("`{name}`")).collect();
            let help = format!("one of {}", names.join(", "));
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help));
        };
        let signature = signatures::aggregate_function(conditional)?;
        let mut args = self.arguments(args, &input.columns)?;
        if signature.name == "countif" {
            args.clear();
        }
        if args.len() < *predicate_at {
            let message = format!("`{}()` needs a value", name.text);
            return self.error(codes::ARGUMENT_COUNT, name.span, message);
        }
        Some(Cells { signature, predicate_at: *predicate_at, args, name: name.clone() })
    }

    /// The values of a schema's columns that are no keys, and the order of all its columns.
    fn pivot_schema(
        &mut self,
        schema: &OutputSchema,
        keys: &[Column],
    ) -> Option<(Vec<String>, Option<Order>)> {
        let mut order: Order = Vec::new();
        if schema.all {
            order.extend(keys.iter().map(|key| (key.name.clone(), key.ty)));
        }
        for column in &schema.columns {
            if order.iter().any(|(name, _)| *name == column.name.text) {
                return self.named_twice(&column.name);
            }
            order.push((column.name.text.clone(), column.ty));
        }
        let is_key = |name: &str| keys.iter().any(|key| key.name == name);
        let names = order.iter().map(|(n, _)| n.clone()).filter(|n| !is_key(n)).collect();
        Some((names, Some(order)))
    }

    /// The different texts of a value.
    fn distinct_texts(&mut self, input: &Relation, value: Expr, span: Span) -> Relation {
        let id = ColumnId(self.next_column + 1);
        let columns = vec![Column { id, name: "value".to_owned(), ty: Type::String }];
        let kind = RelationKind::Summarize {
            input: Box::new(input.clone()),
            keys: vec![(id, value)],
            aggregates: Vec::new(),
        };
        Relation { kind, columns, span }
    }

    fn pivot_values(&mut self, answer: Vec<Vec<Literal>>, span: Span) -> Option<Vec<String>> {
        if answer.len() > COLUMNS_MAX {
            let message = format!("`pivot` would make more than {COLUMNS_MAX} columns");
            return self.report(
                Diagnostic::new(codes::TOO_MANY_COLUMNS, span, message)
                    .help("filter the values first, or name those wanted: `: (key: string, …)`"),
            );
        }
        let mut names: Vec<String> = Vec::with_capacity(answer.len());
        for row in answer {
            if let Some(Literal::String { value, .. }) = row.into_iter().next() {
                names.push(value);
            }
        }
        names.sort();
        Some(names)
    }

    fn pivoted(
        &mut self,
        input: Relation,
        (keys, names): (&[Column], &[String]),
        value: Expr,
        cells: Cells,
        span: Span,
    ) -> Option<Relation> {
        self.spend(names.len() * 4 + keys.len(), span)?;
        let mut columns: Vec<Column> = Vec::with_capacity(keys.len() + names.len());
        let mut groups = Vec::with_capacity(keys.len());
        for key in keys {
            let column = self.column(key.name.clone(), key.ty);
            groups.push((column.id, column_ref(key, span)));
            columns.push(column);
        }
        let saved = self.aggregating.replace(Aggregating::default());
        for name in names {
            let equal = vec![value.clone(), text_literal(name, span)];
            let mut args = cells.args.clone();
            let at = cells.predicate_at.min(args.len());
            args.insert(at, call("==", equal, Type::Bool, span));
            let made = self.add_aggregate(cells.signature, &cells.name, args, span);
            let Some(Expr { kind: ExprKind::Column(id), ty, .. }) =
                made.and_then(|outputs| outputs.into_iter().next())
            else {
                self.aggregating = saved;
                return None;
            };
            // A value that is called like a key cannot be told from it otherwise.
            let mut free = name.clone();
            let mut number = 0;
            while columns.iter().any(|c| c.name == free) {
                number += 1;
                free = format!("{name}{number}");
            }
            columns.push(Column { id, name: free, ty });
        }
        let found = std::mem::replace(&mut self.aggregating, saved);
        let aggregates = found.map(|state| state.found).unwrap_or_default();
        if columns.len() > COLUMNS_MAX {
            let message = format!("the table has more than {COLUMNS_MAX} columns");
            return self.error(codes::TOO_MANY_COLUMNS, span, message);
        }
        let kind = RelationKind::Summarize { input: Box::new(input), keys: groups, aggregates };
        Some(Relation { kind, columns, span })
    }

    /// The columns in the order and of the types of the schema.
    fn in_schema(
        &mut self,
        pivoted: Relation,
        order: Option<Order>,
        span: Span,
    ) -> Option<Relation> {
        let Some(order) = order else { return Some(pivoted) };
        let mut items = Vec::with_capacity(order.len());
        for (name, ty) in order {
            let column = pivoted.columns.iter().find(|c| c.name == name)?.clone();
            if column.ty != ty && !(column.ty.is_numeric() && ty.is_numeric()) {
                let message = format!("`{name}` is of type {}, not {ty}", column.ty);
                return self.error(codes::WRONG_TYPE, span, message);
            }
            items.push((name, convert(column_ref(&column, span), ty)));
        }
        self.projection(pivoted, items, span)
    }
}

/// Whether the column stands in the expression.
fn uses(expr: &Expr, column: &Column) -> bool {
    is_column(expr, column)
        || match &expr.kind {
            ExprKind::Call { args, .. } => args.iter().any(|arg| uses(arg, column)),
            ExprKind::Path { base, step } => {
                uses(base, column)
                    || matches!(step.as_ref(), PathStep::Computed(index) if uses(index, column))
            }
            ExprKind::InRelation { value, .. } => uses(value, column),
            _ => false,
        }
}
