//! The requests of Grafana's Azure Data Explorer data source, in its order, and the shapes its
//! parser needs (spec query-api.md §2, §7).

use serde_json::{Value, json};

use crate::client::Response;
use crate::server::{KEY, Server, events, start};

/// The column types its parser converts; any other ends the panel with an error.
const TYPES: [&str; 10] =
    ["string", "guid", "timespan", "dynamic", "datetime", "int", "long", "real", "bool", "decimal"];

fn send(server: &Server, path: &str, csl: &str) -> Response {
    let properties = json!({ "Options": { "servertimeout": "00:00:30", "queryconsistency": "strongconsistency" } });
    let body =
        json!({ "csl": csl, "db": "default", "properties": properties, "querySource": "raw" });
    let headers = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("x-ms-app", "Grafana-ADX"),
        ("x-ms-user-id", "viewer"),
        ("x-ms-client-request-id", "KGC.raw;d9a6f8"),
        ("accept-encoding", "gzip"),
    ];
    server.post(path, &headers, body.to_string().as_bytes())
}

/// The rows of the table its parser takes, after the checks its parser makes.
fn table(answer: &Response) -> Value {
    assert_eq!(answer.status, 200);
    let text = crate::client::gunzip(&answer.body);
    let json: Value = serde_json::from_slice(&text).unwrap();
    let tables = json["Tables"].as_array().expect("tables");
    let table = tables.iter().find(|t| t["TableName"] == "Table_0").expect("a Table_0");
    for column in table["Columns"].as_array().unwrap() {
        assert!(TYPES.contains(&column["ColumnType"].as_str().unwrap()), "{column}");
    }
    assert!(table["Rows"].as_array().unwrap().iter().all(Value::is_array));
    assert_eq!(json["Exceptions"], Value::Null);
    table.clone()
}

#[test]
fn its_requests_are_answered_in_the_shapes_it_reads() {
    let (server, _dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "e", 3).as_bytes()).status, 200);

    // Saving the data source asks for the schema at the query address.
    let schema = table(&send(&server, "/v1/rest/query", ".show databases schema"));
    assert_eq!(schema["Columns"][0]["ColumnName"], "DatabaseName");

    // The editor lists databases and reads the schema as JSON.
    let databases = table(&send(&server, "/v1/rest/mgmt", ".show databases"));
    assert_eq!(databases["Columns"][0]["ColumnName"], "DatabaseName");
    assert_eq!(databases["Rows"][0][0], "default");
    for command in
        [".show databases schema as json", ".show databases (['default']) schema as json"]
    {
        let schema = table(&send(&server, "/v1/rest/mgmt", command));
        let schema: Value = serde_json::from_str(schema["Rows"][0][0].as_str().unwrap()).unwrap();
        let tables = &schema["Databases"]["default"]["Tables"];
        let first = &tables["customEvents"]["OrderedColumns"][0];
        assert_eq!(
            *first,
            json!({ "Name": "timestamp", "Type": "System.DateTime", "CslType": "datetime" })
        );
        for member in ["ExternalTables", "MaterializedViews"] {
            assert!(schema["Databases"]["default"][member].is_object(), "{member}");
        }
    }

    // A panel: macros are expanded before sending.
    let panel = "customEvents | where timestamp >= datetime(2020-01-01T00:00:00Z) and timestamp <= now() \
        | summarize n = count() by bin(timestamp, 1h), name | order by timestamp asc";
    let rows = table(&send(&server, "/v1/rest/query", panel))["Rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let at = rows[0][0].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(at).is_ok(), "{at}");

    // Values of every type as its converters want them.
    let every = "print b = true, i = int(1), l = 9007199254740993, r = real(+inf), d = decimal(1.5), \
        s = 'x', t = datetime(2026-01-02 03:04:05.1234567), p = 1h, \
        g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), \
        j = dynamic({'a':1}), n = long(null)";
    let row = table(&send(&server, "/v1/rest/query", every))["Rows"][0].clone();
    assert!(row[0].is_boolean() && row[1].is_i64());
    assert_eq!(row[2], 9007199254740993i64);
    assert_eq!((&row[3], &row[4]), (&json!("Infinity"), &json!("1.5")));
    assert!(row[9].is_object() && row[10].is_null());

    // A series: the time axis and the values are arrays, not texts.
    let series = "customEvents | make-series n = count() on timestamp from ago(2h) to now() step 1h \
        | project Timestamp = timestamp, n";
    let row = table(&send(&server, "/v1/rest/query", series))["Rows"][0].clone();
    assert!(row[0].is_array() && row[1].is_array());
}

#[test]
fn its_users_read_why_a_query_failed() {
    let (server, _dir) = start(&["--query-rows-max", "2"]);
    let wrong = send(&server, "/v1/rest/query", "customEvents | where nope == 1");
    assert_eq!(wrong.status, 400);
    let wrong: Value = serde_json::from_slice(&crate::client::gunzip(&wrong.body)).unwrap();
    assert!(wrong["error"]["@message"].as_str().unwrap().contains("nope"));
    let cut = send(&server, "/v1/rest/query", "range x from 1 to 3 step 1");
    let cut: Value = serde_json::from_slice(&crate::client::gunzip(&cut.body)).unwrap();
    assert!(cut["Exceptions"][0].as_str().unwrap().contains("E_QUERY_RESULT_SET_TOO_LARGE"));
}
