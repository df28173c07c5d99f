//! The collector: what has changed at a source → rows and cursors, durable together
//! (spec azure-devops.md §4).
//!
//! Invariants: the rows of a build and the note that it was collected go into one write, so a kill
//! at any moment loses and repeats nothing; the cursor moves only over builds that are durable or
//! durably pending; one build per worker is in memory, and one page of the list.

mod build;
mod deployments;
mod failure;
mod glob;
mod list;
mod logs;
mod reconcile;
mod results;
mod run;
mod sink;
pub mod state;
mod sweep;
#[cfg(test)]
mod tests;
mod tried;
mod work;

use std::sync::{Arc, Mutex};

pub use failure::Failure;
pub use glob::Globs;
pub use run::{Kind, Run, Summary};
pub use sink::{Documents, Notes, Sink, SinkError};
use state::State;
use work::Claims;

use crate::category::Categories;
use crate::client::{Client, Transport};
use crate::identity::Identities;
use crate::rows::{Context, Tests};
use crate::wire;

/// Which logs are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    Off,
    /// Of failed tasks: errors beyond the ten the service keeps.
    Failed,
    /// Of all tasks.
    All,
}

/// Of which jobs the image is read, which only the log of their first step tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    Off,
    /// Of jobs that did not succeed, of so many of a build at most.
    Failed,
    /// Of all jobs: a request each.
    All,
}

/// What is stored of people, owning the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    Drop,
    Hash(Vec<u8>),
    Keep,
}

/// What is collected of one source. Times are nanoseconds.
#[derive(Debug)]
pub struct Plan {
    /// The value of the column Organization.
    pub source: String,
    /// Names, ids or patterns of projects.
    pub projects: Globs,
    /// Patterns of `folder\name` of definitions.
    pub definitions: Globs,
    pub page_size: usize,
    pub overlap_ns: i64,
    pub backfill_ns: i64,
    pub reconcile_every_ns: i64,
    pub reconcile_window_ns: i64,
    /// None: no requests about tests.
    pub tests: Option<Tests>,
    pub logs: Logs,
    /// Most bytes read of one log.
    pub log_bytes_max: u64,
    pub images: Images,
    pub releases: bool,
    pub people: People,
    pub categories: Arc<Categories>,
}

/// Hears how a pass goes on, for a progress bar.
pub trait Watch: Sync {
    /// So many more builds are to be looked at.
    fn listed(&self, _builds: u64) {}
    /// One of them is done.
    fn done(&self) {}
}

/// Watches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {}

/// The collector of one source; threads share it.
pub struct Collector<T, S> {
    client: Client<T>,
    sink: S,
    plan: Plan,
    claims: Claims,
    /// Held while the facts of a project change.
    editing: Mutex<()>,
    /// Names and ids of projects as they were last listed.
    known: Mutex<Vec<crate::client::Project>>,
}

impl<T: Transport, S: Sink> Collector<T, S> {
    pub fn new(client: Client<T>, sink: S, plan: Plan) -> Collector<T, S> {
        Collector {
            client,
            sink,
            plan,
            claims: Claims::default(),
            editing: Mutex::default(),
            known: Mutex::default(),
        }
    }

    pub fn client(&self) -> &Client<T> {
        &self.client
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn sink(&self) -> &S {
        &self.sink
    }

    /// The projects to collect: as configured, listed when a pattern asks for it.
    ///
    /// # Errors
    /// When the list is needed and cannot be had, or there is nothing to collect.
    pub fn projects(&self) -> Result<Vec<String>, Failure> {
        if let Some(names) = self.plan.projects.literal() {
            return if names.is_empty() { Err(Failure::NoProjects) } else { Ok(names) };
        }
        let all = self.client.projects()?;
        let wanted = |p: &&crate::client::Project| {
            self.plan.projects.takes(&p.name) && self.plan.projects.allows(&p.id)
        };
        let mut names = Vec::new();
        for project in all.iter().filter(wanted) {
            self.learn_id(&project.name, &project.id)?;
            names.push(project.name.clone());
        }
        *self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = all;
        if names.is_empty() { Err(Failure::NoProjects) } else { Ok(names) }
    }

    /// The name a project is collected under, by its name and id; none when it is not.
    fn collected_as(&self, project: &wire::ProjectRef) -> Option<String> {
        match self.plan.projects.literal() {
            Some(names) => names.into_iter().find(|name| {
                name.eq_ignore_ascii_case(&project.name) || name.eq_ignore_ascii_case(&project.id)
            }),
            None => {
                let globs = &self.plan.projects;
                (globs.takes(&project.name) && globs.allows(&project.id))
                    .then(|| project.name.clone())
            }
        }
    }

    /// One pass over a project: what has finished, what runs, what is due again, what was missed,
    /// what was deployed. The runs are also written as rows. Deployments are of another service and
    /// are read whatever became of the builds, unless nothing can be asked or stored.
    ///
    /// `since_ns`: lists from that time instead of the cursor.
    pub fn pass(&self, project: &str, since_ns: Option<i64>, watch: &dyn Watch) -> Vec<Run> {
        let mut runs = vec![self.poll(project, since_ns, watch)];
        let has_failed = |runs: &[Run]| runs.iter().any(|run| run.failure.is_some());
        let facts = self.state(project).facts();
        let due_ns = facts.reconciled_ns.saturating_add(self.plan.reconcile_every_ns);
        // Before the first whole pass there is nothing to compare.
        if !has_failed(&runs) && facts.cursor_ns > 0 && self.now() >= due_ns {
            runs.push(self.reconcile(project, watch));
        }
        let is_over = |run: &Run| run.failure.as_ref().is_some_and(Failure::ends_project);
        if self.plan.releases && !runs.iter().any(is_over) {
            runs.push(self.deployments(project));
        }
        runs
    }

    fn state<'a>(&'a self, project: &str) -> State<'a, S> {
        State::of(&self.sink, &self.plan.source, project)
    }

    fn now(&self) -> i64 {
        self.client.transport().now()
    }

    /// What rows of a project need to know; ids and names as the service gives them.
    fn context<'a>(&'a self, project: &'a wire::ProjectRef, collected_at: i64) -> Context<'a> {
        Context {
            organization: &self.plan.source,
            project: &project.name,
            project_id: &project.id,
            categories: &self.plan.categories,
            identities: match &self.plan.people {
                People::Drop => Identities::Drop,
                People::Hash(key) => Identities::Hash(key),
                People::Keep => Identities::Keep,
            },
            tests: self.plan.tests.unwrap_or(Tests::Summary),
            collected_at,
        }
    }
}
