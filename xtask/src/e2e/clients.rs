//! Starting one client program against a server.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::server::Server;
use crate::process::capture;

/// Runs `program script` with the server's addresses in the environment; its standard output.
pub fn run(
    server: &Server,
    program: &str,
    script: &Path,
    run: &str,
    more: &[(&str, &str)],
) -> Result<String> {
    let output = capture(&mut command(server, program, script, run, more))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What [`run`] runs, for stories in which something happens meanwhile.
///
/// The vendor's own statistics are switched off: they would call hosts of the vendor.
pub fn command(
    server: &Server,
    program: &str,
    script: &Path,
    run: &str,
    more: &[(&str, &str)],
) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["60", program])
        .arg(script)
        .env("URL", server.url.trim_end_matches('/'))
        .env("KEY", &server.key)
        .env("CS", &server.connection_string)
        .env("RUN", run)
        .env("APPLICATION_INSIGHTS_NO_STATSBEAT", "1")
        .env("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
        .env("APPLICATIONINSIGHTS_SDKSTATS_DISABLED", "true")
        .envs(more.iter().copied());
    if let Some(folder) = script.parent() {
        command.current_dir(folder);
    }
    command
}
