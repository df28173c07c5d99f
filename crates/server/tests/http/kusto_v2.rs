//! Version 2 of the Kusto API: frames, their forms, and what they say when rows are missing.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client;
use crate::server::{Server, start};

/// The options one SDK sets on every query.
const FRAGMENTED: &str = r#"{"Options":{"results_v2_newlines_between_frames":true,
    "results_v2_fragment_primary_tables":true,"results_error_reporting_placement":"end_of_table"}}"#;

/// More rows than anybody waits for, the first of them at once.
fn endless() -> String {
    let side = |name| format!("range {name} from 1 to 30000 step 1 | extend k = 1");
    format!("{} | join kind=inner ({}) on k | project s = strcat(x, ' ', y)", side("x"), side("y"))
}

fn ask(server: &Server, csl: &str, properties: &str) -> client::Response {
    let properties: Value = serde_json::from_str(properties).unwrap();
    let body = json!({ "db": "default", "csl": csl, "properties": properties });
    let answer = server.kusto("/v2/rest/query", &body);
    assert_eq!(answer.status, 200, "{csl}: {}", answer.text());
    answer
}

fn frames(answer: &client::Response) -> Vec<Value> {
    answer.json().as_array().unwrap().clone()
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    frames.iter().map(|frame| frame["FrameType"].as_str().unwrap()).collect()
}

#[test]
fn frames_are_a_header_tables_and_a_completion() {
    let (server, _dir) = start(&[]);
    let answer =
        ask(&server, "print a = 1, b = dynamic({'x':[1]}); print 'two' | render table", "{}");
    let frames = frames(&answer);
    let expected = ["DataSetHeader", "DataTable", "DataTable", "DataTable", "DataTable"];
    assert_eq!(kinds(&frames), [&expected[..], &["DataSetCompletion"]].concat());
    assert_eq!(
        frames[0],
        json!({ "FrameType": "DataSetHeader", "IsProgressive": false, "Version": "v2.0",
            "IsFragmented": false, "ErrorReportingPlacement": "InData" })
    );
    let table =
        |i: usize| (&frames[i]["TableId"], &frames[i]["TableKind"], &frames[i]["TableName"]);
    assert_eq!(table(1), (&json!(0), &json!("QueryProperties"), &json!("@ExtendedProperties")));
    assert_eq!(table(2), (&json!(1), &json!("PrimaryResult"), &json!("PrimaryResult")));
    assert_eq!(table(3), (&json!(2), &json!("PrimaryResult"), &json!("Table_1")));
    let completion = json!("QueryCompletionInformation");
    assert_eq!(table(4), (&json!(3), &completion, &completion));
    assert_eq!(
        frames[2]["Columns"],
        json!([{ "ColumnName": "a", "ColumnType": "long" },
            { "ColumnName": "b", "ColumnType": "dynamic" }])
    );
    assert_eq!(frames[2]["Rows"], json!([[1, { "x": [1] }]]));
    let shown: Value = serde_json::from_str(frames[1]["Rows"][1][2].as_str().unwrap()).unwrap();
    assert_eq!(shown["Visualization"], "table");
    assert_eq!(frames[5]["HasErrors"], false);
}

#[test]
fn the_names_of_a_request_stand_in_headers_answer_and_errors() {
    let (server, _dir) = start(&[]);
    let body = json!({ "db": "default", "csl": "print 1" }).to_string();
    let headers = [("content-type", "application/json"), ("x-ms-client-request-id", "me;1")];
    let answer = server.post("/v2/rest/query", &headers, body.as_bytes());
    assert_eq!(answer.header("x-ms-client-request-id"), Some("me;1"));
    let activity = answer.header("x-ms-activity-id").unwrap().to_owned();
    let row = &frames(&answer)[3]["Rows"][0];
    assert_eq!((&row[1], &row[2]), (&json!("me;1"), &json!(activity)));
    let body = json!({ "db": "default", "csl": "print nope" }).to_string();
    let answer = server.post("/v2/rest/query", &headers, body.as_bytes());
    assert_eq!(answer.status, 400);
    let context = &answer.json()["error"]["@context"];
    assert_eq!(context["clientRequestId"], "me;1");
    assert_eq!(context["activityId"], answer.header("x-ms-activity-id").unwrap());
}

/// Reads JSON text the way a token decoder does: each piece must be exactly the next one.
struct Tokens<'a>(&'a str);

impl Tokens<'_> {
    fn expect(&mut self, wanted: &str) -> &mut Self {
        assert!(self.0.starts_with(wanted), "wanted {wanted}, but there is {}", self.0);
        self.0 = &self.0[wanted.len()..];
        self
    }

    /// One JSON value, whatever it is.
    fn value(&mut self) -> Value {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<Value>();
        let value = values.next().unwrap().unwrap();
        self.0 = &self.0[values.byte_offset()..];
        value
    }

    fn table(&mut self, frame: &str, kind: &str) -> &mut Self {
        self.expect(&format!("{{\"FrameType\":\"{frame}\",\"TableId\":"));
        assert!(self.value().is_i64());
        self.expect(&format!(",\"TableKind\":\"{kind}\",\"TableName\":"));
        assert!(self.value().is_string());
        self.expect(",\"Columns\":");
        for column in self.value().as_array().unwrap() {
            let names: Vec<&String> = column.as_object().unwrap().keys().collect();
            assert_eq!(names, ["ColumnName", "ColumnType"]);
        }
        self
    }
}

#[test]
fn fragmented_frames_stand_on_lines_with_members_in_the_order_one_sdk_reads() {
    let (server, _dir) = start(&[]);
    let csl = "range x from 1 to 20000 step 1 | extend s = strcat('row ', x)";
    let text = ask(&server, csl, FRAGMENTED).text();
    let mut lines = text.split_inclusive('\n').map(|line| {
        assert!(line.ends_with('\n'), "a line has no end: {line}");
        line.trim_end_matches('\n')
    });
    let mut next = || Tokens(lines.next().expect("a further line"));
    next()
        .expect("[{\"FrameType\":\"DataSetHeader\",\"IsProgressive\":false,\"Version\":\"v2.0\",")
        .expect("\"IsFragmented\":true,\"ErrorReportingPlacement\":\"EndOfTable\"}");
    next().expect(",").table("DataTable", "QueryProperties").expect(",\"Rows\":").value();
    next().expect(",").table("TableHeader", "PrimaryResult").expect("}");
    let (mut rows, mut fragments) = (0, 0);
    loop {
        let mut line = next();
        line.expect(",");
        if !line.0.starts_with("{\"FrameType\":\"TableFragment\"") {
            line.expect("{\"FrameType\":\"TableCompletion\",\"TableId\":1,\"RowCount\":20000}");
            break;
        }
        line.expect("{\"FrameType\":\"TableFragment\",\"TableFragmentType\":\"DataAppend\",");
        line.expect("\"TableId\":1,\"Rows\":");
        for row in line.value().as_array().unwrap() {
            rows += 1;
            assert_eq!(*row, json!([rows, format!("row {rows}")]));
        }
        line.expect("}");
        fragments += 1;
    }
    assert_eq!(rows, 20000);
    assert!(fragments > 1, "all rows came in one fragment");
    next()
        .expect(",")
        .table("DataTable", "QueryCompletionInformation")
        .expect(",\"Rows\":")
        .value();
    next().expect(",{\"FrameType\":\"DataSetCompletion\",\"HasErrors\":false,\"Cancelled\":false}");
    assert_eq!(next().0, "]");
    assert!(lines.next().is_none());
}

#[test]
fn a_cut_answer_says_so_where_the_client_wants_it() {
    let (server, _dir) = start(&["--query-rows-max", "2"]);
    let text = "range x from 1 to 5 step 1";
    let needle = "E_QUERY_RESULT_SET_TOO_LARGE";
    let options = |placement: &str, fragmented: bool| {
        json!({ "Options": { "results_error_reporting_placement": placement,
            "results_v2_fragment_primary_tables": fragmented } })
        .to_string()
    };
    let says = |value: &Value| value[0]["error"]["@message"].as_str().unwrap().contains(needle);
    let in_data = frames(&ask(&server, text, &options("in_data", false)));
    assert_eq!(in_data[2]["Rows"].as_array().unwrap().len(), 3);
    assert!(says(&in_data[2]["Rows"][2]["OneApiErrors"]));
    let in_fragment = frames(&ask(&server, text, &options("in_data", true)));
    assert!(says(&in_fragment[4]["Rows"][0]["OneApiErrors"]), "{in_fragment:?}");
    let of_table = frames(&ask(&server, text, &options("end_of_table", true)));
    assert_eq!(of_table[3]["Rows"], json!([[1], [2]]));
    assert_eq!(of_table[4]["RowCount"], 2);
    assert!(says(&of_table[4]["OneApiErrors"]));
    let of_set = frames(&ask(&server, text, &options("end_of_dataset", false)));
    assert_eq!(of_set[2]["Rows"], json!([[1], [2]]));
    for frames in [in_data, in_fragment, of_table, of_set] {
        let end = frames.last().unwrap();
        assert_eq!(end["HasErrors"], true);
        assert!(says(&end["OneApiErrors"]));
        let information = &frames[frames.len() - 2];
        assert_eq!(information["Rows"][0][6], "Error");
    }
}

#[test]
fn a_failure_after_rows_were_sent_stands_in_the_answer() {
    let (server, _dir) = start(&["--query-time", "6s"]);
    let csl = endless();
    let options = r#"{"Options":{"notruncation":true}}"#;
    let answer = ask(&server, &csl, options);
    let frames = frames(&answer);
    let rows = frames[2]["Rows"].as_array().unwrap();
    let error = &rows.last().unwrap()["OneApiErrors"][0]["error"];
    assert_eq!(error["code"], "Timeout", "{error}");
    let end = frames.last().unwrap();
    assert_eq!((&end["HasErrors"], &end["Cancelled"]), (&json!(true), &json!(false)));
    let body = json!({ "db": "default", "csl": csl, "properties": options });
    let answer = server.kusto("/v1/rest/query", &body).json();
    assert!(answer["Exceptions"][0].as_str().unwrap().contains("6000 ms"), "{answer}");
    let body = json!({ "query": format!("set notruncation; {csl}") }).to_string();
    let json = [("content-type", "application/json")];
    let answer = server.post("/v1/apps/default/query", &json, body.as_bytes()).json();
    assert_eq!(answer["error"]["code"], "PartialError");
}

#[test]
fn options_that_change_the_answer_are_followed_or_refused() {
    let (server, _dir) = start(&[]);
    let refused = |options: Value| {
        let properties = json!({ "Options": options });
        let body = json!({ "db": "default", "csl": "print 1", "properties": properties });
        let answer = server.kusto("/v2/rest/query", &body);
        assert_eq!(answer.status, 400, "{body}");
        answer.json()["error"]["@message"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused(json!({ "servertimeout": "soon" })),
        "option `servertimeout` is `\"soon\"`, but must be a timespan such as `00:10:00`"
    );
    assert!(refused(json!({ "truncationmaxrecords": -1 })).contains("a whole number above 0"));
    assert!(refused(json!({ "query_datetimescope_column": "x" })).contains("`timestamp`"));
    assert!(refused(json!({ "results_error_reporting_placement": "x" })).contains("`in_data`"));
    let body = crate::server::events(crate::server::KEY, "scoped", 1);
    assert_eq!(server.track(body.as_bytes()).status, 200);
    let count = |from: &str| {
        let options = json!({ "Options": { "query_datetimescope_from": from } }).to_string();
        frames(&ask(&server, "customEvents | count", &options))[2]["Rows"][0][0].clone()
    };
    assert_eq!(count("2020-01-01"), 1);
    assert_eq!(count("2200-01-01"), 0);
}

#[test]
fn a_running_query_is_listed_and_can_be_cancelled_by_its_name() {
    let (server, _dir) = start(&[]);
    let port = server.port;
    let asking = std::thread::spawn(move || {
        let csl = format!("{} | summarize count()", endless());
        let body = json!({ "db": "default", "csl": csl }).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("x-ms-client-request-id", "long one"),
            ("x-ms-app", "a test"),
        ];
        client::send(port, "POST", "/v2/rest/query", &headers, body.as_bytes())
    });
    let command =
        |csl: &str| server.kusto("/v1/rest/mgmt", &json!({ "db": "default", "csl": csl }));
    let started = Instant::now();
    let listed = loop {
        let piped = ".show queries | where ClientActivityId == 'long one' and Duration >= 0s \
            | project Database, State, Application";
        let listed = command(piped).json()["Tables"][0]["Rows"].clone();
        if listed != json!([]) {
            break listed;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "the query is not listed");
    };
    assert_eq!(listed, json!([["default", "InProgress", "a test"]]));
    assert_eq!(command(".cancel query 'another'").status, 400);
    let done = command(".cancel query \"long one\" with (reason = 'enough')").json();
    assert_eq!(done["Tables"][0]["Rows"][0][0], "long one");
    let answer = asking.join().unwrap();
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("the query was cancelled"), "{}", answer.text());
    let after = command(".show queries | where ClientActivityId == 'long one' | count").json();
    assert_eq!(after["Tables"][0]["Rows"], json!([[0]]));
}

#[test]
fn a_large_answer_flows_while_it_is_made_and_stops_when_its_client_leaves() {
    let (server, _dir) = start(&[]);
    let csl = format!("set notruncation; {}", endless());
    let body = json!({ "db": "default", "csl": csl }).to_string();
    let headers = [("content-type", "application/json")];
    let mut stream = client::connect(server.port);
    let request = client::request_bytes("POST", "/v2/rest/query", &headers, body.as_bytes());
    stream.write_all(&request).unwrap();
    let mut chunk = vec![0; 1 << 16];
    let mut bytes = 0;
    while bytes < 16 << 20 {
        let count = stream.read(&mut chunk).unwrap();
        assert!(count > 0, "the answer ended after {bytes} bytes");
        bytes += count;
    }
    let running = || {
        let page = server.get("/metrics").text();
        let line = page.lines().find(|line| line.starts_with("telltale_queries_running "));
        line.unwrap().rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(running(), 1);
    drop(stream);
    let started = Instant::now();
    while running() > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "the query goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn commands_are_answered_in_frames_too() {
    let (server, _dir) = start(&[]);
    let made = frames(&ask(&server, ".create table T (a:long)", "{}"));
    assert_eq!(made[2]["Columns"][0]["ColumnName"], "TableName");
    assert_eq!(made[2]["Rows"][0][0], "T");
    let stored = frames(&ask(&server, ".ingest inline into table T <| 7", "{}"));
    assert_eq!(stored[2]["Columns"][5], json!({ "ColumnName": "RowCount", "ColumnType": "long" }));
    assert_eq!(stored[2]["Rows"][0][5], 1);
    let piped = frames(&ask(&server, ".show tables | where TableName == 'T' | count", "{}"));
    assert_eq!(piped[2]["Rows"], json!([[1]]));
    assert_eq!(server.rows("Audit | where query has '7' | count"), json!([[0]]));
}
