//! What service hooks send about the demonstration's organisation: builds that completed, jobs that
//! wait and then run, deployments that completed.

use serde_json::{Value, json};

use super::layout::{ORGANIZATION, PROJECTS};
use super::plan::{Build, JobRun, StageRun};
use super::releases::{self, Deployment};
use super::{World, job_place, wire};
use crate::commands::demo::calendar::{DAY, MINUTE, SECOND};

/// How far before the end builds and jobs are told of; their events are many.
const BUILDS_NS: i64 = 14 * DAY;
const JOBS_NS: i64 = 3 * DAY;

/// An event as it is posted.
#[derive(Debug)]
pub struct Event {
    /// When it was created, in nanoseconds since 1970.
    pub created: i64,
    pub body: String,
}

/// What an event is about.
#[derive(Clone, Copy)]
enum About<'a> {
    /// The n-th attempt of a build has ended.
    Build(&'a Build, usize),
    /// A job waits, or runs.
    Job(&'a Build, &'a StageRun, &'a JobRun, bool),
    Deployment(&'a Deployment),
}

/// All events created until a time, in their order.
pub fn events(world: &World, end: i64) -> impl Iterator<Item = Event> + '_ {
    let mut all: Vec<(i64, About<'_>)> = Vec::new();
    for build in &world.builds {
        for (index, attempt) in build.attempts.iter().enumerate() {
            if attempt.finish > end - BUILDS_NS {
                all.push((attempt.finish + SECOND / 4, About::Build(build, index + 1)));
            }
        }
        for (stage, job) in build.jobs().filter(|(_, job)| job.start > end - JOBS_NS) {
            all.push((job.waited, About::Job(build, stage, job, false)));
            all.push((job.start, About::Job(build, stage, job, true)));
        }
    }
    let deployments = world.deployments.iter();
    all.extend(deployments.map(|d| (d.completed + SECOND / 4, About::Deployment(d))));
    all.retain(|(created, _)| *created <= end);
    all.sort_by_key(|(created, _)| *created);
    let numbered = all.into_iter().zip(1..);
    numbered.map(|((created, about), number)| event(world, created, about, number))
}

fn event(world: &World, created: i64, about: About<'_>, number: u64) -> Event {
    let (event_type, publisher, version, text, resource, project) = match about {
        About::Build(build, attempt) => completed(world, build, attempt),
        About::Job(build, stage, job, runs) => job_changed(world, build, stage, job, runs),
        About::Deployment(deployment) => deployed(world, deployment),
    };
    let project = world.project_id(project);
    let base = format!("https://dev.azure.com/{ORGANIZATION}/");
    let body = json!({
        "subscriptionId": world.dice.of(event_type, 0).guid(),
        "notificationId": number,
        "id": world.dice.of("event", number).guid(),
        "eventType": event_type,
        "publisherId": publisher,
        "message": { "text": text },
        "detailedMessage": { "text": text },
        "resource": resource,
        "resourceVersion": version,
        "resourceContainers": {
            "collection": { "id": world.collection_id(), "baseUrl": base },
            "project": { "id": project, "baseUrl": base },
        },
        "createdDate": wire::time(created),
    });
    Event { created, body: body.to_string() }
}

/// Event type, publisher, version, message, resource, the project's place.
type Parts = (&'static str, &'static str, &'static str, String, Value, usize);

fn completed(world: &World, build: &Build, attempt: usize) -> Parts {
    let finish = build.attempt(attempt).map_or(build.queued, |attempt| attempt.finish);
    let text = format!("Build {} {}", build.number, build.result(attempt));
    let resource = wire::build(world, build, finish);
    ("build.complete", "tfs", "2.0", text, resource, build.definition().project)
}

fn job_changed(world: &World, build: &Build, stage: &StageRun, job: &JobRun, runs: bool) -> Parts {
    let definition = build.definition();
    let layout = job.layout(stage, definition);
    let stage_name = definition.stages[stage.stage].name;
    let state = if runs { "running" } else { "waiting" };
    let place = job_place(stage.stage, job.job);
    let project = world.project_id(definition.project);
    let url =
        format!("https://dev.azure.com/{ORGANIZATION}/{project}/_apis/Pipelines/{}", definition.id);
    let pipeline = json!({
        "url": format!("{url}?revision=7"),
        "id": definition.id,
        "revision": 7,
        "name": definition.name,
        "folder": definition.path,
    });
    let resource = json!({
        "job": {
            "id": world.record_id(build, "job", job.attempt, place),
            "name": layout.name,
            "attempt": job.attempt,
            "state": state,
            "startTime": runs.then(|| wire::time(job.start)),
            "finishTime": null,
        },
        "stage": {
            "id": world.record_id(build, "stage", job.attempt, stage.stage),
            "name": stage_name,
            "displayName": stage_name,
            "attempt": job.attempt,
            "state": "running",
            "startTime": wire::time(stage.start),
        },
        "run": {
            "pipeline": pipeline,
            "state": "inProgress",
            "createdDate": wire::time(build.queued),
            "url": format!("{url}/runs/{}", build.id),
            "id": build.id,
            "name": build.number,
        },
        "pipeline": pipeline,
    });
    let text = format!("Run {} stage {stage_name} job {} {state}.", build.number, layout.name);
    let event = "ms.vss-pipelines.job-state-changed-event";
    (event, "pipelines", "5.1-preview.1", text, resource, definition.project)
}

fn deployed(world: &World, d: &Deployment) -> Parts {
    let word = if d.has_succeeded { "succeeded" } else { "rejected" };
    let minutes = (d.completed - d.started) as f64 / MINUTE as f64;
    let environment = d.environment_name();
    let resource = json!({
        "environment": {
            "id": d.environment_id(),
            "releaseId": d.release,
            "name": environment,
            "status": word,
            "rank": d.environment + 1,
            "definitionEnvironmentId": d.definition_environment(),
            "timeToDeploy": (minutes * 100.0).round() / 100.0,
            "triggerReason": if d.is_manual { "Manual" } else { "After release creation" },
            "deploySteps": [{
                "id": d.id * 10,
                "deploymentId": d.id,
                "attempt": d.attempt,
                "reason": if d.is_manual { "manual" } else { "automated" },
                "status": if d.has_succeeded { "succeeded" } else { "failed" },
                "operationStatus": if d.has_succeeded { "Approved" } else { "PhaseFailed" },
                "hasStarted": true,
                "queuedOn": wire::time(d.queued),
                "lastModifiedOn": wire::time(d.completed),
                "releaseDeployPhases": [],
            }],
            "preDeployApprovals": [],
            "postDeployApprovals": [],
            "conditions": [],
            "release": releases::release(world, d),
            "releaseDefinition": releases::definition(world, d),
        },
        "project": { "id": world.project_id(d.project), "name": PROJECTS[d.project] },
        "deployment": releases::json(world, d, d.completed),
        "comment": "",
        "stageName": environment,
        "attemptId": d.attempt,
        "id": d.release,
    });
    let name = format!("Release-{}", d.release % 1_000);
    let text = format!("Deployment of release {name} on stage {environment} {word}.");
    let event = "ms.vss-release.deployment-completed-event";
    (event, "rm", "3.0-preview.1", text, resource, d.project)
}
