//! What goes wrong at the service: tokens, pages, storms, clocks, deleted builds.

use std::sync::{Arc, Mutex};

use scripted_azdo::{Answer, Fault, Request, Rule, Script, Service, time};
use serde_json::{Value, json};

use crate::azdo::{AUTHORIZATION, Setup, assert_expected, scenario, source, text};
use crate::server::output;

#[test]
fn what_asks_to_sign_in_stores_nothing_and_names_the_token() {
    for fault in [Fault::Unauthorized, Fault::Forbidden, Fault::SignInPage, Fault::SignInRedirect] {
        let service = scenario();
        service.require_authorization("Basic of-somebody-else", fault.clone());
        let setup = Setup::of_scenario(&service.url());
        let done = setup.once_failing();
        let error = text(&done.stderr);
        let want = "error: exorg/exproj, backfill: the service asks to sign in at";
        assert!(error.contains(want) && error.contains("check the token"), "{error}");
        // Trying again would lock an account.
        assert_eq!(service.count(), 1, "{fault:?}");
        let server = setup.server();
        assert_eq!(server.rows("TimelineBuilds | count")[0][0], 0);
        let runs = server.rows("CollectorRuns | project Error has 'asks to sign in', Requests");
        assert_eq!(runs.to_string(), "[[true,1]]");
        drop(server);
        service.heal();
        service.require_authorization(AUTHORIZATION, fault);
        setup.once();
        assert_expected(&setup.server(), "poll1", "with the right token");
    }
}

#[test]
fn a_token_that_is_not_there_is_named() {
    let service = scenario();
    let setup = Setup::of_scenario(&service.url());
    let done = setup.collect(&["--once"]).env_remove("PAT_OF_STORIES").output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    let error = text(&done.stderr);
    assert!(error.contains("there is no token: the variable `PAT_OF_STORIES` is not set"));
    assert_eq!(service.count(), 0);
}

#[test]
fn half_pages_and_storms_are_weathered() {
    let service = scenario();
    service.inject(Rule::some(Fault::HalfPage, 1, 2).at("/timeline").times(2));
    service.inject(Rule::some(Fault::Storm, 2, 3).at("_apis/build/builds/104"));
    service.inject(Rule::some(Fault::ClosedInBody, 1, 2).at("/test/").times(2));
    service.inject(Rule::some(Fault::TooMany(0), 1, 4));
    let setup = Setup::of_scenario(&service.url());
    setup.once();
    assert_expected(&setup.server(), "poll1", "after the storm");
}

#[test]
fn a_build_that_always_fails_waits_without_holding_up_the_others() {
    let service = scenario();
    // No time passes: the service says how long to wait.
    service.inject(Rule::always(Fault::TooMany(0)).at("/builds/104/timeline"));
    let setup = Setup::of_scenario(&service.url());
    let printed = setup.once();
    assert!(printed.contains("6 listed, 5 fetched, 0 unchanged, 1 failed, 1 pending"), "{printed}");
    let status = setup.status();
    let project = &status["projects"][0];
    assert_eq!((&project["pending"], &project["dead"]), (&json!(1), &json!(0)));
    assert_eq!(project["cursor"], "2026-11-20T11:00:00Z");
    let build = &project["builds"][0];
    assert_eq!((&build["build"], &build["tries"]), (&json!(104), &json!(1)));
    let error = build["error"].as_str().unwrap();
    assert!(error.contains("in 6 tries: status 429"), "{error}");
    let data = setup.data();
    let page = output(&["collect", "status", "--data", data.to_str().unwrap()]);
    assert!(page.contains("exorg/exproj") && page.contains("in 6 tries: status 429"), "{page}");

    // It is not due before a minute has passed, unless somebody asks.
    service.heal();
    service.forget();
    setup.once();
    assert!(!service.requests().iter().any(|seen| seen.request.path.contains("104")));
    let told = output(&["collect", "retry", "--data", data.to_str().unwrap()]);
    assert_eq!(told, "builds to try again at the next pass: 1\n");
    // The single build is asked for, which the scenario does not know.
    service.play(Also { build: 104, inner: crate::azdo::scenario_folder() });
    setup.once();
    assert_expected(&setup.server(), "poll1", "after another try");
    assert_eq!(setup.status()["projects"][0]["pending"], 0);
}

/// The first pass of the scenario and the single build that it lists.
struct Also {
    build: i64,
    inner: std::path::PathBuf,
}

impl Script for Also {
    fn answer(&self, request: &Request) -> Option<Answer> {
        if request.path.ends_with(&format!("/build/builds/{}", self.build)) {
            for page in ["poll1_builds_page1.json", "poll1_builds_page2.json"] {
                let list: Value =
                    serde_json::from_slice(&std::fs::read(self.inner.join(page)).unwrap()).unwrap();
                for build in list["value"].as_array().unwrap() {
                    if build["id"] == self.build {
                        return Some(Answer::json(200, build.to_string()));
                    }
                }
            }
        }
        let scenario = scripted_azdo::Scenario::load(&self.inner).unwrap();
        scenario.pass("poll1").unwrap().answer(request)
    }
}

#[test]
fn a_service_that_fails_as_a_whole_ends_the_pass() {
    let world = World::new((0..40).map(|id| finished(id + 1, 600)).collect());
    let service = Service::start(world.clone()).unwrap();
    service.inject(Rule::always(Fault::TooMany(0)).at("/timeline"));
    let setup = Setup::new(&source("exorg", &service.url(), "tests = \"off\"\nlogs = \"off\"\n"));
    let done = setup.once_failing();
    let error = text(&done.stderr);
    assert!(error.contains("builds in a row failed"), "{error}");
    // Not all forty were tried six times.
    assert!(service.count() < 6 * 20, "{}", service.count());
    assert_eq!(setup.status()["projects"][0]["cursor"], Value::Null);
    service.heal();
    output(&["collect", "retry", "--data", setup.data().to_str().unwrap()]);
    setup.once();
    let server = setup.server();
    assert_eq!(
        server.rows("TimelineBuilds | summarize count(), dcount(BuildId)")[0],
        json!([40, 40])
    );
}

/// An organisation whose builds a story changes; lists honour `minTime` and `deletedFilter`.
#[derive(Clone)]
struct World {
    builds: Arc<Mutex<Vec<Value>>>,
}

/// A time so many seconds from now, as the service writes it.
fn at(seconds: i64) -> String {
    let at = chrono::Utc::now() + chrono::Duration::seconds(seconds);
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// A build that finished so many seconds ago, or will by our clock.
fn finished(id: i64, seconds_ago: i64) -> Value {
    json!({
        "id": id, "buildNumber": id.to_string(), "status": "completed", "result": "succeeded",
        "queueTime": at(-seconds_ago - 120), "startTime": at(-seconds_ago - 60),
        "finishTime": at(-seconds_ago), "lastChangedDate": at(-seconds_ago),
        "definition": { "id": 1, "name": "ci", "path": "\\" },
        "project": { "id": "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01", "name": "exproj" },
    })
}

impl World {
    fn new(builds: Vec<Value>) -> World {
        World { builds: Arc::new(Mutex::new(builds)) }
    }

    fn add(&self, build: Value) {
        self.builds.lock().unwrap().push(build);
    }

    fn edit(&self, id: i64, edit: impl FnOnce(&mut Value)) {
        let mut builds = self.builds.lock().unwrap();
        edit(builds.iter_mut().find(|build| build["id"] == id).unwrap());
    }

    fn list(&self, request: &Request) -> Value {
        let from = request.param("minTime").and_then(time::parse);
        let statuses = request.param("statusFilter").unwrap_or_default().to_owned();
        let with_deleted = request.param("deletedFilter") == Some("includeDeleted");
        let mut found: Vec<Value> = self.builds.lock().unwrap().clone();
        found.retain(|build| {
            let finish = build["finishTime"].as_str().and_then(time::parse);
            statuses.split(',').any(|status| build["status"] == status)
                && (with_deleted || build["deleted"] != true)
                && from.is_none_or(|from| finish.is_none_or(|finish| finish >= from))
        });
        found.sort_by_key(|build| build["finishTime"].as_str().map(str::to_owned));
        json!({ "count": found.len(), "value": found })
    }
}

impl Script for World {
    fn answer(&self, request: &Request) -> Option<Answer> {
        let path = request.path.strip_prefix("/exorg/exproj/_apis/build/builds")?;
        if path.is_empty() {
            return Some(Answer::json(200, self.list(request).to_string()));
        }
        let mut parts = path.trim_start_matches('/').split('/');
        let id: i64 = parts.next()?.parse().ok()?;
        let build = self.builds.lock().unwrap().iter().find(|build| build["id"] == id).cloned();
        let build = build.filter(|build| build["deleted"] != true)?;
        match parts.next() {
            None => Some(Answer::json(200, build.to_string())),
            Some(_) => Some(Answer::json(200, timeline(id).to_string())),
        }
    }
}

/// A timeline of one stage.
fn timeline(build: i64) -> Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{build:012}"), "changeId": 1, "records": [{
            "id": format!("10000000-0000-4000-8000-{build:012}"), "type": "Stage", "name": "all",
            "order": 1, "state": "completed", "result": "succeeded", "attempt": 1,
            "startTime": at(-60), "finishTime": at(0), "previousAttempts": [],
        }],
    })
}

#[test]
fn a_clock_that_differs_loses_no_build() {
    for ahead_s in [3 * 3600, -5 * 3600] {
        // The first build finished just now by the service's clock.
        let world = World::new(vec![finished(1, -ahead_s)]);
        let service = Service::start(world.clone()).unwrap();
        service.skew(ahead_s);
        let more = "tests = \"off\"\nlogs = \"off\"\noverlap = \"1h\"\n";
        let setup = Setup::new(&source("exorg", &service.url(), more));
        setup.once();
        // A build of another machine that finished before it is listed only now.
        world.add(finished(2, -ahead_s + 1800));
        world.add(finished(3, -ahead_s - 30));
        setup.once();
        setup.once();
        let builds = setup.server().rows("TimelineBuilds | summarize make_list(BuildId)");
        let mut builds: Vec<i64> = serde_json::from_str(builds[0][0].as_str().unwrap()).unwrap();
        builds.sort_unstable();
        assert_eq!(builds, [1, 2, 3], "{ahead_s} s ahead");
    }
}

#[test]
fn deleted_builds_are_marked_and_keep_their_rows() {
    let world = World::new(vec![finished(1, 600), finished(2, 500), finished(3, 400)]);
    let service = Service::start(world.clone()).unwrap();
    let more = "tests = \"off\"\nlogs = \"off\"\n\
                reconcile = { every = \"1s\", window = \"7d\" }\n";
    let setup = Setup::new(&source("exorg", &service.url(), more));
    setup.once();
    // One is in the bin, one is destroyed, one was just after it was listed.
    world.edit(1, |build| build["deleted"] = json!(true));
    world.builds.lock().unwrap().retain(|build| build["id"] != 2);
    world.add(finished(4, 100));
    service.inject(Rule::always(Fault::Status(404)).at("/builds/4"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    setup.once();
    let server = setup.server();
    let builds = server
        .rows("TimelineBuilds | order by BuildId asc | project BuildId, IsDeleted, BuildNumber");
    assert_eq!(builds.to_string(), r#"[[1,true,"1"],[2,true,"2"],[3,false,"3"],[4,true,"4"]]"#);
    let records = server.rows("TimelineRecords | order by BuildId asc | project BuildId");
    assert_eq!(records.to_string(), "[[1],[2],[3]]");
    let passes = server
        .rows("CollectorRuns | where Pass == 'reconcile' | project Fetched > 0, Failed, Error");
    assert_eq!(passes.to_string(), r#"[[true,0,""]]"#);
    drop(server);
    // Once is enough.
    world.builds.lock().unwrap().retain(|build| build["id"] != 4);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let printed = setup.once();
    assert!(printed.contains("reconcile: 2 listed, 0 fetched"), "{printed}");
}

#[test]
fn a_project_deleted_or_misspelt_is_said() {
    let service = Service::start(World::new(Vec::new())).unwrap();
    let settings = source("exorg", &service.url(), "tests = \"off\"\n");
    let setup = Setup::new(&settings.replace("\"exproj\"", "\"no such\""));
    let done = setup.once_failing();
    let error = text(&done.stderr);
    assert!(
        error.contains("there is nothing at") && error.contains("/exorg/no%20such/"),
        "{error}"
    );
}

#[test]
fn a_body_over_the_limit_is_one_builds_trouble() {
    let service = scenario();
    service.inject(Rule::always(Fault::Padded(2 << 20)).at("/builds/105/timeline"));
    let setup = {
        let settings =
            std::fs::read_to_string(Setup::of_scenario(&service.url()).config()).unwrap();
        Setup::new(&format!("{settings}body_bytes_max = \"1MiB\"\n"))
    };
    let printed = setup.once();
    assert!(printed.contains("5 fetched, 0 unchanged, 1 failed, 1 pending"), "{printed}");
    let error = setup.status()["projects"][0]["builds"][0]["error"].to_string();
    assert!(error.contains("longer than 1048576 bytes (`body_bytes_max`)"), "{error}");
}
