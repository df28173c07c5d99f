//! Case files: a query, `----`, and its columns or its findings; blank lines between cases.
//! `ACCEPT=1` rewrites the expectations; the diff is the review.

use std::path::PathBuf;

use super::invariants::check;
use super::{compile, outcome};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/kql/binder")
}

struct Case {
    query: String,
    expected: String,
}

fn read(text: &str) -> Vec<(Vec<&str>, Option<Case>)> {
    let mut blocks = Vec::new();
    for block in text.split("\n\n") {
        let (comments, lines): (Vec<&str>, Vec<&str>) =
            block.trim_matches('\n').lines().partition(|line| line.starts_with("# "));
        let at = lines.iter().position(|line| *line == "----");
        let case = at
            .map(|at| Case { query: lines[..at].join("\n"), expected: lines[at + 1..].join("\n") });
        assert!(case.is_some() || lines.is_empty(), "no `----` in {block:?}");
        blocks.push((comments, case));
    }
    blocks
}

#[test]
fn queries_have_the_columns_and_findings_written_in_the_case_files() {
    let accept = std::env::var_os("ACCEPT").is_some();
    let (mut count, mut wrong) = (0, Vec::new());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut written = Vec::new();
        for (comments, case) in read(&text) {
            let mut lines: Vec<String> = comments.iter().map(|c| (*c).to_owned()).collect();
            if let Some(case) = case {
                count += 1;
                let got = outcome(&case.query);
                if got != case.expected {
                    wrong.push(format!(
                        "{}\n{}\n---- expected\n{}\n---- got\n{got}\n",
                        file.display(),
                        case.query,
                        case.expected
                    ));
                }
                lines.push(format!("{}\n----\n{got}", case.query));
            }
            written.push(lines.join("\n"));
        }
        if accept {
            std::fs::write(&file, written.join("\n\n") + "\n").unwrap();
        }
    }
    assert!(accept || wrong.is_empty(), "{} of {count} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 420, "{count} cases");
}

/// The queries of all case files.
pub fn queries() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let texts = files.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let cases = |text: String| -> Vec<String> {
        read(&text).into_iter().filter_map(|(_, case)| Some(case?.query)).collect()
    };
    texts.flat_map(cases).collect()
}

#[test]
fn every_bound_query_of_the_case_files_keeps_the_contract() {
    for query in queries() {
        if let Ok(bound) = compile(&query) {
            check(&bound).unwrap_or_else(|why| panic!("{query}\n{why}"));
        }
    }
}
