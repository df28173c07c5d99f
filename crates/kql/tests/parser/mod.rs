//! The parser over the corpus in `tests/kql`: good texts, broken texts, recorded queries.

mod recorded;

use std::path::PathBuf;

/// The folder of the corpus.
fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/kql")
}

fn read(name: &str) -> String {
    let path = corpus().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("reading {}: {e}", path.display()))
}
