//! The portal's queries: lines while they are made, several at once, and what can be asked.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{self, Response};
use crate::server::{KEY, OTHER_KEY, Server, events, start, wait_until};

const JSON: (&str, &str) = ("content-type", "application/json");

/// The answer of a call of the portal.
pub fn call(server: &Server, path: &str, body: &Value) -> Response {
    server.post(&format!("/api/portal/{path}"), &[JSON], body.to_string().as_bytes())
}

/// The lines of an answer.
pub fn lines(answer: &Response) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn query(server: &Server, kql: &str) -> Vec<Value> {
    lines(&call(server, "query", &json!({ "app": "default", "kql": kql })))
}

/// The cells of the only column of an answer.
fn column(lines: &[Value]) -> Vec<Value> {
    let batches = lines.iter().filter_map(|line| line["batch"][0].as_array());
    batches.flatten().cloned().collect()
}

/// More rows than anybody waits for, the first of them at once.
fn endless() -> String {
    let side = |name| format!("range {name} from 1 to 30000 step 1 | extend k = 1");
    format!("{} | join kind=inner ({}) on k | project s = strcat(x, ' ', y)", side("x"), side("y"))
}

#[test]
fn an_answer_is_columns_rows_and_what_it_cost() {
    let (server, _dir) = start(&[]);
    let found =
        query(&server, "print a = 1, b = 'x' | render piechart with (title='T', series=a, b)");
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(
        found[0]["schema"],
        json!([{ "name": "a", "type": "long" }, { "name": "b", "type": "string" }])
    );
    assert_eq!(
        found[0]["render"],
        json!({ "kind": "piechart", "properties": { "title": "T", "series": ["a", "b"] } })
    );
    assert_eq!((&found[0]["timeInQuery"], &found[0]["parameters"]), (&json!(false), &json!([])));
    assert!(found[0]["queryId"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(found[1], json!({ "batch": [[1], ["x"]], "rows": 1 }));
    assert_eq!(found[2]["stats"]["rows"], 1);
    assert_eq!((&found[2]["partial"], &found[2]["error"]), (&Value::Null, &Value::Null));
    assert!(found[2]["stats"]["elapsedMs"].as_f64().is_some_and(|ms| ms > 0.0));
}

#[test]
fn further_tables_follow_in_turn_and_an_empty_one_has_its_columns() {
    let (server, _dir) = start(&[]);
    let found = query(&server, "print 1; requests | project name; print b = 2");
    let kinds: Vec<Value> = found.iter().map(|line| line["table"].clone()).collect();
    assert_eq!(kinds, [json!(null), json!(null), json!(1), json!(2), json!(null), json!(null)]);
    assert_eq!(found[2]["schema"], json!([{ "name": "name", "type": "string" }]));
    assert_eq!(found[4]["batch"], json!([[2]]));
    assert_eq!(found[5]["stats"]["rows"], 2);
}

#[test]
fn every_value_keeps_its_digits() {
    let (server, _dir) = start(&[]);
    for (kql, wanted) in [
        ("9007199254740992", json!(9_007_199_254_740_992_i64)),
        ("9007199254740993", json!("9007199254740993")),
        ("long(-9223372036854775807)", json!("-9223372036854775807")),
        ("long(null)", Value::Null),
        ("int(-5)", json!(-5)),
        ("decimal(1234567890.125)", json!("1234567890.125")),
        ("decimal(null)", Value::Null),
        ("1.5", json!(1.5)),
        ("real(nan)", json!("NaN")),
        ("real(+inf)", json!("Infinity")),
        ("real(-inf)", json!("-Infinity")),
        ("datetime(2026-11-29T16:08:00.1234567Z)", json!("2026-11-29T16:08:00.1234567Z")),
        ("datetime(2026-11-29)", json!("2026-11-29T00:00:00.0000000Z")),
        ("datetime(null)", Value::Null),
        ("timespan(1.02:03:04)", json!("1.02:03:04.0000000")),
        ("-1tick", json!("-00:00:00.0000001")),
        ("true", json!(true)),
        ("bool(null)", Value::Null),
        (
            "guid(74BE27DE-1E4E-49D9-B579-FE0B331D3642)",
            json!("74be27de-1e4e-49d9-b579-fe0b331d3642"),
        ),
        ("dynamic({'a':[1,'x',null]})", json!({ "a": [1, "x", null] })),
        ("dynamic('text')", json!("text")),
        ("dynamic(null)", Value::Null),
        ("''", json!("")),
        ("'\\u0000\\u202e\"<script>\\n'", json!("\u{0}\u{202e}\"<script>\n")),
    ] {
        let found = query(&server, &format!("print v = {kql}"));
        assert_eq!(found[1]["batch"][0][0], wanted, "{kql}");
    }
}

#[test]
fn the_first_rows_of_many_come_before_the_last() {
    let (server, _dir) = start(&[]);
    let body = json!({ "app": "default", "rowsMax": 1_000_000, "kql": endless() }).to_string();
    for headers in [vec![JSON], vec![JSON, ("accept-encoding", "gzip")]] {
        let bytes = client::request_bytes("POST", "/api/portal/query", &headers, body.as_bytes());
        let mut stream = client::connect(server.port);
        stream.write_all(&bytes).unwrap();
        let started = Instant::now();
        let mut head = [0; 2000];
        stream.read_exact(&mut head).unwrap();
        assert!(String::from_utf8_lossy(&head).starts_with("HTTP/1.1 200"));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!(server.queries_running(), 1);
        drop(stream);
        let closed = Instant::now();
        wait_until("the query ends with its connection", || server.queries_running() == 0);
        assert!(closed.elapsed() < Duration::from_secs(1), "{:?}", closed.elapsed());
    }
}

#[test]
fn thirty_thousand_rows_come_whole_and_in_order() {
    let (server, _dir) = start(&[]);
    let kql = "range x from 1 to 30000 step 1 | extend s = strcat('row ', x), t = 1h * x";
    let found = query(&server, kql);
    let count = found.len();
    assert!(count > 10, "{count} lines");
    let rows: u64 = found.iter().filter_map(|line| line["rows"].as_u64()).sum();
    assert_eq!(rows, 30_000);
    let numbers: Vec<i64> = column(&found).iter().map(|cell| cell.as_i64().unwrap()).collect();
    assert!(numbers.iter().copied().eq(1..=30_000));
    assert_eq!(found[count - 1]["stats"]["rows"], 30_000);
}

#[test]
fn what_a_limit_cuts_is_announced() {
    let (server, _dir) = start(&[]);
    let body = json!({ "app": "default", "rowsMax": 10, "kql": "range x from 1 to 100 step 1" });
    let found = lines(&call(&server, "query", &body));
    let last = found.last().unwrap();
    assert_eq!(column(&found).len(), 10);
    assert_eq!((&last["stats"]["rows"], &last["partial"]["code"]), (&json!(10), &json!("rows")));
    assert!(last["partial"]["message"].as_str().unwrap().contains("10 rows"));
}

#[test]
fn a_query_that_is_wrong_has_a_status_and_places_in_its_text() {
    let (server, _dir) = start(&[]);
    let kql = "// 😀 two units\nrequests | where nme == 1";
    let answer = call(&server, "query", &json!({ "app": "default", "kql": kql }));
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    let finding = &error["diagnostics"][0];
    assert_eq!(error["code"], "query");
    assert!(error["requestId"].as_str().is_some_and(|id| id.len() == 36));
    let start = kql[..kql.find("nme").unwrap()].encode_utf16().count();
    assert_eq!((&finding["start"], &finding["end"]), (&json!(start), &json!(start + 3)));
    assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(18)));
    assert_eq!(finding["suggestion"], "did you mean `name`?");
    assert_eq!(finding["replacement"], "name");
}

#[test]
fn a_query_that_fails_late_keeps_its_rows_and_says_so() {
    let (server, _dir) = start(&["--query-time", "5s"]);
    let kql = format!("print 1; {} | summarize max(s)", endless());
    let body = json!({ "app": "default", "kql": kql }).to_string();
    for encoding in ["identity", "gzip"] {
        let headers = [JSON, ("accept-encoding", encoding)];
        let bytes = client::request_bytes("POST", "/api/portal/query", &headers, body.as_bytes());
        let mut stream = client::connect(server.port);
        stream.write_all(&bytes).unwrap();
        // The first row is there while the second table is still being made.
        let mut all = Vec::new();
        let mut piece = [0; 4096];
        let has_row = |all: &[u8]| {
            let text = String::from_utf8_lossy(all).into_owned();
            let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            body.contains("batch") || (encoding == "gzip" && body.len() > 100)
        };
        while !has_row(&all) {
            let count = stream.read(&mut piece).unwrap();
            all.extend_from_slice(&piece[..count]);
            assert!(count > 0, "{encoding}: {}", String::from_utf8_lossy(&all).escape_debug());
        }
        let shown = String::from_utf8_lossy(&all).into_owned();
        let shown = shown.escape_debug();
        assert_eq!(server.queries_running(), 1, "{encoding} {shown}");
        stream.read_to_end(&mut all).unwrap();
        let answer = client::read(&mut all.as_slice()).unwrap();
        let text = match encoding {
            "gzip" => client::gunzip(&answer.body),
            _ => answer.body,
        };
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        let last = lines.last().unwrap();
        assert_eq!(lines[1]["batch"], json!([[1]]), "{encoding}");
        assert_eq!((&last["stats"]["rows"], &last["error"]["code"]), (&json!(1), &json!("limit")));
        assert!(last["error"]["requestId"].is_string());
        assert_eq!(last["error"]["status"], 504);
    }
}

#[test]
fn a_range_counts_unless_the_text_says_which_time_is_meant() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "now", 3).as_bytes()).status, 200);
    let ask = |kql: &str, from: Value, to: Value| {
        let body = json!({ "app": "default", "kql": kql, "from": from, "to": to });
        let found = lines(&call(&server, "query", &body));
        (found[0]["timeInQuery"].clone(), found[1]["batch"][0][0].clone())
    };
    let (old, older) = (json!("2020-01-02T00:00:00Z"), json!("2020-01-01T00:00:00Z"));
    let plain = "customEvents | count";
    let timed = "customEvents | where timestamp > ago(1h) | count";
    assert_eq!(ask(plain, Value::Null, Value::Null), (json!(false), json!(3)));
    assert_eq!(ask(plain, older.clone(), old.clone()), (json!(false), json!(0)));
    assert_eq!(ask(plain, older.clone(), Value::Null), (json!(false), json!(3)));
    assert_eq!(ask(timed, older, old.clone()), (json!(true), json!(3)));
    for (from, to) in [(json!("yesterday"), Value::Null), (Value::Null, json!(5))] {
        let body = json!({ "app": "default", "kql": plain, "from": from, "to": to });
        assert_eq!(call(&server, "query", &body).status, 400, "{body}");
    }
    let body = json!({ "app": "default", "kql": plain, "from": "2030-01-01", "to": old });
    assert_eq!(call(&server, "query", &body).status, 400);
}

#[test]
fn queries_of_a_page_have_each_their_own_answer() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "e", 3).as_bytes()).status, 200);
    let body = json!({ "app": "default", "queries": [
        { "id": "n", "kql": "customEvents | count" },
        { "id": "bad", "kql": "customEvents | where nope" },
        { "id": "big", "kql": "range x from 1 to 20000 step 1" },
        { "id": "none", "kql": "requests | project name, duration" },
        { "id": "empty", "kql": " " },
    ] });
    let answer = call(&server, "batch", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let results = answer["results"].as_array().unwrap();
    let ids: Vec<&Value> = results.iter().map(|result| &result["id"]).collect();
    assert_eq!(ids, ["n", "bad", "big", "none", "empty"]);
    assert_eq!(results[0]["columns"], json!([[3]]));
    assert_eq!((&results[0]["error"], &results[0]["partial"]), (&Value::Null, &Value::Null));
    assert_eq!(results[1]["error"]["diagnostics"][0]["severity"], "error");
    assert_eq!(results[1]["error"]["status"], 400);
    assert_eq!(results[2]["rows"], 10_000);
    assert_eq!(results[2]["columns"][0].as_array().unwrap().len(), 10_000);
    assert_eq!(results[2]["partial"]["code"], "rows");
    assert_eq!(results[3]["columns"], json!([[], []]));
    assert_eq!(results[4]["error"]["code"], "bad_request");
    assert!(answer["now"].as_str().unwrap().ends_with('Z'));
}

/// The questions of a page about a word, in files and in memory, asked at once and once more.
#[test]
fn queries_of_a_page_find_a_word_where_each_alone_finds_it() {
    let (server, _dir) = start(&["--seal-age", "100ms"]);
    assert_eq!(server.track(events(KEY, "odd", 60).as_bytes()).status, 200);
    wait_until("rows are in files", || {
        server.get("/metrics").text().contains("\ntelltale_head_rows 0\n")
    });
    let questions = ["count", "summarize by name | order by name asc", "top 3 by itemId asc"];
    let compare = |wanted: u64| {
        for word in ["odd", "7", "default", "nothing"] {
            let texts = questions.map(|question| {
                format!("union customEvents, requests | where * has '{word}' | {question}")
            });
            let queries: Vec<Value> = (0..texts.len())
                .map(|at| json!({ "id": at.to_string(), "kql": texts[at] }))
                .collect();
            for _ in 0..2 {
                let answer = call(&server, "batch", &json!({ "queries": queries })).json();
                for (at, text) in texts.iter().enumerate() {
                    let alone = query(&server, text);
                    let batches = alone.iter().find_map(|line| line.get("batch")).cloned();
                    let found = &answer["results"][at];
                    let is_empty = found["rows"] == 0;
                    assert_eq!(batches.is_none(), is_empty, "{text}: {found}");
                    assert!(is_empty || batches.as_ref() == Some(&found["columns"]), "{text}");
                }
                let rows = &answer["results"][0]["columns"][0][0];
                assert!(word != "odd" || *rows == wanted, "{answer}");
            }
        }
    };
    compare(60);
    assert_eq!(server.track(events(KEY, "odd", 40).as_bytes()).status, 200);
    compare(100);
}

#[test]
fn a_batch_has_its_limits() {
    let (server, _dir) = start(&[]);
    let member = |id: usize| json!({ "id": id.to_string(), "kql": "print 1" });
    for (queries, wanted) in [
        (json!((0..20).map(member).collect::<Vec<_>>()), 200),
        (json!([]), 200),
        (json!((0..21).map(member).collect::<Vec<_>>()), 400),
        (json!([member(1), member(1)]), 400),
        (json!([5]), 400),
        (json!([{ "id": 5, "kql": "print 1" }]), 400),
        (json!("print 1"), 400),
        (Value::Null, 400),
    ] {
        let answer = call(&server, "batch", &json!({ "queries": queries }));
        assert_eq!(answer.status, wanted, "{}", answer.text());
    }
    let huge = vec![b' '; (8 << 20) + 1];
    for path in ["/api/portal/batch", "/api/portal/query"] {
        assert_eq!(server.post(path, &[JSON], &huge).status, 413, "{path}");
        assert_eq!(server.post(path, &[JSON], b"[1]").status, 400, "{path}");
        assert_eq!(server.post(path, &[JSON], b"{").status, 400, "{path}");
        assert_eq!(server.post(path, &[JSON], b"").status, 400, "{path}");
        assert_eq!(server.get(path).status, 405, "{path}");
    }
    for rows_max in [json!(0), json!(-1), json!("5"), json!(1.5)] {
        let body = json!({ "kql": "print 1", "rowsMax": rows_max });
        assert_eq!(call(&server, "query", &body).status, 400, "{body}");
    }
}

#[test]
fn the_schema_lists_tables_keys_functions_and_words() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "e", 3).as_bytes()).status, 200);
    let command = json!({ "db": "default", "csl": ".create table Mine (a:long, At:datetime)" });
    assert_eq!(server.kusto("/v1/rest/mgmt", &command).status, 200);
    let answer = server.get("/api/portal/schema?app=default");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let schema = answer.json();
    let tables = schema["tables"].as_array().unwrap();
    let table = |name: &str| tables.iter().find(|table| table["name"] == name).unwrap();
    let events = table("customEvents");
    assert_eq!(
        (&events["group"], &events["timeColumn"]),
        (&json!("telemetry"), &json!("timestamp"))
    );
    assert_eq!(
        events["keys"],
        json!([{ "column": "customDimensions", "key": "kind", "rows": 3 },
            { "column": "customMeasurements", "key": "n", "rows": 3 }])
    );
    assert_eq!(table("requests")["keys"], json!([]));
    assert_eq!(table("TimelineBuilds")["group"], "pipelines");
    assert_eq!(table("Mine")["group"], "own");
    assert_eq!(table("Audit")["group"], "system");
    assert_eq!(table("Mine")["columns"][0], json!({ "name": "a", "type": "long", "doc": "" }));
    assert!(tables.iter().all(|table| table["name"] != "AppRequests"));
    assert!(
        schema["workspaceTables"].as_array().unwrap().iter().any(|t| t["name"] == "AppRequests")
    );
    let functions = schema["functions"].as_array().unwrap();
    let share = functions.iter().find(|f| f["name"] == "WilsonLow").unwrap();
    assert_eq!(share["parameters"][0]["type"], "long", "{share}");
    assert!(functions.iter().any(|f| f["columns"].is_array()));
    let docs = &schema["implemented"]["docs"];
    assert!(docs["operators"]["mv-expand"]["form"].as_str().unwrap().starts_with("T | mv-expand"));
    assert!(docs["functions"]["strcat"].as_str().unwrap().contains("joined"));
    let has = |kind: &str, name: &str| {
        schema["implemented"][kind].as_array().unwrap().iter().any(|word| word == name)
    };
    for (kind, name) in [
        ("functions", "strcat"),
        ("functions", "row_number"),
        ("aggregates", "dcount"),
        ("operators", "summarize"),
        ("plugins", "bag_unpack"),
        ("renders", "timechart"),
    ] {
        assert!(has(kind, name), "{kind}: {name}");
    }
    assert!(!has("operators", "reduce") && !has("functions", "summarize"));
}

#[test]
fn callers_see_their_applications_only() {
    let (server, _dir) = start(&["--admin-key", "the-admin-key-of-this-test"]);
    let admin = ("x-api-key", "the-admin-key-of-this-test");
    let made = json!({ "name": "zebra", "instrumentationKey": OTHER_KEY }).to_string();
    assert_eq!(server.post("/api/apps", &[JSON, admin], made.as_bytes()).status, 201);
    let wish = json!({ "name": "k", "scopes": ["query"], "applications": ["zebra"] }).to_string();
    let key = server.post("/api/keys", &[JSON, admin], wish.as_bytes()).json()["key"].clone();
    let key = ("x-api-key", key.as_str().unwrap());
    let body = |app: &str| {
        json!({ "app": app, "kql": "print 1", "queries": [{ "id": "1", "kql": "print 1" }] })
            .to_string()
    };
    for path in ["/api/portal/query", "/api/portal/batch"] {
        let ask = |app: &str, headers: &[(&str, &str)]| {
            let headers = [&[JSON], headers].concat();
            server.post(path, &headers, body(app).as_bytes())
        };
        assert_eq!(ask("zebra", &[]).status, 401, "{path}");
        assert_eq!(ask("zebra", &[admin]).status, 200, "{path}");
        assert_eq!(ask("zebra", &[key]).status, 200, "{path}");
        let (hidden, missing) = (ask("default", &[key]), ask("nobody", &[key]));
        assert_eq!((hidden.status, missing.status), (403, 403), "{path}");
        assert_eq!(hidden.json()["error"]["message"], missing.json()["error"]["message"]);
        assert_eq!(ask("nobody", &[admin]).status, 404, "{path}");
    }
    let schema = |app: &str, headers: &[(&str, &str)]| {
        client::send(server.port, "GET", &format!("/api/portal/schema?app={app}"), headers, b"")
    };
    assert_eq!(schema("zebra", &[]).status, 401);
    assert_eq!(schema("zebra", &[key]).status, 200);
    assert_eq!((schema("default", &[key]).status, schema("nobody", &[key]).status), (403, 403));
    let hostile = "app('default').requests | count";
    let body = json!({ "app": "zebra", "kql": hostile }).to_string();
    let answer = server.post("/api/portal/query", &[JSON, key], body.as_bytes());
    assert!(answer.status == 400 && answer.text().contains("no application"), "{}", answer.text());
}

#[test]
fn parameters_of_a_text_get_the_values_of_the_call() {
    let (server, _dir) = start(&[]);
    let kql = "declare query_parameters(n:long = 5, s:string, since:timespan = 1d);\n\
               print n = n, s = s, since = since";
    let ask = |path: &str, parameters: Value| {
        call(&server, path, &json!({ "app": "default", "kql": kql, "parameters": parameters }))
    };
    let found = lines(&ask("query", json!({ "s": "a'b", "since": "2h" })));
    assert_eq!(found[1]["batch"], json!([[5], ["a'b"], ["02:00:00.0000000"]]));
    let found = lines(&ask("query", json!("{\"s\": \"x\", \"n\": 7}")));
    assert_eq!(found[1]["batch"][0], json!([7]));
    let export = json!({ "kql": kql, "parameters": { "s": "=1", "n": "-3" }, "format": "csv" });
    assert_eq!(
        call(&server, "export", &export).text(),
        "n,s,since\r\n-3,'=1,1.00:00:00.0000000\r\n"
    );

    let missing = ask("query", json!({}));
    assert_eq!(missing.status, 400, "{}", missing.text());
    assert!(missing.text().contains("no value is given for the parameter `s`"));
    let wrong = ask("query", json!({ "s": "", "n": "many" })).json();
    assert_eq!(wrong["error"]["message"], "the value given for `n` is not of type long");
    assert_eq!(wrong["error"]["diagnostics"][0]["start"], 25);
    assert_eq!(ask("query", json!([1])).status, 400);

    let checked = ask("check", json!({ "s": "x" })).json();
    assert_eq!(checked["diagnostics"], json!([]));
    let default =
        |text: &str, start: u64, end: u64| json!({ "text": text, "start": start, "end": end });
    assert_eq!(
        checked["parameters"],
        json!([
            { "name": "n", "type": "long", "start": 25, "end": 26,
              "default": default("5", 34, 35) },
            { "name": "s", "type": "string", "start": 37, "end": 38, "default": null },
            { "name": "since", "type": "timespan", "start": 47, "end": 52,
              "default": default("1d", 64, 66) },
        ])
    );
}

#[test]
fn the_forms_of_a_query_are_told_without_its_files() {
    let (server, _dir) = start(&["--seal-age", "100ms"]);
    server.track(events(KEY, "a", 2).as_bytes());
    wait_until("the rows are sealed", || {
        server.get("/metrics").text().contains("table=\"customEvents\",place=\"extents\"} 2")
    });
    let body = json!({ "kql": "customEvents | where name == 'a-0' | count", "explain": true });
    let answer = call(&server, "query", &body).json();
    let forms = answer["forms"].as_array().unwrap();
    let names: Vec<&str> = forms.iter().filter_map(|form| form["name"].as_str()).collect();
    assert_eq!(
        names,
        ["syntax tree", "bound query", "logical plan", "optimized plan", "physical plan"]
    );
    let physical = forms[4]["text"].as_str().unwrap();
    assert!(physical.contains("files=1"), "{physical}");
    assert!(!physical.contains(".parquet") && !physical.contains("extents/"), "{physical}");
    assert_eq!(answer["isCut"], false);

    let long = format!("print '{}'", "x".repeat(300_000));
    let answer = call(&server, "query", &json!({ "kql": long, "explain": true })).json();
    assert_eq!(answer["isCut"], true);
    let texts = answer["forms"].as_array().unwrap().iter().filter_map(|form| form["text"].as_str());
    assert_eq!(texts.map(str::len).sum::<usize>(), 256 << 10);
    assert!(answer["bytes"].as_u64().is_some_and(|bytes| bytes > 300_000));
    let wrong = call(&server, "query", &json!({ "kql": "nothing", "explain": true }));
    assert_eq!((wrong.status, &wrong.json()["error"]["code"]), (400, &json!("query")));
}

#[test]
fn a_page_is_told_how_many_rows_it_may_show() {
    let (server, _dir) = start(&["--portal-rows-max", "250"]);
    assert_eq!(server.get("/api/portal/session").json()["rowsMax"], 250);
    let (server, _dir) = start(&["--query-rows-max", "100"]);
    assert_eq!(server.get("/api/portal/session").json()["rowsMax"], 100);
}
