//! The audit: what it tells, to whom, and what never gets into it.

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, output, start};

const ADMIN: &str = "the-admin-key-of-this-test";

fn ask(server: &Server, app: &str, key: &str, query: &str) -> Response {
    let body = json!({ "query": query }).to_string();
    let headers = [("content-type", "application/json"), ("x-api-key", key)];
    server.post(&format!("/v1/apps/{app}/query"), &headers, body.as_bytes())
}

/// Rows of `Audit`, asked until there are as many as wanted.
fn rows(server: &Server, app: &str, query: &str, count: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    for _ in 0..50 {
        let answer = ask(server, app, ADMIN, query);
        assert_eq!(answer.status, 200, "{}", answer.text());
        rows = answer.json()["tables"][0]["rows"].as_array().unwrap().clone();
        if rows.len() >= count {
            return rows;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("{query}: {rows:?}");
}

fn post(server: &Server, path: &str, body: &Value) -> Value {
    let headers = [("content-type", "application/json"), ("x-api-key", ADMIN)];
    let answer = server.post(path, &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[test]
fn queries_are_written_down_without_their_literals() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let made = post(&server, "/api/keys", &json!({ "name": "ci", "scopes": ["query"] }));
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let body = json!({ "query": "print x = 'secret', 5 // private" }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("x-api-key", key),
        ("x-ms-client-request-id", "KPC.execute;1"),
    ];
    assert_eq!(server.post("/v1/apps/default/query", &headers, body.as_bytes()).status, 200);
    // A key is no literal, but no word of anybody's query, either.
    assert_eq!(ask(&server, "default", key, &format!("print {key}")).status, 400);
    let kusto = json!({ "db": "", "csl": ".show tables" }).to_string();
    assert_eq!(server.post("/v1/rest/mgmt", &headers, kusto.as_bytes()).status, 200);
    let piped = json!({ "db": "", "csl": ".show tables | where TableName == 'secret'" });
    let piped = server.post("/v1/rest/mgmt", &headers, piped.to_string().as_bytes());
    assert_eq!(piped.status, 200, "{}", piped.text());
    assert_eq!(ask(&server, "default", key, "nosuch | where a == 'secret'").status, 400);
    let found = rows(
        &server,
        "default",
        "Audit | where caller == 'ci' | order by timestamp asc \
         | project keyId, action, target, status, rows, requestId, query, client_IP, appName",
        5,
    );
    let request = "KPC.execute;1";
    let query = "print x = ?, ?";
    let want = json!([id, "query", "default", 200, 1, request, query, "", "default"]);
    assert_eq!(found[0], want);
    assert_eq!(found[1][6], "print ?");
    assert_eq!((&found[2][1], &found[2][6]), (&json!("command"), &json!(".show tables")));
    assert_eq!(found[3][6], ".show tables | where TableName ==");
    let want = json!([id, "query", "default", 400, 0, "", "nosuch | where a == ?", "", "default"]);
    assert_eq!(found[4], want);
    let took = rows(&server, "default", "Audit | where durationMs > 0 and timestamp > ago(1h)", 2);
    assert!(!json!(took).to_string().contains("secret"));
}

#[test]
fn changes_are_durable_with_their_rows() {
    let (server, dir) = start(&["--admin-key", ADMIN, "--store-client-addresses"]);
    let key = post(&server, "/api/keys", &json!({ "name": "ci", "scopes": ["query"] }));
    post(&server, "/api/apps", &json!({ "name": "web" }));
    let headers = [("x-api-key", ADMIN)];
    assert_eq!(send(server.port, "DELETE", "/api/keys/ci", &headers, b"").status, 200);
    let wrong = ask(&server, "web", key["key"].as_str().unwrap(), "print 1");
    assert_eq!(wrong.status, 401);
    let query = "Audit | where action == 'auth.failed' | project caller, target, status, client_IP";
    let failed = rows(&server, "default", query, 1);
    assert_eq!(failed, [json!(["anonymous", "/v1/apps/web/query", 401, "127.0.0.1"])]);
    server.kill();
    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    let query = "Audit | where action has_any ('keys', 'apps') | order by timestamp asc \
        | project caller, action, target, status";
    let target = format!("ci ({})", key["id"].as_str().unwrap());
    let want = json!([
        ["admin_key", "keys.create", target, 201],
        ["admin_key", "apps.create", "web", 201],
        ["admin_key", "keys.revoke", target, 200],
    ]);
    assert_eq!(json!(rows(&server, "default", query, 3)), want);
    // Asked here, written there.
    assert_eq!(ask(&server, "web", ADMIN, "print 1").status, 200);
    let query = "Audit | where query == 'print ?' | project target";
    assert_eq!(rows(&server, "web", query, 1), [json!(["web"])]);
    assert_eq!(rows(&server, "default", query, 0), Vec::<Value>::new());
}

#[test]
fn the_table_exists_for_administrators_only() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    post(&server, "/api/apps", &json!({ "name": "web" }));
    let text = |name: &str, scope: &str, apps: Value| {
        let wish = json!({ "name": name, "scopes": [scope], "applications": apps });
        post(&server, "/api/keys", &wish)["key"].as_str().unwrap().to_owned()
    };
    let plain = text("plain", "query", Value::Null);
    let root = text("root", "admin", Value::Null);
    let web = text("web", "admin", json!(["web"]));
    // What concerns the whole server is not for who administers a part of it.
    let both = text("both", "admin", json!(["web", "default"]));
    for (key, app, status) in [
        (&plain, "default", 400),
        (&root, "default", 200),
        (&root, "web", 200),
        (&web, "web", 200),
        (&both, "default", 400),
    ] {
        let answer = ask(&server, app, key, "Audit | count");
        assert_eq!(answer.status, status, "{app}: {}", answer.text());
        let body = json!({ "db": app, "csl": ".show tables" }).to_string();
        let headers = [("content-type", "application/json"), ("x-api-key", key.as_str())];
        let tables = server.post("/v1/rest/mgmt", &headers, body.as_bytes()).text();
        assert_eq!(tables.contains("\"Audit\""), status == 200, "{app}: {tables}");
        let body = json!({ "db": app, "csl": ".show table Audit cslschema" }).to_string();
        let schema = server.post("/v1/rest/mgmt", &headers, body.as_bytes());
        assert_eq!(schema.status, status, "{app}: {}", schema.text());
    }
    let unknown = ask(&server, "default", &plain, "Nothing | count").text();
    let hidden = ask(&server, "default", &plain, "Audit | count").text();
    let part = |text: &str| {
        let json: Value = serde_json::from_str(text).unwrap();
        json["error"]["innererror"]["innererror"]["code"].clone()
    };
    assert_eq!(part(&unknown), part(&hidden));
    assert_eq!(ask(&server, "default", &plain, "app('web').Audit | count").status, 400);
    // Wildcards never mean it.
    assert!(
        !ask(&server, "default", &root, "union withsource=t * | distinct t")
            .text()
            .contains("Audit")
    );
}

#[test]
fn without_authentication_everybody_sees_it() {
    let (server, dir) = start(&[]);
    assert_eq!(server.rows("print 1"), json!([[1]]));
    let done = (0..50).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        server.rows("Audit | where query == 'print ?' | project caller") == json!([["anonymous"]])
    });
    assert!(done, "no row came");
    assert_eq!(server.rows("print 22"), json!([[22]]));
    assert_eq!(server.stop().code(), Some(0));
    // What was waiting at the end was written; the command line on a folder is its owner's.
    let data = dir.path().to_str().unwrap();
    output(&["keys", "create", "root", "--scope", "admin", "--data", data]);
    let query = "Audit | where query == 'print ?' or action == 'keys.create' \
        | summarize count() by caller | order by caller asc";
    let counts = output(&["query", query, "--data", data, "--format", "csv"]);
    assert_eq!(counts, "caller,count_\r\nanonymous,2\r\nlocal,1\r\n");
}

#[test]
fn changes_of_tables_are_written_down_without_the_rows() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let command = |key: &str, csl: &str| {
        let body = json!({ "db": "default", "csl": csl }).to_string();
        let headers = [("content-type", "application/json"), ("x-api-key", key)];
        server.post("/v1/rest/mgmt", &headers, body.as_bytes()).status
    };
    let made = post(&server, "/api/keys", &json!({ "name": "ci", "scopes": ["query"] }));
    assert_eq!(command(ADMIN, ".create table People (id:long, name:string)"), 200);
    assert_eq!(command(ADMIN, ".ingest inline into table People <| 7,Ann Private"), 200);
    assert_eq!(command(made["key"].as_str().unwrap(), ".drop table People"), 403);
    let query = "Audit | where action == 'command' | project caller, status, query \
        | order by query asc";
    let found = rows(&server, "default", query, 3);
    assert_eq!(
        Value::from(found),
        json!([
            ["admin_key", 200, ".create table People (id:long, name:string)"],
            ["ci", 403, ".drop table People"],
            ["admin_key", 200, ".ingest inline into table People"],
        ])
    );
}

#[test]
fn a_key_that_tries_doors_leaves_a_trace() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let made = post(&server, "/api/keys", &json!({ "name": "ci", "scopes": ["query"] }));
    let key = made["key"].as_str().unwrap();
    let answer = send(server.port, "GET", "/api/keys", &[("x-api-key", key)], b"");
    assert_eq!(answer.status, 403);
    let query = "Audit | where action == 'auth.forbidden' | project caller, target, status";
    let found = rows(&server, "default", query, 1);
    assert_eq!(Value::from(found), json!([["ci", "/api/keys", 403]]));
}
