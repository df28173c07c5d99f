//! What the stories of hooks share, and how deliveries are answered: keys, statuses, limits.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, start, wait_until};

pub const ADMIN: &str = "the-admin-key-of-this-test";
pub const FLAGS: [&str; 2] = ["--admin-key", ADMIN];
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// A fixture of a delivery.
pub fn fixture(name: &str) -> String {
    let folder = folder();
    let synthetic = folder.join("synthetic/hooks").join(name);
    let path = if synthetic.exists() { synthetic } else { folder.join("recorded").join(name) };
    std::fs::read_to_string(path).unwrap()
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo")
}

/// A key of scope `hook` with this wish beside its name; its text.
pub fn make(server: &Server, name: &str, more: &Value) -> String {
    let mut wish = json!({ "name": name, "scopes": ["hook"] });
    for (member, value) in more.as_object().into_iter().flatten() {
        wish[member] = value.clone();
    }
    let headers = [JSON, ("x-api-key", ADMIN)];
    let answer = server.post("/api/keys", &headers, wish.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["key"].as_str().unwrap().to_owned()
}

pub fn revoke(server: &Server, name: &str) {
    let path = format!("/api/keys/{name}");
    let answer = send(server.port, "DELETE", &path, &[("x-api-key", ADMIN)], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Delivers by the key in the path.
pub fn deliver(server: &Server, key: &str, body: &str) -> Response {
    server.post(&format!("/hooks/azdo/{key}"), &[JSON], body.as_bytes())
}

/// Delivers what must be taken.
pub fn taken(server: &Server, key: &str, body: &str) {
    let answer = deliver(server, key, body);
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
}

pub fn admin_get(server: &Server, path: &str) -> Response {
    send(server.port, "GET", path, &[("x-api-key", ADMIN)], b"")
}

/// Rows of a query as the administrator.
pub fn rows(server: &Server, text: &str) -> Vec<Value> {
    let body = json!({ "query": text }).to_string();
    let headers = [JSON, ("x-api-key", ADMIN)];
    let answer = server.post("/v1/apps/default/query", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{text}: {}", answer.text());
    answer.json()["tables"][0]["rows"].as_array().unwrap().clone()
}

/// A line of `/metrics`.
pub fn metric(server: &Server, line: &str) -> Option<u64> {
    let text = admin_get(server, "/metrics").text();
    let found = text.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(' '));
    found.map(|value| value.parse().unwrap())
}

/// Waits until everything that was delivered is worked through.
pub fn drained(server: &Server) {
    let waiting = || metric(server, "telltale_hook_inbox_deliveries");
    wait_until("the inbox is empty", || waiting() == Some(0));
}

/// What `/api/hooks` says of a key.
pub fn hook(server: &Server, name: &str) -> Value {
    let all = admin_get(server, "/api/hooks").json();
    let found = all["hooks"].as_array().unwrap().iter().find(|hook| hook["name"] == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {all}")).clone()
}

/// A completed deployment; `changed` is the second it was changed in.
pub fn deployment(notification: i64, id: i64, changed: i64, status: &str) -> String {
    let mut body: Value =
        serde_json::from_str(&fixture("deployment-completed-succeeded.json")).unwrap();
    let time =
        format!("2026-11-20T{:02}:{:02}:{:02}Z", changed / 3600, changed / 60 % 60, changed % 60);
    body["notificationId"] = notification.into();
    body["id"] = format!("20000000-0000-4000-8000-{notification:012}").into();
    body["createdDate"] = time.as_str().into();
    let resource = &mut body["resource"];
    resource["environment"]["status"] = status.into();
    let name = format!("Release-{id}");
    resource["environment"]["release"]["name"] = name.as_str().into();
    resource["deployment"]["release"]["name"] = name.as_str().into();
    resource["deployment"]["id"] = id.into();
    resource["deployment"]["lastModifiedOn"] = time.as_str().into();
    body.to_string()
}

#[test]
fn a_key_is_found_wherever_a_sender_may_put_it() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    let basic = format!("Basic {}", crate::keys::base64(&format!("anybody:{key}")));
    let mut n = 0;
    let mut post = |path: &str, headers: &[(&str, &str)]| {
        n += 1;
        let headers: Vec<_> = headers.iter().copied().chain([JSON]).collect();
        server.post(path, &headers, deployment(n, n, n, "succeeded").as_bytes())
    };
    for (path, headers) in [
        (format!("/hooks/azdo/{key}"), &[][..]),
        (format!("/below/a/prefix/hooks//azdo/{key}/"), &[]),
        ("/hooks/azdo".to_owned(), &[("X-Hook-Key", key.as_str())]),
        (format!("/hooks/azdo?key={key}"), &[]),
        (format!("/hooks/azdo?code={key}"), &[]),
        ("/hooks/azdo".to_owned(), &[("authorization", basic.as_str())]),
        // A stale one beside it does no harm.
        (format!("/hooks/azdo?key=old&code={key}"), &[("X-Hook-Key", "older")]),
    ] {
        let answer = post(&path, headers);
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
    for path in ["/hooks/azdo", "/hooks/azdo/tt_x", &format!("/hooks/azdo/{key}0")] {
        assert_eq!(post(path, &[]).status, 404, "{path}");
    }
    // A key of another scope is none.
    let body = json!({ "name": "asks", "scopes": ["query"] }).to_string();
    let made = server.post("/api/keys", &[JSON, ("x-api-key", ADMIN)], body.as_bytes()).json();
    assert_eq!(deliver(&server, made["key"].as_str().unwrap(), "{}").status, 404);
    let answer = server.get(&format!("/hooks/azdo/{key}"));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    drained(&server);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([7])]);
}

#[test]
fn what_no_sender_can_mend_later_is_refused_and_the_rest_is_taken() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    for (body, reason) in [
        (fixture("not-json.txt"), "the body is not a delivery of a service hook"),
        (String::new(), "the body is not a delivery of a service hook"),
        ("[]".to_owned(), "a delivery is a JSON object"),
        ("{\"event\":\"x\"}".to_owned(), "the delivery has no `eventType`"),
        ("{\"eventType\":7}".to_owned(), "the delivery has no `eventType`"),
        (format!("{{\"eventType\":\"x\",\"a\":{}", "[".repeat(200_000)), "the body is not"),
        ("{\"eventType\":\"\u{0}x".to_owned(), "the body is not a delivery"),
    ] {
        let answer = deliver(&server, &key, &body);
        assert_eq!(answer.status, 400, "{reason}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(reason), "{message}");
    }
    let broken = server.post(&format!("/hooks/azdo/{key}"), &[JSON], b"{\"eventType\":\"\xff\"}");
    // Texts in another encoding are read as far as they can be.
    assert_eq!(broken.status, 200);
    let pad = |bytes: usize| format!("{{\"eventType\":\"x\",\"pad\":\"{}\"}}", "p".repeat(bytes));
    let answer = deliver(&server, &key, &pad(4 << 20));
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["message"], "the delivery is larger than 4194304 bytes");
    // Whatever else an event holds, it is taken.
    let numbers = "1e15,".repeat(100_000) + "1";
    for body in [
        pad(4_000_000),
        format!("{{\"eventType\":\"x\",\"numbers\":[{numbers}]}}"),
        "{\"eventType\":\"x\",\"resource\":[1,{}],\"createdDate\":7,\"id\":{}}".to_owned(),
        "{\"eventType\":\"ms.vss-release.deployment-completed-event\",\"resource\":{\
         \"environment\":{\"releaseDefinition\":{\"id\":1e300}}}}"
            .to_owned(),
        "{\"eventType\":\"build.complete\",\"resource\":{\"id\":-9223372036854775808,\
         \"buildNumber\":\"\\u0000\"},\"notificationId\":\"x\"}"
            .to_owned(),
        format!("{{\"eventType\":\"{}\"}}", "é".repeat(100_000)),
    ] {
        taken(&server, &key, &body);
    }
    drained(&server);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([7])]);
    let line = |outcome: &str| {
        format!("telltale_hook_deliveries_total{{key=\"team\",outcome=\"{outcome}\"}}")
    };
    for (outcome, count) in [("accepted", 7), ("unreadable", 7), ("too_large", 1)] {
        assert_eq!(metric(&server, &line(outcome)), Some(count), "{outcome}");
    }
}

#[test]
fn a_revoked_key_is_told_to_stop_and_the_others_go_on() {
    let (server, dir) = start(&FLAGS);
    let keys = ["one", "two"].map(|name| make(&server, name, &Value::Null));
    taken(&server, &keys[0], &deployment(1, 1, 1, "succeeded"));
    drained(&server);
    let before = crate::hooks_state::files(&server, dir.path());
    assert_eq!(before.len(), 1);
    revoke(&server, "one");
    let answer = deliver(&server, &keys[0], &deployment(2, 2, 2, "succeeded"));
    assert_eq!(answer.status, 410);
    assert_eq!(
        answer.json()["error"]["message"],
        "the hook key `one` was revoked: delete this subscription"
    );
    // A large body does not keep the sender from the answer.
    let large = format!("{{\"eventType\":\"x\",\"pad\":\"{}\"}}", "p".repeat(2_000_000));
    assert_eq!(deliver(&server, &keys[0], &large).status, 410);
    drained(&server);
    assert_eq!(crate::hooks_state::files(&server, dir.path()), before);
    taken(&server, &keys[1], &deployment(3, 3, 3, "succeeded"));
    drained(&server);
    assert_ne!(crate::hooks_state::files(&server, dir.path()), before);
    assert_eq!(hook(&server, "one")["state"], "revoked");
    assert_eq!(hook(&server, "one")["sinceStart"], json!({ "accepted": 1, "revoked": 2 }));
    assert_eq!(hook(&server, "two")["events"], 1);
    server.stop();

    let server = Server::on(dir.path(), &["--admin-key", ADMIN, "--hooks-revoked", "200"]);
    taken(&server, &keys[0], &deployment(4, 4, 4, "succeeded"));
    drained(&server);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([2])]);
}

#[test]
fn an_expired_key_is_told_to_stop() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "short", &json!({ "expires": "1s" }));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let answer = deliver(&server, &key, "{\"eventType\":\"x\"}");
    assert_eq!(answer.status, 410);
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("has expired"), "{message}");
}

#[test]
fn a_key_that_sends_too_often_is_asked_to_come_back() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "slow", &json!({ "ratePerMinute": 2 }));
    for n in 1..=2 {
        taken(&server, &key, &deployment(n, n, n, "succeeded"));
    }
    let answer = deliver(&server, &key, &deployment(3, 3, 3, "succeeded"));
    // 429 would put the subscription on probation.
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").unwrap().ends_with(" GMT"));
    let other = make(&server, "other", &Value::Null);
    taken(&server, &other, &deployment(4, 4, 4, "succeeded"));
}

#[test]
fn wrong_keys_are_held_back_and_good_ones_from_the_same_address_are_not() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    let wrong = format!("tt_{}_{}", "0".repeat(12), "0".repeat(64));
    let statuses: Vec<u16> =
        (0..14).map(|_| deliver(&server, &wrong, "{\"eventType\":\"x\"}").status).collect();
    assert_eq!(statuses[..10], [404; 10]);
    assert_eq!(statuses[10..], [429; 4]);
    taken(&server, &key, "{\"eventType\":\"x\"}");
    // Nor is whoever administers from there.
    assert_eq!(admin_get(&server, "/api/hooks").status, 200);
    assert_eq!(send(server.port, "GET", "/api/hooks", &[("x-api-key", "no")], b"").status, 401);
    drained(&server);
    let line = "telltale_hook_deliveries_total{key=\"\",outcome=\"unknown_key\"}";
    assert_eq!(metric(&server, line), Some(14));
}

#[test]
fn a_full_disk_postpones_deliveries() {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    server.stop();
    let server = Server::on(dir.path(), &["--admin-key", ADMIN, "--free-bytes-min", "1000TiB"]);
    let answer = deliver(&server, &key, "{\"eventType\":\"x\"}");
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert_eq!(hook(&server, "team")["sinceStart"], json!({ "postponed": 1 }));
}

#[test]
fn what_looks_like_an_id_is_never_a_name_that_a_sender_wrote() {
    let (server, dir) = start(&FLAGS);
    let theirs = "3F0C5A52-6F5D-4E6B-9D0A-1B6F3B1F0A01";
    let ours = "3F0C5A52-6F5D-4E6B-9D0A-1B6F3B1F0A02";
    for (name, wish, renamed, new) in [
        ("project", json!({ "projects": [ours] }), "exproj", ours),
        ("definition", json!({ "projects": [theirs], "definitions": ["77"] }), "Web - CD", "77"),
    ] {
        let key = make(&server, name, &wish);
        let body = deployment(1, 1, 1, "succeeded");
        let forged = body.replace(&format!("\"{renamed}\""), &format!("\"{new}\""));
        assert_ne!(forged, body, "{renamed}");
        taken(&server, &key, &forged);
        drained(&server);
        let text = format!("PipelineEvents | where KeyName == '{name}' | project Processed, Error");
        let row = rows(&server, &text).remove(0);
        assert_eq!(row[0], json!(false), "{name}: {row}");
        assert!(row[1].as_str().unwrap().contains("the key is for"), "{row}");
    }
    assert_eq!(crate::hooks_state::files(&server, dir.path()).len(), 0);
}

#[test]
fn a_key_for_some_projects_does_nothing_for_others() {
    let (server, dir) = start(&FLAGS);
    let ours = "3F0C5A52-6F5D-4E6B-9D0A-1B6F3B1F0A01";
    for (name, projects, follows) in [
        ("by-id", json!([ours]), true),
        ("by-name", json!(["nowhere", "ExProj"]), true),
        ("other", json!(["nowhere"]), false),
    ] {
        let key = make(&server, name, &json!({ "projects": projects }));
        taken(&server, &key, &deployment(1, 1, 1, "succeeded"));
        drained(&server);
        let text = format!("PipelineEvents | where KeyName == '{name}' | project Processed, Error");
        let row = rows(&server, &text).remove(0);
        assert_eq!(row[0], json!(follows), "{name}: {row}");
        assert_eq!(row[1].as_str().unwrap().is_empty(), follows, "{row}");
        let hint = hook(&server, name)["hint"].as_str().unwrap().to_owned();
        assert_eq!(hint.is_empty(), follows, "{hint}");
    }
    assert_eq!(crate::hooks_state::files(&server, dir.path()).len(), 1);
    // Of the three deliveries two made a row of the deployment, of which the newer is seen.
    assert_eq!(rows(&server, "ReleaseDeployments | count"), [json!([1])]);
    let body = json!({ "name": "x", "scopes": ["query"], "projects": ["p"] }).to_string();
    let refused = server.post("/api/keys", &[JSON, ("x-api-key", ADMIN)], body.as_bytes());
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("only keys of scope `hook` are for projects"));
}
