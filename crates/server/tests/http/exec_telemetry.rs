//! What `telltale exec` sends, and what it tells its children about where to send.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::exec::{script, text};
use crate::server::start;

#[test]
fn a_run_is_a_dependency_and_its_errors_are_exceptions() {
    let (server, _dir) = start(&[]);
    let connection = server.ready["connectionString"].as_str().unwrap();
    let flags = ["--telemetry", connection, "--category", "Build", "--name", "compile"];
    let done = script(&flags, "echo 'src/a.cs(3,9): error CS1002: no secret'; exit 3")
        .env("SYSTEM_TEAMPROJECTID", "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01")
        .env("BUILD_BUILDID", "101")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(3), "{}", text(&done.stderr));
    assert_eq!(text(&done.stderr), "");
    let rows = server.rows(
        "dependencies | project type, name, target, success, resultCode, data, operation_Id, \
         tostring(customDimensions.category), tostring(customDimensions.buildId)",
    );
    assert_eq!(
        rows,
        json!([[
            "CI Exec",
            "compile",
            "sh",
            "False",
            "3",
            "",
            "2bb25f4b073b0071311adee8b2f43691",
            "Build",
            "101"
        ]])
    );
    let rows = server.rows(
        "exceptions | join kind=inner (dependencies | project id) on \
         $left.operation_ParentId == $right.id | project type, outerMessage, severityLevel, \
         tostring(customDimensions.code), tostring(customDimensions.line), \
         toint(details[0].parsedStack[0].line)",
    );
    assert_eq!(rows, json!([["CS1002", "no secret", 3, "CS1002", "3", 3]]));
}

#[test]
fn each_try_is_an_item_of_its_own() {
    let (server, _dir) = start(&[]);
    let connection = server.ready["connectionString"].as_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let lines = "[ -e again ] || { touch again; echo 'a.c(1): error C1: x'; exit 1; }";
    let done = script(&["--telemetry", connection, "--retry", "2"], lines)
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(done.status.success());
    let rows = server.rows(
        "dependencies | extend try = toint(customDimensions.try) | order by try asc \
         | project try, success, tostring(customDimensions.tries)",
    );
    assert_eq!(rows, json!([[1, "False", "3"], [2, "True", "3"]]));
    assert_eq!(server.rows("exceptions | summarize count()"), json!([[1]]));
}

#[test]
fn children_send_into_the_trace_unless_told_otherwise() {
    let (server, _dir) = start(&[]);
    let connection = server.ready["connectionString"].as_str().unwrap();
    let echo = "printf '%s' \"$APPLICATIONINSIGHTS_CONNECTION_STRING\"";
    let run = |flags: &[&str]| -> String {
        let mut command = script(flags, echo);
        command
            .env("APPLICATIONINSIGHTS_CONNECTION_STRING", connection)
            .env("SYSTEM_TEAMPROJECTID", "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01")
            .env("BUILD_BUILDID", "101")
            .env("SYSTEM_TASKINSTANCEID", "00000065-0000-4000-8000-00000000000a");
        text(&command.output().unwrap().stdout)
    };
    let place = "/trace/2bb25f4b073b0071311adee8b2f43691/d32cc469f623c59e/;";
    let wanted = run(&[]);
    assert!(wanted.contains(&format!("IngestionEndpoint={}{place}", server.url)), "{wanted}");
    assert!(wanted.contains("ApplicationId="), "{wanted}");
    assert_eq!(run(&["--no-child-telemetry"]), connection);
    assert_eq!(run(&["--opt-out"]), connection);
    let sent: Value = server.rows("dependencies | summarize count()");
    assert_eq!(sent, json!([[2]]), "who opted out sends nothing");
}

#[test]
fn the_vendors_own_service_gets_no_places_in_its_address() {
    let connection = "InstrumentationKey=11111111-2222-3333-4444-555555555555;\
                      IngestionEndpoint=https://nowhere.invalid.applicationinsights.azure.com/";
    let done = script(
        &["--telemetry", connection],
        "printf '%s' \"$APPLICATIONINSIGHTS_CONNECTION_STRING\"",
    )
    .output()
    .unwrap();
    assert_eq!(text(&done.stdout), connection);
}

#[test]
fn a_server_that_does_not_answer_costs_a_warning_and_two_seconds() {
    // A port that takes connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connection = format!(
        "InstrumentationKey=11111111-2222-3333-4444-555555555555;\
         IngestionEndpoint=http://127.0.0.1:{port}/"
    );
    let began = Instant::now();
    let done = script(&["--telemetry", &connection], "echo a; exit 6").output().unwrap();
    assert_eq!(done.status.code(), Some(6));
    assert_eq!(text(&done.stdout), "a\n");
    let said = text(&done.stderr);
    assert!(said.starts_with("telltale exec: warning: telemetry was not sent: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
}
