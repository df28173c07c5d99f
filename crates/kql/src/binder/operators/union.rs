//! `union`: rows of all legs, columns by name (spec kql.md §6).

use model::Vocabulary;

use super::super::scope::{Binding, unwrap};
use super::super::{Binder, LEGS_MAX};
use super::project_away::wildcard;
use crate::bound::{Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{Expr, ExprKind, Name, Operator, OperatorKind, OperatorParameter, Pipeline};

/// One input and the name `withsource` shows, when it is a table.
pub(super) struct Leg {
    pub relation: Relation,
    pub name: Option<String>,
}

/// The parameters of a `union`.
#[derive(Default)]
struct Parameters {
    inner: bool,
    fuzzy: bool,
    source: Option<Name>,
}

impl Binder<'_> {
    pub(super) fn union(
        &mut self,
        parameters: &[OperatorParameter],
        legs: &[Expr],
        input: Option<Relation>,
        span: Span,
    ) -> Option<Relation> {
        let piped_name = self.named.take();
        let parameters = self.union_parameters(parameters)?;
        let mut bound: Vec<Leg> = Vec::new();
        if let Some(relation) = input {
            let name = piped_name.or_else(|| scanned(&relation));
            bound.push(Leg { relation, name });
        }
        let mut complete = true;
        for leg in legs {
            let before = self.diagnostics.len();
            match self.leg(leg) {
                Some(found) => bound.extend(found),
                None if parameters.fuzzy => self.diagnostics.truncate(before),
                None => complete = false,
            }
            if bound.len() > LEGS_MAX {
                let message = format!("`union` has more than {LEGS_MAX} legs");
                return self.error(codes::TOO_MANY_LEGS, leg.span, message);
            }
        }
        if !complete {
            return None;
        }
        if bound.is_empty() {
            let message = "no leg of the `union` names a table";
            return self.error(codes::UNKNOWN_NAME, span, message);
        }
        self.united(bound, parameters.inner, parameters.source.as_ref(), span)
    }

    fn union_parameters(&mut self, parameters: &[OperatorParameter]) -> Option<Parameters> {
        let mut read = Parameters::default();
        for parameter in parameters {
            let value = unwrap(&parameter.value);
            let word = match &value.kind {
                ExprKind::Name(name) => Some(name.clone()),
                ExprKind::Literal(Literal::String { value: text, .. }) => {
                    Some(Name { text: text.clone(), span: value.span, quoted: true })
                }
                _ => None,
            };
            let text = word.as_ref().map(|word| word.text.as_str());
            match (parameter.name.text.as_str(), text, &value.kind) {
                ("withsource" | "with_source", Some(_), _) => read.source = word,
                ("kind", Some("inner"), _) => read.inner = true,
                ("kind", Some("outer"), _) => read.inner = false,
                ("isfuzzy", _, ExprKind::Literal(Literal::Bool(fuzzy))) => read.fuzzy = *fuzzy,
                (name, ..) if name.starts_with("hint.") => {}
                (name @ ("withsource" | "with_source" | "kind" | "isfuzzy"), ..) => {
                    let message = format!("`{name}` cannot have this value");
                    return self.error(codes::NOT_ALLOWED, value.span, message);
                }
                (name, ..) => {
                    let message = format!("no parameter `{name}` here");
                    let known = ["withsource", "kind", "isfuzzy"];
                    let place = parameter.name.span;
                    return self.unknown(codes::UNKNOWN_NAME, place, message, name, known);
                }
            }
        }
        Some(read)
    }

    /// The tables a leg means: one, or those a wildcard fits.
    pub(super) fn leg(&mut self, leg: &Expr) -> Option<Vec<Leg>> {
        let written = &unwrap(leg).kind;
        if let ExprKind::Wildcard(pattern) = written {
            return self.wildcard_legs(pattern, None, leg.span);
        }
        if let ExprKind::Member { base, name } = written
            && !name.quoted
            && name.text.contains('*')
        {
            let app = self.application(base)?;
            return self.wildcard_legs(&name.text, Some(&app), leg.span);
        }
        let name = match written {
            ExprKind::Name(name) if self.is_named_leg(&name.text) => Some(name.text.clone()),
            ExprKind::Pipeline(Pipeline { operators, .. }) => match operators.last() {
                Some(Operator { kind: OperatorKind::As { name, .. }, .. }) => {
                    Some(name.text.clone())
                }
                _ => None,
            },
            _ => None,
        };
        let relation = self.subquery(leg)?;
        Some(vec![Leg { relation, name }])
    }

    /// Whether `withsource` shows the name itself: a table's or a `view`'s.
    fn is_named_leg(&self, name: &str) -> bool {
        match self.lookup_table(name) {
            None => true,
            Some(Binding::Function(function)) => function.view,
            Some(_) => false,
        }
    }

    /// All tables a pattern means, of this application or `app`, and the `view` functions.
    pub(super) fn wildcard_legs(
        &mut self,
        pattern: &str,
        app: Option<&str>,
        span: Span,
    ) -> Option<Vec<Leg>> {
        let mut legs = Vec::new();
        for name in self.tables_of(app) {
            let Some(view) = self.table_of(app, name) else { continue };
            // Two vocabularies name the same rows: `*` must not count them twice. And it means
            // telemetry: pipelines are told about under other columns, `Timeline*` finds them.
            let other = matches!(view.vocabulary, Vocabulary::Workspace | Vocabulary::Pipelines);
            if (pattern == "*" && other) || !wildcard(pattern, name) {
                continue;
            }
            let relation = self.scan(view, app.map(str::to_owned), span)?;
            legs.push(Leg { relation, name: Some(name.to_owned()) });
        }
        for name in self.binding_names(|b| matches!(b, Binding::Function(f) if f.view)) {
            if app.is_some() || !wildcard(pattern, &name) {
                continue;
            }
            if let Some(Binding::Function(view)) = self.lookup(&name) {
                let view = view.clone();
                let relation = self.call_table_function(&view, &[], None, span)?;
                legs.push(Leg { relation, name: Some(name) });
            }
        }
        if legs.is_empty() {
            let message = format!("no table fits `{pattern}`");
            return self.error(codes::UNKNOWN_NAME, span, message);
        }
        Some(legs)
    }
}

/// The table a relation reads, when it is nothing but that table.
pub(super) fn scanned(relation: &Relation) -> Option<String> {
    match &relation.kind {
        RelationKind::Scan { view, app: None } => Some(view.name.to_owned()),
        // The implicit time range stands at the same place as its table.
        RelationKind::Where { input, .. } | RelationKind::Project { input, .. }
            if input.span == relation.span =>
        {
            scanned(input)
        }
        _ => None,
    }
}
