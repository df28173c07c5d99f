//! Stories about one trace per build: a task with an unmodified SDK, in the environment of a
//! pipeline, stands in the trace of its build without knowing of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use serde_json::json;

use super::server::Server;
use super::setup;
use super::stories::{Outcome, Story, expect_answer};
use crate::process::capture;

/// Build 101 of the scripted Azure DevOps (`tests/azdo/synthetic/collector`): its task `Compile`
/// and the job that task belongs to.
const PROJECT: &str = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";
const JOB: &str = "00000065-0000-4000-8000-00000000000c";
const TASK: &str = "00000065-0000-4000-8000-00000000000e";
/// SHA-256 of what the two sides agreed on; `printf 'azdo-build\0…' | sha256sum` gives them.
const OPERATION: &str = "2bb25f4b073b0071311adee8b2f43691";
const TASK_SPAN: &str = "c194de306e1282ee";
const JOB_SPAN: &str = "bd3ad1e144a3cd79";

pub fn all() -> Vec<Story> {
    vec![
        Story { name: "trace: a node 2.9.8 task started by exec", run: by_exec },
        Story { name: "trace: a node 2.9.8 task of a job set up by trace", run: by_variable },
    ]
}

/// A command with nothing of this machine's own pipeline in its environment, but that of a task.
fn in_task(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        let starts =
            ["SYSTEM_", "BUILD_", "AGENT_", "RELEASE_", "TELLTALE_", "APPLICATIONINSIGHTS_"];
        if starts.iter().any(|start| text.starts_with(start)) {
            command.env_remove(name);
        }
    }
    command.env_remove("TRACEPARENT").env_remove("DO_NOT_TRACK");
    command.envs([
        ("TF_BUILD", "True"),
        ("SYSTEM_HOSTTYPE", "build"),
        ("SYSTEM_COLLECTIONID", "c0ffee00-0000-4000-8000-000000000001"),
        ("SYSTEM_TEAMPROJECTID", PROJECT),
        ("BUILD_BUILDID", "101"),
        ("SYSTEM_JOBID", JOB),
        ("SYSTEM_TASKINSTANCEID", TASK),
        // The vendor's own statistics would call hosts of the vendor.
        ("APPLICATION_INSIGHTS_NO_STATSBEAT", "1"),
        ("RUN", "task"),
    ]);
    command
}

/// Every row of the task's, and of what is around it, has the build's operation.
fn expect_rows(server: &Server, parent: &str) -> Result<()> {
    expect_answer(
        server,
        "union withsource=t requests, exceptions, traces, customEvents \
         | where customDimensions.run == \"task\" \
         | project t, operation_Id, operation_ParentId, tostring(customDimensions.operation_Id) \
         | order by t asc",
        json!([
            ["customEvents", OPERATION, parent, ""],
            ["exceptions", OPERATION, parent, ""],
            ["requests", OPERATION, parent, ""],
            ["traces", OPERATION, parent, "0af7651916cd43dd8448eb211c80319c"],
        ]),
    )?;
    expect_answer(
        server,
        &format!(
            "BuildOperation(\"{OPERATION}\") | where customDimensions.run == \"task\" \
             | summarize count() by joinedBy"
        ),
        json!([["operation", 4]]),
    )
}

fn by_exec(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("pipeline-task.js");
    let server = Server::start(telltale)?;
    let mut exec = in_task(&telltale.to_string_lossy());
    exec.args(["exec", "--name", "Compile", "--telemetry", &server.connection_string]);
    capture(exec.args(["--", "node"]).arg(&script))?;
    expect_rows(&server, TASK_SPAN)?;
    // What exec itself sends stands beside the task's items.
    expect_answer(
        &server,
        "dependencies | project name, type, success, resultCode, operation_Id, operation_ParentId",
        json!([["Compile", "CI Exec", "True", "0", OPERATION, TASK_SPAN]]),
    )?;
    Ok(Outcome::Passed)
}

/// An early step sets the variable for the later tasks of its job, as the agent does with what
/// `telltale trace` prints.
fn by_variable(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("pipeline-task.js");
    let server = Server::start(telltale)?;
    let mut trace = in_task(&telltale.to_string_lossy());
    trace.args(["trace", "--format", "azure", "--connection", &server.connection_string]);
    let printed = capture(&mut trace)?;
    let printed = String::from_utf8_lossy(&printed.stdout).into_owned();
    let start = "##vso[task.setvariable variable=APPLICATIONINSIGHTS_CONNECTION_STRING]";
    let Some(value) = printed.trim_end().strip_prefix(start) else {
        bail!("`telltale trace` printed {printed:?}");
    };
    let mut task = in_task("node");
    task.arg(&script).env("APPLICATIONINSIGHTS_CONNECTION_STRING", value);
    capture(&mut task)?;
    expect_rows(&server, JOB_SPAN)?;
    Ok(Outcome::Passed)
}
