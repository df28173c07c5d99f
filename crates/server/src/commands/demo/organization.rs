//! An invented organisation of Azure DevOps with all that happens in it, planned from a seed.
//!
//! What it says on the wire is collected by the same code that collects real ones: the
//! demonstration has a transport of its own ([`service::Service`]) and nothing else.

mod events;
mod failure;
pub mod layout;
pub mod plan;
mod releases;
pub mod service;
mod tests;
mod wire;

pub use events::events;
pub use service::Service;

use self::plan::Build;
use self::releases::Deployment;
use super::calendar::MINUTE;
use super::dice::Dice;

/// Everything planned.
#[derive(Debug)]
pub struct World {
    pub dice: Dice,
    /// In the order of their numbers, which is that of their queue times.
    pub builds: Vec<Build>,
    deployments: Vec<Deployment>,
    projects: Vec<String>,
}

impl World {
    /// Plans what happens between two times, in nanoseconds since 1970.
    pub fn new(dice: Dice, begin: i64, end: i64) -> World {
        let dice = dice.of("organization", 0);
        let builds = plan::builds(dice, begin, end);
        let deployments = releases::plan(dice, &builds);
        let projects = layout::PROJECTS.iter().zip(0..);
        let projects = projects.map(|(_, number)| dice.of("project", number).guid()).collect();
        World { dice, builds, deployments, projects }
    }

    /// The id of a project, by its place.
    pub fn project_id(&self, project: usize) -> &str {
        &self.projects[project]
    }

    pub fn collection_id(&self) -> String {
        self.dice.of("collection", 0).guid()
    }

    /// A build by its number.
    pub fn build(&self, id: i64) -> Option<&Build> {
        let first = self.builds.first()?.id;
        self.builds.get(usize::try_from(id - first).ok()?)
    }

    /// The id of a record of a build.
    pub fn record_id(&self, build: &Build, kind: &str, attempt: usize, place: usize) -> String {
        let place = attempt * 1_000_000 + place;
        self.dice.at("record", build.id).of(kind, place as u64).guid()
    }

    /// The times at which a collector that looks every five minutes finds something new in a
    /// project, up to a time.
    pub fn news(&self, project: usize, end: i64) -> Vec<i64> {
        let step = 5 * MINUTE;
        let builds = self.builds.iter().filter(|build| build.definition().project == project);
        let finished = builds.flat_map(|build| build.attempts.iter().map(|a| a.finish));
        let deployed = self.deployments.iter().filter(|d| d.project == project);
        let mut times: Vec<i64> = finished
            .chain(deployed.map(|d| d.completed))
            .map(|at| (at.div_euclid(step) + 1) * step)
            .filter(|at| *at < end)
            .collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

/// The place of a job, and of a task in it, among the records of their kind.
pub fn job_place(stage: usize, job: usize) -> usize {
    stage * 10_000 + job * 100
}
