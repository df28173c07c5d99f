//! `arg_max`, `arg_min`, `take_any`: columns of one chosen row per group (spec kql.md §8).
//!
//! Rows with a null key lose against any other, but the first one stands when there is none better.
//! Invariant: chosen rows are copied out of their batch, and copies no group needs any more are
//! dropped once they outnumber the groups.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, StructArray, UInt64Array, new_null_array,
};
use datafusion::arrow::compute::{cast, interleave, take};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::core::expr_fn::{coalesce, get_field};
use datafusion::logical_expr::{EmitTo, lit};
use model::Type;

use super::{AggregateCall, Call, Output};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::sketch::{key_of_long, key_of_real};

pub(super) fn arg_max(call: Call<'_>) -> Result<AggregateCall, Error> {
    build(call, "arg_max", |config| Box::new(Chosen::new(config, Choice::Max)))
}
pub(super) fn arg_min(call: Call<'_>) -> Result<AggregateCall, Error> {
    build(call, "arg_min", |config| Box::new(Chosen::new(config, Choice::Min)))
}
/// Some row; one argument prefers a value over null and the empty string.
pub(super) fn take_any(call: Call<'_>) -> Result<AggregateCall, Error> {
    let any = build(call, "take_any", |config| Box::new(Chosen::new(config, Choice::First)))?;
    Ok(any.ordered())
}

fn build(
    call: Call<'_>,
    name: &'static str,
    make: fn(&Config) -> Box<dyn Groups>,
) -> Result<AggregateCall, Error> {
    let types = call.types.clone();
    let mut states: Vec<DataType> = types.iter().map(|t| t.arrow()).collect();
    states.push(DataType::Boolean);
    let result = DataType::Struct(fields(&types));
    let own = function(name, Config::of(&types), result, states, make);
    let output = |(k, ty): (usize, &Type)| -> Output {
        let text = *ty == Type::String;
        Arc::new(move |value| {
            let field = get_field(value, format!("c{k}"));
            let empty = || lit(ScalarValue::Utf8View(Some(String::new())));
            if text { coalesce(vec![field, empty()]) } else { field }
        })
    };
    let outputs = types.iter().enumerate().map(output).collect();
    Ok(AggregateCall { expr: call.with(own), outputs, order_sensitive: false })
}

fn fields(types: &[Type]) -> Fields {
    types.iter().enumerate().map(|(k, t)| Field::new(format!("c{k}"), t.arrow(), true)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Max,
    Min,
    First,
}

/// The best key of each group so far. No row, a null key and a real key are 0, 1 and 2 of `stand`.
#[derive(Debug)]
enum Keys {
    Numbers(Vec<u64>),
    Texts(Vec<String>),
}

/// A row kept: the batch in `Chosen::batches` and the row in it.
type Place = (usize, usize);

/// The batch being read, whose winners are not copied yet.
const CURRENT: usize = usize::MAX;

#[derive(Debug)]
struct Chosen {
    choice: Choice,
    types: Vec<Type>,
    stand: Vec<u8>,
    keys: Keys,
    places: Vec<Place>,
    /// Copied winners, column by column.
    batches: Vec<Vec<ArrayRef>>,
    rows: usize,
    bytes: usize,
}

impl Chosen {
    fn new(config: &Config, choice: Choice) -> Chosen {
        let text = matches!(
            config.types.first(),
            Some(Type::String | Type::Guid | Type::Dynamic) if choice != Choice::First
        );
        let keys = if text { Keys::Texts(Vec::new()) } else { Keys::Numbers(Vec::new()) };
        Chosen {
            choice,
            types: config.types.clone(),
            stand: Vec::new(),
            keys,
            places: Vec::new(),
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Lets the rows of a batch compete; `live` says which count at all.
    fn compete(
        &mut self,
        columns: &[ArrayRef],
        groups: &[usize],
        live: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let Some(key) = columns.first() else { return Ok(()) };
        let mut touched = Vec::new();
        let numbers = match self.keys {
            Keys::Numbers(_) => number_keys(key, self.choice)?,
            Keys::Texts(_) => Vec::new(),
        };
        let texts = key.as_string_view_opt();
        for (row, &group) in groups.iter().enumerate() {
            if !live(row) {
                continue;
            }
            let void = key.is_null(row)
                || (self.choice == Choice::First && texts.is_some_and(|t| t.value(row).is_empty()));
            let stand = if void { 1 } else { 2 };
            let before = self.stand[group];
            let wins = stand > before
                || (stand == 2
                    && self.choice != Choice::First
                    && self.beats(group, row, &numbers, texts.map_or("", |t| t.value(row))));
            // With several columns the first row is as good as any.
            if !wins || (self.choice == Choice::First && before > 0 && columns.len() > 1) {
                continue;
            }
            self.stand[group] = stand;
            self.places[group] = (CURRENT, row);
            touched.push(group);
            if stand == 2 {
                match &mut self.keys {
                    Keys::Numbers(best) => best[group] = numbers[row],
                    Keys::Texts(best) => {
                        best[group] = texts.map_or("", |t| t.value(row)).to_owned();
                    }
                }
            }
        }
        self.keep(columns, touched)
    }

    fn beats(&self, group: usize, row: usize, numbers: &[u64], text: &str) -> bool {
        match &self.keys {
            Keys::Numbers(best) => numbers[row] > best[group],
            Keys::Texts(best) if self.choice == Choice::Max => text > best[group].as_str(),
            Keys::Texts(best) => text < best[group].as_str(),
        }
    }

    /// Copies the winners of the current batch.
    fn keep(&mut self, columns: &[ArrayRef], touched: Vec<usize>) -> Result<()> {
        let mut rows = Vec::new();
        for group in touched {
            if let (CURRENT, row) = self.places[group] {
                self.places[group] = (self.batches.len(), rows.len());
                rows.push(row as u64);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let rows = UInt64Array::from(rows);
        let kept =
            columns.iter().map(|c| copy(&take(c, &rows, None)?)).collect::<Result<Vec<_>>>()?;
        self.rows += rows.len();
        self.bytes += size_of_columns(&kept);
        self.batches.push(kept);
        // Many small batches make gathering slow, many dead rows waste memory.
        if self.rows > 2 * self.places.len() + 8192 || self.batches.len() > 512 {
            self.compact()?;
        }
        Ok(())
    }

    fn compact(&mut self) -> Result<()> {
        let groups: Vec<usize> = (0..self.places.len()).filter(|g| self.stand[*g] > 0).collect();
        let places: Vec<Place> = groups.iter().map(|g| self.places[*g]).collect();
        let columns = self.gather(&places)?;
        for (at, group) in groups.into_iter().enumerate() {
            self.places[group] = (0, at);
        }
        self.rows = places.len();
        self.bytes = size_of_columns(&columns);
        self.batches = vec![columns];
        Ok(())
    }

    /// The rows at `places`, column by column; a place behind the batches is a row of nulls.
    fn gather(&self, places: &[Place]) -> Result<Vec<ArrayRef>> {
        let mut out = Vec::with_capacity(self.types.len());
        for (k, ty) in self.types.iter().enumerate() {
            let null = new_null_array(&ty.arrow(), 1);
            let mut parts: Vec<&dyn Array> = self.batches.iter().map(|b| b[k].as_ref()).collect();
            parts.push(null.as_ref());
            out.push(copy(&interleave(&parts, places)?)?);
        }
        Ok(out)
    }

    /// Columns of the groups that leave, and whether each had a row.
    fn emit(&mut self, emit: EmitTo) -> Result<(Vec<ArrayRef>, BooleanArray)> {
        let mut places = emit.take_needed(&mut self.places);
        let stand = emit.take_needed(&mut self.stand);
        match &mut self.keys {
            Keys::Numbers(keys) => drop(emit.take_needed(keys)),
            Keys::Texts(keys) => drop(emit.take_needed(keys)),
        }
        for (place, stand) in places.iter_mut().zip(&stand) {
            if *stand == 0 {
                *place = (self.batches.len(), 0);
            }
        }
        let columns = self.gather(&places)?;
        if self.places.is_empty() {
            self.batches.clear();
            (self.rows, self.bytes) = (0, 0);
        }
        Ok((columns, stand.iter().map(|s| Some(*s > 0)).collect()))
    }
}

/// A copy that does not keep the buffers of a whole batch alive.
fn copy(array: &ArrayRef) -> Result<ArrayRef> {
    Ok(match array.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => Arc::clone(array),
    })
}

fn size_of_columns(columns: &[ArrayRef]) -> usize {
    columns.iter().map(|c| c.get_array_memory_size()).sum()
}

/// Keys that grow with what is looked for; NaN loses.
fn number_keys(key: &ArrayRef, choice: Choice) -> Result<Vec<u64>> {
    let turn = |key: u64| if choice == Choice::Min { !key } else { key };
    if choice == Choice::First {
        return Ok(vec![0; key.len()]);
    }
    if key.data_type() == &DataType::Float64 {
        let reals = key.as_primitive::<Float64Type>().values();
        let of = |v: &f64| if v.is_nan() { 0 } else { turn(key_of_real(*v)) };
        return Ok(reals.iter().map(of).collect());
    }
    let longs = cast(key, &DataType::Int64)?;
    Ok(longs.as_primitive::<Int64Type>().values().iter().map(|v| turn(key_of_long(*v))).collect())
}

impl Groups for Chosen {
    fn resize(&mut self, groups: usize) {
        let groups = groups.max(self.places.len());
        self.places.resize(groups, (0, 0));
        self.stand.resize(groups, 0);
        match &mut self.keys {
            Keys::Numbers(keys) => keys.resize(groups, 0),
            Keys::Texts(keys) => keys.resize(groups, String::new()),
        }
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        // Behind the arguments stand the columns of an asked order.
        let columns = values.get(..self.types.len()).unwrap_or(values);
        self.compete(columns, groups, |row| selected(filter, row))
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let Some((live, columns)) = states.split_last() else { return Ok(()) };
        let live = live.as_boolean();
        self.compete(columns, groups, |row| live.is_valid(row) && live.value(row))
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let (columns, _) = self.emit(emit)?;
        Ok(Arc::new(StructArray::try_new(fields(&self.types), columns, None)?))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (mut columns, live) = self.emit(emit)?;
        columns.push(Arc::new(live));
        Ok(columns)
    }
    fn size(&self) -> usize {
        let keys = match &self.keys {
            Keys::Numbers(keys) => keys.capacity() * 8,
            Keys::Texts(keys) => {
                keys.capacity() * size_of::<String>()
                    + keys.iter().map(String::capacity).sum::<usize>()
            }
        };
        self.bytes + keys + self.stand.capacity() + self.places.capacity() * size_of::<Place>()
    }
}
