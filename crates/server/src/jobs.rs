//! Scheduled work on the store: seal, merge, retain.
//!
//! Invariant: a job runs on its own thread, never twice at once, and a failure is logged and tried
//! again at its next turn.

mod audit;
mod history;
mod hooks;
mod keys;
mod known;
mod merge;
mod retain;
mod schedule;
mod seal;

pub use schedule::start;
