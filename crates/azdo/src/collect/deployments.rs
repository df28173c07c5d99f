//! Deployments of classic releases: a list by the time of change, a row each.
//!
//! A failure here is a run of its own: a token without the right to read releases must not stop
//! the collection of builds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Collector;
use super::failure::Failure;
use super::run::{Kind, Run, Tally};
use super::sink::{Documents, Sink};
use super::state::text_of;
use crate::client::Transport;
use crate::rows;
use crate::wire::{Deployment, ProjectRef};

/// How far the list has been read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Read {
    /// The newest time of change all deployments up to which are durable; 0: none yet.
    cursor_ns: i64,
    /// Deployments within the overlap: id → time of change.
    recent: BTreeMap<i64, i64>,
    collected_ns: i64,
}

impl<T: Transport, S: Sink> Collector<T, S> {
    pub(super) fn deployments(&self, project: &str) -> Run {
        let begun = self.begin(Kind::Releases);
        let tally = Tally::default();
        let done = self.read_deployments(project, &tally);
        self.end(&begun, project, &tally, done.err(), |_| ())
    }

    fn read_deployments(&self, project: &str, tally: &Tally) -> Result<(), Failure> {
        let state = self.state(project);
        let mut read: Read = state.releases();
        let from_ns = match read.cursor_ns {
            0 => self.now().saturating_sub(self.plan.backfill_ns),
            cursor => cursor.saturating_sub(self.plan.overlap_ns),
        };
        let mut named = None;
        self.client.deployments(project, &text_of(from_ns), |page: Vec<Deployment>| {
            tally.listed.fetch_add(page.len() as u64, std::sync::atomic::Ordering::Relaxed);
            let modified = |deployment: &Deployment| deployment.last_modified_on.unwrap_or(0);
            let is_new = |d: &Deployment| read.recent.get(&d.id) != Some(&modified(d));
            let (new, known): (Vec<_>, Vec<_>) = page.into_iter().partition(is_new);
            tally.unchanged.fetch_add(known.len() as u64, std::sync::atomic::Ordering::Relaxed);
            tally.fetched.fetch_add(new.len() as u64, std::sync::atomic::Ordering::Relaxed);
            if new.is_empty() {
                return Ok(());
            }
            let now = self.now();
            for deployment in &new {
                let at = modified(deployment);
                read.cursor_ns = read.cursor_ns.max(at.min(now));
                read.recent.insert(deployment.id, at);
            }
            let oldest = read.cursor_ns.saturating_sub(self.plan.overlap_ns);
            read.recent.retain(|_, at| *at >= oldest);
            read.collected_ns = now.max(read.collected_ns.saturating_add(100));
            let project = match &named {
                Some(found) => found,
                None => named.insert(self.named(project)?),
            };
            self.sink.deployed(project, &new)?;
            let batch = rows::of_deployments(&new, &self.context(project, read.collected_ns))?;
            let mut documents = Documents::new();
            state.put_releases(&mut documents, &read);
            Ok::<(), Failure>(self.sink.write(batch.into_iter().collect(), documents)?)
        })
    }

    /// Name and id of a project: deployments do not tell them.
    fn named(&self, project: &str) -> Result<ProjectRef, Failure> {
        let known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let found = known.iter().find(|known| known.name == project || known.id == project);
        let found = found.cloned();
        drop(known);
        let found = match found {
            Some(found) => found,
            None => {
                let found = self.client.project(project)?;
                let mut known = self.known.lock().unwrap_or_else(|e| e.into_inner());
                known.push(crate::client::Project { name: project.to_owned(), ..found.clone() });
                found
            }
        };
        Ok(ProjectRef { id: found.id, name: found.name, visibility: String::new() })
    }
}
