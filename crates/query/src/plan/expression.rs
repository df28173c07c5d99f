//! Bound expressions in a value position.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr as Physical, lit};
use kql::bound::{Expr, ExprKind, Literal, PathStep};
use model::Type;

use super::{Planner, column, resolve};
use crate::error::Error;
use crate::functions;

/// A literal as a DataFusion constant of its type's Arrow type.
pub(crate) fn literal(literal: &Literal) -> ScalarValue {
    match literal {
        Literal::Null(ty) => null(*ty),
        Literal::Bool(v) => ScalarValue::Boolean(Some(*v)),
        Literal::Int(v) => ScalarValue::Int32(Some(*v)),
        Literal::Long(v) => ScalarValue::Int64(Some(*v)),
        Literal::Real(v) | Literal::Decimal(v) => ScalarValue::Float64(Some(*v)),
        Literal::String { value: v, .. } | Literal::Guid(v) | Literal::Dynamic(v) => {
            ScalarValue::Utf8View(Some(v.clone()))
        }
        Literal::DateTime(v) => ScalarValue::TimestampNanosecond(Some(*v), None),
        Literal::TimeSpan(v) => ScalarValue::DurationNanosecond(Some(*v)),
    }
}

/// The missing value of a type: null, `''` for strings (spec kql.md §3 rule 1).
pub(crate) fn null(ty: Type) -> ScalarValue {
    match ty {
        Type::Bool => ScalarValue::Boolean(None),
        Type::Int => ScalarValue::Int32(None),
        Type::Long => ScalarValue::Int64(None),
        Type::Real | Type::Decimal => ScalarValue::Float64(None),
        Type::String => ScalarValue::Utf8View(Some(String::new())),
        Type::Guid | Type::Dynamic => ScalarValue::Utf8View(None),
        Type::DateTime => ScalarValue::TimestampNanosecond(None, None),
        Type::TimeSpan => ScalarValue::DurationNanosecond(None),
    }
}

fn unanswered() -> Error {
    Error::Internal("a sub-query was not answered before planning".to_owned())
}

impl Planner<'_> {
    /// An expression whose value is read.
    pub(super) fn value(&self, expr: &Expr) -> Result<Physical, Error> {
        if let Some((name, ty)) = self.needs.property(expr) {
            return Ok(super::property::dynamic(column(&name), ty));
        }
        match &expr.kind {
            ExprKind::Column(id) => Ok(column(&self.needs.name(*id))),
            ExprKind::Literal(value) => Ok(lit(literal(value))),
            ExprKind::Call { function, args } => self.call(function, args, expr.ty),
            ExprKind::Path { base, step } => {
                let base = self.value(base)?;
                Ok(match step.as_ref() {
                    PathStep::Key(key) => functions::json::property(base, key),
                    PathStep::Index(index) => functions::json::element(base, *index),
                    PathStep::Computed(step) => {
                        functions::json::computed(base, self.value(step)?, step.ty)
                    }
                })
            }
            ExprKind::InRelation { function, value, relation } => {
                let table = resolve::shared(relation);
                let members = table.and_then(|table| self.shared.members(table.number));
                let members = members.ok_or_else(unanswered)?;
                Ok(functions::members::call(function, self.value(value)?, members))
            }
            ExprKind::ToScalar(_) => Err(unanswered()),
        }
    }

    fn call(&self, function: &'static str, args: &[Expr], result: Type) -> Result<Physical, Error> {
        if let [arg] = args
            && let Some((name, ty)) = self.needs.property(arg)
            && let Some(expr) = super::property::converted(function, column(&name), ty, result)?
        {
            return Ok(expr);
        }
        let types: Vec<Type> = args.iter().map(|arg| arg.ty).collect();
        let values = args.iter().map(|arg| self.value(arg)).collect::<Result<_, _>>()?;
        functions::scalar(function, values, &types, result).map_err(|error| error.at(args))
    }
}
