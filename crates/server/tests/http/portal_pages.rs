//! Pages and files of the portal: what is one, how it is sent, what it may do in a browser.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use crate::client::{Response, gunzip, gzip, send};
use crate::server::{KEY, Server, event, start};

/// Long enough to be worth packing.
const SCRIPT: &str = "// a script of the portal\nconsole.log('a script of the portal');\n";
const INDEX: &str = "<!doctype html><base href=\"/\" /><meta name=\"csp-nonce\" content=\"\" />\
                     <script type=\"module\" src=\"./assets/index-1.js\"></script>";

/// A folder as `cargo xtask portal` leaves one, small.
fn built() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    std::fs::create_dir(dir.path().join("assets")).unwrap();
    write("index.html", INDEX.as_bytes());
    write("favicon.svg", b"<svg/>");
    write("assets/index-1.js", SCRIPT.as_bytes());
    write("assets/index-1.js.gz", &gzip(SCRIPT.as_bytes()));
    write("assets/index-1.js.br", b"not looked into");
    write(".sources", b"secret");
    dir
}

fn on(portal: &Path, path: &str) -> (Server, TempDir) {
    let files = format!("{}files={}", path, portal.to_str().unwrap());
    start(&["--portal", &files])
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    send(server.port, "GET", path, headers, b"")
}

fn is_page(answer: &Response) -> bool {
    answer.status == 200 && answer.header("content-type") == Some("text/html; charset=utf-8")
}

#[test]
fn every_page_is_the_one_page_and_no_api_ever_is() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    for path in [
        "/",
        "/?t=P1D",
        "/index.html",
        "/a/default/overview",
        "/a/default/metrics?c=%7B%7D",
        "/a/default/op/2bb25f4b073b0071311adee8b2f43691",
        "/a/my.app/logs",
        "//a//default/logs/",
        "/a/api/overview",
        "/ci",
        "/ci/badges",
        "/ci/hooks",
        "/ci/failures/17",
        "/ci/builds/exorg/healthz/3",
        "/ci/pipelines/exorg/v1/3",
        "/setup",
        "/setup/keys",
        "/sign-in",
    ] {
        let answer = get(&server, path, &[]);
        assert!(is_page(&answer), "{path}: {} {}", answer.status, answer.text());
    }
    for path in [
        "/api/nothing",
        "/api/portal/nothing",
        "/v1/nothing",
        "/v2/nothing",
        "/assets/nothing.js",
        "/assets/../index.html",
        "/nothing",
        "/.sources",
        "/assets/%2e%2e/.sources",
        "/favicon.svg/x",
        "/a/default/api/nothing",
        "/ci/v1/nothing",
        "/alerts",
    ] {
        let answer = get(&server, path, &[("accept", "text/html")]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["code"], "PathNotFoundError", "{path}");
    }
}

#[test]
fn a_mistyped_page_is_shown_to_browsers_as_missing() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    for path in ["/a/default/overvew", "/ci/builds/17", "/a", "/setup/keys/more"] {
        let answer = get(&server, path, &[("accept", "text/html,*/*;q=0.8")]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        // A program is told so as by any API.
        let answer = get(&server, path, &[]);
        assert_eq!(answer.json()["error"]["code"], "PathNotFoundError", "{path}");
    }
}

#[test]
fn apis_are_found_below_what_pages_begin_with() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    let badge = format!("badges/{}/1-2", "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01");
    for prefix in [
        "/a/default",
        "/a/b/c",
        "/ci",
        "/ci/telltale",
        "/ci/builds",
        "/setup",
        "/dash/tt",
        "/alerts",
    ] {
        let path = format!("{prefix}/v1/apps/default/query?query=print%201");
        assert_eq!(get(&server, &path, &[]).json()["tables"][0]["rows"][0][0], 1, "{path}");
        let body = event(KEY, prefix);
        for path in ["v2.1/track", "V2/Track"] {
            let path = format!("{prefix}/{path}");
            let answer = server.post(&path, &[], body.as_bytes());
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
        let path = format!("{prefix}/api/profiles/{KEY}/appId");
        assert_eq!(get(&server, &path, &[]).text(), server.ready["appId"].as_str().unwrap());
        let answer = get(&server, &format!("{prefix}/v1/apps/default/metadata"), &[]);
        assert!(answer.json()["tables"].is_array(), "{prefix}: {}", answer.text());
        for (ending, kind) in [("svg", "image/svg+xml"), ("json", "application/json")] {
            let answer = get(&server, &format!("{prefix}/{badge}.{ending}"), &[]);
            let given = answer.header("content-type").unwrap_or_default();
            assert!(given.starts_with(kind), "{prefix}: {given}");
        }
        if prefix != "/a/default" {
            let answer = get(&server, &format!("{prefix}/healthz"), &[]);
            assert_eq!(answer.json()["status"], "ok", "{prefix}");
        }
    }
    assert_eq!(get(&server, "/ci/healthz", &[]).json()["status"], "ok");
    assert!(get(&server, "/metrics", &[]).text().contains("telltale_"));
    // What is sent to the address of a page is not the portal's.
    assert_eq!(server.post("/a/default/overview", &[], b"").status, 404);
    assert_eq!(send(server.port, "DELETE", "/", &[], b"").status, 404);
}

#[test]
fn a_page_may_run_our_scripts_and_nothing_else() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    let mut nonces = BTreeSet::new();
    for _ in 0..5 {
        let answer = get(&server, "/a/default/logs", &[("host", "ci.example:8321")]);
        let policy = answer.header("content-security-policy").unwrap();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
                 font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
                 worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; \
                 frame-ancestors 'none'"
            )
        );
        let wanted = format!("<meta name=\"csp-nonce\" content=\"{nonce}\" />");
        assert!(answer.text().contains(&wanted), "{}", answer.text());
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        nonces.insert(nonce.to_owned());
    }
    assert_eq!(nonces.len(), 5, "{nonces:?}");
}

#[test]
fn pages_keep_to_themselves_where_browsers_can_heed_it() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    let header = |host: &str| {
        let bytes = format!("GET / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let answer = crate::client::exchange(server.port, bytes.as_bytes()).unwrap();
        answer.header("cross-origin-opener-policy").map(str::to_owned)
    };
    for host in ["localhost:8321", "127.0.0.1:8321", "localhost", "[::1]:8321"] {
        assert_eq!(header(host).as_deref(), Some("same-origin"), "{host}");
    }
    // There they would complain that they ignore it.
    assert_eq!(header("ci.example:8321"), None);
}

#[test]
fn files_come_packed_as_the_client_takes_them() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "");
    let mut tags = BTreeSet::new();
    for (accepts, encoding, body) in [
        ("gzip, deflate, br, zstd", Some("br"), b"not looked into".to_vec()),
        ("gzip, deflate", Some("gzip"), gzip(SCRIPT.as_bytes())),
        ("br;q=0, gzip;q=0.1", Some("gzip"), gzip(SCRIPT.as_bytes())),
        ("identity", None, SCRIPT.as_bytes().to_vec()),
    ] {
        let headers = [("accept-encoding", accepts)];
        let answer = get(&server, "/assets/index-1.js", &headers);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-encoding"), encoding, "{accepts}");
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.body, body, "{accepts}");
        let tag = answer.header("etag").unwrap().to_owned();

        let known = format!("\"x\", W/{tag}");
        let headers = [("accept-encoding", accepts), ("if-none-match", known.as_str())];
        let again = get(&server, "/assets/index-1.js", &headers);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(again.header("vary"), Some("Accept-Encoding"));

        let head = send(server.port, "HEAD", "/assets/index-1.js", &headers[..1], b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(head.header("etag"), Some(tag.as_str()));
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 3, "one tag per form: {tags:?}");
    let head = send(server.port, "HEAD", "/ci/badges", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    let icon = get(&server, "/favicon.svg", &[("accept-encoding", "br, gzip")]);
    assert_eq!(icon.header("content-type"), Some("image/svg+xml"));
    assert_eq!((icon.header("content-encoding"), icon.text().as_str()), (None, "<svg/>"));
}

#[test]
fn what_is_built_in_is_sent_whole_and_kept_for_a_year() {
    let (server, _dir) = start(&[]);
    let page = get(&server, "/setup", &[]);
    assert!(is_page(&page));
    let text = page.text();
    if text.contains("The portal was not built") {
        // Without Node there is nothing more to see.
        assert!(text.contains("cargo xtask portal"), "{text}");
        return;
    }
    let names = text.split('"').filter_map(|part| part.strip_prefix("./assets/"));
    let names: Vec<&str> = names.collect();
    assert!(names.iter().any(|name| name.ends_with(".js")), "{text}");
    for name in names {
        let path = format!("/assets/{name}");
        let plain = get(&server, &path, &[]);
        let packed = get(&server, &path, &[("accept-encoding", "gzip")]);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{name}");
        assert_eq!(gunzip(&packed.body), plain.body, "{name}");
        let brotli = get(&server, &path, &[("accept-encoding", "br, gzip")]);
        assert_eq!(brotli.header("content-encoding"), Some("br"), "{name}");
        assert!(brotli.body.len() < packed.body.len(), "{name}");
        for answer in [plain, packed, brotli] {
            let caching = answer.header("cache-control");
            assert_eq!(caching, Some("public, max-age=31536000, immutable"), "{name}");
        }
    }
}

#[test]
fn behind_a_proxy_the_pages_know_their_base() {
    let portal = built();
    let (server, _dir) = on(portal.path(), "/tools/telltale,");
    for path in ["/tools/telltale", "/tools/telltale/", "/tools/telltale/ci/badges", "/ci/badges"] {
        let answer = get(&server, path, &[]);
        assert!(is_page(&answer), "{path}");
        assert!(answer.text().contains("<base href=\"/tools/telltale/\" />"), "{}", answer.text());
    }
    for path in ["/tools/telltale/assets/index-1.js", "/assets/index-1.js"] {
        assert_eq!(get(&server, path, &[]).text(), SCRIPT, "{path}");
    }
    let session = get(&server, "/tools/telltale/api/portal/session", &[]);
    assert_eq!(session.json()["needsKey"], false);
    assert_eq!(
        server.post("/tools/telltale/v2/track", &[], event(KEY, "x").as_bytes()).status,
        200
    );
    assert_eq!(get(&server, "/tools/x/assets/index-1.js", &[]).status, 404);
}

#[test]
fn wrong_places_of_the_portal_are_told_at_the_start() {
    for value in [
        "files=/no/such/folder",
        "telltale",
        "off,files=.",
        "/x\"><script>/",
        "/x//b/",
        "/../",
        "",
        "/ci/",
        "/a",
        "/setup/x",
        "/assets",
    ] {
        let done = crate::server::run(&["serve", "--portal", value]);
        let want = format!("`portal` is `{value}`");
        let error = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{error}");
        assert!(error.contains(&want), "{error}");
    }
}

#[test]
fn without_the_portal_there_are_only_apis() {
    let (server, _dir) = start(&["--portal", "off"]);
    for path in ["/", "/setup", "/a/default/overview", "/sign-in"] {
        let answer = get(&server, path, &[]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["error"]["code"], "PathNotFoundError", "{path}");
    }
    // Without pages the routes below any prefix are found here as well.
    assert!(get(&server, "/a/default/metrics", &[]).text().contains("telltale_"));
}
