//! `telltale hooks`: keys, samples, subscriptions; and keys that have gone silent.

use std::process::{Output, Stdio};

use scripted_azdo::{Service, Subscriptions};
use serde_json::{Value, json};

use crate::azdo::{AUTHORIZATION, PAT};
use crate::hooks::{ADMIN, FLAGS, admin_get, deployment, drained, hook, metric, rows, taken};
use crate::server::{Server, start, telltale};

/// Runs a command with the administrator's key and the token of the source.
fn run(args: &[&str]) -> Output {
    let mut command = telltale(&["hooks"]);
    command.args(args).env("TELLTALE_KEY", ADMIN).env("PAT_OF_STORIES", PAT);
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn good(args: &[&str]) -> String {
    let done = run(args);
    assert!(done.status.success(), "{args:?}: {}{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}

#[test]
fn a_hook_is_made_tried_listed_and_ended_from_the_command_line() {
    let (server, dir) = start(&FLAGS);
    let url = server.url.as_str();
    let made = run(&["create", "team a", "--project", "p1", "--project", "p2", "--url", url]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let hook_url = text(&made.stdout).trim().to_owned();
    assert!(hook_url.starts_with(&format!("{url}/hooks/azdo/tt_")), "{hook_url}");
    let steps = text(&made.stderr);
    for part in [
        "Service hooks",
        "Resource details to send: All",
        "only this machine reaches",
        "`p1`, `p2`: names are compared",
    ] {
        assert!(steps.contains(part), "{steps}");
    }
    assert_eq!(hook(&server, "team a")["projects"], json!(["p1", "p2"]));
    let public = "https://telltale.example.com/";
    let all = run(&["create", "all", "--url", url, "--public-url", public]);
    let all_url = text(&all.stdout).trim().to_owned();
    assert!(all_url.starts_with("https://telltale.example.com/hooks/azdo/tt_"), "{all_url}");
    assert!(!text(&all.stderr).contains("warning"), "{}", text(&all.stderr));
    let key = all_url.rsplit('/').next().unwrap();

    let tried = good(&["test", "all", "--url", url]);
    let (_, badge) = tried.trim().split_once("its badge is ").unwrap();
    let path = badge.strip_prefix(url).unwrap();
    let shown = server.get(path);
    assert_eq!(shown.status, 200, "{tried}");
    assert!(shown.text().contains("<title>Sample: Release-"), "{}", shown.text());
    let tried = good(&["test", &format!("{url}/hooks/azdo/{key}")]);
    assert!(tried.contains("HTTP 200") && tried.contains("badge list"), "{tried}");
    let refused = run(&["test", "team a", "--url", url]);
    assert!(text(&refused.stderr).contains("the key is for some projects"), "{refused:?}");
    let refused = run(&["test", &format!("{url}/hooks/azdo/tt_wrong")]);
    assert!(text(&refused.stderr).contains("there is no such hook key"), "{refused:?}");

    drained(&server);
    let list = good(&["list", "--url", url]);
    assert!(list.contains("team a") && list.contains("events came of projects"), "{list}");
    let done = run(&["revoke", "all", "--url", url]);
    assert!(text(&done.stderr).contains("is revoked"), "{done:?}");
    let refused = run(&["test", &format!("{url}/hooks/azdo/{key}")]);
    assert!(text(&refused.stderr).contains("was revoked"), "{refused:?}");
    assert!(text(&refused.stderr).contains("HTTP 410"), "{refused:?}");
    server.stop();

    let data = dir.path().to_str().unwrap();
    let list: Value =
        serde_json::from_str(&good(&["list", "--format", "json", "--data", data])).unwrap();
    assert_eq!(list["hooks"][1]["events"], 2);
    let refused = run(&["create", "third", "--data", data]);
    assert!(text(&refused.stderr).contains("`--public-url` is needed"), "{refused:?}");
    let refused = run(&["create", "third", "--data", data, "--public-url", "telltale"]);
    assert!(text(&refused.stderr).contains("is no address of a server"), "{refused:?}");
    let third =
        good(&["create", "third", "--data", data, "--public-url", "http://h", "--format", "json"]);
    let third: Value = serde_json::from_str(&third).unwrap();
    assert_eq!(third["url"], format!("http://h/hooks/azdo/{}", third["key"].as_str().unwrap()));
}

#[test]
fn the_address_a_test_prints_is_one_for_a_readme() {
    for (visibility, shown, told) in [
        ("token", "/badges/t/", "tells no names"),
        ("public", "/badges/telltale-sample/telltale-sample/sample/production.svg", "In a README"),
        ("signed-in", "/badges/telltale-sample/", "a README cannot show it"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("settings.toml");
        let settings = format!(
            "public_url = \"https://t.example.com/ci/\"\n[badges]\nvisibility = \"{visibility}\"\n"
        );
        std::fs::write(&config, settings).unwrap();
        let config = config.display().to_string();
        let data = dir.path().join("data");
        let server = Server::on(&data, &["--admin-key", ADMIN, "--config", &config]);
        let url = server.url.as_str();
        let hook_url = good(&["create", "team", "--url", url]);
        assert!(hook_url.starts_with("https://t.example.com/ci/hooks/azdo/tt_"), "{hook_url}");
        let tried = run(&["test", "team", "--url", url]);
        assert!(tried.status.success(), "{tried:?}");
        assert!(text(&tried.stderr).contains(told), "{tried:?}");
        let out = text(&tried.stdout);
        let (_, badge) = out.trim().split_once("its badge is https://t.example.com/ci").unwrap();
        assert!(badge.to_lowercase().starts_with(shown), "{badge}");
        // Whoever reads a README has no key.
        let status = if visibility == "signed-in" { 404 } else { 200 };
        assert_eq!(server.get(badge).status, status, "{visibility} {badge}");
        let list = admin_get(&server, "/api/badges").json();
        let readme = &list["badges"][0]["urls"]["readme"];
        assert_eq!(readme.is_string(), visibility != "signed-in", "{list}");
    }
}

const PROJECTS: [(&str, &str); 2] = [
    ("3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01", "exproj"),
    ("3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a02", "other"),
];

/// The settings of a source of the service.
fn settings(service: &Service, dir: &std::path::Path) -> String {
    let path = dir.join("telltale.toml");
    std::fs::write(&path, crate::azdo::source("exorg", &service.url(), "")).unwrap();
    path.display().to_string()
}

#[test]
fn subscriptions_are_made_once_and_their_state_is_told() {
    let elsewhere = json!({ "id": "x", "status": "disabledBySystem", "eventType": "y",
        "publisherInputs": null, "consumerInputs": { "url": "https://elsewhere.example" } });
    let service = Service::start(Subscriptions::new(&PROJECTS, vec![elsewhere])).unwrap();
    service.require_authorization(AUTHORIZATION, scripted_azdo::Fault::SignInPage);
    let dir = tempfile::tempdir().unwrap();
    let config = settings(&service, dir.path());
    let key = format!("tt_{}_{}", "1".repeat(12), "2".repeat(64));
    let subscribe = |more: &[&str]| {
        let args = [
            "subscribe",
            "--config",
            &config,
            "--source",
            "exorg",
            "--hook-key",
            &key,
            "--public-url",
            "https://telltale.example.com/",
        ];
        run(&[&args, more].concat())
    };
    let dry = subscribe(&["--dry-run"]);
    assert_eq!(text(&dry.stdout).matches("exproj: ").count(), 3, "{dry:?}");
    assert!(service.requests().iter().all(|seen| seen.request.method == "GET"));
    let made = text(&subscribe(&[]).stdout);
    for topic in ["releases", "builds", "stages"] {
        assert!(made.contains(&format!("exproj: {topic}: made, enabled")), "{made}");
    }
    let again = text(&subscribe(&["--events", "releases,runs", "--project", "EXPROJ"]).stdout);
    assert!(again.contains("exproj: releases: there already, enabled"), "{again}");
    assert!(again.contains("exproj: runs: made, enabled"), "{again}");
    let posted: Vec<Value> = service
        .requests()
        .iter()
        .filter(|seen| seen.request.method == "POST")
        .map(|seen| serde_json::from_slice(&seen.request.body).unwrap())
        .collect();
    assert_eq!(posted.len(), 4);
    assert_eq!(
        posted[0],
        json!({
            "publisherId": "rm",
            "eventType": "ms.vss-release.deployment-completed-event",
            "resourceVersion": "3.0-preview.1",
            "consumerId": "webHooks",
            "consumerActionId": "httpRequest",
            "publisherInputs": { "projectId": PROJECTS[0].0 },
            "consumerInputs": {
                "url": "https://telltale.example.com/hooks/azdo",
                "basicAuthUsername": "telltale",
                "basicAuthPassword": key,
                "resourceDetailsToSend": "all",
                "messagesToSend": "none",
                "detailedMessagesToSend": "none",
            },
        })
    );
    let missing = subscribe(&["--project", "nowhere"]);
    assert!(text(&missing.stderr).contains("sees no project `nowhere`"), "{missing:?}");
    assert_told(&service, &config, &key);
}

/// The state of the four subscriptions is told, and then that of one on probation.
fn assert_told(service: &Service, config: &str, key: &str) {
    let status = ["status", "--config", config, "--source", "exorg"];
    let page = good(&status);
    assert_eq!(page.matches("enabled").count(), 4, "{page}");
    assert!(page.contains("exproj") && !page.contains("elsewhere"), "{page}");
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());

    let ill = json!({ "id": "ill", "status": "onProbation", "eventType": "build.complete",
        "consumerInputs": { "url": format!("https://t.example/hooks/azdo/{key}") } });
    service.play(Subscriptions::new(&PROJECTS, vec![ill]));
    let told = run(&status);
    assert_eq!(told.status.code(), Some(1));
    assert!(text(&told.stdout).contains("onProbation"), "{told:?}");
    assert!(!text(&told.stdout).contains(key), "{told:?}");
    assert!(text(&told.stderr).contains("1 of 1 subscriptions are not enabled"), "{told:?}");
}

/// Rewrites what came with the only key as if it had come so many days ago, on days in a row.
fn heard(data: &std::path::Path, days_ago: i64, days: i64) {
    let store = store::Store::open(data, store::Options::default()).unwrap();
    let (key, bytes) = store.documents("hook/key/").remove(0);
    let mut tally: Value = serde_json::from_slice(&bytes).unwrap();
    let day = 86_400_000_000_000_i64;
    let last = chrono::Utc::now().timestamp_nanos_opt().unwrap() - days_ago * day;
    let on: serde_json::Map<String, Value> =
        (0..days).map(|back| ((last / day - back).to_string(), json!(1))).collect();
    tally["last"] = json!(last);
    tally["days"] = Value::Object(on);
    let documents = vec![(key, Some(tally.to_string().into_bytes()))];
    store.append_blocking(store::Write { rows: Vec::new(), documents }).unwrap();
    store.close().unwrap();
}

#[test]
fn a_key_that_was_heard_every_day_and_is_not_any_more_is_silent() {
    let (server, dir) = start(&FLAGS);
    let key = crate::hooks::make(&server, "team", &Value::Null);
    taken(&server, &key, &deployment(1, 1, 1, "succeeded"));
    drained(&server);
    assert_eq!(metric(&server, "telltale_hook_silent{key=\"team\"}"), Some(0));
    server.stop();
    for (days_ago, days, is_silent) in [(2, 7, true), (2, 6, false), (0, 7, false)] {
        heard(dir.path(), days_ago, days);
        let server = Server::on(dir.path(), &FLAGS);
        assert_eq!(hook(&server, "team")["isSilent"], is_silent, "{days_ago} {days}");
        let line = "telltale_hook_silent{key=\"team\"}";
        assert_eq!(metric(&server, line), Some(u64::from(is_silent)));
        server.stop();
    }
    heard(dir.path(), 2, 7);
    let server = Server::on(dir.path(), &FLAGS);
    taken(&server, &key, &deployment(2, 2, 2, "succeeded"));
    drained(&server);
    assert_eq!(hook(&server, "team")["isSilent"], false);
    assert_eq!(admin_get(&server, "/api/hooks").status, 200);
    assert_eq!(rows(&server, "PipelineEvents | count"), [json!([2])]);
}
