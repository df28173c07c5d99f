//! `where`: keeps the rows whose predicate is true.

use datafusion::logical_expr::{Expr as Physical, LogicalPlanBuilder};
use kql::bound::{Expr, ExprKind, Relation};

use crate::error::Error;
use crate::functions::once;
use crate::plan::{Planned, Planner, internal};

/// A condition with so many searches in texts is worth finding out once for several queries:
/// `* has "word"` has one per column.
const SEARCHES_MIN: usize = 8;

const SEARCHES: [&str; 8] =
    ["has", "hasprefix", "hassuffix", "contains", "startswith", "endswith", "matches regex", "=~"];

pub(in crate::plan) fn plan(
    planner: &Planner<'_>,
    input: &Relation,
    predicate: &Expr,
) -> Result<Planned, Error> {
    let Planned { plan, order } = planner.relation(input)?;
    let predicate = match planner.sources.shares_conditions() {
        true => shared(planner, predicate)?,
        false => planner.condition(predicate)?,
    };
    let plan = LogicalPlanBuilder::new(plan).filter(predicate);
    Ok(Planned { plan: plan.and_then(LogicalPlanBuilder::build).map_err(internal)?, order })
}

/// The predicate with marks at those of its conditions that cost much.
fn shared(planner: &Planner<'_>, predicate: &Expr) -> Result<Physical, Error> {
    if searches(predicate) < SEARCHES_MIN {
        return planner.condition(predicate);
    }
    match &predicate.kind {
        ExprKind::Call { function: "and", args } if args.len() == 2 => {
            Ok(shared(planner, &args[0])?.and(shared(planner, &args[1])?))
        }
        _ => {
            let condition = planner.condition(predicate)?;
            let is_lasting = !condition.is_volatile();
            Ok(if is_lasting { once::marked(condition) } else { condition })
        }
    }
}

/// How many searches in texts an expression has.
fn searches(expr: &Expr) -> usize {
    let ExprKind::Call { function, args } = &expr.kind else { return 0 };
    let name = function.trim_start_matches('!').trim_end_matches("_cs");
    usize::from(SEARCHES.contains(&name)) + args.iter().map(searches).sum::<usize>()
}
