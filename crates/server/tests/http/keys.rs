//! Keys: how they are made and sent, what each state of one opens, and what nobody gets to know.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Response, get_from, send};
use crate::server::{KEY, OTHER_KEY, Server, event, output, run, start};

const ADMIN: &str = "the-admin-key-of-this-test";
const ASK: &str = "/v1/apps/default/query?query=print%201";
const JSON: (&str, &str) = ("content-type", "application/json");

/// A key made over HTTP; the answer's JSON.
fn make(server: &Server, wish: &Value) -> Value {
    let body = wish.to_string();
    let answer = server.post("/api/keys", &[JSON, ("x-api-key", ADMIN)], body.as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// The text of a new key.
fn text(server: &Server, name: &str, scope: &str, apps: &Value) -> String {
    let made = make(server, &json!({ "name": name, "scopes": [scope], "applications": apps }));
    made["key"].as_str().unwrap().to_owned()
}

fn get(server: &Server, path: &str, key: &str) -> Response {
    send(server.port, "GET", path, &[("x-api-key", key)], b"")
}

fn kusto(server: &Server, key: &str, csl: &str) -> Response {
    let body = json!({ "db": "", "csl": csl }).to_string();
    server.post("/v1/rest/query", &[JSON, ("x-api-key", key)], body.as_bytes())
}

fn ask(server: &Server, app: &str, key: &str, body: &Value) -> Response {
    let path = format!("/v1/apps/{app}/query");
    server.post(&path, &[JSON, ("x-api-key", key)], body.to_string().as_bytes())
}

fn delete(server: &Server, path: &str, key: &str) -> Response {
    send(server.port, "DELETE", path, &[("x-api-key", key)], b"")
}

/// A server with the application `nightly-builds` beside `default`.
fn with_other(flags: &[&str]) -> (Server, tempfile::TempDir) {
    let mut all = vec!["--admin-key", ADMIN];
    all.extend(flags);
    let (server, dir) = start(&all);
    let body = json!({ "name": "nightly-builds", "instrumentationKey": OTHER_KEY }).to_string();
    let made = server.post("/api/apps", &[JSON, ("x-api-key", ADMIN)], body.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    (server, dir)
}

pub fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[test]
fn a_key_is_accepted_wherever_clients_put_it() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let key = text(&server, "ci", "query", &Value::Null);
    for key in [ADMIN, key.as_str()] {
        let bearer = format!("Bearer {key}");
        let lower = format!("bearer {key}");
        let basic = format!("Basic {}", base64(&format!("anybody:{key}")));
        for headers in [
            &[("x-api-key", key)][..],
            &[("authorization", &bearer)],
            &[("authorization", &lower)],
            &[("authorization", &basic)],
            // One SDK sends its token beside the key.
            &[("authorization", "Bearer eyJ0eXAi.e30.x"), ("x-api-key", key)],
        ] {
            let answer = send(server.port, "GET", ASK, headers, b"");
            assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text());
        }
        assert_eq!(server.get(&format!("{ASK}&key={key}")).status, 200);
    }
}

#[test]
fn whatever_is_wrong_with_a_key_the_answer_is_the_same() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let made = make(&server, &json!({ "name": "gone", "scopes": ["query"] }));
    let (gone, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let brief = make(&server, &json!({ "name": "brief", "scopes": ["query"], "expires": "1s" }));
    let brief = brief["key"].as_str().unwrap();
    assert_eq!(get(&server, ASK, gone).status, 200);
    assert_eq!(get(&server, ASK, brief).status, 200);
    assert_eq!(delete(&server, "/api/keys/gone", ADMIN).status, 200);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let forged = format!("tt_{id}_{}", "0".repeat(64));
    let basic = format!("Basic {}", base64("no colon"));
    let mut texts = Vec::new();
    for headers in [
        &[][..],
        &[("x-api-key", "wrong")],
        &[("x-api-key", gone)],
        &[("x-api-key", brief)],
        &[("x-api-key", &forged)],
        &[("authorization", "Bearer eyJ0eXAi.e30.x")],
        &[("authorization", &basic)],
    ] {
        let answer = send(server.port, "GET", ASK, headers, b"");
        assert_eq!(answer.status, 401, "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        texts.push(answer.json()["error"]["message"].clone());
    }
    let want = "a valid key is needed: send it as `x-api-key`, bearer token or password";
    assert!(texts.iter().all(|text| text == want), "{texts:?}");
}

#[test]
fn without_authentication_credentials_are_ignored() {
    let (server, _dir) = start(&[]);
    for headers in [
        &[][..],
        &[("x-api-key", "whatever")],
        &[("authorization", "Bearer eyJ0eXAi.e30.x")],
        &[("authorization", "Basic !")],
    ] {
        assert_eq!(send(server.port, "GET", ASK, headers, b"").status, 200, "{headers:?}");
    }
    assert_eq!(server.get("/healthz").json()["apps"], 1);
}

#[test]
fn the_first_key_closes_the_server_and_its_end_does_not_open_it() {
    let (server, dir) = start(&[]);
    let body = json!({ "name": "root", "scopes": ["admin"] }).to_string();
    let made = server.post("/api/keys", &[JSON], body.as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    let root = made.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(server.get(ASK).status, 401);
    assert_eq!(get(&server, ASK, &root).status, 200);
    assert_eq!(server.get("/healthz").json()["apps"], Value::Null);
    // Telemetry needs no key still.
    assert_eq!(server.track(event(KEY, "a").as_bytes()).status, 200);
    assert_eq!(delete(&server, "/api/keys/root", &root).status, 200);
    assert_eq!(get(&server, ASK, &root).status, 401);
    assert_eq!(server.get(ASK).status, 401);
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::on(dir.path(), &[]);
    assert_eq!(server.get(ASK).status, 401);
}

#[test]
fn keys_and_revocations_outlive_a_crash() {
    let (server, dir) = start(&["--admin-key", ADMIN]);
    let kept = text(&server, "kept", "query", &Value::Null);
    let gone = text(&server, "gone", "query", &Value::Null);
    assert_eq!(delete(&server, "/api/keys/gone", ADMIN).status, 200);
    server.kill();
    let server = Server::on(dir.path(), &[]);
    assert_eq!(get(&server, ASK, &kept).status, 200);
    assert_eq!(get(&server, ASK, &gone).status, 401);
}

#[test]
fn the_last_use_is_shown_and_outlives_a_restart() {
    let (server, dir) = start(&["--admin-key", ADMIN]);
    let used = text(&server, "used", "query", &Value::Null);
    text(&server, "idle", "query", &Value::Null);
    assert_eq!(get(&server, ASK, &used).status, 200);
    let uses = |server: &Server| {
        let list = get(server, "/api/keys", ADMIN).json();
        let use_of = |i: usize| list["keys"][i]["lastUsed"].as_str().map(str::to_owned);
        assert!(!list.to_string().contains(used.rsplit('_').next().unwrap()));
        (use_of(0), use_of(1))
    };
    let (at, never) = uses(&server);
    assert!(at.is_some() && never.is_none(), "{at:?} {never:?}");
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    assert_eq!(uses(&server), (at, None));
}

#[test]
fn a_scope_opens_its_own_routes_only() {
    let (server, _dir) = start(&["--admin-key", ADMIN, "--ingest-needs-key"]);
    let scopes = ["ingest", "query", "hook", "admin"];
    let keys = scopes.map(|scope| text(&server, scope, scope, &Value::Null));
    for (scope, key) in scopes.iter().zip(&keys) {
        let track = server.post("/v2/track", &[("x-api-key", key)], event(KEY, "a").as_bytes());
        let got =
            (track.status, get(&server, ASK, key).status, get(&server, "/metrics", key).status);
        let want = match *scope {
            "ingest" => (200, 403, 403),
            "query" => (403, 200, 403),
            "hook" => (403, 403, 403),
            _ => (200, 200, 200),
        };
        assert_eq!(got, want, "{scope}");
        let list = get(&server, "/api/keys", key).status;
        assert_eq!(list, if *scope == "admin" { 200 } else { 403 }, "{scope}");
    }
}

#[test]
fn telemetry_needs_a_key_where_the_setting_says_so() {
    let (server, _dir) = with_other(&["--ingest-needs-key"]);
    let body = format!("{}\n{}", event(KEY, "a"), event(KEY, "b"));
    let refused = server.track(body.as_bytes());
    assert_eq!(refused.status, 401);
    let json = refused.json();
    assert_eq!((&json["itemsReceived"], &json["itemsAccepted"]), (&json!(2), &json!(0)));
    assert_eq!(json["appId"], Value::Null);
    for i in 0..2 {
        let want = json!({ "index": i, "statusCode": 401, "message": "A valid key is needed" });
        assert_eq!(json["errors"][i], want);
    }
    let key = text(&server, "send", "ingest", &json!(["default"]));
    let by_header = server.post("/v2/track", &[("x-api-key", &key)], body.as_bytes());
    assert_eq!(by_header.json()["itemsAccepted"], 2);
    let by_url = server.post(&format!("/v2/track?key={key}"), &[], body.as_bytes());
    assert_eq!(by_url.json()["itemsAccepted"], 2);
    // An application the key is not for is as unknown as one that does not exist.
    let nobody = "11111111-2222-3333-4444-999999999999";
    let item = |ikey: &str| {
        let body = event(ikey, "a");
        let answer = server.post("/v2/track", &[("x-api-key", &key)], body.as_bytes());
        (answer.status, answer.json())
    };
    assert_eq!(item(OTHER_KEY), item(nobody));
    assert_eq!(item(KEY).0, 200);
    assert_eq!(server.get(&format!("/api/profiles/{KEY}/appId")).status, 200);
}

#[test]
fn an_application_a_key_is_not_for_does_not_exist() {
    let (server, _dir) = with_other(&[]);
    let key = text(&server, "narrow", "query", &json!(["default"]));
    let body = json!({ "query": "print 1" });
    let there = ask(&server, "nightly-builds", &key, &body);
    let nowhere = ask(&server, "nowhere", &key, &body);
    assert_eq!((there.status, nowhere.status), (403, 403));
    let part = |answer: &Response, name: &str| answer.json()["error"][name].clone();
    for name in ["code", "message"] {
        assert_eq!(part(&there, name), part(&nowhere, name));
    }
    for (db, status) in [("default", 200), ("nightly-builds", 403), ("nowhere", 403)] {
        let body = json!({ "db": db, "csl": "print 1" }).to_string();
        let answer = server.post("/v1/rest/query", &[JSON, ("x-api-key", &key)], body.as_bytes());
        assert_eq!(answer.status, status, "{db}");
        assert!(!answer.text().contains("nightly-builds"), "{}", answer.text());
    }
    for name in ["nightly-builds", "nowhere"] {
        let shared = json!({ "query": "print 1", "applications": [name] });
        assert_eq!(ask(&server, "default", &key, &shared).status, 403, "{name}");
        let named = json!({ "query": format!("app('{name}').requests | count") });
        let answer = ask(&server, "default", &key, &named);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(&format!("no application `{name}`")), "{}", answer.text());
    }
    for csl in [
        ".show databases",
        ".show databases schema",
        ".show databases schema as json",
        ".show schema as json",
        ".show databases entities",
        ".show tables",
    ] {
        let answer = kusto(&server, &key, csl);
        assert_eq!(answer.status, 200, "{csl}");
        let text = answer.text();
        assert!(text.contains("default") && !text.contains("nightly-builds"), "{csl}: {text}");
        assert!(!text.contains("Audit"), "{csl}: {text}");
    }
    let whole = text(&server, "whole", "query", &Value::Null);
    assert_eq!(ask(&server, "nightly-builds", &whole, &body).status, 200);
    assert_eq!(ask(&server, "nowhere", &whole, &body).status, 404);
    let named = json!({ "query": "app('nightly-builds').requests | count" });
    assert_eq!(ask(&server, "default", &whole, &named).status, 200);
    assert!(kusto(&server, &whole, ".show databases").text().contains("nightly-builds"));
}

#[test]
fn an_administrator_of_one_application_sees_that_one() {
    let (server, _dir) = with_other(&[]);
    let key = text(&server, "lead", "admin", &json!(["nightly-builds"]));
    let list = get(&server, "/api/apps", &key);
    assert_eq!(list.status, 200);
    assert_eq!(list.json()["apps"].as_array().unwrap().len(), 1);
    assert_eq!(list.json()["apps"][0]["name"], "nightly-builds");
    // Nothing named: the one it has.
    assert_eq!(
        kusto(&server, &key, ".show databases").json()["Tables"][0]["Rows"][0][0],
        "nightly-builds"
    );
    for path in ["/metrics", "/api/keys"] {
        assert_eq!(get(&server, path, &key).status, 403, "{path}");
    }
    let body = json!({ "name": "mine", "scopes": ["admin"] }).to_string();
    let made = server.post("/api/keys", &[JSON, ("x-api-key", &key)], body.as_bytes());
    assert_eq!(made.status, 403);
    assert_eq!(delete(&server, "/api/keys/lead", &key).status, 403);
}

#[test]
fn anonymous_queries_open_queries_and_nothing_else() {
    let (server, _dir) = start(&["--admin-key", ADMIN, "--allow-anonymous-queries"]);
    assert_eq!(server.get(ASK).status, 200);
    assert_eq!(get(&server, ASK, "wrong").status, 401);
    for path in ["/metrics", "/api/apps", "/api/keys"] {
        assert_eq!(server.get(path).status, 401, "{path}");
    }
    let hidden = server.query("Audit | count");
    assert_eq!(hidden.status, 400, "{}", hidden.text());
}

#[test]
fn wrong_keys_are_throttled_by_address() {
    let (server, _dir) = start(&["--admin-key", ADMIN, "--ingest-needs-key"]);
    // Nobody is held back for what carries no key.
    for _ in 0..20 {
        assert_eq!(server.get(ASK).status, 401);
    }
    for i in 0..10 {
        assert_eq!(get(&server, ASK, "wrong").status, 401, "{i}");
    }
    for key in ["wrong", ADMIN] {
        let answer = get(&server, ASK, key);
        assert_eq!(answer.status, 429);
        assert!(answer.header("retry-after").unwrap().ends_with(" GMT"));
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("too many wrong keys came from this address: wait "));
        assert!(!answer.text().contains("127.0.0.1"));
    }
    // Others are not held back for it.
    let elsewhere = get_from("127.0.0.2", server.port, ASK, &[("x-api-key", ADMIN)]);
    assert_eq!(elsewhere.status, 200);
    let track = server.post("/v2/track", &[("x-api-key", "x")], event(KEY, "a").as_bytes());
    assert_eq!((track.status, &track.json()["errors"][0]["statusCode"]), (429, &json!(429)));
    assert!(track.header("retry-after").unwrap().ends_with(" GMT"));
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_key_sends_no_more_than_its_rate() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let wish = json!({ "name": "slow", "scopes": ["query"], "ratePerMinute": 3 });
    let slow = make(&server, &wish)["key"].as_str().unwrap().to_owned();
    for i in 0..3 {
        assert_eq!(get(&server, ASK, &slow).status, 200, "{i}");
    }
    let answer = get(&server, ASK, &slow);
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().ends_with(" GMT"));
    assert!(answer.text().contains("this key's requests of a minute are used up: wait "));
    assert_eq!(get(&server, ASK, ADMIN).status, 200);
}

#[test]
fn a_wish_that_cannot_be_met_says_why() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    make(&server, &json!({ "name": "ci", "scopes": ["query"] }));
    for (wish, text) in [
        (json!({ "scopes": ["query"] }), "`` is not a name for a key"),
        (json!({ "name": "a/b", "scopes": ["query"] }), "`a/b` is not a name for a key"),
        (json!({ "name": "admin_key", "scopes": ["query"] }), "`admin_key` is not a name"),
        (json!({ "name": "0123456789ab", "scopes": ["query"] }), "is not a name for a key"),
        (json!({ "name": "CI", "scopes": ["query"] }), "there is a key `CI` already"),
        (json!({ "name": "a" }), "a key needs a scope"),
        (json!({ "name": "a", "scopes": ["root"] }), "`root` is not a scope: use `ingest`,"),
        (json!({ "name": "a", "scopes": "query" }), "`scopes` must be a list of texts"),
        (
            json!({ "name": "a", "scopes": ["query"], "applications": ["no"] }),
            "there is no application `no`",
        ),
        (json!({ "name": "a", "scopes": ["query"], "applications": [] }), "1 to 100 applications"),
        (
            json!({ "name": "a", "scopes": ["query"], "expires": "2001-01-01" }),
            "`2001-01-01` is not a time to expire: use a duration such as `90d` or a date ahead",
        ),
        (json!({ "name": "a", "scopes": ["query"], "ratePerMinute": 0 }), "use 1 to 1000000"),
        (json!({ "name": "a", "scopes": ["query"], "ratePerMinute": "1" }), "a whole number"),
    ] {
        let headers = [JSON, ("x-api-key", ADMIN)];
        let answer = server.post("/api/keys", &headers, wish.to_string().as_bytes());
        assert_eq!(answer.status, 400, "{wish}: {}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(text), "{wish}: {message}");
    }
    let plain = server.post("/api/keys", &[("x-api-key", ADMIN)], b"{}");
    assert_eq!(plain.status, 415);
    let nobody = delete(&server, "/api/keys/nobody", ADMIN);
    assert_eq!(nobody.status, 404);
    assert!(nobody.text().contains("there is no key `nobody`"));
    assert_eq!(get(&server, "/api/keys/ci", ADMIN).status, 405);
    // A name is free again once its key is revoked, and the newest is meant by it.
    assert_eq!(delete(&server, "/api/keys/ci", ADMIN).json()["state"], "revoked");
    let again = text(&server, "ci", "query", &Value::Null);
    assert_eq!(get(&server, ASK, &again).status, 200);
    assert_eq!(delete(&server, "/api/keys/ci", ADMIN).status, 200);
    assert_eq!(get(&server, ASK, &again).status, 401);
}

#[test]
fn keys_are_managed_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    let made = output(&["keys", "create", "root", "--scope", "admin", "--data", data]);
    let root = made.strip_suffix('\n').unwrap();
    assert_eq!((root.len(), &root[..3]), (80, "tt_"));
    assert_eq!(no_secret_at_rest(dir.path(), root), Vec::<String>::new());
    let server = Server::on(dir.path(), &[]);
    let url = server.url.as_str();
    let made = output(&[
        "keys",
        "create",
        "ci",
        "--scope",
        "query,ingest",
        "--app",
        "default",
        "--expires",
        "90d",
        "--rate",
        "100",
        "--url",
        url,
        "--key",
        root,
        "--format",
        "json",
    ]);
    let ci: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(ci["scopes"], json!(["query", "ingest"]));
    assert_eq!((&ci["applications"], &ci["ratePerMinute"]), (&json!(["default"]), &json!(100)));
    let ci = ci["key"].as_str().unwrap();
    let answer = output(&["query", "print 1", "--url", url, "--key", ci, "--format", "csv"]);
    assert_eq!(answer, "print_0\r\n1\r\n");
    let refused = run(&["query", "print 1", "--url", url]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("a valid key is needed"), "{error}");
    let list = output(&["keys", "list", "--url", url, "--key", root]);
    assert!(list.contains("ci") && list.contains("query,ingest") && !list.contains(ci), "{list}");
    let apps = output(&["apps", "list", "--url", url, "--key", root]);
    assert!(apps.contains("default"), "{apps}");
    output(&["keys", "revoke", "ci", "--url", url, "--key", root]);
    assert_eq!(get(&server, ASK, ci).status, 401);
    let again = ["keys", "revoke", "ci", "--url", url, "--key", root, "--format", "json"];
    let again: Value = serde_json::from_str(&output(&again)).unwrap();
    assert_eq!((&again["changed"], &again["state"]), (&json!(false), &json!("revoked")));
    assert_eq!(server.stop().code(), Some(0));
    output(&["keys", "revoke", "root", "--data", data]);
    let list = output(&["keys", "list", "--data", data]);
    assert_eq!(list.matches("revoked").count(), 2, "{list}");
    let missing = run(&["keys", "revoke", "nobody", "--data", data]);
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn a_new_key_stands_alone_and_what_it_is_good_for_is_told_beside_it() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let place = ["--url", server.url.as_str(), "--key", ADMIN];
    let call = |args: &[&str]| {
        let done = run(&[&["keys"], args, &place].concat());
        assert_eq!(done.status.code(), Some(0), "{args:?}");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(done.stdout), text(done.stderr))
    };
    let (key, about) = call(&["create", "all of it", "--scope", "query,ingest"]);
    assert_eq!(get(&server, ASK, key.strip_suffix('\n').unwrap()).status, 200);
    let id = key.split('_').nth(1).unwrap();
    assert_eq!(
        about,
        format!(
            "name          all of it\nid            {id}\nscopes        query,ingest\n\
             applications  all\nexpires       never\nthe key is shown this once\n"
        )
    );
    let (_, about) = call(&[
        "create",
        "ci",
        "--scope",
        "query",
        "--app",
        "default",
        "--expires",
        "2200-01-01",
        "--rate",
        "100",
    ]);
    let told = "applications  default\nexpires       2200-01-01T00:00:00Z\n\
                rate          100 requests a minute\n";
    assert!(about.contains(told), "{about}");
    let (out, about) = call(&["revoke", "all of it"]);
    let want = format!("key `all of it` ({id}) is revoked: nothing is let in with it any more\n");
    assert_eq!((out.as_str(), about), ("", want));
    let (out, about) = call(&["revoke", id]);
    let again = format!("key `all of it` ({id}) was revoked already, 20");
    assert!(out.is_empty() && about.starts_with(&again), "{about}");
}

#[test]
fn a_first_key_that_may_not_administer_is_warned_of() {
    let warned = |place: &[&str], name: &str, scope: &str| {
        let done = run(&[&["keys", "create", name, "--scope", scope][..], place].concat());
        assert_eq!(done.status.code(), Some(0), "{place:?} {name}");
        let about = String::from_utf8(done.stderr).unwrap();
        about.lines().find(|line| line.starts_with("warning")).map(str::to_owned)
    };
    let (server, dir) = start(&[]);
    assert_eq!(
        warned(&["--url", &server.url], "ci", "query").unwrap(),
        "warning: from now on every call needs a key, and none may administer: stop the server \
         and make one on its folder with `telltale keys create NAME --scope admin --data FOLDER`"
    );
    assert_eq!(server.post("/api/keys", &[JSON], b"{}").status, 401);
    assert_eq!(server.stop().code(), Some(0));
    let data = ["--data", dir.path().to_str().unwrap()];
    let text = warned(&data, "more", "ingest").unwrap();
    assert!(text.contains("unless the server gets an `admin_key`, make one with"), "{text}");
    assert_eq!(warned(&data, "root", "admin"), None);
    assert_eq!(warned(&data, "last", "query"), None);
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    assert_eq!(warned(&["--url", &server.url, "--key", ADMIN], "ci", "query"), None);
}

/// Files of the folder that hold the secret part of a key.
fn no_secret_at_rest(dir: &Path, key: &str) -> Vec<String> {
    let secret = key.rsplit('_').next().unwrap().as_bytes();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(no_secret_at_rest(&path, key));
        } else if std::fs::read(&path).unwrap().windows(secret.len()).any(|w| w == secret) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_import_sends_its_key() {
    let (server, dir) = start(&["--admin-key", ADMIN, "--ingest-needs-key"]);
    let file = dir.path().join("items.jsonl");
    std::fs::write(&file, event(KEY, "a")).unwrap();
    let file = file.to_str().unwrap();
    let refused = run(&["import", file, "--url", &server.url]);
    assert_eq!(refused.status.code(), Some(1));
    let done = output(&["import", file, "--url", &server.url, "--key", ADMIN]);
    assert!(done.contains("accepted  1"), "{done}");
}

#[test]
fn the_key_of_a_client_in_the_environment_is_no_setting() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = crate::server::telltale(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(dir.path()).env("TELLTALE_KEY", "k").env("TELLTALE_ADMIN_KEY", ADMIN);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    let ready: Value = serde_json::from_str(line.strip_prefix("telltale ready ").unwrap()).unwrap();
    let port = ready["url"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(send(port, "GET", ASK, &[("x-api-key", "k")], b"").status, 401);
    assert_eq!(send(port, "GET", ASK, &[("x-api-key", ADMIN)], b"").status, 200);
    child.kill().unwrap();
    child.wait().unwrap();
}
