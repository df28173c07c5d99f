//! Durations (D1), times to an answer (D2) and queue waits (D3).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Done, seconds};
use crate::history::hooks;
use crate::history::world::World;
use crate::time::{self, SECOND, Ticks};

/// Fewest values of a trimmed mean.
const TRIMMED_MIN: usize = 30;

/// A pipeline's durations.
#[derive(Clone, Debug, Serialize)]
pub struct Durations {
    /// D1.
    pub duration: Distribution,
    /// D2.
    pub time_to_answer: Distribution,
}

/// Lengths in seconds; percentiles by nearest rank: the smallest value that at least so many
/// percent of all do not exceed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// How many.
    pub count: usize,
    /// Their sum.
    pub sum: f64,
    /// The 50th percentile.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 95th percentile.
    pub p95: Option<f64>,
    /// The mean after two cuts (D1); nothing below 30 values.
    pub trimmed_mean: Option<f64>,
}

/// Waits that began in one hour.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hour {
    /// The pool.
    pub pool: String,
    /// The job's name; nothing when builds waited.
    pub job: String,
    /// The beginning of the hour.
    pub hour: String,
    /// Their waits.
    pub waits: Distribution,
}

/// Waits by pool, job name and the hour they began in.
type Hours = BTreeMap<(String, String, Ticks), Vec<Ticks>>;

pub(super) fn of(done: &[Done<'_>]) -> Durations {
    let plain = done.iter().filter(|d| d.result == "succeeded" && d.effective() == 1);
    Durations {
        duration: distribution(plain.filter_map(|d| Some(d.finish - d.start?))),
        time_to_answer: distribution(done.iter().map(|d| d.finish - d.build.queue)),
    }
}

/// Queue waits by the name of the pool.
pub(super) fn waits(world: &World, done: &[Done<'_>]) -> BTreeMap<String, Distribution> {
    let mut pools: BTreeMap<String, Vec<Ticks>> = BTreeMap::new();
    for one in done {
        if let (Some(start), Some(definition)) = (one.start, world.definition(one.build)) {
            let pool = world.pool(definition).name.to_owned();
            pools.entry(pool).or_default().push(start - one.build.queue);
        }
    }
    pools.into_iter().map(|(pool, waits)| (pool, distribution(waits))).collect()
}

/// Queue waits by pool and hour.
pub(super) fn waits_by_hour(world: &World, done: &[Done<'_>]) -> Vec<Hour> {
    let mut found = Hours::new();
    for one in done {
        if let (Some(start), Some(definition)) = (one.start, world.definition(one.build)) {
            let pool = world.pool(definition).name.to_owned();
            let key = (pool, String::new(), hour(one.build.queue));
            found.entry(key).or_default().push(start - one.build.queue);
        }
    }
    hours(found)
}

/// Waits of jobs whose running event was sent, by pool, job name and hour; of builds that are not
/// deleted, because nobody may know the pool of the others.
pub(super) fn job_waits_by_hour(world: &World, now: Ticks) -> Vec<Hour> {
    let mut found = Hours::new();
    for build in world.builds.iter().filter(|build| !build.is_deleted(now)) {
        let Some(definition) = world.definition(build) else { continue };
        let pool = world.pool(definition).name;
        for wait in hooks::waits(world, build).filter(|wait| wait.running <= now) {
            let Some(job) = world.layout.jobs(wait.job.stage).get(wait.job.index) else { continue };
            let key = (pool.to_owned(), job.name.clone(), hour(wait.waiting));
            found.entry(key).or_default().push(wait.running - wait.waiting);
        }
    }
    hours(found)
}

fn hours(found: Hours) -> Vec<Hour> {
    let hour = |((pool, job, hour), waits): ((String, String, Ticks), Vec<Ticks>)| Hour {
        pool,
        job,
        hour: time::text(hour),
        waits: distribution(waits),
    };
    found.into_iter().map(hour).collect()
}

fn hour(time: Ticks) -> Ticks {
    time - time.rem_euclid(3_600 * SECOND)
}

/// Waits of jobs whose running event was sent, by the pool or by the job's name.
pub(super) fn job_waits(
    world: &World,
    now: Ticks,
    by: impl for<'a> Fn(&'a str, &'a str) -> &'a str,
) -> BTreeMap<String, Distribution> {
    let mut waits: BTreeMap<String, Vec<Ticks>> = BTreeMap::new();
    for build in &world.builds {
        let Some(definition) = world.definition(build) else { continue };
        let pool = world.pool(definition).name;
        for wait in hooks::waits(world, build).filter(|wait| wait.running <= now) {
            let Some(job) = world.layout.jobs(wait.job.stage).get(wait.job.index) else { continue };
            let length = wait.running - wait.waiting;
            waits.entry(by(pool, &job.name).to_owned()).or_default().push(length);
        }
    }
    waits.into_iter().map(|(key, lengths)| (key, distribution(lengths))).collect()
}

/// Sums up lengths.
pub(super) fn distribution(lengths: impl IntoIterator<Item = Ticks>) -> Distribution {
    let mut sorted: Vec<Ticks> = lengths.into_iter().collect();
    sorted.sort_unstable();
    let rank = |percent| nearest(&sorted, percent).map(seconds);
    Distribution {
        count: sorted.len(),
        sum: seconds(sorted.iter().sum()),
        p50: rank(50),
        p90: rank(90),
        p95: rank(95),
        trimmed_mean: trimmed(&sorted),
    }
}

/// The percentile of sorted values by nearest rank.
pub(super) fn nearest(sorted: &[Ticks], percent: usize) -> Option<Ticks> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn trimmed(sorted: &[Ticks]) -> Option<f64> {
    if sorted.len() < TRIMMED_MIN {
        return None;
    }
    let (low, high) = (nearest(sorted, 5)?, nearest(sorted, 95)?);
    let inner: Vec<f64> =
        sorted.iter().filter(|v| (low..=high).contains(*v)).map(|v| seconds(*v)).collect();
    let mean = inner.iter().sum::<f64>() / inner.len() as f64;
    let squares: f64 = inner.iter().map(|v| (v - mean) * (v - mean)).sum();
    let reach = (2.0 * squares / (inner.len() as f64 - 1.0)).sqrt();
    let kept: Vec<f64> = inner.into_iter().filter(|v| (v - mean).abs() <= reach).collect();
    Some(kept.iter().sum::<f64>() / kept.len() as f64)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn percentiles_are_values_of_the_list() {
        let ten: Vec<Ticks> = (1..=10).map(|n| n * SECOND).collect();
        let found = distribution(ten);
        assert_eq!((found.count, found.sum), (10, 55.0));
        assert_eq!((found.p50, found.p90, found.p95), (Some(5.0), Some(9.0), Some(10.0)));
        assert_eq!(found.trimmed_mean, None);
        assert_eq!(distribution([]).p50, None);
    }

    #[test]
    fn outliers_do_not_move_the_trimmed_mean() {
        let mut lengths = vec![100 * SECOND; 60];
        lengths.extend([SECOND, 9_000 * SECOND]);
        assert_eq!(distribution(lengths).trimmed_mean, Some(100.0));
    }
}
