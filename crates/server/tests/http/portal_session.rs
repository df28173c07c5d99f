//! Signing in to the portal and out: what a session may do, what it may not, how it ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{KEY, Server, event, output, start, telltale, wait_until};
use crate::tls_client::{Http2, runtime, trusting};

const ADMIN: &str = "the-admin-key-of-this-test";
const JSON: (&str, &str) = ("content-type", "application/json");
const PORTAL: (&str, &str) = ("x-portal", "1");
const SESSION: &str = "/api/portal/session";

fn sign_in(port: u16, body: &Value) -> Response {
    send(port, "POST", SESSION, &[JSON], body.to_string().as_bytes())
}

/// The cookie a browser sends after this answer.
fn cookie(answer: &Response) -> String {
    let text = answer.header("set-cookie").unwrap();
    text.split(';').next().unwrap().to_owned()
}

fn make_key(server: &Server, wish: &Value) -> String {
    let headers = [JSON, ("x-api-key", ADMIN)];
    let made = server.post("/api/keys", &headers, wish.to_string().as_bytes());
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["key"].as_str().unwrap().to_owned()
}

#[test]
fn where_no_key_is_needed_everybody_sees_everything() {
    let (server, _dir) = start(&[]);
    let answer = server.get(SESSION);
    assert_eq!(answer.status, 200);
    let build = answer.header("x-telltale-build").unwrap().to_owned();
    let body = answer.json();
    assert_eq!(body["build"], build.as_str());
    assert_eq!(server.get("/api/keys").header("x-telltale-build"), Some(build.as_str()));
    let now = body["now"].as_str().unwrap();
    assert!(now.ends_with('Z') && now.len() == 24, "{now}");
    for (name, want) in [
        ("signedIn", json!(false)),
        ("needsKey", json!(false)),
        ("canAdmin", json!(true)),
        ("defaultApp", json!("default")),
        ("sources", json!([])),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("address", json!({ "url": server.url, "isPlainHttp": true, "isLoopback": true })),
        (
            "apps",
            json!([{
                "name": "default",
                "appId": server.ready["appId"],
                "instrumentationKey": KEY,
                "connectionString": server.ready["connectionString"],
            }]),
        ),
    ] {
        assert_eq!(body[name], want, "{name}");
    }
}

#[test]
fn a_key_signs_in_and_its_session_may_what_it_may() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let nobody = server.get(SESSION).json();
    assert_eq!(
        [&nobody["signedIn"], &nobody["needsKey"], &nobody["canAdmin"], &nobody["apps"]],
        [&json!(false), &json!(true), &json!(false), &json!([])]
    );
    let key = make_key(&server, &json!({ "name": "reader", "scopes": ["query"] }));
    for (body, status) in [
        (json!({ "key": "tt_0123456789ab_wrong" }), 401),
        (json!({ "key": "" }), 401),
        (json!({}), 400),
        (json!({ "key": 5 }), 400),
        (json!({ "key": key, "token": "x" }), 400),
        (json!({ "token": "x" }), 401),
    ] {
        let answer = sign_in(server.port, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        assert_eq!(answer.header("set-cookie"), None, "{body}");
    }
    let answer = sign_in(server.port, &json!({ "key": key }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let set = answer.header("set-cookie").unwrap().to_owned();
    let (value, rest) = set.split_once("; ").unwrap();
    assert_eq!(rest, "Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
    assert_eq!(value.len(), "telltale_session_01234567=".len() + 64);
    assert!(!answer.text().contains(&key) && !set.contains(&key));
    let body = answer.json();
    assert_eq!(
        [&body["signedIn"], &body["name"], &body["canAdmin"]],
        [&json!(true), &json!("reader"), &json!(false)]
    );
    // Who only asks is not told how to send.
    assert_eq!(body["apps"], json!([{ "name": "default", "appId": server.ready["appId"] }]));

    let with = [("cookie", value)];
    let ask = "/v1/apps/default/query?query=print%201";
    assert_eq!(send(server.port, "GET", ask, &with, b"").status, 200);
    assert_eq!(send(server.port, "GET", "/api/keys", &with, b"").status, 403);
    assert_eq!(send(server.port, "GET", ask, &[], b"").status, 401);
    let cookies = format!("a=b; {value}; c=d");
    assert_eq!(send(server.port, "GET", ask, &[("cookie", &cookies)], b"").status, 200);
    let wrong = format!("{}0", &value[..value.len() - 1]);
    let other = if wrong == value { &format!("{wrong}0") } else { &wrong };
    assert_eq!(send(server.port, "GET", ask, &[("cookie", other)], b"").status, 401);
}

#[test]
fn what_changes_something_needs_the_header_of_our_pages() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let answer = sign_in(server.port, &json!({ "key": ADMIN }));
    assert_eq!(answer.json()["name"], "admin_key");
    let cookie = cookie(&answer);
    let with = [("cookie", cookie.as_str()), JSON];
    let with_header = [("cookie", cookie.as_str()), JSON, PORTAL];
    let wish = json!({ "name": "made", "scopes": ["query"] }).to_string();
    let command = json!({ "db": "default", "csl": ".create table T (a:long)" }).to_string();
    for (method, path, body, good) in [
        ("POST", "/api/keys", wish.as_str(), 201),
        ("DELETE", "/api/keys/made", "", 200),
        ("POST", "/v1/rest/mgmt", command.as_str(), 200),
        ("POST", "/v1/apps/default/query", "{\"query\":\"print 1\"}", 200),
        ("DELETE", "/api/portal/history", "", 204),
    ] {
        let answer = send(server.port, method, path, &with, body.as_bytes());
        assert_eq!(answer.status, 403, "{method} {path}");
        assert!(answer.text().contains("X-Portal: 1"), "{}", answer.text());
        let answer = send(server.port, method, path, &with_header, body.as_bytes());
        assert_eq!(answer.status, good, "{method} {path}: {}", answer.text());
    }
    // Asking changes nothing.
    let body = b"{\"app\":\"default\",\"kql\":\"print 1\"}";
    assert_eq!(send(server.port, "POST", "/api/portal/query", &with, body).status, 200);
    // A page of another origin is kept out whatever it sends.
    let theirs = [("cookie", cookie.as_str()), JSON, PORTAL, ("origin", "https://evil.example")];
    assert_eq!(send(server.port, "POST", "/api/keys", &theirs, wish.as_bytes()).status, 403);
    // A key is for programs, which need no such header.
    let program = [("x-api-key", ADMIN), JSON];
    assert_eq!(send(server.port, "POST", "/api/keys", &program, wish.as_bytes()).status, 201);
}

#[test]
fn a_session_ends_with_its_key_and_by_signing_out() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let key = make_key(&server, &json!({ "name": "short", "scopes": ["admin"] }));
    let first = cookie(&sign_in(server.port, &json!({ "key": key })));
    let second = cookie(&sign_in(server.port, &json!({ "key": key })));
    let third = cookie(&sign_in(server.port, &json!({ "key": ADMIN })));
    let is_in = |cookie: &str| {
        let answer = send(server.port, "GET", SESSION, &[("cookie", cookie)], b"");
        answer.json()["signedIn"] == true
    };
    assert!(is_in(&first) && is_in(&second) && is_in(&third));
    assert_eq!(send(server.port, "DELETE", SESSION, &[("cookie", &first)], b"").status, 403);
    let out = send(server.port, "DELETE", SESSION, &[("cookie", &first), PORTAL], b"");
    assert_eq!(out.status, 200);
    assert_eq!(out.json()["signedIn"], false);
    let forgotten = out.header("set-cookie").unwrap();
    let name = first.split_once('=').unwrap().0;
    let want = format!("{name}=; Path=/; Max-Age=0; HttpOnly");
    assert!(forgotten.starts_with(&want), "{forgotten}");
    assert!(!is_in(&first) && is_in(&second) && is_in(&third));
    let gone = send(server.port, "DELETE", "/api/keys/short", &[("x-api-key", ADMIN)], b"");
    assert_eq!(gone.status, 200);
    assert!(!is_in(&second) && is_in(&third));
    // Nobody signed out: no harm done.
    assert_eq!(send(server.port, "DELETE", SESSION, &[], b"").status, 200);
}

#[test]
fn signing_in_is_noted_and_guessing_is_slowed_down() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let cookie = cookie(&sign_in(server.port, &json!({ "key": ADMIN })));
    send(server.port, "DELETE", SESSION, &[("cookie", &cookie), PORTAL], b"");
    let actions = || {
        let body = json!({ "query": "Audit | where action startswith 'session' | order by \
                                     timestamp asc | project action, caller" });
        let headers = [JSON, ("x-api-key", ADMIN)];
        let answer = server.post("/v1/apps/default/query", &headers, body.to_string().as_bytes());
        answer.json()["tables"][0]["rows"].clone()
    };
    let want = json!([["session.create", "admin_key"], ["session.end", "admin_key"]]);
    wait_until("the audit has both", || actions() == want);
    let statuses: Vec<u16> =
        (0..12).map(|_| sign_in(server.port, &json!({ "key": "guess" })).status).collect();
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 2]);
}

#[test]
fn keys_that_cannot_ask_do_not_sign_in_and_others_see_their_applications() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let hook = make_key(&server, &json!({ "name": "hook", "scopes": ["hook"] }));
    let refused = sign_in(server.port, &json!({ "key": hook }));
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("scope `query`"), "{}", refused.text());
    let headers = [JSON, ("x-api-key", ADMIN)];
    let made = server.post("/api/apps", &headers, br#"{"name":"zebra"}"#);
    assert_eq!(made.status, 201);
    let wish = json!({ "name": "z", "scopes": ["admin"], "applications": ["zebra"] });
    let body = sign_in(server.port, &json!({ "key": make_key(&server, &wish) })).json();
    assert_eq!(body["apps"].as_array().unwrap().len(), 1);
    assert_eq!(body["apps"][0]["name"], "zebra");
    assert!(body["apps"][0]["connectionString"].is_string());
    assert_eq!([&body["defaultApp"], &body["canAdmin"]], [&json!("zebra"), &json!(false)]);
    assert!(!body.to_string().contains(KEY));
}

#[test]
fn one_key_signs_out_nobody_else() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let [one, two] = ["one", "two"].map(|name| {
        let key = make_key(&server, &json!({ "name": name, "scopes": ["query"] }));
        move |server: &Server| cookie(&sign_in(server.port, &json!({ "key": key })))
    });
    let is_in = |cookie: &str| {
        let answer = send(server.port, "GET", SESSION, &[("cookie", cookie)], b"");
        answer.json()["signedIn"] == true
    };
    let other = two(&server);
    let all: Vec<String> = (0..22).map(|_| one(&server)).collect();
    let left: Vec<bool> = all.iter().map(|cookie| is_in(cookie)).collect();
    assert_eq!(left, (0..22).map(|n| n >= 2).collect::<Vec<_>>());
    assert!(is_in(&other));
}

/// A server that others can reach and nobody has a key to; its port and what it printed.
fn stranded(dir: &std::path::Path, flags: &[&str]) -> (Child, u16, String) {
    let mut command = telltale(&["serve", "--listen", "0.0.0.0:0", "--data"]);
    command.arg(dir).args(["--instrumentation-key", KEY]).args(flags);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.next().unwrap().unwrap();
    let ready: Value =
        serde_json::from_str(ready.strip_prefix("telltale ready ").unwrap()).unwrap();
    let url = ready["url"].as_str().unwrap();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let line = lines.next().unwrap().unwrap();
    let link = line.strip_prefix("nobody has a key yet; this link makes the first one: ").unwrap();
    let token = link.strip_prefix(&format!("{url}/sign-in#token=")).unwrap().to_owned();
    (child, port, token)
}

#[test]
fn the_link_of_the_first_start_makes_the_first_key_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, port, token) = stranded(dir.path(), &[]);
    assert_eq!(token.len(), 64);
    let host = ("host", "ci.example");
    // Nobody gets in before, telemetry does.
    assert_eq!(send(port, "GET", "/api/keys", &[host], b"").status, 401);
    assert_eq!(send(port, "POST", "/v2/track", &[], event(KEY, "early").as_bytes()).status, 200);
    assert_eq!(send(port, "GET", SESSION, &[], b"").json()["needsKey"], true);
    let wrong = sign_in(port, &json!({ "token": "0".repeat(64) }));
    assert_eq!(wrong.status, 401);
    assert!(wrong.text().contains("sign in with a key"), "{}", wrong.text());

    let made = sign_in(port, &json!({ "token": token }));
    assert_eq!(made.status, 200, "{}", made.text());
    let body = made.json();
    assert_eq!(
        [&body["signedIn"], &body["canAdmin"], &body["name"]],
        [&json!(true), &json!(true), &json!("first-admin")]
    );
    let key = body["createdKey"].as_str().unwrap().to_owned();
    let cookie = cookie(&made);
    assert_eq!(send(port, "GET", "/api/keys", &[("cookie", &cookie)], b"").status, 200);
    assert_eq!(send(port, "GET", "/api/keys", &[("x-api-key", &key)], b"").status, 200);
    assert_eq!(sign_in(port, &json!({ "token": token })).status, 401);
    let again = send(port, "GET", SESSION, &[("cookie", &cookie)], b"").json();
    assert_eq!(again["createdKey"], Value::Null);
    child.kill().unwrap();
    child.wait().unwrap();

    // With a key there is no link any more.
    let flags = ["--listen", "0.0.0.0:0"];
    let server = Server::on(dir.path(), &flags);
    assert_eq!(send(server.port, "GET", "/api/keys", &[("x-api-key", &key)], b"").status, 200);
    assert_eq!(sign_in(server.port, &json!({ "token": token })).status, 401);
    let answer = send(server.port, "GET", SESSION, &[("cookie", &cookie)], b"");
    assert_eq!(answer.json()["signedIn"], false, "sessions end with the server");
}

#[test]
fn the_link_of_the_first_start_is_not_used_up_when_no_key_could_be_made() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, ..) = stranded(dir.path(), &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, port, token) = stranded(dir.path(), &["--free-bytes-min", "1000TiB"]);
    let tries = [(); 2].map(|()| sign_in(port, &json!({ "token": token })));
    child.kill().unwrap();
    child.wait().unwrap();
    for answer in tries {
        assert_eq!(answer.status, 429, "{}", answer.text());
        assert!(answer.text().contains("disk is nearly full"), "{}", answer.text());
    }
}

#[test]
fn only_one_of_many_gets_the_first_key() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, port, token) = stranded(dir.path(), &[]);
    let tries: Vec<_> = (0..6)
        .map(|_| {
            let body = json!({ "token": token });
            std::thread::spawn(move || sign_in(port, &body).status)
        })
        .collect();
    let mut statuses: Vec<u16> = tries.into_iter().map(|one| one.join().unwrap()).collect();
    statuses.sort_unstable();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401]);
}

#[test]
fn below_a_base_path_the_cookie_is_for_that_path() {
    let (server, _dir) = start(&["--admin-key", ADMIN, "--portal", "/tools"]);
    let path = format!("/tools{SESSION}");
    let body = json!({ "key": ADMIN }).to_string();
    let answer = send(server.port, "POST", &path, &[JSON], body.as_bytes());
    let set = answer.header("set-cookie").unwrap();
    assert!(set.contains("; Path=/tools/; "), "{set}");
}

#[test]
fn over_https_the_cookie_is_never_sent_in_the_clear() {
    let (server, _dir) = start(&["--tls-listen", "127.0.0.1:0", "--admin-key", ADMIN]);
    let url = server.ready["tlsUrl"].as_str().unwrap().to_owned();
    let config = trusting(&output(&["tls", "show", "--url", &url]), &["h2"]);
    runtime().block_on(async {
        let client = Http2::connect(server.tls_port(), Some(config)).await;
        let body = json!({ "key": ADMIN }).to_string();
        let (answer, _stream) = client.send("POST", SESSION, &body).await;
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(set.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{set}");
        let (page, _stream) = client.send("GET", "/ci", "").await;
        let page = page.await.unwrap();
        assert_eq!(page.headers()["cross-origin-opener-policy"], "same-origin");
    });
    let address = server.get(SESSION).json()["address"].clone();
    assert_eq!([&address["tlsUrl"], &address["isPlainHttp"]], [&json!(url), &json!(true)]);
}

#[test]
fn servers_of_one_host_do_not_sign_each_other_out() {
    let (one, dir) = start(&["--admin-key", ADMIN]);
    let (two, _dir) = start(&["--admin-key", ADMIN]);
    let first = cookie(&sign_in(one.port, &json!({ "key": ADMIN })));
    let second = cookie(&sign_in(two.port, &json!({ "key": ADMIN })));
    let name = |cookie: &str| cookie.split_once('=').unwrap().0.to_owned();
    assert_ne!(name(&first), name(&second));
    // A browser sends both to each.
    let both = format!("{second}; {first}");
    for port in [one.port, two.port] {
        let answer = send(port, "GET", "/api/keys", &[("cookie", &both)], b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert!(one.stop().success());
    let one = Server::on(dir.path(), &["--admin-key", ADMIN]);
    assert_eq!(name(&cookie(&sign_in(one.port, &json!({ "key": ADMIN })))), name(&first));
}
