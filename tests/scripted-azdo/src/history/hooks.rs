//! What service hooks send about a history (spec azure-devops.md §8): completed builds, jobs that
//! wait and then run, completed deployments.

use std::sync::Arc;

use serde_json::{Value, json};

use super::layout::STAGES;
use super::plan::{Build, JobRun};
use super::releases::{self, Deployment};
use super::timeline::record_id;
use super::world::{ORGANIZATION, World, guid, guid_text};
use super::{dice::Dice, list};
use crate::time::{self, SECOND, Ticks};

/// How long after a thing happened its event is created.
const LATE: Ticks = SECOND / 4;

/// An event as it is posted.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it was created.
    pub created: Ticks,
    /// Its `eventType`.
    pub event_type: &'static str,
    /// The body that is posted.
    pub body: String,
}

/// A job's wait for a machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) job: JobRun,
    /// Creation of the event that says that it waits.
    pub(crate) waiting: Ticks,
    /// Creation of the event that says that it runs.
    pub(crate) running: Ticks,
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
enum About {
    /// The n-th attempt of a build has ended; the build's place.
    Complete(usize, usize),
    /// A job waits, or runs; the build's place.
    Job(usize, Wait, bool),
    /// A deployment has completed; its place.
    Deployment(usize),
}

/// An event that was sent; its body is made when it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    created: Ticks,
    number: usize,
    about: About,
}

/// The waits of all jobs of a build that ran, of all its attempts; jobs given up have none.
pub(crate) fn waits<'a>(world: &'a World, build: &'a Build) -> impl Iterator<Item = Wait> + 'a {
    let usual = world.definition(build).map_or(0, |d| world.pool(d).wait);
    let jobs = build.jobs(world.dice, &world.layout, build.attempts.len());
    jobs.into_iter().filter(|job| job.result != "skipped").filter_map(move |job| {
        let (start, _) = job.times?;
        let place = (job.attempt * 10 + job.stage) * 1_000_000 + job.index;
        let draw = world.dice.of("job wait", build.id as u64).of("at", place as u64);
        let wait = usual * SECOND / 1_000 * draw.between(50, 4_000);
        // Nothing waits before its build was queued.
        Some(Wait { job, waiting: (start - wait).max(build.queue), running: start })
    })
}

/// Events created after one moment and until another, in the order of their creation. They are
/// numbered from the beginning of the history.
pub(crate) fn sent(world: &World, after: Ticks, until: Ticks) -> Vec<Sent> {
    let mut all: Vec<(Ticks, About)> = Vec::new();
    for (place, build) in world.builds.iter().enumerate() {
        for (attempt, window) in build.attempts.iter().enumerate() {
            all.push((window.finish + LATE, About::Complete(place, attempt + 1)));
        }
        for wait in waits(world, build) {
            all.push((wait.waiting, About::Job(place, wait, false)));
            all.push((wait.running, About::Job(place, wait, true)));
        }
    }
    for (place, deployment) in world.deployments.iter().enumerate() {
        all.push((deployment.completed + LATE, About::Deployment(place)));
    }
    all.sort_by_key(|(created, _)| *created);
    let number = |(index, (created, about))| Sent { created, number: index + 1, about };
    all.into_iter()
        .enumerate()
        .map(number)
        .filter(|sent| sent.created > after && sent.created <= until)
        .collect()
}

/// An event with its body.
pub(crate) fn event(world: &Arc<World>, sent: &Sent) -> Event {
    let (event_type, publisher, version, text, resource, project) = match sent.about {
        About::Complete(place, attempt) => complete(world, place, attempt),
        About::Job(place, wait, running) => job(world, place, wait, running),
        About::Deployment(place) => deployment(world, place),
    };
    let draw = world.dice.of("event", sent.number as u64);
    let project = world.projects.get(project).map_or("", |p| p.id.as_str());
    let base = format!("https://dev.azure.com/{ORGANIZATION}/");
    let fixed = |what: &str| guid_text(guid(Dice::new(world.seed).of(what, 0)));
    let body = json!({
        "subscriptionId": fixed(event_type),
        "notificationId": sent.number,
        "id": guid_text(guid(draw)),
        "eventType": event_type,
        "publisherId": publisher,
        "message": { "text": text, "html": text, "markdown": text },
        "detailedMessage": { "text": text, "html": text, "markdown": text },
        "resource": resource,
        "resourceVersion": version,
        "resourceContainers": {
            "collection": { "id": fixed("collection"), "baseUrl": base },
            "account": { "id": fixed("account"), "baseUrl": base },
            "project": { "id": project, "baseUrl": base },
        },
        "createdDate": time::text(sent.created),
    });
    Event { created: sent.created, event_type, body: body.to_string() }
}

/// Event type, publisher, version, message, resource, the project's place.
type Parts = (&'static str, &'static str, &'static str, String, Value, usize);

fn complete(world: &World, place: usize, attempt: usize) -> Parts {
    let Some(build) = world.builds.get(place) else { return none() };
    let finish = build.window(attempt).map_or(0, |w| w.finish);
    let result = build.result(attempt);
    let text = format!("Build {} {result}", list::number(build));
    let project = world.definition(build).map_or(0, |d| d.project);
    ("build.complete", "tfs", "2.0", text, list::json(world, build, finish), project)
}

fn none() -> Parts {
    ("", "", "", String::new(), Value::Null, 0)
}

fn job(world: &World, place: usize, wait: Wait, running: bool) -> Parts {
    let Some(build) = world.builds.get(place) else { return none() };
    let Some(definition) = world.definition(build) else { return none() };
    let (stage, index) = (wait.job.stage, wait.job.index);
    let name = world.layout.jobs(stage).get(index).map_or("", |j| j.name.as_str());
    let stage_name = STAGES.get(stage).copied().unwrap_or_default();
    let state = if running { "running" } else { "waiting" };
    // A job re-run by the service is an attempt of its own in a stage that is not.
    let attempt = if build.is_lost(1, stage, index) { 1 } else { wait.job.attempt };
    let id = |kind, attempt| guid_text(record_id(world, build, kind, attempt, stage, index));
    let stage_id = guid_text(record_id(world, build, "stage", attempt, stage, 0));
    let project = world.projects.get(definition.project).map_or("", |p| p.id.as_str());
    let base = format!("https://dev.azure.com/{ORGANIZATION}/{project}");
    let pipeline_url = format!("{base}/_apis/Pipelines/{}", definition.id);
    let links = json!({
        "web": { "href": format!("{base}/_build/results?buildId={}", build.id) },
        "pipeline.web": { "href": format!("{base}/_build/definition?definitionId={}", definition.id) },
    });
    let pipeline = json!({
        "url": format!("{pipeline_url}?revision=3"),
        "id": definition.id,
        "revision": 3,
        "name": definition.name,
        "folder": definition.path,
    });
    let number = list::number(build);
    let resource = json!({
        "job": {
            "_links": links,
            "id": id("job", wait.job.attempt),
            "name": name,
            "attempt": wait.job.attempt,
            "state": state,
            "startTime": running.then(|| time::text(wait.running)),
            "finishTime": null,
        },
        "stage": {
            "_links": links,
            "id": stage_id,
            "name": stage_name,
            "displayName": format!("{stage_name} stage"),
            "attempt": attempt,
            "state": "running",
            "result": null,
            "startTime": build.stage(attempt, stage).map(|s| time::text(s.start)),
            "finishTime": null,
        },
        "run": {
            "_links": links,
            "pipeline": pipeline,
            "state": "inProgress",
            "createdDate": time::text(build.queue),
            "url": format!("{pipeline_url}/runs/{}", build.id),
            "id": build.id,
            "name": number,
        },
        "pipeline": pipeline,
        "repositories": [{
            "type": "Git",
            "url": format!("https://dev.azure.com/{ORGANIZATION}/_git/{}", definition.repository),
        }],
    });
    let text = format!("Run {number} stage {stage_name} job {name} {state}.");
    let event = "ms.vss-pipelines.job-state-changed-event";
    (event, "pipelines", "5.1-preview.1", text, resource, definition.project)
}

fn deployment(world: &World, place: usize) -> Parts {
    let Some(d) = world.deployments.get(place) else { return none() };
    let project = world.projects.get(d.project);
    let environment = releases::ENVIRONMENTS.get(d.environment).copied().unwrap_or_default();
    let word = if d.succeeded { "succeeded" } else { "rejected" };
    let minutes = (d.completed - d.started) as f64 / (60 * SECOND) as f64;
    let status = if d.succeeded { "Succeeded" } else { "Rejected" };
    let statuses = json!({ d.definition_environment().to_string(): status }).to_string();
    let resource = json!({
        "environment": {
            "id": d.environment_id(),
            "releaseId": d.release,
            "name": environment,
            "status": word,
            "rank": d.environment + 1,
            "definitionEnvironmentId": d.definition_environment(),
            "timeToDeploy": (minutes * 100.0).round() / 100.0,
            "triggerReason": if d.manual { "Manual" } else { "After release creation" },
            "deploySteps": [steps(d)],
            "preDeployApprovals": [],
            "postDeployApprovals": [],
            "conditions": [],
            "release": releases::release(world, d),
            "releaseDefinition": releases::definition(world, d),
        },
        "project": { "id": project.map(|p| &p.id), "name": project.map(|p| &p.name) },
        "deployment": releases::json(world, d, d.completed),
        "comment": "",
        "data": {
            "releaseProperties": "{}",
            "environmentStatuses": statuses,
            "workItems": [],
            "commits": [],
            "previousReleaseEnvironment": null,
            "testResults": null,
        },
        "stageName": environment,
        "attemptId": d.attempt,
        "id": d.release,
    });
    let text =
        format!("Deployment of release Release-{} on stage {environment} {word}.", d.release);
    let event = "ms.vss-release.deployment-completed-event";
    (event, "rm", "3.0-preview.1", text, resource, d.project)
}

fn steps(d: &Deployment) -> Value {
    json!({
        "id": d.id * 10,
        "deploymentId": d.id,
        "attempt": d.attempt,
        "reason": if d.manual { "manual" } else { "automated" },
        "status": if d.succeeded { "succeeded" } else { "failed" },
        "operationStatus": if d.succeeded { "Approved" } else { "PhaseFailed" },
        "hasStarted": true,
        "queuedOn": time::text(d.queued),
        "lastModifiedOn": time::text(d.completed),
        "releaseDeployPhases": [],
    })
}
