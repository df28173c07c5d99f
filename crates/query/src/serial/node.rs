//! The node of the logical plan.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::common::{DFSchemaRef, Result, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::Program;
use crate::plan::OrderKey;

/// A program over an input. It reads its columns by name: it has no expressions, and whatever
/// DataFusion does below must leave all of the input's columns.
#[derive(Debug, Clone)]
pub(super) struct Serial {
    pub input: LogicalPlan,
    pub order: Vec<OrderKey>,
    pub program: Arc<dyn Program>,
    pub schema: DFSchemaRef,
}

/// The same program over the same input.
impl PartialEq for Serial {
    fn eq(&self, other: &Serial) -> bool {
        Arc::ptr_eq(&self.program, &other.program) && self.input == other.input
    }
}
impl Eq for Serial {}

impl Hash for Serial {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
    }
}

impl PartialOrd for Serial {
    fn partial_cmp(&self, _: &Serial) -> Option<Ordering> {
        None
    }
}

impl UserDefinedLogicalNodeCore for Serial {
    fn name(&self) -> &str {
        "Serial"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Serial: {}", self.program.describe())
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Serial> {
        match <[LogicalPlan; 1]>::try_from(inputs) {
            Ok([input]) => Ok(Serial { input, ..self.clone() }),
            Err(inputs) => plan_err!("rows in order have one input, not {}", inputs.len()),
        }
    }

    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}
