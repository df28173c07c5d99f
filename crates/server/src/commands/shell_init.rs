//! `telltale shell-init`: functions for shells, with the names and parameters that the build
//! scripts of .NET's repositories call, so that these can switch without being changed
//! (spec azure-devops.md §6.4).

use std::io::Write;

use super::Failure;
use crate::cli::pipeline::Shell;

const BASH: &str = include_str!("shell_init/functions.bash");
const PWSH: &str = include_str!("shell_init/functions.ps1");

/// Prints them; they call the program that printed them.
///
/// # Errors
/// When nobody reads them.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let program = std::env::current_exe().unwrap_or_else(|_| "telltale".into());
    let program = program.to_string_lossy();
    let text = match shell {
        Shell::Bash => {
            let program = program.replace('\'', "'\\''");
            format!("[ -n \"${{TELLTALE-}}\" ] || TELLTALE='{program}'\n{BASH}")
        }
        Shell::Pwsh => {
            let program = program.replace('\'', "''");
            format!("if (-not $env:TELLTALE) {{ $env:TELLTALE = '{program}' }}\n{PWSH}")
        }
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
