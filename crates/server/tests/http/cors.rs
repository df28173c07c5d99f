//! Pages of other origins, and methods a route does not have.

use serde_json::json;

use crate::client::{Response, send};
use crate::server::{Server, start};

const GOOD: &str = "https://good.example";

fn preflight(server: &Server, path: &str, origin: &str) -> Response {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-api-key,x-ms-app"),
        ("access-control-request-private-network", "true"),
    ];
    send(server.port, "OPTIONS", path, &headers, b"")
}

#[test]
fn an_allowed_page_may_ask_without_a_key_whether_it_may_call() {
    let (server, _dir) = start(&["--query-origins", GOOD, "--admin-key", "s3cret"]);
    for (path, methods) in [
        ("/v1/rest/query", "GET, POST, OPTIONS"),
        ("/v1/apps/default/query", "GET, POST, OPTIONS"),
        ("/v1/workspaces/default/query", "GET, POST, OPTIONS"),
        ("/v1/$batch", "POST, OPTIONS"),
    ] {
        let answer = preflight(&server, path, GOOD);
        assert_eq!(answer.status, 204, "{path}");
        for (name, value) in [
            ("access-control-allow-origin", GOOD),
            ("access-control-allow-methods", methods),
            ("access-control-allow-headers", "content-type,x-api-key,x-ms-app"),
            ("access-control-allow-private-network", "true"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let answer = preflight(&server, path, "https://bad.example");
        for name in ["origin", "methods", "headers", "private-network"] {
            assert_eq!(answer.header(&format!("access-control-allow-{name}")), None, "{path}");
        }
    }
}

#[test]
fn an_allowed_page_may_read_answers_and_refusals() {
    let (server, _dir) = start(&["--query-origins", GOOD]);
    for (query, status) in [("print%201", 200), ("print%20(", 400)] {
        let path = format!("/v1/apps/default/query?query={query}");
        let headers = [("origin", GOOD), ("x-ms-client-request-id", "me;1")];
        let answer = send(server.port, "GET", &path, &headers, b"");
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some(GOOD));
        let exposed = "x-ms-client-request-id, x-ms-activity-id, Retry-After";
        assert_eq!(answer.header("access-control-expose-headers"), Some(exposed));
        assert_eq!(answer.header("x-ms-client-request-id"), Some("me;1"));
        assert!(answer.header("x-ms-activity-id").is_some());
        let vary = answer.headers.iter().filter(|(name, _)| name == "vary");
        assert!(vary.into_iter().any(|(_, value)| value == "Origin"), "{:?}", answer.headers);
        let answer = send(server.port, "GET", &path, &[("origin", "null")], b"");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn a_method_a_route_does_not_have_is_refused_with_those_it_has() {
    let (server, _dir) = start(&[]);
    for (path, allowed) in [
        ("/v1/apps/default/query", "GET, POST, OPTIONS"),
        ("/v1/apps/default/metadata", "GET, POST, OPTIONS"),
        ("/v1/workspaces/default/query", "GET, POST, OPTIONS"),
        ("/v1/subscriptions/s/query", "GET, POST, OPTIONS"),
        ("/v1/rest/query", "GET, POST, OPTIONS"),
        ("/v1/rest/mgmt", "POST, OPTIONS"),
        ("/api/apps", "GET, POST, OPTIONS"),
        ("/api/keys/ci", "DELETE, OPTIONS"),
        ("/api/badges/one", "GET, PUT, DELETE, OPTIONS"),
        ("/api/badges/q/one/token", "POST, OPTIONS"),
        ("/api/ci/known/one/builds", "POST, DELETE, OPTIONS"),
        ("/api/collect", "GET, POST, OPTIONS"),
        ("/api/hooks/deliveries/one", "GET, OPTIONS"),
        ("/api/portal/saved/one", "PUT, DELETE, OPTIONS"),
        ("/v1/$batch", "POST, OPTIONS"),
    ] {
        let answer = send(server.port, "PATCH", path, &[], b"{}");
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{path}");
        let message = answer.json()["error"]["message"].clone();
        let text = message.as_str().unwrap();
        assert!(text.contains("allowed"), "{path}: {text}");
    }
    let answer = send(server.port, "PUT", "/v1/rest/query", &[], b"{}").json();
    assert_eq!(answer["error"]["@permanent"], json!(true));
    let answer = send(server.port, "PATCH", "/api/badges/one", &[], b"{}").json();
    let error = json!({ "code": "method", "message": "only GET, PUT or DELETE is allowed" });
    assert_eq!(answer, json!({ "error": error }));
}

#[test]
fn where_there_is_something_to_get_its_headers_are_there_alone() {
    let (server, _dir) = start(&[]);
    let answer = send(server.port, "HEAD", "/api/apps", &[], b"");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
}
