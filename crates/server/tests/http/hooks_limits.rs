//! What one key may deliver: events of a day, definitions, types.

use serde_json::{Value, json};

use crate::hooks::{
    ADMIN, FLAGS, JSON, deliver, deployment, drained, fixture, hook, make, metric, rows, taken,
};
use crate::hooks_state::files;
use crate::server::{Server, start};

fn line(key: &str, outcome: &str) -> String {
    format!("telltale_hook_deliveries_total{{key=\"{key}\",outcome=\"{outcome}\"}}")
}

#[test]
fn a_day_of_a_key_holds_so_many_events_also_over_a_restart() {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &json!({ "eventsPerDay": 3 }));
    let other = make(&server, "other", &Value::Null);
    assert_eq!(hook(&server, "team")["eventsPerDay"], 3);
    assert_eq!(hook(&server, "other")["eventsPerDay"], 1_000_000);
    for n in 1..=2 {
        taken(&server, &key, &deployment(n, n, n, "succeeded"));
    }
    drained(&server);
    // What is refused or known already takes no place.
    assert_eq!(deliver(&server, &key, "[]").status, 400);
    taken(&server, &key, &deployment(1, 1, 1, "succeeded"));
    server.stop();

    let server = Server::on(dir.path(), &FLAGS);
    taken(&server, &key, &deployment(3, 3, 3, "succeeded"));
    let answer = deliver(&server, &key, &deployment(4, 4, 4, "succeeded"));
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").unwrap().ends_with(" 00:00:00 GMT"), "{answer:?}");
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("the hook key `team` has delivered 3 events today"), "{message}");
    taken(&server, &other, &deployment(5, 5, 5, "succeeded"));
    drained(&server);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([4])]);
    assert_eq!(metric(&server, &line("team", "over_quota")), Some(1));
    let headers = [JSON, ("x-api-key", ADMIN)];
    for (wish, reason) in [
        (json!({ "name": "x", "scopes": ["hook"], "eventsPerDay": 0 }), "are no quota"),
        (json!({ "name": "x", "scopes": ["query"], "eventsPerDay": 5 }), "only keys of scope"),
        (
            json!({ "name": "x", "scopes": ["query"], "eventTypes": ["builds"] }),
            "only keys of scope",
        ),
        (json!({ "name": "x", "scopes": ["hook"], "definitions": [] }), "1 to 100 definitions"),
    ] {
        let refused = server.post("/api/keys", &headers, wish.to_string().as_bytes());
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(reason), "{}", refused.text());
    }
}

#[test]
fn events_of_other_definitions_and_types_are_stored_and_nothing_follows() {
    let (server, dir) = start(&FLAGS);
    let released = deployment(1, 1, 1, "succeeded");
    let built = fixture("build.complete-2.0.json");
    let unknown = fixture("unknown-event.json");
    for (name, wish, follows) in [
        ("by-id", json!({ "definitions": ["2"] }), [true, false, false]),
        ("by-name", json!({ "definitions": ["web - cd"] }), [true, false, false]),
        ("topic", json!({ "eventTypes": ["builds", "stages"] }), [false, true, false]),
        ("type", json!({ "eventTypes": ["deployment-completed-event"] }), [true, false, false]),
        (
            "renamed",
            json!({ "eventTypes": ["ms.azure-devops-release.deployment-completed-event"] }),
            [true, false, false],
        ),
        ("all", json!({}), [true, true, true]),
    ] {
        let key = make(&server, name, &wish);
        for body in [&released, &built, &unknown] {
            taken(&server, &key, body);
        }
        drained(&server);
        let text = format!(
            "PipelineEvents | where KeyName == '{name}' | order by ReceivedAt asc \
             | project Processed, isempty(Error)"
        );
        let wanted = follows.map(|follows| json!([follows, follows]));
        assert_eq!(rows(&server, &text), wanted, "{name}");
        let outside = follows.iter().filter(|follows| !**follows).count() as u64;
        let counted = metric(&server, &line(name, "out_of_scope")).unwrap_or(0);
        assert_eq!(counted, outside, "{name}");
        let told = hook(&server, name);
        assert_eq!((&told["events"], &told["outOfScope"]), (&json!(3), &json!(outside)), "{told}");
    }
    assert_eq!(files(&server, dir.path()).len(), 1);
}
