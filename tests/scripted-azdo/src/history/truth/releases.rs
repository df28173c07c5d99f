//! Releases: frequency (Q1), lead time (Q2), change failure rate (Q3), time to restore (Q4).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Distribution, day, durations, share, week};
use crate::history::releases::{Deployment, ENVIRONMENTS};
use crate::history::world::World;
use crate::time::{self, DAY, Ticks};

/// What is true of an environment.
#[derive(Clone, Debug, Serialize)]
pub struct EnvironmentTruth {
    /// The project.
    pub project: String,
    /// The environment's name.
    pub environment: &'static str,
    /// Deployments that completed.
    pub deployments: usize,
    /// Of these, those that succeeded.
    pub succeeded: usize,
    /// Of these, those that failed.
    pub failed: usize,
    /// Q1: succeeded deployments by the day they completed.
    pub succeeded_by_day: BTreeMap<String, usize>,
    /// Q1: the same by week, named by its Sunday.
    pub succeeded_by_week: BTreeMap<String, usize>,
    /// Q2.
    pub lead_time: Distribution,
    /// Deployments that failed, or after which one of an older release began within 24 h.
    pub change_failures: usize,
    /// Q3, from 0 to 1.
    pub change_failure_rate: f64,
    /// Q4, for each failed deployment after which one succeeded.
    pub time_to_restore: Distribution,
    /// Failed deployments after which none succeeded yet.
    pub not_restored: usize,
}

pub(super) fn of(world: &World, now: Ticks) -> Vec<EnvironmentTruth> {
    let mut found = Vec::new();
    for (project, named) in world.projects.iter().enumerate() {
        for (environment, name) in ENVIRONMENTS.into_iter().enumerate() {
            let mut own: Vec<&Deployment> = world
                .deployments
                .iter()
                .filter(|d| d.project == project && d.environment == environment)
                .filter(|d| d.queued <= now)
                .collect();
            own.sort_by_key(|d| (d.completed, d.id));
            found.push(one(world, named.name.clone(), name, &own, now));
        }
    }
    found
}

fn one(
    world: &World,
    project: String,
    environment: &'static str,
    queued: &[&Deployment],
    now: Ticks,
) -> EnvironmentTruth {
    let own: Vec<&Deployment> = queued.iter().copied().filter(|d| d.completed <= now).collect();
    let mut succeeded_by_day = BTreeMap::new();
    let mut succeeded_by_week = BTreeMap::new();
    let mut lead = Vec::new();
    let mut restore = Vec::new();
    let (mut failed, mut change_failures, mut not_restored) = (0, 0, 0);
    for (at, deployment) in own.iter().enumerate() {
        let later = own.get(at + 1..).unwrap_or_default();
        // What matters is when somebody went back, not how long that took.
        let undone = queued.iter().any(|d| {
            let begin = if d.started <= now { d.started } else { d.queued };
            d.release < deployment.release && (0..=DAY).contains(&(begin - deployment.completed))
        });
        change_failures += usize::from(undone || !deployment.succeeded);
        if deployment.succeeded {
            *succeeded_by_day.entry(day(deployment.completed)).or_default() += 1;
            let week = time::text(week(deployment.completed));
            *succeeded_by_week.entry(week).or_default() += 1;
            let built = world.build(deployment.build).and_then(|b| b.attempts.last());
            lead.extend(built.map(|window| deployment.completed - window.finish));
        } else {
            failed += 1;
            match later.iter().find(|d| d.succeeded) {
                Some(next) => restore.push(next.completed - deployment.completed),
                None => not_restored += 1,
            }
        }
    }
    EnvironmentTruth {
        project,
        environment,
        deployments: own.len(),
        succeeded: own.len() - failed,
        failed,
        succeeded_by_day,
        succeeded_by_week,
        lead_time: durations::distribution(lead),
        change_failures,
        change_failure_rate: share(change_failures, own.len()),
        time_to_restore: durations::distribution(restore),
        not_restored,
    }
}
