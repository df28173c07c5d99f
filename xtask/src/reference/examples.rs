//! Examples for the reference: cases of the corpus whose sentence starts with `example NAME`.
//!
//! The corpus runs them, so an example on a page is an answer the engine gave.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A query and the lines of its answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    pub query: String,
    pub answer: String,
}

/// Examples by the function or operator they show.
pub type Examples = BTreeMap<String, Example>;

/// Reads all case files below `folder`.
pub fn read(folder: &Path) -> Result<Examples> {
    let mut examples = Examples::new();
    collect(folder, &mut examples)?;
    Ok(examples)
}

fn collect(folder: &Path, examples: &mut Examples) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, examples)?;
        } else if path.extension().is_some_and(|e| e == "kqlt") {
            let text = fs::read_to_string(&path);
            file(&text.with_context(|| format!("read {}", path.display()))?, examples);
        }
    }
    Ok(())
}

/// The examples in one case file: a sentence, an indented query, `----`, the indented answer.
fn file(text: &str, examples: &mut Examples) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(shown) = line.strip_prefix("example ") else { continue };
        let mut query = Vec::new();
        for line in lines.by_ref().take_while(|line| *line != "----") {
            query.push(line.strip_prefix("  ").unwrap_or(line));
        }
        let mut answer = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
            answer.push(line.strip_prefix("  ").unwrap_or(line));
        }
        let name = shown.split([' ', ',', ':']).next().unwrap_or_default();
        let example = Example { query: query.join("\n"), answer: answer.join("\n") };
        examples.entry(name.to_owned()).or_insert(example);
    }
}
