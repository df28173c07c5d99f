//! Red time (R1), time to green (R2) and kinds of streaks (R3) of a pipeline on its main branch.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Done, durations, seconds, share};
use crate::history::errors::Kind;
use crate::history::plan::Story;
use crate::history::world::{World, begin};
use crate::time::{self, Ticks};

/// Red times of a pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct Red {
    /// The intervals, oldest first.
    pub intervals: Vec<RedInterval>,
    /// Their sum; an open one counts until now.
    pub red_seconds: f64,
    /// R1: that sum / the time from the beginning of the history to now.
    pub red_share: f64,
    /// R2: median length of closed intervals.
    pub median_seconds_to_green: Option<f64>,
}

/// A time in which the main branch failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedInterval {
    /// Finish of the first failed build.
    pub start: String,
    /// Finish of the next pass; nothing when it still fails.
    pub finish: Option<String>,
    /// Length, to now when it is open.
    pub seconds: f64,
    /// Failed builds.
    pub failed: usize,
    /// Different commits among them.
    pub commits: usize,
    /// R3: `persistent` or `intermittent`.
    pub kind: &'static str,
}

/// What failures must share to have the same fingerprint; nothing when there is no error.
pub(super) fn fingerprint(done: &Done<'_>) -> Option<(Option<Kind>, u16)> {
    if done.build.story == Story::Invalid {
        return Some((None, 0));
    }
    let failure = done.build.failure.filter(|f| f.kind.has_fingerprint())?;
    let variant = if failure.kind.names_variant() { failure.variant } else { 0 };
    let kind = match failure.kind {
        // These texts differ by the marker only, which fingerprints leave out.
        Kind::Compile | Kind::Code | Kind::Flood => Kind::Compile,
        other => other,
    };
    Some((Some(kind), variant))
}

pub(super) fn of(world: &World, done: &[Done<'_>], now: Ticks) -> Red {
    let mut main: Vec<&Done<'_>> =
        done.iter().filter(|d| !d.build.is_pull_request() && (d.passed() || d.failed())).collect();
    main.sort_by_key(|d| (d.finish, d.build.id));
    let mut intervals = Vec::new();
    let mut failed: Vec<&Done<'_>> = Vec::new();
    let mut closed = Vec::new();
    let mut sum = 0;
    for build in main {
        if build.failed() {
            failed.push(build);
        } else if let Some(first) = failed.first() {
            let length = build.finish - first.finish;
            sum += length;
            closed.push(length);
            intervals.push(interval(&failed, Some(build.finish), length));
            failed.clear();
        }
    }
    if let Some(first) = failed.first() {
        sum += now - first.finish;
        intervals.push(interval(&failed, None, now - first.finish));
    }
    let period = now - begin(&world.shape);
    closed.sort_unstable();
    Red {
        intervals,
        red_seconds: seconds(sum),
        red_share: share(sum as usize, period as usize),
        median_seconds_to_green: durations::nearest(&closed, 50).map(seconds),
    }
}

fn interval(failed: &[&Done<'_>], finish: Option<Ticks>, length: Ticks) -> RedInterval {
    let commits: BTreeSet<u64> = failed.iter().map(|d| d.build.commit).collect();
    let prints: BTreeSet<_> = failed.iter().map(|d| fingerprint(d)).collect();
    let same = prints.len() == 1 && !prints.contains(&None);
    let persistent = failed.len() >= 3 && commits.len() >= 2 && same;
    RedInterval {
        start: failed.first().map_or_else(String::new, |d| time::text(d.finish)),
        finish: finish.map(time::text),
        seconds: seconds(length),
        failed: failed.len(),
        commits: commits.len(),
        kind: if persistent { "persistent" } else { "intermittent" },
    }
}
