//! `cargo xtask portal`: the portal's files, built and compressed, as the server embeds them.

mod sizes;
#[path = "../../crates/server/build/sources.rs"]
mod sources;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{capture, check, command, exists, root, target};

/// The oldest Node that the portal's tools run on.
const NODE_MIN: (u32, u32) = (20, 19);

/// Builds the portal; with `--watch` serves it with Vite, which builds what changes.
///
/// # Errors
/// When Node is missing or too old, or a step fails.
pub fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            build()?;
            check_sizes()
        }
        ["--watch"] => watch(),
        _ => bail!("usage: cargo xtask portal [--watch]"),
    }
}

/// Installs, checks, builds and compresses.
///
/// # Errors
/// When Node is missing or too old, or a step fails.
pub fn build() -> Result<()> {
    check_node()?;
    install()?;
    check(&mut npm(&["run", "check"]))?;
    check(&mut npm(&["run", "build", "--", "--manifest"]))?;
    let dist = dist();
    let compress = root().join("xtask/src/portal/compress.mjs");
    let cache = target().join("portal");
    let args = [&compress, &dist, &cache].map(|path| path.to_string_lossy().into_owned());
    check(command("node", &[]).args(args))?;
    let hash = sources::hash(&folder()).context("read the portal's sources")?;
    fs::write(dist.join(".sources"), hash).context("note what the portal was built from")
}

/// Builds the portal if it is not built from the sources that are there.
///
/// # Errors
/// As [`build`].
pub fn build_if_stale() -> Result<()> {
    if is_stale() { build() } else { Ok(()) }
}

/// As [`build_if_stale`], and where Node or the packages cannot be had it says what the server
/// comes with instead.
///
/// # Errors
/// When the sources do not build.
pub fn build_if_possible() -> Result<()> {
    if !is_stale() {
        return Ok(());
    }
    let Err(reason) = check_node().and_then(|()| install()) else { return build() };
    println!("The portal is not built: {reason:#}.");
    if dist().join("index.html").is_file() {
        println!("The server shows the pages that were built before.");
    } else {
        println!("The server answers everything else; its pages say how to build them.");
    }
    Ok(())
}

/// Measures the built files.
///
/// # Errors
/// When they are larger than they may be.
pub fn check_sizes() -> Result<()> {
    sizes::check(&dist())
}

/// The portal's own tests.
///
/// # Errors
/// When one fails.
pub fn test() -> Result<()> {
    install()?;
    check(&mut npm(&["test"]))
}

/// The folder of the sources.
pub fn folder() -> PathBuf {
    root().join("portal")
}

fn dist() -> PathBuf {
    folder().join("dist")
}

fn is_stale() -> bool {
    let built = fs::read_to_string(dist().join(".sources")).unwrap_or_default();
    !sources::hash(&folder()).is_ok_and(|now| now == built.trim())
}

fn watch() -> Result<()> {
    check_node()?;
    install()?;
    let at = std::env::var("TELLTALE_URL").unwrap_or_else(|_| "http://127.0.0.1:8321".to_owned());
    println!("Vite serves the portal and asks the server at {at};");
    println!("start that with `cargo xtask run`, or name another one in TELLTALE_URL.");
    let status = npm(&["run", "dev"]).status().context("start Vite")?;
    if !status.success() {
        bail!("Vite ended with {status}");
    }
    Ok(())
}

/// A command of npm in the folder of the sources.
pub fn npm(args: &[&str]) -> Command {
    let mut command = command(if cfg!(windows) { "npm.cmd" } else { "npm" }, args);
    command.current_dir(folder());
    command
}

/// Installs the packages of the lock file unless they are there.
///
/// # Errors
/// When npm fails.
pub fn install() -> Result<()> {
    let wanted = fs::read_to_string(folder().join("package-lock.json"))
        .context("read portal/package-lock.json")?;
    let stamp = folder().join("node_modules/.installed-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(());
    }
    check(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
        .context("install the portal's packages, which come from the network")?;
    fs::write(stamp, wanted).context("note what is installed")
}

/// Passes where Node is there and new enough.
///
/// # Errors
/// When it is not: what is needed.
pub fn check_node() -> Result<()> {
    let (major, minor) = NODE_MIN;
    let need = format!("it needs Node {major}.{minor} or newer with npm (https://nodejs.org)");
    if !exists("node") || !exists(if cfg!(windows) { "npm.cmd" } else { "npm" }) {
        bail!("{need}, and there is none on the path");
    }
    let output = capture(&mut command("node", &["--version"]))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = text.trim_start_matches('v').split('.').map(|part| part.parse::<u32>());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(has_major)), Some(Ok(has_minor))) if (has_major, has_minor) >= NODE_MIN => Ok(()),
        _ => bail!("{need}, and this is {text}"),
    }
}
