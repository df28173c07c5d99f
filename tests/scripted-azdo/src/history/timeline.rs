//! Timelines of a history (spec azure-devops.md §2.2 and §3): the latest of a build, the full ones
//! of earlier attempts, and those that hold nothing but a job whose machine was lost.

use std::io::Write;

use super::errors::{Issue, Place, warning};
use super::layout::{CHECKOUT, Job, SHARES, STAGES, TEST};
use super::logs::{self, FIRST_ERROR_LINE};
use super::plan::{Build, JobRun, Moment, StageRun};
use super::world::{ORGANIZATION, World, guid};
use super::write::Object;
use crate::time::{SECOND, Ticks};

/// Issues of one kind that the service keeps for a record.
pub(crate) const ISSUES_MAX: usize = 10;
/// What a skipped record says about its condition.
/// As JSON, mixed line ends included.
const SKIPPED: &str = "\"Evaluating: succeeded()\\r\\nExpanded: eq(dependencies.result, \
                       'Succeeded')\\nResult: False\\n\"";
/// The service's own identity.
const SERVICE: &str = "00000002-0000-8888-8000-000000000000";

/// What a request for a Timeline is answered with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no such build, or no such Timeline of it.
    Nothing,
    /// The build never had one.
    Never,
    /// Its JSON.
    Body(Vec<u8>),
}

/// The Timeline of a build with an id, or its latest.
pub(crate) fn answer(world: &World, build: &Build, now: Ticks, id: Option<&str>) -> Found {
    let upto = match build.at(now) {
        Moment::Absent => return Found::Nothing,
        Moment::Queued => return Found::Never,
        Moment::Running(n) | Moment::Done(n) => n,
    };
    if build.is_deleted(now) {
        return Found::Nothing;
    }
    if !build.has_timeline() {
        return Found::Never;
    }
    let view = View { world, build, now, upto, url: url(world, build) };
    let Some(id) = id else { return Found::Body(view.full(view.latest_id())) };
    let is = |guid: u128| super::world::guid_text(guid).eq_ignore_ascii_case(id);
    if is(view.latest_id()) {
        return Found::Body(view.full(view.latest_id()));
    }
    for attempt in 1..upto {
        if is(view.attempt_id(attempt)) {
            let earlier = View { now: Ticks::MAX, upto: attempt, ..view.clone() };
            return Found::Body(earlier.full(view.attempt_id(attempt)));
        }
    }
    for index in 0..usize::from(build.lost) {
        if is(view.lost_id(index)) {
            return Found::Body(view.lost(index));
        }
    }
    Found::Nothing
}

/// A build as it is after some attempts.
#[derive(Clone)]
struct View<'a> {
    world: &'a World,
    build: &'a Build,
    now: Ticks,
    upto: usize,
    /// The build's address in the REST API.
    url: String,
}

/// The build's address in the REST API.
fn url(world: &World, build: &Build) -> String {
    let project = world.definition(build).and_then(|d| world.projects.get(d.project));
    let project = project.map_or("", |p| p.id.as_str());
    format!("https://dev.azure.com/{ORGANIZATION}/{project}/_apis/build/builds/{}", build.id)
}

/// The id of a record: its kind, its place, and the attempt it came with.
pub(crate) fn record_id(
    world: &World,
    build: &Build,
    kind: &str,
    attempt: usize,
    stage: usize,
    index: usize,
) -> u128 {
    let place = (attempt * 10 + stage) * 1_000_000 + index;
    guid(world.dice.of(kind, build.id as u64).of("at", place as u64))
}

/// One record, ready to be written.
#[derive(Default)]
struct Record<'a> {
    id: u128,
    parent: Option<u128>,
    kind: &'a str,
    name: &'a str,
    identifier: Option<&'a str>,
    order: Option<usize>,
    times: Option<(Ticks, Ticks)>,
    result: &'a str,
    worker: Option<&'a str>,
    queue: Option<i64>,
    log: Option<i64>,
    task: Option<(&'a str, &'a str, &'a str)>,
    issues: &'a [Issue],
    attempt: usize,
    previous: Vec<(usize, u128, u128)>,
}

impl View<'_> {
    fn latest_id(&self) -> u128 {
        guid(self.world.dice.of("timeline", self.build.id as u64))
    }

    fn id(&self, kind: &str, attempt: usize, stage: usize, index: usize) -> u128 {
        record_id(self.world, self.build, kind, attempt, stage, index)
    }

    /// The Timeline that keeps an earlier attempt: its id is that of the stage that was retried.
    fn attempt_id(&self, attempt: usize) -> u128 {
        self.id("stage", attempt, self.build.first_failing_stage().unwrap_or(0), 0)
    }

    /// The Timeline of a job given up, and the job's id.
    fn lost_id(&self, index: usize) -> u128 {
        self.id("lost", 1, 0, index)
    }

    /// The attempt that a stage's record comes from.
    fn stage_attempt(&self, stage: usize) -> usize {
        if stage >= self.build.first_stage(self.upto) { self.upto } else { 1 }
    }

    /// Earlier records of one that is there again. Every other build names only the last of them,
    /// so that the others are found by going on from there.
    fn previous(&self, attempt: usize, record: impl Fn(usize) -> u128) -> Vec<(usize, u128, u128)> {
        let from = if self.build.id % 2 == 0 { 1 } else { attempt.saturating_sub(1).max(1) };
        (from..attempt).map(|a| (a, self.attempt_id(a), record(a))).collect()
    }

    fn full(&self, id: u128) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.world.layout.records * 900);
        out.extend_from_slice(b"{\"records\":[");
        for stage in 0..SHARES.len() {
            let attempt = self.stage_attempt(stage);
            if let Some(run) = self.build.stage(attempt, stage) {
                self.stage(&mut out, attempt, stage, run);
            }
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.push(b']');
        let retried = if self.now == Ticks::MAX { Some(self.build.author) } else { None };
        self.finish(out, id, retried)
    }

    /// The fields around the records. Of an earlier attempt the retrying person is named.
    fn finish(&self, mut out: Vec<u8>, id: u128, person: Option<u32>) -> Vec<u8> {
        let end = self.build.window(self.upto).map_or(0, |w| w.finish.min(self.now));
        let mut tail = Vec::new();
        let mut object = Object::new(&mut tail);
        let identity = person.map_or_else(|| SERVICE.to_owned(), super::list::identity);
        object.text("lastChangedBy", Some(&identity));
        object.time("lastChangedOn", Some(end + SECOND / 2));
        object.guid("id", Some(id));
        object.number("changeId", self.change());
        let url = format!("{}/Timeline/{}", self.url, super::world::guid_text(id));
        object.text("url", Some(&url));
        object.end();
        out.push(b',');
        out.extend_from_slice(tail.get(1..).unwrap_or_default());
        out
    }

    /// Grows while the build runs and with each attempt.
    fn change(&self) -> i64 {
        let running =
            self.build.window(self.upto).map_or(0, |w| (self.now.min(w.finish) - w.start) / SECOND);
        self.upto as i64 * 100_000 + running
    }

    fn stage(&self, out: &mut Vec<u8>, attempt: usize, stage: usize, run: StageRun) {
        let id = self.id("stage", attempt, stage, 0);
        let name = STAGES.get(stage).copied().unwrap_or_default();
        let record = Record {
            id,
            kind: "Stage",
            name,
            identifier: Some(name),
            order: Some(stage + 1),
            times: Some((run.start, run.finish)),
            result: run.result,
            attempt,
            previous: self.previous(attempt, |a| self.id("stage", a, stage, 0)),
            ..Record::default()
        };
        self.record(out, &record);
        let skipped = run.result == "skipped";
        if stage == TEST && !skipped {
            let checkpoint = Record {
                id: self.id("checkpoint", attempt, stage, 0),
                parent: Some(id),
                kind: "Checkpoint",
                name: "Checkpoint",
                identifier: Some("Checkpoint"),
                times: Some((run.start, run.start)),
                result: "succeeded",
                attempt: 1,
                ..Record::default()
            };
            self.record(out, &checkpoint);
        }
        for (index, job) in self.world.layout.jobs(stage).iter().enumerate() {
            let of = if self.build.keeps(attempt, stage, index) { 1 } else { attempt };
            if let Some(run) = self.build.job(self.world.dice, of, stage, index) {
                self.phase(out, id, of, job, run);
            }
        }
    }

    fn phase(&self, out: &mut Vec<u8>, parent: u128, attempt: usize, job: &Job, run: JobRun) {
        let (stage, index) = (run.stage, run.index);
        let phase = self.id("phase", attempt, stage, index);
        let skipped = run.result == "skipped";
        let log = |record: u32| (!skipped).then(|| logs::id(attempt, job.first + record));
        self.record(
            out,
            &Record {
                id: phase,
                parent: Some(parent),
                kind: "Phase",
                name: &job.name,
                identifier: Some(&job.phase_identifier),
                order: Some(index + 1),
                times: run.times,
                // Phases know no giving up.
                result: if run.result == "abandoned" { "failed" } else { run.result },
                log: log(0),
                attempt,
                ..Record::default()
            },
        );
        let pool = self.world.definition(self.build).map(|d| self.world.pool(d));
        let worker = pool.map(|p| self.world.worker(p, self.build, stage, index));
        let lost = self.build.is_lost(attempt, stage, index);
        let id = self.id("job", if lost { 2 } else { attempt }, stage, index);
        let previous = if lost {
            vec![(1, self.lost_id(index), self.lost_id(index))]
        } else {
            self.previous(attempt, |a| self.id("job", a, stage, index))
        };
        let issues = self.job_issues(attempt, run, worker.as_deref().unwrap_or_default());
        self.record(
            out,
            &Record {
                id,
                parent: Some(phase),
                kind: "Job",
                name: &job.name,
                identifier: Some(&job.identifier),
                order: Some(1),
                times: run.times,
                result: run.result,
                worker: worker.as_deref(),
                queue: pool.map(|p| p.id + 100),
                log: log(1),
                issues: &issues,
                attempt: if lost { 2 } else { attempt },
                previous,
                ..Record::default()
            },
        );
        if !skipped {
            self.tasks(out, id, attempt, job, run, worker.as_deref());
        }
    }

    fn job_issues(&self, attempt: usize, run: JobRun, worker: &str) -> Vec<Issue> {
        match self.build.failure {
            Some(f)
                if f.kind.place() == Place::Job
                    && self.build.is_failing(attempt, run.stage, run.index) =>
            {
                f.kind.errors(f.variant, f.flood, worker)
            }
            _ if run.result == "canceled" => vec![Issue {
                category: "General",
                message: "The operation was canceled.".to_owned(),
                ..Issue::default()
            }],
            _ => Vec::new(),
        }
    }

    fn tasks(
        &self,
        out: &mut Vec<u8>,
        parent: u128,
        attempt: usize,
        job: &Job,
        run: JobRun,
        worker: Option<&str>,
    ) {
        let (start, finish) = run.times.unwrap_or_default();
        let count = job.tasks.len();
        let slice = (finish - start - SECOND / 2) / count as Ticks;
        let failing = self.build.is_failing(attempt, run.stage, run.index);
        let stops = if failing { self.build.failing_task(&self.world.layout) } else { None };
        let broken = if failing || run.result == "canceled" { job.main() } else { count };
        let stops = stops.unwrap_or(broken);
        for (at, task) in job.tasks.iter().enumerate() {
            let begin = start + SECOND / 4 + slice * at as Ticks;
            let result = match at {
                _ if at < stops => self.task_result(run, job, at),
                _ if at == stops => run.result,
                _ if at + 1 == count && run.result != "abandoned" => "succeeded",
                _ => "skipped",
            };
            let skipped = result == "skipped";
            let issues = self.task_issues(attempt, run, job, at, failing && at == stops);
            self.record(
                out,
                &Record {
                    id: self.id("task", attempt, run.stage, run.index * 100_000 + at),
                    parent: Some(parent),
                    kind: "Task",
                    name: &task.name,
                    order: Some(at + 1),
                    times: Some((begin, if skipped { begin } else { begin + slice - SECOND / 20 })),
                    result,
                    worker,
                    log: (!skipped).then(|| logs::id(attempt, job.first + 2 + at as u32)),
                    task: task.reference,
                    issues: &issues,
                    attempt: 1,
                    ..Record::default()
                },
            );
        }
    }

    /// The result of a task before the one that stops its job.
    fn task_result(&self, run: JobRun, job: &Job, at: usize) -> &'static str {
        let warns = self.build.with_issues && run.stage == TEST && run.index == 0;
        if warns && at == job.main() { "succeededWithIssues" } else { "succeeded" }
    }

    fn task_issues(
        &self,
        attempt: usize,
        run: JobRun,
        job: &Job,
        at: usize,
        fails: bool,
    ) -> Vec<Issue> {
        let mut issues = Vec::new();
        if let Some(failure) = self.build.failure.filter(|f| fails && f.kind.place() != Place::Job)
        {
            issues = failure.kind.errors(failure.variant, failure.flood, "");
        }
        // Warnings are those of the first attempt's first test job.
        if attempt == 1 && (run.stage, run.index) == (0, 0) && at == CHECKOUT && self.warns_early()
        {
            issues.extend((0..self.build.warnings).map(warning));
        }
        if attempt == 1
            && (run.stage, run.index) == (TEST, 0)
            && at == job.main()
            && self.build.with_issues
        {
            issues.extend((0..self.build.warnings).map(warning));
        }
        issues
    }

    fn warns_early(&self) -> bool {
        self.build.warnings > 0 && !self.build.with_issues
    }

    /// The Timeline of a job given up: that job, whose parent lies in the latest Timeline.
    fn lost(&self, index: usize) -> Vec<u8> {
        let mut out = b"{\"records\":[".to_vec();
        if let Some(job) = self.world.layout.jobs(0).get(index) {
            let pool = self.world.definition(self.build).map(|d| self.world.pool(d));
            // Not every machine that is lost leaves a message.
            let said = self.build.id % 2 == 0;
            let worker = pool.map(|p| self.world.worker(p, self.build, 0, index + 500));
            let worker = worker.unwrap_or_default();
            let issues = super::errors::Kind::MachineLost.errors(0, 0, &worker);
            self.record(
                &mut out,
                &Record {
                    id: self.lost_id(index),
                    parent: Some(self.id("phase", 1, 0, index)),
                    kind: "Job",
                    name: &job.name,
                    identifier: Some(&job.identifier),
                    order: Some(1),
                    result: "abandoned",
                    queue: pool.map(|p| p.id + 100),
                    issues: if said { &issues } else { &[] },
                    attempt: 1,
                    ..Record::default()
                },
            );
            out.pop();
        }
        out.push(b']');
        self.finish(out, self.lost_id(index), None)
    }

    /// Writes a record and a comma, as it is at the moment; one whose stage has not begun is left
    /// out.
    fn record(&self, out: &mut Vec<u8>, record: &Record<'_>) {
        let times = record.times;
        if times.is_some_and(|(start, _)| start > self.now) {
            return;
        }
        let running = times.is_some_and(|(_, finish)| finish > self.now);
        let mut object = Object::new(out);
        previous(object.key("previousAttempts"), &record.previous);
        object.guid("id", Some(record.id));
        object.guid("parentId", record.parent);
        object.text("type", Some(record.kind));
        object.text("name", Some(record.name));
        object.time("startTime", times.map(|t| t.0));
        object.time("finishTime", times.map(|t| t.1).filter(|_| !running));
        object.raw("currentOperation", "null");
        object.raw("percentComplete", "null");
        object.text("state", Some(if running { "inProgress" } else { "completed" }));
        object.text("result", (!running).then_some(record.result));
        object.raw("resultCode", if record.result == "skipped" { SKIPPED } else { "null" });
        object.number("changeId", self.change());
        object.raw("lastModified", "\"0001-01-01T00:00:00\"");
        object.text("workerName", record.worker);
        if let Some(queue) = record.queue {
            object.number("queueId", queue);
        }
        if let Some(order) = record.order {
            object.number("order", order as i64);
        }
        object.raw("details", "null");
        let issues = if running { &[] } else { record.issues };
        let warnings = issues.iter().filter(|issue| issue.warning).count();
        object.number("errorCount", (issues.len() - warnings) as i64);
        object.number("warningCount", warnings as i64);
        object.raw("url", "null");
        match record.log {
            Some(log) => {
                let mut object = Object::new(object.key("log"));
                object.number("id", log);
                object.raw("type", "\"Container\"");
                let out = object.key("url");
                out.extend_from_slice(b"\"");
                out.extend_from_slice(self.url.as_bytes());
                // Writing to memory cannot fail.
                let _ = write!(out, "/logs/{log}\"");
                object.end();
            }
            None => object.raw("log", "null"),
        }
        match record.task {
            Some((id, name, version)) => {
                let mut object = Object::new(object.key("task"));
                object.text("id", Some(id));
                object.text("name", Some(name));
                object.text("version", Some(version));
                object.end();
            }
            None => object.raw("task", "null"),
        }
        object.number("attempt", record.attempt as i64);
        object.text("identifier", record.identifier);
        if !issues.is_empty() {
            kept(object.key("issues"), issues);
        }
        object.end();
        out.push(b',');
    }
}

fn previous(out: &mut Vec<u8>, list: &[(usize, u128, u128)]) {
    out.push(b'[');
    for (at, (attempt, timeline, record)) in list.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let mut object = Object::new(out);
        object.number("attempt", *attempt as i64);
        object.guid("timelineId", Some(*timeline));
        object.guid("recordId", Some(*record));
        object.end();
    }
    out.push(b']');
}

/// Writes the issues that the service keeps: the first ten of each type.
fn kept(out: &mut Vec<u8>, issues: &[Issue]) {
    out.push(b'[');
    let mut counts = [0_usize; 2];
    for (at, issue) in issues.iter().enumerate() {
        let count = &mut counts[usize::from(issue.warning)];
        if *count == ISSUES_MAX {
            continue;
        }
        *count += 1;
        if out.last() == Some(&b'}') {
            out.push(b',');
        }
        let kind = if issue.warning { "warning" } else { "error" };
        let mut object = Object::new(out);
        object.text("type", Some(kind));
        object.text("category", Some(issue.category));
        object.text("message", Some(&issue.message));
        let mut data = Object::new(object.key("data"));
        data.text("type", Some(kind));
        if let Some((path, line, column, code)) = &issue.source {
            data.text("sourcepath", Some(path));
            data.text("linenumber", Some(&line.to_string()));
            data.text("columnnumber", Some(&column.to_string()));
            data.text("code", Some(code));
        }
        data.text("logFileLineNumber", Some(&(FIRST_ERROR_LINE + at).to_string()));
        data.end();
        object.end();
    }
    out.push(b']');
}
