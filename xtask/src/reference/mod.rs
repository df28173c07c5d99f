//! `cargo xtask reference`: the generated pages of the manual.
//!
//! The executable knows its settings, routes, tables and error codes and prints a page of each; the
//! pages of the query language come from its declarations and from the cases of its corpus. All
//! are kept in `docs/reference`, and CI fails when they are stale.

mod examples;
mod kql_pages;

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process;

const PAGES: [&str; 5] = ["settings", "routes", "tables", "functions", "errors"];

/// A file under `docs/reference` and its text.
type Page = (String, String);

/// Writes the pages, or only compares them when `check` is set.
pub fn run(check: bool) -> Result<()> {
    let folder = process::root().join("docs/reference");
    let mut pages = executable_pages()?;
    pages.extend(kql_pages::pages(&examples::read(&process::root().join("tests/kql"))?)?);
    let mut stale = Vec::new();
    for (name, text) in pages {
        let file = folder.join(&name);
        if fs::read_to_string(&file).unwrap_or_default() == text {
            continue;
        }
        if check {
            stale.push(name);
        } else {
            fs::create_dir_all(file.parent().unwrap_or(&folder)).context("create the folder")?;
            fs::write(&file, &text).with_context(|| format!("write {name}"))?;
            println!("wrote docs/reference/{name}");
        }
    }
    if !stale.is_empty() {
        bail!("docs/reference is stale: {}; run `cargo xtask reference`", stale.join(", "));
    }
    Ok(())
}

fn executable_pages() -> Result<Vec<Page>> {
    let telltale = process::telltale()?;
    let print = |page: &str| -> Result<Page> {
        let command = &mut process::command(&telltale.to_string_lossy(), &["reference", page]);
        Ok((format!("{page}.md"), String::from_utf8(process::capture(command)?.stdout)?))
    };
    PAGES.into_iter().map(print).collect()
}
