//! A condition that costs so much that its answer for stored rows is worth keeping.
//!
//! The mark computes nothing. It stays what it is while plans are simplified, so that a scan that
//! took the condition upon itself finds it again among its filters.

use datafusion::logical_expr::Expr;
use model::Type;

use super::kernel::{call, call_of};

const NAME: &str = "once";

/// The condition with its mark.
pub fn marked(condition: Expr) -> Expr {
    call(NAME, vec![condition], &[Type::Bool], Type::Bool, |args| args.array(0).cloned())
}

/// The condition behind a mark.
pub fn condition(expr: &Expr) -> Option<&Expr> {
    let ([condition], _) = call_of(expr, NAME)? else { return None };
    Some(condition)
}
