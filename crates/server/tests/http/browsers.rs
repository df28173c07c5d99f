//! What web pages make their visitors' browsers send to a server on the same machine.

use serde_json::{Value, json};

use crate::client::{Response, exchange};
use crate::server::{Server, start};

/// A request with a host of its own.
fn send(server: &Server, line: &str, host: &str, headers: &str, body: &str) -> Response {
    let bytes = format!(
        "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n\
         {body}",
        body.len()
    );
    exchange(server.port, bytes.as_bytes()).expect("an answer")
}

#[test]
fn names_that_anybody_can_give_away_are_not_answered_without_keys() {
    let (server, _dir) = start(&[]);
    let line = "GET /v1/apps/default/query?query=print%201";
    for host in ["localhost", "127.0.0.1:8321", "[::1]:8321", "ci.localhost"] {
        assert_eq!(send(&server, line, host, "", "").status, 200, "{host}");
    }
    let answer = send(&server, line, "evil.example:8321", "", "");
    assert_eq!(answer.status, 403);
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("`evil.example` is no name of this server"), "{message}");
    let wish = json!({ "name": "theirs", "scopes": ["admin"] }).to_string();
    let json = "content-type: application/json\r\n";
    assert_eq!(send(&server, "POST /api/keys", "evil.example", json, &wish).status, 403);
    assert_eq!(server.get("/api/keys").json()["keys"], json!([]));
    // Where keys are needed they decide, whatever the server is called.
    let (server, _dir) = start(&["--admin-key", "s3cret"]);
    let key = "x-api-key: s3cret\r\n";
    assert_eq!(send(&server, line, "evil.example", key, "").status, 200);
    assert_eq!(send(&server, line, "evil.example", "", "").status, 401);
}

#[test]
fn pages_of_other_origins_change_nothing() {
    let (server, _dir) = start(&["--query-origins", "https://portal.example"]);
    let made = json!({ "db": "default", "csl": ".create table T (a:long)" });
    assert_eq!(server.kusto("/v1/rest/mgmt", &made).status, 200);
    let line = "POST /v1/rest/ingest/default/T?streamFormat=csv";
    let from = |origin: &str| {
        let header = format!("origin: {origin}\r\ncontent-type: text/plain\r\n");
        send(&server, line, "localhost:8321", &header, "1\n")
    };
    let refused = from("https://evil.example");
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("access-control-allow-origin"), None);
    assert!(refused.text().contains("name it in `query_origins`"), "{}", refused.text());
    assert_eq!(server.rows("T | count"), json!([[0]]));
    assert_eq!(from("https://portal.example").status, 200);
    assert_eq!(from("http://localhost:8321").status, 200);
    assert_eq!(server.rows("T | count"), json!([[2]]));
}

#[test]
fn a_read_only_request_changes_nothing() {
    let (server, _dir) = start(&[]);
    let ask = |csl: &str, options: Value| {
        let properties = json!({ "Options": options });
        let body = json!({ "db": "default", "csl": csl, "properties": properties });
        server.kusto("/v1/rest/mgmt", &body)
    };
    let answer = ask(".create table T (a:long)", json!({ "request_readonly": true }));
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("`request_readonly`"), "{}", answer.text());
    assert_eq!(ask(".create table T (a:long)", json!({})).status, 200);
    // The options of a call hold for the query whose rows it stores.
    let wanted = json!({ "query_take_max_records": 2 });
    let answer = ask(".append T <| range a from 1 to 5 step 1", wanted);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.rows("T | count"), json!([[2]]));
}
