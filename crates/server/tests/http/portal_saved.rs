//! Saved queries: files that two people edit without losing each other's work.

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, start};

const ADMIN: &str = "the-admin-key-of-this-test";
const JSON: (&str, &str) = ("content-type", "application/json");
const NEW: (&str, &str) = ("if-none-match", "*");

fn put(server: &Server, id: &str, more: &[(&str, &str)], body: &Value) -> Response {
    let headers = [&[JSON][..], more].concat();
    let path = format!("/api/portal/saved/{id}");
    send(server.port, "PUT", &path, &headers, body.to_string().as_bytes())
}

fn own(server: &Server) -> Vec<Value> {
    let body = server.get("/api/portal/saved").json();
    let all = body["queries"].as_array().unwrap().clone();
    all.into_iter().filter(|query| query["origin"] == "own").collect()
}

fn query() -> Value {
    json!({
        "name": "Slow \"tasks\"",
        "folder": "Mine/Deep",
        "description": "First line.\n\nThird line: tags: none",
        "tags": ["slow", "tasks"],
        "kql": "// name: not this\nrequests\n\n| where duration > 1000",
    })
}

#[test]
fn a_query_is_a_file_with_a_header() {
    let (server, dir) = start(&[]);
    let made = put(&server, "slow-tasks", &[NEW], &query());
    assert_eq!(made.status, 201, "{}", made.text());
    let tag = made.header("etag").unwrap().to_owned();
    let mut want = query();
    want["id"] = json!("slow-tasks");
    want["origin"] = json!("own");
    want["etag"] = json!(tag);
    assert_eq!(made.json(), want);
    assert_eq!(own(&server), [want.clone()]);
    let file = dir.path().join("queries/slow-tasks.kql");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "// name: Slow \"tasks\"\n// folder: Mine/Deep\n// description: First line.\n\
         // description:\n// description: Third line: tags: none\n// tags: slow, tasks\n\n\
         // name: not this\nrequests\n\n| where duration > 1000\n"
    );
    // Written by hand, with the line ends of another system and without a header.
    std::fs::write(dir.path().join("queries/by-hand.kql"), "traces\r\n| take 5\r\n").unwrap();
    std::fs::write(
        dir.path().join("queries/other.kql"),
        "//name:Other\r\n// owner: me\r\nevents\r\n",
    )
    .unwrap();
    let found = own(&server);
    let texts = |name: &str| found.iter().map(|q| q[name].clone()).collect::<Vec<_>>();
    assert_eq!(texts("name"), ["by-hand", "Other", "Slow \"tasks\""]);
    assert_eq!(texts("kql")[0], "traces\r\n| take 5");
    assert_eq!(texts("kql")[1], "// owner: me\r\nevents");
    assert!(server.stop().success());
    let server = Server::on(dir.path(), &[]);
    assert_eq!(own(&server)[2], want);
}

#[test]
fn nobody_overwrites_what_he_has_not_seen() {
    let (server, dir) = start(&[]);
    assert_eq!(put(&server, "a", &[], &query()).status, 428);
    assert_eq!(put(&server, "a", &[("if-match", "\"x\"")], &query()).status, 412);
    let first = put(&server, "a", &[NEW], &query()).header("etag").unwrap().to_owned();
    assert_eq!(put(&server, "a", &[NEW], &query()).status, 412);
    let mut changed = query();
    changed["kql"] = json!("requests | count");
    let second = put(&server, "a", &[("if-match", &first)], &changed);
    assert_eq!(second.status, 200, "{}", second.text());
    let lost = put(&server, "a", &[("if-match", &first)], &query());
    assert_eq!(lost.status, 412);
    assert_eq!(lost.json()["error"]["code"], "changed");
    assert_eq!(own(&server)[0]["kql"], "requests | count");
    // An editor on the file counts as well.
    std::fs::write(dir.path().join("queries/a.kql"), "traces").unwrap();
    let second = second.header("etag").unwrap().to_owned();
    let delete = |tag: Option<&str>| {
        let headers: Vec<_> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
        send(server.port, "DELETE", "/api/portal/saved/a", &headers, b"").status
    };
    assert_eq!(delete(Some(&second)), 412);
    let now = own(&server)[0]["etag"].as_str().unwrap().to_owned();
    // The tag with or without its quotes.
    assert_eq!(delete(Some(now.trim_matches('"'))), 204);
    assert_eq!(delete(None), 404);
    assert_eq!(own(&server), Vec::<Value>::new());
}

#[test]
fn what_comes_along_is_there_runs_and_stays() {
    let (server, _dir) = start(&[]);
    let body = server.get("/api/portal/saved").json();
    assert_eq!(body["problems"], json!([]));
    let all = body["queries"].as_array().unwrap();
    assert!(all.len() >= 11, "{}", all.len());
    for query in all {
        assert_eq!(query["origin"], "shipped");
        for name in ["name", "folder", "description"] {
            assert!(!query[name].as_str().unwrap().is_empty(), "{query}");
        }
        let answer = server.query(query["kql"].as_str().unwrap());
        assert_eq!(answer.status, 200, "{}: {}", query["id"], answer.text());
        let id = query["id"].as_str().unwrap();
        let refused = put(&server, id, &[NEW], query);
        assert_eq!(refused.status, 409, "{id}");
        assert!(refused.text().contains("with another id"), "{}", refused.text());
        let path = format!("/api/portal/saved/{id}");
        assert_eq!(send(server.port, "DELETE", &path, &[], b"").status, 409);
        // As a copy it can be kept.
        let copy = format!("my-{id}");
        assert_eq!(put(&server, &copy, &[NEW], query).status, 201, "{copy}");
    }
    for (own, shipped) in own(&server).iter().map(|own| {
        let id = own["id"].as_str().unwrap().strip_prefix("my-").unwrap();
        (own, all.iter().find(|query| query["id"] == id).unwrap())
    }) {
        for name in ["name", "folder", "description", "tags", "kql"] {
            assert_eq!(own[name], shipped[name]);
        }
    }
}

#[test]
fn hostile_names_and_texts_stay_texts() {
    let (server, dir) = start(&[]);
    for id in ["A", "a_b", "..%2fx", "a%2fb", "-a", "a-", "%00", "a.kql", &"a".repeat(65)] {
        let answer = put(&server, id, &[NEW], &query());
        assert!([400, 404].contains(&answer.status), "{id}: {}", answer.status);
    }
    for (name, value) in [
        ("name", json!("")),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(101))),
        ("name", json!(5)),
        ("folder", json!("a\u{0}b")),
        ("description", json!("x".repeat(2001))),
        ("tags", json!(["a,b"])),
        ("tags", json!("a")),
        ("tags", json!(vec!["t"; 21])),
        ("kql", json!(" ")),
        ("kql", json!("x".repeat(200_001))),
        ("kql", json!("print '\u{1b}[31m'")),
        ("color", json!("red")),
    ] {
        let mut body = query();
        body[name] = value;
        let answer = put(&server, "a", &[NEW], &body);
        assert_eq!(answer.status, 400, "{name}: {}", answer.text());
        assert!(answer.text().contains(&format!("`{name}`")), "{}", answer.text());
    }
    let mut body = query();
    body["name"] = json!("</script><img src=x onerror=alert(1)>\u{202e}");
    assert_eq!(put(&server, "a", &[NEW], &body).status, 201);
    assert_eq!(own(&server)[0]["name"], body["name"]);
    // What lies there and is no query is told.
    let folder = dir.path().join("queries");
    std::fs::write(folder.join("Bad Name.kql"), "x").unwrap();
    std::fs::write(folder.join("flaky-tests.kql"), "x").unwrap();
    std::fs::write(folder.join("latin.kql"), b"\xe4").unwrap();
    let body = server.get("/api/portal/saved").json();
    let files: Vec<&str> =
        body["problems"].as_array().unwrap().iter().map(|p| p["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["Bad Name.kql", "flaky-tests.kql", "latin.kql"]);
}

#[test]
fn one_bad_file_or_many_large_ones_cost_the_others_nothing() {
    let (server, dir) = start(&[]);
    assert_eq!(put(&server, "a", &[NEW], &query()).status, 201);
    let folder = dir.path().join("queries");
    // Nobody can read what leads to itself.
    #[cfg(unix)]
    std::os::unix::fs::symlink("loop.kql", folder.join("loop.kql")).unwrap();
    std::fs::write(folder.join("huge.kql"), "x".repeat((1 << 20) + 1)).unwrap();
    for n in 10..28 {
        std::fs::write(folder.join(format!("n{n}.kql")), "x".repeat(1 << 20)).unwrap();
    }
    let body = server.get("/api/portal/saved?without=kql").json();
    let queries = body["queries"].as_array().unwrap();
    assert!(queries.iter().all(|query| query["kql"] == Value::Null && query["name"].is_string()));
    let own: Vec<&str> = queries
        .iter()
        .filter(|query| query["origin"] == "own")
        .map(|query| query["id"].as_str().unwrap())
        .collect();
    let count = own.len();
    assert_eq!((own[0], own[1], own[count - 1], count), ("a", "n10", "n25", 17));
    let told = |file: &str| {
        let all = body["problems"].as_array().unwrap();
        let found = all.iter().find(|problem| problem["file"] == file);
        found.unwrap_or_else(|| panic!("{all:?}"))["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(told("huge.kql"), "it is larger than 1 MiB");
    assert!(told("n26.kql").contains("and those after it are not read"));
    #[cfg(unix)]
    assert!(told("loop.kql").starts_with("it cannot be read"), "{}", told("loop.kql"));
    let full = put(&server, "b", &[NEW], &query());
    assert_eq!(full.status, 429, "{}", full.text());
    assert_eq!(server.get("/api/portal/saved?without=name").status, 400);
}

#[test]
fn callers_of_one_application_see_what_comes_along_only() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let with_key = |key: &str, method: &str, path: &str, body: &str| {
        let headers = [JSON, NEW, ("x-api-key", key)];
        send(server.port, method, path, &headers, body.as_bytes())
    };
    let text = query().to_string();
    let make = |wish: Value| {
        let made = with_key(ADMIN, "POST", "/api/keys", &wish.to_string());
        made.json()["key"].as_str().unwrap().to_owned()
    };
    let whole = make(json!({ "name": "whole", "scopes": ["query"] }));
    let part = make(json!({ "name": "part", "scopes": ["query"], "applications": ["default"] }));
    assert_eq!(with_key(&whole, "PUT", "/api/portal/saved/a", &text).status, 201);
    assert_eq!(with_key(&part, "PUT", "/api/portal/saved/b", &text).status, 403);
    let count = |key: &str| {
        let body = with_key(key, "GET", "/api/portal/saved", "").json();
        body["queries"].as_array().unwrap().iter().filter(|q| q["origin"] == "own").count()
    };
    assert_eq!([count(&whole), count(&part)], [1, 0]);
    // Whom nobody knows may ask here, and write nothing.
    let (server, _dir) = start(&["--admin-key", ADMIN, "--allow-anonymous-queries"]);
    assert_eq!(server.get("/api/portal/saved").status, 200);
    assert_eq!(put(&server, "a", &[NEW], &query()).status, 401);
}
