//! Hooks beside the collector: builds are collected as they end, badges come of what was deployed
//! before anybody listened.

use std::process::Stdio;

use scripted_azdo::{History, Service, Shape, time};
use serde_json::{Value, json};

use crate::azdo::{PAT, Setup};
use crate::hooks::{ADMIN, drained, make, rows, taken};
use crate::hooks_state::files;
use crate::server::{Server, wait_until};

/// A server that collects what the settings say, and has an administrator.
pub fn serve(setup: &Setup) -> Server {
    let mut command = crate::server::telltale(&["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(setup.data()).arg("--config").arg(setup.config());
    command.env("PAT_OF_STORIES", PAT).env("TELLTALE_ADMIN_KEY", ADMIN);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
    let ready: Value = serde_json::from_str(line.strip_prefix("telltale ready ").unwrap()).unwrap();
    let url = ready["url"].as_str().unwrap().to_owned();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    Server { child, port, url, ready }
}

#[test]
fn a_build_that_ended_is_collected_without_waiting_for_a_pass() {
    let shape = Shape { builds: 30, records_per_build: 12, days: 3, ..Shape::default() };
    let history = History::generate(5, &shape);
    let end = history.now();
    let service = Service::start(history.at(end - time::DAY)).unwrap();
    let base = service.url();
    let setup = Setup::new(&format!(
        "[[source]]\nname = \"cloud\"\nbase = \"{base}/exorg\"\nprojects = [\"*\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\ninterval = \"1h\"\n\
         releases = false\n"
    ));
    let server = serve(&setup);
    let key = make(&server, "team", &Value::Null);
    let passes = "CollectorRuns | where Error == '' and Pass in ('poll', 'backfill') | count";
    let projects = history.projects().len() as u64;
    wait_until("the first passes", || rows(&server, passes)[0][0].as_u64() >= Some(projects));
    service.play(history.at(end));
    let completed = |event: &scripted_azdo::Event| event.event_type == "build.complete";
    let event = history.events(end - time::DAY, end).filter(completed).last().unwrap();
    let build: Value = serde_json::from_str(&event.body).unwrap();
    let build = &build["resource"]["id"];
    let known = format!("TimelineBuilds | where BuildId == {build} and Status == 'completed'");
    assert!(rows(&server, &known).is_empty());
    // One of another organisation is nobody's to collect.
    let elsewhere = event.body.replace("dev.azure.com/exorg", "dev.azure.com/elsewhere");
    taken(&server, &key, &elsewhere.replace("\"notificationId\":", "\"notificationId\":9"));
    taken(&server, &key, &event.body.replace("https://dev.azure.com/", &format!("{base}/")));
    wait_until("the build is collected", || rows(&server, &known).len() == 1);
    drained(&server);
    let triggered = "CollectorRuns | where Pass == 'trigger' | project Error";
    assert_eq!(rows(&server, triggered), [json!([""])]);
    assert_eq!(rows(&server, "PipelineEvents | where Processed | count"), [json!([2])]);
}

#[test]
fn badges_come_of_deployments_before_the_hook_and_stay_when_events_repeat_them() {
    let shape = Shape { builds: 20, records_per_build: 12, days: 3, ..Shape::default() };
    let history = History::generate(11, &shape);
    let service = Service::start(history.at(history.now())).unwrap();
    let base = service.url();
    let setup = Setup::new(&format!(
        "[[source]]\nname = \"cloud\"\nbase = \"{base}/exorg\"\nprojects = [\"*\"]\n\
         token_env = \"PAT_OF_STORIES\"\nbackfill = \"36500d\"\nreleases = true\n"
    ));
    let server = serve(&setup);
    let passes = "CollectorRuns | where Error == '' and Pass == 'releases' | count";
    let projects = history.projects().len() as u64;
    wait_until("the first passes", || rows(&server, passes)[0][0].as_u64() >= Some(projects));
    let text = "ReleaseDeployments | summarize count(), dcount(DeploymentId), \
                dcount(DefinitionEnvironmentId)";
    let seen = rows(&server, text).remove(0);
    assert!(seen[0].as_u64() > Some(2), "{seen}");
    let before = files(&server, &setup.data());
    assert!(before.len() > 1, "{before:?}");

    let key = make(&server, "team", &Value::Null);
    let mut sent = 0;
    for event in history.events(0, history.now()) {
        if event.event_type.ends_with("deployment-completed-event") {
            let body = event.body.replace("https://dev.azure.com/", &format!("{base}/"));
            taken(&server, &key, &body);
            sent += 1;
        }
    }
    assert!(sent > 2, "{sent}");
    drained(&server);
    let errors = rows(&server, "PipelineEvents | where Error != '' | count");
    assert_eq!(errors, [json!([0])]);
    assert_eq!(rows(&server, text).remove(0), seen);
    assert_eq!(rows(&server, "ReleaseDeployments | summarize by Organization"), [json!(["cloud"])]);
    let after = files(&server, &setup.data());
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}
