//! Examples for the reference: cases of the corpus, which runs them, so that an example on a page
//! is an answer the engine gave.
//!
//! A case whose sentence starts with `example NAME` is that function's or operator's example; for
//! the others the shortest case that uses the name serves, of the file of that name if it has any,
//! and one about a table or report only for want of another.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Longest answer that is shown for want of a chosen example, in lines.
const ANSWER_LINES_MAX: usize = 8;

/// A query and the lines of its answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// The name of its file, without the extension.
    file: String,
    /// Whether it is about what rows of a table or report say, not about the language.
    is_about_rows: bool,
    /// The sentence of the case.
    sentence: String,
    pub query: String,
    pub answer: String,
}

/// All cases of the corpus.
#[derive(Debug, Default)]
pub struct Examples(Vec<Example>);

impl Examples {
    /// The example of a function or of an operator between values.
    pub fn of_function(&self, name: &str) -> Option<&Example> {
        let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let used = if is_word { format!("{name}(") } else { format!(" {name} ") };
        self.find(name, |query| {
            let uses = |(at, _)| {
                let before = query[..at].chars().next_back();
                !is_word || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
            };
            query.match_indices(&used).any(uses)
        })
    }

    /// The example of a tabular operator.
    pub fn of_operator(&self, name: &str) -> Option<&Example> {
        let starts = format!("{name} ");
        let is_used = |stage: &str| stage.trim() == name || stage.trim().starts_with(&starts);
        self.find(name, |query| query.split('|').any(is_used))
    }

    fn find(&self, name: &str, uses: impl Fn(&str) -> bool) -> Option<&Example> {
        let chosen = |case: &&Example| {
            let shown = case.sentence.strip_prefix("example ");
            shown.is_some_and(|s| s.split([' ', ',', ':']).any(|word| word == name))
        };
        let short = |case: &&Example| case.answer.lines().count() <= ANSWER_LINES_MAX;
        let answered = |case: &&Example| !case.answer.starts_with("error");
        self.0.iter().find(chosen).or_else(|| {
            let fitting = self.0.iter().filter(answered).filter(short);
            let fitting = fitting.filter(|case| uses(&case.query));
            fitting.min_by_key(|case| (case.file != name, case.is_about_rows, case.query.len()))
        })
    }
}

/// Reads all case files below `folder`.
pub fn read(folder: &Path) -> Result<Examples> {
    let mut examples = Examples::default();
    collect(folder, &mut examples.0)?;
    Ok(examples)
}

fn collect(folder: &Path, cases: &mut Vec<Example>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, cases)?;
        } else if path.extension().is_some_and(|e| e == "kqlt") {
            let text = fs::read_to_string(&path);
            let text = text.with_context(|| format!("read {}", path.display()))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let is_about_rows = folder.ends_with("tables") || folder.ends_with("reports");
            file(&name, is_about_rows, &text, cases);
        }
    }
    Ok(())
}

/// The cases of one file: a sentence, an indented query, `----`, the indented answer.
fn file(name: &str, is_about_rows: bool, text: &str, cases: &mut Vec<Example>) {
    let indented = |line: &&str| line.starts_with("  ");
    let mut lines = text.lines().peekable();
    while let Some(sentence) = lines.next() {
        let is_case = !sentence.trim().is_empty() && !sentence.starts_with(['#', ' ']);
        if !is_case || !lines.peek().is_some_and(indented) {
            continue;
        }
        let mut query = Vec::new();
        for line in lines.by_ref().take_while(|line| *line != "----") {
            query.push(line.strip_prefix("  ").unwrap_or(line));
        }
        let mut answer = Vec::new();
        while let Some(line) = lines.next_if(indented) {
            answer.push(line.strip_prefix("  ").unwrap_or(line));
        }
        cases.push(Example {
            file: name.to_owned(),
            is_about_rows,
            sentence: sentence.to_owned(),
            query: query.join("\n").trim_end().to_owned(),
            answer: answer.join("\n"),
        });
    }
}
