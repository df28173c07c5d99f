//! `cargo xtask bench`: the programs of `bench/`, built as they would be shipped.

use anyhow::Result;

use crate::process;

/// Builds the server and the bench program in release mode and runs the latter.
pub fn run(args: &[String]) -> Result<()> {
    let build = ["build", "--release", "--workspace", "--bin", "telltale", "--bin", "bench"];
    process::check(&mut process::cargo(&build))?;
    let program = process::target().join("release").join("bench");
    let mut command = process::command(&program.to_string_lossy(), &[]);
    command.args(args);
    process::check(&mut command)
}
