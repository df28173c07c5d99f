//! `declare query_parameters`: values come with the request and are bound as values, never as text
//! of the query (spec kql.md §12).

use model::Type;

use crate::bound::Literal;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::parser::{self, ParseLimits};
use crate::syntax::{ExprKind, Parameter, ParameterType, UnaryOp};

use super::Binder;
use super::coerce::{convert, convert_literal};
use super::expressions::{literal, literal_type};
use super::scope::{Binding, unwrap};
use super::sources::plain_literal;

impl Binder<'_> {
    pub(super) fn query_parameters(&mut self, parameters: &[Parameter]) {
        for (i, parameter) in parameters.iter().enumerate() {
            let name = &parameter.name;
            if parameters.iter().take(i).any(|earlier| earlier.name.text == name.text) {
                let message = format!("the parameter `{}` is named twice", name.text);
                let _: Option<()> = self.error(codes::NAMED_TWICE, name.span, message);
            }
            let binding = self.query_parameter(parameter).unwrap_or(Binding::Poisoned);
            self.declare(&parameter.name.text, binding);
        }
    }

    fn query_parameter(&mut self, parameter: &Parameter) -> Option<Binding> {
        let name = &parameter.name;
        let ParameterType::Scalar(ty) = parameter.ty else {
            let message = "a query parameter is a single value";
            return self.error(codes::NOT_ALLOWED, name.span, message);
        };
        let options = self.options;
        let given = options.parameters.iter().find(|(key, _)| *key == name.text);
        if let Some((_, text)) = given {
            let Some(value) = parameter_value(text, ty) else {
                let message = format!("the value given for `{}` is not of type {ty}", name.text);
                return self.error(codes::WRONG_TYPE, name.span, message);
            };
            return Some(Binding::Scalar(literal(value, name.span)));
        }
        let Some(default) = &parameter.default else {
            let message = format!("no value is given for the parameter `{}`", name.text);
            return self.report(
                Diagnostic::new(codes::PARAMETER_MISSING, name.span, message)
                    .help("send it with the request, or declare a default"),
            );
        };
        let value = self.constant(default, ty, "the default")?;
        Some(Binding::Scalar(convert(value, ty)))
    }
}

/// A parameter's text as a literal: KQL literal text, or plain text.
fn parameter_value(text: &str, ty: Type) -> Option<Literal> {
    let (expr, findings) = parser::parse_expression(text, ParseLimits::default());
    let read = match &unwrap(&expr).kind {
        ExprKind::Literal(value) if findings.is_empty() => Some(value.clone()),
        ExprKind::Unary { op: UnaryOp::Minus, operand } if findings.is_empty() => {
            match &unwrap(operand).kind {
                ExprKind::Literal(Literal::Long(v)) => Some(Literal::Long(v.wrapping_neg())),
                ExprKind::Literal(Literal::Real(v)) => Some(Literal::Real(-v)),
                ExprKind::Literal(Literal::TimeSpan(v)) => v.checked_neg().map(Literal::TimeSpan),
                _ => None,
            }
        }
        _ => None,
    };
    match read {
        Some(value) if literal_type(&value) == ty => Some(value),
        // Text is taken literally: `5` for a string parameter is the text `5`.
        _ if ty == Type::String => Some(Literal::String { value: text.to_owned(), hidden: false }),
        Some(Literal::String { value, .. }) => plain_literal(&value, ty),
        Some(value) => convert_literal(&value, ty).or_else(|| plain_literal(text, ty)),
        None => plain_literal(text, ty),
    }
}
