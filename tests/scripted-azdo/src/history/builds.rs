//! The builds of a history: who queues what when, and what goes wrong with it.

use super::dice::Dice;
use super::errors::{KINDS, Kind};
use super::layout::{Layout, RUNS_MAX, TEST};
use super::plan::{Build, Failure, Story, Window};
use super::tests::Suite;
use super::world::{Definition, FIRST_BUILD, POOLS, Shape, begin};
use crate::time::{DAY, SECOND, Ticks};

/// What a definition's main branch goes through.
#[derive(Clone, Debug, Default)]
struct Branch {
    revision: u32,
    commit: u64,
    /// The same failure for so many more builds.
    broken: Option<(Failure, u32)>,
    /// The last passed build of the branch: its id and finish.
    passed: Option<(i64, Ticks)>,
}

/// Plans all builds, in the order of their queue times.
pub(crate) fn plan(
    dice: Dice,
    shape: &Shape,
    layout: &Layout,
    definitions: &[Definition],
) -> Vec<Build> {
    let mut branches = vec![Branch::default(); definitions.len()];
    let span = shape.now - begin(shape);
    let step = span / (shape.builds as i64).max(1);
    let mut builds = Vec::with_capacity(shape.builds);
    for number in 0..shape.builds {
        let draw = dice.of("build", number as u64);
        let index = if number < definitions.len() {
            number
        } else {
            draw.of("definition", 0).index(definitions.len())
        };
        let Some(definition) = definitions.get(index) else { continue };
        let queue =
            begin(shape) + step * number as i64 + draw.of("queue", 0).between(0, step.max(1));
        let mut build = base(draw, number, index, queue);
        build.length = length(draw, definition.length);
        source(draw, &mut build, &mut branches, index);
        if build.revision > 1 {
            fate(draw, shape, layout, definition, &mut branches, &mut build);
        }
        windows(draw, definition, &mut build);
        afterwards(draw, shape, &mut build);
        let last = build.attempts.len();
        if !build.is_pull_request()
            && matches!(build.result(last), "succeeded" | "partiallySucceeded")
        {
            let finish = build.window(last).map_or(queue, |w| w.finish);
            if let Some(branch) = branches.get_mut(index) {
                branch.passed = Some((build.id, finish));
            }
        }
        builds.push(build);
    }
    builds
}

fn base(draw: Dice, number: usize, definition: usize, queue: Ticks) -> Build {
    Build {
        id: FIRST_BUILD + number as i64,
        definition,
        revision: 0,
        reason: "individualCI",
        queue,
        attempts: Vec::new(),
        length: 0,
        story: Story::Ran,
        failure: None,
        fails_for_good: false,
        lost: 0,
        warnings: u32::from(draw.of("warns", 0).chance(0.05)),
        with_issues: false,
        commit: draw.of("commit", 0).raw(),
        pull_request: None,
        author: draw.of("author", 0).below(12) as u32 + 1,
        triggered_by: None,
        deleted: None,
        touched: None,
    }
}

/// Run times spread around the usual one; one in a hundred is a late finisher.
fn length(draw: Dice, usual: Ticks) -> Ticks {
    let spread = draw.of("length", 0).between(800, 1_250);
    let late = if draw.of("late", 0).chance(0.01) { 6 } else { 1 };
    usual / 1_000 * spread * late + draw.of("ticks", 0).between(0, 10_000) * 1_000
}

/// Why it was queued and what it builds.
fn source(draw: Dice, build: &mut Build, branches: &mut [Branch], index: usize) {
    // A chained build follows the last passed build of the pipeline before it.
    let upstream = index.checked_sub(1).and_then(|i| branches.get(i)).and_then(|b| b.passed);
    let upstream = upstream.filter(|(_, finish)| *finish < build.queue);
    let Some(branch) = branches.get_mut(index) else { return };
    branch.revision += 1;
    build.revision = branch.revision;
    let kind = draw.of("reason", 0).below(100);
    build.reason = match kind {
        _ if branch.revision == 1 => "individualCI",
        0..45 => "pullRequest",
        45..74 => "individualCI",
        74..80 => "batchedCI",
        80..90 => "schedule",
        90..95 => "manual",
        _ if upstream.is_some() => "buildCompletion",
        _ => "individualCI",
    };
    match build.reason {
        // About three builds belong to one pull request, all by its author.
        "pullRequest" => {
            let number = 100 + u32::try_from(build.id / 3).unwrap_or(0) * 10 + index as u32;
            build.pull_request = Some(number);
            build.author = number % 12 + 1;
        }
        // The clock and people build again what is there.
        "schedule" | "manual" => build.commit = branch.commit,
        "buildCompletion" => {
            build.commit = branch.commit;
            build.triggered_by = upstream.map(|(id, _)| id);
        }
        _ => branch.commit = build.commit,
    }
}

/// What goes wrong.
fn fate(
    draw: Dice,
    shape: &Shape,
    layout: &Layout,
    definition: &Definition,
    branches: &mut [Branch],
    build: &mut Build,
) {
    let trouble = |name: &str, probability: f64| {
        draw.of(name, 0).chance((probability * shape.trouble).min(1.0))
    };
    if trouble("invalid", 0.01) {
        build.story = Story::Invalid;
        return;
    }
    if trouble("cancel", 0.03) {
        let queued = draw.of("cancel", 1).chance(0.2);
        build.story = if queued { Story::CanceledInQueue } else { Story::Canceled };
        return;
    }
    let branch = branches.get_mut(build.definition).filter(|_| !build.is_pull_request());
    let failing = draw.of("fails", 0).chance(definition.failing.min(0.9));
    if let Some(branch) = branch {
        if let Some((failure, left)) = branch.broken.take() {
            build.failure = Some(failure);
            build.fails_for_good = true;
            branch.broken = (left > 1).then_some((failure, left - 1));
        } else if trouble("breaks", 0.025) {
            let failure = failure(draw, layout, definition, true);
            build.failure = Some(failure);
            build.fails_for_good = true;
            branch.broken = Some((failure, draw.of("breaks", 1).between(2, 6) as u32));
        }
    }
    if build.failure.is_none() && failing {
        let found = failure(draw, layout, definition, false);
        // A flake passes when it is tried again; code that is wrong does not.
        let rescue = if Suite::is_flaky(found) { 0.85 } else { 0.25 };
        build.failure = Some(found);
        build.fails_for_good = !draw.of("rescued", 0).chance(rescue);
    }
    build.lost = if trouble("lost", 0.04) && build.first_failing_stage() != Some(0) {
        let jobs = layout.jobs(0).len() as u64;
        (draw.of("lost", 1).below(jobs.min(3)) + 1) as u16
    } else {
        0
    };
    if build.failure.is_none() && trouble("issues", 0.04) {
        build.with_issues = true;
        build.warnings = draw.of("issues", 1).between(1, 4) as u32;
    }
}

/// Draws a failure; one that stays for a while is not a flake.
fn failure(draw: Dice, layout: &Layout, definition: &Definition, stays: bool) -> Failure {
    let total: u64 = KINDS.iter().map(|(_, weight)| weight).sum();
    let mut left = draw.of("kind", u64::from(stays)).below(total);
    let mut kind = Kind::Compile;
    for (candidate, weight) in KINDS {
        if left < weight {
            kind = candidate;
            break;
        }
        left -= weight;
    }
    let jobs = layout.jobs(kind.stage()).len();
    // Failed tests are those of a published run, so only the first jobs have them.
    let jobs = if kind.stage() == TEST { jobs.min(RUNS_MAX) } else { jobs };
    let variant = draw.of("variant", u64::from(stays)).below(super::errors::WORDS.len() as u64);
    let test = definition.tests.failing(draw.of("test", u64::from(stays)), stays);
    Failure {
        kind,
        variant: variant as u16,
        job: draw.of("failing job", u64::from(stays)).index(jobs) as u16,
        flood: draw.of("flood", u64::from(stays)).between(11, 60) as u16,
        test: test as u16,
    }
}

/// When its attempts run.
fn windows(draw: Dice, definition: &Definition, build: &mut Build) {
    let wait = POOLS.get(definition.pool).map_or(20, |pool| pool.wait);
    let spread = draw.of("wait", 0).between(100, 3_000);
    let start =
        build.queue + wait * SECOND / 1_000 * spread + draw.of("wait", 1).between(0, SECOND);
    // Who is not rescued gave up, some after another try.
    let again = draw.of("again", u64::from(build.fails_for_good)).chance(0.2);
    let count = match build.failure {
        None => 1,
        Some(_) => 1 + usize::from(!build.fails_for_good) + usize::from(again),
    };
    if matches!(build.story, Story::Invalid | Story::CanceledInQueue) {
        build.attempts.push(Window { start, finish: start + SECOND / 10 });
        return;
    }
    // The length of an attempt depends on how many there are; they are known before it is asked.
    build.attempts = vec![Window { start, finish: start }; count];
    let mut start = start;
    for attempt in 1..=count {
        let finish = start + build.attempt_length(attempt);
        if let Some(window) = build.attempts.get_mut(attempt - 1) {
            *window = Window { start, finish };
        }
        start = finish + draw.of("person", attempt as u64).between(120, 9_000) * SECOND;
    }
}

/// What happens to it when it is over.
fn afterwards(draw: Dice, shape: &Shape, build: &mut Build) {
    let end = build.attempts.last().map_or(build.queue, |w| w.finish);
    let later = |name: &str| end + draw.of(name, 1).between(DAY / 4, DAY * 5);
    if draw.of("deleted", 0).chance(shape.deleted) {
        build.deleted = Some(later("deleted"));
    }
    if draw.of("touched", 0).chance(0.03) {
        build.touched = Some(later("touched"));
    }
}

impl Build {
    /// The stage its failure happens in.
    pub(crate) fn first_failing_stage(&self) -> Option<usize> {
        self.failure.map(|failure| failure.kind.stage())
    }
}
