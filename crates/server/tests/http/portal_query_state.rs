//! The portal's queries over time: checks while they are written, answers that did not change,
//! why there are no rows, what is stored.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, Response};
use crate::portal_query::{call, lines};
use crate::server::{KEY, OTHER_KEY, Server, event, events, start, wait_until};

const JSON: (&str, &str) = ("content-type", "application/json");
const ADMIN: (&str, &str) = ("x-api-key", "the-admin-key-of-this-test");

fn check(server: &Server, body: &Value) -> Value {
    let answer = call(server, "check", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_text_is_checked_as_it_would_run() {
    let (server, _dir) = start(&[]);
    let found = check(
        &server,
        &json!({ "kql": "requests | where timestamp > ago(1d) | summarize n = count() by name \
                         | render barchart" }),
    );
    assert_eq!(found["diagnostics"], json!([]));
    assert_eq!(
        found["columns"],
        json!([{ "name": "name", "type": "string" }, { "name": "n", "type": "long" }])
    );
    assert_eq!(
        (&found["timeInQuery"], &found["render"]["kind"]),
        (&json!(true), &json!("barchart"))
    );

    for (kql, code, start, message) in [
        ("requets | count", "SEM0100", 0, "no table `requets`"),
        ("requests | summarise count()", "SYN0003", 11, "summarise"),
        ("requests | reduce by name", "SEM0102", 11, "reduce"),
        ("print hash_many('a', 'b')", "SEM0102", 6, "hash_many"),
        ("requests | evaluate autocluster()", "SEM0102", 20, "autocluster"),
        ("requests | where '😀' == nme", "SEM0100", 25, "nme"),
    ] {
        let found = check(&server, &json!({ "kql": kql }));
        let finding = &found["diagnostics"][0];
        assert_eq!((&finding["code"], &finding["start"]), (&json!(code), &json!(start)), "{kql}");
        assert!(finding["message"].as_str().unwrap().contains(message), "{kql}: {finding}");
        assert_eq!((&found["columns"], &finding["severity"]), (&Value::Null, &json!("error")));
    }
    // What has columns of its rows is not run: nothing is known, nothing is wrong.
    let found =
        check(&server, &json!({ "kql": "customEvents | evaluate bag_unpack(customDimensions)" }));
    assert_eq!((&found["diagnostics"], &found["columns"]), (&json!([]), &Value::Null));
    for (body, wanted) in [
        (json!({}), 200),
        (json!({ "kql": "" }), 200),
        (json!({ "kql": 5 }), 400),
        (json!({ "kql": "print 1", "caret": -1 }), 400),
        (json!({ "kql": "print 1", "caret": 1e300 }), 400),
        (json!({ "kql": "print 1", "caret": 999_999 }), 200),
        (json!({ "kql": "(".repeat(100_000) }), 200),
        (json!({ "kql": "\u{0}\u{202e}\u{feff}'\"`\\" }), 200),
        (json!({ "kql": "print 1", "app": "nobody" }), 404),
    ] {
        let answer = call(&server, "check", &body);
        assert_eq!(answer.status, wanted, "{}", answer.text());
    }
}

#[test]
fn the_statement_at_the_caret_is_checked_alone() {
    let (server, _dir) = start(&[]);
    let text = "// 😀\nrequets\n| count\n\n\nprint a = 1\n  \ntraces | where nope\n";
    for (caret, part, found) in [
        (0, "// 😀\nrequets\n| count\n", Some("requets")),
        (22, "// 😀\nrequets\n| count\n", Some("requets")),
        (25, "print a = 1\n", None),
        (1000, "traces | where nope\n", Some("nope")),
    ] {
        let answer = check(&server, &json!({ "kql": text, "caret": caret }));
        let place = |member: &Value, name: &str| {
            let units: Vec<u16> = text.encode_utf16().collect();
            let end = member[name].as_u64().unwrap() as usize;
            String::from_utf16(&units[..end]).unwrap().len()
        };
        assert_eq!(&text[place(&answer, "start")..place(&answer, "end")], part, "{caret}");
        let finding = &answer["diagnostics"][0];
        match found {
            Some(word) => {
                let (start, end) = (place(finding, "start"), place(finding, "end"));
                assert_eq!(&text[start..end], word, "{caret}");
                let line = text[..start].matches('\n').count() + 1;
                assert_eq!(finding["line"], line, "{caret}");
            }
            None => assert!(finding.is_null(), "{caret}: {finding}"),
        }
    }
}

fn ask(server: &Server, path: &str, body: &Value, tag: Option<&str>) -> Response {
    let mut headers = vec![JSON];
    headers.extend(tag.map(|tag| ("if-none-match", tag)));
    let path = format!("/api/portal/{path}");
    match body {
        Value::Null => client::send(server.port, "GET", &path, &headers, b""),
        body => server.post(&path, &headers, body.to_string().as_bytes()),
    }
}

#[test]
fn an_answer_that_did_not_change_is_not_sent_again() {
    let (server, dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "a", 1).as_bytes()).status, 200);
    let kql = json!({ "kql": "customEvents | count", "from": "2020-01-01", "to": "2100-01-01" });
    let batch = json!({ "queries": [{ "id": "1", "kql": "customEvents | count" }] });
    let calls = [("query", kql), ("batch", batch), ("schema?app=default", Value::Null)];
    let tags: Vec<String> = calls
        .iter()
        .map(|(path, body)| {
            let first = ask(&server, path, body, None);
            let tag = first.header("etag").expect("it has a tag").to_owned();
            // What is written about each query changes nothing.
            let again = ask(&server, path, body, Some(&tag));
            assert_eq!((again.status, again.header("etag")), (304, Some(tag.as_str())), "{path}");
            assert!(again.body.is_empty());
            let listed = format!("\"other\", W/{tag}");
            assert_eq!(ask(&server, path, body, Some(&listed)).status, 304, "{path}");
            tag
        })
        .collect();
    assert_eq!(server.track(events(KEY, "b", 1).as_bytes()).status, 200);
    for ((path, body), tag) in calls.iter().zip(&tags) {
        let changed = ask(&server, path, body, Some(tag));
        assert_eq!(changed.status, 200, "{path}");
        assert_ne!(changed.header("etag"), Some(tag.as_str()), "{path}");
    }
    // Another process counts anew.
    let tag = ask(&server, "query", &calls[0].1, None).header("etag").unwrap().to_owned();
    server.kill();
    let server = Server::on(dir.path(), &[]);
    assert_eq!(ask(&server, "query", &calls[0].1, Some(&tag)).status, 200);
}

#[test]
fn an_answer_that_depends_on_more_than_rows_has_no_tag() {
    let (server, _dir) = start(&[]);
    let mut bodies: Vec<Value> = [
        "customEvents | where timestamp > ago(1h)",
        "print now()",
        "print rand()",
        "customEvents | sample 1",
        "app('default').customEvents",
        "Audit | count",
        "let since = ago(1d); requests | where timestamp > since",
    ]
    .map(|kql| json!({ "kql": kql }))
    .into();
    bodies.push(json!({ "kql": "customEvents", "from": "2020-01-01" }));
    for body in bodies {
        let answer = ask(&server, "query", &body, None);
        assert_eq!((answer.status, answer.header("etag")), (200, None), "{body}");
    }
    let failing = json!({ "queries": [{ "id": "1", "kql": "nope" }] });
    assert_eq!(ask(&server, "batch", &failing, None).header("etag"), None);
}

#[test]
fn of_an_empty_answer_it_is_told_which_filter_left_nothing() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "e", 10).as_bytes()).status, 200);
    let kql = "customEvents\n| where name startswith 'e'\n| where name endswith '-3'\n\
               | extend x = 1 | where name == 'nobody' | project name | where name != 'x'";
    let found = lines(&call(&server, "query", &json!({ "kql": kql })));
    let stats = found.last().unwrap()["stats"].clone();
    let filters: Vec<(&str, u64, u64)> = stats["filters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            let rows = |name: &str| f[name].as_u64().unwrap();
            (f["text"].as_str().unwrap(), rows("rowsBefore"), rows("rows"))
        })
        .collect();
    assert_eq!(
        filters,
        [
            ("where name startswith 'e'", 10, 10),
            ("where name endswith '-3'", 10, 1),
            ("where name == 'nobody'", 1, 0),
        ]
    );
    assert_eq!(stats["filters"][2]["start"], kql.find("where name == 'nobody'").unwrap());
    // The time range counts as a filter too, at the name of its table.
    let body = json!({ "kql": "customEvents | where name startswith 'e'",
        "from": "2020-01-01", "to": "2020-01-02" });
    let stats = lines(&call(&server, "query", &body)).last().unwrap()["stats"].clone();
    let range = &stats["filters"][0];
    assert_eq!((&range["isRange"], &range["text"]), (&json!(true), &json!("customEvents")));
    assert_eq!((&range["rowsBefore"], &range["rows"]), (&json!(10), &json!(0)));
    // An answer with rows needs no reason.
    let stats = lines(&call(&server, "query", &json!({ "kql": "customEvents | where 1 == 1" })));
    assert_eq!(stats.last().unwrap()["stats"]["filters"], json!([]));
}

#[test]
fn an_answer_tells_where_its_time_went() {
    let (server, _dir) = start(&["--seal-age", "100ms"]);
    assert_eq!(server.track(events(KEY, "e", 100).as_bytes()).status, 200);
    wait_until("rows are in files", || {
        server
            .get("/metrics")
            .text()
            .lines()
            .any(|line| line.starts_with("telltale_extents ") && line != "telltale_extents 0")
    });
    let stats = |kql: &str| {
        lines(&call(&server, "query", &json!({ "kql": kql }))).last().unwrap()["stats"].clone()
    };
    let found = stats("customEvents | summarize n = count() by name | sort by n desc, name asc");
    let stages = found["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    let place = |name: &str| names.iter().position(|found| *found == name).unwrap();
    assert_eq!(place("scan"), 0, "{names:?}");
    assert!(place("summarize") < place("sort"), "{names:?}");
    assert_eq!(stages[place("summarize")]["rows"], 100, "{stages:?}");
    let data = server.get("/api/portal/data?app=default").json();
    let table = data["tables"].as_array().unwrap().iter().find(|t| t["name"] == "customEvents");
    let table = table.unwrap();
    assert_eq!((&table["rows"], &table["extents"]), (&json!(100), &json!(1)), "{table}");
    assert_eq!((&stages[0]["rows"], &found["rowsScanned"]), (&json!(100), &json!(100)));
    assert!(found["bytesScanned"].as_u64().unwrap() > 0);
    assert_eq!(found["extents"], json!({ "read": 1, "pruned": 0 }));
    let pruned = stats("customEvents | where timestamp < datetime(2020-01-01) | count");
    assert_eq!(pruned["extents"], json!({ "read": 0, "pruned": 1 }));
}

/// A query that gives rows for as long as anybody waits.
fn endless() -> Vec<u8> {
    let side = |name| format!("range {name} from 1 to 30000 step 1 | extend k = 1");
    let kql = format!("{} | join kind=inner ({}) on k", side("x"), side("y"));
    let body = json!({ "kql": kql }).to_string();
    client::request_bytes("POST", "/api/portal/query", &[JSON], body.as_bytes())
}

#[test]
fn a_query_ends_with_its_connection_within_a_tenth_of_a_second() {
    let (server, _dir) = start(&[]);
    let ending = || {
        let mut stream = client::connect(server.port);
        stream.write_all(&endless()).unwrap();
        stream.read_exact(&mut [0; 1000]).unwrap();
        assert_eq!(server.queries_running(), 1);
        drop(stream);
        let closed = Instant::now();
        while server.queries_running() > 0 {
            assert!(closed.elapsed() < Duration::from_secs(5));
        }
        closed.elapsed()
    };
    // The machine may be busy with something else now and then.
    let best = (0..5).map(|_| ending()).min().unwrap();
    assert!(best < Duration::from_millis(100), "{best:?}");
}

#[test]
fn a_query_is_cancelled_by_the_name_its_first_line_gives() {
    let (server, _dir) = start(&[]);
    let mut stream = client::connect(server.port);
    stream.write_all(&endless()).unwrap();
    let mut head = [0; 1000];
    stream.read_exact(&mut head).unwrap();
    let head = String::from_utf8_lossy(&head).into_owned();
    let id = head.split("\"queryId\":\"").nth(1).unwrap().split('"').next().unwrap();
    let command = json!({ "db": "default", "csl": format!(".cancel query '{id}'") });
    assert_eq!(server.kusto("/v1/rest/mgmt", &command).status, 200);
    wait_until("it ends", || server.queries_running() == 0);
}

#[test]
fn stored_rows_and_refused_items_are_told_to_whom_they_concern() {
    let (server, _dir) = start(&["--admin-key", ADMIN.1, "--retention", "30d,traces=7d"]);
    let made = json!({ "name": "zebra", "instrumentationKey": OTHER_KEY }).to_string();
    assert_eq!(server.post("/api/apps", &[JSON, ADMIN], made.as_bytes()).status, 201);
    let wish = json!({ "name": "k", "scopes": ["query"], "applications": ["zebra"] }).to_string();
    let made = server.post("/api/keys", &[JSON, ADMIN], wish.as_bytes()).json();
    let key = ("x-api-key", made["key"].as_str().unwrap());

    assert_eq!(server.track(events(KEY, "mine", 3).as_bytes()).status, 200);
    assert_eq!(server.track(events(OTHER_KEY, "other", 2).as_bytes()).status, 200);
    let nameless = event(OTHER_KEY, "x").replace("\"name\":\"x\"", "\"name\":\"\"");
    assert_eq!(server.track(nameless.as_bytes()).status, 400);
    let long = event(OTHER_KEY, &"l".repeat(2000));
    assert_eq!(server.track(long.as_bytes()).status, 200);
    let unknown = event("99999999-2222-3333-4444-555555555555", "x");
    assert_eq!(server.track(unknown.as_bytes()).status, 400);

    let data = |app: &str, headers: &[(&str, &str)]| {
        client::send(server.port, "GET", &format!("/api/portal/data?app={app}"), headers, b"")
    };
    let zebra = data("zebra", &[key]).json();
    let table = &zebra["tables"][0];
    assert_eq!((&table["name"], &table["group"]), (&json!("customEvents"), &json!("telemetry")));
    assert_eq!((&table["rows"], &table["days"][0]["rows"]), (&json!(3), &json!(3)));
    let today = chrono::Utc::now().date_naive().to_string();
    assert_eq!(table["days"][0]["day"], today);
    assert!(table["bytes"].as_u64().unwrap() > 0 && table["newest"].is_string());
    let found = &zebra["ingestion"];
    assert_eq!((&found["received"], &found["accepted"]), (&json!(4), &json!(3)));
    let rejected = found["rejected"].as_array().unwrap();
    assert_eq!(rejected.len(), 1, "{found}");
    assert_eq!((&rejected[0]["reason"], &rejected[0]["count"]), (&json!("required"), &json!(1)));
    assert!(rejected[0]["example"]["message"].as_str().unwrap().contains("'name'"));
    assert_eq!(found["cut"][0]["reason"], "EventData.name");
    assert_eq!(zebra["disk"]["free"], Value::Null);
    assert_eq!(zebra["retention"][0], json!({ "table": "customEvents", "days": 30 }));

    let all = data("default", &[ADMIN]).json();
    let names: Vec<&Value> =
        all["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert!(
        names.contains(&&json!("customEvents")) && names.contains(&&json!("Audit")),
        "{names:?}"
    );
    assert_eq!(all["ingestion"]["rejected"][0]["reason"], "invalid_key");
    assert_eq!(all["ingestion"]["rejected"][0]["isOwn"], false);
    assert!(all["disk"]["free"].as_u64().unwrap() > 0);
    assert!(all["disk"]["minFree"].as_u64().unwrap() > 0);

    assert_eq!(data("zebra", &[]).status, 401);
    assert_eq!((data("default", &[key]).status, data("nobody", &[key]).status), (403, 403));
    assert_eq!(data("nobody", &[ADMIN]).status, 404);
}

#[test]
fn looking_for_keys_that_fails_is_not_repeated_by_every_page() {
    let (server, _dir) = start(&["--queries-max", "1"]);
    assert_eq!(server.track(events(KEY, "e", 3).as_bytes()).status, 200);
    let mut stream = client::connect(server.port);
    stream.write_all(&endless()).unwrap();
    wait_until("the only place is taken", || server.queries_running() == 1);
    let schema = || server.get("/api/portal/schema?app=default").json();
    let all = std::thread::scope(|scope| {
        let pages = [(); 3].map(|()| scope.spawn(schema));
        pages.map(|page| page.join().unwrap())
    });
    for schema in all.iter().chain([&schema()]) {
        assert_eq!(schema["keysLooked"]["isMissing"], true);
        assert_eq!(schema["keysLooked"]["at"], all[0]["keysLooked"]["at"]);
    }
    assert!(server.get("/metrics").text().contains("telltale_queries_failed_total 1\n"));
}
