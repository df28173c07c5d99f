//! The store from outside: opening, appending, jobs, and power cuts.

mod append;
mod jobs;
mod rows;
