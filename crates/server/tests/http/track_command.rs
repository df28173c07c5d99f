//! `telltale track`: each kind arrives with its columns, the pipeline's properties, its trace.

use serde_json::{Value, json};

use crate::server::{Server, start};
use crate::tracking::{
    JOB, OPERATION, PIPELINE, PROJECT, TASK, TASK_SPAN, command, connection, row, track, tracked,
    warned,
};

fn expect(row: &Value, want: &Value) {
    for (column, want) in want.as_object().unwrap() {
        assert_eq!(row[column], *want, "{column} of {row}");
    }
}

/// The bag of a row, which the API prints as text.
fn bag(row: &Value, column: &str) -> Value {
    serde_json::from_str(row[column].as_str().unwrap()).unwrap()
}

#[test]
fn names_and_texts_need_no_flag() {
    let (server, _dir) = start(&[]);
    for (kind, more, question) in [
        ("request", &[][..], "requests | project name"),
        ("dependency", &[], "dependencies | project name"),
        ("event", &["--property", "feed=daily"], "customEvents | project name"),
        ("metric", &["--value", "3"], "customMetrics | project name"),
        ("trace", &[], "traces | project message"),
        ("exception", &["--type", "E1"], "exceptions | project outerMessage"),
    ] {
        tracked(&server, &[], &[&[kind, "Published packages"][..], more].concat());
        assert_eq!(server.rows(question), json!([["Published packages"]]), "{kind}");
    }
    let twice = command(&["track", "event", "a", "--name", "b"], &[]).output().unwrap();
    assert_eq!(twice.status.code(), Some(2));
    let missing = command(&["track", "event"], &[]).output().unwrap();
    let error = String::from_utf8(missing.stderr).unwrap();
    assert!(missing.status.code() == Some(2) && error.contains("<NAME>"), "{error}");
}

#[test]
fn a_request_and_a_dependency_arrive_with_all_their_columns() {
    let (server, _dir) = start(&[]);
    let ended = ["--duration", "1.5s", "--exit-code", "3", "--id", "00000000000000aa"];
    let at = ["--time", "2026-01-31T12:00:00.25Z"];
    let more = ["--property", "a=b=c", "--property", "empty=", "--measurement", "k=1.5"];
    // The server takes items of two days only.
    let now = chrono::Utc::now() - chrono::Duration::hours(1);
    let now = now.format("%Y-%m-%dT%H:%M:%S.1234567Z").to_string();
    let at = [at[0], now.as_str()];
    let args = ["request", "--name", "My Task", "--url", "Build Task", "--source", "s"];
    let told = tracked(&server, &[], &[&args[..], &ended, &at, &more, &["--role", "r"]].concat());
    assert!(told.ends_with("id=00000000000000aa\n"), "{told}");
    let found = row(&server, "requests");
    expect(
        &found,
        &json!({
            "timestamp": now, "name": "My Task", "url": "Build Task", "source": "s",
            "duration": 1500.0, "success": "False", "resultCode": "3", "id": "00000000000000aa",
            "cloud_RoleName": "r", "itemCount": 1, "operation_ParentId": "",
        }),
    );
    assert_eq!(bag(&found, "customDimensions"), json!({ "a": "b=c", "empty": "" }));
    assert_eq!(bag(&found, "customMeasurements"), json!({ "k": 1.5 }));
    let operation_id = told.lines().next().unwrap().strip_prefix("operation_id=").unwrap();
    assert_eq!(found["operation_Id"], operation_id);
    assert_eq!(operation_id.len(), 32);
    let args = ["dependency", "--name", "GET /", "--target", "h", "--type", "HTTP", "--data", "x"];
    let given = ["--operation", operation_id, "--parent", "00000000000000aa"];
    tracked(
        &server,
        &[],
        &[&args[..], &given, &["--duration", "250", "--result-code", "204"]].concat(),
    );
    expect(
        &row(&server, "dependencies"),
        &json!({
            "name": "GET /", "target": "h", "type": "HTTP", "data": "x", "duration": 250.0,
            "success": "True", "resultCode": "204", "operation_Id": operation_id,
            "operation_ParentId": "00000000000000aa",
        }),
    );
}

#[test]
fn events_traces_and_metrics_arrive() {
    let (server, _dir) = start(&[]);
    let send = |args: &[&str]| tracked(&server, &[], args);
    send(&["event", "--name", "Task Execution", "--property", "failed=true"]);
    send(&["trace", "--message", "-v is a flag", "--severity", "Info"]);
    let metric = ["metric", "--name", "m", "--value", "-7.5", "--count", "3", "--min", "-4"];
    send(&[&metric[..], &["--max", "-1", "--std-dev", "0.5"]].concat());
    let event = row(&server, "customEvents");
    assert_eq!(event["name"], "Task Execution");
    assert_eq!(bag(&event, "customDimensions"), json!({ "failed": "true" }));
    expect(&row(&server, "traces"), &json!({ "message": "-v is a flag", "severityLevel": 1 }));
    expect(
        &row(&server, "customMetrics"),
        &json!({
            "name": "m", "valueSum": -7.5, "valueCount": 3, "valueMin": -4.0, "valueMax": -1.0,
            "valueStdDev": 0.5,
        }),
    );
}

#[test]
fn exceptions_say_their_type_as_their_text_does() {
    let (server, _dir) = start(&[]);
    let python = "Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: bad\n";
    for (args, ty, message) in [
        (&["--message", "boom"][..], "Error", "boom"),
        (&["--message", "boom", "--type", "E1"], "E1", "boom"),
        (
            &["--stack", "System.IO.IOException: disk full\n   at A.B()"],
            "System.IO.IOException",
            "disk full",
        ),
        (
            &["--stack", "Uncaught TypeError: x is not a function\n    at f (a.js:1:2)"],
            "TypeError",
            "x is not a function",
        ),
        (&["--stack", python], "ValueError", "bad"),
        (&["--stack", "C:\\a.ps1: it broke"], "Error", "C:\\a.ps1: it broke"),
        (&["--stack", python, "--type", "T", "--message", "m"], "T", "m"),
    ] {
        let told = tracked(&server, &[], &[&["exception", "--format", "json"], args].concat());
        let ids: Value = serde_json::from_str(&told).unwrap();
        let id = ids["operationId"].as_str().unwrap();
        let found = row(&server, &format!("exceptions | where operation_Id == '{id}'"));
        expect(&found, &json!({ "type": ty, "outerMessage": message, "severityLevel": 3 }));
        let details = bag(&found, "details");
        let stack = args.iter().position(|arg| *arg == "--stack").map_or("", |at| args[at + 1]);
        assert_eq!(details[0]["rawStack"].as_str().unwrap_or_default(), stack);
    }
}

#[test]
fn a_stack_comes_from_standard_input() {
    use std::io::Write;
    let (server, _dir) = start(&[]);
    let connection = connection(&server.url);
    let args = ["track", "exception", "--stack", "-", "--strict", "--connection", &connection];
    let mut child = command(&args, &[]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"TypeError: \xff\n  at f\n").unwrap();
    assert!(child.wait().unwrap().success());
    expect(
        &row(&server, "exceptions"),
        &json!({ "type": "TypeError", "outerMessage": "\u{fffd}" }),
    );
}

fn pipeline_row(server: &Server, args: &[&str]) -> Value {
    tracked(server, &PIPELINE, &[&["event", "--name", "e"], args].concat());
    row(server, "customEvents | where name == 'e' | top 1 by itemId desc")
}

#[test]
fn inside_a_pipeline_items_say_where_they_come_from_and_stand_below_the_task() {
    let (server, _dir) = start(&[]);
    let found = pipeline_row(&server, &["--property", "project=mine"]);
    expect(
        &found,
        &json!({
            "operation_Id": OPERATION, "operation_ParentId": TASK_SPAN,
            "client_OS": "Windows_NT", "cloud_RoleInstance": "agent-7",
        }),
    );
    assert_eq!(
        bag(&found, "customDimensions"),
        json!({
            "collection": "C0FFEE00-0000-4000-8000-000000000001", "projectId": PROJECT,
            // The item's own wins.
            "project": "mine", "hostType": "build", "buildId": "101", "jobId": JOB,
            "taskInstanceId": TASK, "agentOs": "Windows_NT", "agentMachineName": "agent-7",
        })
    );
    // What stands in another operation has no parent in this one.
    let other = pipeline_row(&server, &["--operation", "other"]);
    expect(&other, &json!({ "operation_Id": "other", "operation_ParentId": "" }));
    let reference = "customEvents | where name == 'e' | summarize Executions = count(), \
        Projects = dcount(tostring(customDimensions.projectId)) by name";
    expect(&row(&server, reference), &json!({ "Executions": 2, "Projects": 1 }));
}

#[test]
fn ids_are_hashed_as_kql_does() {
    let (server, _dir) = start(&[]);
    let found = pipeline_row(&server, &["--hash-ids"]);
    let text = found.to_string();
    for value in ["C0FFEE00", PROJECT, "Ünïcode", "agent-7"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
    let bag = bag(&found, "customDimensions");
    let want = row(
        &server,
        &format!(
            "print collection = hash_sha256(tolower('C0FFEE00-0000-4000-8000-000000000001')), \
             projectId = hash_sha256('{PROJECT}'), project = hash_sha256(tolower('Demo Ünïcode')), \
             agentMachineName = hash_sha256('agent-7')"
        ),
    );
    expect(&bag, &want);
    expect(&bag, &json!({ "buildId": "101", "taskInstanceId": TASK }));
    assert_eq!(found["cloud_RoleInstance"], want["agentMachineName"]);
    // The trace is joined all the same.
    expect(&found, &json!({ "operation_Id": OPERATION, "operation_ParentId": TASK_SPAN }));
    let by_variable = [&PIPELINE[..], &[("TELLTALE_HASH_IDS", "1")]].concat();
    tracked(&server, &by_variable, &["trace", "--message", "m"]);
    let trace = row(&server, "traces | project p = tostring(customDimensions.projectId)");
    assert_eq!(trace["p"], want["projectId"]);
}

#[test]
fn a_parent_trace_is_joined_where_there_is_no_build() {
    let (server, _dir) = start(&[]);
    let (operation, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let parent = format!("00-{operation}-{span}-01");
    let told = tracked(
        &server,
        &[("TRACEPARENT", &parent)],
        &["request", "--name", "r", "--format", "json", "--id", "i"],
    );
    let ids: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(ids, json!({ "operationId": operation, "parentId": span, "id": "i" }));
    expect(
        &row(&server, "requests"),
        &json!({ "operation_Id": operation, "operation_ParentId": span }),
    );
}

#[test]
fn odd_values_cost_a_warning_and_no_build() {
    let (server, _dir) = start(&[]);
    for (args, text) in [
        (
            &["request", "--name", "r", "--duration", "soon"][..],
            "`--duration` wants a time such as",
        ),
        (&["request", "--name", "r", "--duration", "-5s"], "not `-5s`"),
        (&["request", "--name", "r", "--duration", "NaN"], "not `NaN`"),
        (&["request", "--name", "r", "--duration", "1e300"], "not `1e300`"),
        (
            &["request", "--name", "r", "--success", "maybe"],
            "`--success` wants true or false, not `maybe`",
        ),
        (&["request", "--name", "r", "--exit-code", "x"], "`--exit-code` wants a whole number"),
        (&["request", "--name", "r", "--time", "then"], "`--time` wants a time such as"),
        (
            &["event", "--name", "e", "--property", "novalue"],
            "`--property` wants KEY=VALUE, not `novalue`",
        ),
        (&["event", "--name", "e", "--property", "=v"], "`--property` wants KEY=VALUE"),
        (
            &["event", "--name", "e", "--measurement", "k=inf"],
            "`--measurement` wants KEY=NUMBER, not `k=inf`",
        ),
        (&["event", "--name", ""], "109: Field 'name' on type 'EventData'"),
        (&["trace", "--message", "m", "--severity", "9"], "`--severity` wants verbose,"),
        (&["metric", "--name", "m", "--value", "x"], "`--value` wants a number, not `x`"),
        (
            &["metric", "--name", "m", "--value", "1", "--measurement", "k=1"],
            "a metric has no measurements",
        ),
        (&["exception"], "needs a `--message`"),
    ] {
        let told = warned(&track(&server, &[], args), 0);
        assert!(told.starts_with("warning: telemetry not sent: "), "{args:?}: {told}");
        assert!(told.contains(text) && told.lines().count() == 1, "{args:?}: {told}");
        let strict = warned(&track(&server, &[], &[args, &["--strict"]].concat()), 1);
        assert!(strict.starts_with("error: ") && strict.contains(text), "{args:?}: {strict}");
        let quiet = warned(&track(&server, &[], &[args, &["--quiet"]].concat()), 0);
        assert_eq!(quiet, "", "{args:?}");
    }
    assert_eq!(
        server.rows("union requests, customEvents, traces, exceptions | count"),
        json!([[0]])
    );
    // Flags that do not exist are mistakes of the script and not of a value.
    assert_eq!(track(&server, &[], &["request", "--nam", "r"]).status.code(), Some(2));
    assert_eq!(track(&server, &[], &["reqest"]).status.code(), Some(2));
}

#[test]
fn hostile_texts_arrive_as_they_are_and_large_ones_cut() {
    let (server, _dir) = start(&[]);
    let hostile = "a\"b\\c\n\t\u{1}\u{7f}é😀\u{2028}</script>'; drop table requests;--\r\n";
    tracked(&server, &[("BUILD_BUILDNUMBER", hostile)], &["event", "--name", hostile]);
    let event = row(&server, "customEvents");
    assert_eq!(event["name"], hostile);
    assert_eq!(bag(&event, "customDimensions"), json!({ "buildNumber": hostile }));
    let long = "\u{1}😀\"".repeat(12_000);
    let done = track(&server, &[], &["exception", "--message", "m", "--stack", &long, "--strict"]);
    assert!(done.status.success());
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(told, "warning: texts were cut: an item has at most 65536 bytes\n");
    let stack = bag(&row(&server, "exceptions"), "details")[0]["rawStack"].clone();
    let stack = stack.as_str().unwrap().trim_end_matches('…');
    assert!(stack.len() > 20_000 && long.starts_with(stack));
    assert_eq!(row(&server, "exceptions")["outerMessage"], "m");
}
