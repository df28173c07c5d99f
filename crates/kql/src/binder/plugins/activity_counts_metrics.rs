//! `activity_counts_metrics(id, time, start, end, window [, dimension, …])`: for every window the
//! rows, the different ids, those not seen before, and all seen so far.

use model::Type;

use crate::binder::Binder;
use crate::binder::expressions::{call, column_ref, literal};
use crate::binder::relations::filter;
use crate::bound::{
    Aggregate, Column, ColumnId, Expr, JoinKind, Literal, Relation, RelationKind, SortKey,
    WindowCall,
};
use crate::diagnostic::Span;
use crate::signatures;
use crate::syntax::{Argument, Evaluate, Name};

impl Binder<'_> {
    pub(super) fn activity_counts_metrics(
        &mut self,
        input: Relation,
        evaluate: &Evaluate,
        span: Span,
    ) -> Option<Relation> {
        self.expect_arguments(evaluate, 5, usize::MAX)?;
        let [id, time, start, end, step, dimensions @ ..] = evaluate.arguments.as_slice() else {
            return None;
        };
        let mut picked = Vec::with_capacity(dimensions.len() + 2);
        for argument in [id, time].into_iter().chain(dimensions) {
            let column = self.plugin_column(argument, &input.columns)?;
            let value = column_ref(&column, argument.value.span);
            self.refuse_dynamic(&value, "`activity_counts_metrics`")?;
            picked.push(column);
        }
        let rows = self.activity(input, &picked, [start, end, step], span)?;
        let rows = self.shared(rows);
        let again = self.fresh(&rows, span)?;
        let counts = self.activity_counts(rows, span)?;
        let news = self.first_seen(again, span)?;
        let joined = self.with_news(counts, news, span)?;
        self.accumulated(joined, span)
    }

    /// The rows between start and end: their window, the id, the dimensions.
    fn activity(
        &mut self,
        input: Relation,
        picked: &[Column],
        constants: [&Argument; 3],
        span: Span,
    ) -> Option<Relation> {
        let [id, time, dimensions @ ..] = picked else { return None };
        let [start, end, step] = constants.map(|argument| self.scalar(&argument.value, &[]));
        let (start, end, step) = (start?, end?, step?);
        let from = self.compare(">=", column_ref(time, span), start.clone(), span, span)?;
        let to = self.compare("<=", column_ref(time, span), end, span, span)?;
        let within = call("and", vec![from, to], Type::Bool, span);
        let name = Name { text: "bin_at".to_owned(), span, quoted: false };
        let signature = signatures::scalar_function("bin_at")?;
        let args = vec![column_ref(time, span), step, start];
        let window = self.resolve(signature, &name, args, span)?;
        let mut items = vec![(time.name.clone(), window)];
        let others = [id].into_iter().chain(dimensions);
        items.extend(others.map(|c| (c.name.clone(), column_ref(c, span))));
        self.projection(filter(input, within, span), items, span)
    }

    /// Rows and different ids of each window: window, dimensions, `count`, `dcount`.
    fn activity_counts(&mut self, rows: Relation, span: Span) -> Option<Relation> {
        let [window, id, dimensions @ ..] = rows.columns.as_slice() else { return None };
        let keys: Vec<Column> = [window].into_iter().chain(dimensions).cloned().collect();
        let counted = column_ref(id, span);
        let aggregates = vec![("count", "count", None), ("dcount", "dcount", Some(counted))];
        Some(self.grouped(rows, &keys, aggregates, Type::Long, span))
    }

    /// How many ids each window saw first: window, dimensions, count.
    fn first_seen(&mut self, rows: Relation, span: Span) -> Option<Relation> {
        let columns = rows.columns.clone();
        let [window, id, dimensions @ ..] = columns.as_slice() else { return None };
        let rows = match id.ty {
            Type::String => rows,
            _ => {
                let present = call("isnotnull", vec![column_ref(id, span)], Type::Bool, span);
                filter(rows, present, span)
            }
        };
        let keys: Vec<Column> = [id].into_iter().chain(dimensions).cloned().collect();
        let earliest = vec![("first", "min", Some(column_ref(window, span)))];
        let firsts = self.grouped(rows, &keys, earliest, window.ty, span);
        let [_, dimensions @ .., first] = firsts.columns.as_slice() else { return None };
        let keys: Vec<Column> = [first].into_iter().chain(dimensions).cloned().collect();
        Some(self.grouped(firsts, &keys, vec![("new", "count", None)], Type::Long, span))
    }

    /// The counts with the new ids of the same window and dimensions, 0 where there are none.
    fn with_news(&mut self, counts: Relation, news: Relation, span: Span) -> Option<Relation> {
        let (width, new) = (counts.columns.len(), news.columns.last()?.clone());
        let pairs = counts.columns.iter().zip(&news.columns).take(news.columns.len() - 1);
        let keys: Vec<(ColumnId, ColumnId)> = pairs.map(|(l, r)| (l.id, r.id)).collect();
        let columns: Vec<Column> = counts.columns.iter().chain(&news.columns).cloned().collect();
        let mut items: Vec<(String, Expr)> =
            counts.columns[..width].iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        let zero = literal(Literal::Long(0), span);
        let new = call("coalesce", vec![column_ref(&new, span), zero], Type::Long, span);
        items.push(("new_dcount".to_owned(), new));
        let (left, right) = (Box::new(counts), Box::new(news));
        let kind = RelationKind::Join { kind: JoinKind::LeftOuter, left, right, keys };
        self.projection(Relation { kind, columns, span }, items, span)
    }

    /// The sum of new ids up to each window, for each combination of dimensions.
    fn accumulated(&mut self, input: Relation, span: Span) -> Option<Relation> {
        let [window, dimensions @ .., _, _, new] = input.columns.as_slice() else { return None };
        let key = SortKey { value: column_ref(window, span), descending: false, nulls_first: true };
        let partition = dimensions.iter().map(|c| c.id).collect();
        let sum = WindowCall {
            function: "row_cumsum",
            args: vec![column_ref(new, span)],
            ty: Type::Long,
        };
        let mut columns = input.columns.clone();
        let sorted = RelationKind::Sort { input: Box::new(input), keys: vec![key] };
        let sorted = Relation { kind: sorted, columns: columns.clone(), span };
        let total = self.column("aggregated_dcount", Type::Long);
        let calls = vec![(total.id, sum)];
        columns.push(total);
        let kind = RelationKind::Window { input: Box::new(sorted), calls, partition };
        Some(Relation { kind, columns, span })
    }

    /// One row per combination of the keys, with aggregates: name, function, value.
    fn grouped(
        &mut self,
        input: Relation,
        keys: &[Column],
        aggregates: Vec<(&'static str, &'static str, Option<Expr>)>,
        ty: Type,
        span: Span,
    ) -> Relation {
        let mut columns = Vec::with_capacity(keys.len() + aggregates.len());
        let mut groups = Vec::with_capacity(keys.len());
        for key in keys {
            let column = self.column(key.name.clone(), key.ty);
            groups.push((column.id, column_ref(key, span)));
            columns.push(column);
        }
        let mut calls = Vec::with_capacity(aggregates.len());
        for (name, function, value) in aggregates {
            let column = self.column(name, ty);
            let outputs = vec![(column.id, column.ty)];
            calls.push(Aggregate {
                function,
                args: value.into_iter().collect(),
                outputs,
                filter: None,
                span,
            });
            columns.push(column);
        }
        let input = Box::new(input);
        let kind = RelationKind::Summarize { input, keys: groups, aggregates: calls };
        Relation { kind, columns, span }
    }
}
