//! OData expressions of the events and metrics APIs, translated to KQL.
//!
//! After OData 4.01 (OASIS, part 2, URL conventions). Invariants: every text of the caller ends up
//! inside a KQL literal; names of properties and functions come from our own lists; what is not
//! supported is refused by name and position.

pub mod apply;
mod filter;
mod functions;
mod lexer;
pub mod search;

pub use filter::{filter, order_by, select};

use crate::error::Refusal;

/// Longest text of one option, characters.
const CHARS_MAX: usize = 16_384;
/// Deepest nesting of parentheses, calls and `not`.
const DEPTH_MAX: usize = 32;
/// Most entries of a list.
const LIST_MAX: usize = 100;

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Text,
    Number,
    Time,
    Span,
    /// The value of a bag's key: text that is read as whatever it is compared with.
    Key,
    Null,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Bool => "a boolean",
            Kind::Text | Kind::Key => "a text",
            Kind::Number => "a number",
            Kind::Time => "a time",
            Kind::Span => "a duration",
            Kind::Null => "null",
        }
    }
}

/// A KQL expression and what it yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub kql: String,
    pub kind: Kind,
}

impl Typed {
    pub fn new(kql: impl Into<String>, kind: Kind) -> Typed {
        Typed { kql: kql.into(), kind }
    }

    /// The same value as another kind, where texts can be read so.
    pub fn to(&self, kind: Kind) -> Option<String> {
        let kql = &self.kql;
        match (self.kind, kind) {
            (have, want) if have == want => Some(kql.clone()),
            (Kind::Key, Kind::Text) => Some(kql.clone()),
            (Kind::Text | Kind::Key, Kind::Number) => Some(format!("todouble({kql})")),
            (Kind::Text | Kind::Key, Kind::Time) => Some(format!("todatetime({kql})")),
            (Kind::Text | Kind::Key, Kind::Bool) => Some(format!("tobool({kql})")),
            (Kind::Number | Kind::Bool, Kind::Text) => Some(format!("tostring({kql})")),
            _ => None,
        }
    }
}

/// What is wrong with an option.
#[derive(Debug)]
pub struct Fault {
    /// Character the finding starts at, from 1.
    at: usize,
    message: String,
}

impl Fault {
    fn new(at: usize, message: impl Into<String>) -> Fault {
        Fault { at, message: message.into() }
    }

    /// The refusal of a call whose `option` is wrong.
    pub fn of(self, option: &str) -> Refusal {
        let Fault { at, message } = self;
        Refusal::bad_request(format!("`{option}` is wrong at character {at}: {message}"))
    }
}
