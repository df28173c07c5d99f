//! What a page about hooks needs: a ready address, the last deliveries, their payloads; and how
//! long jobs and approvals waited.

use serde_json::{Value, json};

use crate::hooks::{
    ADMIN, FLAGS, JSON, admin_get, deliver, deployment, drained, fixture, make, metric, taken,
};
use crate::server::{Server, start};

fn list(server: &Server, query: &str) -> Vec<Value> {
    let answer = admin_get(server, &format!("/api/hooks/deliveries{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["deliveries"].as_array().unwrap().clone()
}

/// Outcome, key, event's last part, how many alike.
fn told(entry: &Value) -> [String; 4] {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let event = text("event").rsplit('.').next().unwrap_or_default().to_owned();
    [text("outcome"), text("key"), event, entry["count"].to_string()]
}

#[test]
fn the_last_deliveries_are_listed_and_their_payloads_kept_over_a_restart() {
    let (server, dir) = start(&FLAGS);
    let wish =
        json!({ "name": "team", "scopes": ["hook"], "eventTypes": ["releases"] }).to_string();
    let made = server.post("/api/keys", &[JSON, ("x-api-key", ADMIN)], wish.as_bytes()).json();
    let url = made["url"].as_str().unwrap();
    let path = url.strip_prefix(&server.url).unwrap();
    let post = |body: &str| server.post(path, &[JSON], body.as_bytes()).status;
    let body = deployment(1, 42, 10, "succeeded");
    assert_eq!((post(&body), post(&fixture("build.complete-2.0.json"))), (200, 200));
    drained(&server);
    assert_eq!((post(&body), post("[]"), post("[1]"), post("{}")), (200, 400, 400, 400));
    assert_eq!(deliver(&server, "tt_wrong", &body).status, 404);

    let all = list(&server, "");
    let wanted = [
        ["unreadable", "team", "", "1"],
        ["unreadable", "team", "", "2"],
        ["duplicate", "team", "deployment-completed-event", "1"],
        ["out_of_scope", "team", "complete", "1"],
        ["accepted", "team", "deployment-completed-event", "1"],
    ];
    assert_eq!(all.iter().map(told).collect::<Vec<_>>(), wanted.map(|w| w.map(str::to_owned)));
    assert_eq!(all[0]["error"], "the delivery has no `eventType`");
    assert!(all[3]["error"].as_str().unwrap().starts_with("the key is for events releases"));
    let first = &all[4];
    let badges = admin_get(&server, "/api/badges").json();
    assert_eq!(first["badge"], badges["badges"][0]["id"], "{badges}");
    assert!(first["bytes"].as_u64() > Some(1000), "{first}");
    assert_eq!(list(&server, "?limit=2").len(), 2);
    for wrong in ["0", "1001", "x"] {
        let refused = admin_get(&server, &format!("/api/hooks/deliveries?limit={wrong}"));
        assert_eq!(refused.status, 400);
    }

    let id = first["id"].as_str().unwrap();
    let payload = |server: &Server| {
        let answer = admin_get(server, &format!("/api/hooks/deliveries/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    };
    let kept = payload(&server);
    assert_eq!(kept.header("content-type"), Some("application/json; charset=utf-8"));
    let number = &kept.json()["resource"]["deployment"]["id"];
    assert_eq!(number, &json!(42));
    assert!(!kept.text().contains("@example"), "{}", kept.text());
    for unknown in ["0000000000000000", "x", "..%2f", &id.to_uppercase()[..15]] {
        assert_eq!(admin_get(&server, &format!("/api/hooks/deliveries/{unknown}")).status, 404);
    }
    // One of them is worked through again by its time.
    let at = first["at"].as_str().unwrap();
    let replay = format!("/api/hooks/replay?from={at}&to={at}");
    let again = server.post(&replay, &[("x-api-key", ADMIN)], b"").json();
    assert_eq!(again, json!({ "events": 1, "badges": 1, "deployments": 1 }));
    server.stop();

    let server = Server::on(dir.path(), &FLAGS);
    // What was refused is not stored.
    let stored = list(&server, "");
    assert_eq!(stored.len(), 2, "{stored:?}");
    assert_eq!(&stored[1], first);
    assert_eq!(stored[0], all[3]);
    assert_eq!(payload(&server).text(), kept.text());
}

#[test]
fn waits_for_machines_and_approvals_are_measured() {
    let (server, _dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    // The second event of the job may come first.
    for name in [
        "job-state-changed-running.json",
        "job-state-changed-waiting.json",
        "job-state-changed-completed.json",
        "pipelinecheck-approval-pending.json",
        "pipelinecheck-approval-completed.json",
    ] {
        taken(&server, &key, &fixture(name));
    }
    drained(&server);
    let line = |name: &str| metric(&server, &format!("telltale_{name}"));
    assert_eq!(line("job_wait_seconds_count"), Some(1));
    assert_eq!(line("job_wait_seconds_sum"), Some(40));
    assert_eq!(line("job_wait_seconds_bucket{le=\"30\"}"), Some(0));
    assert_eq!(line("job_wait_seconds_bucket{le=\"60\"}"), Some(1));
    assert_eq!(line("approval_wait_seconds_count"), Some(1));
    assert_eq!(line("approval_wait_seconds_sum"), Some(30));
}
