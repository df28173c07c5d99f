//! The table of `docs/reference/security.md`: what every route answers to every state of a key.
//!
//! The routes come from `telltale reference routes`, so none can be forgotten; a new one needs a
//! line in [`body`] or [`scope`] only where the defaults do not fit. `ACCEPT=1` rewrites the table.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{self, Response, send};
use crate::server::{KEY, OTHER_KEY, Server, event, output};

const ADMIN: &str = "the-admin-key-of-this-test";
const FLAGS: [&str; 3] = ["--admin-key", ADMIN, "--ingest-needs-key"];
/// The application that keys of others are for.
const OTHER: &str = "zebra";
const BEGIN: &str = "<!-- routes: written by the tests -->\n";
const END: &str = "<!-- end of routes -->";
const COLUMNS: [&str; 7] = [
    "no key",
    "wrong key",
    "key of another application",
    "key without the scope",
    "revoked",
    "expired",
    "right key",
];

/// Methods and paths, as the executable lists them.
fn routes() -> Vec<(String, String)> {
    let page = output(&["reference", "routes"]);
    let mut routes = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let path = cells[1].trim_matches('`');
        routes.extend(cells[2].split(", ").map(|method| (method.to_owned(), path.to_owned())));
    }
    assert!(routes.len() > 15, "{page}");
    routes
}

/// The scope a route asks for.
fn scope(method: &str, path: &str) -> &'static str {
    match path {
        "/metrics" => "admin",
        path if path.starts_with("/api/portal/") || path.starts_with("/s/") => "query",
        path if method == "GET" && path.starts_with("/api/badges") => "query",
        path if method == "GET" && path.starts_with("/api/ci/known") => "query",
        "/api/ci/known/preview" => "query",
        path if path.starts_with("/v2/") && !path.contains("/rest/") => "ingest",
        path if path.starts_with("/trace/") => "ingest",
        path if path.starts_with("/v2.1/") || path.contains("/ingest/") => "ingest",
        path if path.starts_with("/hooks/") => "hook",
        path if path.starts_with("/api/portal/") => "query",
        path if path.starts_with("/api/") => "admin",
        _ => "query",
    }
}

/// A body the route takes; `n` is another one at each call.
fn body(path: &str, n: usize) -> String {
    match path {
        path if path.contains("/ingest/") => "1\n".to_owned(),
        path if path.contains("$batch") => {
            let member = json!({ "id": "1", "workspace": "default", "method": "POST", "path": "/query",
                    "body": { "query": "print 1" } });
            json!({ "requests": [member] }).to_string()
        }
        path if path.starts_with("/v2") && !path.contains("/rest/") => event(KEY, "a"),
        path if path.starts_with("/trace/") => event(KEY, "a"),
        "/v1/rest/mgmt" => json!({ "db": "default", "csl": ".show tables" }).to_string(),
        path if path.contains("/rest/") => json!({ "db": "default", "csl": "print 1" }).to_string(),
        "/api/keys" => json!({ "name": format!("made-{n}"), "scopes": ["query"] }).to_string(),
        path if path.ends_with("/metrics") => {
            json!([{ "id": "1", "parameters": { "metricId": "requests/count" } }]).to_string()
        }
        "/api/ci/triage" => {
            let issue = json!({ "organization": "o", "project": "p", "buildId": 1,
                "recordId": "r", "index": 0, "category": "C" });
            json!({ "application": "default", "issues": [issue] }).to_string()
        }
        "/api/ci/known" | "/api/ci/known/preview" | "/api/ci/known/{id}" => {
            json!({ "title": "t", "contains": "nothing like this" }).to_string()
        }
        "/api/ci/known/{id}/builds" => {
            json!({ "builds": [{ "organization": "o", "buildId": 1 }] }).to_string()
        }
        "/api/apps" => json!({ "name": format!("made-{n}") }).to_string(),
        path if path.starts_with("/hooks/") => json!({ "eventType": "x", "id": n }).to_string(),
        path if path.starts_with("/api/portal/") => {
            let queries = json!([{ "id": "1", "kql": "print 1" }]);
            json!({ "app": "default", "kql": "print 1", "queries": queries }).to_string()
        }
        _ => json!({ "query": "print 1" }).to_string(),
    }
}

/// The path with its places filled and, for `GET`, the parameters of a query.
fn target(method: &str, path: &str) -> String {
    let filled: Vec<&str> = path
        .split('/')
        .map(|part| match part {
            "{app}" => "default",
            "{*resource}" => "s/resourceGroups/g/components/default/query",
            "{database}" => "default",
            "{table}" => "T",
            "{*metric}" => "requests/count",
            "{type}" => "requests",
            "{ikey}" => KEY,
            // No key: it comes in a header as everywhere here.
            "{key}" if path.starts_with("/hooks/") => "x",
            "{key}" => "spare",
            "{operation}" => "2bb25f4b073b0071311adee8b2f43691",
            "{span}" => "d32cc469f623c59e",
            part if part.starts_with('{') => "x",
            part => part,
        })
        .collect();
    let filled = filled.join("/");
    match method {
        "GET"
            if path.starts_with("/v1/")
                || path.starts_with("/v2/")
                || path.contains("subscriptions")
                || path.contains("workspaces") =>
        {
            format!("{filled}?query=print%201&csl=print%201&db=default")
        }
        "GET" if path.starts_with("/api/portal/") => format!("{filled}?app=default"),
        _ if path.contains("/ingest/") => format!("{filled}?streamFormat=csv"),
        _ => filled,
    }
}

/// A folder with keys in every state, and what no refusal may tell.
struct World {
    dir: tempfile::TempDir,
    /// Name → text.
    keys: Vec<(String, String)>,
    secrets: Vec<String>,
    /// What a key of the other application may not be told, either.
    of_default: Vec<String>,
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::on(dir.path(), &FLAGS);
        let other = post(
            &server,
            "/api/apps",
            &json!({
                "name": OTHER, "instrumentationKey": OTHER_KEY,
            }),
        );
        let made = json!({ "db": "default", "csl": ".create table T (a:long)" });
        let headers = [("content-type", "application/json"), ("x-api-key", ADMIN)];
        let made = server.post("/v1/rest/mgmt", &headers, made.to_string().as_bytes());
        assert_eq!(made.status, 200, "{}", made.text());
        let mut keys = Vec::new();
        let mut make = |name: &str, scopes: &[&str], apps: Value, expires: Value| {
            let wish = json!({
                "name": name, "scopes": scopes, "applications": apps, "expires": expires,
            });
            let text = post(&server, "/api/keys", &wish)["key"].as_str().unwrap().to_owned();
            keys.push((name.to_owned(), text));
        };
        let scopes = ["ingest", "query", "hook", "admin"];
        for scope in scopes {
            let lesser: Vec<&str> =
                scopes.into_iter().filter(|s| *s != scope && *s != "admin").collect();
            make(&format!("right-{scope}"), &[scope], Value::Null, Value::Null);
            make(&format!("other-{scope}"), &[scope], json!([OTHER]), Value::Null);
            make(&format!("lesser-{scope}"), &lesser, Value::Null, Value::Null);
        }
        make("revoked", &["admin"], Value::Null, Value::Null);
        make("expired", &["admin"], Value::Null, json!("1s"));
        make("spare", &["hook"], Value::Null, Value::Null);
        let gone = send(server.port, "DELETE", "/api/keys/revoked", &[("x-api-key", ADMIN)], b"");
        assert_eq!(gone.status, 200);
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let of_default = vec![text(&server.ready["appId"]), KEY.to_owned()];
        let mut secrets = vec![
            OTHER.to_owned(),
            text(&other["id"]),
            OTHER_KEY.to_owned(),
            dir.path().display().to_string(),
            ADMIN.to_owned(),
        ];
        secrets.extend(keys.iter().map(|(_, key)| key.rsplit('_').next().unwrap().to_owned()));
        assert_eq!(server.stop().code(), Some(0));
        World { dir, keys, secrets, of_default }
    }

    fn key(&self, name: &str) -> &str {
        let found = self.keys.iter().find(|(n, _)| n == name);
        found.map_or("tt_0123456789ab_wrong", |(_, text)| text)
    }

    /// The statuses of one route, in the order of [`COLUMNS`].
    fn statuses(&self, n: usize, method: &str, path: &str) -> Vec<u16> {
        // A server of its own for each route: wrong keys are throttled.
        let server = Server::on(self.dir.path(), &FLAGS);
        let scope = scope(method, path);
        let names = [
            String::new(),
            "wrong".to_owned(),
            format!("other-{scope}"),
            format!("lesser-{scope}"),
            "revoked".to_owned(),
            "expired".to_owned(),
            format!("right-{scope}"),
        ];
        let mut statuses = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let mut headers = vec![("content-type", "application/json")];
            if !name.is_empty() {
                headers.push(("x-api-key", self.key(name)));
            }
            let body = if method == "POST" { body(path, n) } else { String::new() };
            let target = target(method, path);
            let answer = match path {
                "/api/portal/events" => beginning(&server, &target, &headers),
                _ => send(server.port, method, &target, &headers, body.as_bytes()),
            };
            self.check(&format!("{method} {path}, {}", COLUMNS[i]), &answer, i == 2);
            statuses.push(answer.status);
        }
        statuses
    }

    /// No refusal tells what its caller is not to know; a key of another application is not told
    /// about this one whatever the answer.
    fn check(&self, about: &str, answer: &Response, is_of_other: bool) {
        let text = format!("{:?} {}", answer.headers, answer.text());
        let is_refused = matches!(answer.status, 401 | 403 | 404 | 410 | 429);
        for secret in self.secrets.iter().filter(|_| is_refused).chain(&self.of_default) {
            let is_told = text.contains(secret.as_str());
            let is_open = about.contains("/appId") || !(is_refused || is_of_other);
            assert!(!is_told || is_open, "{about}: `{secret}` is in\n{text}");
        }
        if answer.status == 401 {
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{about}");
        }
    }
}

/// What comes at first of an answer that has no end.
fn beginning(server: &Server, target: &str, headers: &[(&str, &str)]) -> Response {
    let mut stream = client::connect(server.port);
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream.write_all(&client::request_bytes("GET", target, headers, b"")).unwrap();
    client::read(&mut stream).unwrap()
}

fn post(server: &Server, path: &str, body: &Value) -> Value {
    let headers = [("content-type", "application/json"), ("x-api-key", ADMIN)];
    let answer = server.post(path, &headers, body.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/security.md")
}

#[test]
fn the_table_of_routes_and_keys_is_true() {
    let world = World::new();
    let mut table = format!("| Route | Scope | {} |\n", COLUMNS.join(" | "));
    table.push_str(&format!("| --- | --- |{}\n", " --- |".repeat(COLUMNS.len())));
    for (n, (method, path)) in routes().iter().enumerate() {
        let statuses = world.statuses(n, method, path);
        let is_open = statuses[0] < 300;
        let scope = match path.as_str() {
            _ if is_open => "none",
            "/api/portal/session" => "a key in the body",
            _ => scope(method, path),
        };
        if path.starts_with("/hooks/") {
            // What each answer does to a subscription is the sender's rule (spec §8.4).
            assert_eq!(statuses, [404, 404, 200, 404, 410, 410, 200], "{method} {path}");
        } else if path.starts_with("/badges/") {
            // A badge that there is not and one that is not shown look the same.
            assert_eq!(statuses, [404; 7], "{method} {path}");
        } else if method == "POST" && path == "/api/portal/session" {
            // The key is in the body, which is another story.
            assert_eq!(statuses, [400; 7], "{method} {path}");
        } else if !is_open {
            // Whatever else a route answers, what does not count gets 401 and the rest gets in.
            assert_eq!(
                [statuses[0], statuses[1], statuses[4], statuses[5]],
                [401; 4],
                "{method} {path}"
            );
            assert_eq!(statuses[3], 403, "{method} {path}");
            assert!(![401, 403, 429].contains(&statuses[6]), "{method} {path}: {statuses:?}");
        }
        let cells: Vec<String> = statuses.iter().map(u16::to_string).collect();
        table.push_str(&format!("| `{method} {path}` | {scope} | {} |\n", cells.join(" | ")));
    }
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has a place for the table");
    let (found, after) = rest.split_once(END).expect("the table has an end");
    let want = format!("\n{table}\n");
    if std::env::var_os("ACCEPT").is_some() {
        std::fs::write(page(), format!("{before}{BEGIN}{want}{END}{after}")).unwrap();
    } else {
        assert_eq!(found, want, "run the test with ACCEPT=1 and review the difference");
    }
}
