//! Expressions that are computed outside of a plan.
//!
//! Invariant: they are simplified first, as the optimizer does with those of a plan; functions such
//! as `coalesce` exist only until then.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;

use super::internal;
use crate::error::Error;

/// What computes `expr` over batches of `schema`.
pub(crate) fn physical(
    state: &SessionState,
    expr: Expr,
    schema: &DFSchema,
) -> Result<Arc<dyn PhysicalExpr>, Error> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    let simplifier = ExprSimplifier::new(context);
    let expr = simplifier.coerce(expr, schema).map_err(internal)?;
    let expr = simplifier.simplify(expr).map_err(internal)?;
    state.create_physical_expr(expr, schema).map_err(internal)
}
