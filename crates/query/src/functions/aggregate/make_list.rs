//! `make_list`, `make_set` and their forms: arrays are flattened, sizes capped (spec kql.md §8).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::Result;
use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{EmitTo, lit};
use model::Type;
use xxhash_rust::xxh3::xxh3_64;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::distinct::HashSet64;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::json::scan;
use crate::functions::scalar::Cells;

/// How many elements a list has at most when the call does not say.
const ELEMENTS_MAX: f64 = 1_048_576.0;

pub(super) fn list(call: Call<'_>) -> Result<AggregateCall, Error> {
    build(call, "make_list", |config| Box::new(Lists::new(config, false, false)))
}
pub(super) fn list_with_nulls(call: Call<'_>) -> Result<AggregateCall, Error> {
    build(call, "make_list_with_nulls", |config| Box::new(Lists::new(config, false, true)))
}
pub(super) fn set(call: Call<'_>) -> Result<AggregateCall, Error> {
    build(call, "make_set", |config| Box::new(Lists::new(config, true, false)))
}

fn build(
    mut call: Call<'_>,
    name: &'static str,
    make: fn(&Config) -> Box<dyn Groups>,
) -> Result<AggregateCall, Error> {
    let ty = call.ty()?;
    let cap = call.take_numbers(1)?.first().copied().unwrap_or(ELEMENTS_MAX);
    let config = Config::of(&[ty]).reals(&[cap.clamp(0.0, ELEMENTS_MAX)]);
    let own = function(name, config, Type::Dynamic.arrow(), vec![Type::Dynamic.arrow()], make);
    let empty = || lit(ScalarValue::Utf8View(Some("[]".to_owned())));
    let list = AggregateCall::one(call.with(own), move |value| coalesce(vec![value, empty()]));
    Ok(list.ordered())
}

/// The array of one group without its brackets.
#[derive(Debug, Default, Clone)]
struct List {
    text: String,
    count: usize,
    /// Hashes of the elements of a set.
    seen: HashSet64,
}

#[derive(Debug)]
struct Lists {
    ty: Type,
    cap: usize,
    distinct: bool,
    nulls: bool,
    groups: Vec<List>,
    bytes: usize,
}

impl Lists {
    fn new(config: &Config, distinct: bool, nulls: bool) -> Lists {
        let cap = config.real(0).unwrap_or(ELEMENTS_MAX) as usize;
        Lists { ty: config.types[0], cap, distinct, nulls, groups: Vec::new(), bytes: 0 }
    }

    fn push(&mut self, group: usize, element: &str) {
        let list = &mut self.groups[group];
        if list.count >= self.cap {
            return;
        }
        let before = list.text.capacity() + list.seen.size();
        if self.distinct && !list.seen.insert(xxh3_64(element.as_bytes())) {
            return;
        }
        if list.count > 0 {
            list.text.push(',');
        }
        list.text.push_str(element);
        list.count += 1;
        self.bytes += (list.text.capacity() + list.seen.size()).saturating_sub(before);
    }

    /// An array adds its elements, anything else itself.
    fn push_flat(&mut self, group: usize, json: &str) {
        match scan::each_element(json) {
            Some(elements) => elements.for_each(|element| self.push(group, element)),
            None => self.push(group, json),
        }
    }
}

impl Groups for Lists {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), List::default());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let cells = Cells::of_array(&values[0], self.ty)?;
        let mut text = String::new();
        for (row, &group) in groups.iter().enumerate() {
            if !selected(filter, row) {
                continue;
            }
            let null = cells.is_null(row) && self.ty != Type::String;
            // A list keeps a null dynamic, a set does not (spec kql.md §8).
            let kept = self.nulls || (self.ty == Type::Dynamic && !self.distinct);
            if null && !kept {
                continue;
            }
            text.clear();
            cells.write_json(row, &mut text);
            if self.ty == Type::Dynamic {
                self.push_flat(group, &text);
            } else {
                self.push(group, &text);
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states = states[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if states.is_valid(row) {
                self.push_flat(group, states.value(row));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        for list in emit.take_needed(&mut self.groups) {
            let freed = list.text.capacity() + list.seen.size();
            self.bytes = self.bytes.saturating_sub(freed);
            out.append_value(format!("[{}]", list.text));
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<List>()
    }
}
