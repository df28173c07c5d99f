//! What telemetry clients send and what they need back (spec ingestion.md §1–§4, §14, §15).

use std::io::Write;

use serde_json::{Value, json};

use crate::client::{connect, gzip, read, request_bytes, send};
use crate::server::{KEY, OTHER_KEY, Server, event, events, fixtures, output, start, wait_until};

const FOUR: [&str; 4] = ["itemsReceived", "itemsAccepted", "appId", "errors"];

fn assert_four_members(answer: &Value) {
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, FOUR);
    assert!(answer["errors"].is_array());
    for error in answer["errors"].as_array().unwrap() {
        assert!(error["message"].is_string());
    }
}

#[test]
fn every_fixture_gets_the_answer_its_index_states() {
    let (server, _dir) = start(&["--ingest-time-window", "off"]);
    let url = server.url.as_str();
    output(&["apps", "create", "other", "--instrumentation-key", OTHER_KEY, "--url", url]);
    let index = std::fs::read(fixtures().join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let mut checked = 0;
    for fixture in index["fixtures"].as_array().unwrap() {
        let file = fixture["file"].as_str().unwrap();
        // Its expectations are about a window, which is off here.
        let is_other = ["otlp/", "quickpulse/", "constructed/time-window"];
        if is_other.iter().any(|start| file.starts_with(start)) {
            continue;
        }
        // Requests other than track have no expectation of this shape.
        if !fixture["expect"]["status"].is_number() {
            continue;
        }
        let body = std::fs::read(fixtures().join(file)).unwrap();
        let headers: Vec<(&str, &str)> = fixture["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        let is_gzip = headers.contains(&("content-encoding", "gzip"));
        let body = if is_gzip { gzip(&body) } else { body };
        let path = fixture["path"].as_str().unwrap_or("/v2/track");
        let answer = server.post(path, &headers, &body);
        let (got, want) = (answer.json(), &fixture["expect"]);
        assert_four_members(&got);
        assert_eq!(u64::from(answer.status), want["status"].as_u64().unwrap(), "{file}: {got}");
        assert_eq!(got["itemsReceived"], want["itemsReceived"], "{file}");
        assert_eq!(got["itemsAccepted"], want["itemsAccepted"], "{file}");
        let places = |answer: &Value| -> Vec<(Value, Value)> {
            let errors = answer["errors"].as_array().into_iter().flatten();
            errors.map(|e| (e["index"].clone(), e["statusCode"].clone())).collect()
        };
        // Some fixtures leave their entries to the reader.
        if want["errors"].is_array() {
            assert_eq!(places(&got), places(want), "{file}");
        }
        checked += 1;
    }
    assert!(checked > 40, "only {checked} fixtures were found");
}

#[test]
fn paths_are_found_under_any_prefix_in_any_case_with_doubled_slashes() {
    let (server, _dir) = start(&[]);
    let body = event(KEY, "a");
    for path in
        ["/v2/track", "/v2.1/track", "//v2.1/track", "/some/prefix/V2/Track", "/V2.1/TRACK/"]
    {
        let answer = server.post(path, &[], body.as_bytes());
        let want = json!({
            "itemsReceived": 1, "itemsAccepted": 1,
            "appId": server.ready["appId"], "errors": [],
        });
        assert_eq!((answer.status, answer.json()), (200, want), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
    for path in [format!("/api/profiles/{KEY}/appId"), format!("//x/API/Profiles/{KEY}/appid")] {
        let answer = server.get(&path);
        assert_eq!(
            (answer.status, answer.text()),
            (200, server.ready["appId"].as_str().unwrap().into())
        );
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"));
    }
    assert_eq!(server.get("/api/profiles/unknown/appId").status, 404);
}

#[test]
fn validate_judges_and_stores_nothing() {
    let (server, _dir) = start(&[]);
    let body = format!("{}\n{{\"iKey\":\"nobody\"}}", event(KEY, "validated"));
    let answer = server.post("/v2/validate", &[], body.as_bytes());
    assert_eq!(answer.status, 206);
    let answer = answer.json();
    assert_eq!(answer["itemsAccepted"], 1);
    let time = &answer["items"][0]["timestamp"];
    let items = json!([{
        "index": 0, "appId": server.ready["appId"], "table": "customEvents", "timestamp": time,
        "itemCount": 1, "cut": null,
    }]);
    assert_eq!(answer["items"], items);
    assert_eq!(server.rows("customEvents | count"), json!([[0]]));
}

#[test]
fn browsers_of_any_origin_may_send_and_read_every_answer() {
    let (server, _dir) = start(&[]);
    let origin = ("origin", "https://example.org");
    let asked = send(
        server.port,
        "OPTIONS",
        "/v2/track",
        &[
            origin,
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-encoding,content-type,x-mine"),
        ],
        b"",
    );
    assert_eq!(asked.status, 204);
    assert!(asked.body.is_empty());
    assert_eq!(asked.header("access-control-allow-origin"), Some("https://example.org"));
    assert_eq!(asked.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert_eq!(
        asked.header("access-control-allow-headers"),
        Some("content-encoding,content-type,x-mine")
    );
    assert_eq!(asked.header("access-control-max-age"), Some("3600"));
    let bad = server.post("/v2/track", &[origin], b"not json");
    assert_eq!(bad.status, 400);
    assert_eq!(bad.header("access-control-allow-origin"), Some("https://example.org"));
    let encoded = [origin, ("content-encoding", "br")];
    let unknown = server.post("/v2/track", &encoded, b"x");
    assert_eq!(unknown.status, 415);
    assert_eq!(unknown.header("access-control-allow-origin"), Some("https://example.org"));
    assert_eq!(server.post("/v2/track", &[], b"").header("access-control-allow-origin"), Some("*"));
}

#[test]
fn wrong_methods_sizes_and_encodings_are_answered_with_json() {
    let (server, _dir) = start(&["--ingest-body-bytes-max", "64KiB"]);
    let large = vec![b' '; 65 * 1024];
    let bomb = gzip(&vec![b' '; 10 << 20]);
    assert!(bomb.len() < 60 * 1024);
    let gzip_header: &[(&str, &str)] = &[("content-encoding", "gzip")];
    for (method, headers, body, status) in [
        ("GET", &[][..], &b""[..], 405),
        ("PUT", &[], b"{}", 405),
        ("DELETE", &[], b"", 405),
        ("POST", &[], &large, 413),
        ("POST", gzip_header, &bomb, 413),
        ("POST", gzip_header, b"not gzip at all", 400),
        ("POST", &[("content-encoding", "br")], b"{}", 415),
    ] {
        let answer = send(server.port, method, "/v2/track", headers, body);
        assert_eq!(answer.status, status, "{method} {headers:?}: {}", answer.text());
        let json = answer.json();
        assert_four_members(&json);
        assert_eq!(json["itemsAccepted"], 0);
        assert_eq!(json["errors"][0]["statusCode"], status);
        if status == 405 {
            assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
        }
    }
    assert_eq!(server.track(event(KEY, "after").as_bytes()).status, 200);
}

#[test]
fn nothing_to_say_is_a_success() {
    let (server, _dir) = start(&[]);
    for body in ["", "[]", "\n\n", "\u{feff}"] {
        let answer = server.track(body.as_bytes());
        let want = json!({ "itemsReceived": 0, "itemsAccepted": 0, "appId": null, "errors": [] });
        assert_eq!((answer.status, answer.json()), (200, want), "{body:?}");
    }
}

#[test]
fn request_ids_come_back() {
    let (server, _dir) = start(&[]);
    let answer = server.post("/v2/track", &[("x-ms-client-request-id", "abc-1")], b"");
    assert_eq!(answer.header("x-ms-client-request-id"), Some("abc-1"));
}

#[test]
fn live_metrics_are_answered_not_subscribed() {
    let (server, _dir) = start(&[]);
    for path in ["/QuickPulseService.svc/ping?ikey=x", "/a/quickpulseservice.svc/post?ikey=x"] {
        let answer = server.post(path, &[], b"[]");
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
        assert_eq!(answer.header("x-ms-qps-subscribed"), Some("false"));
    }
}

#[test]
fn a_full_intake_is_told_to_come_back_with_one_entry_per_item() {
    let (server, _dir) = start(&["--ingest-bytes-in-flight-max", "4KiB"]);
    // Holds the only place: the head states a body, which never comes.
    let mut holder = connect(server.port);
    holder
        .write_all(b"POST /v2/track HTTP/1.1\r\nhost: t\r\ncontent-length: 4000\r\n\r\n{")
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let answer = server.track(events(KEY, "e", 3).as_bytes());
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().ends_with(" GMT"));
    let errors = answer.json()["errors"].clone();
    let want: Vec<Value> = (0..3)
        .map(|i| json!({ "index": i, "statusCode": 429, "message": "Too many requests" }))
        .collect();
    assert_eq!(errors, Value::from(want));
    // One SDK would send again at once, for ever.
    let start = std::time::Instant::now();
    let held = server.post("/v2/track", &[("user-agent", "Python-urllib/3.11")], b"{}");
    assert_eq!(held.status, 429);
    assert!(start.elapsed().as_millis() >= 1000);
    drop(holder);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(server.track(event(KEY, "later").as_bytes()).status, 200);
}

#[test]
fn a_client_that_closes_its_half_still_gets_its_answer() {
    let (server, _dir) = start(&[]);
    let mut stream = connect(server.port);
    let body = event(KEY, "half");
    let bytes = request_bytes("POST", "/v2/track", &[], body.as_bytes());
    stream.write_all(&bytes).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let answer = read(&mut stream).expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(server.rows("customEvents | where name == 'half' | count"), json!([[1]]));
}

#[test]
fn connections_are_kept_and_closed_as_asked() {
    let (server, _dir) = start(&[]);
    let mut stream = connect(server.port);
    let body = event(KEY, "kept");
    let keep = format!(
        "POST /v2/track HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for _ in 0..3 {
        stream.write_all(keep.as_bytes()).unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\"errors\":[]}") {
            let mut byte = [0; 1];
            std::io::Read::read_exact(&mut stream, &mut byte).unwrap();
            seen.push(byte[0]);
        }
        assert!(seen.starts_with(b"HTTP/1.1 200"));
    }
}

#[test]
fn addresses_are_stored_only_when_asked() {
    for (flags, want) in [(&[][..], "0.0.0.0"), (&["--store-client-addresses"], "127.0.0.1")] {
        let (server, _dir): (Server, _) = start(flags);
        assert_eq!(server.track(event(KEY, "a").as_bytes()).status, 200);
        assert_eq!(server.rows("customEvents | project client_IP"), json!([[want]]));
    }
}

/// An event with a name, one property and one tag, all longer than what is kept.
fn too_long(name: &str) -> String {
    let item = json!({
        "iKey": KEY, "tags": { "ai.user.id": "u".repeat(200) }, "sampleRate": 50,
        "data": { "baseType": "EventData", "baseData": {
            "name": format!("{name}{}", "x".repeat(512)),
            "properties": { "log": "y".repeat(20_134), "k".repeat(151): "kept" },
        } },
    });
    item.to_string()
}

#[test]
fn what_was_cut_says_so_from_validation_to_extents() {
    let (server, _dir) = start(&["--seal-age", "100ms"]);
    let body = format!("{}\n{{}}\n{}", event(KEY, "whole"), too_long("first"));
    let judged = server.post("/v2/validate", &[], body.as_bytes()).json();
    let long_key = format!("customDimensions.{} (key)", "k".repeat(150));
    let marks = json!({
        "user_Id": 200, "name": 517, "customDimensions.log": 20_134, long_key: 151,
    });
    let told = &judged["items"];
    assert_eq!((&told[0]["index"], &told[0]["cut"]), (&json!(0), &json!(null)), "{judged}");
    assert_eq!((&told[1]["index"], &told[1]["cut"]), (&json!(2), &marks), "{judged}");
    assert_eq!(told[1]["itemCount"], 2);
    assert_eq!(server.track(body.as_bytes()).status, 206);
    for _ in ["head", "extents"] {
        let asked = "customEvents | where isnotempty(_Cut) | project _Cut, tostring(_Cut.name), \
                     was = tolong(_Cut['customDimensions.log']), kept = strlen(name)";
        let rows = server.rows(asked);
        let cut: serde_json::Value =
            serde_json::from_str(rows[0][0].as_str().unwrap_or_default()).unwrap_or_default();
        assert_eq!(cut, marks, "{rows}");
        assert_eq!(
            (rows.as_array().map(Vec::len), &rows[0][1], &rows[0][2], &rows[0][3]),
            (Some(1), &json!("517"), &json!(20_134), &json!(512)),
            "{rows}"
        );
        let sealed = || {
            let data = server.get("/api/portal/data?app=default").json();
            data["tables"][0]["extents"] != json!(0)
        };
        wait_until("the rows are sealed", sealed);
    }
    // Clients of the original API see the columns of the original.
    let columns =
        |kql: &str| server.rows(&format!("{kql} | getschema | where ColumnName == '_Cut'"));
    assert_eq!(columns("customEvents | where name != ''"), json!([]));
}

#[test]
fn strict_mode_refuses_what_default_mode_cuts() {
    let long = "x".repeat(600);
    for (mode, status) in [("default", 200), ("strict", 400)] {
        let (server, _dir) = start(&["--ingest-mode", mode]);
        let answer = server.track(event(KEY, &long).as_bytes());
        assert_eq!(answer.status, status, "{mode}: {}", answer.text());
        let metrics = server.get("/metrics").text();
        let outcome = if mode == "default" { "cut" } else { "rejected" };
        assert!(metrics.contains(&format!("outcome=\"{outcome}\"")), "{metrics}");
    }
}
