//! Tabular operators, one file each: relation in, relation out.
//!
//! Invariant: `None` means that the columns are unknown from here on: unknown names are quiet in
//! the rest of the pipeline, and whoever uses it is quiet too; an operator whose expressions are
//! wrong but whose columns are known goes on, to find further mistakes.

mod as_;
mod count;
mod datasets;
mod distinct;
mod evaluate;
mod extend;
mod find;
mod getschema;
mod invoke;
mod join;
mod join_keys;
mod lookup;
mod make_series;
mod mv_apply;
mod mv_expand;
mod parse;
mod parse_kv;
mod partition;
mod project;
mod project_away;
mod project_by_names;
mod project_rename;
mod project_reorder;
mod refused;
mod render;
mod sample;
mod scan;
mod search;
mod serialize;
mod sort;
mod summarize;
mod take;
mod top;
mod top_hitters;
mod top_nested;
mod union;
mod union_columns;
mod where_;

pub use render::KINDS as RENDER_KINDS;

pub(super) use scan::Stepping;

use crate::bound::{Relation, RelationKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{ExprKind, Name, Operator, OperatorKind, Pipeline};

use super::Binder;

pub(super) use sort::sorted;

impl Binder<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, span: Span) -> Option<Relation> {
        let outer = std::mem::replace(&mut self.open, false);
        let source = pipeline.source.as_ref();
        let start = source.map(|source| self.relation(source).unwrap_or_else(|| self.opened(span)));
        let relation = self.steps(start, &pipeline.operators);
        let open = std::mem::replace(&mut self.open, outer);
        let relation = relation.filter(|_| !open)?;
        self.check_height(&relation, span)?;
        Some(relation)
    }

    /// Binds all operators, also behind one whose columns are not known: the rows are open then.
    fn steps(&mut self, start: Option<Relation>, operators: &[Operator]) -> Option<Relation> {
        let mut current = start;
        for (i, operator) in operators.iter().enumerate() {
            self.spend(1, operator.span)?;
            let before = i.checked_sub(1).and_then(|i| operators.get(i));
            self.named = match before.map(|operator| &operator.kind) {
                Some(OperatorKind::As { name, .. }) => Some(name.text.clone()),
                _ => None,
            };
            let bound = match self.is_broken(operator.span) {
                true => self.broken_operator(current, operator),
                false => self.operator(current, operator),
            };
            self.named = None;
            current = Some(bound.unwrap_or_else(|| self.opened(operator.span)));
        }
        current
    }

    /// Rows nothing is known about, after a mistake that was reported.
    fn opened(&mut self, span: Span) -> Relation {
        self.open = true;
        let kind = RelationKind::Values { rows: Vec::new() };
        Relation { kind, columns: Vec::new(), span }
    }

    /// An operator the parser could not read to its end: nothing is said about what was read of
    /// it. Operators that change no columns are passed over.
    fn broken_operator(
        &mut self,
        input: Option<Relation>,
        operator: &Operator,
    ) -> Option<Relation> {
        use OperatorKind as O;
        match &operator.kind {
            O::Where(_) | O::Take(_) | O::Sample(_) => input,
            O::Sort(_) | O::Top { .. } => {
                let input = Box::new(input?);
                let columns = input.columns.clone();
                let kind = RelationKind::Serialize { input };
                Some(Relation { kind, columns, span: operator.span })
            }
            O::Join { right, .. } | O::Lookup { right, .. } => {
                // What is wrong inside the other table is worth saying.
                if !matches!(right.kind, ExprKind::Missing) {
                    let _: Option<Relation> = self.subquery(right);
                }
                None
            }
            _ => None,
        }
    }

    /// The operators of a sub-query over rows from outside.
    pub(super) fn piped_operators(
        &mut self,
        operators: &[Operator],
        rows: Relation,
    ) -> Option<Relation> {
        let outer = std::mem::replace(&mut self.open, false);
        let relation = self.steps(Some(rows), operators);
        let open = std::mem::replace(&mut self.open, outer);
        relation.filter(|_| !open)
    }

    fn operator(&mut self, input: Option<Relation>, operator: &Operator) -> Option<Relation> {
        let span = operator.span;
        match (&operator.kind, input) {
            (OperatorKind::Union { parameters, legs }, input) => {
                self.union(parameters, legs, input, span)
            }
            (OperatorKind::Search(search), input) => self.search(input, search, span),
            (OperatorKind::Find(find), input) => self.find(input, find, span),
            (OperatorKind::Evaluate(evaluate), input) => self.evaluate(input, evaluate, span),
            (OperatorKind::Print(values), None) => self.print(values, span),
            (OperatorKind::Range { name, from, to, step }, None) => {
                self.range(name, [from, to, step], span)
            }
            (OperatorKind::Unsupported(name), _) => self.unsupported(name),
            (OperatorKind::Unknown(_), _) => None,
            (kind, Some(input)) => {
                self.with_windows(input, span, |binder, input| binder.piped(kind, input, span))
            }
            (_, None) => {
                self.error(codes::NOT_ALLOWED, span, "the operator needs a table before it")
            }
        }
    }

    fn piped(&mut self, kind: &OperatorKind, input: Relation, span: Span) -> Option<Relation> {
        use OperatorKind as O;
        match kind {
            O::Where(predicate) => self.where_(input, predicate, span),
            O::Extend(items) => self.extend(input, items, span),
            O::Project(items) => self.project(input, items, span),
            O::ProjectAway(names) => self.project_away(input, names, span),
            O::ProjectKeep(names) => self.project_keep(input, names, span),
            O::ProjectRename(items) => self.project_rename(input, items, span),
            O::ProjectReorder(keys) => self.project_reorder(input, keys, span),
            O::Summarize { parameters, aggregates, keys } => {
                self.check_hints(parameters);
                self.summarize(input, aggregates, keys, span)
            }
            O::MakeSeries(series) => self.make_series(input, series, span),
            O::Sort(keys) => self.sort(input, keys, span),
            O::Top { count, key } => self.top(input, count, key, span),
            O::Take(count) => self.take(input, count, span),
            O::Distinct(items) => self.distinct(input, items, span),
            O::Count(name) => Some(self.count(input, name.as_ref(), span)),
            O::Parse(parse) => self.parse(input, parse, span),
            O::ParseKv(parse) => self.parse_kv(input, parse, span),
            O::ProjectByNames(names) => self.project_by_names(input, names, span),
            O::TopHitters { count, of, by } => {
                self.top_hitters(input, count, of, by.as_ref(), span)
            }
            O::Join { kind, right, keys } => {
                self.join(input, kind.map(|(kind, _)| kind), right, keys, span)
            }
            O::Lookup { kind, right, keys } => self.lookup_join(input, *kind, right, keys, span),
            O::As { name, materialized } => Some(self.as_name(input, name, *materialized)),
            O::Invoke { name, args } => self.invoke(input, name, args, span),
            O::Scan(scan) => self.scan_steps(input, scan, span),
            O::Serialize(items) => self.serialize(input, items, span),
            O::GetSchema => Some(self.getschema(&input, span)),
            O::Render { .. } => self.report(
                Diagnostic::new(
                    codes::NOT_ALLOWED,
                    span,
                    "`render` must be the last operator of a statement",
                )
                .help("move it to the end"),
            ),
            O::Sample(count) => self.sample(input, count, span),
            O::SampleDistinct { count, of } => self.sample_distinct(input, count, of, span),
            O::MvExpand(expand) => self.mv_expand(input, expand, span),
            O::MvApply { expand, subquery } => self.mv_apply(input, expand, subquery, span),
            O::Partition { parameters, by, subquery } => {
                self.check_hints(parameters);
                self.partition(input, by, subquery, span)
            }
            O::TopNested(levels) => self.top_nested(input, levels, span),
            O::Print(_) | O::Range { .. } => {
                self.error(codes::NOT_ALLOWED, span, "the operator takes no table before it")
            }
            O::Union { .. }
            | O::Evaluate(_)
            | O::Search(_)
            | O::Find(_)
            | O::Unsupported(_)
            | O::Unknown(_) => None,
        }
    }

    fn unsupported(&mut self, name: &Name) -> Option<Relation> {
        self.refuse(&name.text, name.span)
    }

    fn refuse(&mut self, name: &str, span: Span) -> Option<Relation> {
        let message = format!("the operator `{name}` is not supported");
        let mut finding = Diagnostic::new(codes::NOT_SUPPORTED, span, message);
        finding.help = refused::alternative(name).map(str::to_owned);
        self.report(finding)
    }

    /// Hints change nothing here; anything else is a mistake.
    fn check_hints(&mut self, parameters: &[crate::syntax::OperatorParameter]) {
        for parameter in parameters.iter().filter(|p| !p.name.text.starts_with("hint.")) {
            let message = format!("no parameter `{}` here", parameter.name.text);
            let _: Option<()> = self.error(codes::UNKNOWN_NAME, parameter.name.span, message);
        }
    }
}
