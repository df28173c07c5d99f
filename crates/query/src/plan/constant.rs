//! Values known before any row is read.

use datafusion::arrow::array::{Int32Array, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use std::sync::Arc;

use super::internal;
use super::physical::physical;
use crate::error::Error;

/// The value of an expression that reads no column.
pub(crate) fn evaluate(state: &SessionState, expr: Expr) -> Result<ScalarValue, Error> {
    let schema = Arc::new(Schema::new(vec![Field::new("~one", DataType::Int32, false)]));
    let df_schema = DFSchema::try_from(Arc::clone(&schema)).map_err(internal)?;
    let physical = physical(state, expr, &df_schema)?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let column = Arc::new(Int32Array::from(vec![0]));
    let batch = RecordBatch::try_new_with_options(schema, vec![column], &options)
        .map_err(|e| internal(e.into()))?;
    let value = physical.evaluate(&batch).map_err(internal)?;
    let array = value.into_array(1).map_err(internal)?;
    ScalarValue::try_from_array(&array, 0).map_err(internal)
}
