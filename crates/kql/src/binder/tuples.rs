//! Functions that yield several columns: `extend (a, b) = series_stats(x)` (spec kql.md §9).
//!
//! Invariant: such a call is the whole value of a column list; anywhere else it is refused.

use crate::bound::{Column, Expr, ExprKind, PathStep};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::signatures::{self, Signature};
use crate::syntax::{self, Name, NamedExpr};

use super::Binder;
use super::coerce::convert;
use super::scope::{Binding, unwrap};

/// How a column of a call with several is named.
pub(super) enum OutputName<'n> {
    Written(&'n Name),
    Derived(String),
}

/// What becomes of the columns beyond those that are named; without any name all stay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rest {
    Kept,
    Dropped,
}

/// A column of such a call; no value when the call was wrong.
pub(super) type Output<'n> = (OutputName<'n>, Option<Expr>);

impl Binder<'_> {
    /// The columns of an item whose value is a call of a function with several; `None` for any
    /// other item.
    pub(super) fn several_outputs<'n>(
        &mut self,
        item: &'n NamedExpr,
        row: &[Column],
        rest: Rest,
    ) -> Option<Vec<Output<'n>>> {
        let syntax::ExprKind::Call { name, args } = &unwrap(&item.value).kind else { return None };
        if let Some(sorted) = self.sorted_arrays(item, name, args, row) {
            return Some(sorted);
        }
        let signature = self.tuple_function(name)?;
        let span = item.value.span;
        let of = args.first().and_then(|arg| self.default_name(&arg.value, row));
        let of = of.unwrap_or_default();
        let bound = self.arguments(args, row);
        let call = bound.and_then(|args| self.resolve(signature, name, args, span));
        if let Some(extra) = item.names.get(signature.outputs.len()) {
            let count = signature.outputs.len();
            let message = format!("`{}()` yields {count} columns only", name.text);
            let _: Option<()> = self.error(codes::NOT_ALLOWED, extra.span, message);
        }
        let kept = match rest {
            Rest::Dropped if !item.names.is_empty() => item.names.len(),
            _ => signature.outputs.len(),
        };
        let outputs = signature.outputs.iter().zip(0_i64..).take(kept).map(|(output, at)| {
            let (suffix, ty) = *output;
            let written = usize::try_from(at).ok().and_then(|at| item.names.get(at));
            let name = match written {
                Some(name) => OutputName::Written(name),
                None => OutputName::Derived(format!("{}_{of}_{suffix}", signature.name)),
            };
            let part = call.clone().map(|base| {
                let step = Box::new(PathStep::Index(at));
                let kind = ExprKind::Path { base: Box::new(base), step };
                convert(Expr { kind, ty: model::Type::Dynamic, span }, ty)
            });
            (name, part)
        });
        Some(outputs.collect())
    }

    /// The columns of `array_sort_asc(a, b)`: one per array, all of them kept.
    fn sorted_arrays<'n>(
        &mut self,
        item: &'n NamedExpr,
        name: &Name,
        args: &[syntax::Argument],
        row: &[Column],
    ) -> Option<Vec<Output<'n>>> {
        let sorts = matches!(name.text.as_str(), "array_sort_asc" | "array_sort_desc");
        if !sorts || args.len() < 2 || self.lookup(&name.text).is_some() {
            return None;
        }
        let signature = signatures::scalar_function(&name.text)?;
        let span = item.value.span;
        let bound = self.arguments(args, row);
        let last_is_order =
            bound.as_ref().and_then(|args| args.last()).is_some_and(|a| a.ty == model::Type::Bool);
        let arrays = args.len() - usize::from(last_is_order);
        if arrays < 2 {
            return None;
        }
        let call = bound.and_then(|args| self.resolve(signature, name, args, span));
        let outputs = (0_i64..).zip(&args[..arrays]).enumerate().map(|(k, (at, arg))| {
            let derived = || {
                let of = self.default_name(&arg.value, row).unwrap_or_else(|| format!("array{k}"));
                OutputName::Derived(format!("{of}_sorted"))
            };
            let name = item.names.get(k).map_or_else(derived, OutputName::Written);
            let part = call.clone().map(|base| {
                let step = Box::new(PathStep::Index(at));
                let kind = ExprKind::Path { base: Box::new(base), step };
                Expr { kind, ty: model::Type::Dynamic, span }
            });
            (name, part)
        });
        let outputs: Vec<Output<'n>> = outputs.collect();
        if let Some(extra) = item.names.get(arrays) {
            let message = format!("`{}()` yields {arrays} columns here", name.text);
            let _: Option<()> = self.error(codes::NOT_ALLOWED, extra.span, message);
        }
        Some(outputs)
    }

    fn tuple_function(&self, name: &Name) -> Option<&'static Signature> {
        if matches!(self.lookup(&name.text), Some(Binding::Function(_) | Binding::Poisoned)) {
            return None;
        }
        signatures::scalar_function(&name.text).filter(|s| !s.outputs.is_empty())
    }

    /// A call with several columns where one value is expected.
    pub(super) fn not_a_value<T>(&mut self, name: &Name) -> Option<T> {
        let message = format!("`{}()` yields several columns", name.text);
        let help = format!("make columns of them first: `extend (a, b) = {}(…)`", name.text);
        self.report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help))
    }
}
