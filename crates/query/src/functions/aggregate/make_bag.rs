//! `make_bag`, `make_bag_if`: the properties of all bags; the first of a name wins (spec kql.md
//! §3).

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{EmitTo, lit};
use model::Type;
use xxhash_rust::xxh3::xxh3_64;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::distinct::HashSet64;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::json::scan;

/// How many properties a bag has at most when the call does not say.
const PROPERTIES_MAX: f64 = 1_048_576.0;

pub(super) fn bag(mut call: Call<'_>) -> Result<AggregateCall, Error> {
    let cap = call.take_numbers(1)?.first().copied().unwrap_or(PROPERTIES_MAX);
    let config = Config::of(&[Type::Dynamic]).reals(&[cap.clamp(0.0, PROPERTIES_MAX)]);
    let text = Type::Dynamic.arrow();
    let own = function("make_bag", config, text.clone(), vec![text], |config| {
        let cap = config.real(0).unwrap_or(PROPERTIES_MAX) as usize;
        Box::new(Bags { cap, groups: Vec::new(), bytes: 0 })
    });
    let empty = || lit(ScalarValue::Utf8View(Some("{}".to_owned())));
    let bag = AggregateCall::one(call.with(own), move |value| coalesce(vec![value, empty()]));
    Ok(bag.ordered())
}

/// The bag of one group without its braces.
#[derive(Debug, Default, Clone)]
struct Bag {
    text: String,
    names: HashSet64,
}

#[derive(Debug)]
struct Bags {
    cap: usize,
    groups: Vec<Bag>,
    bytes: usize,
}

impl Bags {
    fn take(&mut self, array: &ArrayRef, groups: &[usize], filter: Option<&BooleanArray>) {
        let bags = array.as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if bags.is_null(row) || !selected(filter, row) {
                continue;
            }
            let bag = &mut self.groups[group];
            let before = bag.text.capacity() + bag.names.size();
            for (name, value) in scan::each_member(bags.value(row)).into_iter().flatten() {
                if bag.names.len() >= self.cap || !bag.names.insert(xxh3_64(name.as_bytes())) {
                    continue;
                }
                let comma = if bag.text.is_empty() { "" } else { "," };
                // Writing to a String cannot fail.
                let _ = write!(bag.text, "{comma}\"{name}\":{value}");
            }
            let after = bag.text.capacity() + bag.names.size();
            self.bytes += after.saturating_sub(before);
        }
    }
}

impl Groups for Bags {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Bag::default());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.take(&values[0], groups, filter);
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.take(&states[0], groups, None);
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        for bag in emit.take_needed(&mut self.groups) {
            let freed = bag.text.capacity() + bag.names.size();
            self.bytes = self.bytes.saturating_sub(freed);
            out.append_value(format!("{{{}}}", bag.text));
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<Bag>()
    }
}
