//! `cargo xtask reference`: the generated pages of the manual.
//!
//! The executable knows its settings, routes, tables, error codes and KQL coverage; it prints each
//! page, we keep them in `docs/reference` and fail CI when they are stale.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process;

const PAGES: [&str; 5] = ["settings", "routes", "tables", "errors", "kql"];

/// Writes the pages, or only compares them when `check` is set.
pub fn run(check: bool) -> Result<()> {
    let telltale = process::telltale()?;
    let folder = process::root().join("docs/reference");
    fs::create_dir_all(&folder).context("create docs/reference")?;
    let mut stale = Vec::new();
    for page in PAGES {
        let output = process::capture(&mut process::command(
            &telltale.to_string_lossy(),
            &["reference", page],
        ))?;
        let file = folder.join(format!("{page}.md"));
        let old = fs::read(&file).unwrap_or_default();
        if old == output.stdout {
            continue;
        }
        if check {
            stale.push(page);
        } else {
            fs::write(&file, &output.stdout).with_context(|| format!("write the page `{page}`"))?;
            println!("wrote docs/reference/{page}.md");
        }
    }
    if !stale.is_empty() {
        bail!("docs/reference is stale: {}; run `cargo xtask reference`", stale.join(", "));
    }
    Ok(())
}
