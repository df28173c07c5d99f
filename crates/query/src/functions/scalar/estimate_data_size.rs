//! `estimate_data_size`: about how many bytes values take.

use datafusion::logical_expr::Expr;
use model::Type;

use super::super::{Build, Call};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("estimate_data_size", estimate_data_size)];

/// Bytes of a value of a type of fixed size; none for texts.
fn fixed(ty: Type) -> Option<i64> {
    match ty {
        Type::Bool => Some(1),
        Type::Int => Some(4),
        Type::Long | Type::Real | Type::DateTime | Type::TimeSpan => Some(8),
        Type::Guid | Type::Decimal => Some(16),
        Type::String | Type::Dynamic => None,
    }
}

fn estimate_data_size(call: Call) -> Result<Expr, Error> {
    call.kernel(|args| {
        let known: i64 = args.types.iter().filter_map(|ty| fixed(*ty)).sum();
        let mut texts = Vec::new();
        for (k, ty) in args.types.iter().enumerate() {
            if fixed(*ty).is_none() {
                texts.push(args.text(k)?);
            }
        }
        args.whole(|row| {
            let bytes: usize = texts.iter().map(|texts| texts.text(row).len()).sum();
            Some(known + i64::try_from(bytes).unwrap_or(i64::MAX))
        })
    })
}
