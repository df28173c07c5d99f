//! `bag_columns`, which no query can call: the properties of all bags and what they hold, as a bag
//! of name and kinds. The columns of `bag_unpack` are made of it (spec kql.md §10).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use model::{Type, json};

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::json::scan::{self, Kind};

/// More properties than a table can have columns are not collected: the query is refused then.
const PROPERTIES_MAX: usize = 4_000;

/// Kinds of values, one bit each.
const BITS: [(Type, u8); 5] =
    [(Type::Bool, 1), (Type::Long, 2), (Type::Real, 4), (Type::String, 8), (Type::DateTime, 16)];
/// Arrays and bags.
const OTHER: u8 = 32;

pub(super) fn columns(call: Call<'_>) -> Result<AggregateCall, Error> {
    let config = Config::of(&[Type::Dynamic]);
    let text = Type::Dynamic.arrow();
    let own = function("bag_columns", config, text.clone(), vec![text], |_| {
        Box::new(Properties::default())
    });
    Ok(AggregateCall::plain(call.with(own)))
}

/// Names and types out of what the aggregate gives.
pub(crate) fn read(bag: &str) -> Vec<(String, Type)> {
    let members = scan::each_member(bag).into_iter().flatten();
    members.map(|(name, bits)| (unescaped(name), column_type(bits.trim()))).collect()
}

fn column_type(bits: &str) -> Type {
    let bits = bits.parse::<u8>().unwrap_or(OTHER);
    let only = BITS.iter().find(|(_, bit)| *bit == bits);
    only.map_or(Type::Dynamic, |(ty, _)| *ty)
}

/// What a value is; nothing for null.
fn bit_of(value: &str) -> u8 {
    match scan::kind(value) {
        Kind::Null => 0,
        Kind::Bool => 1,
        Kind::Long if value.trim().parse::<i64>().is_ok() => 2,
        Kind::Long | Kind::Real => 4,
        Kind::Text if is_moment(value) => 16,
        Kind::Text => 8,
        Kind::Array | Kind::Bag => OTHER,
    }
}

/// A datetime inside a dynamic is a text with all seven digits (spec kql.md §2).
fn is_moment(value: &str) -> bool {
    let text = value.trim().trim_matches('"');
    text.len() == 28
        && text.as_bytes()[19] == b'.'
        && text.ends_with('Z')
        && model::time::parse_datetime(text).is_some()
}

fn unescaped(name: &str) -> String {
    match name.contains('\\') {
        true => scan::text_of(&format!("\"{name}\"")),
        false => name.to_owned(),
    }
}

#[derive(Debug, Default)]
struct Properties {
    groups: Vec<BTreeMap<String, u8>>,
    bytes: usize,
}

impl Properties {
    fn add(&mut self, group: usize, name: &str, bits: u8) {
        let Some(found) = self.groups.get_mut(group) else { return };
        if bits == 0 {
            return;
        }
        if let Some(known) = found.get_mut(name) {
            *known |= bits;
            return;
        }
        if found.len() < PROPERTIES_MAX {
            self.bytes += name.len() + 64;
            found.insert(name.to_owned(), bits);
        }
    }
}

impl Groups for Properties {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), BTreeMap::new());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let bags = values[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if bags.is_null(row) || !selected(filter, row) {
                continue;
            }
            for (name, value) in scan::each_member(bags.value(row)).into_iter().flatten() {
                let bits = bit_of(value);
                match name.contains('\\') {
                    true => self.add(group, &unescaped(name), bits),
                    false => self.add(group, name, bits),
                }
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let states = states[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if states.is_null(row) {
                continue;
            }
            for (name, bits) in scan::each_member(states.value(row)).into_iter().flatten() {
                self.add(group, &unescaped(name), bits.trim().parse().unwrap_or(OTHER));
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        for found in emit.take_needed(&mut self.groups) {
            let mut text = String::from("{");
            for (name, bits) in found {
                self.bytes = self.bytes.saturating_sub(name.len() + 64);
                text.push_str(if text.len() > 1 { "," } else { "" });
                json::write_string(&mut text, &name);
                // Writing to a String cannot fail.
                let _ = write!(text, ":{bits}");
            }
            text.push('}');
            out.append_value(text);
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<BTreeMap<String, u8>>()
    }
}
