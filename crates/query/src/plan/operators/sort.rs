//! `sort`: remembers the order; nodes that show it sort (see [`crate::plan`]).

use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use kql::bound::{Relation, SortKey};
use model::Type;

use crate::error::Error;
use crate::functions::kernel;
use crate::plan::{OrderKey, Planned, Planner, column, internal};

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    keys: &[SortKey],
) -> Result<Planned, Error> {
    let Planned { plan, order: earlier } = planner.relation(input)?;
    // Hidden copies: later operators may drop or replace the columns sorted by.
    let mut columns: Vec<_> = planner.needs.items(input).iter().map(|i| column(&i.name)).collect();
    columns.extend(earlier.iter().map(|key| column(&key.column)));
    let mut order = Vec::with_capacity(keys.len());
    for key in keys {
        let name = planner.hidden("sort");
        let value = planner.value(&key.value)?;
        let value = if key.value.ty == Type::Real { real_key(value, key) } else { value };
        columns.push(value.alias(&name));
        order.push(OrderKey {
            column: name,
            descending: key.descending,
            nulls_first: key.nulls_first,
        });
    }
    // Rows equal in the new order stay in the old one.
    order.extend(earlier);
    let plan = LogicalPlanBuilder::new(plan).project(columns);
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}

/// Reals as DataFusion's order of all bit patterns needs them: every NaN on the side of the nulls,
/// between them and the infinities and one zero.
fn real_key(value: Expr, key: &SortKey) -> Expr {
    let types = [Type::Real];
    match key.descending == key.nulls_first {
        true => kernel::call("sort_key_nan_high", vec![value], &types, Type::Real, |args| {
            let value = args.real(0)?;
            args.reals(|row| value.get(row).map(|real| placed(real, f64::NAN)))
        }),
        false => kernel::call("sort_key_nan_low", vec![value], &types, Type::Real, |args| {
            let value = args.real(0)?;
            args.reals(|row| value.get(row).map(|real| placed(real, -f64::NAN)))
        }),
    }
}

fn placed(real: f64, nan: f64) -> f64 {
    if real.is_nan() { nan } else { real + 0.0 }
}
