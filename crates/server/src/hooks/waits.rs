//! How long jobs waited for a machine and deployments for an approval, from the events of hooks
//! (spec azure-devops.md §8.7): timelines do not tell it.
//!
//! Counted since the start of the process, as all counters are; the rows of `PipelineEvents` tell
//! it for any time. A job's wait is known once both of its events came, in either order.

use std::collections::{HashMap, VecDeque};

use azdo::hook::{Delivery, Event, Kind};
use parking_lot::Mutex;

use crate::metrics::Page;

/// Upper bounds of the buckets, seconds.
const BOUNDS: [u64; 14] =
    [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 43_200, 86_400];
/// Jobs of which only one event came that are remembered; the oldest goes first.
const OPEN_MAX: usize = 10_000;

/// What waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Job,
    Approval,
}

/// What an event tells of a wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// A job began to wait or to run.
    Job { job: String, is_running: bool, at: i64 },
    /// An approval was given or refused after so many nanoseconds.
    Approved(i64),
}

/// What a delivery tells of a wait, if anything.
pub fn moment(delivery: &Delivery) -> Option<Moment> {
    let envelope = &delivery.envelope;
    let after = |from: Option<i64>, to: Option<i64>| Some(Moment::Approved(to? - from?));
    match (&delivery.event, delivery.kind) {
        (Event::JobStateChanged(state, _, job), _) => {
            let is_running = match job.state.to_ascii_lowercase().as_str() {
                "waiting" => false,
                "running" => true,
                _ => return None,
            };
            let attempt = job.attempt.unwrap_or(1);
            let place = [&envelope.organization, &envelope.project_id].map(|p| p.to_lowercase());
            let job = format!("{}/{}/{}/{attempt}", place.join("/"), state.run.id, job.id);
            Some(Moment::Job { job, is_running, at: envelope.created_date? })
        }
        (Event::CheckApproval(approval), Kind::CheckApprovalCompleted) => {
            after(approval.created_on, approval.last_modified_on)
        }
        (Event::DeploymentApproval(approval), Kind::DeploymentApprovalCompleted) => {
            after(approval.created_on, approval.modified_on)
        }
        _ => None,
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Counted {
    /// One for each bound; above the last: only in `count`.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum_ns: u64,
}

impl Counted {
    fn add(&mut self, nanos: i64) {
        // Clocks of several machines are compared.
        let nanos = nanos.max(0).unsigned_abs();
        let bucket = BOUNDS.iter().position(|bound| nanos <= bound * 1_000_000_000);
        if let Some(count) = bucket.and_then(|at| self.buckets.get_mut(at)) {
            *count += 1;
        }
        self.count += 1;
        self.sum_ns = self.sum_ns.saturating_add(nanos);
    }
}

#[derive(Debug, Default)]
struct Inner {
    jobs: Counted,
    approvals: Counted,
    /// Job → whether it ran, and since when.
    open: HashMap<String, (bool, i64)>,
    /// In the order they came; one may stand here that is gone.
    order: VecDeque<String>,
    forgotten: u64,
}

/// All waits since the start.
#[derive(Debug, Default)]
pub struct Waits(Mutex<Inner>);

impl Waits {
    /// Counts what an event told.
    pub fn hear(&self, moment: Moment) {
        let mut inner = self.0.lock();
        let (job, is_running, at) = match moment {
            Moment::Approved(nanos) => return inner.approvals.add(nanos),
            Moment::Job { job, is_running, at } => (job, is_running, at),
        };
        match inner.open.get(&job).copied() {
            Some((was_running, other)) if was_running != is_running => {
                inner.open.remove(&job);
                inner.jobs.add(if is_running { at - other } else { other - at });
            }
            Some(_) => {}
            None => {
                inner.open.insert(job.clone(), (is_running, at));
                inner.order.push_back(job);
            }
        }
        while inner.order.len() > OPEN_MAX {
            let oldest = inner.order.pop_front();
            if oldest.is_some_and(|oldest| inner.open.remove(&oldest).is_some()) {
                inner.forgotten += 1;
            }
        }
    }

    /// Adds the lines of `/metrics`.
    pub fn lines(&self, page: &mut Page) {
        let inner = self.0.lock();
        for (what, counted) in [(What::Job, &inner.jobs), (What::Approval, &inner.approvals)] {
            let (name, about) = match what {
                What::Job => ("telltale_job_wait_seconds", "How long jobs waited for a machine."),
                What::Approval => {
                    ("telltale_approval_wait_seconds", "How long deployments waited for approval.")
                }
            };
            let sum = counted.sum_ns as f64 / 1e9;
            page.counted(name, about, &BOUNDS, &counted.buckets, counted.count, sum);
        }
        let name = "telltale_job_waits_forgotten_total";
        page.head(name, "counter", "Jobs of which one event of two came, forgotten for room.");
        page.line(name, &[], inner.forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn job(name: &str, is_running: bool, seconds: i64) -> Moment {
        Moment::Job { job: name.to_owned(), is_running, at: seconds * SECOND }
    }

    #[test]
    fn both_events_of_a_job_make_its_wait_in_either_order_once() {
        let waits = Waits::default();
        waits.hear(job("a", false, 100));
        waits.hear(job("b", true, 240));
        waits.hear(job("a", true, 140));
        waits.hear(job("b", false, 200));
        waits.hear(job("c", false, 1));
        let jobs = waits.0.lock().jobs.clone();
        assert_eq!((jobs.count, jobs.sum_ns), (2, 80_000_000_000));
        assert_eq!(jobs.buckets[4], 2);
    }

    #[test]
    fn jobs_that_never_run_are_forgotten_for_room() {
        let waits = Waits::default();
        for n in 0..=OPEN_MAX {
            waits.hear(job(&n.to_string(), false, 1));
        }
        let inner = waits.0.lock();
        assert_eq!((inner.open.len(), inner.forgotten), (OPEN_MAX, 1));
    }
}
