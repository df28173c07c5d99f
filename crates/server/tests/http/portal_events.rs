//! Server-sent events: pages are told of new rows, and let go when the server ends.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{connect, request_bytes, send};
use crate::server::{KEY, OTHER_KEY, Server, event, start, wait_until};

const ADMIN: &str = "the-admin-key-of-this-test";
const JSON: (&str, &str) = ("content-type", "application/json");

/// One open stream.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(server: &Server, app: &str, headers: &[(&str, &str)]) -> Events {
        let mut stream = connect(server.port);
        let path = format!("/api/portal/events?app={app}");
        let mut all = vec![("accept-encoding", "gzip")];
        all.extend(headers);
        stream.write_all(&request_bytes("GET", &path, &all, b"")).unwrap();
        let mut events = Events(BufReader::new(stream));
        let head = events.until("\r\n");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let head = head.to_lowercase();
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        assert!(head.contains("cache-control: no-store"), "{head}");
        assert!(!head.contains("content-encoding"), "{head}");
        events
    }

    /// Lines up to one that is `end`.
    fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return text;
            }
            if line == end {
                return text;
            }
            text.push_str(&line);
        }
    }

    /// The data of the next event.
    fn next(&mut self) -> Value {
        let text = self.until("\n");
        assert!(text.contains("event: fresh\n"), "{text}");
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        serde_json::from_str(data).unwrap()
    }
}

#[test]
fn a_page_is_told_of_what_is_there_and_of_what_comes() {
    let (server, _dir) = start(&[]);
    let mut events = Events::open(&server, "default", &[]);
    let first = events.next();
    assert_eq!([&first["newest"], &first["tables"]], [&Value::Null, &json!({})]);
    server.track(event(KEY, "a").as_bytes());
    let second = events.next();
    assert_eq!(second["tables"]["customEvents"]["rows"], 1);
    assert_eq!(second["tables"]["customEvents"]["newest"], second["newest"]);
    assert!(second["newest"].as_str().unwrap() <= second["now"].as_str().unwrap());
    assert_ne!(second["snapshot"], first["snapshot"]);
    // However much comes, a page is told once a second.
    let begin = Instant::now();
    for n in 0..50 {
        server.track(event(KEY, &format!("b-{n}")).as_bytes());
    }
    let mut told = 0;
    while events.next()["tables"]["customEvents"]["rows"] != 51 {
        told += 1;
    }
    assert!(told <= begin.elapsed().as_secs(), "{told} in {:?}", begin.elapsed());
    // Who comes later is told the same.
    assert_eq!(Events::open(&server, "", &[]).next()["tables"]["customEvents"]["rows"], 51);
}

#[test]
fn asking_is_no_news() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let headers = [("x-api-key", ADMIN)];
    let mut events = Events::open(&server, "default", &headers);
    assert_eq!(events.next()["tables"], json!({}));
    for _ in 0..3 {
        let path = "/v1/apps/default/query?query=print%201";
        assert_eq!(send(server.port, "GET", path, &headers, b"").status, 200);
    }
    // The audit is written every second.
    std::thread::sleep(Duration::from_millis(2500));
    server.track(event(KEY, "a").as_bytes());
    let next = events.next();
    assert_eq!(next["tables"].as_object().unwrap().len(), 1, "{next}");
    assert_eq!(next["tables"]["customEvents"]["rows"], 1);
}

#[test]
fn other_applications_are_none_of_its_business() {
    let (server, _dir) = start(&["--admin-key", ADMIN]);
    let post = |path: &str, body: Value| {
        let headers = [JSON, ("x-api-key", ADMIN)];
        server.post(path, &headers, body.to_string().as_bytes()).json()
    };
    post("/api/apps", json!({ "name": "zebra", "instrumentationKey": OTHER_KEY }));
    let wish = json!({ "name": "z", "scopes": ["query"], "applications": ["zebra"] });
    let key = post("/api/keys", wish)["key"].as_str().unwrap().to_owned();
    let get = |path: &str, key: &str| send(server.port, "GET", path, &[("x-api-key", key)], b"");
    for name in ["default", "nothing"] {
        assert_eq!(get(&format!("/api/portal/events?app={name}"), &key).status, 403, "{name}");
    }
    assert_eq!(get("/api/portal/events?app=nothing", ADMIN).status, 404);
    assert_eq!(server.get("/api/portal/events").status, 401);
    let mut events = Events::open(&server, "", &[("x-api-key", &key)]);
    assert_eq!(events.next()["tables"], json!({}));
    server.track(event(KEY, "a").as_bytes());
    server.track(event(OTHER_KEY, "b").as_bytes());
    let next = events.next();
    assert_eq!(next["tables"]["customEvents"]["rows"], 1);
    // A stream ends with its key.
    assert_eq!(
        send(server.port, "DELETE", "/api/keys/z", &[("x-api-key", ADMIN)], b"").status,
        200
    );
    let begin = Instant::now();
    let rest = events.until("never\n");
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn streams_are_bounded_and_end_with_the_server() {
    let (server, _dir) = start(&[]);
    let mut streams: Vec<Events> =
        (0..100).map(|_| Events::open(&server, "default", &[])).collect();
    streams.iter_mut().for_each(|stream| drop(stream.next()));
    let refused = server.get("/api/portal/events?app=default");
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some());
    assert!(refused.text().contains("100 pages"), "{}", refused.text());
    // A place is free again when a page goes.
    drop(streams.pop());
    let is_free = || {
        let mut stream = connect(server.port);
        let path = "/api/portal/events?app=default";
        stream.write_all(&request_bytes("GET", path, &[], b"")).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line.contains("200")
    };
    wait_until("a place is free", is_free);
    let begin = Instant::now();
    assert!(server.stop().success());
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}
