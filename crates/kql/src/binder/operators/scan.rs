//! `scan`: steps that rows in order go through, each remembering the last row that matched it
//! (spec kql.md §6).
//!
//! Invariant: an expression reads the row's own columns by their names and remembered values by
//! step and name, of its own step and those before it.

use model::Type;

use super::super::Binder;
use super::super::coerce::convert;
use super::super::windows::is_serialized;
use super::sort::sorted;
use crate::bound::{
    Column, ColumnId, Expr, ExprKind, Literal, Relation, RelationKind, Step, StepOutput, StepState,
};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, Name, NamedExpr, Parameter, ParameterType, Scan, ScanStep};

/// The `scan` whose expressions are bound now.
#[derive(Debug)]
pub(in super::super) struct Stepping {
    /// Names of all steps.
    steps: Vec<String>,
    /// The position of the step being bound.
    current: usize,
    /// The columns a step remembers: the input's, then the declared ones.
    columns: Vec<Column>,
    declared: usize,
    /// The remembered values named so far.
    state: Vec<StepState>,
}

impl Binder<'_> {
    pub(super) fn scan_steps(
        &mut self,
        input: Relation,
        scan: &Scan,
        span: Span,
    ) -> Option<Relation> {
        // Window functions look at rows, steps at what is remembered of them.
        self.windowing = None;
        let match_name = self.scan_parameters(scan)?;
        let input = self.scan_order(input, scan, span)?;
        let partition = self.scan_partition(&input, scan, match_name.as_ref())?;
        let declared = self.declared_columns(&input.columns, &scan.declared)?;
        let mut columns = input.columns.clone();
        columns.extend(declared.iter().map(|(column, _)| column.clone()));
        let saved = self.stepping.replace(Stepping {
            steps: scan.steps.iter().map(|step| step.name.text.clone()).collect(),
            current: 0,
            columns: columns.clone(),
            declared: declared.len(),
            state: Vec::new(),
        });
        let steps: Vec<Option<Step>> = scan
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| self.scan_step(at, step, &input.columns))
            .collect();
        let state = std::mem::replace(&mut self.stepping, saved)?.state;
        let steps = steps.into_iter().collect::<Option<Vec<Step>>>()?;
        let mut match_id = None;
        if let Some(name) = match_name {
            if columns.iter().any(|c| c.name == name.text) {
                return self.named_twice(&name);
            }
            let column = self.column(name.text, Type::Long);
            match_id = Some(column.id);
            columns.push(column);
        }
        let declared = declared.into_iter().map(|(column, value)| (column.id, value)).collect();
        let input = Box::new(input);
        let kind = RelationKind::Steps { input, declared, steps, state, match_id, partition };
        Some(Relation { kind, columns, span })
    }

    /// The name of the column that numbers matches, if any.
    fn scan_parameters(&mut self, scan: &Scan) -> Option<Option<Name>> {
        let mut name = None;
        for parameter in &scan.parameters {
            match (parameter.name.text.as_str(), &parameter.value.kind) {
                ("with_match_id", syntax::ExprKind::Name(column)) => name = Some(column.clone()),
                ("with_match_id", _) => {
                    let message = "`with_match_id` takes the name of a column";
                    return self.error(codes::NOT_ALLOWED, parameter.value.span, message);
                }
                ("kind", _) => {
                    let message = "`scan kind=` is not supported";
                    return self.error(codes::NOT_SUPPORTED, parameter.name.span, message);
                }
                _ => {}
            }
        }
        Some(name)
    }

    fn scan_order(&mut self, input: Relation, scan: &Scan, span: Span) -> Option<Relation> {
        if scan.order.is_empty() {
            if is_serialized(&input) {
                return Some(input);
            }
            let message = "`scan` needs rows in a fixed order";
            let help = "add `| serialize` or `| sort by …` before the operator";
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, span, message).help(help));
        }
        let keys: Option<Vec<_>> =
            scan.order.iter().map(|key| self.sort_key(&input, key)).collect();
        Some(sorted(input, keys?, span))
    }

    fn scan_partition(
        &mut self,
        input: &Relation,
        scan: &Scan,
        match_name: Option<&Name>,
    ) -> Option<Vec<ColumnId>> {
        let mut partition = Vec::with_capacity(scan.partition.len());
        for key in &scan.partition {
            if match_name.is_some() {
                let message = "`with_match_id` together with `partition by` is not supported";
                let finding = Diagnostic::new(codes::NOT_SUPPORTED, key.span, message);
                return self.report(finding.help("use the `partition` operator around `scan`"));
            }
            let value = self.scalar(key, &input.columns)?;
            self.refuse_dynamic(&value, "`scan … partition by`")?;
            let ExprKind::Column(id) = value.kind else {
                let message = "`scan … partition by` takes columns";
                let help = "name the expression first: `| extend k = …`";
                let finding = Diagnostic::new(codes::NOT_ALLOWED, key.span, message).help(help);
                return self.report(finding);
            };
            partition.push(id);
        }
        Some(partition)
    }

    /// The declared columns with their defaults.
    fn declared_columns(
        &mut self,
        input: &[Column],
        declared: &[Parameter],
    ) -> Option<Vec<(Column, Expr)>> {
        let mut columns: Vec<(Column, Expr)> = Vec::with_capacity(declared.len());
        for Parameter { name, ty, default } in declared {
            let ParameterType::Scalar(ty) = *ty else {
                let message = format!("`{}` must be a single value", name.text);
                return self.error(codes::WRONG_TYPE, name.span, message);
            };
            let mut known = input.iter().chain(columns.iter().map(|(column, _)| column));
            if known.any(|column| column.name == name.text) {
                return self.named_twice(name);
            }
            let value = match default {
                Some(default) => self.constant(default, ty, "the default")?,
                None => {
                    let missing = match ty {
                        Type::String => Literal::String { value: String::new(), hidden: false },
                        _ => Literal::Null(ty),
                    };
                    Expr { kind: ExprKind::Literal(missing), ty, span: name.span }
                }
            };
            columns.push((self.column(name.text.clone(), ty), value));
        }
        Some(columns)
    }

    fn scan_step(&mut self, at: usize, step: &ScanStep, row: &[Column]) -> Option<Step> {
        if let Some(stepping) = &mut self.stepping {
            stepping.current = at;
        }
        let first = self.stepping.as_ref()?.steps.iter().position(|s| *s == step.name.text);
        if first != Some(at) {
            let message = format!("the step `{}` is named twice", step.name.text);
            return self.error(codes::NAMED_TWICE, step.name.span, message);
        }
        if let Some(span) = step.optional {
            return self.error(codes::NOT_SUPPORTED, span, "`optional` steps are not supported");
        }
        let output = match step.output.as_ref().map(|name| (name.text.as_str(), name.span)) {
            None | Some(("all", _)) => StepOutput::All,
            Some(("last", _)) => StepOutput::Last,
            Some(("none", _)) => StepOutput::None,
            Some((_, span)) => {
                let message = "the output of a step is `all`, `last` or `none`";
                return self.error(codes::UNKNOWN_NAME, span, message);
            }
        };
        let condition = self.scalar(&step.condition, row);
        let assignments: Vec<Option<(ColumnId, Expr)>> =
            step.assignments.iter().map(|item| self.step_assignment(item, row)).collect();
        let condition = condition?;
        if condition.ty != Type::Bool {
            let message = format!("the condition of a step is bool, not {}", condition.ty);
            return self.error(codes::WRONG_TYPE, step.condition.span, message);
        }
        let assignments = assignments.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Step { output, condition, assignments })
    }

    fn step_assignment(&mut self, item: &NamedExpr, row: &[Column]) -> Option<(ColumnId, Expr)> {
        let value = self.scalar(&item.value, row);
        let [name] = item.names.as_slice() else {
            let message = "an assignment is expected: `column = value`";
            return self.error(codes::NOT_ALLOWED, item.value.span, message);
        };
        let stepping = self.stepping.as_ref()?;
        let input = stepping.columns.len() - stepping.declared;
        let declared = &stepping.columns[input..];
        let Some(Column { id, ty, .. }) = declared.iter().find(|c| c.name == name.text).cloned()
        else {
            let known: Vec<String> = declared.iter().map(|c| c.name.clone()).collect();
            let message = format!("no declared column `{}`", name.text);
            let known = known.iter().map(String::as_str);
            return self.unknown(codes::UNKNOWN_NAME, name.span, message, &name.text, known);
        };
        let value = value?;
        let fits =
            value.ty == ty || ty == Type::Dynamic || value.ty.is_numeric() && ty.is_numeric();
        if !fits {
            let message = format!("`{}` is of type {ty}, not {}", name.text, value.ty);
            return self.error(codes::WRONG_TYPE, item.value.span, message);
        }
        Some((id, convert(value, ty)))
    }

    /// `step.column` inside a `scan`: the value remembered. Nothing when `step` is no step here.
    pub(in super::super) fn step_value(
        &mut self,
        step: &Name,
        name: &Name,
        span: Span,
        row: &[Column],
    ) -> Option<Option<Expr>> {
        let stepping = self.stepping.as_ref()?;
        let at = stepping.steps.iter().position(|known| *known == step.text)?;
        if row.iter().any(|column| column.name == step.text) {
            return None;
        }
        if at > stepping.current {
            let message = format!("the step `{}` comes later", step.text);
            let help = "a step knows itself and the steps before it";
            let finding = Diagnostic::new(codes::NOT_ALLOWED, step.span, message).help(help);
            return Some(self.report(finding));
        }
        let columns = &stepping.columns;
        let Some(column) = columns.iter().find(|column| column.name == name.text).cloned() else {
            let columns = columns.clone();
            return Some(self.unknown_column(name, &columns));
        };
        if self.poisoned.contains(&column.id) {
            return Some(None);
        }
        let known = stepping.state.iter().find(|s| s.step == at && s.of == column.id);
        let id = match known.map(|value| value.id) {
            Some(id) => id,
            None => {
                let id = self.fresh_id();
                let value = StepState { id, step: at, of: column.id, ty: column.ty };
                self.stepping.as_mut()?.state.push(value);
                id
            }
        };
        Some(Some(Expr { kind: ExprKind::Column(id), ty: column.ty, span }))
    }
}
