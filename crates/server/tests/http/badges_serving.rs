//! Badges as they are served: addresses, headers, variants, forms, who may see them.

use std::io::Read;
use std::path::Path;

use azdo::badge::{Badge, Rules, render};
use serde_json::{Value, json};

use crate::client::{Response, send};
use crate::hooks::{ADMIN, JSON, admin_get, deployment, drained, fixture, make, taken};
use crate::server::Server;

const READABLE: &str = "/badges/exorg/exproj/web%20-%20cd/production.svg";
const PROJECT: &str = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";

/// A server whose badges are set so, with a key of scope `hook`.
pub fn server(dir: &Path, badges: &str) -> (Server, String) {
    let config = dir.join("settings.toml");
    std::fs::write(&config, format!("[badges]\n{badges}\n")).unwrap();
    let config = config.display().to_string();
    let data = dir.join("data");
    let server = Server::on(&data, &["--admin-key", ADMIN, "--config", &config]);
    let key = make(&server, "team", &Value::Null);
    (server, key)
}

fn public() -> (Server, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "visibility = \"public\"");
    taken(&server, &key, &deployment(1, 42, 10, "succeeded"));
    drained(&server);
    (server, key, dir)
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    send(server.port, "GET", path, headers, b"")
}

/// Changes a badge as the administrator.
pub fn put(server: &Server, path: &str, body: &Value) -> Response {
    let headers = [JSON, ("x-api-key", ADMIN)];
    send(server.port, "PUT", path, &headers, body.to_string().as_bytes())
}

/// The only badge of a kind.
pub fn badge(server: &Server, kind: &str) -> Value {
    let list = admin_get(server, "/api/badges").json();
    let all = list["badges"].as_array().unwrap();
    let mut found = all.iter().filter(|badge| badge["kind"] == kind);
    let one = found.next().unwrap_or_else(|| panic!("no {kind} in {list}")).clone();
    assert!(found.next().is_none(), "{list}");
    one
}

fn drawn(message: &str, color: &str) -> String {
    let page = format!("https://dev.azure.com/exorg/{PROJECT}/_release?releaseId=42");
    let badge = Badge { label: "Web - CD", message, color, links: [&page, ""], ..Badge::default() };
    render(&badge, Rules::Safe).unwrap().svg
}

#[test]
fn a_deployment_becomes_the_badge_the_renderer_draws_at_every_address() {
    let (server, _, _dir) = public();
    let want = drawn("Release-42", "brightgreen");
    for path in [
        READABLE,
        "/badges/ExOrg/EXPROJ/Web%20-%20CD/Production.svg",
        &format!("/badges/exorg/{PROJECT}/2/Production.svg"),
        &format!("/badges/{PROJECT}/2-Production.svg"),
        &format!("/badges/{PROJECT}/Web%20-%20CD-Production.svg"),
        &format!("/any/prefix//badges/{PROJECT}/2-production.svg"),
    ] {
        let answer = server.get(path);
        assert_eq!((answer.status, answer.text()), (200, want.clone()), "{path}");
        for (name, value) in [
            ("content-type", "image/svg+xml; charset=utf-8"),
            ("cache-control", "public, max-age=60, s-maxage=60"),
            ("vary", "Accept-Encoding"),
            ("access-control-allow-origin", "*"),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
            ),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        assert!(answer.header("last-modified").unwrap().ends_with(" GMT"));
        assert!(
            answer.header("set-cookie").is_none() && answer.header("x-ms-activity-id").is_none()
        );
    }
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let (server, key, _dir) = public();
    let first = server.get(READABLE);
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let again = |value: &str| get(&server, READABLE, &[("if-none-match", value)]);
    for value in [tag.as_str(), "*", &format!("W/{tag}"), &format!("\"x\", {tag}")] {
        let answer = again(value);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{value}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
        assert_eq!(answer.header("cache-control"), first.header("cache-control"));
    }
    assert_eq!(again("\"x\"").status, 200);
    let since = first.header("last-modified").unwrap();
    assert_eq!(get(&server, READABLE, &[("if-modified-since", since)]).status, 304);
    let old = "Wed, 01 Jan 2020 00:00:00 GMT";
    assert_eq!(get(&server, READABLE, &[("if-modified-since", old)]).status, 200);
    // The tag decides when there are both.
    let both = [("if-none-match", "\"x\""), ("if-modified-since", since)];
    assert_eq!(get(&server, READABLE, &both).status, 200);

    // A repetition changes nothing; a newer release does; going back to the same content gives
    // the same tag.
    taken(&server, &key, &deployment(2, 42, 10, "succeeded"));
    drained(&server);
    assert_eq!(again(&tag).status, 304);
    taken(&server, &key, &deployment(3, 43, 20, "partiallySucceeded"));
    drained(&server);
    let newer = again(&tag);
    assert_eq!((newer.status, newer.text()), (200, drawn("Release-43", "yellow")));
    assert_ne!(newer.header("etag"), Some(tag.as_str()));
    taken(&server, &key, &deployment(4, 41, 5, "succeeded"));
    drained(&server);
    assert_eq!(server.get(READABLE).text(), drawn("Release-43", "yellow"));
}

#[test]
fn heads_and_other_methods() {
    let (server, _, _dir) = public();
    let got = server.get(READABLE);
    let head = send(server.port, "HEAD", READABLE, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["etag", "content-type", "cache-control", "content-length"] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    let post = send(server.port, "POST", READABLE, &[], b"x");
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(post.header("cache-control"), Some("no-cache"));
    let options = send(server.port, "OPTIONS", READABLE, &[("origin", "https://a.b")], b"");
    assert_eq!((options.status, options.header("access-control-allow-origin")), (204, Some("*")));
}

#[test]
fn ages_are_only_raised() {
    let (server, _, _dir) = public();
    let age = |query: &str| {
        let answer = server.get(&format!("{READABLE}?{query}"));
        assert_eq!(answer.status, 200);
        answer.header("cache-control").unwrap().to_owned()
    };
    assert_eq!(age("cacheSeconds=3600"), "public, max-age=3600, s-maxage=3600");
    assert_eq!(age("maxAge=3600"), "public, max-age=3600, s-maxage=3600");
    for low in ["cacheSeconds=1", "cacheSeconds=0", "cacheSeconds=-5", "cacheSeconds=x"] {
        assert_eq!(age(low), "public, max-age=60, s-maxage=60", "{low}");
    }
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let answer = put(
        &server,
        &format!("/api/badges/{id}"),
        &json!({ "cacheSeconds": 0,
        "visibility": "public" }),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(age(""), "no-cache");
    assert!(server.get(READABLE).header("etag").is_some());
    let wrong = put(&server, &format!("/api/badges/{id}"), &json!({ "cacheSeconds": 40_000_000 }));
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.json()["error"]["message"],
        "`cacheSeconds` is 40000000; 31536000 (a year) is the most"
    );
}

#[test]
fn addresses_wish_for_other_looks_as_with_shields() {
    let (server, _, _dir) = public();
    let of = |query: &str| server.get(&format!("{READABLE}?{query}")).text();
    let page = format!("https://dev.azure.com/exorg/{PROJECT}/_release?releaseId=42");
    let own = Badge {
        label: "Web - CD",
        message: "Release-42",
        color: "brightgreen",
        links: [&page, ""],
        ..Badge::default()
    };
    let draw = |badge: &Badge<'_>| render(badge, Rules::Safe).unwrap().svg;
    use azdo::badge::Style;
    for (query, badge) in [
        ("style=flat-square", Badge { style: Style::FlatSquare, ..own }),
        ("style=for-the-badge", Badge { style: Style::ForTheBadge, ..own }),
        ("style=popout-square", own),
        ("label=prod&color=ff0000", Badge { label: "prod", color: "ff0000", ..own }),
        ("colorA=blue&colorB=red", Badge { label_color: "blue", color: "red", ..own }),
        (
            "link=https://a.b&link=https://c.d",
            Badge { links: ["https://a.b", "https://c.d"], ..own },
        ),
        // What could do harm, and what means nothing, is as if it were not there.
        ("link=javascript:alert(1)", own),
        ("logo=data:text/html,x", own),
        ("logo=github&logoColor=white&unheard=1", own),
    ] {
        assert_eq!(of(query), draw(&badge), "{query}");
    }
    let inline = of("inline=1");
    assert!(inline.contains("id=\"blur-"), "{inline}");
    let tag =
        |query: &str| server.get(&format!("{READABLE}?{query}")).header("etag").unwrap().to_owned();
    assert_ne!(tag("style=plastic"), tag(""));
    assert_eq!(tag("style=flat"), tag(""));
}

#[test]
fn bytes_are_packed_for_who_takes_them() {
    let (server, _, _dir) = public();
    let plain = server.get(READABLE);
    let of = |accepted: &str| get(&server, READABLE, &[("accept-encoding", accepted)]);
    let gzip = of("gzip, deflate");
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    let brotli = of("gzip, deflate, br");
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    text.clear();
    brotli::Decompressor::new(&brotli.body[..], 4096).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    assert!(brotli.body.len() < gzip.body.len() && gzip.body.len() < plain.body.len());
    for none in ["identity", "br;q=0, gzip;q=0", "zstd"] {
        assert_eq!(of(none).header("content-encoding"), None, "{none}");
    }
    // Strong tags differ with the bytes.
    let tags = [&plain, &gzip, &brotli].map(|answer| answer.header("etag").unwrap());
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
    let known = get(&server, READABLE, &[("accept-encoding", "br"), ("if-none-match", tags[2])]);
    assert_eq!(known.status, 304);
}

#[test]
fn pictures_and_endpoint_json() {
    let (server, _, _dir) = public();
    let path = READABLE.trim_end_matches(".svg");
    let size = |query: &str| {
        let answer = server.get(&format!("{path}.png{query}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/png")));
        assert_eq!(answer.body[..8], *b"\x89PNG\r\n\x1a\n");
        let number = |at: usize| u32::from_be_bytes(answer.body[at..at + 4].try_into().unwrap());
        (number(16), number(20))
    };
    let (width, height) = size("");
    assert_eq!(height, 20);
    assert_eq!(size("?scale=2"), (2 * width, 40));

    let answer = server.get(&format!("{path}.json"));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(
        answer.json(),
        json!({ "schemaVersion": 1, "label": "Web - CD", "message": "Release-42",
            "color": "brightgreen", "cacheSeconds": 60 })
    );
    let missing = server.get("/badges/no.json");
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.json(),
        json!({ "schemaVersion": 1, "label": "badge", "message": "unknown",
            "color": "lightgrey", "isError": true, "cacheSeconds": 30 })
    );
}

#[test]
fn what_is_not_there_is_a_badge_too_and_hostile_names_are_only_names() {
    let (server, _, _dir) = public();
    let long = "x".repeat(5000);
    for path in [
        "/badges/no.svg",
        "/badges/no",
        "/badges/no.gif",
        "/badges/q/no.svg",
        "/badges/t/00000000000000000000000000000000.svg",
        "/badges/../../etc/passwd.svg",
        "/badges/%2e%2e/%2e%2e/settings.toml",
        "/badges/exorg%2Fexproj/web%20-%20cd/production.svg",
        "/badges/%00/%ff%fe/%E2%80%AE/x.svg",
        "/badges/a/b/c/d/e/f.svg",
        "/badges/.svg",
        &format!("/badges/{long}.svg"),
        &format!("/badges/no.svg?label={long}"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        if path.contains("/badges/") && !path.contains("..") {
            let want = "public, max-age=30, s-maxage=30";
            assert_eq!(answer.header("cache-control"), Some(want), "{path}");
            assert!(answer.text().contains("badge: unknown"), "{path}");
        }
    }
    let unknown = server.get("/badges/no.svg?style=flat-square&color=red&label=fine").text();
    let face = Badge { label: "badge", message: "unknown", color: "lightgrey", ..Badge::default() };
    let square = Badge { style: azdo::badge::Style::FlatSquare, ..face };
    assert_eq!(unknown, render(&square, Rules::Safe).unwrap().svg);

    let dir = tempfile::tempdir().unwrap();
    let (lenient, _) = self::server(dir.path(), "unknown_status = 200");
    assert_eq!(lenient.get("/badges/no.svg").status, 200);
}

#[test]
fn a_failed_deployment_is_known_and_never_deployed() {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "visibility = \"public\"");
    taken(&server, &key, &fixture("deployment-completed-rejected.json"));
    drained(&server);
    assert!(server.get(READABLE).text().contains("Web - CD: never deployed"));
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let choice =
        json!({ "shows": "all", "showStatus": true, "message": "{release} on {environment}" });
    assert_eq!(put(&server, &format!("/api/badges/{id}"), &choice).status, 200);
    let text = server.get(READABLE).text();
    assert!(text.contains("Web - CD: Release-42 on Production failed"), "{text}");
}

#[test]
fn minimal_details_are_told_in_the_list() {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "");
    taken(&server, &key, &fixture("deployment-completed-minimal.json"));
    drained(&server);
    let list = admin_get(&server, "/api/badges").json();
    assert_eq!(list["badges"], json!([]));
    assert_eq!(
        list["noBadge"][0]["reason"],
        "the subscription leaves out the resource: set \"resource details to send\" to \"all\""
    );
    let mut complete: Value =
        serde_json::from_str(&fixture("deployment-completed-succeeded.json")).unwrap();
    complete["subscriptionId"] = list["noBadge"][0]["subscriptionId"].clone();
    complete["notificationId"] = json!(77_777);
    taken(&server, &key, &complete.to_string());
    drained(&server);
    assert_eq!(admin_get(&server, "/api/badges").json()["noBadge"], json!([]));
}

#[test]
fn private_badges_look_like_none_without_token_or_key() {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "");
    taken(&server, &key, &deployment(1, 42, 10, "succeeded"));
    drained(&server);
    let nothing = server.get("/badges/no.svg").text();
    let found = badge(&server, "release");
    assert_eq!(found["visibility"], "token");
    let url = found["urls"]["token"].as_str().unwrap();
    let by_token = url.strip_prefix(&server.url).unwrap().to_owned();
    let token = by_token.trim_start_matches("/badges/t/").trim_end_matches(".svg").to_owned();
    assert!(token.len() == 32, "{token}");
    let want = drawn("Release-42", "brightgreen");
    let with = |token: &str| server.get(&format!("{READABLE}?token={token}"));

    assert_eq!((server.get(READABLE).status, server.get(READABLE).text()), (404, nothing.clone()));
    assert_eq!((with("wrong").status, with("wrong").text()), (404, nothing.clone()));
    for answer in [server.get(&by_token), with(&token)] {
        assert_eq!((answer.status, answer.text()), (200, want.clone()));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=60, s-maxage=60"));
    }
    let signed_in = admin_get(&server, READABLE);
    assert_eq!((signed_in.status, signed_in.text()), (200, want.clone()));
    assert_eq!(signed_in.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(signed_in.header("access-control-allow-origin"), None);
    assert_eq!(signed_in.header("vary"), Some("Accept-Encoding, Authorization, X-Api-Key"));

    // Another token ends the old addresses.
    let id = found["id"].as_str().unwrap();
    let renewed = server.post(&format!("/api/badges/{id}/token"), &[("x-api-key", ADMIN)], b"");
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    assert_eq!((server.get(&by_token).status, with(&token).status), (404, 404));
    let url = renewed.json()["urls"]["token"].as_str().unwrap().to_owned();
    let by_token = url.strip_prefix(&server.url).unwrap();
    assert_eq!(server.get(by_token).status, 200);

    // Signed in only: no token helps.
    let answer = put(&server, &format!("/api/badges/{id}"), &json!({ "visibility": "signed-in" }));
    assert_eq!(answer.json()["urls"].get("token"), None);
    assert_eq!((server.get(by_token).status, admin_get(&server, READABLE).status), (404, 200));
    // Administration is for administrators.
    assert_eq!(server.get("/api/badges").status, 401);
    assert_eq!(server.get(&format!("/api/badges/{id}")).status, 401);
}

#[test]
fn aliases_belong_to_one_badge() {
    let (server, _, _dir) = public();
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let strip = badge(&server, "strip")["id"].as_str().unwrap().to_owned();
    let path = format!("/api/badges/{id}");
    let answer = put(&server, &path, &json!({ "alias": "web-prod" }));
    let url = format!("{}/badges/web-prod.svg", server.url);
    assert_eq!(answer.json()["urls"]["alias"], url);
    assert_eq!(server.get("/badges/web-prod.svg").text(), server.get(READABLE).text());
    assert_eq!(server.get("/badges/WEB-prod.svg").status, 200);
    let taken = put(&server, &format!("/api/badges/{strip}"), &json!({ "alias": "web-prod" }));
    assert_eq!(taken.status, 409);
    assert_eq!(
        taken.json()["error"]["message"],
        format!("the alias `web-prod` belongs to badge `{id}`: take it away there first")
    );
    for wrong in ["", "A", "a b", "q/x", "a/b/c", "../a", "a/"] {
        assert_eq!(put(&server, &path, &json!({ "alias": wrong })).status, 400, "{wrong}");
    }
    assert_eq!(put(&server, &path, &json!({ "colour": "x" })).status, 400);
    assert_eq!(put(&server, "/api/badges/0000000000000000", &json!({})).status, 404);
    assert_eq!(put(&server, &path, &json!({})).status, 200);
    assert_eq!(server.get("/badges/web-prod.svg").status, 404);
}

#[test]
fn a_preview_is_what_saving_would_show_and_saves_nothing() {
    let (server, _, _dir) = public();
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let path = format!("/api/badges/{id}");
    let preview = |path: &str, body: &Value| {
        let headers = [JSON, ("x-api-key", ADMIN)];
        let path = format!("{path}/preview");
        send(server.port, "POST", &path, &headers, body.to_string().as_bytes())
    };
    let before = server.get(READABLE).text();
    let now = preview(&path, &json!({})).json();
    assert_eq!(now["svg"], before);
    let choice = json!({ "message": "{release} of {commit:7}", "style": "plastic" });
    let shown = preview(&path, &choice).json();
    assert_eq!(server.get(READABLE).text(), before);
    assert_eq!(badge(&server, "release")["choice"], json!({}));
    assert_eq!(put(&server, &path, &choice).status, 200);
    assert_eq!(server.get(READABLE).text(), shown["svg"]);
    // What templates know, with what it is here.
    let value = |name: &str| {
        let fields = shown["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap()["value"].clone()
    };
    for (name, want) in
        [("release", "Release-42"), ("environment", "Production"), ("status", "succeeded")]
    {
        assert_eq!(value(name), want);
    }
    assert_eq!(shown["message"], format!("Release-42 of {}", value("commit:7").as_str().unwrap()));
    assert_eq!((&shown["label"], &shown["color"]), (&json!("Web - CD"), &json!("brightgreen")));

    // What saving refuses, with the field at fault.
    let strip = badge(&server, "strip")["id"].as_str().unwrap().to_owned();
    let strip = format!("/api/badges/{strip}");
    assert_eq!(put(&server, &strip, &json!({ "alias": "web" })).status, 200);
    for (body, status, field) in [
        (json!({ "message": "{relaese}" }), 400, json!("message")),
        (json!({ "label": "{" }), 400, json!("label")),
        (json!({ "style": "round" }), 400, json!("style")),
        (json!({ "logo": "x" }), 400, json!("logo")),
        (json!({ "cacheSeconds": 99_999_999 }), 400, json!("cacheSeconds")),
        (json!({ "alias": "A" }), 400, json!("alias")),
        (json!({ "alias": "web" }), 409, json!("alias")),
        (json!({ "colour": "x" }), 400, Value::Null),
    ] {
        let (tried, saved) = (preview(&path, &body), put(&server, &path, &body));
        assert_eq!((tried.status, &tried.json()["error"]["field"]), (status, &field), "{body}");
        assert_eq!((tried.status, tried.json()), (saved.status, saved.json()), "{body}");
    }
    let wrong = preview(&path, &json!({ "message": "{relaese}" })).json();
    let wrong = wrong["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        wrong.starts_with("the message is wrong: `{relaese}` is no field of badges; there are "),
        "{wrong}"
    );

    // A strip has no templates; a badge that is not there has no preview.
    let drawn = preview(&strip, &json!({ "style": "flat-square" })).json();
    assert_eq!(drawn["fields"], json!([]));
    assert!(drawn["svg"].as_str().unwrap().contains("crispEdges"), "{drawn}");
    assert_eq!(preview("/api/badges/0000000000000000", &json!({})).status, 404);
    let nobody = send(server.port, "POST", &format!("{path}/preview"), &[JSON], b"{}");
    assert_eq!(nobody.status, 401);
}

#[test]
fn a_strip_shows_the_environments_of_a_definition() {
    let (server, key, _dir) = public();
    let mut other: Value = serde_json::from_str(&deployment(9, 50, 30, "rejected")).unwrap();
    other["resource"]["environment"]["name"] = json!("QA");
    other["resource"]["environment"]["definitionEnvironmentId"] = json!(1);
    other["resource"]["deployment"]["definitionEnvironmentId"] = json!(1);
    taken(&server, &key, &other.to_string());
    drained(&server);
    let path = "/badges/exorg/exproj/web%20-%20cd.svg";
    let strip = server.get(path);
    assert_eq!(strip.status, 200);
    let want = "Web - CD: QA never deployed, Production Release-42";
    assert!(strip.text().contains(want), "{}", strip.text());
    let json = server.get(&path.replace(".svg", ".json")).json();
    assert_eq!(json["message"], "QA never deployed | Production Release-42");
    assert_eq!(json["color"], "lightgrey");
    assert_eq!(server.get(&path.replace(".svg", ".png")).status, 200);
    // A badge that is more private than the strip is none of it.
    let list = admin_get(&server, "/api/badges").json();
    let all = list["badges"].as_array().unwrap();
    let qa = all.iter().find(|badge| badge["names"]["environment"] == "QA").unwrap();
    let id = qa["id"].as_str().unwrap();
    put(&server, &format!("/api/badges/{id}"), &json!({ "visibility": "signed-in" }));
    let text = server.get(path).text();
    assert!(text.contains("Web - CD: Production Release-42"), "{text}");
}

#[test]
fn old_names_lead_to_the_new_ones() {
    let (server, key, _dir) = public();
    let mut renamed: Value = serde_json::from_str(&deployment(5, 60, 90, "succeeded")).unwrap();
    renamed["resource"]["environment"]["name"] = json!("Live & well");
    taken(&server, &key, &renamed.to_string());
    drained(&server);
    let old = server.get(&format!("/some/prefix{READABLE}?style=plastic"));
    assert_eq!(old.status, 301);
    let target = "../../../exorg/ExProj/Web%20-%20CD/Live%20%26%20well.svg?style=plastic";
    assert!(old.header("location").unwrap().eq_ignore_ascii_case(target), "{:?}", old.headers);
    assert_eq!(old.header("cache-control"), Some("public, max-age=60, s-maxage=60"));
    let new = server.get("/badges/exorg/exproj/web%20-%20cd/live%20%26%20well.svg");
    assert_eq!((new.status, new.text()), (200, drawn("Release-60", "brightgreen")));
    assert_eq!(server.get(&format!("/badges/{PROJECT}/2-Production.svg")).status, 301);
}

#[test]
fn badges_outlive_the_server_and_lost_files_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let (server, key) = server(dir.path(), "visibility = \"public\"");
    taken(&server, &key, &deployment(1, 42, 10, "succeeded"));
    drained(&server);
    let before = server.get(READABLE);
    let id = badge(&server, "release")["id"].as_str().unwrap().to_owned();
    let token = badge(&server, "strip")["urls"].clone();
    server.kill();
    let file = dir.path().join("data/files/badges").join(format!("{id}.svg"));
    let bytes = std::fs::read(&file).unwrap();
    let want = before.body.clone();
    assert!(bytes.windows(want.len()).any(|part| part == want), "the file holds what is served");
    std::fs::remove_file(&file).unwrap();
    let config = dir.path().join("settings.toml").display().to_string();
    let data = dir.path().join("data");
    let server = Server::on(&data, &["--admin-key", ADMIN, "--config", &config]);
    let after = server.get(READABLE);
    assert_eq!((after.status, &after.body), (200, &before.body));
    for name in ["etag", "last-modified"] {
        assert_eq!(after.header(name), before.header(name));
    }
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let path = |value: &Value| value["readable"].as_str().unwrap()[22..].to_owned();
    assert_eq!(path(&badge(&server, "strip")["urls"]), path(&token));
    // Deleted, and back with the next deployment.
    let path = format!("/api/badges/{id}");
    let gone = send(server.port, "DELETE", &path, &[("x-api-key", ADMIN)], b"");
    assert_eq!((gone.status, gone.json()["deleted"].as_str()), (200, Some(id.as_str())));
    assert_eq!((server.get(READABLE).status, file.exists()), (404, false));
    taken(&server, &key, &deployment(8, 44, 99, "succeeded"));
    drained(&server);
    assert_eq!(server.get(READABLE).status, 200);
}

#[test]
fn many_variants_do_not_grow_the_process() {
    let (server, _, _dir) = public();
    let resident = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id()));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    };
    server.get(&format!("{READABLE}?label=first"));
    let before = resident();
    let label = "y".repeat(100);
    for number in 0..10_000 {
        let answer = server.get(&format!("{READABLE}?label={number}-{label}"));
        assert_eq!(answer.status, 200);
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 160, "{grown} MiB more after 10,000 variants");
}
