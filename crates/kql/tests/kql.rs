//! The tests of the crate as a user sees it, one module per stage.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod binder;
mod parser;
