//! Killed at any time between a delivery and its badge: each event is there once.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client;
use crate::hooks::{FLAGS, deployment, drained, make, rows};
use crate::hooks_state::files;
use crate::server::{Server, start};

const KILLS: u64 = 30;

/// Delivers events from `first` on until the server is gone; how far it was answered with success.
fn storm(port: u16, key: &str, first: i64, is_over: &AtomicBool) -> i64 {
    let mut next = first;
    while !is_over.load(Ordering::SeqCst) {
        let body = deployment(next, next, next % 80_000, "succeeded");
        let path = format!("/hooks/azdo/{key}");
        let bytes = client::request_bytes("POST", &path, &[], body.as_bytes());
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return next };
        // Cut off by the end of the server, as the answer may be.
        let _ = stream.write_all(&bytes);
        match client::read(&mut stream) {
            Some(answer) if answer.status == 200 => next += 1,
            Some(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            None => return next,
        }
    }
    next
}

#[test]
fn each_event_has_one_row_and_its_badge_whenever_the_server_is_killed() {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    server.stop();
    let mut next = 1;
    for kill in 0..KILLS {
        let server = Server::on(dir.path(), &FLAGS);
        let is_over = AtomicBool::new(false);
        next = std::thread::scope(|scope| {
            let (port, key, over) = (server.port, &key, &is_over);
            let sender = scope.spawn(move || storm(port, key, next, over));
            std::thread::sleep(Duration::from_millis(20 + 37 * kill % 150));
            server.kill();
            is_over.store(true, Ordering::SeqCst);
            sender.join().unwrap()
        });
    }
    let server = Server::on(dir.path(), &FLAGS);
    // The one whose answer was cut off may be there or not; a sender delivers it again.
    storm_once(&server, &key, next);
    drained(&server);
    assert!(next > 30, "only {next} events were delivered");
    let seen = rows(
        &server,
        "PipelineEvents | summarize Rows = count(), Events = dcount(NotificationId), \
         Newest = max(NotificationId)",
    );
    assert_eq!(seen, [json!([next, next, next])]);
    let seen = rows(&server, "ReleaseDeployments | summarize count(), dcount(DeploymentId)");
    assert_eq!(seen, [json!([next, next])]);
    let badges = files(&server, dir.path());
    assert_eq!(badges.len(), 1);
    let title = format!(": Release-{next}</title>");
    assert!(badges.values().all(|svg| svg.contains(&title)), "{badges:?}");
    assert_eq!(crate::hooks::hook(&server, "team")["events"], next);
    assert!(server_has_no_inbox(server, dir.path()));
}

fn storm_once(server: &Server, key: &str, number: i64) {
    crate::hooks::taken(server, key, &deployment(number, number, number % 80_000, "succeeded"));
}

/// Whether nothing waits in a folder whose server has ended.
fn server_has_no_inbox(server: Server, data: &std::path::Path) -> bool {
    server.stop();
    let store = store::Store::open_read_only(data).unwrap();
    store.documents("hook/inbox/").is_empty() && store.documents("hook/broken/").is_empty()
}
