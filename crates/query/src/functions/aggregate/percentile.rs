//! `percentile`, `percentiles`, `percentiles_array`: one sketch for all quantiles (engine.md §0.8).

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, Float64Array, Int64Array,
    StringViewBuilder, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::EmitTo;
use model::{Type, json, time};

use super::{AggregateCall, Call, Output};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::sketch::{Sketch, key_of_long, key_of_real, long_of_key, real_of_key};

/// One output column per percentile.
pub(super) fn columns(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let percents = call.take_numbers(1)?;
    let fields = fields(ty, percents.len());
    let config = Config::of(&[ty]).reals(&percents);
    let result = DataType::Struct(fields);
    let own = function("percentiles", config, result, vec![DataType::Binary], |config| {
        Box::new(Sketches::new(config, false))
    });
    let outputs: Vec<Output> = (0..percents.len())
        .map(|k| -> Output { Arc::new(move |value| get_field(value, format!("p{k}"))) })
        .collect();
    Ok(AggregateCall { expr: call.with(own), outputs, order_sensitive: false })
}

/// One dynamic array.
pub(super) fn array(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let percents = call.take_numbers(1)?;
    let config = Config::of(&[ty]).reals(&percents);
    let states = vec![DataType::Binary];
    let result = Type::Dynamic.arrow();
    let own = function("percentiles_array", config, result, states, |config| {
        Box::new(Sketches::new(config, true))
    });
    Ok(AggregateCall::plain(call.with(own)))
}

fn fields(ty: Type, count: usize) -> Fields {
    (0..count).map(|k| Field::new(format!("p{k}"), ty.arrow(), true)).collect()
}

#[derive(Debug)]
struct Sketches {
    ty: Type,
    percents: Vec<f64>,
    as_array: bool,
    groups: Vec<Sketch>,
    /// Heap bytes of the groups, kept up to date as they grow.
    bytes: usize,
}

impl Sketches {
    fn new(config: &Config, as_array: bool) -> Sketches {
        let percents = (0..config.numbers.len()).filter_map(|k| config.real(k)).collect();
        Sketches { ty: config.types[0], percents, as_array, groups: Vec::new(), bytes: 0 }
    }
    fn is_real(&self) -> bool {
        matches!(self.ty, Type::Real | Type::Decimal)
    }
    fn emit(&mut self, emit: EmitTo) -> Vec<Sketch> {
        let out = emit.take_needed(&mut self.groups);
        let freed: usize = out.iter().map(Sketch::size).sum();
        self.bytes = self.bytes.saturating_sub(freed);
        out
    }
    fn insert(&mut self, group: usize, key: u64) {
        self.bytes += self.groups[group].insert(key);
    }
    /// The values of one percentile in the result's Arrow type.
    fn column(&self, keys: impl Iterator<Item = Option<u64>>) -> Result<ArrayRef> {
        if self.is_real() {
            let reals: Float64Array = keys.map(|k| k.map(real_of_key)).collect();
            return Ok(Arc::new(reals));
        }
        let longs: Int64Array = keys.map(|k| k.map(long_of_key)).collect();
        Ok(cast(&longs, &self.ty.arrow())?)
    }
    fn write_value(&self, out: &mut String, key: u64) {
        match self.ty {
            Type::Real | Type::Decimal => json::write_real(out, real_of_key(key)),
            Type::DateTime => {
                let text = time::format_datetime(long_of_key(key), time::Fraction::Seven);
                json::write_string(out, &text);
            }
            Type::TimeSpan => {
                json::write_string(out, &time::format_timespan(long_of_key(key)));
            }
            _ => out.push_str(&long_of_key(key).to_string()),
        }
    }
    fn arrays(&self, answers: &[Vec<Option<u64>>]) -> ArrayRef {
        let mut out = StringViewBuilder::new();
        let mut text = String::new();
        for answer in answers {
            text.clear();
            text.push('[');
            for (at, key) in answer.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                match key {
                    Some(key) => self.write_value(&mut text, *key),
                    None => text.push_str("null"),
                }
            }
            text.push(']');
            out.append_value(&text);
        }
        Arc::new(out.finish())
    }
}

impl Groups for Sketches {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Sketch::default());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        if self.is_real() {
            let reals = values[0].as_primitive::<Float64Type>();
            if reals.null_count() == 0 && filter.is_none() {
                for (value, &group) in reals.values().iter().zip(groups) {
                    self.insert(group, key_of_real(*value));
                }
                return Ok(());
            }
            for (row, &group) in groups.iter().enumerate() {
                if reals.is_valid(row) && selected(filter, row) {
                    self.insert(group, key_of_real(reals.value(row)));
                }
            }
            return Ok(());
        }
        let longs = cast(&values[0], &DataType::Int64)?;
        let longs = longs.as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if longs.is_valid(row) && selected(filter, row) {
                self.insert(group, key_of_long(longs.value(row)));
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states: &BinaryArray = states[0].as_binary();
        for (row, &group) in groups.iter().enumerate() {
            if states.is_valid(row) {
                let sketch = &mut self.groups[group];
                let before = sketch.size();
                sketch.merge(states.value(row));
                self.bytes = (self.bytes + sketch.size()).saturating_sub(before);
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sketches = self.emit(emit);
        let answers: Vec<_> = sketches.iter().map(|s| s.percentiles(&self.percents)).collect();
        if self.as_array {
            return Ok(self.arrays(&answers));
        }
        let columns = (0..self.percents.len())
            .map(|k| self.column(answers.iter().map(|a| a.get(k).copied().flatten())))
            .collect::<Result<Vec<_>>>()?;
        let fields = fields(self.ty, self.percents.len());
        Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut out = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for sketch in self.emit(emit) {
            bytes.clear();
            sketch.write(&mut bytes);
            out.append_value(&bytes);
        }
        Ok(vec![Arc::new(out.finish())])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<Sketch>()
    }
}
