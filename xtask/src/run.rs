//! `cargo xtask run`: the first of the README's two commands.

use anyhow::{Context, Result, bail};

use crate::{portal, process};

/// Builds portal and server and starts it on `./telltale-data`, unless the arguments say otherwise.
pub fn run(args: &[String]) -> Result<()> {
    portal::build_if_possible()?;
    // `cargo xtask run -- --demo`, as one is used to writing it.
    let args = match args {
        [first, rest @ ..] if first == "--" => rest,
        _ => args,
    };
    let telltale = process::telltale()?;
    let mut command = process::command(&telltale.to_string_lossy(), &["serve"]);
    command.args(args);
    println!("> telltale serve {}", args.join(" "));
    let status = command.status().context("start telltale")?;
    if !status.success() {
        bail!("telltale ended with {status}");
    }
    Ok(())
}
