//! The portal in a browser: its stories, gates and pictures, which Vitest runs with a Chromium.

use std::path::Path;

use anyhow::Result;

use super::setup;
use super::stories::{Outcome, Story};
use crate::portal;
use crate::process::{self, check};

pub fn all() -> Vec<Story> {
    vec![Story {
        name: "portal: its stories in Chromium",
        run: |telltale| run(telltale, "stories"),
    }]
}

/// `cargo xtask shots`: pictures of every page, to be looked at.
///
/// # Errors
/// When a page cannot be shown.
pub fn shots() -> Result<()> {
    portal::build_if_stale()?;
    run(&process::telltale()?, "shots").map(|_| ())
}

/// A script of `portal/package.json`. It starts the executable that `TELLTALE` names and drives
/// the browser that `CHROME` names.
fn run(telltale: &Path, script: &str) -> Result<Outcome> {
    portal::install()?;
    let mut npm = portal::npm(&["run", script]);
    check(npm.env("TELLTALE", telltale).env("CHROME", setup::chromium()?))?;
    Ok(Outcome::Passed)
}
