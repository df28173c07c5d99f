//! Scalar functions and aggregates: a bound call to a DataFusion expression.
//!
//! Invariant: the only place that knows how a KQL function is computed. Where DataFusion's own
//! operator means the same it is used, so that filters reach the files; elsewhere an own kernel.
//!
//! Value position ([`scalar`]) follows the null table of spec kql.md §3. In a predicate position
//! ([`predicate`]), where null and false are the same, equality and `in` stay bare. `and`, `or`
//! keep
//! a predicate position for their arguments, every other function (`not` included) ends it.

pub mod aggregate;
pub(crate) mod any_search;
mod digest;
mod distinct;
pub mod elements;
mod groups;
mod hll;
pub mod json;
pub mod kernel;
pub(crate) mod members;
pub(crate) mod once;
pub mod scalar;
mod series;
mod sketch;
mod text_scan;
pub mod text_search;
pub mod window;

use datafusion::logical_expr::Expr;
use model::Type;

use crate::Error;

pub use aggregate::{AggregateCall, Output};

/// One call on its way to an expression.
pub(crate) struct Call {
    pub name: &'static str,
    pub args: Vec<Expr>,
    pub types: Vec<Type>,
    pub result: Type,
    /// Null and false mean the same to whoever reads the value.
    pub predicate: bool,
}

/// Builds the expression of a call.
pub(crate) type Build = fn(Call) -> Result<Expr, Error>;

impl Call {
    /// This call as an own kernel.
    pub fn kernel(self, kernel: kernel::Kernel) -> Result<Expr, Error> {
        Ok(kernel::call(self.name, self.args, &self.types, self.result, kernel))
    }
    /// The type of argument `k`; a call without it is a fault of the binder.
    pub fn ty(&self, k: usize) -> Result<Type, Error> {
        self.types.get(k).copied().ok_or_else(|| self.malformed())
    }
    /// Exactly two arguments.
    pub fn pair(self) -> Result<(Expr, Expr), Error> {
        let malformed = self.malformed();
        let mut args = self.args.into_iter();
        match (args.next(), args.next(), args.next()) {
            (Some(a), Some(b), None) => Ok((a, b)),
            _ => Err(malformed),
        }
    }
    /// The first argument.
    pub fn one(self) -> Result<Expr, Error> {
        let malformed = self.malformed();
        self.args.into_iter().next().ok_or(malformed)
    }
    /// The binder promised other arguments.
    pub fn malformed(&self) -> Error {
        let types: Vec<&str> = self.types.iter().map(|t| t.name()).collect();
        Error::Internal(format!("no `{}` of ({})", self.name, types.join(", ")))
    }
}

fn build(
    name: &str,
    args: Vec<Expr>,
    types: &[Type],
    result: Type,
    predicate: bool,
) -> Result<Expr, Error> {
    let (name, build) = scalar::find(name)
        .ok_or_else(|| Error::Internal(format!("`{name}` has no implementation")))?;
    if args.len() != types.len() {
        return Err(Error::Internal(format!("`{name}` has other types than arguments")));
    }
    build(Call { name, args, types: types.to_vec(), result, predicate })
}

/// The expression of a scalar call whose arguments have exactly `types` (Arrow types by
/// `model::Type::arrow`); its value has the Arrow type of `result`.
///
/// # Errors
/// `Error::Argument` for a constant that cannot be used (a broken regular expression),
/// `Error::Internal` when `name` is not implemented for these types.
pub fn scalar(name: &str, args: Vec<Expr>, types: &[Type], result: Type) -> Result<Expr, Error> {
    build(name, args, types, result, false)
}

/// Like [`scalar`] for a call that yields bool where null and false mean the same.
///
/// # Errors
/// As [`scalar`].
pub fn predicate(name: &str, args: Vec<Expr>, types: &[Type]) -> Result<Expr, Error> {
    build(name, args, types, Type::Bool, true)
}

/// The aggregate expression of a call and how its value becomes the output columns.
///
/// # Errors
/// As [`scalar`].
pub fn aggregate(
    name: &str,
    args: Vec<Expr>,
    types: &[Type],
    outputs: &[Type],
) -> Result<AggregateCall, Error> {
    aggregate::build(name, args, types, outputs)
}

/// The canonical names that can be computed: scalar functions and operators, then aggregates.
pub fn implemented() -> (Vec<&'static str>, Vec<&'static str>) {
    (scalar::names().collect(), aggregate::names().collect())
}
