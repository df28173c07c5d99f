//! KQL text to a bound query, or diagnostics.
//!
//! Stages, one type each: text → [`lexer`] tokens → [`syntax`] tree → [`bound`] query.
//! Invariants: parsing never fails (it returns a tree and diagnostics), no IO, no clock,
//! no Arrow arrays, no DataFusion.

mod binder;
pub mod bound;
mod bound_print;
pub mod catalog;
pub mod codes;
pub mod diagnostic;
mod lexer;
mod literals;
mod parser;
pub mod print;
pub mod question;
mod shape;
pub mod signatures;
pub mod stored;
pub mod suggest;
pub mod syntax;
pub mod words;

pub use binder::{RENDER_KINDS, bind, compile, compile_step, plugin_names};
pub use literals::{WITHOUT_LITERALS_BYTES_MAX, without_literals};
pub use parser::{ParseLimits, Parsed, operator_names, parse, parse_expression, parse_within};
pub use shape::{same_shape, without_places};
