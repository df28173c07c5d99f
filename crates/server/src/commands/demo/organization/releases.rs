//! Releases of the demonstration: packages of passed builds that go from environment to
//! environment.

use serde_json::{Value, json};

use super::World;
use super::layout::{ORGANIZATION, PROJECTS};
use super::plan::Build;
use super::wire::{person, time};
use crate::commands::demo::calendar::{MINUTE, SECOND};
use crate::commands::demo::dice::Dice;

/// The environments of each project's release definition, in their order.
pub const ENVIRONMENTS: [&[&str]; 2] =
    [&["Staging", "Preview ring", "Production"], &["Test", "Production"]];
/// The pipeline whose builds a project releases, by its name.
const SOURCES: [&str; 2] = ["lantern-ci", "orchard-ci"];
/// About one release in so many passed builds of the main branch.
const EVERY: usize = 4;

/// One deployment of a release to an environment. Times are nanoseconds since 1970.
#[derive(Debug, Clone)]
pub struct Deployment {
    pub id: i64,
    pub release: i64,
    pub project: usize,
    pub environment: usize,
    pub attempt: u32,
    /// The place of the build among all.
    pub build: usize,
    pub queued: i64,
    pub started: i64,
    pub completed: i64,
    pub has_succeeded: bool,
    pub is_manual: bool,
}

/// Plans the deployments of all projects, in the order of their queue times.
pub fn plan(dice: Dice, builds: &[Build]) -> Vec<Deployment> {
    let mut all = Vec::new();
    for (project, source) in SOURCES.iter().enumerate() {
        let mut passed: Vec<(i64, usize)> = builds
            .iter()
            .enumerate()
            .filter(|(_, build)| build.definition().name == *source && build.is_main())
            .filter(|(_, build)| build.result(build.attempts.len()) == "succeeded")
            .filter_map(|(place, build)| Some((build.attempts.last()?.finish, place)))
            .collect();
        passed.sort_unstable();
        for (number, (finish, build)) in passed.into_iter().step_by(EVERY).enumerate() {
            let release = (project as i64 + 1) * 1_000 + number as i64 + 1;
            way(dice.at("release", release), project, release, build, finish, &mut all);
        }
    }
    all.sort_by_key(|deployment| (deployment.queued, deployment.release));
    for (deployment, id) in all.iter_mut().zip(7_001..) {
        deployment.id = id;
    }
    all
}

/// The way of one release through its environments; it ends where it is not mended.
fn way(
    dice: Dice,
    project: usize,
    release: i64,
    build: usize,
    finish: i64,
    all: &mut Vec<Deployment>,
) {
    let mut at = finish + 2 * MINUTE;
    for environment in 0..ENVIRONMENTS[project].len() {
        let draw = dice.of("environment", environment as u64);
        let fails = draw.of("fails", 0).chance(0.07 + 0.04 * environment as f64);
        let is_mended = !fails || draw.of("mended", 0).chance(0.8);
        let tries = 1 + u32::from(fails && is_mended);
        for attempt in 1..=tries {
            let draw = draw.of("attempt", u64::from(attempt));
            let started = at + draw.of("wait", 0).between(3, 80) * SECOND;
            let run = draw.of("run", 0).skewed(5.0 + 2.0 * environment as f64);
            let completed = started + (run * MINUTE as f64) as i64;
            all.push(Deployment {
                id: 0,
                release,
                project,
                environment,
                attempt,
                build,
                queued: at,
                started,
                completed,
                has_succeeded: !fails || attempt == 2,
                is_manual: attempt > 1,
            });
            at = completed + (draw.of("person", 0).skewed(45.0) * MINUTE as f64) as i64;
        }
        if !is_mended {
            return;
        }
    }
}

impl Deployment {
    /// When it last changed, as seen at a moment.
    pub fn modified(&self, now: i64) -> i64 {
        [self.completed, self.started].into_iter().find(|at| *at <= now).unwrap_or(self.queued)
    }

    /// Deployment and operation status, as seen at a moment.
    fn status(&self, now: i64) -> (&'static str, &'static str) {
        match () {
            () if now < self.started => ("notDeployed", "Queued"),
            () if now < self.completed => ("inProgress", "PhaseInProgress"),
            () if self.has_succeeded => ("succeeded", "Approved"),
            () => ("failed", "PhaseFailed"),
        }
    }

    pub fn environment_name(&self) -> &'static str {
        ENVIRONMENTS[self.project][self.environment]
    }

    /// The number of its environment within the release definition, and within its release.
    pub fn definition_environment(&self) -> i64 {
        (self.project as i64 + 1) * 10 + self.environment as i64 + 1
    }

    pub fn environment_id(&self) -> i64 {
        self.release * 10 + self.environment as i64 + 1
    }
}

/// A deployment as JSON, as it is at a moment.
pub fn json(world: &World, d: &Deployment, now: i64) -> Value {
    let (deployment, operation) = d.status(now);
    let date = |at: i64| if at <= now { time(at) } else { "0001-01-01T00:00:00".to_owned() };
    json!({
        "id": d.id,
        "release": release(world, d),
        "releaseDefinition": definition(world, d),
        "releaseEnvironment": { "id": d.environment_id(), "name": d.environment_name() },
        "projectReference": null,
        "definitionEnvironmentId": d.definition_environment(),
        "attempt": d.attempt,
        "reason": if d.is_manual { "manual" } else { "automated" },
        "deploymentStatus": deployment,
        "operationStatus": operation,
        "requestedFor": person(1),
        "queuedOn": time(d.queued),
        "startedOn": date(d.started),
        "completedOn": date(d.completed),
        "lastModifiedOn": time(d.modified(now)),
        "preDeployApprovals": [],
        "postDeployApprovals": [],
    })
}

/// The release of a deployment, with its artifact.
pub fn release(world: &World, d: &Deployment) -> Value {
    let build = &world.builds[d.build];
    let source = build.definition();
    let project = world.project_id(d.project);
    let web = format!("https://dev.azure.com/{ORGANIZATION}/_release?releaseId={}", d.release);
    json!({
        "id": d.release,
        "name": format!("Release-{}", d.release % 1_000),
        "artifacts": [{
            "sourceId": format!("{project}:{}", source.id),
            "type": "Build",
            "alias": format!("_{}", source.name),
            "definitionReference": {
                "definition": { "id": source.id.to_string(), "name": source.name },
                "project": { "id": project, "name": PROJECTS[d.project] },
                "version": { "id": build.id.to_string(), "name": build.number },
                "branch": { "id": build.branch, "name": build.branch },
                "sourceVersion": { "id": build.commit, "name": "" },
            },
            "isPrimary": true,
        }],
        "webAccessUri": web,
        "_links": { "web": { "href": web } },
        "description": "",
        "reason": "continuousIntegration",
    })
}

/// The release definition of a deployment.
pub fn definition(world: &World, d: &Deployment) -> Value {
    json!({
        "id": d.project + 1,
        "name": format!("{} delivery", PROJECTS[d.project]),
        "path": "\\",
        "projectReference": { "id": world.project_id(d.project), "name": null },
    })
}
