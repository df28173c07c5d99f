//! The portal behind a proxy: at another name, over HTTPS, under a path.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::server::{Server, start, telltale};

const ADMIN: &str = "the-admin-key-of-this-test";
const JSON: (&str, &str) = ("content-type", "application/json");
const SESSION: &str = "/api/portal/session";
const URL: &str = "https://ci.example";

fn post(server: &Server, path: &str, body: &Value, headers: &[(&str, &str)]) -> Response {
    let headers = [&[JSON][..], headers].concat();
    send(server.port, "POST", path, &headers, body.to_string().as_bytes())
}

fn sign_in(server: &Server, headers: &[(&str, &str)]) -> Response {
    post(server, SESSION, &json!({ "key": ADMIN }), headers)
}

#[test]
fn where_the_proxy_changes_the_host_the_public_address_is_ours() {
    for (url, origin, good) in [
        (URL, URL, true),
        ("https://ci.example:443/tools/", URL, true),
        ("http://ci.example:8080", "http://ci.example:8080", true),
        (URL, "http://ci.example", false),
        (URL, "https://ci.example.evil.example", false),
        (URL, "https://evil.example", false),
        (URL, "null", false),
        ("", URL, false),
    ] {
        let (server, _dir) = start(&["--admin-key", ADMIN, "--public-url", url]);
        // The host is `localhost`, as a proxy of this machine may call it.
        let answer = sign_in(&server, &[("origin", origin)]);
        let want = if good { 200 } else { 403 };
        assert_eq!(answer.status, want, "{url} {origin}: {}", answer.text());
    }
}

#[test]
fn the_cookie_is_for_https_where_the_browser_uses_it() {
    let forwarded = ("x-forwarded-proto", "https");
    for (url, headers, is_secure) in [
        ("", &[][..], false),
        ("", &[forwarded][..], true),
        (URL, &[("origin", URL)][..], true),
        (URL, &[][..], true),
        ("http://ci.example", &[("origin", "http://ci.example")][..], false),
        // Not by the proxy.
        (URL, &[("origin", "http://localhost")][..], false),
    ] {
        let (server, _dir) = start(&["--admin-key", ADMIN, "--public-url", url]);
        let answer = sign_in(&server, headers);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let set = answer.header("set-cookie").unwrap();
        assert_eq!(set.ends_with("; Secure"), is_secure, "{url} {headers:?}: {set}");
    }
}

#[test]
fn people_are_shown_the_public_address() {
    let (server, _dir) = start(&["--public-url", "https://ci.example/tt/", "--portal", "/tt"]);
    let url = "https://ci.example/tt";
    let session = server.get(SESSION).json();
    let want = json!({ "url": url, "isPlainHttp": false, "isLoopback": false });
    assert_eq!(session["address"], want);
    let endpoint = format!("IngestionEndpoint={url}/;");
    let apps = server.get("/api/apps").json();
    for shown in [&session["apps"][0], &apps["apps"][0]] {
        let text = shown["connectionString"].as_str().unwrap();
        assert!(text.contains(&endpoint), "{text}");
    }
    let ready = server.ready["connectionString"].as_str().unwrap();
    assert!(ready.contains(&server.url), "{ready}");
    let link = post(&server, "/api/portal/links", &json!({ "path": "/ci" }), &[]).json();
    assert!(link["url"].as_str().unwrap().starts_with(&format!("{url}/s/")), "{link}");

    let (server, _dir) = start(&["--public-url", "http://localhost:9000"]);
    let want = json!({ "url": "http://localhost:9000", "isPlainHttp": true, "isLoopback": true });
    assert_eq!(server.get(SESSION).json()["address"], want);
}

#[test]
fn the_link_of_the_first_key_is_one_of_the_public_address() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = telltale(&["serve", "--listen", "0.0.0.0:0", "--public-url", URL]);
    command.args(["--portal", "/tt/", "--data"]).arg(dir.path());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let line = BufReader::new(child.stdout.take().unwrap()).lines().nth(1).unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains(": https://ci.example/tt/sign-in#token="), "{line}");
}
