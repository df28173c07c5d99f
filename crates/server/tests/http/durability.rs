//! What was acknowledged is there, exactly once, whatever ends the process.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{connect, read, request_bytes};
use crate::server::{KEY, Server, event, events, start};

/// Sends batches until told to stop; gives the names that were acknowledged and those whose
/// answer never came.
fn load(port: u16, round: usize, stop: &Arc<AtomicBool>, acknowledged: &Arc<Mutex<Vec<String>>>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    while !stop.load(Ordering::Relaxed) {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("r{round}-b{id}");
        let body = events(KEY, &prefix, 5);
        let bytes = request_bytes("POST", "/v2/track", &[], body.as_bytes());
        let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return };
        if stream.write_all(&bytes).is_err() {
            return;
        }
        match read(&mut stream) {
            Some(answer) if answer.status == 200 => acknowledged.lock().unwrap().push(prefix),
            _ => return,
        }
    }
}

#[test]
fn ten_kills_under_load_lose_and_repeat_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    for round in 0..10 {
        let server = Server::on(dir.path(), &["--seal-age", "300ms"]);
        let stop = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (port, stop, acks) =
                    (server.port, Arc::clone(&stop), Arc::clone(&acknowledged));
                std::thread::spawn(move || load(port, round, &stop, &acks))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300 + 70 * round as u64));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
    let server = Server::on(dir.path(), &[]);
    let rows = server.rows("customEvents | project name");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        *seen.entry(row[0].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert!(seen.values().all(|count| *count == 1), "an item is there twice");
    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() > 50, "only {} batches were answered", acknowledged.len());
    for prefix in acknowledged.iter() {
        for i in 0..5 {
            assert!(seen.contains_key(&format!("{prefix}-{i}")), "`{prefix}-{i}` is lost");
        }
    }
    // What was not acknowledged is there as a whole or not at all.
    let mut batches: BTreeMap<&str, usize> = BTreeMap::new();
    for name in seen.keys() {
        *batches.entry(name.rsplit_once('-').unwrap().0).or_default() += 1;
    }
    assert!(batches.values().all(|items| *items == 5), "a batch is half there");
}

#[test]
fn sigterm_finishes_what_was_accepted_and_leaves_with_success() {
    let (server, dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "kept", 10).as_bytes()).status, 200);
    // A request whose body is on its way when the signal comes is answered.
    let body = event(KEY, "late");
    let bytes = request_bytes("POST", "/v2/track", &[], body.as_bytes());
    let mut late = connect(server.port);
    let (first, rest) = bytes.split_at(bytes.len() - 10);
    late.write_all(first).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(200));
    late.write_all(rest).unwrap();
    assert_eq!(read(&mut late).expect("an answer").status, 200);
    let start = Instant::now();
    let mut server = server;
    let status = server.child.wait().unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10));
    let again = Server::on(dir.path(), &[]);
    assert_eq!(again.rows("customEvents | count"), json!([[11]]));
}

#[test]
fn an_open_connection_does_not_hold_up_the_end() {
    let (server, _dir) = start(&[]);
    let mut idle = connect(server.port);
    let mut half = connect(server.port);
    half.write_all(b"POST /v2/track HTTP/1.1\r\nhost: t\r\ncontent-length: 10\r\n\r\n{").unwrap();
    idle.write_all(b"GET /hea").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn names_and_keys_are_the_same_after_a_restart() {
    let (server, dir) = start(&[]);
    let before = server.get("/api/apps").json();
    let app_id = server.ready["appId"].clone();
    assert_eq!(server.stop().code(), Some(0));
    let again = Server::on(dir.path(), &[]);
    assert_eq!(again.ready["appId"], app_id);
    let after = again.get("/api/apps").json();
    assert_eq!(before["apps"][0]["instrumentationKey"], after["apps"][0]["instrumentationKey"]);
}

#[test]
fn a_nearly_full_disk_refuses_new_items_and_still_answers_queries() {
    let (server, dir) = start(&[]);
    assert_eq!(server.track(events(KEY, "kept", 2).as_bytes()).status, 200);
    assert_eq!(server.stop().code(), Some(0));
    let full = Server::on(dir.path(), &["--free-bytes-min", "1000TiB"]);
    let body = format!("not json\n{}", events(KEY, "refused", 2));
    let answer = full.track(body.as_bytes());
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").unwrap().ends_with(" GMT"));
    let json = answer.json();
    assert_eq!((&json["itemsReceived"], &json["itemsAccepted"]), (&json!(3), &json!(0)));
    let entries: Vec<_> = json["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["index"].as_u64().unwrap(), e["statusCode"].as_u64().unwrap()))
        .collect();
    // The items to send again come first: the first entry decides the status.
    assert_eq!(entries, [(1, 503), (2, 503), (0, 400)]);
    assert_eq!(full.rows("customEvents | count"), json!([[2]]));
    assert_eq!(full.stop().code(), Some(0));
    let again = Server::on(dir.path(), &[]);
    assert_eq!(again.track(events(KEY, "later", 1).as_bytes()).status, 200);
    assert_eq!(again.rows("customEvents | count"), json!([[3]]));
}

#[test]
fn rows_move_into_extents_and_stay_the_same() {
    let (server, dir) = start(&["--seal-age", "200ms"]);
    for round in 0..3 {
        let body = events(KEY, &format!("s{round}"), 20);
        assert_eq!(server.track(body.as_bytes()).status, 200);
        std::thread::sleep(Duration::from_millis(900));
    }
    let metrics = server.get("/metrics").text();
    let line = metrics.lines().find(|line| line.starts_with("telltale_extents ")).unwrap();
    assert_ne!(line, "telltale_extents 0");
    let text = "customEvents | where customDimensions.kind == 'test' | \
                summarize count(), dcount(name), sum(todouble(customMeasurements.n))";
    let want = json!([[60, 60, 90.0]]);
    assert_eq!(server.rows(text), want);
    server.kill();
    assert_eq!(Server::on(dir.path(), &[]).rows(text), want);
}

#[test]
fn rows_too_old_go_soon_after_a_start_and_others_stay() {
    let flags = ["--ingest-time-window", "off", "--seal-age", "100ms"];
    let (server, dir) = start(&flags);
    let old = event(KEY, "old").replace("\"time\":\"20", "\"time\":\"19");
    assert_eq!(server.track(old.as_bytes()).status, 200);
    assert_eq!(server.track(event(KEY, "new").as_bytes()).status, 200);
    let text = "customEvents | project name | sort by name asc";
    assert_eq!(server.rows(text), json!([["new"], ["old"]]));
    assert!(server.stop().success());

    let server = Server::on(dir.path(), &[&flags[..], &["--retention", "30d"]].concat());
    let deadline = Instant::now() + Duration::from_secs(20);
    while server.rows(text) != json!([["new"]]) {
        assert!(Instant::now() < deadline, "{}", server.rows(text));
        std::thread::sleep(Duration::from_millis(100));
    }
}
