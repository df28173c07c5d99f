//! `min`, `max` and their `…if` forms: DataFusion's own, but a NaN in a group is its result.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use datafusion::arrow::datatypes::Float64Type;
use datafusion::common::Result;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::EmitTo;
use model::Type;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};

pub(super) fn min(call: Call<'_>) -> Result<AggregateCall, Error> {
    extreme(call, false)
}
pub(super) fn max(call: Call<'_>) -> Result<AggregateCall, Error> {
    extreme(call, true)
}

fn extreme(call: Call<'_>, max: bool) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let own = match ty {
        Type::Real | Type::Decimal => {
            let name = if max { "max_real" } else { "min_real" };
            let states = vec![ty.arrow()];
            let config = Config::of(&[ty]).reals(&[f64::from(u8::from(max))]);
            function(name, config, ty.arrow(), states, |config| {
                let max = config.real(0) == Some(1.0);
                Box::new(Extremes { max, values: Vec::new(), found: Vec::new() })
            })
        }
        _ if max => max_udaf(),
        _ => min_udaf(),
    };
    Ok(AggregateCall::plain(call.with(own)))
}

#[derive(Debug)]
struct Extremes {
    max: bool,
    values: Vec<f64>,
    found: Vec<bool>,
}

impl Extremes {
    fn take(&mut self, array: &Float64Array, groups: &[usize], filter: Option<&BooleanArray>) {
        for (row, &group) in groups.iter().enumerate() {
            if array.is_null(row) || !selected(filter, row) {
                continue;
            }
            let (value, best) = (array.value(row), &mut self.values[group]);
            let better = if self.max { value > *best } else { value < *best };
            if better || value.is_nan() || !self.found[group] {
                *best = if self.found[group] && best.is_nan() { *best } else { value };
                self.found[group] = true;
            }
        }
    }
}

impl Groups for Extremes {
    fn resize(&mut self, groups: usize) {
        self.values.resize(groups.max(self.values.len()), 0.0);
        self.found.resize(groups.max(self.found.len()), false);
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.take(values[0].as_primitive::<Float64Type>(), groups, filter);
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.take(states[0].as_primitive::<Float64Type>(), groups, None);
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let values = emit.take_needed(&mut self.values);
        let found = emit.take_needed(&mut self.found);
        let best = values.into_iter().zip(found).map(|(v, found)| found.then_some(v));
        Ok(Arc::new(best.collect::<Float64Array>()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.values.capacity() * 8 + self.found.capacity()
    }
}
