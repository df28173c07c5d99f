//! The collector beside the server: schedule, alarms, triggers, status, metrics.

use std::process::Stdio;
use std::time::{Duration, Instant};

use scripted_azdo::{Fault, Rule};
use serde_json::{Value, json};

use crate::azdo::{AUTHORIZATION, PAT, RULES, Setup, assert_expected, play, scenario, source};
use crate::server::{Server, output, wait_until};

/// A server that collects what the settings say.
fn serve(setup: &Setup) -> Server {
    let mut command = crate::server::telltale(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(setup.data()).arg("--config").arg(setup.config()).env("PAT_OF_STORIES", PAT);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    let ready: Value = serde_json::from_str(line.strip_prefix("telltale ready ").unwrap()).unwrap();
    let url = ready["url"].as_str().unwrap().to_owned();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    Server { child, port, url, ready }
}

fn scenario_source(name: &str, url: &str) -> String {
    source(name, url, "page_size = 3\nlogs = \"off\"\ninterval = \"1s\"\n")
}

fn passes(server: &Server, source: &str) -> u64 {
    let question =
        format!("CollectorRuns | where Organization == '{source}' and Error == '' | count");
    server.rows(&question)[0][0].as_u64().unwrap()
}

/// The value of a metric's line that begins so.
fn metric(server: &Server, line: &str) -> Option<u64> {
    let text = server.get("/metrics").text();
    text.lines().find_map(|l| l.strip_prefix(line)).map(|value| value.trim().parse().unwrap())
}

#[test]
fn a_server_collects_at_the_interval_and_tells_how_it_fares() {
    let service = scenario();
    let settings = format!("{RULES}\n{}", scenario_source("exorg", &service.url()));
    let setup = Setup::new(&settings);
    let server = serve(&setup);
    wait_until("the first pass", || passes(&server, "exorg") >= 1);
    assert_expected(&server, "poll1", "first pass of the server");
    play(&service, "poll2");
    let newest = "TimelineBuilds | where BuildId == 106 | project Result";
    wait_until("the second pass", || server.rows(newest)[0][0] == "succeeded");
    wait_until("its end", || {
        server.rows("TimelineBuilds | where BuildId == 103 | project Result")[0][0] == "succeeded"
    });
    assert_expected(&server, "poll2", "second pass of the server");

    let labels = r#"{source="exorg",project="exproj"}"#;
    let lag = metric(&server, &format!("telltale_collector_lag_seconds{labels}"));
    assert!(lag.is_some_and(|lag| lag < 30), "{lag:?}");
    assert_eq!(metric(&server, &format!("telltale_collector_pending{labels}")), Some(0));
    assert_eq!(metric(&server, r#"telltale_collector_alarm{source="exorg"}"#), Some(0));
    let requests = metric(&server, r#"telltale_collector_requests_total{source="exorg"}"#);
    assert!(requests.is_some_and(|count| count > 20), "{requests:?}");
    let status = server.get("/api/collect").json();
    assert_eq!(status["projects"][0]["project"], "exproj");
    assert_eq!(status["sources"][0]["alarm"], "");
    let page = output(&["collect", "status", "--url", &server.url]);
    assert!(page.contains("exproj") && page.contains("2026-11-20T12:50:00Z"), "{page}");
    // A command on the folder would wait for nothing: the server holds it.
    let refused = setup.collect(&["--once"]).output().unwrap();
    let want = format!(
        "error: data folder is in use by process {}: have it collect with \
         `POST /api/collect?source=NAME`, or stop it\n",
        server.child.id()
    );
    assert_eq!(String::from_utf8_lossy(&refused.stderr), want);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_source_that_fails_delays_no_other_and_raises_an_alarm() {
    let (bad, slow, good) = (scenario(), scenario(), scenario());
    bad.require_authorization("Basic of-somebody-else", Fault::SignInPage);
    slow.inject(Rule::always(Fault::Slow(Duration::from_secs(20))));
    good.require_authorization(AUTHORIZATION, Fault::Unauthorized);
    let sources = [("bad", &bad), ("slow", &slow), ("good", &good)];
    let sources: String =
        sources.iter().map(|(name, service)| scenario_source(name, &service.url())).collect();
    let setup = Setup::new(&format!("{RULES}\n{sources}"));
    let started = Instant::now();
    let server = serve(&setup);
    wait_until("two passes of the good one", || passes(&server, "good") >= 2);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let alarm = |name: &str| {
        metric(&server, &format!("telltale_collector_alarm{{source=\"{name}\"}}")).unwrap()
    };
    wait_until("the alarm", || alarm("bad") == 1);
    assert_eq!((alarm("slow"), alarm("good")), (0, 0));
    let status = server.get("/api/collect").json();
    let text = status["sources"][0]["alarm"].as_str().unwrap().to_owned();
    assert!(text.contains("asks to sign in"), "{text}");
    // It is left alone for a quarter of an hour, unless somebody says that the token is new.
    assert_eq!(bad.count(), 1);
    bad.heal();
    let answer = server.post("/api/collect?source=bad", &[], b"");
    assert_eq!((answer.status, answer.text().as_str()), (202, r#"{"queued":"bad"}"#));
    wait_until("a pass of the bad one", || passes(&server, "bad") >= 1);
    wait_until("the end of the alarm", || alarm("bad") == 0);
}

#[test]
fn a_build_given_up_raises_an_alarm_until_it_is_tried_again() {
    let service = scenario();
    service.inject(Rule::always(Fault::TooMany(0)).at("/builds/104/timeline"));
    let setup = Setup::new(&format!("{RULES}\n{}", scenario_source("exorg", &service.url())));
    // It was tried nineteen times before.
    crate::server::Server::on(&setup.data(), &[]).stop();
    let store = store::Store::open(&setup.data(), store::Options::default()).unwrap();
    let pending = json!({ "tries": 19, "next_ns": 0, "error": "", "is_dead": false });
    let key = "collector/exorg/exproj/pending/104".to_owned();
    let documents = vec![(key, Some(pending.to_string().into_bytes()))];
    store.append_blocking(store::Write { rows: Vec::new(), documents }).unwrap();
    store.close().unwrap();
    let server = serve(&setup);
    let alarm = || metric(&server, r#"telltale_collector_alarm{source="exorg"}"#);
    wait_until("the alarm", || alarm() == Some(1));
    let status = server.get("/api/collect").json();
    let want = "builds of project `exproj` are given up: 1; see `telltale collect status`, \
                `telltale collect retry` has them tried again";
    assert_eq!(status["sources"][0]["alarm"], want);
    let told = "CollectorRuns | where Error startswith 'build 104 is given up: ' | count";
    assert_eq!(server.rows(told)[0][0], 1);
    // It stays while passes go well.
    let before = server.rows("CollectorRuns | count")[0][0].as_u64().unwrap();
    let count = || server.rows("CollectorRuns | count")[0][0].as_u64().unwrap();
    wait_until("two more passes", || count() >= before + 2);
    assert_eq!(alarm(), Some(1));
    service.heal();
    assert_eq!(server.post("/api/collect/retry", &[], b"").json(), json!({ "retried": 1 }));
    wait_until("the end of the alarm", || alarm() == Some(0));
    assert_expected(&server, "poll1", "after another try");
}

#[test]
fn an_organisation_that_cannot_be_found_raises_an_alarm_at_once() {
    let service = scenario();
    let wrong = format!("{}/nowhere", service.url());
    let listing = scenario_source("listing", &wrong).replace("[\"exproj\"]", "[\"*\"]");
    let setup = Setup::new(&format!("{listing}\n{}", scenario_source("named", &wrong)));
    let server = serve(&setup);
    for name in ["listing", "named"] {
        let labels = format!("{{source=\"{name}\"}}");
        let alarm = format!("telltale_collector_alarm{labels}");
        wait_until("the alarm", || metric(&server, &alarm) == Some(1));
        let requests = metric(&server, &format!("telltale_collector_requests_total{labels}"));
        assert!(requests.is_some_and(|count| count > 0), "{requests:?}");
    }
    let page = output(&["collect", "status", "--url", &server.url]);
    assert!(page.contains("source listing needs attention: there is nothing at `"), "{page}");
    assert!(page.contains("source named needs attention: project `exproj`: there is"), "{page}");
}

#[test]
fn a_build_that_is_named_is_collected_after_ten_seconds_once() {
    let service = scenario();
    let more = "page_size = 3\nlogs = \"off\"\ninterval = \"1h\"\n";
    let setup = Setup::new(&format!("{RULES}\n{}", source("exorg", &service.url(), more)));
    let server = serve(&setup);
    wait_until("the first pass", || passes(&server, "exorg") >= 1);
    play(&service, "poll2");
    service.forget();
    // The single build is asked for, which the scenario does not know: it was deleted.
    let path = "/api/collect?source=exorg&project=exproj&build=106";
    let started = Instant::now();
    for _ in 0..3 {
        assert_eq!(server.post(path, &[], b"").status, 202);
    }
    // Subscriptions of hooks are asked for besides.
    let is_build = |seen: &scripted_azdo::Seen| seen.request.path.contains("/build/");
    let builds = || service.requests().iter().filter(|seen| is_build(seen)).count();
    wait_until("the request", || builds() > 0);
    assert!(started.elapsed() > Duration::from_secs(9), "{:?}", started.elapsed());
    let run = "CollectorRuns | where Pass == 'trigger' | project Error";
    wait_until("the run", || server.rows(run).as_array().unwrap().len() == 1);
    assert_eq!(server.rows(run)[0][0], "there is no build 106");
    assert_eq!(builds(), 1);
    let failed = || server.get("/api/collect").json()["failed"].clone();
    wait_until("the note of it", || failed().as_array().is_some_and(|runs| !runs.is_empty()));
    let run = failed()[0].clone();
    assert_eq!(run["project"], "exproj");
    assert_eq!((&run["pass"], &run["error"]), (&json!("trigger"), &json!("there is no build 106")));
    let page = output(&["collect", "status", "--url", &server.url]);
    assert!(page.contains("\nexorg/exproj  trigger  "), "{page}");
    let audit = "Audit | where action == 'collect' | project target, status | distinct *";
    let key = server.rows(audit);
    assert_eq!(key.to_string(), r#"[["exorg/exproj/106",202]]"#);
}

#[test]
fn calls_about_the_collector_say_what_is_wrong_with_them() {
    let service = scenario();
    let setup = Setup::new(&scenario_source("exorg", &service.url()));
    let server = serve(&setup);
    for (path, status, want) in [
        ("/api/collect", 400, "`source` is needed"),
        ("/api/collect?source=x", 404, "there is no source `x` in the settings"),
        ("/api/collect?source=exorg&build=1", 400, "`project` and `build` are needed together"),
        ("/api/collect?source=exorg&project=p&build=x", 400, "`x` is no number of a build"),
        ("/api/collect/retry?source=x", 404, "there is no source `x` in the settings"),
    ] {
        let answer = server.post(path, &[], b"");
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.json()["error"]["message"], want, "{path}");
    }
    assert_eq!(server.get("/api/collect/retry").status, 405);
    let answer = server.post("/api/collect/retry", &[], b"");
    assert_eq!((answer.status, answer.json()), (200, json!({ "retried": 0 })));
    let base = format!("/api/collect?base={}/exorg", service.url());
    assert_eq!(server.post(&base, &[], b"").status, 202);
}
