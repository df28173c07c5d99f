//! The tests of the crate as a user sees it, one module per stage.

mod parser;
