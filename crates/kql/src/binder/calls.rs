//! Calls of scalar functions: overloads, argument conversions, and what to say when none fits.

use model::Type;

use crate::bound::{Column, Expr};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::signatures::{self, Kind, Overload, Param, Signature};
use crate::syntax::{self, Argument, Name};

use super::Binder;
use super::coerce::{Fit, conversion, convert, fit};
use super::expressions::call;
use super::foreign;
use super::scope::Binding;

impl Binder<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        args: &[Argument],
        span: Span,
        row: &[Column],
    ) -> Option<Expr> {
        match self.lookup(&name.text) {
            Some(Binding::Function(function)) => {
                let function = function.clone();
                return self.call_function_scalar(&function, args, span, row);
            }
            Some(Binding::Poisoned) => return None,
            _ => {}
        }
        if let Some(result) = self.special_call(name, args, span, row) {
            return result;
        }
        if let Some(signature) = signatures::window_function(&name.text) {
            return self.window_call(signature, name, args, span, row);
        }
        let scalar = signatures::scalar_function(&name.text);
        let aggregate = signatures::aggregate_function(&name.text);
        match (scalar, aggregate) {
            (_, Some(signature)) if self.aggregating.is_some() => {
                self.aggregate_value(signature, name, args, span, row)
            }
            (Some(signature), _) if !signature.outputs.is_empty() => self.not_a_value(name),
            (Some(signature), _) => {
                let args = self.arguments(args, row)?;
                self.resolve(signature, name, args, span)
            }
            (None, Some(_)) => {
                let message = format!("the aggregate `{}()` is not allowed here", name.text);
                let help = "aggregates stand in `summarize`, before `by`, and not inside each other: \
                            `| summarize n = count() by name`";
                self.report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help))
            }
            (None, None) => self.unknown_function(name),
        }
    }

    pub(super) fn unknown_function<T>(&mut self, name: &Name) -> Option<T> {
        if signatures::is_known_elsewhere(&name.text) {
            let message = format!("`{}()` is not supported", name.text);
            let mut finding = Diagnostic::new(codes::NOT_SUPPORTED, name.span, message);
            if let Some(help) = signatures::alternative(&name.text) {
                finding = finding.help(help);
            }
            return self.report(finding);
        }
        if signatures::window_function(&name.text).is_some() {
            let message = format!("`{}()` has no rows to go through here", name.text);
            return self.error(codes::NOT_ALLOWED, name.span, message);
        }
        if let Some(help) = foreign::function(&name.text) {
            let message = format!("no function `{}`", name.text);
            return self
                .report(Diagnostic::new(codes::UNKNOWN_FUNCTION, name.span, message).help(help));
        }
        let lets = self.binding_names(|b| matches!(b, Binding::Function(_)));
        // Inside `summarize` an aggregate is most likely meant.
        let kinds = match self.aggregating.is_some() {
            true => [Kind::Aggregate, Kind::Scalar],
            false => [Kind::Scalar, Kind::Aggregate],
        };
        let known: Vec<&str> = kinds
            .into_iter()
            .flat_map(|kind| signatures::all().filter(move |s| s.kind == kind))
            .flat_map(|s| [s.name].into_iter().chain(s.aliases.iter().copied()))
            .chain(lets.iter().map(String::as_str))
            .collect();
        let message = format!("no function `{}`", name.text);
        self.unknown(codes::UNKNOWN_FUNCTION, name.span, message, &name.text, known)
    }

    /// All arguments; each wrong one is reported.
    pub(super) fn arguments(&mut self, args: &[Argument], row: &[Column]) -> Option<Vec<Expr>> {
        if let Some(name) = args.iter().find_map(|arg| arg.name.as_ref()) {
            // Only functions of `let` have arguments by name.
            let message = format!("no argument is called `{}` here", name.text);
            return self.report(
                Diagnostic::new(codes::NOT_ALLOWED, name.span, message)
                    .help("equality is written `==`"),
            );
        }
        let bound: Vec<Option<Expr>> =
            args.iter().map(|arg| self.scalar(&arg.value, row)).collect();
        bound.into_iter().collect()
    }

    /// A call of a function whose arguments are bound.
    pub(super) fn resolve(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        args: Vec<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let Some(fitting) = fit(signature, &args) else {
            return self.no_overload(signature, name, &args, span);
        };
        let Fit { types, returns, .. } = fitting;
        if args.len() == 1 && is_identity(signature.name, args[0].ty) {
            return args.into_iter().next().map(|arg| Expr { span, ..arg });
        }
        let converted: Vec<Expr> =
            args.into_iter().zip(types).map(|(arg, ty)| convert(arg, ty)).collect();
        self.folded(call(signature.name, converted, returns, span))
    }

    pub(super) fn no_overload<T>(
        &mut self,
        signature: &'static Signature,
        name: &Name,
        args: &[Expr],
        span: Span,
    ) -> Option<T> {
        let fits_count = signature.overloads.iter().any(|o| o.expand(args.len()).is_some());
        let shapes = |overloads: Vec<&Overload>| {
            let shapes: Vec<String> = overloads.iter().map(|o| shape(&name.text, o)).collect();
            format!("expected {}", shapes.join(" or "))
        };
        if !fits_count {
            let expected = match foreign::named_shape(&name.text, signature) {
                _ if signature.name == "case" => {
                    "conditions and values in pairs, at the end the value for everything else"
                        .to_owned()
                }
                Some(shape) => format!("expected {shape}"),
                None => shapes(signature.overloads.iter().collect()),
            };
            let message = match args.len() {
                1 => format!("`{}()` cannot take 1 argument", name.text),
                count => format!("`{}()` cannot take {count} arguments", name.text),
            };
            return self
                .report(Diagnostic::new(codes::ARGUMENT_COUNT, span, message).help(expected));
        }
        // Those the first argument fits are meant, when there are any.
        let first = args.first().map(|arg| Param::Of(arg.ty));
        let meant: Vec<&Overload> =
            signature.overloads.iter().filter(|o| o.params.first().copied() == first).collect();
        let expected = match meant.is_empty() {
            true => shapes(signature.overloads.iter().collect()),
            false => shapes(meant),
        };
        let given = args.iter().map(|a| a.ty.name()).collect::<Vec<_>>().join(", ");
        let message = format!("`{}()` cannot take ({given})", name.text);
        let help = match args.iter().position(|a| a.ty == Type::Dynamic) {
            Some(at) => {
                let wanted = |o: &Overload| match o.expand(args.len())?[at] {
                    Param::Of(ty) | Param::Const(ty) => Some(ty),
                    _ => None,
                };
                let types: Vec<Type> = signature.overloads.iter().filter_map(wanted).collect();
                let fallback = match signature.kind {
                    Kind::Aggregate => Type::Real,
                    _ => Type::String,
                };
                // Among numbers a real holds them all.
                let real = types.contains(&Type::Real).then_some(Type::Real);
                let to = conversion(real.or(types.first().copied()).unwrap_or(fallback));
                format!("convert the dynamic first, for example with `{to}(…)`; {expected}")
            }
            None => expected,
        };
        self.report(Diagnostic::new(codes::WRONG_TYPE, span, message).help(help))
    }

    /// A constant expression of a type: a literal after inlining, or reported.
    pub(super) fn constant(&mut self, expr: &syntax::Expr, ty: Type, what: &str) -> Option<Expr> {
        let bound = self.scalar(expr, &[])?;
        let fits = bound.ty == ty
            || matches!((bound.ty, ty), (Type::Int, Type::Long) | (Type::Long, Type::Real));
        if !fits {
            let message = format!("{what} must be of type {ty}, not {}", bound.ty);
            return self.error(codes::WRONG_TYPE, expr.span, message);
        }
        Some(convert(bound, ty))
    }
}

/// Conversions of what has the type already.
fn is_identity(function: &str, ty: Type) -> bool {
    match function {
        "tostring" => ty == Type::String,
        "tolong" => ty == Type::Long,
        "toint" => ty == Type::Int,
        "toreal" => ty == Type::Real,
        "tobool" => ty == Type::Bool,
        "todecimal" => ty == Type::Decimal,
        "todatetime" => ty == Type::DateTime,
        "totimespan" => ty == Type::TimeSpan,
        "toguid" => ty == Type::Guid,
        "todynamic" => ty == Type::Dynamic,
        _ => false,
    }
}

/// `substring(string, long[, long])`.
fn shape(name: &str, overload: &Overload) -> String {
    let mut out = format!("`{name}(");
    let required = overload.params.len() - overload.optional;
    for (i, param) in overload.params.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        let open = if i >= required { "[" } else { "" };
        out.push_str(&format!("{open}{comma}{}", param_name(param)));
    }
    if overload.repeat.is_some() {
        out.push_str(", …");
    }
    out.push_str(&"]".repeat(overload.optional));
    out.push_str(")`");
    out
}

fn param_name(param: &Param) -> &'static str {
    match param {
        Param::Of(ty) => ty.name(),
        Param::Const(Type::String) => "literal string",
        Param::Const(_) => "literal",
        Param::Text | Param::Any | Param::Common => "any",
        Param::Ordered => "number, time or string",
    }
}
