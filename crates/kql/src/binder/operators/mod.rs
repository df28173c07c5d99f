//! Tabular operators, one file each: relation in, relation out.
//!
//! Invariant: `None` ends the pipeline (its columns are unknown then); an operator whose
//! expressions are wrong but whose columns are known goes on, to find further mistakes.

mod as_;
mod count;
mod datasets;
mod distinct;
mod extend;
mod getschema;
mod join;
mod join_keys;
mod lookup;
mod project;
mod project_away;
mod project_rename;
mod project_reorder;
mod render;
mod serialize;
mod sort;
mod summarize;
mod take;
mod top;
mod union;
mod union_columns;
mod where_;

use crate::bound::Relation;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Name, Operator, OperatorKind, Pipeline};

use super::Binder;

impl Binder<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &Pipeline, span: Span) -> Option<Relation> {
        let mut current = match &pipeline.source {
            Some(source) => Some(self.relation(source)?),
            None => None,
        };
        for operator in &pipeline.operators {
            self.spend(1, operator.span)?;
            current = Some(self.operator(current, operator)?);
        }
        let relation = current?;
        self.check_height(&relation, span)?;
        Some(relation)
    }

    fn operator(&mut self, input: Option<Relation>, operator: &Operator) -> Option<Relation> {
        let span = operator.span;
        match (&operator.kind, input) {
            (OperatorKind::Union { parameters, legs }, input) => {
                self.union(parameters, legs, input, span)
            }
            (OperatorKind::Print(values), None) => self.print(values, span),
            (OperatorKind::Range { name, from, to, step }, None) => {
                self.range(name, [from, to, step], span)
            }
            (OperatorKind::Unsupported(name), _) => self.unsupported(name),
            (OperatorKind::Unknown(_), _) => None,
            (kind, Some(input)) => {
                self.with_windows(input, |binder, input| binder.piped(kind, input, span))
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
            O::Sort(keys) => self.sort(input, keys, span),
            O::Top { count, key } => self.top(input, count, key, span),
            O::Take(count) => self.take(input, count, span),
            O::Distinct(items) => self.distinct(input, items, span),
            O::Count => Some(self.count(input, span)),
            O::Join { kind, right, keys } => {
                self.join(input, kind.map(|(kind, _)| kind), right, keys, span)
            }
            O::Lookup { kind, right, keys } => self.lookup_join(input, *kind, right, keys, span),
            O::As(name) => Some(self.as_name(input, name)),
            O::Serialize(items) => self.serialize(input, items, span),
            O::GetSchema => Some(self.getschema(&input, span)),
            O::Render { .. } => self.error(
                codes::NOT_ALLOWED,
                span,
                "`render` must be the last operator of a statement",
            ),
            O::Sample(_) => self.refuse("sample", span),
            O::MvExpand(_) => self.refuse("mv-expand", span),
            O::Print(_) | O::Range { .. } => {
                self.error(codes::NOT_ALLOWED, span, "the operator takes no table before it")
            }
            O::Union { .. } | O::Unsupported(_) | O::Unknown(_) => None,
        }
    }

    fn unsupported(&mut self, name: &Name) -> Option<Relation> {
        self.refuse(&name.text, name.span)
    }

    fn refuse(&mut self, name: &str, span: Span) -> Option<Relation> {
        let message = format!("the operator `{name}` is not supported");
        self.report(Diagnostic::new(codes::NOT_SUPPORTED, span, message))
    }

    /// Hints change nothing here; anything else is a mistake.
    fn check_hints(&mut self, parameters: &[crate::syntax::OperatorParameter]) {
        for parameter in parameters.iter().filter(|p| !p.name.text.starts_with("hint.")) {
            let message = format!("no parameter `{}` here", parameter.name.text);
            let _: Option<()> = self.error(codes::UNKNOWN_NAME, parameter.name.span, message);
        }
    }
}
