//! Looking at what a [`Tape`] holds.

use std::borrow::Cow;

use model::json::write_string;

use super::reader::{Node, Tape};

/// One value of a tape. `'a` is the text it was read from.
#[derive(Debug, Clone, Copy)]
pub struct Value<'t, 'a> {
    tape: &'t Tape<'a>,
    at: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind<'t, 'a> {
    Null,
    Boolean(bool),
    /// The number as written; it has the form of a JSON number.
    Number(&'a str),
    Text(&'t Cow<'a, str>),
    Array,
    Object,
}

impl<'t, 'a> Value<'t, 'a> {
    pub(super) fn new(tape: &'t Tape<'a>, at: usize) -> Value<'t, 'a> {
        Value { tape, at }
    }

    pub fn kind(self) -> Kind<'t, 'a> {
        match self.tape.nodes.get(self.at) {
            None | Some(Node::Null) => Kind::Null,
            Some(Node::Boolean(b)) => Kind::Boolean(*b),
            Some(Node::Number(n)) => Kind::Number(n),
            Some(Node::Text(t)) => Kind::Text(t),
            Some(Node::Array { .. }) => Kind::Array,
            Some(Node::Object { .. }) => Kind::Object,
        }
    }

    /// Where the value lies on its tape.
    pub fn position(self) -> usize {
        self.at
    }

    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether both are the same value at the same place of one tape.
    pub fn is_same(self, other: Value<'_, '_>) -> bool {
        self.at == other.at
    }

    /// Keys and values of an object, as they stand in the text (keys may repeat); else nothing.
    pub fn members(self) -> Members<'t, 'a> {
        let end = match self.tape.nodes.get(self.at) {
            Some(Node::Object { end }) => *end,
            _ => 0,
        };
        Members { tape: self.tape, at: self.at + 1, end }
    }

    /// The elements of an array; else nothing.
    pub fn elements(self) -> impl Iterator<Item = Value<'t, 'a>> {
        let tape = self.tape;
        let mut at = self.at + 1;
        let end = match tape.nodes.get(self.at) {
            Some(Node::Array { end }) => *end,
            _ => 0,
        };
        std::iter::from_fn(move || {
            let value = (at < end).then_some(Value { tape, at })?;
            at = value.after();
            Some(value)
        })
    }

    fn after(self) -> usize {
        match self.tape.nodes.get(self.at) {
            Some(Node::Array { end } | Node::Object { end }) => *end,
            _ => self.at + 1,
        }
    }

    /// The value as JSON text without white space; numbers as they were written.
    pub fn compact(self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends [`Value::compact`]. Depth is bounded by the reader.
    pub fn write(self, out: &mut String) {
        match self.kind() {
            Kind::Null => out.push_str("null"),
            Kind::Boolean(b) => out.push_str(if b { "true" } else { "false" }),
            Kind::Number(n) => out.push_str(n),
            Kind::Text(t) => write_string(out, t),
            Kind::Array => {
                out.push('[');
                for (i, element) in self.elements().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (i, (key, value)) in self.members().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// The members of an object not yet seen.
#[derive(Debug, Clone)]
pub struct Members<'t, 'a> {
    tape: &'t Tape<'a>,
    at: usize,
    end: usize,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (&'t Cow<'a, str>, Value<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let Some(Node::Text(key)) = self.tape.nodes.get(self.at) else { return None };
        let value = Value { tape: self.tape, at: self.at + 1 };
        self.at = value.after();
        Some((key, value))
    }
}
