//! Makes physical plans of the logical node.

use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::common::{Result, plan_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use futures::future::BoxFuture;

use super::exec::SerialExec;
use super::node::Serial;

/// DataFusion's own planner, which also knows rows in order.
#[derive(Debug)]
pub(crate) struct SerialPlanner;

impl QueryPlanner for SerialPlanner {
    // What `#[async_trait]` would make of an `async fn`.
    fn create_physical_plan<'life0, 'life1, 'life2, 'async_trait>(
        &'life0 self,
        plan: &'life1 LogicalPlan,
        session: &'life2 dyn Session,
    ) -> BoxFuture<'async_trait, Result<Arc<dyn ExecutionPlan>>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let planner =
                DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(SerialPlanner)]);
            planner.create_physical_plan(plan, session).await
        })
    }
}

impl ExtensionPlanner for SerialPlanner {
    // What `#[async_trait]` would make of an `async fn`.
    fn plan_extension<
        'life0,
        'life1,
        'life2,
        'life3,
        'life4,
        'life5,
        'life6,
        'life7,
        'async_trait,
    >(
        &'life0 self,
        _: &'life1 dyn PhysicalPlanner,
        node: &'life2 dyn UserDefinedLogicalNode,
        _: &'life3 [&'life4 LogicalPlan],
        inputs: &'life5 [Arc<dyn ExecutionPlan>],
        _: &'life6 dyn Session,
        _: &'life7 PhysicalPlanningContext,
    ) -> BoxFuture<'async_trait, Result<Option<Arc<dyn ExecutionPlan>>>>
    where
        'life0: 'async_trait,
        'life1: 'async_trait,
        'life2: 'async_trait,
        'life3: 'async_trait,
        'life4: 'async_trait,
        'life5: 'async_trait,
        'life6: 'async_trait,
        'life7: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(std::future::ready(serial(node, inputs)))
    }
}

fn serial(
    node: &dyn UserDefinedLogicalNode,
    inputs: &[Arc<dyn ExecutionPlan>],
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(node) = node.as_any().downcast_ref::<Serial>() else { return Ok(None) };
    let [input] = inputs else {
        return plan_err!("rows in order have one input, not {}", inputs.len());
    };
    Ok(Some(Arc::new(SerialExec::new(Arc::clone(input), node)?)))
}
