//! `cargo xtask e2e`: unmodified telemetry clients send, KQL reads back.
//!
//! Starts the built executable as a user would and links none of the product's code.

mod badges;
mod clients;
pub mod portal;
mod queries;
mod server;
mod setup;
mod stories;
mod traces;

use anyhow::{Result, bail};

use crate::process;

/// Runs every story, or those whose name contains `only`.
pub fn run(only: Option<&str>) -> Result<()> {
    let telltale = process::telltale()?;
    let mut failed = Vec::new();
    let mut passed = 0;
    let mut skipped = 0;
    for story in stories::all() {
        if only.is_some_and(|o| !story.name.contains(o)) {
            continue;
        }
        match (story.run)(&telltale) {
            Ok(stories::Outcome::Passed) => {
                passed += 1;
                println!("e2e {} … ok", story.name);
            }
            Ok(stories::Outcome::Skipped(why)) => {
                skipped += 1;
                println!("e2e {} … skipped: {why}", story.name);
            }
            Err(error) => {
                println!("e2e {} … FAILED: {error:#}", story.name);
                failed.push(story.name);
            }
        }
    }
    println!("e2e: {passed} passed, {} failed, {skipped} skipped", failed.len());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
