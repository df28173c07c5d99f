//! `avg`, `avgif`: NaN for nothing; the mean of times is a time, and whole numbers are summed like
//! `sum()` does, around the end of their range (spec kql.md §3.5, §8; recorded answers).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use datafusion::arrow::compute::cast as cast_array;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::Result;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::logical_expr::{EmitTo, cast, lit};
use model::Type;

use super::{AggregateCall, Call, expression};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};

pub(super) fn avg(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    if matches!(ty, Type::DateTime | Type::TimeSpan) {
        let states = vec![DataType::Int64, DataType::Int64];
        let config = Config::of(&[ty]);
        let own = function("avg_time", config, ty.arrow(), states, |config| {
            Box::new(Means { ty: config.types[0], sums: Vec::new(), counts: Vec::new() })
        });
        return Ok(AggregateCall::plain(call.with(own)));
    }
    if ty == Type::Long {
        let states = vec![DataType::Int64, DataType::Int64];
        let own = function("avg_long", Config::of(&[ty]), DataType::Float64, states, |_| {
            Box::new(LongMeans::default())
        });
        return Ok(AggregateCall::plain(call.with(own)));
    }
    let Some(value) = call.args.pop() else { return Err(call.malformed()) };
    let value =
        if ty.arrow() == DataType::Float64 { value } else { cast(value, DataType::Float64) };
    let avg = expression(avg_udaf(), vec![value], call.filter);
    Ok(AggregateCall::one(avg, |value| coalesce(vec![value, lit(f64::NAN)])))
}

/// Means of nanoseconds: a double would lose digits of today's datetimes.
///
/// State: the mean and the count of each part; a merged mean is exact to a nanosecond.
#[derive(Debug)]
struct Means {
    ty: Type,
    sums: Vec<i128>,
    counts: Vec<i64>,
}

impl Means {
    fn add(&mut self, group: usize, value: i64, times: i64) {
        self.sums[group] += i128::from(value) * i128::from(times);
        self.counts[group] += times;
    }
    /// Means and counts of the groups that leave.
    fn emit(&mut self, emit: EmitTo) -> (Vec<Option<i64>>, Vec<i64>) {
        let sums = emit.take_needed(&mut self.sums);
        let counts = emit.take_needed(&mut self.counts);
        let mean = |(sum, count): (&i128, &i64)| {
            if *count == 0 { None } else { i64::try_from(sum / i128::from(*count)).ok() }
        };
        (sums.iter().zip(&counts).map(mean).collect(), counts)
    }
}

impl Groups for Means {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), 0);
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let nanos = cast_array(&values[0], &DataType::Int64)?;
        let nanos = nanos.as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if nanos.is_valid(row) && selected(filter, row) {
                self.add(group, nanos.value(row), 1);
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let means = states[0].as_primitive::<Int64Type>();
        let counts = states[1].as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if means.is_valid(row) {
                self.add(group, means.value(row), counts.value(row));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let means: Int64Array = self.emit(emit).0.into_iter().collect();
        Ok(cast_array(&means, &self.ty.arrow())?)
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let (means, counts) = self.emit(emit);
        let means: Int64Array = means.into_iter().collect();
        Ok(vec![Arc::new(means), Arc::new(Int64Array::from(counts))])
    }
    fn size(&self) -> usize {
        self.sums.capacity() * 16 + self.counts.capacity() * 8
    }
}

/// Means of whole numbers. State: the wrapped sum and the count of each part.
#[derive(Debug, Default)]
struct LongMeans {
    sums: Vec<i64>,
    counts: Vec<i64>,
}

impl Groups for LongMeans {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), 0);
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let longs = values[0].as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if longs.is_valid(row) && selected(filter, row) {
                self.sums[group] = self.sums[group].wrapping_add(longs.value(row));
                self.counts[group] += 1;
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let sums = states[0].as_primitive::<Int64Type>();
        let counts = states[1].as_primitive::<Int64Type>();
        for (row, &group) in groups.iter().enumerate() {
            if sums.is_valid(row) {
                self.sums[group] = self.sums[group].wrapping_add(sums.value(row));
                self.counts[group] += counts.value(row);
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        let counts = emit.take_needed(&mut self.counts);
        // Nothing divided by no rows is NaN.
        let means = sums.iter().zip(&counts).map(|(sum, count)| Some(*sum as f64 / *count as f64));
        Ok(Arc::new(means.collect::<Float64Array>()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = Int64Array::from(emit.take_needed(&mut self.sums));
        Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(emit.take_needed(&mut self.counts)))])
    }
    fn size(&self) -> usize {
        (self.sums.capacity() + self.counts.capacity()) * 8
    }
}
