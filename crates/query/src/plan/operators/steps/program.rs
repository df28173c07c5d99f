//! The state machine of `scan`.
//!
//! Each step holds at most one sequence: what the steps up to it remember. A row is held against
//! the steps from the last to the first. It matches a step when the condition is true with the
//! sequence of the step before, which then moves to this step; otherwise when the condition is true
//! with the step's own sequence, which goes on. The first step may begin a sequence.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions,
};
use datafusion::arrow::compute::{cast, concat, interleave};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;
use kql::bound::StepOutput;
use model::Type;

use crate::functions::window::row_rank::Changes;
use crate::serial::{Program, Rows, Run, position, single, value_bytes};

/// How far what is kept may grow before it is accounted for.
const ACCOUNTED_BYTES: usize = 1 << 20;

/// An expression over the row and the remembered values.
#[derive(Debug, Clone)]
pub(super) struct Computed {
    pub expr: Arc<dyn PhysicalExpr>,
    /// Without remembered values it is computed for a whole batch at once.
    pub reads_state: bool,
}

#[derive(Debug, Clone)]
pub(super) struct StepPlan {
    pub output: StepOutput,
    pub condition: Computed,
    /// Positions of declared columns and their new values.
    pub assignments: Vec<(usize, Computed)>,
}

#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub ty: Type,
    pub default: ScalarValue,
}

/// What a remembered value is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Carried(usize),
    Declared(usize),
}

#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub step: usize,
    pub of: Of,
    pub ty: Type,
    /// While the step remembers no row.
    pub default: ScalarValue,
}

#[derive(Debug)]
pub(super) struct Steps {
    /// The columns of the row that come out again.
    pub carried: Vec<String>,
    pub declared: Vec<Declared>,
    pub steps: Vec<StepPlan>,
    pub state: Vec<Remembered>,
    /// The columns of the row that expressions read.
    pub inputs: Vec<String>,
    /// What expressions read: `inputs`, then `state`.
    pub schema: SchemaRef,
    /// Whether the number of the match comes out.
    pub numbers: bool,
    pub partition: Vec<String>,
}

impl Program for Steps {
    fn describe(&self) -> String {
        let mut text = String::from("scan");
        for step in &self.steps {
            // Writing to a text cannot fail.
            let _ = write!(text, ", step {:?} {}", step.output, step.condition.expr);
        }
        text
    }

    fn start(&self, input: &Schema) -> Result<Box<dyn Run>> {
        let positions = |names: &[String]| -> Result<Vec<usize>> {
            names.iter().map(|name| position(input, name)).collect()
        };
        let one = |value: &ScalarValue, ty: Type| -> Result<ArrayRef> {
            typed(value.to_array()?, &ty.arrow())
        };
        let partition = positions(&self.partition)?;
        Ok(Box::new(Going {
            carried: positions(&self.carried)?,
            inputs: positions(&self.inputs)?,
            changes: partition.into_iter().map(|at| (at, Changes::default())).collect(),
            nothing: self.state.iter().map(|s| one(&s.default, s.ty)).collect::<Result<_>>()?,
            defaults: self.declared.iter().map(|d| one(&d.default, d.ty)).collect::<Result<_>>()?,
            declared: self.declared.iter().map(|d| d.ty).collect(),
            steps: self.steps.clone(),
            state: self.state.clone(),
            schema: Arc::clone(&self.schema),
            numbers: self.numbers,
            sequences: vec![None; self.steps.len()],
            next_id: 0,
            has_begun: false,
        }))
    }
}

/// A sequence of matches that a step holds.
#[derive(Debug, Clone)]
struct Sequence {
    id: i64,
    /// The remembered values, arrays of one; nothing where the step matched no row yet.
    values: Vec<Option<ArrayRef>>,
    /// The row a step with `output=last` yields when the sequence leaves it.
    last: Option<Out>,
}

/// A row that comes out.
#[derive(Debug, Clone)]
struct Out {
    place: Place,
    declared: Vec<ArrayRef>,
    id: i64,
}

#[derive(Debug, Clone)]
enum Place {
    /// A row of the present batch.
    Row(usize),
    /// A row of an earlier one: the carried columns, arrays of one.
    Held(Vec<ArrayRef>),
}

struct Going {
    carried: Vec<usize>,
    inputs: Vec<usize>,
    changes: Vec<(usize, Changes)>,
    nothing: Vec<ArrayRef>,
    defaults: Vec<ArrayRef>,
    declared: Vec<Type>,
    steps: Vec<StepPlan>,
    state: Vec<Remembered>,
    schema: SchemaRef,
    numbers: bool,
    sequences: Vec<Option<Sequence>>,
    next_id: i64,
    has_begun: bool,
}

/// One batch on its way through the steps.
struct Batch {
    carried: Vec<ArrayRef>,
    inputs: Vec<ArrayRef>,
    /// Per step the condition and the assignments that read no remembered values.
    known: Vec<(Option<BooleanArray>, Vec<Option<ArrayRef>>)>,
    out: Vec<Out>,
    /// Bytes of the values of declared columns in `out`.
    out_bytes: usize,
}

impl Run for Going {
    fn push(&mut self, rows: &RecordBatch, held: &mut MemoryReservation) -> Result<Vec<Rows>> {
        let count = rows.num_rows();
        let changes = self.changes.iter_mut().map(|(at, changes)| changes.next(rows.column(*at)));
        let changes = changes.collect::<Result<Vec<BooleanArray>>>()?;
        let mut batch = self.batch(rows)?;
        for row in 0..count {
            if self.has_begun && changes.iter().any(|change| change.value(row)) {
                self.end_group(&mut batch.out);
            }
            self.has_begun = true;
            for step in (0..self.steps.len()).rev() {
                self.hold(step, row, &mut batch)?;
            }
            let bytes = self.held_bytes() + batch.out_bytes;
            if bytes > held.size() + ACCOUNTED_BYTES {
                held.try_resize(bytes)?;
            }
        }
        self.rows(&batch.carried, batch.out)
    }

    fn finish(&mut self) -> Result<Vec<Rows>> {
        let mut out = Vec::new();
        self.end_group(&mut out);
        self.rows(&[], out)
    }

    fn held_bytes(&self) -> usize {
        let of = |arrays: &[ArrayRef]| arrays.iter().map(|a| value_bytes(a)).sum::<usize>();
        let sequences = self.sequences.iter().flatten();
        let bytes = sequences.map(|sequence| {
            let values = sequence.values.iter().flatten().map(|a| value_bytes(a)).sum::<usize>();
            let last = sequence.last.as_ref().map_or(0, |last| {
                let row = match &last.place {
                    Place::Held(columns) => of(columns),
                    Place::Row(_) => 0,
                };
                row + of(&last.declared)
            });
            values + last
        });
        bytes.sum()
    }
}

impl Going {
    /// Computes what does not depend on remembered values.
    fn batch(&self, rows: &RecordBatch) -> Result<Batch> {
        let carried = self.carried.iter().map(|at| rows.column(*at).clone()).collect();
        let inputs: Vec<ArrayRef> = self.inputs.iter().map(|at| rows.column(*at).clone()).collect();
        let fields = self.schema.fields().iter().take(inputs.len()).cloned();
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let own = record(schema, inputs.clone(), rows.num_rows())?;
        let whole = |computed: &Computed| -> Result<Option<ArrayRef>> {
            if computed.reads_state {
                return Ok(None);
            }
            computed.expr.evaluate(&own)?.into_array(own.num_rows()).map(Some)
        };
        let mut known = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let condition = whole(&step.condition)?.and_then(|a| a.as_boolean_opt().cloned());
            let values = step.assignments.iter().map(|(_, value)| whole(value));
            known.push((condition, values.collect::<Result<Vec<_>>>()?));
        }
        Ok(Batch { carried, inputs, known, out: Vec::new(), out_bytes: 0 })
    }

    /// Holds a row against a step.
    fn hold(&mut self, step: usize, row: usize, batch: &mut Batch) -> Result<()> {
        let is_hopeless = batch.known.get(step).and_then(|(condition, _)| condition.as_ref());
        if is_hopeless.is_some_and(|condition| !is_true(condition, row)) {
            return Ok(());
        }
        if let Some(before) = step.checked_sub(1)
            && let Some(sequence) = &self.sequences[before]
            && self.matches(step, row, batch, &sequence.values)?
        {
            let Some(mut sequence) = self.sequences[before].take() else { return Ok(()) };
            batch.out.extend(sequence.last.take());
            if let Some(ended) = self.sequences[step].take() {
                batch.out.extend(ended.last);
            }
            return self.go_on(step, row, batch, sequence);
        }
        let own = match &self.sequences[step] {
            Some(sequence) => sequence.clone(),
            None if step == 0 => {
                Sequence { id: self.next_id, values: vec![None; self.state.len()], last: None }
            }
            None => return Ok(()),
        };
        if !self.matches(step, row, batch, &own.values)? {
            return Ok(());
        }
        if self.sequences[step].is_none() {
            self.next_id += 1;
        }
        self.go_on(step, row, batch, own)
    }

    /// The row matched: it is remembered in the sequence, which the step holds from now on.
    fn go_on(
        &mut self,
        step: usize,
        row: usize,
        batch: &mut Batch,
        mut sequence: Sequence,
    ) -> Result<()> {
        let mut declared = self.defaults.clone();
        for (at, (column, computed)) in self.steps[step].assignments.iter().enumerate() {
            let known = batch.known.get(step).and_then(|(_, values)| values.get(at)?.as_ref());
            let value = match known {
                Some(values) => single(values, row)?,
                None => self.evaluate(computed, row, batch, &sequence.values)?,
            };
            declared[*column] = typed(value, &self.declared[*column].arrow())?;
        }
        for (at, remembered) in self.state.iter().enumerate().filter(|(_, s)| s.step == step) {
            let value = match remembered.of {
                Of::Carried(column) => {
                    typed(single(&batch.carried[column], row)?, &remembered.ty.arrow())?
                }
                Of::Declared(column) => declared[column].clone(),
            };
            sequence.values[at] = Some(value);
        }
        let id = sequence.id;
        batch.out_bytes += declared.iter().map(|value| value_bytes(value)).sum::<usize>();
        match self.steps[step].output {
            StepOutput::All => batch.out.push(Out { place: Place::Row(row), declared, id }),
            StepOutput::Last => {
                let columns = batch.carried.iter().map(|column| single(column, row));
                let columns = columns.collect::<Result<_>>()?;
                sequence.last = Some(Out { place: Place::Held(columns), declared, id });
            }
            StepOutput::None => {}
        }
        self.sequences[step] = Some(sequence);
        Ok(())
    }

    fn matches(
        &self,
        step: usize,
        row: usize,
        batch: &Batch,
        values: &[Option<ArrayRef>],
    ) -> Result<bool> {
        if let Some((Some(condition), _)) = batch.known.get(step) {
            return Ok(is_true(condition, row));
        }
        let value = self.evaluate(&self.steps[step].condition, row, batch, values)?;
        match value.as_boolean_opt() {
            Some(value) => Ok(is_true(value, 0)),
            None => internal_err!("the condition of a step is no bool"),
        }
    }

    /// The value for one row, an array of one.
    fn evaluate(
        &self,
        computed: &Computed,
        row: usize,
        batch: &Batch,
        values: &[Option<ArrayRef>],
    ) -> Result<ArrayRef> {
        let inputs = batch.inputs.iter().map(|column| column.slice(row, 1));
        let state = values.iter().zip(&self.nothing).map(|(v, n)| v.as_ref().unwrap_or(n).clone());
        let columns = inputs.chain(state).collect();
        let record = record(Arc::clone(&self.schema), columns, 1)?;
        computed.expr.evaluate(&record)?.into_array(1)
    }

    /// No further row belongs to the sequences under way.
    fn end_group(&mut self, out: &mut Vec<Out>) {
        for sequence in &mut self.sequences {
            if let Some(ended) = sequence.take() {
                out.extend(ended.last);
            }
        }
        self.next_id = 0;
    }

    /// Columns of the rows that come out; `carried` are those of the present batch.
    fn rows(&self, carried: &[ArrayRef], out: Vec<Out>) -> Result<Vec<Rows>> {
        if out.is_empty() {
            return Ok(Vec::new());
        }
        let mut columns = Vec::with_capacity(self.carried.len() + self.declared.len() + 1);
        for column in 0..self.carried.len() {
            let mut arrays: Vec<&dyn Array> = Vec::new();
            arrays.extend(carried.get(column).map(|array| array.as_ref()));
            let mut indices = Vec::with_capacity(out.len());
            for row in &out {
                match &row.place {
                    Place::Row(row) => indices.push((0, *row)),
                    Place::Held(columns) => {
                        indices.push((arrays.len(), 0));
                        arrays.push(columns[column].as_ref());
                    }
                }
            }
            columns.push(interleave(&arrays, &indices)?);
        }
        for column in 0..self.declared.len() {
            let values: Vec<&dyn Array> =
                out.iter().map(|row| row.declared[column].as_ref()).collect();
            columns.push(concat(&values)?);
        }
        if self.numbers {
            columns.push(Arc::new(Int64Array::from_iter_values(out.iter().map(|row| row.id))));
        }
        Ok(vec![Rows { count: out.len(), columns }])
    }
}

fn is_true(flags: &BooleanArray, row: usize) -> bool {
    flags.is_valid(row) && flags.value(row)
}

fn record(schema: SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

fn typed(array: ArrayRef, want: &DataType) -> Result<ArrayRef> {
    Ok(if array.data_type() == want { array } else { cast(&array, want)? })
}
