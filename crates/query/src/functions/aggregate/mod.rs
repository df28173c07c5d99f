//! Aggregates by canonical name, one family per file.
//!
//! Every aggregate can be computed in parts and merged; own ones say how much memory they hold.
//! The `…if` forms are the plain aggregate with DataFusion's own row filter.

mod arg_max;
mod avg;
mod binary_all;
mod buildschema;
mod count;
mod covariance;
mod dcount;
mod hll;
mod make_bag;
mod make_list;
mod make_series;
mod min_max;
mod percentile;
pub(crate) mod properties;
mod sum;
mod tdigest;
mod variance;

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr};
use model::Type;

use crate::Error;

/// An output column, from the column that holds the aggregate's value.
pub type Output = Arc<dyn Fn(Expr) -> Expr + Send + Sync>;

/// An aggregate in DataFusion's terms.
pub struct AggregateCall {
    /// The aggregate expression; its value is a struct where there are several outputs.
    pub expr: Expr,
    /// One per output column, in order.
    pub outputs: Vec<Output>,
    /// The value depends on the order in which rows arrive (`make_list`, `take_any`, …).
    pub order_sensitive: bool,
}

/// One aggregate call on its way to an expression; the `…if` predicate is already the filter.
struct Call<'c> {
    name: &'static str,
    args: Vec<Expr>,
    types: Vec<Type>,
    outputs: &'c [Type],
    filter: Option<Box<Expr>>,
}

type Build = fn(Call<'_>) -> Result<AggregateCall, Error>;

impl Call<'_> {
    /// `function` over the call's own arguments.
    fn with(self, function: Arc<AggregateUDF>) -> Expr {
        let args = self.args;
        expression(function, args, self.filter)
    }
    fn ty(&self) -> Result<Type, Error> {
        self.types.first().copied().ok_or_else(|| self.malformed())
    }
    fn malformed(&self) -> Error {
        let types: Vec<&str> = self.types.iter().map(|t| t.name()).collect();
        Error::Internal(format!("no aggregate `{}` of ({})", self.name, types.join(", ")))
    }
    /// The constant numbers from argument `k` on, which are taken away.
    fn take_numbers(&mut self, k: usize) -> Result<Vec<f64>, Error> {
        let at = k.min(self.args.len());
        self.types.truncate(at);
        let number = |value: &Expr| match value {
            Expr::Literal(ScalarValue::Float64(Some(v)), _) => Some(*v),
            Expr::Literal(ScalarValue::Int64(Some(v)), _) => Some(*v as f64),
            Expr::Literal(ScalarValue::Int32(Some(v)), _) => Some(f64::from(*v)),
            _ => None,
        };
        let taken = self.args.split_off(at);
        taken.iter().map(number).collect::<Option<_>>().ok_or_else(|| self.malformed())
    }
}

fn expression(function: Arc<AggregateUDF>, args: Vec<Expr>, filter: Option<Box<Expr>>) -> Expr {
    let call = AggregateFunction::new_udf(function, args, false, filter, Vec::new(), None);
    Expr::AggregateFunction(call)
}

impl AggregateCall {
    /// One output: the aggregate's value changed by `output`.
    fn one(expr: Expr, output: impl Fn(Expr) -> Expr + Send + Sync + 'static) -> AggregateCall {
        AggregateCall { expr, outputs: vec![Arc::new(output)], order_sensitive: false }
    }
    fn plain(expr: Expr) -> AggregateCall {
        AggregateCall::one(expr, |value| value)
    }
    /// The aggregate of the rows where `filter` is true.
    pub fn only_where(self, filter: Expr) -> Result<AggregateCall, Error> {
        let Expr::AggregateFunction(mut call) = self.expr else {
            return Err(Error::Internal("an aggregate is no aggregate call".to_owned()));
        };
        let filter = match call.params.filter {
            Some(own) => own.and(filter),
            None => filter,
        };
        call.params.filter = Some(Box::new(filter));
        Ok(AggregateCall { expr: Expr::AggregateFunction(call), ..self })
    }
    fn ordered(mut self) -> AggregateCall {
        self.order_sensitive = true;
        self
    }
}

/// Name, builder, and the position of the predicate of an `…if` form.
const TABLE: &[(&str, Build, Option<usize>)] = &[
    ("count", count::count, None),
    ("countif", count::count, Some(0)),
    ("sum", sum::sum, None),
    ("sumif", sum::sum, Some(1)),
    ("avg", avg::avg, None),
    ("avgif", avg::avg, Some(1)),
    ("min", min_max::min, None),
    ("minif", min_max::min, Some(1)),
    ("max", min_max::max, None),
    ("maxif", min_max::max, Some(1)),
    ("dcount", dcount::dcount, None),
    ("dcountif", dcount::dcount, Some(1)),
    ("hll", hll::hll, None),
    ("hll_if", hll::hll, Some(1)),
    ("hll_merge", hll::merge, None),
    ("count_distinct", count::distinct, None),
    ("count_distinctif", count::distinct, Some(1)),
    ("percentile", percentile::columns, None),
    ("percentiles", percentile::columns, None),
    ("percentiles_array", percentile::array, None),
    ("percentilew", tdigest::columns, None),
    ("percentilesw", tdigest::columns, None),
    ("percentilesw_array", tdigest::array, None),
    ("tdigest", tdigest::tdigest, None),
    ("tdigest_merge", tdigest::merge, None),
    ("take_any", arg_max::take_any, None),
    ("take_anyif", arg_max::take_any, Some(1)),
    ("arg_max", arg_max::arg_max, None),
    ("arg_min", arg_max::arg_min, None),
    ("make_list", make_list::list, None),
    ("make_list_if", make_list::list, Some(1)),
    ("make_list_with_nulls", make_list::list_with_nulls, None),
    ("make_set", make_list::set, None),
    ("make_set_if", make_list::set, Some(1)),
    ("make-series pairs", make_series::pairs, None),
    ("make_bag", make_bag::bag, None),
    ("make_bag_if", make_bag::bag, Some(1)),
    ("stdev", variance::stdev, None),
    ("stdevif", variance::stdev, Some(1)),
    ("stdevp", variance::stdevp, None),
    ("stdevpif", variance::stdevp, Some(1)),
    ("bag_columns", properties::columns, None),
    ("variance", variance::variance, None),
    ("varianceif", variance::variance, Some(1)),
    ("variancep", variance::variancep, None),
    ("variancepif", variance::variancep, Some(1)),
    ("covariance", covariance::covariance, None),
    ("covarianceif", covariance::covariance, Some(2)),
    ("covariancep", covariance::covariancep, None),
    ("covariancepif", covariance::covariancep, Some(2)),
    ("binary_all_and", binary_all::and, None),
    ("binary_all_or", binary_all::or, None),
    ("binary_all_xor", binary_all::xor, None),
    ("buildschema", buildschema::buildschema, None),
];

pub(super) fn build(
    name: &str,
    mut args: Vec<Expr>,
    types: &[Type],
    outputs: &[Type],
) -> Result<AggregateCall, Error> {
    let (name, build, predicate) = TABLE
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or_else(|| Error::Internal(format!("aggregate `{name}` has no implementation")))?;
    let mut types = types.to_vec();
    let mut filter = None;
    if let Some(at) = *predicate {
        if at >= args.len() || at >= types.len() {
            return Err(Error::Internal(format!("aggregate `{name}` lost its predicate")));
        }
        filter = Some(Box::new(args.remove(at)));
        types.remove(at);
    }
    let count = outputs.len();
    let call = build(Call { name, args, types, outputs, filter })?;
    if call.outputs.len() != count {
        return Err(Error::Internal(format!("aggregate `{name}` has other outputs")));
    }
    Ok(call)
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, ..)| *name)
}
