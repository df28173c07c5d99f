//! `scan`: the rows in order through steps that remember rows.

mod program;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{Expr as Physical, LogicalPlan, LogicalPlanBuilder};
use kql::bound::{ColumnId, Expr, Relation, RelationKind, Step, StepState};

use crate::error::Error;
use crate::plan::expression::null;
use crate::plan::physical::physical;
use crate::plan::{OrderKey, Planned, Planner, column, constant, internal};
use crate::serial;
use program::{Computed, Declared, Of, Remembered, StepPlan, Steps};

pub(in crate::plan) fn plan(planner: &Planner<'_>, relation: &Relation) -> Result<Planned, Error> {
    let RelationKind::Steps { input, declared, steps, state, match_id, partition } = &relation.kind
    else {
        return Err(Error::Internal("no steps to go through".to_owned()));
    };
    let Planned { plan, order } = planner.relation(input)?;
    let mut outputs = carried(planner, input, &plan)?;
    let names: Vec<String> = outputs.iter().map(|(name, _)| name.clone()).collect();
    let reader = Reader::new(planner, &outputs, steps, state)?;
    let ids: Vec<ColumnId> = declared.iter().map(|(id, _)| *id).collect();
    let mut made = Vec::with_capacity(declared.len());
    for (id, default) in declared {
        let value = constant::evaluate(planner.state, planner.value(default)?)?;
        let ty = default.ty;
        made.push(Declared { ty, default: if value.is_null() { null(ty) } else { value } });
        outputs.push((planner.needs.name(*id), ty.arrow()));
    }
    if let Some(id) = match_id {
        outputs.push((planner.needs.name(*id), DataType::Int64));
    }
    let mut columns: Vec<Physical> = names.iter().map(|name| column(name)).collect();
    columns.extend(order.iter().map(|key| column(&key.column)));
    // The rows of one group stand together, in the order they had.
    let partition: Vec<String> = partition.iter().map(|id| planner.needs.name(*id)).collect();
    let groups = partition.iter().cloned().map(OrderKey::ascending);
    let order: Vec<OrderKey> = groups.chain(order).collect();
    let plan = LogicalPlanBuilder::new(plan)
        .project(columns)
        .and_then(LogicalPlanBuilder::build)
        .map_err(internal)?;
    let program = Steps {
        state: remembered(planner, &names, &ids, &made, state)?,
        steps: steps.iter().map(|step| reader.step(step, &ids)).collect::<Result<_, _>>()?,
        carried: names,
        declared: made,
        inputs: reader.inputs,
        schema: Arc::clone(reader.schema.inner()),
        numbers: match_id.is_some(),
        partition,
    };
    serial::plan(plan, order, Arc::new(program), outputs, planner.hidden("row"))
}

/// The input's columns that somebody reads, with their types in the plan.
fn carried(
    planner: &Planner<'_>,
    input: &Relation,
    plan: &LogicalPlan,
) -> Result<Vec<(String, DataType)>, Error> {
    let field = |name: String| {
        let field = plan.schema().field_with_unqualified_name(&name).map_err(internal)?;
        let ty = field.data_type().clone();
        Ok((name, ty))
    };
    planner.needs.items(input).into_iter().map(|item| field(item.name)).collect()
}

/// Where the remembered values come from.
fn remembered(
    planner: &Planner<'_>,
    carried: &[String],
    declared: &[ColumnId],
    made: &[Declared],
    state: &[StepState],
) -> Result<Vec<Remembered>, Error> {
    let one = |value: &StepState| {
        let (of, default) = match declared.iter().position(|id| *id == value.of) {
            Some(at) => (Of::Declared(at), made.get(at).map(|d| d.default.clone())),
            None => {
                let name = planner.needs.name(value.of);
                let at = carried.iter().position(|known| *known == name);
                let at = at.ok_or_else(|| Error::Internal(format!("no column {name}")))?;
                (Of::Carried(at), None)
            }
        };
        let default: ScalarValue = default.unwrap_or_else(|| null(value.ty));
        Ok(Remembered { step: value.step, of, ty: value.ty, default })
    };
    state.iter().map(one).collect()
}

/// Makes expressions over the columns of a row that steps read, and the remembered values.
struct Reader<'a> {
    planner: &'a Planner<'a>,
    /// The columns of the row.
    inputs: Vec<String>,
    /// Names of the remembered values.
    state: HashSet<String>,
    /// The columns of the row, then the remembered values.
    schema: DFSchema,
}

impl<'a> Reader<'a> {
    fn new(
        planner: &'a Planner<'a>,
        carried: &[(String, DataType)],
        steps: &[Step],
        state: &[StepState],
    ) -> Result<Reader<'a>, Error> {
        let mut read: BTreeSet<String> = BTreeSet::new();
        for step in steps {
            let values = step.assignments.iter().map(|(_, value)| planner.value(value));
            for expr in values.chain([planner.condition(&step.condition)]) {
                read.extend(expr?.column_refs().into_iter().map(|column| column.name.clone()));
            }
        }
        let own = carried.iter().filter(|(name, _)| read.contains(name)).cloned();
        let (inputs, types): (Vec<String>, Vec<DataType>) = own.unzip();
        let remembered = state.iter().map(|s| (planner.needs.name(s.id), s.ty.arrow()));
        let fields = inputs.iter().cloned().zip(types).chain(remembered);
        let fields = fields.map(|(name, ty)| Field::new(name, ty, true)).collect::<Vec<_>>();
        let schema = DFSchema::try_from(Schema::new(fields)).map_err(internal)?;
        let state = state.iter().map(|s| planner.needs.name(s.id)).collect();
        Ok(Reader { planner, inputs, state, schema })
    }

    fn step(&self, step: &Step, declared: &[ColumnId]) -> Result<StepPlan, Error> {
        let condition = self.computed(self.planner.condition(&step.condition)?)?;
        let assignment = |(id, value): &(ColumnId, Expr)| {
            let at = declared.iter().position(|known| known == id);
            let at = at.ok_or_else(|| Error::Internal(format!("{id} is not declared")))?;
            Ok((at, self.computed(self.planner.value(value)?)?))
        };
        let assignments = step.assignments.iter().map(assignment).collect::<Result<_, Error>>()?;
        Ok(StepPlan { output: step.output, condition, assignments })
    }

    fn computed(&self, expr: Physical) -> Result<Computed, Error> {
        let reads_state = expr.column_refs().iter().any(|c| self.state.contains(&c.name));
        let expr = physical(self.planner.state, expr, &self.schema)?;
        Ok(Computed { expr, reads_state })
    }
}
