//! Builds of a history as JSON, and lists of them: filters, order and pages
//! (spec azure-devops.md §2.1 and §1.4).

use serde_json::{Value, json};

use super::plan::{Build, Moment, Story};
use super::world::{MAIN, ORGANIZATION, World, guid, guid_text};
use crate::http::Request;
use crate::time::{self, SECOND, Ticks};

/// Builds of a page when nothing is asked for, and the most there can be.
const TOP: usize = 1_000;
const TOP_MAX: usize = 5_000;

/// A page of builds.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Vec<u8>,
    /// Where the next page begins.
    pub(crate) token: Option<String>,
}

/// Which time orders a list, and is bounded by `minTime` and `maxTime`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Finish,
    Queue,
    Start,
}

/// What the builds of a list have in common.
struct Filter<'a> {
    world: &'a World,
    request: &'a Request,
    project: usize,
    now: Ticks,
    by: By,
    ascending: bool,
}

/// The page of builds that a request asks for.
pub(crate) fn page(world: &World, project: usize, now: Ticks, request: &Request) -> Page {
    let order = request.param("queryOrder").unwrap_or("finishTimeDescending").to_ascii_lowercase();
    let by = match order.as_str() {
        _ if order.starts_with("queue") => By::Queue,
        _ if order.starts_with("start") => By::Start,
        _ => By::Finish,
    };
    let ascending = !order.ends_with("descending");
    let filter = Filter { world, request, project, now, by, ascending };
    let mut found: Vec<(Ticks, &Build)> = world
        .builds
        .iter()
        .filter(|build| filter.admits(build))
        .map(|build| (filter.time(build), build))
        .filter(|(time, build)| filter.within(*time, build))
        .collect();
    found.sort_by_key(|(time, build)| (*time, build.id));
    if !ascending {
        found.reverse();
    }
    if let Some(most) = filter.number("maxBuildsPerDefinition") {
        let mut counts = vec![0; world.definitions.len()];
        found.retain(|(_, build)| {
            counts.get_mut(build.definition).is_some_and(|count| {
                *count += 1;
                *count <= most
            })
        });
    }
    let top = filter.number("$top").unwrap_or(TOP as i64).clamp(1, TOP_MAX as i64) as usize;
    let token = found.get(top).map(|(time, build)| format!("{time}_{}", build.id));
    let value: Vec<Value> = found.iter().take(top).map(|(_, b)| json(world, b, now)).collect();
    let body = json!({ "count": value.len(), "value": value }).to_string().into_bytes();
    Page { body, token }
}

impl Filter<'_> {
    fn number(&self, key: &str) -> Option<i64> {
        self.request.param(key)?.parse().ok()
    }

    /// Whether a list separated by commas is absent, says `all`, or holds one of the values.
    fn lists(&self, key: &str, values: &[&str]) -> bool {
        let Some(text) = self.request.param(key).filter(|text| !text.is_empty()) else {
            return true;
        };
        text.split(',').map(str::trim).any(|one| {
            one.eq_ignore_ascii_case("all") || values.iter().any(|v| v.eq_ignore_ascii_case(one))
        })
    }

    fn admits(&self, build: &Build) -> bool {
        let Some(definition) = self.world.definition(build) else { return false };
        if build.at(self.now) == Moment::Absent || definition.project != self.project {
            return false;
        }
        let deleted = build.is_deleted(self.now);
        let wanted =
            match self.request.param("deletedFilter").map(str::to_ascii_lowercase).as_deref() {
                Some("includedeleted") => true,
                Some("onlydeleted") => deleted,
                _ => !deleted,
            };
        let numbered = |wanted: &str| match wanted.strip_suffix('*') {
            Some(prefix) => number(build).starts_with(prefix),
            None => number(build) == wanted,
        };
        let (status, result) = state(build, self.now);
        wanted
            && self.lists("statusFilter", &[status])
            && self.lists("resultFilter", &[result.unwrap_or("none")])
            && self.lists("reasonFilter", &[build.reason])
            && self.lists("definitions", &[&definition.id.to_string()])
            && self.lists("buildIds", &[&build.id.to_string()])
            && self.lists("queues", &[&(self.world.pool(definition).id + 100).to_string()])
            && self.lists("tagFilters", &tags(build))
            && self.lists("repositoryId", &[&definition.repository])
            && self.lists(
                "requestedFor",
                &[&identity(build.author), &format!("user-{}", build.author)],
            )
            && self.request.param("branchName").is_none_or(|b| b == branch(build))
            && self.request.param("buildNumber").is_none_or(numbered)
    }

    /// The time a list is ordered by; builds that have none yet come last.
    fn time(&self, build: &Build) -> Ticks {
        let times = times(build, self.now);
        match self.by {
            By::Finish => times.1.unwrap_or(Ticks::MAX),
            By::Start => times.0.unwrap_or(Ticks::MAX),
            By::Queue => build.queue,
        }
    }

    /// Whether a build lies between `minTime` and `maxTime`, both included, and on this page or a
    /// later one.
    fn within(&self, time: Ticks, build: &Build) -> bool {
        let bound = |key: &str| self.request.param(key).and_then(time::parse);
        let token = self.request.param("continuationToken").and_then(|t| t.split_once('_'));
        let from = token.and_then(|(t, id)| Some((t.parse().ok()?, id.parse().ok()?)));
        let reached = from.is_none_or(|from: (Ticks, i64)| {
            let at = (time, build.id);
            if self.ascending { at >= from } else { at <= from }
        });
        let known = time != Ticks::MAX;
        reached
            && bound("minTime").is_none_or(|from| known && time >= from)
            && bound("maxTime").is_none_or(|to| known && time <= to)
    }
}

/// Status and result as they are at a moment.
pub(crate) fn state(build: &Build, now: Ticks) -> (&'static str, Option<&'static str>) {
    match build.at(now) {
        Moment::Absent => ("none", None),
        Moment::Queued => ("notStarted", None),
        Moment::Running(_) => ("inProgress", None),
        Moment::Done(attempt) => ("completed", Some(build.result(attempt))),
    }
}

/// Start and finish as they are at a moment; a retry keeps the first start.
pub(crate) fn times(build: &Build, now: Ticks) -> (Option<Ticks>, Option<Ticks>) {
    let start = build.window(1).map(|w| w.start).filter(|_| build.story != Story::CanceledInQueue);
    match build.at(now) {
        Moment::Absent | Moment::Queued => (None, None),
        Moment::Running(_) => (start, None),
        Moment::Done(attempt) => (start, build.window(attempt).map(|w| w.finish)),
    }
}

/// The build number people see.
pub(crate) fn number(build: &Build) -> String {
    let day = time::text(build.queue).get(..10).unwrap_or_default().replace('-', "");
    format!("{day}.{}", build.revision)
}

/// The branch a build was queued for.
pub(crate) fn branch(build: &Build) -> String {
    match build.pull_request {
        Some(number) => format!("refs/pull/{number}/merge"),
        None => MAIN.to_owned(),
    }
}

/// The commit a build was queued for, 40 hexadecimal digits.
pub(crate) fn commit(build: &Build) -> String {
    format!("{:040x}", u128::from(build.commit) << 16 | 0xC0DE)
}

/// A person's id.
pub(crate) fn identity(number: u32) -> String {
    guid_text(0x0000_0000_0000_4000_8000_0000_0000_0000 | u128::from(number))
}

/// A person.
pub(crate) fn person(number: u32) -> Value {
    json!({
        "displayName": format!("user-{number}"),
        "id": identity(number),
        "uniqueName": format!("user-{number}@example.invalid"),
    })
}

fn tags(build: &Build) -> Vec<&'static str> {
    if build.reason == "schedule" { vec!["nightly"] } else { Vec::new() }
}

/// A build as it is at a moment.
pub(crate) fn json(world: &World, build: &Build, now: Ticks) -> Value {
    let Some(definition) = world.definition(build) else { return Value::Null };
    let project = world.projects.get(definition.project);
    let (project_id, project_name) = project.map_or(("", ""), |p| (p.id.as_str(), p.name.as_str()));
    let base = format!("https://dev.azure.com/{ORGANIZATION}/{project_id}");
    let pool = world.pool(definition);
    let (status, result) = state(build, now);
    let (start, finish) = times(build, now);
    let changed = build.touched.filter(|t| *t <= now);
    let changed = changed.unwrap_or(finish.or(start).unwrap_or(build.queue) + SECOND * 9 / 10);
    let plan = guid_text(guid(world.dice.of("plan", build.id as u64)));
    let id = build.id;
    let mut value = json!({
        "id": id,
        "buildNumber": number(build),
        "buildNumberRevision": build.revision,
        "status": status,
        "queueTime": time::text(build.queue),
        "url": format!("{base}/_apis/build/Builds/{id}"),
        "uri": format!("vstfs:///Build/Build/{id}"),
        "definition": {
            "id": definition.id,
            "name": definition.name,
            "path": definition.path,
            "type": "build",
            "queueStatus": "enabled",
            "revision": 3,
            "project": { "id": project_id, "name": project_name },
            "url": format!("{base}/_apis/build/Definitions/{}?revision=3", definition.id),
        },
        "project": {
            "id": project_id, "name": project_name, "state": "wellFormed", "visibility": "private",
        },
        "sourceBranch": branch(build),
        "sourceVersion": commit(build),
        "priority": "normal",
        "reason": build.reason,
        "queue": {
            "id": pool.id + 100,
            "name": pool.name,
            "pool": { "id": pool.id, "name": pool.name, "isHosted": pool.hosted },
        },
        "requestedFor": person(build.author),
        "requestedBy": person(build.author),
        "lastChangedBy": person(build.author),
        "lastChangedDate": time::text(changed),
        "orchestrationPlan": { "planId": plan },
        "plans": [{ "planId": plan }],
        "logs": { "id": 0, "type": "Container", "url": format!("{base}/_apis/build/builds/{id}/logs") },
        "repository": {
            "id": definition.repository,
            "type": "TfsGit",
            "name": definition.repository,
            "url": format!("https://dev.azure.com/{ORGANIZATION}/{project_name}/_git/{}", definition.repository),
            "clean": null,
            "checkoutSubmodules": false,
        },
        "tags": tags(build),
        "triggerInfo": trigger(build),
        "validationResults": validation(build),
        "retainedByRelease": false,
        "triggeredByBuild": build.triggered_by.map(|id| json!({ "id": id, "url": format!("{base}/_apis/build/Builds/{id}") })),
    });
    if let Some(fields) = value.as_object_mut() {
        optional(fields, build, now, result, start, finish);
    }
    value
}

/// The fields that are absent until they are reached, or for other builds.
fn optional(
    fields: &mut serde_json::Map<String, Value>,
    build: &Build,
    now: Ticks,
    result: Option<&str>,
    start: Option<Ticks>,
    finish: Option<Ticks>,
) {
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value);
        }
    };
    put("result", result.map(Value::from));
    put("startTime", start.map(|t| time::text(t).into()));
    put("finishTime", finish.map(|t| time::text(t).into()));
    let parameters = build.pull_request.map(|number| {
        json!({
            "system.pullRequest.pullRequestId": number.to_string(),
            "system.pullRequest.pullRequestNumber": number.to_string(),
            "system.pullRequest.sourceBranch": format!("refs/heads/topic-{number}"),
            "system.pullRequest.targetBranch": MAIN,
            "system.pullRequest.sourceCommitId": commit(build),
        })
        .to_string()
        .into()
    });
    put("parameters", parameters);
    if build.is_deleted(now) {
        put("deleted", Some(true.into()));
        put("deletedDate", build.deleted.map(|t| time::text(t).into()));
        put("deletedReason", Some("Deleted by the retention policy".into()));
    }
}

fn trigger(build: &Build) -> Value {
    match (build.pull_request, build.reason) {
        (Some(number), _) => json!({
            "pr.number": number.to_string(),
            "pr.title": format!("Change number {number}"),
            "pr.sourceBranch": format!("topic-{number}"),
            "pr.sourceSha": commit(build),
            "pr.isFork": "False",
            "pr.sender.name": format!("user-{}", build.author),
            "pr.sender.avatarUrl": "https://example.invalid/avatar",
        }),
        (None, "individualCI" | "batchedCI") => json!({
            "ci.sourceBranch": MAIN,
            "ci.sourceSha": commit(build),
            "ci.message": "Change something",
        }),
        _ => json!({}),
    }
}

fn validation(build: &Build) -> Value {
    match build.story {
        Story::Invalid => json!([{
            "result": "error",
            "message": "/azure-pipelines.yml (Line: 3, Col: 1): Unexpected value 'job'",
        }]),
        _ => json!([]),
    }
}
