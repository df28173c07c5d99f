//! Connections: clients that stall are cut off while others are served; paths below a prefix.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;

use crate::client::{self, request_bytes};
use crate::queries::LONG;
use crate::server::{KEY, Server, event, output, start, wait_until};
use crate::tls_client::{Http2, PATIENCE, connect, read_all, runtime, trusting};

/// An answer larger than what socket buffers take.
const LARGE: &str = "range x from 1 to 400000 step 1 | extend text = strcat('a text of row ', x, \
    ' that is long enough to fill the buffers of both ends before it was all sent')";
/// Longer than a client may stall.
const STALLED: Duration = Duration::from_secs(75);

fn large_request() -> Vec<u8> {
    let body = json!({ "query": LARGE }).to_string();
    request_bytes("POST", "/v1/apps/default/query", &[], body.as_bytes())
}

/// Reads to the end or to the error that ends a connection; how many bytes came.
fn drain(stream: &mut impl Read) -> usize {
    let mut bytes = 0;
    let mut chunk = vec![0; 1 << 20];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        bytes += count;
    }
    bytes
}

/// Takes nothing of its answer, once it begins, for longer than allowed.
fn slow_reader(mut stream: impl Read + Write, whole: usize) {
    stream.write_all(&large_request()).unwrap();
    stream.read_exact(&mut [0]).expect("the answer begins");
    std::thread::sleep(STALLED);
    let bytes = drain(&mut stream);
    assert!(bytes < whole, "{bytes} of {whole} bytes came all the same");
}

/// Sends the head of a request byte by byte and never ends it.
fn slow_header_sender(port: u16, start: &[u8]) {
    let mut stream = client::connect(port);
    stream.write_all(start).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        assert!(std::time::Instant::now() < deadline, "never cut off");
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => return,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
            Ok(_) => {}
        }
        if start.starts_with(b"GET") && stream.write_all(b"a").is_err() {
            return;
        }
    }
}

/// Stalls one stream; the others of its connection go on. Then leaves the connection idle.
async fn slow_http2_reader(port: u16, whole: usize) {
    let client = Http2::connect(port, None).await;
    let body = json!({ "query": LARGE }).to_string();
    let (answer, _stream) = client.send("POST", "/v1/apps/default/query", &body).await;
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    tokio::time::sleep(STALLED).await;
    assert_eq!(client.ask("GET", "/healthz", "").await.0, 200);
    let error = read_all(answer.into_body()).await.expect_err("the answer was given up");
    assert!(error.is_reset(), "{error} of {whole}");
    assert_eq!(client.ask("GET", "/healthz", "").await.0, 200);
}

async fn idle_http2_client(port: u16) {
    let client = Http2::connect(port, None).await;
    assert_eq!(client.ask("GET", "/healthz", "").await.0, 200);
    let ended = tokio::time::timeout(PATIENCE, client.ended).await;
    assert!(ended.is_ok(), "an idle connection was never closed");
}

#[test]
fn clients_that_stall_are_cut_off_while_others_are_served() {
    let (server, _dir) = start(&["--tls-listen", "127.0.0.1:0", "--query-time", "80s"]);
    let url = server.ready["tlsUrl"].as_str().unwrap();
    let trusted = trusting(&output(&["tls", "show", "--url", url]), &[]);
    let whole = {
        let mut stream = client::connect(server.port);
        stream.write_all(&large_request()).unwrap();
        drain(&mut stream)
    };
    assert!(whole > 30_000_000, "{whole}");
    std::thread::scope(|scope| {
        let mut clients = Vec::new();
        let plain = client::connect(server.port);
        clients.push(scope.spawn(move || slow_reader(plain, whole)));
        let tls = connect(&trusted, server.tls_port(), "localhost").unwrap();
        clients.push(scope.spawn(move || slow_reader(tls, whole)));
        for start in [&b"GET /healthz HTTP/1.1\r\na: "[..], b"PRI * HTTP/2.0\r\n"] {
            clients.push(scope.spawn(|| slow_header_sender(server.port, start)));
        }
        clients.push(scope.spawn(|| {
            runtime().block_on(async {
                tokio::join!(
                    slow_http2_reader(server.port, whole),
                    idle_http2_client(server.port),
                );
            });
        }));
        // A query that has nothing to send yet may take its time.
        clients.push(scope.spawn(|| {
            let body = json!({ "query": LONG }).to_string();
            let mut stream = client::connect(server.port);
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let path = "/v1/apps/default/query";
            stream.write_all(&request_bytes("POST", path, &[], body.as_bytes())).unwrap();
            assert_eq!(client::read(&mut stream).expect("an answer").status, 504);
        }));
        while clients.iter().any(|client| !client.is_finished()) {
            assert_eq!(server.track(event(KEY, "others").as_bytes()).status, 200);
            std::thread::sleep(Duration::from_millis(200));
        }
        for client in clients {
            client.join().unwrap();
        }
    });
    wait_until("all are gone", || {
        // The connection that asks counts itself.
        server.get("/metrics").text().contains("\ntelltale_connections 1\n")
    });
}

#[test]
fn every_route_is_found_below_a_prefix() {
    let (server, _dir) = start(&[]);
    let made = server.post(
        "/tools/telltale/api/apps",
        &[("content-type", "application/json")],
        b"{\"name\":\"a b\"}",
    );
    assert_eq!(made.status, 201, "{}", made.text());
    for (path, status) in [
        ("/x/v1/apps/default/query?query=print%201", 200),
        ("/x/y//v1/apps/a%20b/query/?query=print%201", 200),
        // A slash in a name is no part of the path.
        ("/x/v1/apps/default%2Fquery/query?query=print%201", 404),
        // The longest route wins, whatever its last parts are called.
        ("/x/api/profiles/healthz/appId", 404),
        ("/x/v1/rest/query?csl=print%201", 200),
        ("/x/healthz", 200),
        ("/x/metrics", 200),
        ("/X/V1/Rest/Query?csl=print%201", 404),
        ("/X/V2/Track", 405),
        ("/v1/apps/default/nothing", 404),
        ("/healthz/x", 404),
        ("/x/", 404),
    ] {
        assert_eq!(server.get(path).status, status, "{path}");
    }
    let unknown = server.get("/x/v1/apps/default%2Fquery/query?query=print%201").json();
    assert_eq!(unknown["error"]["message"], "there is no application `default/query`");
}

#[test]
fn a_query_that_finds_no_place_is_told_when_to_come_back() {
    // Longer than others wait for their place.
    let (server, _dir) = start(&["--queries-max", "1", "--query-time", "50s"]);
    std::thread::scope(|scope| {
        let ask = |path: &'static str, text: &'static str| {
            let body = json!({ "query": text, "csl": text }).to_string();
            server.post(path, &[], body.as_bytes())
        };
        scope.spawn(move || ask("/v1/apps/default/query", LONG));
        wait_until("the query runs", || server.queries_running() == 1);
        let refused = ["/v1/apps/default/query", "/v1/rest/query"]
            .map(|path| scope.spawn(move || ask(path, "print 1")));
        for refused in refused {
            let refused = refused.join().unwrap();
            assert_eq!(refused.status, 429, "{}", refused.text());
            let when = refused.header("retry-after").expect("a time to come back");
            let when = chrono::DateTime::parse_from_rfc2822(when).expect("an HTTP date");
            assert!(when > chrono::Utc::now(), "{when}");
        }
    });
}

#[test]
fn a_client_that_vanishes_leaves_its_place_to_others() {
    let (server, _dir): (Server, _) = start(&["--connections-max", "2"]);
    for _ in 0..20 {
        let mut gone = client::connect(server.port);
        gone.write_all(b"POST /v2/track HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\n")
            .unwrap();
    }
    assert_eq!(server.get("/healthz").status, 200);
}
