//! `cargo xtask test`: everything that CI checks, quickest first.

use anyhow::{Context, Result};

use crate::process::{cargo, check, exists};
use crate::{e2e, portal, reference};

/// Runs every check; stops at the first that fails.
///
/// Cargo is always asked for the whole workspace, so that the engine is built once.
pub fn run() -> Result<()> {
    // Said before anything takes its time.
    portal::check_node().context("the portal is tested as well")?;
    if std::env::var_os("PORTAL").is_none() {
        // For every step, or the server would be built once with the variable and once without.
        let me = std::env::current_exe()?;
        return check(std::process::Command::new(me).arg("test").env("PORTAL", "required"));
    }
    check(&mut cargo(&["fmt", "--all", "--check"]))?;
    deny()?;
    portal::build_if_stale()?;
    portal::check_sizes()?;
    portal::test()?;
    check(&mut cargo(&["test", "--workspace", "--test", "tidy"]))?;
    check(&mut cargo(&["test", "--workspace"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    check(&mut cargo(&clippy))?;
    reference::run(true)?;
    e2e::run(None)
}

/// Licences, sources and duplicate versions of the dependencies.
fn deny() -> Result<()> {
    if !exists("cargo-deny") {
        check(&mut cargo(&["install", "--locked", "--quiet", "cargo-deny"]))?;
    }
    // The licences of all platforms' packages are read, not only of those that are built here.
    check(&mut cargo(&["fetch", "--locked"]))?;
    // Advisories need a database from the network; they are a nightly matter, not a gate.
    check(&mut cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))
}
