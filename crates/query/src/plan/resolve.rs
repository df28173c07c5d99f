//! Sub-queries inside expressions, answered before planning: `toscalar(T)`, `x in (T)`.
//!
//! Invariant: one sub-query is run once, however often it appears (spec kql.md §12).

use kql::bound::{Expr, ExprKind, Literal, Relation};
use model::Type;

use super::walk;
use crate::answer::{Cells, ResultTable, Value};

/// What stops a walk: the first sub-query found.
struct Found(Box<Relation>);

/// A sub-query without sub-queries of its own, if any is left.
pub(crate) fn next(relation: &mut Relation) -> Option<Relation> {
    let mut visit = |expr: &mut Expr| match &expr.kind {
        ExprKind::ToScalar(relation) | ExprKind::InRelation { relation, .. } => {
            Err(Found(relation.clone()))
        }
        _ => Ok(()),
    };
    walk::expressions_mut(relation, &mut visit).err().map(|Found(relation)| *relation)
}

/// Puts the answer of `sub` everywhere it is asked for.
pub(crate) fn replace(relation: &mut Relation, sub: &Relation, answer: &ResultTable) {
    let mut visit = |expr: &mut Expr| {
        let kind = std::mem::replace(&mut expr.kind, ExprKind::Literal(Literal::Null(expr.ty)));
        expr.kind = match kind {
            ExprKind::ToScalar(relation) if *relation == *sub => {
                ExprKind::Literal(first(answer, expr.ty))
            }
            ExprKind::InRelation { function, value, relation } if *relation == *sub => {
                let span = expr.span;
                let item = |(literal, ty)| Expr { kind: ExprKind::Literal(literal), ty, span };
                let mut args = vec![*value];
                args.extend(column(answer).into_iter().map(item));
                ExprKind::Call { function, args }
            }
            other => other,
        };
        Ok::<(), std::convert::Infallible>(())
    };
    let Ok(()) = walk::expressions_mut(relation, &mut visit);
}

/// The first column of the first row, null (`''`) when there is none.
fn first(answer: &ResultTable, ty: Type) -> Literal {
    let batch = answer.batches.iter().find(|batch| batch.num_rows() > 0);
    match batch {
        Some(batch) => literal(Cells::new(&answer.columns, batch).value(0, 0), ty),
        None => missing(ty),
    }
}

/// The values of the first column.
fn column(answer: &ResultTable) -> Vec<(Literal, Type)> {
    let ty = answer.columns.first().map_or(Type::Dynamic, |column| column.ty);
    let mut values = Vec::with_capacity(answer.rows());
    for batch in &answer.batches {
        let cells = Cells::new(&answer.columns, batch);
        values.extend((0..cells.rows()).map(|row| (literal(cells.value(row, 0), ty), ty)));
    }
    values
}

fn missing(ty: Type) -> Literal {
    match ty {
        Type::String => Literal::String { value: String::new(), hidden: false },
        _ => Literal::Null(ty),
    }
}

fn literal(value: Value<'_>, ty: Type) -> Literal {
    match value {
        Value::Null => missing(ty),
        Value::Bool(v) => Literal::Bool(v),
        Value::Int(v) => Literal::Int(v),
        Value::Long(v) => Literal::Long(v),
        Value::Real(v) => Literal::Real(v),
        Value::Decimal(v) => Literal::Decimal(v),
        Value::String(v) => Literal::String { value: v.to_owned(), hidden: false },
        Value::DateTime(v) => Literal::DateTime(v),
        Value::TimeSpan(v) => Literal::TimeSpan(v),
        Value::Guid(v) => Literal::Guid(v.to_owned()),
        Value::Dynamic(v) => Literal::Dynamic(v.to_owned()),
    }
}
