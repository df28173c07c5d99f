//! HTTP and command-line stories against the built executable; links none of our code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with a panic; helpers of tests too"
)]

mod bad_input;
mod client;
mod commands;
mod durability;
mod own_tables;
mod process;
mod queries;
mod server;
mod track;
