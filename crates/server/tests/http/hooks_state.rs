//! What follows from deliveries: rows and badges, once each, in whatever order they come.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::hooks::{
    ADMIN, FLAGS, JSON, deliver, deployment, drained, fixture, folder, hook, make, metric, rows,
    taken,
};
use crate::server::{Server, start};

/// The public files of badges by name, as they lie on the disk.
pub fn files(_: &Server, data: &Path) -> BTreeMap<String, String> {
    let folder = data.join("files/badges");
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.insert(name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned());
    }
    files
}

/// The fixtures with what badges follow: the lines below each name.
fn expected() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(folder().join("hooks-badges-expected.txt")).unwrap();
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) => all.last_mut().unwrap().1.push(line.to_owned()),
            None => all.push((line.to_owned(), Vec::new())),
        }
    }
    all
}

fn assert_fixture(name: &str, lines: &[String]) {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    let body = fixture(name);
    taken(&server, &key, &body);
    drained(&server);
    let sent: Value = serde_json::from_str(&body).unwrap();
    let row =
        rows(&server, "PipelineEvents | project EventType, KeyName, Processed, Error, Payload")
            .remove(0);
    assert_eq!((&row[0], &row[1], &row[2]), (&sent["eventType"], &json!("team"), &json!(true)));
    let payload = row[4].as_str().unwrap();
    for trace in ["@", "displayName\":\"E", "avatar", "uniqueName"] {
        assert!(!payload.contains(trace), "{name} has {trace}: {payload}");
    }
    let error = row[3].as_str().unwrap();
    let files = files(&server, dir.path());
    match lines[0].strip_prefix("no badge: ") {
        Some(why) => {
            assert!(files.is_empty(), "{name}: {files:?}");
            let quiet = ["the event is not", "the stage has not ended", "the stage was skipped"];
            let is_quiet = quiet.iter().any(|quiet| why.starts_with(quiet));
            assert_eq!(error, if is_quiet { "" } else { why }, "{name}");
            let hint = hook(&server, "team")["hint"].as_str().unwrap().to_owned();
            assert_eq!(hint.is_empty(), is_quiet, "{name}: {hint}");
        }
        None => {
            assert_eq!(error, "", "{name}");
            assert_eq!(files.len(), 1, "{name}");
            let texts: Vec<&str> = lines[1].split(" | ").collect();
            let svg = files.values().next().unwrap();
            let title = match texts[0] {
                "?" => format!(": {}</title>", texts[1]),
                label => format!("<title>{label}: {}</title>", texts[1]),
            };
            assert!(svg.contains(&title), "{name}: no `{title}` in {svg}");
        }
    }
    let is_deployment = body.contains("deployment-completed-event") && !lines[0].starts_with("no");
    let is_row = is_deployment || name == "deployment-completed-documented-old-shape.json";
    let count = rows(&server, "ReleaseDeployments | count").remove(0);
    assert_eq!(count, json!([i32::from(is_row)]), "{name}");
}

#[test]
fn every_fixture_ends_in_its_row_and_its_badge_or_says_why_there_is_none() {
    let all = expected();
    assert!(all.len() >= 30, "{}", all.len());
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(4)) {
            scope.spawn(move || part.iter().for_each(|(name, lines)| assert_fixture(name, lines)));
        }
    });
}

#[test]
fn one_event_is_one_row_however_often_and_late_it_is_delivered() {
    let (server, dir) = start(&FLAGS);
    let keys = ["one", "two"].map(|name| make(&server, name, &Value::Null));
    let nameless = "{\"eventType\":\"x\",\"resource\":{\"n\":1.50,\"e\":\"é\\u0001\"}}";
    let by_id = "{\"eventType\":\"x\",\"id\":\"30000000-0000-4000-8000-000000000001\"}";
    let bodies = [deployment(1, 1, 1, "succeeded"), nameless.to_owned(), by_id.to_owned()];
    let count = |server: &Server| {
        rows(server, "PipelineEvents | summarize count() by KeyName | order by KeyName asc")
    };
    for _ in 0..3 {
        bodies.iter().for_each(|body| taken(&server, &keys[0], body));
    }
    drained(&server);
    bodies.iter().for_each(|body| taken(&server, &keys[0], body));
    drained(&server);
    assert_eq!(count(&server), [json!(["one", 3])]);
    let line = "telltale_hook_deliveries_total{key=\"one\",outcome=\"duplicate\"}";
    assert_eq!(metric(&server, line), Some(9));
    server.stop();

    let server = Server::on(dir.path(), &FLAGS);
    bodies.iter().for_each(|body| taken(&server, &keys[0], body));
    drained(&server);
    assert_eq!(count(&server), [json!(["one", 3])]);
    // What one team sends never makes another's event vanish.
    taken(&server, &keys[1], &bodies[0]);
    drained(&server);
    assert_eq!(count(&server), [json!(["one", 3]), json!(["two", 1])]);
    assert_eq!(rows(&server, "ReleaseDeployments | count"), [json!([1])]);
    assert_eq!(hook(&server, "one")["events"], 3);
    assert_eq!(hook(&server, "one")["eventsToday"], 3);
}

/// The same numbers at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Deployments of four environments, later ones later; a third does not succeed.
fn history(count: usize) -> Vec<String> {
    let event = |n: usize| {
        let number = i64::try_from(n).unwrap() + 1;
        let status = ["succeeded", "rejected", "partiallySucceeded"][n % 3];
        let mut body: Value =
            serde_json::from_str(&deployment(100 + number, number, number, status)).unwrap();
        body["resource"]["deployment"]["definitionEnvironmentId"] = (n % 4).into();
        let environment = &mut body["resource"]["environment"];
        environment["definitionEnvironmentId"] = (n % 4).into();
        environment["name"] = format!("Stage {}", n % 4).into();
        body.to_string()
    };
    (0..count).map(event).collect()
}

/// Badges and visible deployments after deliveries by several senders at once.
fn state_after(deliveries: &[&String]) -> (BTreeMap<String, String>, Vec<Value>) {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    std::thread::scope(|scope| {
        for part in deliveries.chunks(deliveries.len().div_ceil(4)) {
            let (server, key) = (&server, &key);
            scope.spawn(move || part.iter().for_each(|body| taken(server, key, body)));
        }
    });
    drained(&server);
    let text = "ReleaseDeployments | project DeploymentId, EnvironmentStatus, EnvironmentName \
                | order by DeploymentId asc";
    (files(&server, dir.path()), rows(&server, text))
}

#[test]
fn a_thousand_deliveries_in_random_order_with_duplicates_end_as_in_order() {
    let events = history(600);
    // Several deployments are told of twice, by events of different times.
    let mut all: Vec<String> = events.clone();
    for n in (0..600).step_by(6) {
        let mut again: Value = serde_json::from_str(&events[n]).unwrap();
        again["notificationId"] = (10_000 + n).into();
        again["resource"]["environment"]["status"] = "canceled".into();
        again["resource"]["deployment"]["lastModifiedOn"] = "2026-11-20T12:00:00Z".into();
        all.push(again.to_string());
    }
    let in_order: Vec<&String> = all.iter().collect();
    let mut dice = Dice(7);
    let mut shuffled: Vec<&String> = all.iter().collect();
    while shuffled.len() < 1000 {
        shuffled.push(&all[dice.below(all.len())]);
    }
    for at in (1..shuffled.len()).rev() {
        shuffled.swap(at, dice.below(at + 1));
    }
    let (want, got) = std::thread::scope(|scope| {
        let got = scope.spawn(|| state_after(&shuffled));
        (state_after(&in_order), got.join().unwrap())
    });
    assert_eq!(want.0.len(), 4);
    assert_eq!(got.0, want.0);
    assert_eq!(want.1.len(), 600);
    assert_eq!(got.1, want.1);
    assert_eq!(want.1.iter().filter(|row| row[1] == "canceled").count(), 100);
}

#[test]
fn a_replay_ends_in_the_same_state() {
    let (server, dir) = start(&FLAGS);
    let key = make(&server, "team", &Value::Null);
    let events = history(30);
    events.iter().for_each(|body| taken(&server, &key, body));
    taken(&server, &key, &fixture("build.complete-2.0.json"));
    drained(&server);
    let before = files(&server, dir.path());
    let admin = [JSON, ("x-api-key", ADMIN)];
    assert_eq!(server.post("/api/hooks/replay", &[JSON], b"").status, 401);
    let bad = server.post("/api/hooks/replay?from=yesterday", &admin, b"");
    assert_eq!(bad.status, 400);
    assert_eq!(bad.json()["error"]["message"], "`from` must be a time, and `yesterday` is none");
    for _ in 0..2 {
        let done = server.post("/api/hooks/replay", &admin, b"");
        assert_eq!(done.status, 200, "{}", done.text());
        assert_eq!(done.json(), json!({ "events": 30, "badges": 30, "deployments": 30 }));
    }
    let none = server.post("/api/hooks/replay?from=2000-01-01&to=2001-01-01", &admin, b"");
    assert_eq!(none.json()["events"], 0);
    assert_eq!(files(&server, dir.path()), before);
    assert_eq!(rows(&server, "ReleaseDeployments | count"), [json!([30])]);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([31])]);
    let audit = rows(
        &server,
        "Audit | where action == 'hooks.replay' | order by timestamp asc | project rows",
    );
    assert_eq!(audit, [json!([30]), json!([30]), json!([0])]);
}

#[test]
fn a_sample_says_what_came_of_it() {
    let (server, dir) = start(&FLAGS);
    make(&server, "team", &Value::Null);
    let admin = [JSON, ("x-api-key", ADMIN)];
    let done = server.post("/api/hooks/test?name=team", &admin, b"");
    assert_eq!(done.status, 200, "{}", done.text());
    let done = done.json();
    assert_eq!(done["isProcessed"], true);
    let badge = done["badge"].as_str().unwrap();
    let shown = server.get(badge.strip_prefix(&server.url).unwrap());
    assert_eq!(shown.status, 200, "{done}");
    assert!(shown.text().contains("<title>Sample: Release-"), "{}", shown.text());
    assert_eq!(files(&server, dir.path()).len(), 1);
    // It is no deployment of anything.
    assert_eq!(rows(&server, "ReleaseDeployments | count"), [json!([0])]);
    let missing = server.post("/api/hooks/test?name=nobody", &admin, b"");
    assert_eq!(
        (missing.status, missing.json()["error"]["message"].clone()),
        (404, json!("there is no key `nobody`"))
    );
    assert_eq!(deliver(&server, "nobody", "{}").status, 404);
}
