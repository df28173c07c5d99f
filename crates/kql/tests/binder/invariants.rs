//! The contract of `bound`: columns are defined below where they are used, numbers are unique,
//! every call fits an overload exactly, strings are never null.

use std::collections::{HashMap, HashSet};

use kql::bound::*;
use kql::signatures::{self, Param, Signature};
use model::Type;

type Check = Result<(), String>;

pub fn check(query: &BoundQuery) -> Check {
    let mut defined = HashSet::new();
    query.statements.iter().try_for_each(|s| relation(&s.relation, &mut defined))
}

/// A number must be given to one column only; a projection may pass a column on.
fn define(id: ColumnId, defined: &mut HashSet<ColumnId>) -> Check {
    if defined.insert(id) { Ok(()) } else { Err(format!("column {id:?} defined twice")) }
}

fn relation(r: &Relation, defined: &mut HashSet<ColumnId>) -> Check {
    let mut names = HashSet::new();
    for column in &r.columns {
        if !names.insert(&column.name) {
            return Err(format!("two columns `{}`", column.name));
        }
    }
    match &r.kind {
        RelationKind::Scan { .. } | RelationKind::Values { .. } | RelationKind::Range { .. } => {
            leaf(r, defined)
        }
        RelationKind::Where { input, predicate } => {
            relation(input, defined)?;
            same(&input.columns, &r.columns)?;
            typed(predicate, Type::Bool)?;
            expr(predicate, &visible(input), defined)
        }
        RelationKind::Project { input, expressions } => {
            relation(input, defined)?;
            named(input, expressions, defined, true)?;
            let ids: Vec<ColumnId> = expressions.iter().map(|(id, _)| *id).collect();
            same(ids, r.columns.iter().map(|c| c.id).collect())?;
            let types: Vec<Type> = expressions.iter().map(|(_, e)| e.ty).collect();
            same(types, r.columns.iter().map(|c| c.ty).collect())
        }
        RelationKind::Summarize { input, keys, aggregates } => {
            summarize(r, input, keys, aggregates, defined)
        }
        RelationKind::Sort { input, keys } => {
            relation(input, defined)?;
            same(&input.columns, &r.columns)?;
            keys.iter().try_for_each(|key| expr(&key.value, &visible(input), defined))
        }
        RelationKind::Take { input, count, per } => {
            relation(input, defined)?;
            same(&input.columns, &r.columns)?;
            typed(count, Type::Long)?;
            columns_of(input, per)?;
            expr(count, &HashMap::new(), defined)
        }
        RelationKind::Union { inputs } => union(r, inputs, defined),
        RelationKind::Join { kind, left, right, keys } => {
            join(r, *kind, (left, right), keys, defined)
        }
        RelationKind::Shared { table } => {
            // The same numbers stand in every use of the table, and nowhere else.
            relation(&table.relation, &mut HashSet::new())?;
            let types = |columns: &[Column]| columns.iter().map(|c| c.ty).collect::<Vec<_>>();
            same(types(&table.relation.columns), types(&r.columns))?;
            r.columns.iter().try_for_each(|c| define(c.id, defined))
        }
        RelationKind::Serialize { input } => {
            relation(input, defined)?;
            same(&input.columns, &r.columns)
        }
        RelationKind::Window { input, calls, partition } => {
            window(r, input, calls, partition, defined)
        }
        RelationKind::Steps { .. } => steps(r, defined),
        RelationKind::MvExpand { input, expansion } => expansion_of(r, input, expansion, defined),
        RelationKind::Rows { .. } => Err("rows of a group are left".to_owned()),
    }
}

/// Relations without an input.
fn leaf(r: &Relation, defined: &mut HashSet<ColumnId>) -> Check {
    match &r.kind {
        RelationKind::Scan { view, .. } => {
            let names: Vec<&str> = view.columns.iter().map(|c| c.name).collect();
            let own: Vec<&str> = r.columns.iter().map(|c| c.name.as_str()).collect();
            same(&names[..], own.get(..names.len()).unwrap_or_default())?;
        }
        RelationKind::Values { rows } => {
            for row in rows {
                let types: Vec<Type> = row.iter().map(literal_type).collect();
                let wanted: Vec<Type> = r.columns.iter().map(|c| c.ty).collect();
                if types != wanted && !(r.columns.is_empty() && row.is_empty()) {
                    return Err(format!("row {types:?} for columns {wanted:?}"));
                }
            }
        }
        RelationKind::Range { from, to, step } => {
            for e in [from, to, step] {
                expr(e, &HashMap::new(), defined)?;
            }
        }
        _ => {}
    }
    r.columns.iter().try_for_each(|c| define(c.id, defined))
}

fn steps(r: &Relation, defined: &mut HashSet<ColumnId>) -> Check {
    let RelationKind::Steps { input, declared, steps, state, match_id, .. } = &r.kind else {
        return Ok(());
    };
    relation(input, defined)?;
    let mut known = visible(input);
    let mut ids: Vec<ColumnId> = input.columns.iter().map(|c| c.id).collect();
    for (id, default) in declared {
        expr(default, &HashMap::new(), defined)?;
        define(*id, defined)?;
        ids.push(*id);
    }
    for value in state {
        define(value.id, defined)?;
        known.insert(value.id, value.ty);
    }
    for step in steps {
        typed(&step.condition, Type::Bool)?;
        expr(&step.condition, &known, defined)?;
        step.assignments.iter().try_for_each(|(_, value)| expr(value, &known, defined))?;
    }
    match_id.iter().try_for_each(|id| define(*id, defined))?;
    ids.extend(match_id);
    same(ids, r.columns.iter().map(|c| c.id).collect())
}

fn columns_of(input: &Relation, ids: &[ColumnId]) -> Check {
    let known = visible(input);
    ids.iter().try_for_each(|id| known.get(id).map(|_| ()).ok_or(format!("{id} is no column")))
}

fn expansion_of(
    r: &Relation,
    input: &Relation,
    expansion: &Expansion,
    defined: &mut HashSet<ColumnId>,
) -> Check {
    relation(input, defined)?;
    let mut known = visible(input);
    let row = known.clone();
    for item in &expansion.items {
        typed(&item.value, Type::Dynamic)?;
        expr(&item.value, &row, defined)?;
        define(item.id, defined)?;
        known.insert(item.id, item.ty);
    }
    for id in expansion.index.iter().chain(&expansion.row) {
        define(*id, defined)?;
        known.insert(*id, Type::Long);
    }
    if let Some(limit) = &expansion.limit {
        typed(limit, Type::Long)?;
        expr(limit, &HashMap::new(), defined)?;
    }
    r.columns.iter().try_for_each(|c| same(known.get(&c.id), Some(&c.ty)))
}

fn window(
    r: &Relation,
    input: &Relation,
    calls: &[(ColumnId, WindowCall)],
    partition: &[ColumnId],
    defined: &mut HashSet<ColumnId>,
) -> Check {
    relation(input, defined)?;
    let known = visible(input);
    columns_of(input, partition)?;
    let mut ids: Vec<ColumnId> = input.columns.iter().map(|c| c.id).collect();
    for (id, call) in calls {
        call.args.iter().try_for_each(|arg| expr(arg, &known, defined))?;
        define(*id, defined)?;
        ids.push(*id);
    }
    same(ids, r.columns.iter().map(|c| c.id).collect())
}

fn summarize(
    r: &Relation,
    input: &Relation,
    keys: &[(ColumnId, Expr)],
    aggregates: &[Aggregate],
    defined: &mut HashSet<ColumnId>,
) -> Check {
    relation(input, defined)?;
    named(input, keys, defined, false)?;
    let mut outputs: Vec<(ColumnId, Type)> = keys.iter().map(|(i, e)| (*i, e.ty)).collect();
    for aggregate in aggregates {
        let signature = signatures::aggregate_function(aggregate.function)
            .or_else(|| signatures::internal(aggregate.function))
            .ok_or(format!("no aggregate {}", aggregate.function))?;
        same(signature.name, aggregate.function)?;
        fits(signature, &aggregate.args)?;
        for arg in &aggregate.args {
            expr(arg, &visible(input), defined)?;
        }
        if let Some(filter) = &aggregate.filter {
            same(visible(input).get(filter), Some(&Type::Bool))?;
        }
        for (id, ty) in &aggregate.outputs {
            define(*id, defined)?;
            outputs.push((*id, *ty));
        }
    }
    same(outputs, r.columns.iter().map(|c| (c.id, c.ty)).collect())
}

fn join(
    r: &Relation,
    kind: JoinKind,
    (left, right): (&Relation, &Relation),
    keys: &[(ColumnId, ColumnId)],
    defined: &mut HashSet<ColumnId>,
) -> Check {
    relation(left, defined)?;
    relation(right, defined)?;
    let (l, r_) = (visible(left), visible(right));
    for (a, b) in keys {
        let types = (l.get(a), r_.get(b));
        if types.0.is_none() || types.0 != types.1 {
            return Err(format!("join key types {types:?}"));
        }
    }
    let ids = |columns: &[Column]| columns.iter().map(|c| c.id).collect::<Vec<_>>();
    same(
        ids(&r.columns),
        match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => ids(&left.columns),
            JoinKind::RightSemi | JoinKind::RightAnti => ids(&right.columns),
            _ => [ids(&left.columns), ids(&right.columns)].concat(),
        },
    )
}

fn union(
    r: &Relation,
    inputs: &[(Relation, Vec<Option<ColumnId>>)],
    defined: &mut HashSet<ColumnId>,
) -> Check {
    for (input, sources) in inputs {
        relation(input, defined)?;
        same(sources.len(), r.columns.len())?;
        for (source, column) in sources.iter().zip(&r.columns) {
            if let Some(id) = source {
                same(visible(input).get(id), Some(&column.ty))?;
            }
        }
    }
    r.columns.iter().try_for_each(|c| define(c.id, defined))
}

fn named(
    input: &Relation,
    list: &[(ColumnId, Expr)],
    defined: &mut HashSet<ColumnId>,
    may_pass: bool,
) -> Check {
    let mut own = HashSet::new();
    for (id, e) in list {
        let passes = may_pass && e.kind == ExprKind::Column(*id);
        if !own.insert(*id) {
            return Err(format!("{id:?} twice in one list"));
        }
        if !passes {
            define(*id, defined)?;
        }
        expr(e, &visible(input), defined)?;
    }
    Ok(())
}

fn visible(input: &Relation) -> HashMap<ColumnId, Type> {
    input.columns.iter().map(|c| (c.id, c.ty)).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(a: T, b: T) -> Check {
    if a == b { Ok(()) } else { Err(format!("{a:?} is not {b:?}")) }
}

fn typed(e: &Expr, ty: Type) -> Check {
    same(e.ty, ty)
}

fn expr(e: &Expr, row: &HashMap<ColumnId, Type>, defined: &mut HashSet<ColumnId>) -> Check {
    match &e.kind {
        ExprKind::Column(id) => same(row.get(id), Some(&e.ty)),
        ExprKind::Literal(Literal::Null(Type::String)) => Err("a null string".to_owned()),
        ExprKind::Literal(value) => same(literal_type(value), e.ty),
        ExprKind::Call { function, args } => {
            args.iter().try_for_each(|arg| expr(arg, row, defined))?;
            let signature = signatures::operator(function)
                .or_else(|| signatures::scalar_function(function))
                .ok_or(format!("no function {function}"))?;
            same(signature.name, *function)?;
            if signature.by_binder {
                return Err(format!("{function} is left"));
            }
            fits(signature, args)
        }
        ExprKind::Path { base, step } => {
            typed(base, Type::Dynamic)?;
            typed(e, Type::Dynamic)?;
            expr(base, row, defined)?;
            match step.as_ref() {
                PathStep::Computed(index) => expr(index, row, defined),
                _ => Ok(()),
            }
        }
        ExprKind::ToScalar(r) => {
            relation(r, defined)?;
            same(r.columns.iter().map(|c| c.ty).collect::<Vec<_>>(), vec![e.ty])
        }
        ExprKind::InRelation { value, relation: r, .. } => {
            expr(value, row, defined)?;
            relation(r, defined)?;
            same(r.columns.iter().map(|c| c.ty).collect::<Vec<_>>(), vec![value.ty])
        }
    }
}

/// Whether some overload takes exactly these types.
fn fits(signature: &Signature, args: &[Expr]) -> Check {
    let exact = signature.overloads.iter().any(|overload| {
        let Some(params) = overload.expand(args.len()) else { return false };
        let mut common = None;
        params.iter().zip(args).all(|(param, arg)| match param {
            Param::Of(ty) | Param::Const(ty) => arg.ty == *ty,
            Param::Text => arg.ty == Type::String,
            Param::Any => true,
            Param::Common | Param::Ordered => *common.get_or_insert(arg.ty) == arg.ty,
        })
    });
    let types: Vec<Type> = args.iter().map(|a| a.ty).collect();
    if exact { Ok(()) } else { Err(format!("no overload of {} for {types:?}", signature.name)) }
}

fn literal_type(literal: &Literal) -> Type {
    match literal {
        Literal::Null(ty) => *ty,
        Literal::Bool(_) => Type::Bool,
        Literal::Int(_) => Type::Int,
        Literal::Long(_) => Type::Long,
        Literal::Real(_) => Type::Real,
        Literal::Decimal(_) => Type::Decimal,
        Literal::String { .. } => Type::String,
        Literal::DateTime(_) => Type::DateTime,
        Literal::TimeSpan(_) => Type::TimeSpan,
        Literal::Guid(_) => Type::Guid,
        Literal::Dynamic(_) => Type::Dynamic,
    }
}
