//! `buildschema`: the smallest schema that admits all values of a dynamic column.
//!
//! A schema prints as the name of a type, a bag of the schemas of its properties, a bag of the
//! schema of its elements under the name `` `indexer` ``, or an array of several of these; types
//! and properties stand in the order in which they were seen. Null admits nothing new.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use model::Type;

use super::{AggregateCall, Call};
use crate::Error;
use crate::functions::groups::{Config, Groups, function, selected};
use crate::functions::json::scan::{self, Kind};

/// The property under which the schema of an array's elements stands.
const INDEXER: &str = "`indexer`";
/// Values nested deeper are not looked into.
const DEPTH_MAX: usize = 128;

pub(super) fn buildschema(call: Call<'_>) -> Result<AggregateCall, Error> {
    let text = Type::Dynamic.arrow();
    let config = Config::of(&[Type::Dynamic]);
    let own = function("buildschema", config, text.clone(), vec![text], |_| {
        Box::new(Schemas { groups: Vec::new(), bytes: 0 })
    });
    Ok(AggregateCall::plain(call.with(own)).ordered())
}

/// What values were seen.
#[derive(Debug, Default, Clone)]
struct Schema {
    /// What is printed, in the order seen.
    parts: Vec<Part>,
    /// Names as JSON writes them, without the quotes.
    properties: Vec<(String, Schema)>,
    /// What the elements of arrays are; at most one.
    elements: Vec<Schema>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Plain(&'static str),
    Bag,
    Array,
}

impl Schema {
    /// Admits a value; `bytes` grows by what the schema grew.
    fn admit(&mut self, json: &str, depth: usize, bytes: &mut usize) {
        if depth > DEPTH_MAX {
            return;
        }
        match scan::kind(json) {
            Kind::Null => {}
            Kind::Bool => self.part(Part::Plain("bool"), bytes),
            Kind::Long => self.part(Part::Plain("long"), bytes),
            Kind::Real => self.part(Part::Plain("double"), bytes),
            Kind::Text => self.part(Part::Plain("string"), bytes),
            Kind::Array => {
                let of = self.array(bytes);
                for element in scan::each_element(json).into_iter().flatten() {
                    of.admit(element, depth + 1, bytes);
                }
            }
            Kind::Bag => {
                for (name, value) in scan::each_member(json).into_iter().flatten() {
                    self.property(name, bytes).admit(value, depth + 1, bytes);
                }
                // The empty bag is a bag, too.
                self.part(Part::Bag, bytes);
            }
        }
    }

    /// Admits all that another schema admits; `json` is its printed form.
    fn admit_schema(&mut self, json: &str, depth: usize, bytes: &mut usize) {
        if depth > DEPTH_MAX * 2 {
            return;
        }
        match scan::kind(json) {
            Kind::Text => {
                let name = scan::plain(json);
                let known = ["bool", "long", "double", "string"].into_iter().find(|k| *k == name);
                known.into_iter().for_each(|name| self.part(Part::Plain(name), bytes));
            }
            Kind::Array => {
                for part in scan::each_element(json).into_iter().flatten() {
                    self.admit_schema(part, depth + 1, bytes);
                }
            }
            Kind::Bag => {
                let mut is_array = false;
                for (name, value) in scan::each_member(json).into_iter().flatten() {
                    is_array = name == INDEXER;
                    let of = match is_array {
                        true => self.array(bytes),
                        false => self.property(name, bytes),
                    };
                    of.admit_schema(value, depth + 1, bytes);
                }
                if !is_array {
                    self.part(Part::Bag, bytes);
                }
            }
            Kind::Null | Kind::Bool | Kind::Long | Kind::Real => {}
        }
    }

    fn part(&mut self, part: Part, bytes: &mut usize) {
        if !self.parts.contains(&part) {
            *bytes += size_of::<Part>();
            self.parts.push(part);
        }
    }

    fn array(&mut self, bytes: &mut usize) -> &mut Schema {
        self.part(Part::Array, bytes);
        if self.elements.is_empty() {
            *bytes += size_of::<Schema>();
            self.elements.push(Schema::default());
        }
        &mut self.elements[0]
    }

    fn property(&mut self, name: &str, bytes: &mut usize) -> &mut Schema {
        self.part(Part::Bag, bytes);
        let known = self.properties.iter().position(|(known, _)| known == name);
        let at = known.unwrap_or_else(|| {
            *bytes += size_of::<(String, Schema)>() + name.len();
            self.properties.push((name.to_owned(), Schema::default()));
            self.properties.len() - 1
        });
        &mut self.properties[at].1
    }

    fn write(&self, out: &mut String) {
        let is_union = self.parts.len() != 1;
        out.push_str(if is_union { "[" } else { "" });
        for (at, part) in self.parts.iter().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            self.write_part(*part, out);
        }
        out.push_str(if is_union { "]" } else { "" });
    }

    fn write_part(&self, part: Part, out: &mut String) {
        match part {
            Part::Plain(name) => out.extend(["\"", name, "\""]),
            Part::Array => {
                out.extend(["{\"", INDEXER, "\":"]);
                self.elements.iter().for_each(|of| of.write(out));
                out.push('}');
            }
            Part::Bag => {
                out.push('{');
                for (name, of) in &self.properties {
                    scan::separate(out);
                    out.extend(["\"", name, "\":"]);
                    of.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Heap bytes, as [`Schema::admit`] counts them.
    fn size(&self) -> usize {
        let properties = self.properties.iter();
        let properties: usize = properties
            .map(|(name, of)| size_of::<(String, Schema)>() + name.len() + of.size())
            .sum();
        let elements: usize = self.elements.iter().map(|of| size_of::<Schema>() + of.size()).sum();
        self.parts.len() * size_of::<Part>() + properties + elements
    }
}

#[derive(Debug)]
struct Schemas {
    groups: Vec<Schema>,
    bytes: usize,
}

impl Groups for Schemas {
    fn resize(&mut self, groups: usize) {
        self.groups.resize(groups.max(self.groups.len()), Schema::default());
    }
    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let texts = values[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if texts.is_valid(row) && selected(filter, row) {
                self.groups[group].admit(texts.value(row), 0, &mut self.bytes);
            }
        }
        Ok(())
    }
    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let texts = states[0].as_string_view();
        for (row, &group) in groups.iter().enumerate() {
            if texts.is_valid(row) {
                self.groups[group].admit_schema(texts.value(row), 0, &mut self.bytes);
            }
        }
        Ok(())
    }
    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let mut out = StringViewBuilder::new();
        let mut text = String::new();
        for schema in emit.take_needed(&mut self.groups) {
            self.bytes = self.bytes.saturating_sub(schema.size());
            text.clear();
            schema.write(&mut text);
            out.append_value(&text);
        }
        Ok(Arc::new(out.finish()))
    }
    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }
    fn size(&self) -> usize {
        self.bytes + self.groups.capacity() * size_of::<Schema>()
    }
}
