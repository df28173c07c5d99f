//! Aggregate calls inside `summarize`: each becomes an [`Aggregate`] with output columns, and the
//! expression around it refers to those (spec kql.md §7, §8).

use model::Type;

use crate::bound::{Aggregate, Column, ColumnId, Expr, ExprKind, Literal};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures::{self, Returns, Signature};
use crate::syntax::{self, Argument, Name, NamedExpr};

use super::Binder;
use super::coerce::{Fit, convert, fit};
use super::expressions::{column_ref, literal};
use super::names::Names;
use super::scope::unwrap;
use super::tuples::Rest;

/// How many elements the old spellings `makelist`, `makeset` and `make_dictionary` keep when the
/// call does not say.
const OLD_SIZE: i64 = 128;

/// The aggregates found so far in one `summarize`.
#[derive(Debug, Default)]
pub(super) struct Aggregating {
    pub found: Vec<Aggregate>,
}

/// An output column of `summarize`; no expression when that was wrong.
pub(super) type Item = (String, Option<Expr>);

/// An argument of an aggregate with several outputs and the name its output gets.
struct Carried {
    name: Option<String>,
    written: bool,
    value: Option<Expr>,
}

impl Binder<'_> {
    /// An aggregate in the middle of an expression: it must have one output.
    pub(super) fn aggregate_value(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        let args = self.outside(|binder| binder.arguments(args, row))?;
        let args = self.drop_counted(signature, args);
        let args = self.spread_percentiles(signature, args)?;
        let outputs = self.add_aggregate(signature, name, args, span)?;
        match outputs.as_slice() {
            [only] => Some(only.clone()),
            _ => {
                let message = format!("`{}()` yields several columns", name.text);
                self.report(
                    Diagnostic::new(codes::NOT_ALLOWED, span, message)
                        .help("it cannot be a part of an expression"),
                )
            }
        }
    }

    /// Runs with aggregates forbidden: they cannot stand inside each other.
    fn outside<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let saved = self.aggregating.take();
        let result = run(self);
        self.aggregating = saved;
        result
    }

    /// `count(x)` counts all rows, whatever `x` is (spec kql.md §8).
    fn drop_counted(&self, signature: &Signature, mut args: Vec<Expr>) -> Vec<Expr> {
        if signature.name == "count" && args.len() == 1 {
            args.clear();
        }
        args
    }

    /// The percentiles of `percentiles_array(x, dynamic([…]))`, one argument each.
    fn spread_percentiles(
        &mut self,
        signature: &Signature,
        mut args: Vec<Expr>,
    ) -> Option<Vec<Expr>> {
        let last = match (signature.name, args.len()) {
            ("percentiles_array", 2) | ("percentilesw_array", 3) => args.len() - 1,
            _ => return Some(args),
        };
        if args[last].ty != Type::Dynamic {
            return Some(args);
        }
        let span = args[last].span;
        let numbers = match &args[last].kind {
            ExprKind::Literal(Literal::Dynamic(json)) => array_of_numbers(json),
            _ => None,
        };
        let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
            let message = "the percentiles are a literal array of numbers";
            return self.report(
                Diagnostic::new(codes::CONSTANT_NEEDED, span, message)
                    .help("for example `dynamic([50, 95])`"),
            );
        };
        self.spend(numbers.len(), span)?;
        args.truncate(last);
        args.extend(numbers.into_iter().map(|number| literal(Literal::Real(number), span)));
        Some(args)
    }

    pub(super) fn add_aggregate(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        mut args: Vec<Expr>,
        span: Span,
    ) -> Option<Vec<Expr>> {
        if args.len() == 1 && matches!(&*name.text, "makelist" | "makeset" | "make_dictionary") {
            args.push(literal(Literal::Long(OLD_SIZE), span));
        }
        let Some(Fit { types, returns, overload }) = fit(signature, &args) else {
            return self.no_overload(signature, name, &args, span);
        };
        let types_out: Vec<Type> = match overload.returns {
            Returns::Each => types.clone(),
            Returns::First => {
                vec![returns; args.len().saturating_sub(first_percentile(signature.name))]
            }
            Returns::Is(_) | Returns::Common => vec![returns],
        };
        let args: Vec<Expr> =
            args.into_iter().zip(types).map(|(arg, ty)| convert(arg, ty)).collect();
        self.check_aggregate(signature, &args)?;
        let outputs: Vec<_> = types_out.iter().map(|ty| (self.fresh_id(), *ty)).collect();
        let refs = outputs
            .iter()
            .map(|(id, ty)| Expr { kind: ExprKind::Column(*id), ty: *ty, span })
            .collect();
        let aggregate = Aggregate { function: signature.name, args, outputs, filter: None, span };
        self.aggregating.as_mut()?.found.push(aggregate);
        Some(refs)
    }

    /// What the types of arguments do not say.
    fn check_aggregate(&mut self, signature: &Signature, args: &[Expr]) -> Option<()> {
        match signature.name {
            name if name.starts_with("percentile") => {
                self.check_percentiles(&args[first_percentile(name).min(args.len())..])
            }
            "count_distinct" | "count_distinctif" => {
                self.refuse_dynamic(args.first()?, "`count_distinct`")
            }
            "dcount" | "hll" => self.check_accuracy(signature, args.get(1)),
            "dcountif" | "hll_if" => self.check_accuracy(signature, args.get(2)),
            _ => Some(()),
        }
    }

    fn check_percentiles(&mut self, percentiles: &[Expr]) -> Option<()> {
        for arg in percentiles {
            match &arg.kind {
                ExprKind::Literal(Literal::Real(p)) if (0.0..=100.0).contains(p) => {}
                _ => {
                    let message = "a percentile is a literal from 0 to 100";
                    return self.report(
                        Diagnostic::new(codes::CONSTANT_NEEDED, arg.span, message)
                            .help("the value comes first: `percentile(duration, 95)`"),
                    );
                }
            }
        }
        Some(())
    }

    fn check_accuracy(&mut self, signature: &Signature, accuracy: Option<&Expr>) -> Option<()> {
        match accuracy {
            Some(Expr { kind: ExprKind::Literal(Literal::Long(0..=4)), .. }) | None => Some(()),
            Some(other) => {
                let message =
                    format!("the accuracy of `{}()` is a literal from 0 to 4", signature.name);
                self.error(codes::CONSTANT_NEEDED, other.span, message)
            }
        }
    }

    /// The columns one written item of `summarize` yields.
    pub(super) fn summarize_item(
        &mut self,
        item: &NamedExpr,
        input: &[Column],
        keys: &[ColumnId],
        names: &mut Names,
    ) -> Vec<Item> {
        if let syntax::ExprKind::Call { name, args } = &unwrap(&item.value).kind
            && let Some(signature) = signatures::aggregate_function(&name.text)
            && matches!(
                signature.name,
                "arg_max" | "arg_min" | "take_any" | "percentiles" | "percentilesw"
            )
        {
            return self.several(signature, (name, args, item), input, keys, names);
        }
        if let Some(outputs) = self.several_outputs(item, input, Rest::Kept) {
            let named = outputs
                .into_iter()
                .map(|(name, value)| self.output_name(name, names).map(|name| (name, value)));
            return named.collect::<Option<_>>().unwrap_or_default();
        }
        let value = self.scalar(&item.value, input);
        let name = match item.names.as_slice() {
            [] => names.derived(self.default_name(&item.value, input).as_deref()),
            [written] => match names.written(&written.text) {
                Some(name) => name,
                None => {
                    let _: Option<()> = self.named_twice(written);
                    return Vec::new();
                }
            },
            [_, second, ..] => {
                let message = "the expression yields one column";
                let _: Option<()> = self.error(codes::NOT_ALLOWED, second.span, message);
                return Vec::new();
            }
        };
        vec![(name, value)]
    }

    /// An aggregate with one output per argument or percentile.
    fn several(
        &mut self,
        signature: &'static Signature,
        (name, args, item): (&Name, &[Argument], &NamedExpr),
        input: &[Column],
        keys: &[ColumnId],
        names: &mut Names,
    ) -> Vec<Item> {
        let span = item.value.span;
        let carried = match signature.name {
            "percentiles" | "percentilesw" => self.percentile_arguments(args, input),
            _ => self.carried_arguments(signature, name, args, input, keys),
        };
        let values: Option<Vec<Expr>> = carried.iter().map(|c| c.value.clone()).collect();
        let outputs = values.and_then(|values| self.add_aggregate(signature, name, values, span));
        let skip = match !signature.name.starts_with("percentiles") {
            true => 0,
            false => first_percentile(signature.name),
        };
        let mut items = Vec::new();
        for (i, argument) in carried.iter().skip(skip).enumerate() {
            let written = match (item.names.get(i), argument.written) {
                (Some(written), _) => Some(written.text.clone()),
                (None, true) => argument.name.clone(),
                (None, false) => None,
            };
            let name = match written {
                Some(text) => names.written(&text).unwrap_or_else(|| names.derived(Some(&text))),
                None => names.derived(argument.name.as_deref()),
            };
            let value = outputs.as_ref().and_then(|outputs| outputs.get(i).cloned());
            items.push((name, value));
        }
        if let Some(extra) = item.names.get(items.len()) {
            let message = format!("`{}()` yields {} columns only", name.text, items.len());
            let _: Option<()> = self.error(codes::NOT_ALLOWED, extra.span, message);
        }
        items
    }

    fn percentile_arguments(&mut self, args: &[Argument], input: &[Column]) -> Vec<Carried> {
        let of =
            args.first().and_then(|arg| self.default_name(&arg.value, input)).unwrap_or_default();
        let mut carried = Vec::with_capacity(args.len());
        for arg in args {
            let value = self.outside(|binder| binder.scalar(&arg.value, input));
            let name = Some(self.percentile_name(&of, &arg.value));
            carried.push(Carried { name, written: false, value });
        }
        carried
    }

    fn carried_arguments(
        &mut self,
        signature: &Signature,
        name: &Name,
        args: &[Argument],
        input: &[Column],
        keys: &[ColumnId],
    ) -> Vec<Carried> {
        let mut carried: Vec<Carried> = Vec::new();
        let prefix = match name.text.as_str() {
            "argmax" => "max",
            "argmin" => "min",
            "any" => "any",
            _ => "",
        };
        let first = args.first().and_then(|arg| self.default_name(&arg.value, input));
        let first = first.unwrap_or_default();
        for (i, arg) in args.iter().enumerate() {
            if matches!(unwrap(&arg.value).kind, syntax::ExprKind::Wildcard(ref w) if w == "*") {
                self.all_columns(&mut carried, (prefix, &first), arg.value.span, input, keys);
                continue;
            }
            let value = self.outside(|binder| binder.scalar(&arg.value, input));
            let own = self.default_name(&arg.value, input);
            let (name, written) = match (&arg.name, own) {
                (Some(name), _) => (Some(name.text.clone()), true),
                (None, Some(own)) => (Some(prefixed(prefix, &first, i, &own)), false),
                (None, None) if prefix == "any" && args.len() == 1 => {
                    (Some("any_".to_owned()), false)
                }
                (None, None) if signature.name == "take_any" => {
                    (Some(format!("any_arg{i}")), false)
                }
                (None, None) if i == 0 => (Some(extreme(signature.name).to_owned() + "_"), false),
                (None, None) => {
                    let kind = extreme(signature.name);
                    (Some(format!("{kind}_{first}_arg{i}")), false)
                }
            };
            carried.push(Carried { name, written, value });
        }
        carried
    }

    /// `*`: every column that is neither a key by itself (`keys`) nor carried already; a key
    /// computed from a column leaves it in.
    fn all_columns(
        &mut self,
        carried: &mut Vec<Carried>,
        (prefix, first): (&str, &str),
        span: Span,
        input: &[Column],
        keys: &[ColumnId],
    ) {
        for column in input {
            let is_key = keys.contains(&column.id);
            let same = |value: &Expr| value.kind == ExprKind::Column(column.id);
            let known = carried.iter().any(|c| c.value.as_ref().is_some_and(same));
            if is_key || known || self.poisoned.contains(&column.id) {
                continue;
            }
            let name = Some(prefixed(prefix, first, carried.len(), &column.name));
            let value = Some(column_ref(column, span));
            carried.push(Carried { name, written: false, value });
        }
    }
}

/// Where the percentiles of a call begin.
fn first_percentile(function: &str) -> usize {
    match function {
        "percentilew" | "percentilesw" | "percentilesw_array" => 2,
        _ => 1,
    }
}

/// The numbers of a JSON array of numbers.
fn array_of_numbers(json: &str) -> Option<Vec<f64>> {
    let inside = json.trim().strip_prefix('[')?.strip_suffix(']')?;
    if inside.trim().is_empty() {
        return Some(Vec::new());
    }
    inside.split(',').map(|number| number.trim().parse().ok()).collect()
}

fn extreme(function: &str) -> &'static str {
    if function == "arg_min" { "min" } else { "max" }
}

/// The old spellings prefix their outputs: `max_t`, `max_t_a`, `any_x`.
fn prefixed(prefix: &str, first: &str, position: usize, own: &str) -> String {
    match (prefix, position) {
        ("", _) => own.to_owned(),
        ("any", _) | (_, 0) => format!("{prefix}_{own}"),
        _ => format!("{prefix}_{first}_{own}"),
    }
}
