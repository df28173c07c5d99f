//! What the portal keeps for those who use it: what they ran, links they share.

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, start, wait_until};

const ADMIN: &str = "the-admin-key-of-this-test";
const JSON: (&str, &str) = ("content-type", "application/json");

fn run(server: &Server, key: &str, kql: &str, history: bool) -> Response {
    let body = json!({ "app": "default", "kql": kql, "history": history }).to_string();
    server.post("/api/portal/query", &[JSON, ("x-api-key", key)], body.as_bytes())
}

fn runs(server: &Server, key: &str, parameters: &str) -> Vec<Value> {
    let path = format!("/api/portal/history?{parameters}");
    let answer = send(server.port, "GET", &path, &[("x-api-key", key)], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["runs"].as_array().unwrap().clone()
}

fn make_key(server: &Server, name: &str) -> String {
    let body = json!({ "name": name, "scopes": ["query"] }).to_string();
    let made = server.post("/api/keys", &[JSON, ("x-api-key", ADMIN)], body.as_bytes());
    made.json()["key"].as_str().unwrap().to_owned()
}

#[test]
fn each_caller_finds_its_own_runs_again() {
    let (server, dir) = start(&["--admin-key", ADMIN]);
    let (one, two) = (make_key(&server, "one"), make_key(&server, "two"));
    run(&server, &one, "range x from 1 to 3 step 1", true);
    run(&server, &one, "print Secret = 'of one'", true);
    assert_eq!(run(&server, &one, "nothing_here | take 1", true).status, 400);
    run(&server, &one, "print 'not kept'", false);
    run(&server, &two, "print 'of two'", true);
    wait_until("all runs are kept", || runs(&server, &one, "").len() == 3);
    let all = runs(&server, &one, "");
    let texts: Vec<&str> = all.iter().map(|run| run["kql"].as_str().unwrap()).collect();
    let want = ["nothing_here | take 1", "print Secret = 'of one'", "range x from 1 to 3 step 1"];
    assert_eq!(texts, want);
    assert_eq!(all[2]["rows"], 3);
    assert_eq!(all[2]["error"], Value::Null);
    assert_eq!(all[2]["app"], "default");
    assert!(all[2]["elapsedMs"].as_f64().unwrap() > 0.0);
    assert!(all[2]["at"].as_str().unwrap().ends_with('Z'));
    assert!(all[0]["error"].as_str().unwrap().contains("nothing_here"), "{}", all[0]);
    assert_eq!(runs(&server, &one, "q=SECRET").len(), 1);
    assert_eq!(runs(&server, &one, "limit=2").len(), 2);
    assert_eq!(runs(&server, &two, "").len(), 1);
    let answer =
        send(server.port, "GET", "/api/portal/history?limit=501", &[("x-api-key", &one)], b"");
    assert_eq!(answer.status, 400);
    assert!(server.stop().success());

    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    assert_eq!(runs(&server, &one, ""), all);
    let cleared = send(server.port, "DELETE", "/api/portal/history", &[("x-api-key", &one)], b"");
    assert_eq!(cleared.status, 204);
    assert_eq!(runs(&server, &one, ""), Vec::<Value>::new());
    assert!(server.stop().success());
    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    assert_eq!(runs(&server, &one, ""), Vec::<Value>::new());
    assert_eq!(runs(&server, &two, "").len(), 1);
}

#[test]
fn the_history_is_bounded_and_long_texts_say_that_they_were_cut() {
    let (server, _dir) = start(&[]);
    let body = |kql: &str| json!({ "app": "default", "kql": kql, "history": true }).to_string();
    let long = format!("print '{}'", "ä".repeat(20_000));
    assert_eq!(server.post("/api/portal/query", &[JSON], body(&long).as_bytes()).status, 200);
    let list = |limit: u32| {
        let path = format!("/api/portal/history?limit={limit}");
        server.get(&path).json()["runs"].as_array().unwrap().clone()
    };
    wait_until("it is kept", || list(1).len() == 1);
    let kept = list(1)[0]["kql"].as_str().unwrap().to_owned();
    assert!(kept.ends_with(" … (cut)") && kept.len() <= 16 << 10, "{}", kept.len());
    for n in 0..505 {
        let answer =
            server.post("/api/portal/query", &[JSON], body(&format!("print {n}")).as_bytes());
        assert_eq!(answer.status, 200);
    }
    wait_until("the last is kept", || list(1)[0]["kql"] == "print 504");
    let all = list(500);
    assert_eq!(all.len(), 500);
    assert_eq!(all[499]["kql"], "print 5");
}

#[test]
fn strangers_share_no_history() {
    let (server, _dir) = start(&["--admin-key", ADMIN, "--allow-anonymous-queries"]);
    let body = json!({ "app": "default", "kql": "print 1", "history": true }).to_string();
    assert_eq!(server.post("/api/portal/query", &[JSON], body.as_bytes()).status, 200);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(server.get("/api/portal/history").json()["runs"], json!([]));
}

fn link(server: &Server, path: &str, more: &[(&str, &str)]) -> Response {
    let headers = [&[JSON][..], more].concat();
    let body = json!({ "path": path }).to_string();
    server.post("/api/portal/links", &headers, body.as_bytes())
}

#[test]
fn a_short_link_leads_to_its_page_also_after_a_restart() {
    let (server, dir) = start(&[]);
    let path = format!("/a/default/logs?q={}&run=1", "requests%20".repeat(300));
    let made = link(&server, &path, &[]);
    assert_eq!(made.status, 200, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let url = made.json()["url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("http://localhost/s/{id}"));
    assert_eq!(link(&server, &path, &[]).json()["id"], id.as_str());
    assert_ne!(link(&server, "/ci", &[]).json()["id"], id.as_str());
    assert_eq!(link(&server, "/ci/pipelines/o/p/a%2Fb..c?q=../x//y", &[]).status, 200);
    assert!(server.stop().success());
    let server = Server::on(dir.path(), &["--portal", "/tt/"]);
    let answer = server.get(&format!("/s/{id}"));
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location"), Some(format!("/tt{path}").as_str()));
    let url = link(&server, "/ci", &[]).json()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://localhost/tt/s/"), "{url}");
    for unknown in ["0123456789abcdef", "x", "%2e%2e"] {
        let answer = server.get(&format!("/s/{unknown}"));
        assert_eq!(answer.status, 404, "{unknown}");
        assert_eq!(answer.json()["error"]["code"], "not_found");
    }
}

#[test]
fn a_link_leads_nowhere_else() {
    let (server, _dir) = start(&[]);
    for path in [
        "",
        "ci",
        "//evil.example/a/b",
        "/\\evil.example",
        "https://evil.example/",
        "/api/keys",
        "/a/x/v1/apps",
        "/ci?x=\r\nset-cookie: a=b",
        "/ci?x=ä",
        "/s/0123456789abcdef",
        "/a/x/../../v1/rest/query?q=1",
        "/a/x/%2E%2e/%2e./v1/rest/query",
        "/a/x/..%2f..%2Fv1/apps",
        "/a/x/..%5c..%5Cv1",
        "/a/x/./v1/apps",
        "/a/x/%76%31/apps",
        "/a//v1/apps/x",
        &format!("/ci?x={}", "x".repeat(17_000)),
    ] {
        let answer = link(&server, path, &[]);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    assert_eq!(server.post("/api/portal/links", &[JSON], b"{}").status, 400);
    assert_eq!(server.post("/api/portal/links", &[], b"{}").status, 415);
}

#[test]
fn who_is_not_signed_in_signs_in_first() {
    let (server, dir) = start(&["--admin-key", ADMIN]);
    assert_eq!(link(&server, "/ci", &[]).status, 401);
    let made = link(&server, "/ci", &[("x-api-key", ADMIN)]);
    let path = format!("/s/{}", made.json()["id"].as_str().unwrap());
    let browser = [("accept", "text/html,*/*")];
    let answer = send(server.port, "GET", &path, &browser, b"");
    assert_eq!(answer.status, 302);
    let want = format!("/sign-in?to={}", path.replace('/', "%2F"));
    assert_eq!(answer.header("location"), Some(want.as_str()));
    assert_eq!(server.get(&path).status, 401);
    let answer = send(server.port, "GET", &path, &[("x-api-key", ADMIN)], b"");
    assert_eq!(answer.header("location"), Some("/ci"));
    assert!(server.stop().success());
    let server = Server::on(dir.path(), &["--admin-key", ADMIN, "--portal", "/tt"]);
    let answer = send(server.port, "GET", &path, &browser, b"");
    let want = format!("/tt/sign-in?to=%2Ftt{}", path.replace('/', "%2F"));
    assert_eq!(answer.header("location"), Some(want.as_str()));
}

#[test]
fn the_oldest_links_make_room() {
    let (server, _dir) = start(&[]);
    let path = |n: u32| format!("/ci?n={n}&x={}", "x".repeat(16_000));
    let first = link(&server, &path(0), &[]).json()["id"].as_str().unwrap().to_owned();
    let mut last = String::new();
    for n in 1..270 {
        last = link(&server, &path(n), &[]).json()["id"].as_str().unwrap().to_owned();
    }
    assert_eq!(server.get(&format!("/s/{last}")).status, 302);
    let gone = server.get(&format!("/s/{first}"));
    assert_eq!(gone.status, 404);
    assert!(gone.text().contains("the newest"), "{}", gone.text());
}
