//! `dcount`, `dcountif`: exact for some thousands of values, then an estimate (spec kql.md §8).

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, Int64Array,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::distinct::{Distinct, hashes};
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::hll::{BITS_DEFAULT, bits};

pub(super) fn dcount(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let accuracy = call.take_numbers(1)?.first().copied().unwrap_or(1.0);
    let config = Config::of(&[ty]).reals(&[f64::from(bits(accuracy))]);
    let own = function("dcount", config, DataType::Int64, vec![DataType::Binary], |config| {
        let bits = config.real(0).map_or(BITS_DEFAULT, |bits| bits as u32);
        Box::new(Counts { bits, groups: Vec::new(), bytes: 0 })
    });
    Ok(AggregateCall::plain(call.with(own)))
}

#[derive(Debug)]
struct Counts {
    bits: u32,
    groups: Vec<Distinct>,
    /// Heap bytes of the groups, kept up to date as they grow.
    bytes: usize,
}

impl Counts {
    fn emit(&mut self, emit: EmitTo) -> Vec<Distinct> {
        let out = emit.take_needed(&mut self.groups);
        let freed: usize = out.iter().map(Distinct::size).sum();
        self.bytes = self.bytes.saturating_sub(freed);
        out
    }
    fn change(&mut self, group: usize, change: impl FnOnce(&mut Distinct)) {
        let distinct = &mut self.groups[group];
        let before = distinct.size();
        change(distinct);
        self.bytes = (self.bytes + distinct.size()).saturating_sub(before);
    }
}

impl Groups for Counts {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Distinct::default());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let bits = self.bits;
        for (row, hash) in hashes(&values[0])?.into_iter().enumerate() {
            if let Some(hash) = hash.filter(|_| selected(filter, row)) {
                self.change(groups[row], |d| d.insert(hash, bits));
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states: &BinaryArray = states[0].as_binary();
        let bits = self.bits;
        for (row, &group) in groups.iter().enumerate() {
            if states.is_valid(row) {
                self.change(group, |d| d.merge(states.value(row), bits));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let counts: Int64Array = self.emit(emit).iter().map(|d| Some(d.count())).collect();
        Ok(Arc::new(counts))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let mut out = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for distinct in self.emit(emit) {
            bytes.clear();
            distinct.write(&mut bytes);
            out.append_value(&bytes);
        }
        Ok(vec![Arc::new(out.finish())])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<Distinct>()
    }
}
