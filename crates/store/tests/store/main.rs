//! The store from outside: opening, appending, jobs, and power cuts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, like the tests")]
#![allow(clippy::print_stderr, reason = "a failing crash test names its case")]

mod append;
mod damage;
mod jobs;
mod own_tables;
mod power_cut;
mod rows;
mod versions;
