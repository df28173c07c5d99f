//! `cargo xtask test`: everything that CI checks, quickest first.

use anyhow::Result;

use crate::process::{cargo, check, exists};
use crate::{e2e, reference};

/// Runs every check; stops at the first that fails.
pub fn run() -> Result<()> {
    check(&mut cargo(&["fmt", "--all", "--check"]))?;
    deny()?;
    check(&mut cargo(&["test", "--package", "xtask"]))?;
    let small =
        ["--package", "model", "--package", "ingest", "--package", "store", "--package", "kql"];
    check(&mut cargo(
        &[&["clippy", "--workspace", "--all-targets", "--quiet", "--"][..], &["-D", "warnings"]]
            .concat(),
    ))?;
    check(&mut cargo(&[&["test"][..], &small].concat()))?;
    check(&mut cargo(&[
        "test",
        "--package",
        "query",
        "--package",
        "server",
        "--package",
        "bench",
    ]))?;
    reference::run(true)?;
    e2e::run(None)
}

/// Licences, sources and duplicate versions of the dependencies.
fn deny() -> Result<()> {
    if !exists("cargo-deny") {
        check(&mut cargo(&["install", "--locked", "--quiet", "cargo-deny"]))?;
    }
    // Advisories need a database from the network; they are a nightly matter, not a gate.
    check(&mut cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))
}
