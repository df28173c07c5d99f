//! Window functions as a program over rows in order.
//!
//! Invariant: a row comes out as soon as the rows `next` asks for are known; rows stay only as long
//! as `prev` may ask for them.

use std::collections::VecDeque;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::Schema;
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::memory_pool::MemoryReservation;
use model::Type;

use super::prev::Neighbours;
use super::row_rank::Changes;
use super::{Running, Window};
use crate::serial::{Program, Rows, Run, position, value_bytes};

/// One call: columns of the input as arguments, and constants.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub name: &'static str,
    pub window: Window,
    pub columns: Vec<(String, Type)>,
    pub constants: Vec<ScalarValue>,
    pub ty: Type,
}

/// Passes columns on and puts the values of calls behind them.
#[derive(Debug)]
pub(crate) struct Windows {
    pub carried: Vec<String>,
    pub calls: Vec<Call>,
    /// A group ends where one of these columns changes.
    pub partition: Vec<String>,
}

impl Program for Windows {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.calls.iter().map(|call| call.name).collect();
        let names = names.join(", ");
        match self.partition.is_empty() {
            true => names,
            false => format!("{names} per {}", self.partition.join(", ")),
        }
    }

    fn start(&self, input: &Schema) -> Result<Box<dyn Run>> {
        let positions = |names: &[String]| -> Result<Vec<usize>> {
            names.iter().map(|name| position(input, name)).collect()
        };
        let mut calls = Vec::with_capacity(self.calls.len());
        let mut neighbours = 0;
        for call in &self.calls {
            let args = call.columns.iter().map(|(name, ty)| Ok((position(input, name)?, *ty)));
            let args = args.collect::<Result<Vec<_>>>()?;
            let work = match call.window {
                Window::Running(start) => Work::Running(start(&call.constants, call.ty)),
                Window::Before | Window::Behind => {
                    neighbours += 1;
                    let distance = distance(call);
                    Work::Neighbour { column: neighbours - 1, distance, default: default(call)? }
                }
            };
            calls.push((args, work));
        }
        let partition = positions(&self.partition)?;
        Ok(Box::new(Going {
            carried: positions(&self.carried)?,
            changes: partition.into_iter().map(|at| (at, Changes::default())).collect(),
            behind: self.calls.iter().map(distance).max().unwrap_or(0).max(0).unsigned_abs(),
            before: self.calls.iter().map(distance).min().unwrap_or(0).min(0).unsigned_abs(),
            calls,
            neighbours: Neighbours::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            group: 0,
            has_begun: false,
        }))
    }
}

/// How many rows further on the value is.
fn distance(call: &Call) -> i64 {
    let offset = match call.constants.first() {
        Some(ScalarValue::Int64(Some(offset))) => (*offset).max(0),
        _ => 1,
    };
    match call.window {
        Window::Before => -offset,
        Window::Behind => offset,
        Window::Running(_) => 0,
    }
}

fn default(call: &Call) -> Result<ScalarValue> {
    let null = crate::plan::expression::null(call.ty);
    match call.constants.get(1) {
        Some(value) if value.is_null() => Ok(null),
        Some(value) => value.cast_to(&call.ty.arrow()),
        None => Ok(null),
    }
}

enum Work {
    Running(Box<dyn Running>),
    Neighbour { column: usize, distance: i64, default: ScalarValue },
}

/// A batch that is not out yet; the values of `prev` and `next` are missing.
struct Waiting {
    /// The number of its first row.
    start: u64,
    rows: usize,
    carried: Vec<ArrayRef>,
    values: Vec<Option<ArrayRef>>,
    bytes: usize,
}

struct Going {
    carried: Vec<usize>,
    calls: Vec<(Vec<(usize, Type)>, Work)>,
    changes: Vec<(usize, Changes)>,
    neighbours: Neighbours,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Furthest row asked for, on both sides.
    before: u64,
    behind: u64,
    group: u64,
    has_begun: bool,
}

impl Run for Going {
    fn push(&mut self, rows: &RecordBatch, _: &mut MemoryReservation) -> Result<Vec<Rows>> {
        let count = rows.num_rows();
        if count == 0 {
            return Ok(Vec::new());
        }
        let begins = self.begins(rows)?;
        let mut values = Vec::with_capacity(self.calls.len());
        let mut asked = Vec::new();
        for (args, work) in &mut self.calls {
            let args = args.iter().map(|(at, ty)| typed(rows.column(*at), *ty));
            let args = args.collect::<Result<Vec<ArrayRef>>>()?;
            values.push(match work {
                Work::Running(running) => Some(running.step(&args, &begins)?),
                Work::Neighbour { .. } => {
                    asked.extend(args);
                    None
                }
            });
        }
        let carried: Vec<ArrayRef> =
            self.carried.iter().map(|at| rows.column(*at).clone()).collect();
        let made = values.iter().flatten().chain(&carried);
        let bytes = made.map(|array| value_bytes(array)).sum::<usize>();
        let start = self.neighbours.rows();
        let groups = self.groups(&begins);
        self.neighbours.push(count, asked, groups);
        self.waiting_bytes += bytes;
        self.waiting.push_back(Waiting { start, rows: count, carried, values, bytes });
        self.ready(false)
    }

    fn finish(&mut self) -> Result<Vec<Rows>> {
        self.ready(true)
    }

    fn held_bytes(&self) -> usize {
        self.waiting_bytes + self.neighbours.bytes()
    }
}

impl Going {
    /// In which rows a group begins.
    fn begins(&mut self, rows: &RecordBatch) -> Result<BooleanBuffer> {
        let changes = self.changes.iter_mut().map(|(at, changes)| changes.next(rows.column(*at)));
        let changes = changes.collect::<Result<Vec<BooleanArray>>>()?;
        let is_first = !self.has_begun;
        self.has_begun = true;
        Ok(BooleanBuffer::collect_bool(rows.num_rows(), |row| {
            is_first && row == 0 || changes.iter().any(|change| change.value(row))
        }))
    }

    /// The number of each row's group, when there may be several.
    fn groups(&mut self, begins: &BooleanBuffer) -> Option<Vec<u64>> {
        if self.changes.is_empty() {
            return None;
        }
        let numbers = begins.iter().map(|begins| {
            self.group += u64::from(begins);
            self.group
        });
        Some(numbers.collect())
    }

    /// The batches whose values are all known.
    fn ready(&mut self, is_end: bool) -> Result<Vec<Rows>> {
        let mut ready = Vec::new();
        while let Some(first) = self.waiting.front() {
            let end = first.start + first.rows as u64;
            if !is_end && end.saturating_add(self.behind) > self.neighbours.rows() {
                break;
            }
            let Some(first) = self.waiting.pop_front() else { break };
            self.waiting_bytes -= first.bytes;
            let mut columns = first.carried;
            for (value, (_, work)) in first.values.into_iter().zip(&self.calls) {
                columns.push(match (value, work) {
                    (Some(value), _) => value,
                    (None, Work::Neighbour { column, distance, default }) => {
                        self.neighbours.fetch(first.start, *column, *distance, default)?
                    }
                    (None, Work::Running(_)) => continue,
                });
            }
            self.neighbours.forget_before(end.saturating_sub(self.before));
            ready.push(Rows { count: first.rows, columns });
        }
        Ok(ready)
    }
}

/// The column in the Arrow type of `ty`.
fn typed(array: &ArrayRef, ty: Type) -> Result<ArrayRef> {
    let want = ty.arrow();
    Ok(if *array.data_type() == want { array.clone() } else { cast(array, &want)? })
}
