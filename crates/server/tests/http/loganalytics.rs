//! The Log Analytics query API: workspaces, resources, further workspaces.

use serde_json::{Value, json};

use crate::server::{KEY, Server, events, output, start};

const SECOND: &str = "22222222-2222-3333-4444-555555555555";
const RESOURCE: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg\
    /providers/Microsoft.OperationalInsights/workspaces";

fn two_apps() -> (Server, tempfile::TempDir) {
    let (server, dir) = start(&[]);
    let url = server.url.as_str();
    output(&["apps", "create", "second", "--instrumentation-key", SECOND, "--url", url]);
    let body = format!("{}{}", events(KEY, "a", 2), events(SECOND, "b", 3));
    assert_eq!(server.track(body.as_bytes()).status, 200);
    (server, dir)
}

fn count(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server.post(path, &[], body.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["tables"][0]["name"], "PrimaryResult");
    answer["tables"][0]["rows"][0][0].clone()
}

#[test]
fn workspaces_are_asked_with_and_without_the_version() {
    let (server, _dir) = two_apps();
    let id = server.ready["appId"].as_str().unwrap();
    let body = json!({ "query": "AppEvents | count", "timespan": null, "workspaces": null });
    for path in ["/v1/workspaces", "/workspaces"] {
        assert_eq!(count(&server, &format!("{path}/{id}/query"), &body), 2);
        assert_eq!(count(&server, &format!("{path}/second/query"), &body), 3);
        let answer = server.get(&format!("{path}/second/query?query=AppEvents%7Ccount"));
        assert_eq!(answer.json()["tables"][0]["rows"], json!([[3]]));
    }
    let answer = server.post("/v1/workspaces/nobody/query", &[], body.to_string().as_bytes());
    assert_eq!(answer.status, 404);
    let error = answer.json()["error"].clone();
    assert_eq!(error["code"], "PathNotFoundError");
    assert_eq!(error["message"], "there is no application `nobody`");
}

#[test]
fn further_workspaces_are_named_by_name_id_or_resource() {
    let (server, _dir) = two_apps();
    for other in [json!("second"), json!(format!("{RESOURCE}/second"))] {
        let body = json!({ "query": "AppEvents | count", "workspaces": [other] });
        assert_eq!(count(&server, "/v1/workspaces/default/query", &body), 5, "{other}");
    }
    let path = "/v1/workspaces/default/query?query=AppEvents%7Ccount&workspaces=second";
    assert_eq!(server.get(path).json()["tables"][0]["rows"], json!([[5]]));
    for (workspaces, status, message) in [
        (json!(["nobody"]), 404, "there is no application `nobody`"),
        (json!("second"), 400, "`workspaces` must be an array of texts"),
        (json!([1]), 400, "`workspaces` must be an array of texts"),
    ] {
        let body = json!({ "query": "print 1", "workspaces": workspaces }).to_string();
        let answer = server.post("/v1/workspaces/default/query", &[], body.as_bytes());
        assert_eq!(answer.status, status);
        assert_eq!(answer.json()["error"]["message"], message);
    }
}

#[test]
fn the_last_part_of_a_resource_names_the_application() {
    let (server, _dir) = two_apps();
    let body = json!({ "query": "AppEvents | count" });
    for (path, rows) in [
        (format!("/v1{RESOURCE}/second/query"), 3),
        (format!("/v1/{RESOURCE}/second/query/"), 3),
        (format!("{RESOURCE}/second/query"), 3),
        (format!("/v1{RESOURCE}/default/query"), 2),
        // Any other resource is one of the default application.
        (format!("/v1{RESOURCE}/somewhere/query"), 2),
        ("/v1/providers/Microsoft.Management/managementGroups/mg/query".to_owned(), 2),
    ] {
        assert_eq!(count(&server, &path, &body), rows, "{path}");
    }
    let answer = server.get(&format!("/v1{RESOURCE}/second/query?query=AppEvents%7Ccount"));
    assert_eq!(answer.json()["tables"][0]["rows"], json!([[3]]));
    assert_eq!(server.get(&format!("/v1{RESOURCE}/second/other")).status, 404);
}

#[test]
fn workspaces_and_resources_are_behind_the_key() {
    let (server, _dir) = start(&["--admin-key", "s3cret"]);
    for path in
        ["/v1/workspaces/default".to_owned(), format!("/v1{RESOURCE}/x"), "/v1/apps/a".to_owned()]
    {
        for word in ["query?query=print%201", "metadata"] {
            let answer = server.get(&format!("{path}/{word}"));
            assert_eq!(answer.status, 401, "{path}");
            assert_eq!(answer.json()["error"]["code"], "AuthorizationRequiredError");
        }
    }
    let path = format!("/v1{RESOURCE}/x/query?query=print%201");
    let answer = crate::client::send(server.port, "GET", &path, &[("x-api-key", "s3cret")], b"");
    assert_eq!(answer.json()["tables"][0]["rows"], json!([[1]]));
}
