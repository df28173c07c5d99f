//! The slots of a `make-series` with their values, by turns in one array, in any order (spec
//! kql.md §9).

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use model::Type;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::scalar::Cells;

/// `(slot, value)`.
pub(super) fn pairs(call: Call<'_>) -> Result<AggregateCall, Error> {
    let text = Type::Dynamic.arrow();
    let config = Config::of(&call.types);
    let own = function("make-series pairs", config, text.clone(), vec![text], |config| {
        Box::new(Pairs { types: config.types.clone(), groups: Vec::new(), bytes: 0 })
    });
    Ok(AggregateCall::plain(call.with(own)))
}

#[derive(Debug)]
struct Pairs {
    types: Vec<Type>,
    /// The array of each group without its brackets.
    groups: Vec<String>,
    bytes: usize,
}

impl Pairs {
    fn add(&mut self, group: usize, write: impl FnOnce(&mut String)) {
        let text = &mut self.groups[group];
        let before = text.capacity();
        if !text.is_empty() {
            text.push(',');
        }
        write(text);
        self.bytes += text.capacity() - before;
    }
}

impl Groups for Pairs {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), String::new());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let slots = Cells::of_array(&values[0], self.types[0])?;
        let cells = Cells::of_array(&values[1], self.types[1])?;
        for (row, &group) in groups.iter().enumerate() {
            if selected(filter, row) && !slots.is_null(row) {
                self.add(group, |text| {
                    slots.write_json(row, text);
                    text.push(',');
                    cells.write_json(row, text);
                });
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states = states[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            let inner = if states.is_valid(row) { states.value(row) } else { "" };
            let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
            let inner = inner.unwrap_or_default();
            if !inner.is_empty() {
                self.add(group, |text| text.push_str(inner));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        let mut text = String::new();
        for pairs in emit.take_needed(&mut self.groups) {
            self.bytes = self.bytes.saturating_sub(pairs.capacity());
            text.clear();
            // Writing to a String cannot fail.
            let _ = write!(text, "[{pairs}]");
            out.append_value(&text);
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<String>()
    }
}
