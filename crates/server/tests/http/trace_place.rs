//! The endpoint inside a trace, and the connection strings `telltale trace` prints for it.

use serde_json::{Value, json};

use crate::server::{KEY, Server, event, events, start};
use crate::tracking::{OPERATION, PIPELINE, TASK_SPAN, command, connection, row, warned};

const JOB_SPAN: &str = "12366e5c6fbf76de";

/// Standard output of `telltale trace`, which must not complain.
fn trace(args: &[&str], env: &[(&str, &str)]) -> String {
    let done = command(&[&["trace"], args].concat(), env).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert!(done.status.success());
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn items_sent_below_a_span_are_stored_in_its_operation() {
    let (server, _dir) = start(&[]);
    let own = "0af7651916cd43dd8448eb211c80319c";
    let with = |name: &str, tags: Value| {
        let mut item: Value = serde_json::from_str(&event(KEY, name)).unwrap();
        item["tags"] = tags;
        item.to_string()
    };
    let body = [
        with("plain", json!({})),
        with("root", json!({ "ai.operation.id": own, "ai.operation.parentId": own })),
        with("child", json!({ "ai.operation.id": own, "ai.operation.parentId": "abc" })),
    ]
    .join("\n");
    let path = format!("/trace/{OPERATION}/{TASK_SPAN}");
    let upper = format!("//prefix/TRACE/{}//{TASK_SPAN}", OPERATION.to_uppercase());
    for (i, start) in [path.as_str(), &upper].into_iter().enumerate() {
        for (j, end) in ["/v2/track", "/v2.1/track", "/V2.1/Track/"].into_iter().enumerate() {
            let answer = server.post(&format!("{start}{end}"), &[], body.as_bytes());
            assert_eq!((answer.status, &answer.json()["itemsAccepted"]), (200, &json!(3)));
            let text = "customEvents | summarize n = count() by name, operation_Id, \
                operation_ParentId, own = tostring(customDimensions.operation_Id) | order by name";
            let n = i * 3 + j + 1;
            assert_eq!(
                server.rows(text),
                json!([
                    ["root", OPERATION, TASK_SPAN, own, n],
                    ["plain", OPERATION, TASK_SPAN, "", n],
                    ["child", OPERATION, "abc", own, n],
                ])
            );
        }
    }
}

#[test]
fn a_path_that_only_looks_so_is_a_prefix_and_loses_nothing() {
    let (server, _dir) = start(&[]);
    let zeros = "0".repeat(32);
    let paths = [
        "/trace/a/b/v2/track".to_owned(),
        format!("/trace/{OPERATION}/v2/track"),
        format!("/trace/{OPERATION}/{OPERATION}/v2/track"),
        format!("/trace/{zeros}/{TASK_SPAN}/v2.1/track"),
        format!("/trace/{OPERATION}/%ff/v2.1/track"),
        format!("/tracing/{OPERATION}/{TASK_SPAN}/v2.1/track"),
    ];
    for path in &paths {
        let answer = server.post(path, &[], event(KEY, "e").as_bytes());
        assert_eq!((answer.status, &answer.json()["itemsAccepted"]), (200, &json!(1)), "{path}");
    }
    let rows = server.rows("customEvents | summarize count() by operation_Id, operation_ParentId");
    assert_eq!(rows, json!([["", "", paths.len()]]));
}

#[test]
fn the_other_addresses_of_an_endpoint_answer_there_as_well() {
    let (server, _dir) = start(&[]);
    let path = format!("/trace/{OPERATION}/{TASK_SPAN}");
    let id = server.get(&format!("{path}/api/profiles/{KEY}/appId"));
    assert_eq!((id.status, id.text()), (200, server.ready["appId"].as_str().unwrap().into()));
    let judged = server.post(&format!("{path}/v2/validate"), &[], event(KEY, "e").as_bytes());
    assert_eq!(judged.status, 200);
    let live = format!("{path}/QuickPulseService.svc/ping");
    assert_eq!(server.post(&live, &[], b"[]").header("x-ms-qps-subscribed"), Some("false"));
    let refused = server.post(&format!("{path}/v2.1/track"), &[], b"not json");
    assert_eq!((refused.status, &refused.json()["itemsReceived"]), (400, &json!(1)));
    let wrong = server.get(&format!("{path}/v2.1/track"));
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST, OPTIONS")));
    let many = events(KEY, "e", 3);
    server.post(&format!("{path}/v2.1/track"), &[], many.as_bytes());
    assert_eq!(server.rows("customEvents | count"), json!([[3]]));
}

#[test]
fn the_connection_string_of_a_task_and_of_its_job_are_printed() {
    let to = connection("http://ci.example:8321");
    let more = format!("{to};LiveEndpoint=http://ci.example:8321/;ApplicationId=a");
    let env = [&PIPELINE[..], &[("TELLTALE_CONNECTION", more.as_str())]].concat();
    let at = |span: &str| {
        format!(
            "InstrumentationKey={KEY};IngestionEndpoint=http://ci.example:8321/trace/{OPERATION}/\
             {span}/;LiveEndpoint=http://ci.example:8321/;ApplicationId=a"
        )
    };
    assert_eq!(trace(&[], &env), format!("{}\n", at(TASK_SPAN)));
    assert_eq!(
        trace(&["--format", "azure"], &env),
        format!(
            "##vso[task.setvariable variable=APPLICATIONINSIGHTS_CONNECTION_STRING]{}\n",
            at(JOB_SPAN)
        )
    );
    let parent = format!("00-{OPERATION}-{TASK_SPAN}-01");
    assert_eq!(trace(&["--format", "traceparent"], &env), format!("{parent}\n"));
    assert_eq!(
        trace(&["--format", "env"], &env),
        format!(
            "export APPLICATIONINSIGHTS_CONNECTION_STRING='{}'\nexport TRACEPARENT={parent}\n",
            at(TASK_SPAN)
        )
    );
    assert_eq!(
        trace(&["--format", "pwsh"], &env),
        format!(
            "$env:APPLICATIONINSIGHTS_CONNECTION_STRING = '{}'\n$env:TRACEPARENT = '{parent}'\n",
            at(TASK_SPAN)
        )
    );
    // A job's string in a task becomes the task's own, not one in the other.
    let job = at(JOB_SPAN);
    let set = [&PIPELINE[..], &[("APPLICATIONINSIGHTS_CONNECTION_STRING", job.as_str())]].concat();
    assert_eq!(trace(&[], &set), format!("{}\n", at(TASK_SPAN)));
}

#[test]
fn outside_of_a_trace_the_string_is_kept_and_the_reason_said() {
    let to = connection("http://h:1");
    let release = [
        &PIPELINE[..4],
        &[("SYSTEM_HOSTTYPE", "release"), ("BUILD_BUILDID", "101")],
        &[("TELLTALE_CONNECTION", to.as_str())],
    ]
    .concat();
    let run = |args: &[&str], env: &[(&str, &str)]| {
        command(&[&["trace"], args].concat(), env).output().unwrap()
    };
    let done = run(&["--format", "azure"], &release);
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.ends_with(&format!("]{to}\n")), "{told}");
    let warning = String::from_utf8(done.stderr).unwrap();
    assert!(warning.starts_with("warning: this is no build of Azure Pipelines"), "{warning}");
    assert_eq!(done.status.code(), Some(0));
    assert_eq!(run(&["--strict"], &release).status.code(), Some(1));
    let told = warned(&run(&[], &PIPELINE), 0);
    assert!(told.contains("no connection string"), "{told}");
    let told = warned(&run(&["--strict"], &PIPELINE), 1);
    assert!(told.starts_with("error: no connection string"), "{told}");
    let out = [&release[..], &[("TELLTALE_OPTOUT", "1")]].concat();
    let told = warned(&run(&[], &out), 0);
    assert_eq!(told, "warning: nothing is printed: `TELLTALE_OPTOUT` opts out of telemetry\n");
    let vendors = format!(
        "InstrumentationKey={KEY};IngestionEndpoint=https://x.in.applicationinsights.azure.com"
    );
    let told = trace(&["--connection", &vendors], &PIPELINE);
    assert_eq!(told, format!("{vendors}/\n"));
    let odd = "InstrumentationKey=a'b%;IngestionEndpoint=http://h";
    let printed = run(&["--format", "azure", "--connection", odd], &[]).stdout;
    assert!(String::from_utf8(printed).unwrap().contains("a'b%AZP25;"));
    let printed = run(&["--format", "env", "--connection", odd], &[]).stdout;
    assert!(String::from_utf8(printed).unwrap().contains("a'\\''b%;"));
}

/// What a container started by a task has: the connection string and nothing of the pipeline.
#[test]
fn a_connection_inside_a_trace_says_where_items_belong() {
    let (server, _dir) = start(&[]);
    let to = format!(
        "InstrumentationKey={KEY};IngestionEndpoint={}/trace/{OPERATION}/{TASK_SPAN}/",
        server.url
    );
    let send = |server: &Server, args: &[&str]| {
        let args = [&["track", "event", "--name", "e", "--strict", "--connection", &to], args];
        let done = command(&args.concat(), &[]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = "customEvents | top 1 by itemId desc | project operation_Id, \
            operation_ParentId, own = tostring(customDimensions.operation_Id)";
        row(server, text)
    };
    assert_eq!(
        send(&server, &[]),
        json!({ "operation_Id": OPERATION, "operation_ParentId": TASK_SPAN, "own": "" })
    );
    assert_eq!(
        send(&server, &["--parent", "mine"]),
        json!({ "operation_Id": OPERATION, "operation_ParentId": "mine", "own": "" })
    );
}
