//! The forms a query takes on its way, as text: a wrong answer is located by reading them.

use datafusion::physical_plan::displayable;

use crate::error::Error;
use crate::query::Query;
use crate::run;

/// Syntax tree, bound query, logical plan and physical plan; sub-queries are run, not shown.
pub(crate) async fn explain(query: &Query) -> Result<String, Error> {
    let parsed = kql::parse(&query.request.text);
    let (state, _pool) = query.resources.session(query.request.limits.memory_bytes)?;
    let mut context = query.context(state)?;
    let bound = query.bind(&mut context).await?;
    let tree = kql::print::query(&parsed.query);
    let mut out = format!("syntax tree\n\n{tree}\n\nbound query\n\n{bound}\n");
    context.survey(&bound);
    for (number, statement) in bound.statements.into_iter().enumerate() {
        let relation = context.prepare(statement.relation).await?;
        let (plan, state, _) = context.plan(&relation)?;
        let optimized = state.optimize(&plan).map_err(run::error)?;
        let physical = run::physical(&state, &plan).await?;
        out.push_str(&format!(
            "\nstatement {}\n\nlogical plan\n\n{}\n\noptimized plan\n\n{}\n\nphysical plan\n\n{}",
            number + 1,
            plan.display_indent(),
            optimized.display_indent(),
            displayable(physical.as_ref()).indent(true),
        ));
    }
    Ok(out)
}
