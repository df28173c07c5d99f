//! What happened to a build, kept small: windows of its attempts and what went wrong. All times of
//! its stages and jobs follow from it by arithmetic, for its Timelines and for the truth alike.

use super::dice::Dice;
use super::errors::{Kind, Place};
use super::layout::{Layout, SHARES, TEST};
use crate::time::{SECOND, Ticks};

/// One run of a build's stages: the first, or a retry of the stage that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: Ticks,
    pub(crate) finish: Ticks,
}

/// A planted failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) variant: u16,
    /// Which job of the stage.
    pub(crate) job: u16,
    /// Errors of a flood.
    pub(crate) flood: u16,
    /// Failed tests of this definition are flaky, broken or new by this (see `tests`).
    pub(crate) test: u16,
}

/// How a build went, apart from failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// It ran to its end.
    Ran,
    /// A person stopped it during its tests.
    Canceled,
    /// A person stopped it before a machine took it: no Timeline, no start.
    CanceledInQueue,
    /// Its YAML was invalid: no Timeline.
    Invalid,
}

/// A planned build.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) id: i64,
    pub(crate) definition: usize,
    /// Counts the builds of its definition.
    pub(crate) revision: u32,
    pub(crate) reason: &'static str,
    pub(crate) queue: Ticks,
    pub(crate) attempts: Vec<Window>,
    /// Run time of a first attempt in which nothing is skipped.
    pub(crate) length: Ticks,
    pub(crate) story: Story,
    pub(crate) failure: Option<Failure>,
    /// Whether the last attempt fails as well.
    pub(crate) fails_for_good: bool,
    /// Machines lost in the first stage; their jobs were re-run by the service.
    pub(crate) lost: u16,
    /// Warnings of one task; with `issues` it succeeds with issues.
    pub(crate) warnings: u32,
    pub(crate) with_issues: bool,
    pub(crate) commit: u64,
    pub(crate) pull_request: Option<u32>,
    pub(crate) author: u32,
    pub(crate) triggered_by: Option<i64>,
    pub(crate) deleted: Option<Ticks>,
    pub(crate) touched: Option<Ticks>,
}

/// What is to be seen of a build at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing yet.
    Absent,
    /// It waits for a machine.
    Queued,
    /// Its n-th attempt runs.
    Running(usize),
    /// Its n-th attempt has ended and no later one has begun.
    Done(usize),
}

/// A job of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobRun {
    pub(crate) stage: usize,
    pub(crate) index: usize,
    /// The attempt it belongs to, 1 = the first; re-run by the service: 2.
    pub(crate) attempt: usize,
    /// Nothing for a job that the service gave up and re-ran.
    pub(crate) times: Option<(Ticks, Ticks)>,
    pub(crate) result: &'static str,
}

impl JobRun {
    /// Finish less start; 0 without times.
    pub(crate) fn duration(&self) -> Ticks {
        self.times.map_or(0, |(start, finish)| finish - start)
    }

    /// Whether it counts as failed: failed, canceled or abandoned.
    pub(crate) fn failed(&self) -> bool {
        matches!(self.result, "failed" | "canceled" | "abandoned")
    }
}

/// A stage of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StageRun {
    pub(crate) start: Ticks,
    pub(crate) finish: Ticks,
    pub(crate) result: &'static str,
}

impl Build {
    /// What is to be seen of it.
    pub(crate) fn at(&self, now: Ticks) -> Moment {
        if now < self.queue {
            return Moment::Absent;
        }
        let mut moment = Moment::Queued;
        for (index, window) in self.attempts.iter().enumerate() {
            if now >= window.finish {
                moment = Moment::Done(index + 1);
            } else if now >= window.start {
                moment = Moment::Running(index + 1);
            }
        }
        moment
    }

    /// Whether it is deleted.
    pub(crate) fn is_deleted(&self, now: Ticks) -> bool {
        self.deleted.is_some_and(|at| at <= now)
    }

    /// Whether it has a Timeline once it has started.
    pub(crate) fn has_timeline(&self) -> bool {
        matches!(self.story, Story::Ran | Story::Canceled)
    }

    /// Whether the n-th attempt fails.
    pub(crate) fn fails_in(&self, attempt: usize) -> bool {
        self.failure.is_some() && (attempt < self.attempts.len() || self.fails_for_good)
    }

    /// The build's result after the n-th attempt.
    pub(crate) fn result(&self, attempt: usize) -> &'static str {
        match self.story {
            Story::Canceled | Story::CanceledInQueue => "canceled",
            Story::Invalid => "failed",
            Story::Ran if self.fails_in(attempt) => "failed",
            Story::Ran if self.with_issues => "partiallySucceeded",
            Story::Ran => "succeeded",
        }
    }

    /// The last start and finish of the n-th attempt.
    pub(crate) fn window(&self, attempt: usize) -> Option<Window> {
        self.attempts.get(attempt.checked_sub(1)?).copied()
    }

    /// Whether it tests a pull request.
    pub(crate) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// The first stage that the n-th attempt runs: retries begin with the stage that failed.
    pub(crate) fn first_stage(&self, attempt: usize) -> usize {
        match self.failure {
            Some(failure) if attempt > 1 => failure.kind.stage(),
            _ => 0,
        }
    }

    /// The stage after which the n-th attempt ends and the later ones are skipped.
    fn last_stage(&self, attempt: usize) -> usize {
        match (self.story, self.failure) {
            (Story::Canceled, _) => TEST,
            (_, Some(failure)) if self.fails_in(attempt) => failure.kind.stage(),
            _ => SHARES.len() - 1,
        }
    }

    /// How long the n-th attempt runs.
    pub(crate) fn attempt_length(&self, attempt: usize) -> Ticks {
        (self.first_stage(attempt)..=self.last_stage(attempt)).map(|s| self.stage_length(s)).sum()
    }

    fn stage_length(&self, stage: usize) -> Ticks {
        let full = self.length / 1_000 * SHARES.get(stage).copied().unwrap_or(0);
        if stage == TEST && self.story == Story::Canceled { full / 2 } else { full }
    }

    /// A stage of the n-th attempt; nothing when that attempt does not run or skip it.
    pub(crate) fn stage(&self, attempt: usize, stage: usize) -> Option<StageRun> {
        let first = self.first_stage(attempt);
        if stage < first || stage >= SHARES.len() {
            return None;
        }
        let last = self.last_stage(attempt);
        let before: Ticks = (first..stage.min(last + 1)).map(|s| self.stage_length(s)).sum();
        let start = self.window(attempt)?.start + before;
        if stage > last {
            return Some(StageRun { start, finish: start, result: "skipped" });
        }
        let result = match self.story {
            Story::Canceled if stage == last => "canceled",
            _ if stage == last && self.fails_in(attempt) => "failed",
            _ if stage == TEST && self.with_issues => "succeededWithIssues",
            _ => "succeeded",
        };
        Some(StageRun { start, finish: start + self.stage_length(stage), result })
    }

    /// A job of the n-th attempt; for a job re-run by the service its second run.
    pub(crate) fn job(
        &self,
        dice: Dice,
        attempt: usize,
        stage: usize,
        index: usize,
    ) -> Option<JobRun> {
        let run = self.stage(attempt, stage)?;
        let mut job = JobRun { stage, index, attempt, times: None, result: run.result };
        if run.result == "skipped" {
            job.times = Some((run.start, run.start));
            return Some(job);
        }
        let span = run.finish - run.start;
        let draw = dice
            .of("job", self.id as u64)
            .of("at", (attempt * 100_000 + stage * 10_000 + index) as u64);
        let lost = self.is_lost(attempt, stage, index);
        let delay = if lost { 300 } else { draw.between(0, 50) };
        let start = run.start + SECOND + span / 1_000 * delay;
        let finish = match index {
            _ if lost => run.finish - SECOND,
            0 => run.finish - SECOND,
            _ => {
                start + (run.finish - SECOND - start) / 1_000 * draw.of("end", 0).between(400, 950)
            }
        };
        job.times = Some((start, finish));
        if lost {
            job.attempt = 2;
        }
        job.result = match self.failure {
            Some(failure) if self.is_failing(attempt, stage, index) => failure.kind.result(),
            _ if run.result == "canceled" && index == 0 => "canceled",
            _ if run.result == "succeededWithIssues" && index == 0 => "succeededWithIssues",
            _ => "succeeded",
        };
        Some(job)
    }

    /// Whether this is the job that fails.
    pub(crate) fn is_failing(&self, attempt: usize, stage: usize, index: usize) -> bool {
        self.fails_in(attempt)
            && self.failure.is_some_and(|f| f.kind.stage() == stage && usize::from(f.job) == index)
    }

    /// Whether the job's first machine was lost.
    pub(crate) fn is_lost(&self, attempt: usize, stage: usize, index: usize) -> bool {
        attempt == 1 && stage == 0 && index < usize::from(self.lost)
    }

    /// Every job that is a row once the given number of attempts have been collected, jobs that
    /// were given up included, each once.
    pub(crate) fn jobs(&self, dice: Dice, layout: &Layout, attempts: usize) -> Vec<JobRun> {
        let mut jobs = Vec::new();
        if !self.has_timeline() {
            return jobs;
        }
        for attempt in 1..=attempts {
            for stage in self.first_stage(attempt)..SHARES.len() {
                for index in 0..layout.jobs(stage).len() {
                    // A retry of a stage re-runs what failed and keeps what passed.
                    if attempt > 1 && self.keeps(attempt, stage, index) {
                        continue;
                    }
                    if self.is_lost(attempt, stage, index) {
                        let result = "abandoned";
                        jobs.push(JobRun { stage, index, attempt: 1, times: None, result });
                    }
                    jobs.extend(self.job(dice, attempt, stage, index));
                }
            }
        }
        jobs
    }

    /// Whether the n-th attempt keeps a job of the retried stage because it passed before.
    pub(crate) fn keeps(&self, attempt: usize, stage: usize, index: usize) -> bool {
        attempt > 1
            && self.failure.is_some_and(|f| {
                stage < f.kind.stage() || (stage == f.kind.stage() && usize::from(f.job) != index)
            })
    }

    /// How many attempts a collector must count: a job re-run by the service is a second one.
    pub(crate) fn effective_attempts(&self, attempts: usize) -> usize {
        if self.lost > 0 && self.has_timeline() { attempts.max(2) } else { attempts }
    }

    /// The place of the failing task in its job; nothing when the job itself fails.
    pub(crate) fn failing_task(&self, layout: &Layout) -> Option<usize> {
        let failure = self.failure?;
        let job = layout.jobs(failure.kind.stage()).get(usize::from(failure.job))?;
        match failure.kind.place() {
            Place::Checkout => Some(super::layout::CHECKOUT),
            Place::Main => Some(job.main()),
            Place::Job => None,
        }
    }
}
