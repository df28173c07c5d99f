//! What a relation needs computed before it can be planned: shared tables, `toscalar(T)`,
//! `x in (T)`; and their answers put in their places.

use std::convert::Infallible;
use std::sync::Arc;

use kql::bound::{Expr, ExprKind, Literal, Relation, RelationKind, SharedTable};
use model::Type;

use super::walk;
use crate::answer::{Cells, ResultTable, Value};
use crate::shared::Shareds;

/// More values than this stay a set; fewer become literals, by which files and row groups without
/// any of them are left unread.
const LITERALS_MAX: usize = 1_000;

/// Something to compute.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// All rows.
    Table(Arc<SharedTable>),
    /// The first value.
    Scalar(Arc<SharedTable>),
    /// The different values, for this function.
    Members(Arc<SharedTable>, &'static str),
}

/// Everything the relation needs, each as often as it is needed.
pub(crate) fn wanted(relation: &mut Relation) -> Vec<Wanted> {
    let mut found = Vec::new();
    collect(relation, &mut found);
    found
}

fn collect(relation: &mut Relation, found: &mut Vec<Wanted>) {
    if let RelationKind::Shared { table } = &relation.kind {
        found.push(Wanted::Table(Arc::clone(table)));
    }
    let (expressions, inputs) = walk::parts_mut(relation);
    for expression in expressions {
        let Ok(()) = walk::expression_mut(expression, &mut |expr| {
            found.extend(match &expr.kind {
                ExprKind::ToScalar(table) => {
                    shared(table).map(|table| Wanted::Scalar(Arc::clone(table)))
                }
                ExprKind::InRelation { function, relation, .. } => {
                    shared(relation).map(|t| Wanted::Members(Arc::clone(t), function))
                }
                _ => None,
            });
            Ok::<(), Infallible>(())
        });
    }
    for input in inputs {
        collect(input, found);
    }
}

/// The shared table of a use.
pub(crate) fn shared(relation: &Relation) -> Option<&Arc<SharedTable>> {
    match &relation.kind {
        RelationKind::Shared { table } => Some(table),
        _ => None,
    }
}

/// Puts scalars and short lists of values where they are asked for.
pub(crate) fn replace(relation: &mut Relation, held: &Shareds) {
    let mut visit = |expr: &mut Expr| {
        if let Some(kind) = answered(expr, held) {
            expr.kind = kind;
        }
        Ok::<(), Infallible>(())
    };
    let Ok(()) = walk::expressions_mut(relation, &mut visit);
}

fn answered(expr: &Expr, held: &Shareds) -> Option<ExprKind> {
    match &expr.kind {
        ExprKind::ToScalar(relation) => {
            held.scalar(shared(relation)?.number).cloned().map(ExprKind::Literal)
        }
        ExprKind::InRelation { function, value, relation } => {
            let values = held.members(shared(relation)?.number)?.literals(LITERALS_MAX)?;
            let ty = value.ty;
            let item = |literal| Expr { kind: ExprKind::Literal(literal), ty, span: expr.span };
            let mut args = vec![value.as_ref().clone()];
            args.extend(values.into_iter().map(item));
            Some(ExprKind::Call { function, args })
        }
        _ => None,
    }
}

/// The first column of the first row, null (`''`) when there is none.
pub(crate) fn first(answer: &ResultTable, ty: Type) -> Literal {
    let batch = answer.batches.iter().find(|batch| batch.num_rows() > 0);
    match batch {
        Some(batch) => literal(Cells::new(&answer.columns, batch).value(0, 0), ty),
        None => missing(ty),
    }
}

fn missing(ty: Type) -> Literal {
    match ty {
        Type::String => Literal::String { value: String::new(), hidden: false },
        _ => Literal::Null(ty),
    }
}

/// A cell as a literal of the column's type.
pub(crate) fn literal(value: Value<'_>, ty: Type) -> Literal {
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
