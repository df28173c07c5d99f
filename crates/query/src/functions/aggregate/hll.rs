//! `hll`, `hll_if`, `hll_merge`: counts of distinct values that can be stored and merged later.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use model::Type;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::distinct::hashes;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::hll::{BITS_DEFAULT, Hll, bits};

pub(super) fn hll(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let accuracy = call.take_numbers(1)?.first().copied().unwrap_or(1.0);
    let config = Config::of(&[ty]).reals(&[f64::from(bits(accuracy))]);
    let text = Type::Dynamic.arrow();
    let own = function("hll", config, text.clone(), vec![text], |config| {
        let bits = config.real(0).map_or(BITS_DEFAULT, |bits| bits as u32);
        Box::new(Counts { new: Hll { bits, ..Hll::default() }, ..Counts::default() })
    });
    Ok(AggregateCall::plain(call.with(own)))
}

pub(super) fn merge(call: Call<'_>) -> Result<AggregateCall, Error> {
    let text = Type::Dynamic.arrow();
    let config = Config::of(&[Type::Dynamic]);
    let own = function("hll_merge", config, text.clone(), vec![text], |_| {
        // The first merged count says how accurate the result is.
        let new = Hll { bits: u32::MAX, ..Hll::default() };
        Box::new(Counts { new, merges: true, ..Counts::default() })
    });
    Ok(AggregateCall::plain(call.with(own)))
}

#[derive(Debug, Default)]
struct Counts {
    /// What a group starts with.
    new: Hll,
    /// The rows are counts already.
    merges: bool,
    groups: Vec<Hll>,
    /// Heap bytes of the groups, kept up to date as they grow.
    bytes: usize,
}

impl Counts {
    fn change(&mut self, group: usize, change: impl FnOnce(&mut Hll)) {
        let hll = &mut self.groups[group];
        let before = hll.distinct.size();
        change(hll);
        self.bytes = (self.bytes + hll.distinct.size()).saturating_sub(before);
    }
    fn take(&mut self, array: &ArrayRef, groups: &[usize], filter: Option<&BooleanArray>) {
        let texts = array.as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if texts.is_null(row) || !selected(filter, row) {
                continue;
            }
            if let Some(other) = Hll::read(texts.value(row)) {
                self.change(group, |hll| hll.merge(&other));
            }
        }
    }
}

impl Groups for Counts {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), self.new.clone());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        if self.merges {
            self.take(&values[0], groups, filter);
            return Ok(());
        }
        for (row, hash) in hashes(&values[0])?.into_iter().enumerate() {
            if let Some(hash) = hash.filter(|_| selected(filter, row)) {
                self.change(groups[row], |hll| hll.distinct.insert(hash, hll.bits));
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.take(&states[0], groups, None);
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        let mut text = String::new();
        for mut hll in emit.take_needed(&mut self.groups) {
            self.bytes = self.bytes.saturating_sub(hll.distinct.size());
            if hll.bits == u32::MAX {
                hll = Hll::default();
            }
            text.clear();
            hll.write(&mut text);
            out.append_value(&text);
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<Hll>()
    }
}
