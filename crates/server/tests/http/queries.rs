//! The shapes of the two query APIs (spec query-api.md §1, §2, §4, §7).

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{connect, gunzip, gzip, request_bytes, send};
use crate::server::{KEY, Server, event, events, fixtures, output, start};

fn query_body(server: &Server, body: &Value, headers: &[(&str, &str)]) -> Value {
    let answer = server.post("/v1/apps/default/query", headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// All types, then nulls, with the reals JSON cannot write.
const TYPES: &str = "print b=true, i=int(1), l=9007199254740993, r=1.5, n=real(nan), \
    p=real(+inf), s='a\"b', d=datetime(2024-01-02T03:04:05.1234567Z), t=1d+2s, \
    g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), y=dynamic({'a':[1,'x']}), \
    z=int(null), e=''";

#[test]
fn application_insights_cells_have_their_forms() {
    let (server, _dir) = start(&[]);
    let answer = query_body(&server, &json!({ "query": TYPES }), &[]);
    let table = &answer["tables"][0];
    assert_eq!(table["name"], "PrimaryResult");
    let types: Vec<&str> =
        table["columns"].as_array().unwrap().iter().map(|c| c["type"].as_str().unwrap()).collect();
    let want = [
        "bool", "int", "long", "real", "real", "real", "string", "datetime", "timespan", "guid",
        "dynamic", "int", "string",
    ];
    assert_eq!(types, want);
    assert_eq!(
        table["rows"],
        json!([[
            true,
            1,
            9_007_199_254_740_993_i64,
            1.5,
            "NaN",
            "Infinity",
            "a\"b",
            "2024-01-02T03:04:05.1234567Z",
            "1.00:00:02",
            "74be27de-1e4e-49d9-b579-fe0b331d3642",
            "{\"a\":[1,\"x\"]}",
            null,
            "",
        ]])
    );
}

#[test]
fn kusto_answers_have_four_tables_and_both_type_names() {
    let (server, _dir) = start(&[]);
    let body = json!({ "db": "NetDefaultDB", "csl": format!("{TYPES} | render table") });
    let answer = server.kusto("/v1/rest/query", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let tables = answer["Tables"].as_array().unwrap();
    let names: Vec<&str> = tables.iter().map(|t| t["TableName"].as_str().unwrap()).collect();
    assert_eq!(names, ["Table_0", "Table_1", "Table_2", "Table_3"]);
    let columns = tables[0]["Columns"].as_array().unwrap();
    let pairs: Vec<(&str, &str)> = columns
        .iter()
        .map(|c| (c["DataType"].as_str().unwrap(), c["ColumnType"].as_str().unwrap()))
        .collect();
    let want = [
        ("SByte", "bool"),
        ("Int32", "int"),
        ("Int64", "long"),
        ("Double", "real"),
        ("Double", "real"),
        ("Double", "real"),
        ("String", "string"),
        ("DateTime", "datetime"),
        ("TimeSpan", "timespan"),
        ("Guid", "guid"),
        ("Object", "dynamic"),
        ("Int32", "int"),
        ("String", "string"),
    ];
    assert_eq!(pairs, want);
    assert_eq!(tables[0]["Rows"][0][10], json!({ "a": [1, "x"] }));
    assert_eq!(tables[0]["Rows"][0][4], "NaN");
    let properties: Value =
        serde_json::from_str(tables[1]["Rows"][0][0].as_str().unwrap()).unwrap();
    assert_eq!(properties["Visualization"], "table");
    assert_eq!(tables[2]["Rows"][0][4], "Query completed successfully");
    let kinds: Vec<&str> =
        tables[3]["Rows"].as_array().unwrap().iter().map(|r| r[1].as_str().unwrap()).collect();
    assert_eq!(kinds, ["QueryResult", "QueryProperties", "QueryStatus"]);
}

#[test]
fn telemetry_is_queryable_at_once_in_both_vocabularies() {
    let (server, _dir) = start(&["--ingest-time-window", "off"]);
    let body =
        std::fs::read(fixtures().join("node-applicationinsights-2.9.8/batch.ndjson")).unwrap();
    assert_eq!(server.track(&body).status, 200);
    assert_eq!(server.rows("requests | count"), json!([[3]]));
    assert_eq!(server.rows("AppRequests | count"), json!([[3]]));
    assert_eq!(
        server.rows(
            "union requests, dependencies, exceptions, traces, customEvents, pageViews, \
            availabilityResults, customMetrics | count"
        ),
        json!([[19]])
    );
}

#[test]
fn timespans_of_every_form_narrow_the_rows() {
    let (server, _dir) = start(&["--ingest-time-window", "off"]);
    let old = event(KEY, "old");
    let mut old: Value = serde_json::from_str(&old).unwrap();
    old["time"] = json!("2024-01-01T12:00:00Z");
    let body = format!("{old}\n{}", event(KEY, "new"));
    assert_eq!(server.track(body.as_bytes()).status, 200);
    for (timespan, names) in [
        (json!("PT12H"), json!([["new"]])),
        (json!("P1D"), json!([["new"]])),
        (json!("PT86400.0S"), json!([["new"]])),
        (json!("2024-01-01T00:00:00.000Z/PT86400.0S"), json!([["old"]])),
        (json!("2024-01-01/2024-01-02"), json!([["old"]])),
        (json!("P1D/2024-01-02T00:00:00Z"), json!([["old"]])),
        (json!("2023-01-01/2023-01-02"), json!([])),
        (json!(null), json!([["new"], ["old"]])),
    ] {
        let query = "customEvents | project name | order by name asc";
        let body = json!({ "query": query, "timespan": timespan });
        let answer = query_body(&server, &body, &[]);
        assert_eq!(answer["tables"][0]["rows"], names, "{timespan}");
    }
    for wrong in ["yesterday", "P", "PT", "2024-01-02/2024-01-01", "P1D/P1D"] {
        let body = json!({ "query": "print 1", "timespan": wrong }).to_string();
        let answer = server.post("/v1/apps/default/query", &[], body.as_bytes());
        assert_eq!(answer.status, 400, "{wrong}");
        assert_eq!(answer.json()["error"]["code"], "BadArgumentError");
    }
    let app_id = server.ready["appId"].as_str().unwrap();
    let path = format!("/v1/apps/{app_id}/query?query=customEvents%20%7C%20count&timespan=PT1H");
    assert_eq!(server.get(&path).json()["tables"][0]["rows"], json!([[1]]));
}

#[test]
fn prefer_adds_statistics_render_and_the_other_shape() {
    let (server, _dir) = start(&[]);
    let body = json!({ "query": "print x=1 | render timechart with (title='t')" });
    let plain = query_body(&server, &body, &[]);
    assert_eq!(plain.as_object().unwrap().keys().collect::<Vec<_>>(), ["tables"]);
    let prefer = [("prefer", "wait=30, include-statistics=true,include-render=true")];
    let rich = query_body(&server, &body, &prefer);
    assert_eq!(rich["render"]["visualization"], "timechart");
    assert_eq!(rich["render"]["title"], "t");
    assert!(rich["statistics"]["query"]["executionTime"].is_number());
    let kusto = query_body(&server, &body, &[("prefer", "ai.response-thinning=false")]);
    assert_eq!(kusto["Tables"][0]["Columns"][0]["ColumnName"], "x");
}

#[test]
fn wrong_queries_are_told_where_they_are_wrong() {
    let (server, _dir) = start(&[]);
    let text = "requests\n| summarize count() by nme";
    let answer = server.query(text);
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "BadArgumentError");
    assert!(error["correlationId"].is_string());
    assert_eq!(error["innererror"]["code"], "SemanticError");
    let inner = &error["innererror"]["innererror"];
    assert_eq!((&inner["line"], &inner["pos"]), (&json!(2), &json!(24)));
    assert_eq!(inner["token"], "nme");
    assert!(inner["code"].as_str().unwrap().starts_with("SEM"), "{inner}");
    let syntax = server.query("requests | where (").json()["error"].clone();
    assert_eq!(syntax["innererror"]["code"], "SyntaxError");
    assert!(syntax["innererror"]["innererror"]["code"].as_str().unwrap().starts_with("SYN"));

    let answer = server.kusto("/v1/rest/query", &json!({ "db": "default", "csl": text }));
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "General_BadRequest");
    assert_eq!(error["@type"], "Kusto.Data.Exceptions.SemanticException");
    assert_eq!(error["@permanent"], true);
    assert_eq!(error["innererror"]["line"], 2);
    assert!(error["@message"].as_str().unwrap().contains("[line:position=2:24]"), "{error}");
}

#[test]
fn cut_results_say_so_in_each_shape() {
    let (server, _dir) = start(&["--query-rows-max", "2"]);
    let text = "range x from 1 to 5 step 1";
    let answer = server.query(text);
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    assert_eq!(answer["tables"][0]["rows"].as_array().unwrap().len(), 2);
    assert_eq!(answer["error"]["code"], "PartialError");
    let inner = &answer["error"]["details"][0]["innererror"];
    assert_eq!(inner["allowed"], 2);
    assert!(inner["message"].as_str().unwrap().contains('2'));
    let answer = server.kusto("/v1/rest/query", &json!({ "db": "", "csl": text })).json();
    let rows = answer["Tables"][0]["Rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows[2]["Exceptions"][0].as_str().unwrap().contains("E_QUERY_RESULT_SET_TOO_LARGE"));
    let properties = json!({ "Options": { "notruncation": true } });
    for properties in [properties.clone(), Value::from(properties.to_string())] {
        let body = json!({ "db": "", "csl": text, "properties": properties });
        let answer = server.kusto("/v1/rest/query", &body).json();
        assert_eq!(answer["Tables"][0]["Rows"].as_array().unwrap().len(), 5);
    }
    let records = json!({ "Options": { "truncationmaxrecords": 3 } });
    let body = json!({ "db": "", "csl": text, "properties": records });
    let answer = server.kusto("/v1/rest/query", &body).json();
    assert_eq!(answer["Tables"][0]["Rows"].as_array().unwrap().len(), 4);
    let wanted = json!({ "Options": { "query_take_max_records": 1 } });
    let body = json!({ "db": "", "csl": text, "properties": wanted });
    let answer = server.kusto("/v1/rest/query", &body).json();
    assert_eq!(answer["Tables"][0]["Rows"].as_array().unwrap().len(), 1);
}

#[test]
fn query_parameters_are_bound_as_values() {
    let (server, _dir) = start(&[]);
    let csl = "declare query_parameters(n:long, s:string); print n + 1, s";
    let parameters = json!({ "Parameters": { "n": "41", "s": "it's" } });
    let body = json!({ "db": "", "csl": csl, "properties": parameters });
    let answer = server.kusto("/v1/rest/query", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["Tables"][0]["Rows"], json!([[42, "it's"]]));
}

#[test]
fn a_call_sees_one_application_unless_it_asks_for_more() {
    let (server, _dir) = start(&[]);
    let key = "22222222-2222-3333-4444-555555555555";
    let url = server.url.as_str();
    output(&["apps", "create", "second", "--instrumentation-key", key, "--url", url]);
    let body = format!("{}{}", events(KEY, "a", 2), events(key, "b", 3));
    let answer = server.track(body.as_bytes()).json();
    assert_eq!(answer["itemsAccepted"], 5);
    assert_eq!(answer["appId"], server.ready["appId"]);
    assert_eq!(server.rows("customEvents | count"), json!([[2]]));
    let second = server.get("/v1/apps/second/query?query=customEvents%7Ccount").json();
    assert_eq!(second["tables"][0]["rows"], json!([[3]]));
    let both = json!({ "query": "customEvents | count", "applications": ["second"] });
    assert_eq!(query_body(&server, &both, &[])["tables"][0]["rows"], json!([[5]]));
    let named = server.rows("union customEvents, app('second').customEvents | count");
    assert_eq!(named, json!([[5]]));
    let unknown = server.get("/v1/apps/nobody/query?query=print%201");
    assert_eq!(unknown.status, 404);
    assert!(unknown.json()["error"]["message"].as_str().unwrap().contains("`nobody`"));
    let unknown = server.kusto("/v1/rest/query", &json!({ "db": "nobody", "csl": "print 1" }));
    assert_eq!(unknown.json()["error"]["code"], "BadRequest_EntityNotFound");
}

fn column(table: &Value, name: &str) -> Vec<Value> {
    let columns = table["Columns"].as_array().unwrap();
    let at = columns.iter().position(|c| c["ColumnName"] == name).unwrap();
    table["Rows"].as_array().unwrap().iter().map(|row| row[at].clone()).collect()
}

#[test]
fn management_commands_show_databases_tables_and_schemas() {
    let (server, _dir) = start(&[]);
    let show = |path: &str, csl: &str| {
        let answer = server.kusto(path, &json!({ "db": "default", "csl": csl }));
        assert_eq!(answer.status, 200, "{csl}: {}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["Tables"].as_array().unwrap().len(), 1, "{csl}");
        answer["Tables"][0].clone()
    };
    for path in ["/v1/rest/mgmt", "/v1/rest/query"] {
        let names = column(&show(path, ".show tables"), "TableName");
        assert!(names.contains(&json!("requests")) && names.contains(&json!("AppRequests")));
        assert_eq!(column(&show(path, ".SHOW  Databases"), "DatabaseName"), [json!("default")]);
        assert_eq!(column(&show(path, ".show version"), "ServiceType"), [json!("Engine")]);
        let schema = show(path, ".show database schema as json");
        let text = column(&schema, "DatabaseSchema")[0].clone();
        let schema: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
        let first = &schema["Databases"]["default"]["Tables"]["requests"]["OrderedColumns"][0];
        let want = json!({ "Name": "timestamp", "Type": "System.DateTime", "CslType": "datetime" });
        assert_eq!(first, &want);
    }
    show("/v1/rest/mgmt", ".show database ['default'] schema");
    show("/v1/rest/mgmt", ".show databases (['default']) schema as json");
    let schema = show("/v1/rest/mgmt", ".show table requests cslschema");
    assert!(column(&schema, "Schema")[0].as_str().unwrap().starts_with("timestamp:datetime,"));
    let body = json!({ "db": "", "csl": ".show databases" });
    assert_eq!(
        server.kusto("/v1/rest/mgmt", &body).json()["Tables"][0]["Columns"][3]["DataType"],
        "Boolean"
    );
    for (csl, status) in [
        (".show secrets", 400),
        (".drop table requests", 400),
        (".purge table T", 400),
        (".create function f() { 1 }", 400),
        (".ingest into table T (h'https://example.org/x')", 400),
        ("requests", 400),
    ] {
        let answer = server.kusto("/v1/rest/mgmt", &json!({ "db": "", "csl": csl }));
        assert_eq!(answer.status, status, "{csl}");
    }
}

#[test]
fn the_rows_of_a_command_can_be_queried() {
    let (server, _dir) = start(&[]);
    let csl = ".show tables | where TableName startswith 'App' | count";
    let answer = server.kusto("/v1/rest/mgmt", &json!({ "db": "", "csl": csl }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json()["Tables"][0]["Rows"][0][0].as_u64().unwrap() > 5);
}

#[test]
fn bodies_and_answers_may_be_compressed() {
    let (server, _dir) = start(&[]);
    let body = gzip(json!({ "query": "range x from 1 to 1000 step 1" }).to_string().as_bytes());
    let headers = [("content-encoding", "gzip"), ("accept-encoding", "gzip, deflate")];
    let answer = server.post("/v1/apps/default/query", &headers, &body);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let json: Value = serde_json::from_slice(&gunzip(&answer.body)).unwrap();
    assert_eq!(json["tables"][0]["rows"].as_array().unwrap().len(), 1000);
}

#[test]
fn only_configured_origins_may_ask_from_a_browser() {
    let (server, _dir) = start(&["--query-origins", "https://good.example"]);
    let path = "/v1/rest/query";
    for (origin, allowed) in
        [("https://good.example", Some("https://good.example")), ("https://bad.example", None)]
    {
        for method in ["OPTIONS", "POST"] {
            let headers = [("origin", origin), ("access-control-request-headers", "x-a")];
            let answer = send(server.port, method, path, &headers, b"{\"csl\":\"print 1\"}");
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{method}");
        }
    }
}

/// Takes much longer than any test may.
pub const LONG: &str = "range x from 1 to 1000000 step 1 | extend k = 1 \
    | join kind=inner (range y from 1 to 100000 step 1 | extend k = 1) on k \
    | summarize max(x * y)";

#[test]
fn a_query_stops_when_its_client_leaves() {
    let (server, _dir) = start(&["--queries-max", "1"]);
    let running = || {
        let text = server.get("/metrics").text();
        let line = text.lines().find(|line| line.starts_with("telltale_queries_running "));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    };
    let body = json!({ "query": LONG }).to_string();
    let bytes = request_bytes("POST", "/v1/apps/default/query", &[], body.as_bytes());
    let mut client = connect(server.port);
    client.write_all(&bytes).unwrap();
    let seen = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        running() == "1"
    });
    assert!(seen, "the query never ran");
    drop(client);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(running(), "0");
    assert_eq!(server.rows("print 1"), json!([[1]]));
}

#[test]
fn a_query_that_takes_too_long_is_told_so() {
    let (server, _dir) = start(&["--query-time", "300ms"]);
    let answer = server.query(LONG);
    assert_eq!(answer.status, 504, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "GatewayTimeout");
    let kusto = server.kusto("/v1/rest/query", &json!({ "db": "", "csl": LONG }));
    assert_eq!((kusto.status, &kusto.json()["error"]["code"]), (504, &json!("Timeout")));
}

#[test]
fn the_plan_of_a_query_can_be_read() {
    let (server, _dir) = start(&[]);
    let answer = server.get("/v1/apps/default/explain?query=requests%20%7C%20count");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    assert!(answer.text().contains("requests"));
}

#[test]
fn health_and_metrics_tell_what_the_server_does() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.get("/healthz").json()["status"], "ok");
    server.track(format!("{}\nbad", event(KEY, "a")).as_bytes());
    server.rows("customEvents | count");
    let text = server.get("/metrics").text();
    for line in [
        "telltale_items_total{type=\"customEvents\",outcome=\"accepted\",reason=\"\"} 1",
        "telltale_items_total{type=\"\",outcome=\"rejected\",reason=\"not_json\"} 1",
        "telltale_answers_total{api=\"track\",status=\"206\"} 1",
        "telltale_rows{app=\"default\",table=\"customEvents\",place=\"head\"} 1",
        "telltale_query_seconds_count 1",
        "telltale_log_commits_total",
        "telltale_seal_seconds_count",
    ] {
        assert!(text.contains(line), "`{line}` is missing in\n{text}");
    }
    assert_eq!(server.get("/nothing/here").status, 404);
}
