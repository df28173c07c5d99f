//! What happens to builds: who queues which when, what goes wrong, when each task runs.
//!
//! Invariant: a plan does not depend on the moment it is looked at; what has not begun by then is
//! left out by whoever looks.

use model::time::HOUR;

use super::failure::{Failure, Kind};
use super::layout::{DEFINITIONS, Definition, Job, MAIN, Stage, Trigger};
use crate::commands::demo::calendar::{
    DAY, MINUTE, SECOND, busy, day_of, hour_of, is_weekend, working_day,
};
use crate::commands::demo::dice::Dice;

/// The number of the first build.
const FIRST_BUILD: i64 = 20_001;
/// Days before the end on which the feed of packages was out of order, and on which a merge broke
/// a main branch.
const OUTAGE_DAYS: i64 = 9;
const BROKEN_DAYS: i64 = 16;
/// The nights at the end in which the same integration test fails.
const RED_NIGHTS: i64 = 4;
/// People who make changes.
const PEOPLE: u64 = 14;
/// A broken test is one that stays so until it is mended; the first ones are flaky.
pub const FLAKY_TESTS: usize = 4;
pub const TESTS: usize = 120;

/// A planned build. Times are nanoseconds since 1970.
#[derive(Debug, Clone)]
pub struct Build {
    pub id: i64,
    pub definition: usize,
    /// As people see it: `20261129.3`.
    pub number: String,
    pub reason: &'static str,
    pub branch: String,
    /// 40 hexadecimal digits.
    pub commit: String,
    pub pull_request: Option<u64>,
    pub author: u64,
    pub queued: i64,
    pub attempts: Vec<Attempt>,
    pub failure: Option<Failure>,
    /// Whether the last attempt fails as well.
    pub fails_for_good: bool,
    /// Whether somebody stopped it in its tests.
    pub is_canceled: bool,
    pub has_warning: bool,
}

/// One run of a build's stages: all, or those from the one that failed before.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub start: i64,
    pub finish: i64,
    pub stages: Vec<StageRun>,
}

#[derive(Debug, Clone)]
pub struct StageRun {
    /// Its place in the definition.
    pub stage: usize,
    pub start: i64,
    pub finish: i64,
    pub result: &'static str,
    pub jobs: Vec<JobRun>,
}

#[derive(Debug, Clone)]
pub struct JobRun {
    pub job: usize,
    /// The attempt of the build that ran it, from 1; a retry keeps what passed.
    pub attempt: usize,
    /// When it began to wait for a machine.
    pub waited: i64,
    pub start: i64,
    pub finish: i64,
    pub result: &'static str,
    pub worker: String,
    pub tasks: Vec<TaskRun>,
}

#[derive(Debug, Clone, Copy)]
pub struct TaskRun {
    pub start: i64,
    pub finish: i64,
    pub result: &'static str,
}

impl Build {
    pub fn definition(&self) -> &'static Definition {
        &DEFINITIONS[self.definition]
    }

    /// The n-th attempt, from 1.
    pub fn attempt(&self, number: usize) -> Option<&Attempt> {
        self.attempts.get(number.checked_sub(1)?)
    }

    /// How many attempts have begun at a moment.
    pub fn begun(&self, at: i64) -> usize {
        self.attempts.iter().take_while(|attempt| attempt.start <= at).count()
    }

    /// Whether the n-th attempt fails.
    pub fn fails_in(&self, attempt: usize) -> bool {
        self.failure.is_some() && (attempt < self.attempts.len() || self.fails_for_good)
    }

    /// The result after so many attempts.
    pub fn result(&self, attempts: usize) -> &'static str {
        match () {
            () if self.is_canceled => "canceled",
            () if self.fails_in(attempts) => "failed",
            () if self.has_warning => "partiallySucceeded",
            () => "succeeded",
        }
    }

    /// The attempt, up to one, that a stage was last run or skipped in, with the run.
    pub fn stage(&self, upto: usize, stage: usize) -> Option<(usize, &StageRun)> {
        (1..=upto).rev().find_map(|number| {
            let runs = &self.attempt(number)?.stages;
            Some((number, runs.iter().find(|run| run.stage == stage)?))
        })
    }

    /// All jobs that ran, each once, with the stage they ran in.
    pub fn jobs(&self) -> impl Iterator<Item = (&StageRun, &JobRun)> {
        let attempts = self.attempts.iter().enumerate();
        attempts.flat_map(|(index, attempt)| {
            attempt.stages.iter().flat_map(move |stage| {
                let own = stage.jobs.iter().filter(move |job| job.attempt == index + 1);
                own.filter(|job| job.result != "skipped").map(move |job| (stage, job))
            })
        })
    }

    /// Whether this is where its failure happens.
    pub fn fails_at(&self, attempt: usize, stage: usize, job: usize) -> bool {
        self.fails_in(attempt) && self.failure.is_some_and(|f| f.stage == stage && f.job == job)
    }

    pub fn is_main(&self) -> bool {
        self.branch == MAIN
    }
}

impl JobRun {
    pub fn layout(&self, stage: &StageRun, definition: &Definition) -> &'static Job {
        &definition.stages[stage.stage].jobs[self.job]
    }
}

/// Whether the feed of packages was out of order at a time of a demonstration that ends at `end`:
/// during the working hours of one day.
pub fn is_outage(end: i64, at: i64) -> bool {
    let begin = working_day(end, OUTAGE_DAYS) + 8 * HOUR;
    (begin..begin + 9 * HOUR).contains(&at)
}

/// Plans all builds queued between two times, in the order of their queue times.
pub fn builds(dice: Dice, begin: i64, end: i64) -> Vec<Build> {
    let mut wishes: Vec<Wish> = Vec::new();
    for index in 0..DEFINITIONS.len() {
        wishes.extend(queue(dice.of("definition", index as u64), index, begin, end));
    }
    wishes.sort_by_key(|wish| (wish.queued, wish.definition));
    let mut planner = Planner { dice, end, today: Vec::new(), main: Vec::new() };
    planner.main = DEFINITIONS.iter().map(|d| dice.at("main", d.id).hex(40)).collect();
    let numbered = wishes.into_iter().zip(FIRST_BUILD..);
    numbered.map(|(wish, id)| planner.build(id, &wish)).collect()
}

/// A build that somebody wants.
struct Wish {
    definition: usize,
    queued: i64,
    reason: &'static str,
    branch: Option<String>,
}

/// When builds of a definition are queued, and why.
fn queue(dice: Dice, index: usize, begin: i64, end: i64) -> Vec<Wish> {
    let mut wishes = Vec::new();
    let mut wish = |queued: i64, reason, branch| {
        if queued >= begin && queued < end {
            wishes.push(Wish { definition: index, queued, reason, branch });
        }
    };
    match DEFINITIONS[index].trigger {
        Trigger::Changes(rate) => {
            let hours = (hour_of(begin)..end).step_by(HOUR as usize);
            for hour in hours {
                let draw = dice.at("hour", hour);
                for number in 0..draw.count(rate * busy(hour)) {
                    let draw = draw.of("build", number);
                    let queued = hour + draw.between(0, HOUR);
                    wish(queued, reason(draw), None);
                }
            }
        }
        Trigger::Nightly(minute) => {
            for day in (day_of(begin)..end).step_by(DAY as usize) {
                let queued = day + minute * MINUTE + dice.at("second", day).between(0, 9 * SECOND);
                wish(queued, "schedule", None);
            }
        }
        Trigger::Releases => {
            for day in (day_of(begin)..end).step_by(DAY as usize) {
                let draw = dice.at("day", day);
                if is_weekend(day) || !draw.chance(0.7) {
                    continue;
                }
                // A branch lives about two weeks.
                let branch = format!("refs/heads/release/5.{}", day / (14 * DAY) % 20);
                let reason = if draw.of("why", 0).chance(0.7) { "individualCI" } else { "manual" };
                wish(day + draw.of("at", 0).between(9 * HOUR, 16 * HOUR), reason, Some(branch));
            }
        }
    }
    wishes
}

fn reason(dice: Dice) -> &'static str {
    match dice.of("reason", 0).below(100) {
        0..56 => "pullRequest",
        56..88 => "individualCI",
        88..94 => "batchedCI",
        _ => "manual",
    }
}

struct Planner {
    dice: Dice,
    end: i64,
    /// Day and builds so far, of each definition.
    today: Vec<(i64, u32)>,
    /// The newest commit of each main branch.
    main: Vec<String>,
}

impl Planner {
    fn build(&mut self, id: i64, wish: &Wish) -> Build {
        let dice = self.dice.at("build", id);
        let index = wish.definition;
        let is_pull_request = wish.reason == "pullRequest";
        let is_new = matches!(wish.reason, "individualCI" | "batchedCI") && wish.branch.is_none();
        let fresh = dice.of("commit", 0).hex(40);
        if is_new {
            self.main[index].clone_from(&fresh);
        }
        // About three builds belong to one pull request.
        let pull_request =
            is_pull_request.then(|| 400 + id.unsigned_abs() % 10_000 / 6 + index as u64);
        let branch = match (pull_request, &wish.branch) {
            (Some(number), _) => format!("refs/pull/{number}/merge"),
            (None, Some(branch)) => branch.clone(),
            (None, None) => MAIN.to_owned(),
        };
        let author =
            pull_request.unwrap_or_else(|| dice.of("author", 0).below(PEOPLE)) % PEOPLE + 1;
        let mut build = Build {
            id,
            definition: index,
            number: self.number(index, wish.queued),
            reason: wish.reason,
            branch,
            commit: if is_new || is_pull_request || wish.branch.is_some() {
                fresh
            } else {
                self.main[index].clone()
            },
            pull_request,
            author,
            queued: wish.queued,
            attempts: Vec::new(),
            failure: None,
            fails_for_good: false,
            is_canceled: false,
            has_warning: dice.of("warning", 0).chance(0.05),
        };
        self.fate(dice, &mut build);
        run(dice, &mut build);
        build
    }

    fn number(&mut self, index: usize, queued: i64) -> String {
        let day = day_of(queued);
        self.today.resize(DEFINITIONS.len(), (0, 0));
        let (of, count) = &mut self.today[index];
        *count = if *of == day { *count + 1 } else { 1 };
        *of = day;
        let text = model::time::format_datetime(queued, model::time::Fraction::Seven);
        format!("{}.{count}", text.get(..10).unwrap_or_default().replace('-', ""))
    }

    /// What goes wrong.
    fn fate(&self, dice: Dice, build: &mut Build) {
        let definition = build.definition();
        let ships = definition.stages.len() > 2 && build.pull_request.is_none();
        if let Some((failure, rescue)) = self.story(dice, build) {
            build.failure = Some(failure);
            build.fails_for_good = !dice.of("rescue", 0).chance(rescue);
        } else if dice.of("fails", 0).chance(definition.failing) {
            let kind = Kind::draw(dice.of("kind", 0), ships);
            // A flaky test is drawn from few, another one from all.
            let flaky = dice.of("flaky", 0).chance(0.6);
            let test = dice.of("test", 0).below(if flaky { FLAKY_TESTS } else { TESTS } as u64);
            let rescue = if kind == Kind::Test && flaky { 0.88 } else { kind.rescue() };
            build.failure = Some(self.failure(dice, definition, kind, test as usize));
            build.fails_for_good = !dice.of("rescue", 0).chance(rescue);
        } else if dice.of("canceled", 0).chance(0.025) {
            build.is_canceled = true;
        }
        build.has_warning &= build.failure.is_none() && !build.is_canceled;
    }

    fn failure(&self, dice: Dice, definition: &Definition, kind: Kind, test: usize) -> Failure {
        let stage = kind.stage();
        let jobs = &definition.stages[stage].jobs;
        let fits: Vec<usize> = (0..jobs.len())
            .filter(|job| kind.work().is_none_or(|work| jobs[*job].tasks.contains(&work)))
            .collect();
        let job = *dice.of("job", 0).pick(if fits.is_empty() { &[0] } else { &fits });
        Failure { kind, variant: dice.of("variant", 0).below(9), stage, job, test }
    }

    /// What several builds have in common: an outage, a broken main branch, a test that stays red.
    fn story(&self, dice: Dice, build: &Build) -> Option<(Failure, f64)> {
        let definition = build.definition();
        let at = build.queued;
        if is_outage(self.end, at) && dice.of("outage", 0).chance(0.5) {
            return Some((self.failure(dice, definition, Kind::Feed, 0), 0.45));
        }
        let broken = working_day(self.end, BROKEN_DAYS) + 10 * HOUR;
        let is_broken = (broken..broken + 26 * HOUR).contains(&at);
        if definition.name == "orchard-ci" && build.is_main() && is_broken {
            let failure = Failure { kind: Kind::Compile, variant: 4, stage: 0, job: 1, test: 0 };
            return Some((failure, 0.0));
        }
        if definition.name == "orchard-integration" && at > self.end - RED_NIGHTS * DAY {
            let test = FLAKY_TESTS + 7;
            return Some((Failure { kind: Kind::Test, variant: 1, stage: 1, job: 0, test }, 0.0));
        }
        None
    }
}

/// Plans when its attempts run.
fn run(dice: Dice, build: &mut Build) {
    let tries = match build.failure {
        None => 1,
        Some(_) if !build.fails_for_good => 2 + usize::from(dice.of("third", 0).chance(0.15)),
        Some(_) => 1 + usize::from(dice.of("second", 0).chance(0.25)),
    };
    let wait = dice.of("wait", 0).skewed(18.0);
    let mut start = build.queued + (wait * SECOND as f64) as i64;
    let length = dice.of("length", 0).skewed(1.0).clamp(0.6, 2.6).sqrt();
    let minutes = build.definition().minutes * length;
    // How many there are decides which of them fail.
    let empty = || Attempt { start: i64::MAX, finish: i64::MAX, stages: Vec::new() };
    build.attempts = (0..tries).map(|_| empty()).collect();
    for number in 1..=tries {
        let made = attempt(dice.of("attempt", number as u64), build, number, start, minutes);
        // A person looks at it and tries again.
        start =
            made.finish + (dice.of("person", number as u64).skewed(22.0) * MINUTE as f64) as i64;
        build.attempts[number - 1] = made;
    }
}

fn attempt(dice: Dice, build: &Build, number: usize, start: i64, minutes: f64) -> Attempt {
    let definition = build.definition();
    let first = if number > 1 { build.failure.map_or(0, |failure| failure.stage) } else { 0 };
    let stops = match build.failure {
        Some(failure) if build.fails_in(number) => failure.stage,
        _ if build.is_canceled => 1,
        _ => usize::MAX,
    };
    let mut at = start;
    let mut stages = Vec::new();
    for (index, stage) in definition.stages.iter().enumerate().skip(first) {
        if index > stops || (index == 2 && build.pull_request.is_some()) {
            stages.push(skipped(number, index, stage, at));
            continue;
        }
        let span = minutes * stage.share as f64 / 100.0 * MINUTE as f64;
        let run = self::stage(dice.of("stage", index as u64), build, number, index, (at, span));
        at = run.finish;
        stages.push(run);
    }
    Attempt { start, finish: at, stages }
}

fn skipped(number: usize, index: usize, stage: &Stage, at: i64) -> StageRun {
    let job = |job| JobRun {
        job,
        attempt: number,
        waited: at,
        start: at,
        finish: at,
        result: "skipped",
        worker: String::new(),
        tasks: Vec::new(),
    };
    let jobs = (0..stage.jobs.len()).map(job).collect();
    StageRun { stage: index, start: at, finish: at, result: "skipped", jobs }
}

/// A stage that begins at a time and usually takes so many nanoseconds.
fn stage(
    dice: Dice,
    build: &Build,
    number: usize,
    index: usize,
    (at, span): (i64, f64),
) -> StageRun {
    let layout = &build.definition().stages[index];
    let before = build.stage(number - 1, index).filter(|_| number > 1).map(|(_, run)| run);
    let retried = number > 1 && build.failure.is_some_and(|failure| failure.stage == index);
    let mut jobs = Vec::new();
    for (place, job) in layout.jobs.iter().enumerate() {
        // A retry runs again what failed and keeps what passed.
        let kept = before.and_then(|run| run.jobs.get(place));
        let kept = kept.filter(|job| retried && job.result == "succeeded");
        let draw = dice.of("job", place as u64);
        jobs.push(match kept {
            Some(kept) => kept.clone(),
            None => run_job(draw, build, number, (index, place), job, (at, span)),
        });
    }
    let own = jobs.iter().filter(|job| job.attempt == number);
    let finish = own.map(|job| job.finish).max().unwrap_or(at) + SECOND;
    let result = match () {
        () if build.is_canceled && index == 1 => "canceled",
        () if jobs.iter().any(|job| job.result != "succeeded") => "failed",
        () if build.has_warning && index == 0 => "succeededWithIssues",
        () => "succeeded",
    };
    StageRun { stage: index, start: at, finish, result, jobs }
}

fn run_job(
    dice: Dice,
    build: &Build,
    number: usize,
    (stage, place): (usize, usize),
    job: &Job,
    (at, span): (i64, f64),
) -> JobRun {
    let pool = job.os.pool();
    let waited = at + SECOND / 2;
    let crowd = 0.6 + 1.4 * busy(at);
    let start = waited + (dice.of("wait", 0).skewed(pool.wait) * crowd * SECOND as f64) as i64;
    let slow = 0.75 + 0.15 * job.os as i64 as f64 + 0.25 * dice.of("slow", 0).unit();
    let length = (span * slow) as i64;
    let machine = dice.of("machine", 0).below(pool.machines) + 1;
    let worker = format!("{} {machine}", pool.name);
    let fails = build.fails_at(number, stage, place);
    let failing = build.failure.filter(|_| fails);
    let is_canceled = build.is_canceled && stage == 1;
    let result = match failing {
        Some(failure) => failure.kind.result(),
        None if is_canceled => "canceled",
        None => "succeeded",
    };
    // What fails as a whole fails while its main task runs.
    let main = job.tasks.len() - 2;
    let place_of = |work| job.tasks.iter().position(|task| *task == work);
    let stops = match failing {
        Some(failure) => failure.kind.work().and_then(place_of).unwrap_or(main),
        None if is_canceled => main,
        None => usize::MAX,
    };
    let total: i64 = job.tasks.iter().map(|task| task.weight()).sum();
    let mut time = start + SECOND / 4;
    let mut tasks = Vec::with_capacity(job.tasks.len());
    for (index, task) in job.tasks.iter().enumerate() {
        let is_last = index + 1 == job.tasks.len();
        let mut share = length / total * task.weight();
        let of = match index {
            _ if index < stops => "succeeded",
            _ if index == stops => result,
            _ if is_last && result != "abandoned" => "succeeded",
            _ => "skipped",
        };
        if of == "skipped" {
            share = 0;
        } else if index == stops {
            share = share * dice.of("breaks", 0).between(20, 90) / 100;
        }
        tasks.push(TaskRun { start: time, finish: time + share, result: of });
        time += share;
    }
    JobRun {
        job: place,
        attempt: number,
        waited,
        start,
        finish: time + SECOND / 4,
        result,
        worker,
        tasks,
    }
}
