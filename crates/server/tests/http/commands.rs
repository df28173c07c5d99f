//! The command line: applications, queries, imports.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::client::gzip;
use crate::server::{KEY, Server, event, events, output, run, start, telltale};

#[test]
fn applications_are_listed_and_created_with_and_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let key = "33333333-2222-3333-4444-555555555555";
    let made = output(&["apps", "create", "ci", "--instrumentation-key", key, "--data", data]);
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["name"], &made["instrumentationKey"]), (&json!("ci"), &json!(key)));
    let server = Server::on(dir.path(), &[]);
    let url = server.url.as_str();
    let list = output(&["apps", "list", "--url", url]);
    assert!(list.contains("default") && list.contains(key), "{list}");
    output(&["apps", "create", "web app", "--url", url]);
    for (name, flags, text) in [
        ("ci", &[][..], "there is an application `ci` already"),
        ("a/b", &[], "is not a name for an application"),
        ("", &[], "is not a name for an application"),
        ("new", &["--instrumentation-key", key], "another application has this"),
        ("new", &["--instrumentation-key", "zz"], "`zz` is not a GUID"),
    ] {
        let mut args = vec!["apps", "create", name, "--url", url];
        args.extend(flags);
        let done = run(&args);
        assert_eq!(done.status.code(), Some(1), "{name}");
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(error.contains(text), "{name}: {error}");
    }
    assert_eq!(server.stop().code(), Some(0));
    let list = output(&["apps", "list", "--data", data]);
    assert_eq!(list.lines().count(), 5, "{list}");
    assert!(list.contains("web app"));
}

#[test]
fn rows_are_printed_as_table_json_csv_and_lines() {
    let (server, _dir) = start(&[]);
    let text = "datatable(name:string, n:long, d:dynamic)\
        ['a,\"b\"', 1, dynamic({'k':1}), 'c', long(null), dynamic(null)]";
    let print = |format: &str| output(&["query", text, "--url", &server.url, "--format", format]);
    assert_eq!(print("table"), "name   n  d\n-----  -  -------\na,\"b\"  1  {\"k\":1}\nc\n");
    assert_eq!(print("csv"), "name,n,d\r\n\"a,\"\"b\"\"\",1,\"{\"\"k\"\":1}\"\r\nc,,\r\n");
    assert_eq!(
        print("ndjson"),
        "{\"name\":\"a,\\\"b\\\"\",\"n\":1,\"d\":{\"k\":1}}\n\
         {\"name\":\"c\",\"n\":null,\"d\":null}\n"
    );
    let json: Value = serde_json::from_str(&print("json")).unwrap();
    let want = json!([
        { "name": "a,\"b\"", "n": 1, "d": { "k": 1 } },
        { "name": "c", "n": null, "d": null },
    ]);
    assert_eq!(json, want);
}

#[test]
fn a_command_is_run_by_the_server() {
    let (server, dir) = start(&[]);
    let ask = |text: &str, format: &str| {
        output(&["query", text, "--url", &server.url, "--format", format])
    };
    ask(".create table Builds (id:long, name:string)", "table");
    output(&["apps", "create", "ci", "--url", &server.url]);
    let schema = |format: &str| ask(".show table Builds cslschema", format);
    assert_eq!(
        ask("\n.show tables | where TableName == 'Builds' | project TableName", "csv"),
        "TableName\r\nBuilds\r\n"
    );
    assert_eq!(
        schema("csv"),
        "TableName,Schema,DatabaseName,Folder,DocString\r\n\
         Builds,\"id:long,name:string\",default,,\r\n"
    );
    let table = schema("table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("TableName  Schema "), "{table}");
    assert!(lines[2].starts_with("Builds     id:long,name:string  default"), "{table}");
    let row: Value = serde_json::from_str(schema("ndjson").trim_end()).unwrap();
    assert_eq!(row["Schema"], "id:long,name:string");
    let rows: Value = serde_json::from_str(&schema("json")).unwrap();
    assert_eq!(rows, json!([row]));
    // Each application has its own tables.
    let names = ask(".show tables", "csv");
    assert!(names.contains("\nBuilds,"), "{names}");
    let others = output(&["query", ".show tables", "--url", &server.url, "--app", "ci"]);
    assert!(!others.contains("\nBuilds "), "{others}");
    let refused = failure(&["query", ".drop table Nope", "--url", &server.url]);
    assert!(refused.contains("there is no table `Nope` (HTTP 400)"), "{refused}");
    let explained = failure(&["query", ".show tables", "--explain", "--url", &server.url]);
    assert!(explained.contains("a command takes neither"), "{explained}");
    let data = dir.path().to_str().unwrap();
    assert_eq!(
        failure(&["query", ".show tables", "--data", data]),
        "error: commands such as `.show tables` need a running server: name it with `--url`\n"
    );
}

#[test]
fn a_query_can_come_from_standard_input_and_go_to_a_folder() {
    let (server, dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "e", 4).as_bytes()).status, 200);
    let data = dir.path().to_str().unwrap().to_owned();
    // A folder a server holds is not opened beside it.
    let held = run(&["query", "customEvents | count", "--data", &data]);
    assert_eq!(held.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&held.stderr).contains("in use by process"));
    assert_eq!(server.stop().code(), Some(0));
    let mut child = telltale(&["query", "-", "--data", &data, "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"customEvents\n| count").unwrap();
    let done = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stdout), "Count\r\n4\r\n");
}

#[test]
fn a_wrong_query_shows_its_line_with_a_caret() {
    let (server, dir) = start(&[]);
    let text = "requests\n| where nme == 'x'";
    let by_url = run(&["query", text, "--url", &server.url]);
    let data = dir.path().to_str().unwrap().to_owned();
    assert_eq!(server.stop().code(), Some(0));
    let by_data = run(&["query", text, "--data", &data]);
    for done in [by_url, by_data] {
        assert_eq!(done.status.code(), Some(1));
        assert!(done.stdout.is_empty());
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(error.contains(" at 2:9: "), "{error}");
        assert!(error.contains("\n  | where nme == 'x'\n          ^^^\n"), "{error}");
    }
}

#[test]
fn a_missing_server_or_folder_is_said() {
    let done = run(&["query", "print 1", "--url", "http://127.0.0.1:1"]);
    assert_eq!(done.status.code(), Some(1));
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(error.contains("cannot reach `http://127.0.0.1:1`"), "{error}");
    let done = run(&["query", "print 1", "--data", "/no/such/folder"]);
    assert_eq!(done.status.code(), Some(1));
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let done = run(&["import", "--data", missing.to_str().unwrap(), "items.json"]);
    assert_eq!(done.status.code(), Some(1));
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(error.contains("no data folder at"), "{error}");
    assert!(!missing.exists(), "a mistyped folder must not be made");
}

/// What a command that must fail says.
fn failure(args: &[&str]) -> String {
    let done = run(args);
    assert_eq!(done.status.code(), Some(1), "{args:?}");
    assert!(done.stdout.is_empty(), "{args:?}");
    String::from_utf8(done.stderr).unwrap()
}

#[test]
fn whoever_cannot_reach_a_server_is_told_what_to_do() {
    let (server, dir) = start(&["--tls-listen", "127.0.0.1:0", "--admin-key", "secret"]);
    let file = dir.path().join("items.json");
    std::fs::write(&file, event(KEY, "a")).unwrap();
    let file = file.to_str().unwrap();
    let tls = server.ready["tlsUrl"].as_str().unwrap();
    let (plain, to_tls) = (server.url.replace("http:", "https:"), tls.replace("https:", "http:"));
    let untrusted = format!(
        "error: the certificate of `{tls}` is not trusted: name it with `--ca FILE`; \
         `telltale tls show --url {tls} --out FILE` writes it\n"
    );
    let is_plain = format!("error: `{plain}` speaks plain HTTP: use `http://`\n");
    let is_tls = "error: this port speaks HTTPS: use an `https://` URL (HTTP 400)\n";
    let no_address =
        "error: `127.0.0.1:19000` is no address: begin it with `http://` or `https://`\n";
    for (url, want) in [
        (tls, untrusted.as_str()),
        (plain.as_str(), is_plain.as_str()),
        (to_tls.as_str(), is_tls),
        ("127.0.0.1:19000", no_address),
    ] {
        for call in [
            &["query", "print 1"][..],
            &["query", ".show tables"],
            &["keys", "list"],
            &["apps", "list"],
            &["ingest", "--table", "T", "--format", "csv", file],
        ] {
            assert_eq!(failure(&[call, &["--url", url]].concat()), want, "{call:?}");
        }
        let told = run(&["import", file, "--url", url]);
        assert_eq!(String::from_utf8(told.stderr).unwrap(), want);
    }
    let needed = "error: a valid key is needed: send it as `x-api-key`, bearer token or password \
                  (`--key` or `TELLTALE_KEY`) (HTTP 401)\n";
    for call in [
        &["query", "print 1"][..],
        &["query", ".show tables"],
        &["keys", "list"],
        &["apps", "create", "b"],
        &["ingest", "--table", "T", "--format", "csv", file],
    ] {
        assert_eq!(failure(&[call, &["--url", &server.url]].concat()), needed, "{call:?}");
    }
}

#[test]
fn a_folder_in_use_is_asked_through_its_server() {
    let (server, dir) = start(&[]);
    let data = dir.path().to_str().unwrap();
    let want = format!(
        "error: data folder is in use by process {}: ask that server with `--url`\n",
        server.child.id()
    );
    for call in [
        &["query", "print 1"][..],
        &["ingest", "--table", "T", "rows.csv"],
        &["keys", "list"],
        &["keys", "create", "ci", "--scope", "query"],
        &["keys", "revoke", "ci"],
        &["apps", "list"],
        &["apps", "create", "ci"],
        &["import", "items.json"],
        &["tls", "show"],
    ] {
        assert_eq!(failure(&[call, &["--data", data]].concat()), want, "{call:?}");
    }
}

#[test]
fn what_a_certificate_is_shown_of_must_be_named() {
    let done = run(&["tls", "show"]);
    assert_eq!(done.status.code(), Some(2));
    let error = String::from_utf8(done.stderr).unwrap();
    assert!(error.contains("<--url <url>|--data <DIR>>"), "{error}");
    let both = run(&["tls", "show", "--url", "https://localhost:1", "--data", "x"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_used_address_is_refused_before_a_folder_is_made() {
    let (server, dir) = start(&["--tls-listen", "127.0.0.1:0"]);
    let data = dir.path().join("other");
    let used = [
        ("--listen", format!("127.0.0.1:{}", server.port)),
        ("--tls-listen", format!("127.0.0.1:{}", server.tls_port())),
    ];
    for (flag, address) in used {
        let mut args = vec!["serve", "--data", data.to_str().unwrap(), flag, &address];
        if flag != "--listen" {
            args.extend(["--listen", "off"]);
        }
        let error = failure(&args);
        assert!(error.contains(&format!("cannot listen on `{address}`")), "{error}");
        let help = "; is another server running there? choose another with ";
        assert!(error.ends_with(&format!("{help}`{flag}`\n")), "{error}");
        assert!(!data.exists());
    }
}

#[test]
fn files_of_every_framing_are_imported() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    output(&["apps", "create", "ci", "--instrumentation-key", KEY, "--data", data]);
    let old = event(KEY, "old").replace("\"time\":\"20", "\"time\":\"19");
    let lines = format!("{}{old}\nnot json\n{}\n", events(KEY, "l", 2500), event("nobody", "x"));
    let pretty: Value = serde_json::from_str(&event(KEY, "pretty")).unwrap();
    let array = format!("[{},\n {}\n]", event(KEY, "a1"), event(KEY, "a,[2]"));
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let files = [
        file("lines.ndjson.gz", &gzip(lines.as_bytes())),
        file("array.json", array.as_bytes()),
        file("pretty.json", serde_json::to_string_pretty(&pretty).unwrap().as_bytes()),
        file("empty.json", b""),
    ];
    let mut args = vec!["import", "--data", data];
    args.extend(files.iter().map(String::as_str));
    let told = output(&args);
    assert!(told.contains("read      2506\naccepted  2504\nrejected  2\n"), "{told}");
    assert!(told.contains("1  Invalid instrumentation key"), "{told}");
    assert!(told.contains("1  Telemetry item is not valid JSON"), "{told}");
    let count = |text: &str, place: &[&str]| {
        let mut args = vec!["query", text, "--format", "csv"];
        args.extend(place);
        output(&args)
    };
    let text = "customEvents | count";
    assert_eq!(count(text, &["--data", data, "--app", "ci"]), "Count\r\n2504\r\n");

    let server = Server::on(std::path::Path::new(data), &[]);
    let told = output(&["import", "--url", &server.url, &files[0], &files[1]]);
    assert!(told.contains("read      2505\naccepted  2502\nrejected  3\n"), "{told}");
    assert!(told.contains("older than the allowed min date"), "{told}");
    assert!(told.contains("the server's own rules apply"), "{told}");
    let place = ["--url", server.url.as_str(), "--app", "ci"];
    assert_eq!(count(text, &place), "Count\r\n5006\r\n");
}

#[test]
fn the_reference_has_its_sections() {
    let all = output(&["reference", "--format", "markdown"]);
    for title in [
        "# Settings",
        "# Routes",
        "# Tables",
        "# Functions",
        "# Errors",
        "`ingest_mode`",
        "`/v2/track`",
    ] {
        assert!(all.contains(title), "`{title}` is missing");
    }
    let errors = output(&["reference", "errors"]);
    for line in ["- `not_json`", "| `SEM0102` |", "| `time` | 504 |", "| `rows` | 400 |"] {
        assert!(errors.contains(line), "`{line}` is missing");
    }
    let settings = output(&["reference", "settings"]);
    let (settings, sources) = settings.split_once("## Sources").unwrap();
    let count = settings.lines().filter(|line| line.starts_with("| `")).count();
    assert!((15..=31).contains(&count), "{count} settings");
    for key in ["| `base` |", "| `token_env` |", "| `reconcile` | `{ every = \"24h\""] {
        assert!(sources.contains(key), "`{key}` is missing");
    }
}
