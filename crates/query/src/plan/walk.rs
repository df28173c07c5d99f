//! Visits the expressions of a bound relation, sub-relations inside expressions included.

use kql::bound::{Expr, ExprKind, PathStep, Relation, RelationKind};

/// The expressions of this operator itself and the relations directly below it, to change.
pub(crate) fn parts_mut(relation: &mut Relation) -> (Vec<&mut Expr>, Vec<&mut Relation>) {
    match &mut relation.kind {
        // What is shared is planned on its own.
        RelationKind::Scan { .. }
        | RelationKind::Values { .. }
        | RelationKind::Rows { .. }
        | RelationKind::Shared { .. } => (Vec::new(), Vec::new()),
        RelationKind::Range { from, to, step } => (vec![from, to, step], Vec::new()),
        RelationKind::Where { input, predicate } => (vec![predicate], vec![input]),
        RelationKind::Project { input, expressions } => {
            (expressions.iter_mut().map(|(_, e)| e).collect(), vec![input])
        }
        RelationKind::Summarize { input, keys, aggregates } => {
            let keys = keys.iter_mut().map(|(_, e)| e);
            let args = aggregates.iter_mut().flat_map(|a| a.args.iter_mut());
            (keys.chain(args).collect(), vec![input])
        }
        RelationKind::Sort { input, keys } => {
            (keys.iter_mut().map(|k| &mut k.value).collect(), vec![input])
        }
        RelationKind::Take { input, count, .. } => (vec![count], vec![input]),
        RelationKind::Serialize { input } => (Vec::new(), vec![input]),
        RelationKind::Window { input, calls, .. } => {
            (calls.iter_mut().flat_map(|(_, call)| call.args.iter_mut()).collect(), vec![input])
        }
        RelationKind::Steps { input, declared, steps, .. } => {
            let mut exprs: Vec<&mut Expr> = declared.iter_mut().map(|(_, e)| e).collect();
            for step in steps {
                exprs.push(&mut step.condition);
                exprs.extend(step.assignments.iter_mut().map(|(_, e)| e));
            }
            (exprs, vec![input])
        }
        RelationKind::MvExpand { input, expansion } => {
            let values = expansion.items.iter_mut().map(|item| &mut item.value);
            (values.chain(&mut expansion.limit).collect(), vec![input])
        }
        RelationKind::Union { inputs } => {
            (Vec::new(), inputs.iter_mut().map(|(input, _)| input).collect())
        }
        RelationKind::Join { left, right, .. } => (Vec::new(), vec![left, right]),
    }
}

/// Calls `visit` for every expression of the relation and of the relations below it, innermost
/// first: an expression after its parts, a sub-relation's before the expression that holds it.
///
/// Stops at the first error.
pub(crate) fn expressions_mut<E>(
    relation: &mut Relation,
    visit: &mut dyn FnMut(&mut Expr) -> Result<(), E>,
) -> Result<(), E> {
    let (expressions, inputs) = parts_mut(relation);
    for input in inputs {
        expressions_mut(input, visit)?;
    }
    for expression in expressions {
        expression_mut(expression, visit)?;
    }
    Ok(())
}

/// Calls `visit` for the parts of an expression and for itself, innermost first.
pub(crate) fn expression_mut<E>(
    expr: &mut Expr,
    visit: &mut dyn FnMut(&mut Expr) -> Result<(), E>,
) -> Result<(), E> {
    match &mut expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => {}
        ExprKind::Call { args, .. } => {
            for arg in args {
                expression_mut(arg, visit)?;
            }
        }
        ExprKind::Path { base, step } => {
            expression_mut(base, visit)?;
            if let PathStep::Computed(computed) = step.as_mut() {
                expression_mut(computed, visit)?;
            }
        }
        ExprKind::ToScalar(relation) => expressions_mut(relation, visit)?,
        ExprKind::InRelation { value, relation, .. } => {
            expression_mut(value, visit)?;
            expressions_mut(relation, visit)?;
        }
    }
    visit(expr)
}
