//! Running other programs, and where things are.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A command that starts in the workspace's folder.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// `cargo`, the one that runs us.
pub fn cargo(args: &[&str]) -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), args)
}

/// Runs to the end, output shown as it comes.
///
/// # Errors
/// When the program cannot be started or ends with a failure.
pub fn check(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    println!("> {shown}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs to the end and takes the output.
///
/// # Errors
/// When the program cannot be started or ends with a failure; its output is part of the text.
pub fn capture(command: &mut Command) -> Result<Output> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("start {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} ended with {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output)
}

/// Whether `program` can be started.
pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Builds the executable in the dev profile and tells where it is.
///
/// Always for the whole workspace: cargo chooses features by the packages it is asked for, and a
/// different choice would build the engine a second time.
///
/// # Errors
/// When it does not build.
pub fn telltale() -> Result<PathBuf> {
    check(&mut cargo(&["build", "--workspace", "--bin", "telltale"]))?;
    Ok(target().join("debug").join("telltale"))
}
