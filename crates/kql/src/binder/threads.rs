//! Sub-queries over groups of rows: bound once over the rows of one group, then rewritten to run
//! over all groups at once.
//!
//! The rewriting threads hidden columns that name the group through every operator: `summarize`
//! groups by them too, `take` counts per group, window functions begin anew with each. What cannot
//! be rewritten so is refused by name and position.
//!
//! A group the sub-query has emptied still yields a row of a `summarize` without `by`. Where that
//! may happen, rows are not dropped but marked: a hidden bool column says which of them are there,
//! aggregates count only those, and the others go at the end.

use model::Type;

use crate::bound::{
    Aggregate, Column, ColumnId, Expr, ExprKind, JoinKind, Literal, PathStep, Relation,
    RelationKind, SortKey, WindowCall,
};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax;

use super::Binder;
use super::expressions::{call, column_ref, literal};
use super::relations::filter;
use super::scope::Frame;

mod joins;

/// The groups a sub-query is run over.
pub(super) struct Groups {
    /// For messages.
    pub operator: &'static str,
    pub number: u32,
    /// The rows of all groups: the columns the sub-query sees, then those that tell the groups
    /// apart, then others that have one value in all rows of a group.
    pub source: Relation,
    /// How many columns tell the groups apart.
    pub keys: usize,
}

/// Columns of a rewritten relation that the sub-query does not see.
#[derive(Debug, Clone)]
pub(super) struct Hidden {
    pub keys: Vec<Column>,
    pub carried: Vec<Column>,
    /// Whether the row is there; `None`: all are.
    alive: Option<Column>,
}

impl Hidden {
    fn all(&self) -> impl Iterator<Item = &Column> {
        self.keys.iter().chain(&self.carried).chain(&self.alive)
    }

    /// What rows of one group have in common, those that are there and those that are not apart.
    fn group(&self) -> impl Iterator<Item = &Column> {
        self.keys.iter().chain(&self.alive)
    }
}

/// The work on one sub-query.
struct Threading {
    groups: Groups,
    uses: usize,
    marks: bool,
}

impl Binder<'_> {
    /// A number for the groups of one operator, whose rows are `rows`.
    pub(super) fn group(&mut self, rows: &Relation) -> u32 {
        self.groups.push(rows.clone());
        u32::try_from(self.groups.len() - 1).unwrap_or(u32::MAX)
    }

    /// The relation with the rows of all groups where those of one stand.
    pub(super) fn over_all_groups(&self, mut relation: Relation) -> Relation {
        if let RelationKind::Rows { group, .. } = relation.kind {
            let Some(rows) = self.groups.get(group as usize) else { return relation };
            let span = relation.span;
            let rows = self.over_all_groups(rows.clone());
            let columns = relation.columns;
            let expressions =
                columns.iter().zip(&rows.columns).map(|(to, from)| (to.id, column_ref(from, span)));
            let expressions = expressions.collect();
            let kind = RelationKind::Project { input: Box::new(rows), expressions };
            return Relation { kind, columns, span };
        }
        for input in relation.inputs_mut() {
            let columns = input.columns.clone();
            let kind = RelationKind::Values { rows: Vec::new() };
            let empty = Relation { kind, columns, span: input.span };
            *input = self.over_all_groups(std::mem::replace(input, empty));
        }
        relation
    }

    /// A column under a name no query can write.
    pub(super) fn hidden_column(&mut self, ty: Type) -> Column {
        let id = self.fresh_id();
        Column { id, name: hidden_name(id), ty }
    }

    /// The operators of a sub-query over the rows of one group.
    pub(super) fn over_rows(
        &mut self,
        subquery: &syntax::Expr,
        (group, serialized): (u32, bool),
        columns: &[Column],
        span: Span,
    ) -> Option<Relation> {
        let syntax::ExprKind::Pipeline(pipeline) = &subquery.kind else { return None };
        let kind = RelationKind::Rows { group, serialized };
        let rows = Relation { kind, columns: columns.to_vec(), span };
        let aggregating = self.aggregating.take();
        self.frames.push(Frame { level: self.level, ..Frame::default() });
        let result =
            self.deeper(subquery.span, |binder| binder.piped_operators(&pipeline.operators, rows));
        self.frames.pop();
        self.aggregating = aggregating;
        let result = result?;
        self.check_height(&result, subquery.span)?;
        Some(result)
    }

    /// The sub-query run over all groups, and where its hidden columns are.
    pub(super) fn threaded(
        &mut self,
        subquery: Relation,
        groups: Groups,
        span: Span,
    ) -> Option<(Relation, Hidden)> {
        if !reads(&subquery, groups.number) {
            let message = format!("the sub-query of `{}` does not read its rows", groups.operator);
            return self.error(codes::NOT_SUPPORTED, subquery.span, message);
        }
        let marks = summarizes_emptied(&subquery, groups.number);
        let mut groups = groups;
        if uses(&subquery, groups.number) > 1 {
            groups.source = self.repeatable(groups.source);
        }
        let mut threading = Threading { groups, uses: 0, marks };
        let (relation, mut hidden) = self.thread(subquery, &mut threading)?;
        let relation = match hidden.alive.take() {
            Some(alive) => filter(relation, column_ref(&alive, span), span),
            None => relation,
        };
        Some((relation, hidden))
    }

    /// A relation that reads the rows, rewritten: the same columns under the same numbers, and the
    /// hidden ones.
    fn thread(&mut self, r: Relation, t: &mut Threading) -> Option<(Relation, Hidden)> {
        let Relation { kind, columns, span } = r;
        self.spend(columns.len() + 1, span)?;
        match kind {
            RelationKind::Rows { .. } => self.thread_rows(columns, span, t),
            RelationKind::Where { input, predicate } => {
                self.thread_where(*input, predicate, span, t)
            }
            RelationKind::Project { input, mut expressions } => {
                self.check_values(expressions.iter().map(|(_, e)| e), t)?;
                let (input, hidden) = self.thread(*input, t)?;
                expressions.extend(hidden.all().map(|c| (c.id, column_ref(c, span))));
                let columns = columns.into_iter().chain(hidden.all().cloned()).collect();
                let kind = RelationKind::Project { input: Box::new(input), expressions };
                Some((Relation { kind, columns, span }, hidden))
            }
            RelationKind::Summarize { input, keys, aggregates } => {
                let values = keys.iter().map(|(_, e)| e);
                self.check_values(values.chain(aggregates.iter().flat_map(|a| &a.args)), t)?;
                let input = self.thread(*input, t)?;
                Some(self.thread_summarize(input, (keys, aggregates), columns, span))
            }
            RelationKind::Sort { input, keys } => {
                self.check_values(keys.iter().map(|key| &key.value), t)?;
                let (input, hidden) = self.thread(*input, t)?;
                let group = hidden.keys.iter().map(|key| SortKey {
                    value: column_ref(key, span),
                    descending: false,
                    nulls_first: true,
                });
                let keys = group.chain(keys).collect();
                Some((super::operators::sorted(input, keys, span), hidden))
            }
            RelationKind::Take { input, count, mut per } => {
                let (input, hidden) = self.thread(*input, t)?;
                per.extend(hidden.group().map(|c| c.id));
                let columns = input.columns.clone();
                let kind = RelationKind::Take { input: Box::new(input), count, per };
                Some((Relation { kind, columns, span }, hidden))
            }
            RelationKind::Serialize { input } => {
                let (input, hidden) = self.thread(*input, t)?;
                let columns = input.columns.clone();
                let kind = RelationKind::Serialize { input: Box::new(input) };
                Some((Relation { kind, columns, span }, hidden))
            }
            RelationKind::Window { input, calls, partition } => {
                self.thread_window(*input, (calls, partition), &columns, span, t)
            }
            RelationKind::MvExpand { input, expansion } => {
                self.check_values(expansion.items.iter().map(|item| &item.value), t)?;
                let input = self.thread(*input, t)?;
                Some(self.thread_expansion(input, expansion, columns, span))
            }
            RelationKind::Union { inputs } => self.thread_union(inputs, columns, span, t),
            RelationKind::Join { kind, left, right, keys } => {
                self.thread_join(kind, (*left, *right), keys, columns, span, t)
            }
            RelationKind::Steps { .. } => self.thread_steps(Relation { kind, columns, span }, t),
            RelationKind::Scan { .. }
            | RelationKind::Values { .. }
            | RelationKind::Range { .. }
            | RelationKind::Shared { .. } => self.not_threaded(span, t),
        }
    }

    fn thread_where(
        &mut self,
        input: Relation,
        predicate: Expr,
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        self.check_values([&predicate], t)?;
        let (input, hidden) = self.thread(input, t)?;
        match &hidden.alive {
            Some(alive) => {
                let both = vec![column_ref(alive, span), predicate];
                let alive = call("and", both, Type::Bool, span);
                Some(self.marked(input, hidden, alive, span))
            }
            None => Some((filter(input, predicate, span), hidden)),
        }
    }

    fn thread_window(
        &mut self,
        input: Relation,
        (calls, mut partition): (Vec<(ColumnId, WindowCall)>, Vec<ColumnId>),
        columns: &[Column],
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        self.check_values(calls.iter().flat_map(|(_, call)| &call.args), t)?;
        let (input, hidden) = self.thread(input, t)?;
        partition.extend(hidden.group().map(|c| c.id));
        let first = columns.len() - calls.len().min(columns.len());
        let columns = input.columns.iter().chain(&columns[first..]).cloned().collect();
        let kind = RelationKind::Window { input: Box::new(input), calls, partition };
        Some((Relation { kind, columns, span }, hidden))
    }

    /// What stands for the rows of one group: the rows of all.
    fn thread_rows(
        &mut self,
        columns: Vec<Column>,
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        let mut source = t.groups.source.clone();
        if t.uses > 0 {
            source = self.fresh(&source, span)?;
            for column in source.columns.iter_mut().skip(columns.len()) {
                column.name = hidden_name(column.id);
            }
        }
        t.uses += 1;
        let (seen, rest) = source.columns.split_at(columns.len());
        let (keys, carried) = rest.split_at(t.groups.keys);
        let (keys, carried) = (keys.to_vec(), carried.to_vec());
        let same = seen.iter().zip(&columns).all(|(a, b)| a.id == b.id);
        let source = match same {
            true => source,
            false => {
                let mut expressions: Vec<(ColumnId, Expr)> = columns
                    .iter()
                    .zip(seen)
                    .map(|(to, from)| (to.id, column_ref(from, span)))
                    .collect();
                let hidden = || keys.iter().chain(&carried);
                expressions.extend(hidden().map(|c| (c.id, column_ref(c, span))));
                let columns = columns.into_iter().chain(hidden().cloned()).collect();
                let kind = RelationKind::Project { input: Box::new(source), expressions };
                Relation { kind, columns, span }
            }
        };
        let hidden = Hidden { keys, carried, alive: None };
        if !t.marks {
            return Some((source, hidden));
        }
        Some(self.marked(source, hidden, literal(Literal::Bool(true), span), span))
    }

    /// The input with another mark.
    fn marked(
        &mut self,
        input: Relation,
        hidden: Hidden,
        alive: Expr,
        span: Span,
    ) -> (Relation, Hidden) {
        let old = hidden.alive.as_ref().map(|c| c.id);
        let kept: Vec<Column> =
            input.columns.iter().filter(|c| Some(c.id) != old).cloned().collect();
        let mut expressions: Vec<(ColumnId, Expr)> =
            kept.iter().map(|c| (c.id, column_ref(c, span))).collect();
        let mark = self.hidden_column(Type::Bool);
        expressions.push((mark.id, alive));
        let columns = kept.into_iter().chain([mark.clone()]).collect();
        let kind = RelationKind::Project { input: Box::new(input), expressions };
        (Relation { kind, columns, span }, Hidden { alive: Some(mark), ..hidden })
    }

    fn thread_summarize(
        &mut self,
        (input, hidden): (Relation, Hidden),
        (mut keys, mut aggregates): (Vec<(ColumnId, Expr)>, Vec<Aggregate>),
        columns: Vec<Column>,
        span: Span,
    ) -> (Relation, Hidden) {
        let is_whole = keys.is_empty();
        let mut named: Vec<Column> = columns[..keys.len()].to_vec();
        let copy = |binder: &mut Self, from: &Column| {
            let to = binder.hidden_column(from.ty);
            (to.clone(), (to.id, column_ref(from, span)))
        };
        let mut out = Hidden { keys: Vec::new(), carried: Vec::new(), alive: None };
        for key in &hidden.keys {
            let (column, expression) = copy(self, key);
            keys.push(expression);
            out.keys.push(column);
        }
        match &hidden.alive {
            // Rows that are not there are groups of their own.
            Some(alive) if !is_whole => {
                let (column, expression) = copy(self, alive);
                keys.push(expression);
                out.alive = Some(column);
            }
            Some(alive) => aggregates.iter_mut().for_each(|a| a.filter = Some(alive.id)),
            None => {}
        }
        named.extend(out.keys.iter().chain(&out.alive).cloned());
        named.extend_from_slice(&columns[keys.len() - out.group().count()..]);
        for column in &hidden.carried {
            let to = self.hidden_column(column.ty);
            aggregates.push(Aggregate {
                function: "take_any",
                args: vec![column_ref(column, span)],
                outputs: vec![(to.id, to.ty)],
                filter: None,
                span,
            });
            out.carried.push(to.clone());
            named.push(to);
        }
        let kind = RelationKind::Summarize { input: Box::new(input), keys, aggregates };
        let relation = Relation { kind, columns: named, span };
        match hidden.alive {
            Some(_) if is_whole => {
                self.marked(relation, out, literal(Literal::Bool(true), span), span)
            }
            _ => (relation, out),
        }
    }

    fn thread_expansion(
        &mut self,
        (input, hidden): (Relation, Hidden),
        mut expansion: crate::bound::Expansion,
        columns: Vec<Column>,
        span: Span,
    ) -> (Relation, Hidden) {
        let mut columns: Vec<Column> = columns.into_iter().chain(hidden.all().cloned()).collect();
        let alive = hidden.alive.as_ref().map(|alive| {
            let id = *expansion.index.get_or_insert_with(|| {
                let index = self.hidden_column(Type::Long);
                columns.push(index.clone());
                index.id
            });
            let index = Expr { kind: ExprKind::Column(id), ty: Type::Long, span };
            let some = call("isnotnull", vec![index], Type::Bool, span);
            call("and", vec![column_ref(alive, span), some], Type::Bool, span)
        });
        expansion.keep_empty |= alive.is_some();
        let kind = RelationKind::MvExpand { input: Box::new(input), expansion };
        let relation = Relation { kind, columns, span };
        match alive {
            Some(alive) => self.marked(relation, hidden, alive, span),
            None => (relation, hidden),
        }
    }

    fn thread_steps(&mut self, r: Relation, t: &mut Threading) -> Option<(Relation, Hidden)> {
        let Relation { kind, columns, span } = r;
        let RelationKind::Steps { input, declared, steps, state, match_id, mut partition } = kind
        else {
            return None;
        };
        let values = steps.iter().flat_map(|s| s.assignments.iter().map(|(_, e)| e));
        self.check_values(values.chain(steps.iter().map(|s| &s.condition)), t)?;
        if t.marks {
            // Rows that are only marked as gone would be lost, and their groups with them.
            return self.not_with_summarize("scan", span, t);
        }
        let first = input.columns.len().min(columns.len());
        let (input, hidden) = self.thread(*input, t)?;
        partition.extend(hidden.group().map(|c| c.id));
        let columns = input.columns.iter().chain(&columns[first..]).cloned().collect();
        let input = Box::new(input);
        let kind = RelationKind::Steps { input, declared, steps, state, match_id, partition };
        Some((Relation { kind, columns, span }, hidden))
    }

    fn not_with_summarize<T>(&mut self, name: &str, span: Span, t: &Threading) -> Option<T> {
        let operator = t.groups.operator;
        let message = format!(
            "`{name}` and a `summarize` without `by` inside one `{operator}` are not supported"
        );
        self.report(
            Diagnostic::new(codes::NOT_SUPPORTED, span, message)
                .help(format!("`{name}` before the `{operator}`, or `summarize … by` a column")),
        )
    }

    fn thread_union(
        &mut self,
        inputs: Vec<(Relation, Vec<Option<ColumnId>>)>,
        mut columns: Vec<Column>,
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        let mut out: Option<Hidden> = None;
        let mut legs = Vec::with_capacity(inputs.len());
        for (leg, mut sources) in inputs {
            if !reads(&leg, t.groups.number) {
                let operator = t.groups.operator;
                let message =
                    format!("`union` with other rows is not supported inside `{operator}`");
                return self.report(
                    Diagnostic::new(codes::NOT_SUPPORTED, leg.span, message)
                        .help(format!("`union` them behind the `{operator}`")),
                );
            }
            let (leg, hidden) = self.thread(leg, t)?;
            sources.extend(hidden.all().map(|c| Some(c.id)));
            legs.push((leg, sources));
            if out.is_none() {
                let mut copy = |c: &Column| self.hidden_column(c.ty);
                out = Some(Hidden {
                    keys: hidden.keys.iter().map(&mut copy).collect(),
                    carried: hidden.carried.iter().map(&mut copy).collect(),
                    alive: hidden.alive.as_ref().map(&mut copy),
                });
            }
        }
        let out = out?;
        columns.extend(out.all().cloned());
        Some((Relation { kind: RelationKind::Union { inputs: legs }, columns, span }, out))
    }

    /// Refuses tables of the group's rows inside expressions.
    fn check_values<'e>(
        &mut self,
        values: impl IntoIterator<Item = &'e Expr>,
        t: &Threading,
    ) -> Option<()> {
        let span = values.into_iter().find_map(|value| reading(value, t.groups.number));
        let Some(span) = span else { return Some(()) };
        let message =
            format!("the rows of `{}` cannot be used inside an expression", t.groups.operator);
        self.error(codes::NOT_SUPPORTED, span, message)
    }

    fn not_threaded<T>(&mut self, span: Span, t: &Threading) -> Option<T> {
        let text = self.text.get(span.start..span.end).unwrap_or("");
        let name = text.split([' ', '\n', '\t', '(']).next().unwrap_or("");
        let message = format!("`{name}` is not supported inside `{}`", t.groups.operator);
        self.error(codes::NOT_SUPPORTED, span, message)
    }
}

fn hidden_name(id: ColumnId) -> String {
    format!("$g{}", id.0)
}

/// The relations directly below, the shared table of a use too.
fn inputs(relation: &Relation) -> Vec<&Relation> {
    match &relation.kind {
        RelationKind::Shared { table } => vec![&table.relation],
        _ => relation.inputs(),
    }
}

/// Whether rows of the group come out of the relation or are read on the way.
fn reads(relation: &Relation, group: u32) -> bool {
    match relation.kind {
        RelationKind::Rows { group: own, .. } => own == group,
        _ => inputs(relation).into_iter().any(|input| reads(input, group)),
    }
}

/// Whether rows of any group are read.
pub(super) fn has_rows(relation: &Relation) -> bool {
    matches!(relation.kind, RelationKind::Rows { .. }) || inputs(relation).into_iter().any(has_rows)
}

/// How often the rows of the group are used.
fn uses(relation: &Relation, group: u32) -> usize {
    match relation.kind {
        RelationKind::Rows { group: own, .. } => usize::from(own == group),
        _ => inputs(relation).into_iter().map(|input| uses(input, group)).sum(),
    }
}

/// The place where an expression reads the rows of the group.
fn reading(value: &Expr, group: u32) -> Option<Span> {
    match &value.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => None,
        ExprKind::Call { args, .. } => args.iter().find_map(|arg| reading(arg, group)),
        ExprKind::Path { base, step } => reading(base, group).or_else(|| match step.as_ref() {
            PathStep::Computed(step) => reading(step, group),
            PathStep::Key(_) | PathStep::Index(_) => None,
        }),
        ExprKind::ToScalar(relation) => reads(relation, group).then_some(value.span),
        ExprKind::InRelation { value: inner, relation, .. } => {
            reading(inner, group).or_else(|| reads(relation, group).then_some(value.span))
        }
    }
}

/// Whether a `summarize` without `by` may see a group that an operator below it has emptied.
fn summarizes_emptied(relation: &Relation, group: u32) -> bool {
    let below = inputs(relation);
    let here = match &relation.kind {
        RelationKind::Summarize { keys, .. } if keys.is_empty() => {
            below.iter().any(|input| may_empty(input, group))
        }
        _ => false,
    };
    here || below.into_iter().any(|input| summarizes_emptied(input, group))
}

/// Whether a group may be without rows although it has some to begin with.
fn may_empty(relation: &Relation, group: u32) -> bool {
    match &relation.kind {
        RelationKind::Where { .. } | RelationKind::MvExpand { .. } | RelationKind::Steps { .. } => {
            reads(relation, group)
        }
        RelationKind::Join { kind, .. } => {
            reads(relation, group) && !matches!(kind, JoinKind::LeftOuter)
        }
        RelationKind::Take { count, .. } => {
            // What is computed is taken for a number above zero only when it is seen to be one.
            let is_some = matches!(count.kind, ExprKind::Literal(Literal::Long(n)) if n > 0);
            reads(relation, group) && !is_some
                || inputs(relation).iter().any(|i| may_empty(i, group))
        }
        _ => inputs(relation).into_iter().any(|input| may_empty(input, group)),
    }
}
