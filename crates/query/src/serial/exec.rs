//! Runs a program over the one stream of its input's rows.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, plan_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexRequirement, OrderingRequirements, Partitioning,
    PhysicalExpr, PhysicalSortExpr, PhysicalSortRequirement,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan,
    InputDistributionRequirements, PlanProperties, ReplaceChildrenOptions,
};
use futures::StreamExt;

use super::node::Serial;
use super::{Program, Rows, Run, position};

/// The physical node. Its input is one partition in the order asked for; its output is one
/// partition in the order of the last column.
#[derive(Debug, Clone)]
pub(super) struct SerialExec {
    input: Arc<dyn ExecutionPlan>,
    order: Vec<PhysicalSortExpr>,
    program: Arc<dyn Program>,
    properties: Arc<PlanProperties>,
}

impl SerialExec {
    pub fn new(input: Arc<dyn ExecutionPlan>, node: &Serial) -> Result<SerialExec> {
        let input_schema = input.schema();
        let mut order = Vec::with_capacity(node.order.len());
        for key in &node.order {
            let at = position(&input_schema, &key.column)?;
            let options = SortOptions { descending: key.descending, nulls_first: key.nulls_first };
            order.push(PhysicalSortExpr::new(Arc::new(Column::new(&key.column, at)), options));
        }
        let schema: SchemaRef = Arc::clone(node.schema.inner());
        let Some(last) = schema.fields().len().checked_sub(1) else {
            return plan_err!("rows in order have no number");
        };
        let row = Column::new(schema.field(last).name(), last);
        let options = SortOptions { descending: false, nulls_first: true };
        let ordering = [PhysicalSortExpr::new(Arc::new(row), options)];
        let properties = PlanProperties::new(
            EquivalenceProperties::new_with_orderings(schema, [ordering]),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let program = Arc::clone(&node.program);
        Ok(SerialExec { input, order, program, properties: Arc::new(properties) })
    }
}

impl DisplayAs for SerialExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "SerialExec: {}", self.program.describe())
    }
}

impl ExecutionPlan for SerialExec {
    fn name(&self) -> &'static str {
        "SerialExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for key in &self.order {
            if visit(&key.expr)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The properties of the output do not depend on the input.
        match <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(SerialExec { input, ..Self::clone(&self) })),
            Err(children) => plan_err!("rows in order have one input, not {}", children.len()),
        }
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mode = ChildrenPropertiesMode::Recompute;
        self.replace_children(children, ReplaceChildrenOptions::new(mode))
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let keys = self.order.iter().cloned().map(PhysicalSortRequirement::from);
        vec![LexRequirement::new(keys).map(OrderingRequirements::new)]
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        let task = Task {
            input: self.input.execute(partition, Arc::clone(&context))?,
            run: self.program.start(&self.input.schema())?,
            held: MemoryConsumer::new("rows in order").register(context.memory_pool()),
            schema: Arc::clone(&schema),
            ready: VecDeque::new(),
            rows: 0,
            is_done: false,
        };
        let stream = futures::stream::try_unfold(task, |mut task| async move {
            let batch = task.next().await?;
            Ok(batch.map(|batch| (batch, task)))
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// One run of a program.
struct Task {
    input: SendableRecordBatchStream,
    run: Box<dyn Run>,
    held: MemoryReservation,
    schema: SchemaRef,
    ready: VecDeque<Rows>,
    /// How many rows came out.
    rows: i64,
    is_done: bool,
}

impl Task {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return self.numbered(rows).map(Some);
            }
            if self.is_done {
                return Ok(None);
            }
            match self.input.next().await {
                Some(rows) => self.ready.extend(self.run.push(&rows?, &mut self.held)?),
                None => {
                    self.is_done = true;
                    self.ready.extend(self.run.finish()?);
                }
            }
            self.held.try_resize(self.run.held_bytes())?;
        }
    }

    /// The columns and the number of each row.
    fn numbered(&mut self, rows: Rows) -> Result<RecordBatch> {
        let Rows { count, mut columns } = rows;
        let end = self.rows.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        columns.push(Arc::new(Int64Array::from_iter_values(self.rows..end)));
        self.rows = end;
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
