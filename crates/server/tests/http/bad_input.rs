//! Fifty kinds of bad input: each gets its documented answer, and the server goes on.

use std::io::Write;
use std::net::Shutdown;

use serde_json::{Value, json};

use crate::client::{connect, exchange, gzip, read, request_bytes};
use crate::server::{KEY, Server, event, start};

/// A body for track, what it is, and the answer: status, received, accepted.
type TrackCase = (&'static str, Vec<u8>, u16, usize, usize);

fn good() -> String {
    event(KEY, "good")
}

/// The good event with one member replaced; `path` is a JSON pointer.
fn with(path: &str, value: Value) -> Vec<u8> {
    let mut item: Value = serde_json::from_str(&good()).unwrap();
    *item.pointer_mut(path).unwrap() = value;
    item.to_string().into_bytes()
}

fn without(path: &str, name: &str) -> Vec<u8> {
    let mut item: Value = serde_json::from_str(&good()).unwrap();
    item.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(name);
    item.to_string().into_bytes()
}

fn track_cases() -> Vec<TrackCase> {
    let text = good();
    let bytes = |text: &str| text.as_bytes().to_vec();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
    let mut bad_utf8 = bytes(&text.replace("\"test\"", "\"te@st\""));
    let at = bad_utf8.iter().position(|b| *b == b'@').unwrap();
    bad_utf8[at] = 0xff;
    let large = text.replace("\"test\"", &format!("\"{}\"", "x".repeat(70_000)));
    vec![
        ("a word", bytes("hello"), 400, 1, 0),
        ("a number", bytes("12"), 400, 1, 0),
        ("null", bytes("null"), 400, 1, 0),
        ("a text", bytes("\"text\""), 400, 1, 0),
        ("an empty object", bytes("{}"), 400, 1, 0),
        ("a cut object", bytes(&text[..text.len() / 2]), 400, 1, 0),
        ("a broken array", bytes(&format!("[{text},")), 400, 1, 0),
        ("an array of numbers", bytes("[1,2,3]"), 400, 3, 0),
        ("a good line between bad ones", bytes(&format!("x\n{text}\ny")), 206, 3, 1),
        ("markup", bytes("<html><body>hi</body></html>"), 400, 1, 0),
        ("a form", bytes("a=1&b=2"), 400, 1, 0),
        ("zero bytes", vec![0; 1000], 400, 1, 0),
        ("random bytes", (0..2000u32).map(|i| (i * 7919 % 251) as u8 | 0x80).collect(), 400, 1, 0),
        ("deep arrays", bytes(&deep), 400, 1, 0),
        ("deep objects", bytes(&deep_object), 400, 1, 0),
        ("bad UTF-8 in a value", bad_utf8, 200, 1, 1),
        ("a lone surrogate", bytes(&text.replace("\"test\"", "\"\\ud83d\"")), 200, 1, 1),
        ("a wrong escape", bytes(&text.replace("\"test\"", "\"\\q\"")), 400, 1, 0),
        ("NaN as a word", bytes(&text.replace("1.5", "NaN")), 200, 1, 1),
        ("infinity as a word", bytes(&text.replace("1.5", "-Infinity")), 200, 1, 1),
        ("a huge number", bytes(&text.replace("1.5", "1e999")), 200, 1, 1),
        ("a control character in a text", bytes(&text.replace("\"test\"", "\"a\tb\"")), 200, 1, 1),
        ("a zero character in a text", bytes(&text.replace("\"test\"", "\"\\u0000\"")), 200, 1, 1),
        ("an unknown key", bytes(&event("nobody", "x")), 400, 1, 0),
        ("no key", without("", "iKey"), 400, 1, 0),
        ("a key that is a number", with("/iKey", json!(5)), 400, 1, 0),
        ("no time", without("", "time"), 200, 1, 1),
        ("a time that is none", with("/time", json!("yesterday")), 400, 1, 0),
        ("a time long ago", with("/time", json!("1999-01-01T00:00:00Z")), 400, 1, 0),
        ("a time far ahead", with("/time", json!("2199-01-01T00:00:00Z")), 400, 1, 0),
        ("no data", without("", "data"), 400, 1, 0),
        ("data that is a text", with("/data", json!("x")), 400, 1, 0),
        ("no type", without("/data", "baseType"), 400, 1, 0),
        ("an unknown type", with("/data/baseType", json!("NoData")), 400, 1, 0),
        ("no base data", without("/data", "baseData"), 400, 1, 0),
        ("an event without a name", without("/data/baseData", "name"), 400, 1, 0),
        ("properties that are a list", with("/data/baseData/properties", json!([1])), 200, 1, 1),
        ("an item of 70 kB", bytes(&large), 400, 1, 0),
        ("a million brackets", vec![b'['; 1_000_000], 400, 1, 0),
        ("a million quotes", vec![b'"'; 1_000_000], 400, 500_000, 0),
    ]
}

#[test]
fn bad_bodies_get_their_answers_and_the_server_goes_on() {
    let (server, _dir) = start(&[]);
    let mut accepted = 0;
    let mut wrong = Vec::new();
    for (what, body, status, received, good_items) in track_cases() {
        let answer = server.track(&body);
        let json = answer.json();
        let got = (answer.status, &json["itemsReceived"], &json["itemsAccepted"]);
        if got != (status, &json!(received), &json!(good_items)) {
            wrong.push(format!("{what}: {} {json}", answer.status));
        }
        accepted += good_items;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_alive(&server);
    assert_eq!(server.rows("customEvents | count"), json!([[accepted + 1]]));
}

fn assert_alive(server: &Server) {
    assert_eq!(server.track(good().as_bytes()).status, 200);
}

#[test]
fn bad_encodings_get_their_answers() {
    let (server, _dir) = start(&[]);
    let whole = gzip(good().as_bytes());
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let bomb = gzip(&vec![b'a'; 64 << 20]);
    for (what, encoding, body, status) in [
        ("cut gzip", "gzip", whole[..whole.len() - 9].to_vec(), 400),
        ("damaged gzip", "gzip", flipped, 400),
        ("gzip that is text", "gzip", good().into_bytes(), 400),
        ("deflate that is text", "deflate", good().into_bytes(), 400),
        ("a bomb", "gzip", bomb, 413),
        ("an unknown encoding", "zstd", good().into_bytes(), 415),
        ("a list of encodings", "gzip, br", whole.clone(), 415),
    ] {
        let answer = server.post("/v2/track", &[("content-encoding", encoding)], &body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert_eq!(answer.json()["itemsAccepted"], 0, "{what}");
    }
    assert_alive(&server);
}

#[test]
fn bad_http_gets_an_answer_or_a_closed_connection() {
    let (server, _dir) = start(&[]);
    let long = "x".repeat(200_000);
    let many: String = (0..300).map(|i| format!("h{i}: 1\r\n")).collect();
    let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
        ("no HTTP", b"hello\r\n\r\n".to_vec(), &[400]),
        ("TLS", vec![22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10, 13, 10], &[400]),
        ("a long path", format!("GET /{long} HTTP/1.1\r\n\r\n").into_bytes(), &[400, 414, 431]),
        ("a long header", format!("GET / HTTP/1.1\r\na: {long}\r\n\r\n").into_bytes(), &[400, 431]),
        ("many headers", format!("GET / HTTP/1.1\r\n{many}\r\n").into_bytes(), &[400, 431]),
        (
            "a wrong length",
            b"POST /v2/track HTTP/1.1\r\nhost: t\r\ncontent-length: x\r\n\r\n".to_vec(),
            &[400],
        ),
        (
            "a wrong chunk",
            b"POST /v2/track HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
                .to_vec(),
            &[400],
        ),
        (
            "a length over the limit",
            b"POST /v2/track HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\n\
              content-length: 99999999999\r\n\r\n"
                .to_vec(),
            &[413],
        ),
    ];
    for (what, bytes, statuses) in cases {
        let answer = exchange(server.port, &bytes);
        let status = answer.map(|answer| answer.status);
        assert!(status.is_some_and(|s| statuses.contains(&s)), "{what}: {status:?}");
    }
    assert_alive(&server);
}

#[test]
fn senders_that_stop_in_the_middle_are_answered_or_forgotten() {
    let (server, _dir) = start(&[]);
    let body = good();
    let whole = request_bytes("POST", "/v2/track", &[], body.as_bytes());
    // Closed altogether in the middle of the body.
    let mut gone = connect(server.port);
    gone.write_all(&whole[..whole.len() - 5]).unwrap();
    drop(gone);
    // Half closed in the middle of the body: an answer, if one arrives, is not a success.
    let mut half = connect(server.port);
    half.write_all(&whole[..whole.len() - 5]).unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    assert!(read(&mut half).is_none_or(|answer| answer.status == 400));
    // Slow, but not too slow: byte by byte.
    let mut slow = connect(server.port);
    for byte in &whole {
        slow.write_all(&[*byte]).unwrap();
    }
    assert_eq!(read(&mut slow).expect("an answer").status, 200);
    // Too slow: the body never comes.
    let mut stuck = connect(server.port);
    stuck.write_all(&whole[..whole.len() - 5]).unwrap();
    let answer = read(&mut stuck).expect("an answer");
    assert_eq!(answer.status, 408);
    assert_eq!(answer.json()["errors"][0]["statusCode"], 408);
    assert_alive(&server);
}

#[test]
fn bad_query_calls_are_refused_in_their_shapes() {
    let (server, _dir) = start(&[]);
    let deep = format!("print {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    let long = format!("print '{}'", "x".repeat(9 << 20));
    let cases = [
        ("no JSON", b"nope".to_vec(), 400),
        ("a list", b"[]".to_vec(), 400),
        ("no query", b"{}".to_vec(), 400),
        ("an empty query", b"{\"query\":\"  \"}".to_vec(), 400),
        ("a query that is a number", b"{\"query\":5}".to_vec(), 400),
        ("a timespan that is a number", b"{\"query\":\"print 1\",\"timespan\":5}".to_vec(), 400),
        (
            "a query with a zero character",
            json!({ "query": "pri\0nt 1" }).to_string().into_bytes(),
            400,
        ),
        ("a deep query", json!({ "query": deep }).to_string().into_bytes(), 400),
        ("a long body", json!({ "query": long }).to_string().into_bytes(), 413),
    ];
    for (what, body, status) in cases {
        let answer = server.post("/v1/apps/default/query", &[], &body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        assert!(answer.json()["error"]["message"].is_string(), "{what}");
    }
    for body in [
        json!({}),
        json!({ "csl": 1 }),
        json!({ "csl": "print 1", "db": 1 }),
        json!({ "csl": "print 1", "properties": "{" }),
        json!({ "csl": "print 1", "properties": 1 }),
    ] {
        let answer = server.kusto("/v1/rest/query", &body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"]["@message"].is_string(), "{body}");
    }
    assert_alive(&server);
}
