//! A rule for physical plans: what is merged by an order was sorted by exactly that order.
//!
//! DataFusion 55 may sort by a column that equals the one asked for and then push a projection
//! into a union below, where it forgets that the two are equal and refuses its own plan. Sorting
//! by the very columns of the merge above is always right and costs the same.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, ExecutionPlan, ReplaceChildrenOptions,
};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;

use crate::yielding::Yielding;

/// DataFusion's own rules and ours before the last check.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let last = rules.len().saturating_sub(1);
    rules.insert(last, Arc::new(Yielding));
    rules.insert(last, Arc::new(MergeOrder));
    rules
}

#[derive(Debug)]
struct MergeOrder;

impl PhysicalOptimizerRule for MergeOrder {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| match sorted_as_merged(&node)? {
            Some(plan) => Ok(Transformed::yes(plan)),
            None => Ok(Transformed::no(node)),
        })
        .map(|transformed| transformed.data)
    }

    fn name(&self) -> &str {
        "MergeOrder"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The merge over a sort by its own columns, when the sort below is by others.
fn sorted_as_merged(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(merge) = node.downcast_ref::<SortPreservingMergeExec>() else { return Ok(None) };
    let Some(sort) = merge.input().downcast_ref::<SortExec>() else { return Ok(None) };
    if sort.properties().equivalence_properties().ordering_satisfy(merge.expr().iter().cloned())? {
        return Ok(None);
    }
    let sorted = SortExec::new(merge.expr().clone(), Arc::clone(sort.input()))
        .with_preserve_partitioning(sort.preserve_partitioning())
        .with_fetch(sort.fetch());
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::clone(node).replace_children(vec![Arc::new(sorted)], options).map(Some)
}
