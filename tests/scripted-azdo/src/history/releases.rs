//! Releases of a history: packages of passed builds that go to Staging and then to Production
//! (spec azure-devops.md §2.5).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dice::Dice;
use super::plan::Build;
use super::world::{Definition, ORGANIZATION, Shape, World};
use crate::http::Request;
use crate::time::{self, SECOND, Ticks};

/// The environments in their order.
pub(crate) const ENVIRONMENTS: [&str; 2] = ["Staging", "Production"];
const HOUR: i64 = 3_600;

/// One deployment of a release to an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    pub(crate) id: i64,
    pub(crate) release: i64,
    pub(crate) project: usize,
    pub(crate) environment: usize,
    pub(crate) attempt: u32,
    pub(crate) build: i64,
    pub(crate) queued: Ticks,
    pub(crate) started: Ticks,
    pub(crate) completed: Ticks,
    pub(crate) succeeded: bool,
    pub(crate) manual: bool,
}

/// Plans the deployments of all projects, in the order of their queue times.
pub(crate) fn plan(
    dice: Dice,
    shape: &Shape,
    definitions: &[Definition],
    builds: &[Build],
) -> Vec<Deployment> {
    let mut all = Vec::new();
    for project in 0..shape.projects {
        let Some(source) = definitions.iter().position(|d| d.project == project) else { continue };
        let mut passed: Vec<(Ticks, i64)> = builds
            .iter()
            .filter(|b| b.definition == source && !b.is_pull_request() && b.deleted.is_none())
            .filter(|b| b.result(b.attempts.len()) == "succeeded")
            .filter_map(|b| Some((b.attempts.last()?.finish, b.id)))
            .collect();
        passed.sort_unstable();
        // About one release a day.
        let step = (passed.len() / (shape.days as usize).max(3)).max(1);
        let mut attempts = BTreeMap::new();
        for (number, (finish, build)) in passed.into_iter().step_by(step).enumerate() {
            let release = project as i64 * 10_000 + number as i64 + 1;
            let draw = dice.of("release", release as u64);
            let mut line = Line { draw, shape, project, build, release, attempts: &mut attempts };
            line.go(finish, number > 0, &mut all);
        }
    }
    all.sort_by_key(|d| (d.queued, d.release, d.environment));
    for (number, deployment) in all.iter_mut().enumerate() {
        deployment.id = number as i64 + 1;
    }
    all
}

/// The way of one release.
struct Line<'a> {
    draw: Dice,
    shape: &'a Shape,
    project: usize,
    build: i64,
    release: i64,
    /// Attempts so far by release and environment, and the build of the release.
    attempts: &'a mut BTreeMap<(i64, usize), (u32, i64)>,
}

impl Line<'_> {
    fn go(&mut self, finish: Ticks, has_older: bool, all: &mut Vec<Deployment>) {
        let draw = self.draw;
        let fails = |name: &str, p: f64| draw.of(name, 0).chance((p * self.shape.trouble).min(1.0));
        let (first, second) = (fails("staging", 0.08), fails("production", 0.15));
        let (again, back) = (fails("again", 0.4), fails("back", 0.08));
        let mut end = self.deploy(0, finish + 120 * SECOND, !first, false, all);
        if first {
            end = self.deploy(
                0,
                end + draw.of("w", 1).between(HOUR / 2, HOUR * 4) * SECOND,
                true,
                true,
                all,
            );
        }
        let mut end = self.deploy(
            1,
            end + draw.of("w", 2).between(HOUR / 4, HOUR * 2) * SECOND,
            !second,
            false,
            all,
        );
        if second {
            end = self.deploy(
                1,
                end + draw.of("w", 3).between(HOUR, HOUR * 8) * SECOND,
                !again,
                true,
                all,
            );
        }
        let live = !second || !again;
        let older = (self.release - 1, 1);
        if live && back && has_older {
            // A person goes back to the release before.
            if let Some((_, build)) = self.attempts.get(&older).copied() {
                let own = (self.release, self.build);
                (self.release, self.build) = (older.0, build);
                self.deploy(
                    1,
                    end + draw.of("w", 4).between(HOUR, HOUR * 20) * SECOND,
                    true,
                    true,
                    all,
                );
                (self.release, self.build) = own;
            }
        }
    }

    fn deploy(
        &mut self,
        environment: usize,
        queued: Ticks,
        succeeded: bool,
        manual: bool,
        all: &mut Vec<Deployment>,
    ) -> Ticks {
        let entry = self.attempts.entry((self.release, environment)).or_insert((0, self.build));
        entry.0 += 1;
        let attempt = entry.0;
        let draw = self.draw.of("deploy", queued as u64);
        let started = queued + draw.of("wait", 0).between(2, 90) * SECOND;
        let completed = started + draw.of("run", 0).between(60, 900) * SECOND;
        all.push(Deployment {
            id: 0,
            release: self.release,
            project: self.project,
            environment,
            attempt,
            build: self.build,
            queued,
            started,
            completed,
            succeeded,
            manual,
        });
        completed
    }
}

impl Deployment {
    /// When it last changed, as seen at a moment.
    fn modified(&self, now: Ticks) -> Ticks {
        [self.completed, self.started].into_iter().find(|t| *t <= now).unwrap_or(self.queued)
    }

    /// Deployment and operation status, as seen at a moment.
    fn status(&self, now: Ticks) -> (&'static str, &'static str) {
        if now < self.started {
            ("notDeployed", "queued")
        } else if now < self.completed {
            ("inProgress", "phaseInProgress")
        } else if self.succeeded {
            ("succeeded", "Approved")
        } else {
            ("failed", "PhaseFailed")
        }
    }

    /// The number of its environment within the release definition.
    pub(crate) fn definition_environment(&self) -> i64 {
        self.environment as i64 + 11
    }

    /// The number of its environment within its release.
    pub(crate) fn environment_id(&self) -> i64 {
        self.release * 10 + self.environment as i64 + 1
    }
}

/// The deployments that a request asks for, and the token of the next page.
pub(crate) fn deployments(
    world: &World,
    project: usize,
    now: Ticks,
    request: &Request,
) -> (Vec<u8>, Option<i64>) {
    let time = |key: &str| request.param(key).and_then(time::parse);
    let number = |key: &str| request.param(key).and_then(|n| n.parse::<i64>().ok());
    let text = |key: &str| request.param(key).map(str::to_ascii_lowercase);
    let within = |t: Ticks, from: &str, to: &str| {
        time(from).is_none_or(|from| t >= from) && time(to).is_none_or(|to| t <= to)
    };
    let mut found: Vec<&Deployment> = world
        .deployments
        .iter()
        .filter(|d| d.project == project && d.queued <= now)
        .filter(|d| within(d.modified(now), "minModifiedTime", "maxModifiedTime"))
        .filter(|d| within(d.started, "minStartedTime", "maxStartedTime"))
        .filter(|_| number("definitionId").is_none_or(|id| id == project as i64 + 1))
        .filter(|d| {
            number("definitionEnvironmentId").is_none_or(|id| id == d.definition_environment())
        })
        .filter(|d| {
            text("deploymentStatus")
                .is_none_or(|s| s == "all" || s == d.status(now).0.to_ascii_lowercase())
        })
        .filter(|d| {
            text("operationStatus")
                .is_none_or(|s| s == "all" || s == d.status(now).1.to_ascii_lowercase())
        })
        .collect();
    let ascending = text("queryOrder").as_deref() == Some("ascending");
    if !ascending {
        found.reverse();
    }
    if text("latestAttemptsOnly").as_deref() == Some("true") {
        found.retain(|d| {
            let same =
                |o: &&Deployment| o.environment_id() == d.environment_id() && o.queued <= now;
            world.deployments.iter().filter(same).all(|o| o.attempt <= d.attempt)
        });
    }
    let top = number("$top").unwrap_or(50).clamp(1, 100) as usize;
    // The token is the id at which the next page begins.
    if let Some(token) = number("continuationToken") {
        found.retain(|d| if ascending { d.id >= token } else { d.id <= token });
    }
    let next = found.get(top).map(|d| d.id);
    let value: Vec<Value> = found.iter().take(top).map(|d| json(world, d, now)).collect();
    (json!({ "count": value.len(), "value": value }).to_string().into_bytes(), next)
}

/// A deployment as JSON.
pub(crate) fn json(world: &World, d: &Deployment, now: Ticks) -> Value {
    let base = base(world, d);
    let (deployment, operation) = d.status(now);
    let date = |t: Ticks| if t <= now { time::text(t) } else { "0001-01-01T00:00:00".to_owned() };
    let environment = ENVIRONMENTS.get(d.environment);
    json!({
        "id": d.id,
        "release": release(world, d),
        "releaseDefinition": definition(world, d),
        "releaseEnvironment": {
            "id": d.environment_id(),
            "name": environment,
            "url": format!("{base}/_apis/Release/releases/{}/environments/{}", d.release, d.environment_id()),
            "_links": {},
        },
        "projectReference": null,
        "definitionEnvironmentId": d.definition_environment(),
        "attempt": d.attempt,
        "reason": if d.manual { "manual" } else { "automated" },
        "deploymentStatus": deployment,
        "operationStatus": operation,
        "requestedBy": super::list::person(1),
        "requestedFor": super::list::person(1),
        "queuedOn": time::text(d.queued),
        "startedOn": date(d.started),
        "completedOn": date(d.completed),
        "lastModifiedOn": time::text(d.modified(now)),
        "lastModifiedBy": super::list::person(1),
        "conditions": [],
        "preDeployApprovals": [],
        "postDeployApprovals": [],
        "_links": {},
    })
}

fn base(world: &World, d: &Deployment) -> String {
    let project = world.projects.get(d.project).map_or("", |p| p.id.as_str());
    format!("https://vsrm.dev.azure.com/{ORGANIZATION}/{project}")
}

/// The release of a deployment, with its artifact.
pub(crate) fn release(world: &World, d: &Deployment) -> Value {
    let base = base(world, d);
    let project = world.projects.get(d.project);
    let build = world.build(d.build);
    let source = build.and_then(|b| world.definition(b));
    let web = format!("https://dev.azure.com/{ORGANIZATION}/_release?releaseId={}", d.release);
    let branch = build.map(super::list::branch);
    let name = source.map_or("", |s| s.name.as_str());
    json!({
        "id": d.release,
        "name": format!("Release-{}", d.release),
        "url": format!("{base}/_apis/Release/releases/{}", d.release),
        "artifacts": [{
            "sourceId": format!("{}:{}", project.map_or("", |p| p.id.as_str()), source.map_or(0, |s| s.id)),
            "type": "Build",
            "alias": format!("_{name}"),
            "definitionReference": {
                "definition": { "id": source.map(|s| s.id.to_string()), "name": name },
                "project": { "id": project.map(|p| &p.id), "name": project.map(|p| &p.name) },
                "version": { "id": d.build.to_string(), "name": build.map(super::list::number) },
                "branch": { "id": branch, "name": branch },
                "sourceVersion": { "id": build.map(super::list::commit), "name": "" },
            },
            "isPrimary": true,
            "isRetained": false,
        }],
        "webAccessUri": web,
        "_links": { "web": { "href": web } },
        "description": "",
        "reason": "continuousIntegration",
    })
}

/// The release definition of a deployment.
pub(crate) fn definition(world: &World, d: &Deployment) -> Value {
    let project = world.projects.get(d.project);
    json!({
        "id": d.project + 1,
        "name": format!("{} delivery", project.map_or("", |p| p.name.as_str())),
        "path": "\\",
        "projectReference": { "id": project.map(|p| &p.id), "name": null },
        "url": format!("{}/_apis/Release/definitions/{}", base(world, d), d.project + 1),
        "_links": {},
    })
}
