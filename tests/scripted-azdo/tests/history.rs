//! Generated histories: lists hold every build once and in order, Timelines have the shapes that
//! re-runs leave behind, and the truth agrees with what is answered.
//!
//! The figures are computed a second time here, from the answers alone.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says why")]

mod client;

use std::collections::{BTreeMap, BTreeSet};

use client::Client;
use scripted_azdo::{History, Service, Shape, time};
use serde_json::Value;

const BASE: &str = "/exorg/exproj/_apis";

fn shape() -> Shape {
    Shape { builds: 400, records_per_build: 48, definitions: 3, days: 21, ..Shape::default() }
}

fn start(history: &History) -> (Service, Client) {
    let service = Service::start(history.clone()).expect("a service");
    let client = Client::new(&service.url());
    (service, client)
}

/// All pages of a list.
fn pages(client: &mut Client, target: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let reply = client.get(&format!("{target}{token}")).expect("an answer");
        assert_eq!(reply.status, 200, "{target}");
        let body = reply.json();
        let page = body["value"].as_array().expect("a list").clone();
        assert_eq!(body["count"], page.len());
        all.extend(page);
        match reply.header("x-ms-continuationtoken") {
            Some(next) => token = format!("&continuationToken={next}"),
            None => return all,
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn ticks(value: &Value, key: &str) -> Option<i64> {
    value[key].as_str().and_then(time::parse)
}

fn ids(builds: &[Value]) -> Vec<i64> {
    builds.iter().map(|b| b["id"].as_i64().expect("an id")).collect()
}

#[test]
fn lists_hold_every_build_once_and_in_order() {
    let history = History::generate(3, &shape());
    let (service, mut client) = start(&history);
    let totals = history.truth().totals;
    let list = format!("{BASE}/build/builds?api-version=5.0&$top=37");
    let mut seen = BTreeSet::new();
    for (status, count) in [
        ("completed", totals.completed),
        ("inProgress", totals.in_progress),
        ("notStarted", totals.not_started),
    ] {
        let target = format!("{list}&statusFilter={status}&queryOrder=finishTimeAscending");
        let builds = pages(&mut client, &target);
        assert_eq!(builds.len(), count, "{status}");
        let finishes: Vec<_> = builds.iter().map(|b| ticks(b, "finishTime")).collect();
        assert!(finishes.is_sorted(), "{status}");
        seen.extend(ids(&builds));
    }
    let all = pages(&mut client, &format!("{list}&queryOrder=queueTimeDescending"));
    assert!(all.iter().map(|b| ticks(b, "queueTime")).rev().is_sorted());
    assert_eq!(all.len(), seen.len());
    assert_eq!(ids(&all).into_iter().collect::<BTreeSet<_>>(), seen);
    let deleted = pages(&mut client, &format!("{list}&deletedFilter=onlyDeleted"));
    assert_eq!(deleted.len(), totals.deleted);
    assert!(
        deleted
            .iter()
            .all(|b| b["deleted"] == true && !seen.contains(&ids(std::slice::from_ref(b))[0]))
    );
    let both = pages(&mut client, &format!("{list}&deletedFilter=includeDeleted"));
    assert_eq!(both.len(), shape().builds);
    assert!(service.unknown().is_empty());
}

#[test]
fn filters_and_times_narrow_lists() {
    let history = History::generate(3, &shape());
    let (_service, mut client) = start(&history);
    let list = format!("{BASE}/build/builds?queryOrder=finishTimeAscending&statusFilter=completed");
    let all = pages(&mut client, &list);
    let middle = text(&all[all.len() / 2], "finishTime").to_owned();
    let before = pages(&mut client, &format!("{list}&maxTime={middle}"));
    let after = pages(&mut client, &format!("{list}&minTime={middle}"));
    assert_eq!(before.len() + after.len(), all.len() + 1, "both ends are included");
    for (filter, key, wanted) in [
        ("reasonFilter=schedule", "/reason", "schedule"),
        ("resultFilter=failed", "/result", "failed"),
        ("branchName=refs/heads/main", "/sourceBranch", "refs/heads/main"),
    ] {
        let found = pages(&mut client, &format!("{list}&{filter}"));
        let expected = all.iter().filter(|b| b.pointer(key).is_some_and(|v| v == wanted)).count();
        assert!(expected > 0, "{filter}");
        assert_eq!(found.len(), expected, "{filter}");
        assert!(found.iter().all(|b| b.pointer(key).is_some_and(|v| v == wanted)), "{filter}");
    }
    let one = pages(&mut client, &format!("{list}&definitions=10&maxBuildsPerDefinition=5"));
    assert_eq!(one.len(), 5);
    assert!(one.iter().all(|b| b["definition"]["id"] == 10));
    let named = client.get("/exorg/_apis/projects/EXPROJ").expect("an answer").json();
    let listed = pages(&mut client, "/exorg/_apis/projects?$top=5");
    assert_eq!(listed, std::slice::from_ref(&named));
    assert_eq!(one[0]["project"]["id"], named["id"]);
    let some = pages(&mut client, &format!("{list}&buildIds=1001,1003"));
    assert_eq!(ids(&some).into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([1001, 1003]));
}

/// A build with all its Timelines, the way a collector has to see them.
#[derive(Default)]
struct Collected {
    /// By id; of several Timelines the latest counts.
    records: BTreeMap<String, Value>,
    effective: BTreeMap<String, u64>,
    previous: usize,
}

fn timeline(client: &mut Client, build: i64, id: &str) -> Option<Value> {
    let reply =
        client.get(&format!("{BASE}/build/builds/{build}/timeline{id}")).expect("an answer");
    assert!([200, 204].contains(&reply.status), "build {build} {id}: {}", reply.status);
    (reply.status == 200).then(|| reply.json())
}

/// Follows §3 of the specification.
fn collect(client: &mut Client, build: i64) -> Option<Collected> {
    let mut timelines = vec![timeline(client, build, "")?];
    let mut known = BTreeSet::new();
    let mut at = 0;
    while let Some(current) = timelines.get(at).cloned() {
        at += 1;
        for record in current["records"].as_array().expect("records") {
            for previous in record["previousAttempts"].as_array().expect("attempts") {
                let id = text(previous, "timelineId").to_owned();
                if known.insert(id.clone()) {
                    let found = timeline(client, build, &format!("/{id}")).expect("a timeline");
                    assert_eq!(text(&found, "id"), id);
                    let named = text(previous, "recordId");
                    let records = found["records"].as_array().expect("records");
                    assert!(records.iter().any(|r| text(r, "id") == named), "{id} lacks {named}");
                    timelines.push(found);
                }
            }
        }
    }
    let mut all = Collected { previous: timelines.len() - 1, ..Collected::default() };
    for timeline in &timelines {
        for record in timeline["records"].as_array().expect("records") {
            all.records.entry(text(record, "id").to_owned()).or_insert_with(|| record.clone());
        }
    }
    for timeline in &timelines {
        let own: BTreeMap<&str, &Value> = timeline["records"]
            .as_array()
            .expect("records")
            .iter()
            .map(|r| (text(r, "id"), r))
            .collect();
        for (id, record) in &own {
            let mut most = 0;
            let mut next = Some(*record);
            while let Some(record) = next {
                most = most.max(record["attempt"].as_u64().expect("an attempt"));
                let parent = text(record, "parentId");
                next = own.get(parent).copied().or_else(|| all.records.get(parent));
            }
            let least = all.effective.entry((*id).to_owned()).or_insert(most);
            *least = (*least).min(most);
        }
    }
    Some(all)
}

fn length(record: &Value) -> i64 {
    match (ticks(record, "startTime"), ticks(record, "finishTime")) {
        (Some(start), Some(finish)) => finish - start,
        _ => 0,
    }
}

#[derive(Debug, Default, PartialEq)]
struct Sums {
    records: usize,
    previous: usize,
    attempts: u64,
    errors: usize,
    warnings: usize,
    dropped: u64,
    without: usize,
    again: i64,
    lost: i64,
    abandoned: usize,
    several: usize,
    rescued: usize,
    first: usize,
}

#[test]
fn timelines_agree_with_the_truth() {
    let history = History::generate(5, &Shape { trouble: 3.0, ..shape() });
    let (service, mut client) = start(&history);
    let truth = history.truth();
    let list = format!("{BASE}/build/builds?statusFilter=completed");
    let mut sums = Sums::default();
    for build in pages(&mut client, &list) {
        let passed = ["succeeded", "partiallySucceeded"].contains(&text(&build, "result"));
        match collect(&mut client, build["id"].as_i64().expect("an id")) {
            Some(collected) => add(&mut sums, &collected, passed),
            None => {
                sums.without += 1;
                sums.attempts += 1;
            }
        }
    }
    let of = |pick: fn(&scripted_azdo::truth::DefinitionTruth) -> f64| -> f64 {
        truth.definitions.iter().map(pick).sum()
    };
    let totals = &truth.totals;
    assert_eq!(sums.records, totals.records);
    assert_eq!(sums.previous, totals.previous_timelines);
    assert_eq!(sums.attempts, totals.attempts as u64);
    assert_eq!((sums.errors, sums.warnings), (totals.errors, totals.warnings));
    assert_eq!(sums.dropped, of(|d| d.failures.dropped_errors as f64) as u64);
    assert_eq!(sums.without, totals.without_timeline);
    assert_eq!(sums.abandoned, truth.lost_machines.iter().map(|l| l.jobs).sum::<usize>());
    let near = |ticks: i64, seconds: f64| (ticks as f64 / 1e7 - seconds).abs() < 1e-3;
    assert!(near(sums.again, of(|d| d.cost.rerun_machine_seconds)), "{}", sums.again);
    assert!(near(sums.lost, of(|d| d.cost.lost_machine_seconds)), "{}", sums.lost);
    assert_eq!(sums.several, truth.rates.several_attempts);
    assert_eq!(sums.rescued, truth.rates.rescued);
    assert_eq!(sums.first, truth.rates.passed_at_first);
    assert!(sums.previous > 20 && sums.abandoned > 5 && sums.dropped > 10 && sums.lost > 0);
    assert!(service.unknown().is_empty());
}

fn add(sums: &mut Sums, collected: &Collected, passed: bool) {
    sums.records += collected.records.len();
    sums.previous += collected.previous;
    let attempts = collected.effective.values().max().copied().unwrap_or(1);
    sums.attempts += attempts;
    sums.several += usize::from(attempts > 1);
    sums.rescued += usize::from(attempts > 1 && passed);
    let mut clean = true;
    for (id, record) in &collected.records {
        let issues = record["issues"].as_array().cloned().unwrap_or_default();
        let errors = issues.iter().filter(|i| i["type"] == "error").count();
        sums.errors += errors;
        sums.warnings += issues.len() - errors;
        assert!(errors <= 10);
        sums.dropped += record["errorCount"].as_u64().expect("a count") - errors as u64;
        let parent = text(record, "parentId");
        assert!(parent.is_empty() || collected.records.contains_key(parent), "{id} has a parent");
        assert_eq!(parent.is_empty(), record["type"] == "Stage");
        if record["type"] != "Job" {
            continue;
        }
        let bad = ["failed", "canceled", "abandoned"].contains(&text(record, "result"));
        sums.abandoned += usize::from(record["result"] == "abandoned");
        clean &= !(bad && collected.effective[id] == 1);
        if collected.effective[id] >= 2 {
            sums.again += length(record);
        }
        let later = collected.records.iter().any(|(other, r)| {
            r["identifier"] == record["identifier"]
                && ["succeeded", "succeededWithIssues"].contains(&text(r, "result"))
                && collected.effective[other] > collected.effective[id]
        });
        if bad && later {
            sums.lost += length(record);
        }
    }
    sums.first += usize::from(clean && passed);
}

#[test]
fn re_runs_leave_the_shapes_of_the_real_service() {
    let history = History::generate(5, &Shape { trouble: 3.0, ..shape() });
    let (_service, mut client) = start(&history);
    let list = format!("{BASE}/build/builds?statusFilter=completed");
    let (mut single, mut full, mut third) = (0, 0, 0);
    for build in ids(&pages(&mut client, &list)) {
        let Some(latest) = timeline(&mut client, build, "") else { continue };
        let records = latest["records"].as_array().expect("records");
        let now: BTreeMap<&str, &Value> = records.iter().map(|r| (text(r, "id"), r)).collect();
        assert_eq!(now.len(), records.len(), "ids are unique");
        let mut old = BTreeMap::new();
        for record in records {
            for previous in record["previousAttempts"].as_array().expect("attempts") {
                old.insert(text(previous, "timelineId").to_owned(), record["type"].clone());
            }
            third += usize::from(record["attempt"] == 3 && record["type"] == "Stage");
            // Tasks never count, whatever is repeated around them.
            assert!(record["type"] != "Task" || record["attempt"] == 1);
        }
        for id in old.keys() {
            let earlier = timeline(&mut client, build, &format!("/{id}")).expect("a timeline");
            let records = earlier["records"].as_array().expect("records");
            if records.len() == 1 {
                single += 1;
                let job = &records[0];
                assert_eq!((text(job, "id"), text(job, "result")), (id.as_str(), "abandoned"));
                assert!(job["startTime"].is_null() && job["finishTime"].is_null());
                assert!(now.contains_key(text(job, "parentId")) && !now.contains_key(id.as_str()));
                continue;
            }
            full += 1;
            let root = records.iter().find(|r| text(r, "id") == id).expect("the retried stage");
            assert_eq!((&root["type"], text(root, "result")), (&"Stage".into(), "failed"));
            // Work that was kept has the same id, times and result in both.
            let kept: Vec<&Value> = records
                .iter()
                .filter(|r| now.contains_key(text(r, "id")) && r["type"] != "Stage")
                .collect();
            assert!(!kept.is_empty() || root["name"] == "Build");
            for record in kept {
                let there = now[text(record, "id")];
                for key in ["startTime", "finishTime", "result", "attempt", "identifier"] {
                    assert_eq!(record[key], there[key], "{key}");
                }
            }
        }
    }
    assert!(single > 5 && full > 20 && third > 2, "{single} {full} {third}");
}

#[test]
fn tests_agree_with_the_truth() {
    let history = History::generate(9, &Shape { trouble: 2.0, ..shape() });
    let (_service, mut client) = start(&history);
    let totals = history.truth().totals;
    let (mut runs, mut failed, mut rerun) = (0, 0, 0);
    for build in ids(&pages(&mut client, &format!("{BASE}/build/builds?statusFilter=completed"))) {
        let target = format!(
            "{BASE}/test/runs?buildUri=vstfs:///Build/Build/{build}&includeRunDetails=true&$top=100"
        );
        for run in pages(&mut client, &target) {
            runs += 1;
            let target =
                format!("{BASE}/test/Runs/{}/results?detailsToInclude=subResults", run["id"]);
            let bad = pages(&mut client, &format!("{target}&outcomes=Failed"));
            assert_eq!(run["unanalyzedTests"], bad.len());
            assert!(bad.iter().all(|r| r["errorMessage"].is_string()));
            failed += bad.len();
            let again = pages(&mut client, &format!("{target}&outcomes=PassedOnRerun"));
            assert!(
                again.iter().all(|r| r["resultGroupType"] == "rerun" && r["outcome"] == "Passed")
            );
            assert!(again.iter().all(|r| r["subResults"][0]["outcome"] == "Failed"));
            rerun += again.len();
            let all = pages(&mut client, &target);
            assert_eq!(run["totalTests"], all.len());
        }
    }
    assert_eq!(
        (runs, failed, rerun),
        (totals.test_runs, totals.failed_results, totals.rerun_results)
    );
    assert!(failed > 20 && rerun > 20);
    let found = history.truth().tests;
    let flaky: Vec<_> = found.iter().filter(|t| t.planted == "flaky").collect();
    assert_eq!(flaky.len(), 9, "three of each pipeline");
    assert!(flaky.iter().all(|t| t.passed_on_rerun > 0));
    assert!(flaky.iter().any(|t| t.passed_on_retry > 0));
    assert!(found.iter().any(|t| t.same_commit > 0));
}

#[test]
fn logs_hold_what_the_service_dropped() {
    let history = History::generate(5, &Shape { trouble: 3.0, ..shape() });
    let (_service, mut client) = start(&history);
    let (mut dropped, mut found, mut only) = (0, 0, 0);
    let list = format!("{BASE}/build/builds?statusFilter=completed");
    for build in ids(&pages(&mut client, &list)) {
        let Some(collected) = collect(&mut client, build) else { continue };
        for record in collected.records.values().filter(|r| r["result"] == "failed") {
            let Some(log) = record["log"]["id"].as_i64().filter(|_| record["type"] == "Task")
            else {
                continue;
            };
            let target = format!("{BASE}/build/builds/{build}/logs/{log}");
            let text = client.get(&target).expect("a log").body;
            let text = String::from_utf8(text).expect("text");
            let errors = text.lines().filter(|l| l[29..].starts_with("##[error]")).count();
            let stored = record["issues"].as_array().map_or(0, Vec::len);
            let count = record["errorCount"].as_u64().expect("a count") as usize;
            dropped += count.saturating_sub(10);
            found += errors.saturating_sub(stored.min(errors));
            only += usize::from(count == 0 && errors > 0);
            let second = client.get(&format!("{target}?startLine=2&endLine=3")).expect("lines");
            let second = String::from_utf8(second.body).expect("text");
            assert_eq!(
                second.lines().collect::<Vec<_>>(),
                text.lines().skip(1).take(2).collect::<Vec<_>>()
            );
        }
    }
    let truth = history.truth();
    let sum = |pick: fn(&scripted_azdo::truth::Failures) -> usize| -> usize {
        truth.definitions.iter().map(|d| pick(&d.failures)).sum()
    };
    assert_eq!(dropped, sum(|f| f.dropped_errors));
    assert_eq!(found, truth.totals.log_errors);
    assert!(dropped > 50 && only > 0);
}

/// A build with a retried stage: its id, when that stage had failed, when its retry began.
fn retried(client: &mut Client) -> (i64, i64, i64) {
    for build in ids(&pages(client, &format!("{BASE}/build/builds?statusFilter=completed"))) {
        let Some(latest) = timeline(client, build, "") else { continue };
        let records = latest["records"].as_array().expect("records");
        let stage = records.iter().find(|r| r["type"] == "Stage" && r["attempt"] == 2);
        let Some(stage) = stage else { continue };
        let old = text(&stage["previousAttempts"][0], "timelineId");
        let old = timeline(client, build, &format!("/{old}")).expect("a timeline");
        let finishes = old["records"].as_array().expect("records").iter();
        let failed = finishes.filter_map(|r| ticks(r, "finishTime")).max().expect("a finish");
        return (build, failed, ticks(stage, "startTime").expect("a start"));
    }
    panic!("no build was retried");
}

#[test]
fn builds_go_on_when_time_does() {
    let history = History::generate(3, &shape());
    let (service, mut client) = start(&history);
    let (build, failed, again) = retried(&mut client);
    let target = format!("{BASE}/build/builds/{build}");
    let last = client.get(&target).expect("an answer").json();
    let queue = ticks(&last, "queueTime").expect("a time");
    let begin = ticks(&last, "startTime").expect("a start");
    let second = time::SECOND;
    for (moment, status, result, finished) in [
        (queue - second, "", None, false),
        (queue + 1, "notStarted", None, false),
        (begin + 30 * second, "inProgress", None, false),
        (failed + second, "completed", Some("failed"), true),
        (again + second, "inProgress", None, false),
    ] {
        service.play(history.at(moment));
        let reply = client.get(&target).expect("an answer");
        if status.is_empty() {
            assert_eq!(reply.status, 404);
            continue;
        }
        let found = reply.json();
        assert_eq!(text(&found, "status"), status);
        assert_eq!(found["result"].as_str(), result);
        assert_eq!(found["finishTime"].is_string(), finished);
        if status == "inProgress" {
            let running = timeline(&mut client, build, "").expect("a running timeline");
            let records = running["records"].as_array().expect("records");
            assert!(records.iter().any(|r| r["state"] == "inProgress" && r["result"].is_null()));
        }
    }
    assert!(ticks(&last, "finishTime").expect("a finish") > again);
    let earlier = history.at(failed).truth().totals;
    assert!(earlier.completed < history.truth().totals.completed);
}

/// Deployments to an environment that failed, or after which an older release went there within a
/// day.
fn change_failures(all: &[Value], environment: &str) -> usize {
    let own: Vec<&Value> =
        all.iter().filter(|d| d["releaseEnvironment"]["name"] == environment).collect();
    let is_older = |a: &Value, b: &Value| a["release"]["id"].as_i64() < b["release"]["id"].as_i64();
    let is_undone = |d: &Value| {
        own.iter().filter(|later| is_older(later, d)).any(|later| {
            let begun = ticks(later, "startedOn").filter(|begun| *begun > 0);
            let begun = begun.or(ticks(later, "queuedOn")).expect("a time");
            (0..=time::DAY).contains(&(begun - ticks(d, "completedOn").expect("a time")))
        })
    };
    own.iter()
        .filter(|d| {
            text(d, "deploymentStatus") == "failed" || {
                text(d, "deploymentStatus") == "succeeded" && is_undone(d)
            }
        })
        .count()
}

#[test]
fn deployments_come_in_pages() {
    let history = History::generate(3, &shape());
    let (_service, mut client) = start(&history);
    let truth = history.truth();
    let list = format!("{BASE}/release/deployments?queryOrder=ascending&$top=7");
    let all = pages(&mut client, &list);
    assert_eq!(all.len(), truth.totals.deployments);
    assert!(ids(&all).is_sorted_by(|a, b| a < b));
    for environment in &truth.environments {
        let own = |status: &str| {
            all.iter()
                .filter(|d| d["releaseEnvironment"]["name"] == environment.environment)
                .filter(|d| text(d, "deploymentStatus") == status)
                .count()
        };
        assert_eq!(own("succeeded"), environment.succeeded);
        assert_eq!(own("failed"), environment.failed);
        assert_eq!(environment.succeeded_by_day.values().sum::<usize>(), environment.succeeded);
        assert_eq!(change_failures(&all, environment.environment), environment.change_failures);
    }
    let failed = pages(&mut client, &format!("{list}&deploymentStatus=failed"));
    assert!(!failed.is_empty() && failed.iter().all(|d| d["operationStatus"] == "PhaseFailed"));
}

#[test]
fn figures_add_up() {
    let truth = History::generate(11, &Shape { projects: 2, ..shape() }).truth();
    let sum = |pick: fn(&scripted_azdo::truth::Rates) -> usize| -> (usize, usize) {
        let definitions = truth.definitions.iter().map(|d| pick(&d.rates)).sum();
        (definitions, truth.weeks.iter().map(|w| pick(&w.rates)).sum())
    };
    for pick in [
        (|r| r.builds) as fn(&scripted_azdo::truth::Rates) -> usize,
        |r| r.passed,
        |r| r.passed_at_first,
        |r| r.several_attempts,
        |r| r.rescued,
        |r| r.canceled,
    ] {
        let whole = pick(&truth.rates);
        assert_eq!(sum(pick), (whole, whole));
    }
    assert_eq!(truth.rates.builds + truth.rates.canceled, truth.totals.completed);
    for definition in &truth.definitions {
        let failures = &definition.failures;
        assert_eq!(failures.categories.values().sum::<usize>(), failures.failed);
        assert_eq!(failures.category_sources.values().sum::<usize>(), failures.failed);
        assert_eq!(failures.failed, definition.rates.builds - definition.rates.passed);
        let red: f64 = definition.red.intervals.iter().map(|i| i.seconds).sum();
        assert!((red - definition.red.red_seconds).abs() < 1e-3);
        assert!(definition.red.intervals.iter().rev().skip(1).all(|i| i.finish.is_some()));
    }
    for (pool, waits) in &truth.queue_waits {
        let own = truth.queue_waits_by_hour.iter().filter(|hour| hour.pool == *pool);
        assert_eq!(own.map(|hour| hour.waits.count).sum::<usize>(), waits.count);
    }
    let kinds: BTreeSet<&str> =
        truth.definitions.iter().flat_map(|d| &d.red.intervals).map(|i| i.kind).collect();
    assert_eq!(kinds, BTreeSet::from(["intermittent", "persistent"]));
    assert_eq!(truth.environments.len(), 4);
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let one = serde_json::to_string(&History::generate(1, &shape()).truth()).expect("JSON");
    let two = serde_json::to_string(&History::generate(1, &shape()).truth()).expect("JSON");
    let other = serde_json::to_string(&History::generate(2, &shape()).truth()).expect("JSON");
    assert_eq!(one, two);
    assert_ne!(one, other);
    let calm = History::generate(1, &Shape { trouble: 0.0, deleted: 0.0, ..shape() }).truth();
    assert_eq!((calm.rates.pass_rate, calm.totals.errors, calm.totals.deleted), (1.0, 0, 0));
}

#[test]
fn variables_name_the_records_of_their_task() {
    let history = History::generate(5, &Shape { trouble: 3.0, builds: 150, ..shape() });
    let (_service, mut client) = start(&history);
    let mut found = 0;
    for build in ids(&pages(&mut client, &format!("{BASE}/build/builds?statusFilter=completed"))) {
        let variables: Option<BTreeMap<_, _>> =
            history.task_variables(build).map(|list| list.into_iter().collect());
        let collected = collect(&mut client, build);
        assert_eq!(variables.is_some(), collected.is_some());
        let (Some(variables), Some(collected)) = (variables, collected) else { continue };
        found += 1;
        let task = &collected.records[&variables["SYSTEM_TASKINSTANCEID"]];
        assert_eq!((text(task, "type"), text(task, "name")), ("Task", "Build solution"));
        assert_eq!(text(task, "parentId"), variables["SYSTEM_JOBID"]);
        let job = &collected.records[&variables["SYSTEM_JOBID"]];
        assert_eq!(text(job, "workerName"), variables["AGENT_NAME"]);
        assert_eq!(job["attempt"].to_string(), variables["SYSTEM_JOBATTEMPT"]);
    }
    assert!(found > 100);
    assert_eq!(history.task_variables(1), None);
}

#[test]
fn hooks_tell_waits_completions_and_deployments() {
    let history = History::generate(3, &Shape { builds: 120, ..shape() });
    let truth = history.truth();
    let (_service, mut client) = start(&history);
    let events: Vec<_> = history.events(0, history.now()).collect();
    assert!(events.is_sorted_by_key(|e| e.created));
    let mut waiting: BTreeMap<String, i64> = BTreeMap::new();
    let (mut waits, mut sum, mut completed, mut deployed, mut ids) = (0, 0, 0, 0, BTreeSet::new());
    for event in &events {
        let body: Value = serde_json::from_str(&event.body).expect("JSON");
        assert_eq!(text(&body, "eventType"), event.event_type);
        let created = ticks(&body, "createdDate").expect("a time");
        assert!(ids.insert(text(&body, "id").to_owned()), "ids are unique");
        let job = &body["resource"]["job"];
        match (event.event_type, text(job, "state")) {
            ("build.complete", _) => {
                completed += usize::from(text(&body["resource"], "status") == "completed");
            }
            ("ms.vss-release.deployment-completed-event", _) => deployed += 1,
            (_, "waiting") => {
                waiting.insert(text(job, "id").to_owned(), created);
            }
            (_, "running") => {
                waits += 1;
                sum += created - waiting[text(job, "id")];
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(completed >= truth.totals.completed);
    assert_eq!(deployed, truth.environments.iter().map(|e| e.deployments).sum::<usize>());
    for waits_by in [&truth.job_waits, &truth.job_waits_by_name] {
        assert_eq!(waits, waits_by.values().map(|d| d.count).sum::<usize>());
        let planted: f64 = waits_by.values().map(|d| d.sum).sum();
        assert!((sum as f64 / 1e7 - planted).abs() < 1e-3);
    }
    // A job is the same in its events and in its Timeline.
    let latest = timeline(&mut client, 1_001, "").expect("a timeline");
    let records = latest["records"].as_array().expect("records");
    let jobs: Vec<&Value> = records.iter().filter(|r| r["type"] == "Job").collect();
    assert!(!jobs.is_empty() && jobs.iter().all(|job| waiting.contains_key(text(job, "id"))));
    let half = events[events.len() / 2].created;
    let parts = history.events(0, half).count() + history.events(half, history.now()).count();
    assert_eq!(parts, events.len());
}
