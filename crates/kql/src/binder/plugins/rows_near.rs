//! `rows_near(condition, before [, after])`: the rows around those for which a condition holds.

use model::Type;

use super::kept;
use crate::binder::Binder;
use crate::binder::expressions::{call, column_ref, literal};
use crate::binder::relations::filter;
use crate::bound::{Column, Expr, Literal, Relation, RelationKind, WindowCall};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Argument, Evaluate};

/// Farthest row looked at: every distance is a call of its own.
const DISTANCE_MAX: i64 = 200;

impl Binder<'_> {
    pub(super) fn rows_near(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        self.expect_arguments(evaluate, 2, 3)?;
        let [condition, distances @ ..] = evaluate.arguments.as_slice() else { return None };
        if !crate::binder::windows::is_serialized(&input) {
            let message = "`rows_near` needs rows in an order";
            let finding = Diagnostic::new(codes::NOT_ALLOWED, evaluate.plugin.span, message);
            return self.report(finding.help("put `| sort by …` or `| serialize` before it"));
        }
        let holds = self.scalar(&condition.value, &input.columns)?;
        if holds.ty != Type::Bool {
            let message = format!("a condition is a bool, not {}", holds.ty);
            return self.error(codes::WRONG_TYPE, condition.value.span, message);
        }
        let before = self.distance(distances.first()?)?;
        let after = match distances.get(1) {
            Some(argument) => self.distance(argument)?,
            None => before,
        };
        let width = input.columns.len();
        let mut items = kept(&input.columns, span);
        // No query can name it: it is gone before the next operator.
        items.push(("~holds".to_owned(), holds));
        let flagged = self.projection(input, items, span)?;
        let flag = flagged.columns.last()?.clone();
        let mut near = vec![column_ref(&flag, span)];
        let mut calls = Vec::new();
        let mut columns = flagged.columns.clone();
        for (function, most) in [("prev", after), ("next", before)] {
            for distance in 1..=most {
                let column = self.column(format!("~{function}{distance}"), Type::Bool);
                near.push(column_ref(&column, span));
                calls.push((column.id, neighbour(function, &flag, distance, span)));
                columns.push(column);
            }
        }
        self.spend(near.len() * 4, span)?;
        let windowed = match calls.is_empty() {
            true => flagged,
            false => {
                let input = Box::new(flagged);
                let kind = RelationKind::Window { input, calls, partition: Vec::new() };
                Relation { kind, columns, span }
            }
        };
        let found = filter(windowed, any(near, span)?, span);
        self.pick(found, &(0..width).collect::<Vec<_>>(), span)
    }

    fn distance(&mut self, argument: &Argument) -> Option<i64> {
        let rows = match self.plugin_literal(argument)? {
            Literal::Long(rows) => rows,
            Literal::Int(rows) => i64::from(rows),
            _ => -1,
        };
        if (0..=DISTANCE_MAX).contains(&rows) {
            return Some(rows);
        }
        let message = format!("a number of rows from 0 to {DISTANCE_MAX} is expected");
        self.error(codes::WRONG_TYPE, argument.value.span, message)
    }
}

fn neighbour(function: &'static str, flag: &Column, distance: i64, span: Span) -> WindowCall {
    let offset = literal(Literal::Long(distance), span);
    let default = literal(Literal::Bool(false), span);
    WindowCall { function, args: vec![column_ref(flag, span), offset, default], ty: Type::Bool }
}

/// `a or b or …` as a tree that is not deep.
fn any(mut conditions: Vec<Expr>, span: Span) -> Option<Expr> {
    while conditions.len() > 1 {
        let mut joined = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut rest = conditions.into_iter();
        while let Some(left) = rest.next() {
            joined.push(match rest.next() {
                Some(right) => call("or", vec![left, right], Type::Bool, span),
                None => left,
            });
        }
        conditions = joined;
    }
    conditions.pop()
}
