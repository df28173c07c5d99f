//! The portal in a browser: the stories of `tests/portal`, run by Node with a Chromium.

use std::path::Path;

use anyhow::Result;

use super::setup;
use super::stories::{Outcome, Story};
use crate::process::{check, command, root};

pub fn all() -> Vec<Story> {
    vec![Story { name: "portal: its stories in Chromium", run: stories }]
}

/// Every `*.test.mjs` of `tests/portal`. They start the executable that `TELLTALE` names, drive
/// the browser that `CHROME` names, and take their packages from `portal/node_modules`.
fn stories(telltale: &Path) -> Result<Outcome> {
    let folder = root().join("tests/portal");
    if !folder.is_dir() {
        return Ok(Outcome::Skipped("there is no tests/portal".to_owned()));
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    // One after the other: each has a server and a browser of its own.
    let mut node = command("node", &["--test", "--test-concurrency=1"]);
    node.args(files).env("TELLTALE", telltale).env("CHROME", setup::chromium()?);
    check(&mut node)?;
    Ok(Outcome::Passed)
}
