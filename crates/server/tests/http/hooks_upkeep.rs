//! What the token of a source is good for beside the collection: orphans among the badges, the
//! state of the subscriptions, and their repair.

use std::collections::BTreeSet;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scripted_azdo::{Answer, Fault, History, Request, Rule, Script, Service, Shape, Subscriptions};
use serde_json::{Value, json};

use crate::azdo::{PAT, Setup};
use crate::hooks::{ADMIN, admin_get, metric, rows};
use crate::hooks_collect::serve;
use crate::server::{telltale, wait_until};

/// An organisation whose definitions of releases can be taken away, with subscriptions.
struct Organisation {
    history: History,
    subscriptions: Arc<Subscriptions>,
    has_lost_definitions: Arc<AtomicBool>,
}

impl Script for Organisation {
    fn answer(&self, request: &Request) -> Option<Answer> {
        if request.path.contains("/_apis/hooks/") {
            return self.subscriptions.answer(request);
        }
        let is_lost = self.has_lost_definitions.load(Ordering::SeqCst);
        if is_lost && request.path.ends_with("/release/definitions") {
            return Some(Answer::json(200, json!({ "count": 0, "value": [] }).to_string()));
        }
        self.history.answer(request)
    }
}

fn settings(base: &str) -> String {
    format!(
        "[[source]]\nname = \"cloud\"\nbase = \"{base}/exorg\"\nprojects = [\"*\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\nreleases = true\n\
         interval = \"1s\"\nreconcile = {{ every = \"1s\" }}\n"
    )
}

/// A command with the administrator's key.
fn run(args: &[&str]) -> Output {
    let mut command = telltale(args);
    command.env("TELLTALE_KEY", ADMIN).env("PAT_OF_STORIES", PAT).stdin(Stdio::null());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Ids of the release badges that are orphans, and how many release badges there are.
fn orphans(server: &crate::server::Server) -> (BTreeSet<String>, usize) {
    let list = admin_get(server, "/api/badges").json();
    let all: Vec<&Value> =
        list["badges"].as_array().unwrap().iter().filter(|b| b["kind"] == "release").collect();
    let marked = all.iter().filter(|badge| badge["orphan"].is_object());
    (marked.map(|badge| badge["id"].as_str().unwrap().to_owned()).collect(), all.len())
}

#[test]
fn badges_whose_definition_is_gone_are_marked_listed_and_removed_by_hand_only() {
    let shape = Shape { builds: 20, records_per_build: 12, days: 3, ..Shape::default() };
    let history = History::generate(11, &shape);
    let has_lost_definitions = Arc::new(AtomicBool::new(false));
    let subscriptions = Arc::new(Subscriptions::new(&[], Vec::new()));
    let service = Service::start(Organisation {
        history: history.at(history.now()),
        subscriptions,
        has_lost_definitions: Arc::clone(&has_lost_definitions),
    });
    let service = service.unwrap();
    let setup = Setup::new(&settings(&service.url()));
    let server = serve(&setup);
    wait_until("there are badges", || orphans(&server).1 > 1);
    let compared = || {
        let asked = service.requests();
        asked.iter().filter(|seen| seen.request.path.ends_with("/release/definitions")).count()
    };
    wait_until("badges are compared", || compared() > 0);
    let url = server.url.as_str();
    let clean = |more: &[&str]| {
        let done = run(&[&["badge", "clean", "--url", url], more].concat());
        assert!(done.status.success(), "{done:?}");
        text(&done.stdout)
    };
    assert_eq!(orphans(&server).0.len(), 0);
    assert_eq!(clean(&[]), "no badge is known to be an orphan\n");

    has_lost_definitions.store(true, Ordering::SeqCst);
    let all = orphans(&server).1;
    wait_until("they are marked", || orphans(&server).0.len() == all);
    assert_eq!(metric(&server, "telltale_badge_orphans"), Some(all as u64));
    let listed = text(&run(&["badge", "list", "--url", url]).stdout);
    assert!(listed.contains("the definition is gone, or hidden from"), "{listed}");
    // They are young, and nobody removes them on its own.
    let kept = clean(&[]);
    assert_eq!(kept.matches(": kept, gone since ").count(), all, "{kept}");
    let dry = clean(&["--older-than", "0s", "--dry-run"]);
    assert_eq!(dry.matches(": would be removed").count(), all, "{dry}");
    assert_eq!(orphans(&server).0.len(), all);

    // What is there again is no orphan.
    has_lost_definitions.store(false, Ordering::SeqCst);
    wait_until("the marks are gone", || orphans(&server).0.is_empty());
    has_lost_definitions.store(true, Ordering::SeqCst);
    wait_until("they are marked again", || orphans(&server).0.len() == all);
    let gone = clean(&["--older-than", "0s"]);
    assert_eq!(gone.matches(": removed").count(), all, "{gone}");
    assert_eq!(orphans(&server).1, 0);
    assert_eq!(rows(&server, "Audit | where action == 'badges.delete' | count"), [json!([all])]);
}

#[test]
fn subscriptions_are_watched_and_repaired_by_hand() {
    let shape = Shape { builds: 5, records_per_build: 12, days: 3, ..Shape::default() };
    let history = History::generate(11, &shape);
    let one = |id: &str, status: &str, url: &str| {
        json!({ "id": id, "status": status, "publisherId": "tfs", "eventType": "build.complete",
            "publisherInputs": { "projectId": "p" }, "consumerInputs": { "url": url } })
    };
    let key = format!("tt_{}_{}", "1".repeat(12), "2".repeat(64));
    let ours = format!("https://t.example/hooks/azdo/{key}");
    let organisation = |status: &str| Organisation {
        history: history.at(history.now()),
        subscriptions: Arc::new(Subscriptions::new(
            &[],
            vec![
                one("a", status, &ours),
                one("b", "disabledBySystem", "https://elsewhere.example"),
            ],
        )),
        has_lost_definitions: Arc::default(),
    };
    let service = Service::start(organisation("enabled")).unwrap();
    let setup = Setup::new(&settings(&service.url()));
    let server = serve(&setup);
    let line = |status: &str| {
        let name = "telltale_hook_subscriptions";
        metric(&server, &format!("{name}{{source=\"cloud\",status=\"{status}\"}}"))
    };
    wait_until("they are seen", || line("enabled") == Some(1));
    service.play(organisation("onProbation"));
    wait_until("the change is seen", || line("onProbation") == Some(1));
    assert_eq!(line("enabled"), None);
    let body = admin_get(&server, "/api/hooks").json();
    let source = &body["subscriptions"][0];
    assert_eq!(source["subscriptions"].as_array().unwrap().len(), 1, "{body}");
    let seen = &source["subscriptions"][0];
    assert_eq!((&seen["status"], &seen["isIll"]), (&json!("onProbation"), &json!(true)));
    assert!(!body.to_string().contains(&key), "{body}");
    let listed = text(&run(&["hooks", "list", "--url", &server.url]).stdout);
    assert!(listed.contains("subscriptions of cloud, seen ") && listed.contains("onProbation"));
    // A token that may not see them is no reason to stop anything.
    let refused = Rule::always(Fault::SignInPage).at("/_apis/hooks/");
    service.inject(refused);
    let error = || admin_get(&server, "/api/hooks").json()["subscriptions"][0]["error"].to_string();
    wait_until("the refusal is told", || error() != "\"\"");
    assert_eq!(line("onProbation"), Some(1));
}

#[test]
fn a_subscription_the_system_disabled_is_made_again_when_asked_to() {
    let project = "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01";
    let dead = json!({ "id": "dead", "status": "disabledBySystem", "publisherId": "tfs",
        "eventType": "build.complete", "publisherInputs": { "projectId": project },
        "consumerInputs": { "url": "https://t.example/hooks/azdo" } });
    let mut left = dead.clone();
    (left["id"], left["eventType"]) = (json!("left"), json!("ms.vss-pipelines.x"));
    let all = vec![left, dead];
    let service = Service::start(Subscriptions::new(&[(project, "exproj")], all)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("telltale.toml");
    std::fs::write(&config, crate::azdo::source("exorg", &service.url(), "")).unwrap();
    let config = config.display().to_string();
    let key = format!("tt_{}_{}", "1".repeat(12), "2".repeat(64));
    let subscribe = |more: &[&str]| {
        let args = ["hooks", "subscribe", "--config", &config, "--source", "exorg", "--hook-key"];
        let rest = [key.as_str(), "--public-url", "https://t.example", "--events", "builds"];
        text(&run(&[&args[..], &rest, more].concat()).stdout)
    };
    let told = subscribe(&[]);
    assert!(told.contains("disabledBySystem (dead): nothing revives it, `--repair`"), "{told}");
    let dry = subscribe(&["--repair", "--dry-run"]);
    assert!(dry.contains("would be made again (dead)"), "{dry}");
    assert!(service.requests().iter().all(|seen| seen.request.method == "GET"));
    let repaired = subscribe(&["--repair"]);
    assert!(repaired.contains("builds: made again, enabled (5ab5"), "{repaired}");
    let methods: Vec<String> =
        service.requests().iter().rev().take(2).map(|seen| seen.request.method.clone()).collect();
    assert_eq!(methods, ["DELETE", "POST"]);
    let again = subscribe(&["--repair"]);
    assert!(again.contains("builds: there already, enabled"), "{again}");
    let deleted: Vec<String> = service
        .requests()
        .iter()
        .filter(|seen| seen.request.method == "DELETE")
        .map(|seen| seen.request.path.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(deleted, ["dead"]);
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());
}
