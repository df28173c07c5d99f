//! Builds, Timelines and logs of the demonstration as the REST API of Azure DevOps sends them.

use model::time::{Fraction, format_datetime};
use serde_json::{Map, Value, json};

use super::failure::{Issue, warning};
use super::layout::{Job, MAIN, ORGANIZATION, PROJECTS, Work};
use super::plan::{Build, JobRun, StageRun, TaskRun};
use super::{World, job_place};
use crate::commands::demo::calendar::SECOND;

/// Issues of one kind that the service keeps for a record.
const ISSUES_MAX: usize = 10;
/// The line of a log at which the errors of a task begin, counted from 1.
const FIRST_ERROR_LINE: usize = 9;
/// What a skipped record says about its condition.
const SKIPPED: &str = "Evaluating: succeeded()\r\nResult: False\r\n";

/// A time as the service writes it.
pub fn time(at: i64) -> String {
    format_datetime(at, Fraction::Seven)
}

/// A person, whose name is not sent to anybody.
pub fn person(number: u64) -> Value {
    json!({
        "displayName": format!("person-{number}"),
        "id": format!("00000000-0000-4000-8000-{number:012}"),
        "uniqueName": format!("person-{number}@example.invalid"),
    })
}

/// A build as it is at a moment.
pub fn build(world: &World, build: &Build, now: i64) -> Value {
    let definition = build.definition();
    let project_id = world.project_id(definition.project);
    let project = json!({ "id": project_id, "name": PROJECTS[definition.project] });
    let base = format!("https://dev.azure.com/{ORGANIZATION}/{project_id}");
    let begun = build.begun(now);
    let latest = build.attempt(begun);
    let is_done = latest.is_some_and(|attempt| attempt.finish <= now);
    let status = match latest {
        None => "notStarted",
        Some(_) if is_done => "completed",
        Some(_) => "inProgress",
    };
    let pool = definition.stages[0].jobs[0].os.pool();
    let changed = latest.map_or(build.queued, |a| if is_done { a.finish } else { a.start });
    let id = build.id;
    let mut value = json!({
        "id": id,
        "buildNumber": build.number,
        "status": status,
        "queueTime": time(build.queued),
        "url": format!("{base}/_apis/build/Builds/{id}"),
        "uri": format!("vstfs:///Build/Build/{id}"),
        "definition": {
            "id": definition.id, "name": definition.name, "path": definition.path,
            "type": "build", "queueStatus": "enabled", "revision": 7, "project": project,
        },
        "project": project,
        "sourceBranch": build.branch,
        "sourceVersion": build.commit,
        "reason": build.reason,
        "queue": {
            "id": pool.id + 100, "name": pool.name,
            "pool": { "id": pool.id, "name": pool.name, "isHosted": pool.is_hosted },
        },
        "requestedFor": person(build.author),
        "requestedBy": person(build.author),
        "lastChangedDate": time(changed + SECOND),
        "repository": {
            "id": definition.repository, "type": "TfsGit", "name": definition.repository,
            "url": format!("https://dev.azure.com/{ORGANIZATION}/_git/{}", definition.repository),
        },
        "tags": if build.reason == "schedule" { json!(["nightly"]) } else { json!([]) },
        "triggerInfo": trigger(build),
        "validationResults": [],
    });
    if let Some(number) = build.pull_request {
        let parameters = json!({
            "system.pullRequest.pullRequestId": number.to_string(),
            "system.pullRequest.sourceBranch": format!("refs/heads/topic/{number}"),
            "system.pullRequest.targetBranch": MAIN,
            "system.pullRequest.sourceCommitId": build.commit,
        });
        value["parameters"] = json!(parameters.to_string());
    }
    if let Some(first) = build.attempt(1).filter(|_| begun > 0) {
        value["startTime"] = json!(time(first.start));
    }
    if let Some(latest) = latest.filter(|_| is_done) {
        value["finishTime"] = json!(time(latest.finish));
        value["result"] = json!(build.result(begun));
    }
    value
}

fn trigger(build: &Build) -> Value {
    match (build.pull_request, build.reason) {
        (Some(number), _) => json!({
            "pr.number": number.to_string(),
            "pr.title": format!("Change number {number}"),
            "pr.sourceBranch": format!("topic/{number}"),
            "pr.sourceSha": build.commit,
            "pr.isFork": "False",
        }),
        (None, "individualCI" | "batchedCI") => json!({
            "ci.sourceBranch": build.branch, "ci.sourceSha": build.commit,
            "ci.message": "Merge a change",
        }),
        _ => json!({}),
    }
}

/// A Timeline of a build as it is at a moment: the latest, or the one that keeps an earlier
/// attempt. `None`: there is none of that id.
pub fn timeline(world: &World, build: &Build, now: i64, id: Option<&str>) -> Option<Value> {
    let view = View { world, build, now, upto: build.begun(now) };
    let latest = world.record_id(build, "timeline", 0, 0);
    let Some(id) = id.filter(|id| !latest.eq_ignore_ascii_case(id)) else {
        return Some(view.whole(&latest));
    };
    let earlier = (1..view.upto).find(|number| view.kept_in(*number).eq_ignore_ascii_case(id))?;
    // What it keeps has ended.
    Some(View { now: i64::MAX, upto: earlier, ..view }.whole(id))
}

/// A build as it is after some attempts.
#[derive(Clone, Copy)]
struct View<'a> {
    world: &'a World,
    build: &'a Build,
    now: i64,
    upto: usize,
}

/// What records of all kinds have.
#[derive(Default)]
struct Record<'a> {
    id: String,
    parent: Option<&'a str>,
    kind: &'a str,
    name: &'a str,
    identifier: Option<String>,
    order: usize,
    times: (i64, i64),
    result: &'a str,
    attempt: usize,
    worker: Option<&'a str>,
    queue: Option<i64>,
    log: Option<i64>,
    work: Option<Work>,
    issues: Vec<Issue>,
    previous: Vec<Value>,
}

impl View<'_> {
    /// The Timeline that keeps an attempt has the id of the stage that was retried then.
    fn kept_in(&self, attempt: usize) -> String {
        let stage = self.build.failure.map_or(0, |failure| failure.stage);
        self.world.record_id(self.build, "stage", attempt, stage)
    }

    fn whole(&self, id: &str) -> Value {
        let mut records = Vec::new();
        for index in 0..self.build.definition().stages.len() {
            if let Some((attempt, run)) = self.build.stage(self.upto, index) {
                self.stage(&mut records, attempt, run);
            }
        }
        let finish = self.build.attempt(self.upto).map_or(self.build.queued, |a| a.finish);
        json!({
            "records": records,
            "lastChangedOn": time(finish.min(self.now) + SECOND / 2),
            "id": id,
            "changeId": self.upto * 1_000 + records.len(),
        })
    }

    fn previous(&self, kind: &str, attempt: usize, place: usize, stage: usize) -> Vec<Value> {
        let ran = |number: &usize| {
            let runs = self.build.attempt(*number).map(|a| &a.stages);
            runs.is_some_and(|runs| runs.iter().any(|run| run.stage == stage))
        };
        let one = |number| {
            let record = self.world.record_id(self.build, kind, number, place);
            json!({ "attempt": number, "timelineId": self.kept_in(number), "recordId": record })
        };
        (1..attempt).filter(ran).map(one).collect()
    }

    fn stage(&self, out: &mut Vec<Value>, attempt: usize, run: &StageRun) {
        let layout = &self.build.definition().stages[run.stage];
        let id = self.world.record_id(self.build, "stage", attempt, run.stage);
        self.record(
            out,
            Record {
                id: id.clone(),
                kind: "Stage",
                name: layout.name,
                identifier: Some(layout.name.to_owned()),
                order: run.stage + 1,
                times: (run.start, run.finish),
                result: run.result,
                attempt,
                previous: self.previous("stage", attempt, run.stage, run.stage),
                ..Record::default()
            },
        );
        for job in &run.jobs {
            self.job(out, &id, run, job, &layout.jobs[job.job]);
        }
    }

    fn job(&self, out: &mut Vec<Value>, stage: &str, run: &StageRun, job: &JobRun, layout: &Job) {
        let place = job_place(run.stage, job.job);
        let name = self.build.definition().stages[run.stage].name;
        let phase = self.world.record_id(self.build, "phase", job.attempt, place);
        let id = self.world.record_id(self.build, "job", job.attempt, place);
        let is_skipped = job.result == "skipped";
        let times = (job.start, job.finish);
        let record = |kind, id: &str| Record {
            id: id.to_owned(),
            kind,
            name: layout.name,
            order: job.job + 1,
            times,
            result: job.result,
            attempt: job.attempt,
            ..Record::default()
        };
        let identifier = format!("{name}.{}", layout.phase);
        self.record(
            out,
            Record {
                parent: Some(stage),
                identifier: Some(identifier.clone()),
                // Phases know no giving up.
                result: if job.result == "abandoned" { "failed" } else { job.result },
                ..record("Phase", &phase)
            },
        );
        self.record(
            out,
            Record {
                parent: Some(&phase),
                identifier: Some(format!("{identifier}.__default")),
                order: 1,
                worker: (!is_skipped).then_some(job.worker.as_str()),
                queue: Some(layout.os.pool().id + 100),
                log: (!is_skipped).then(|| log_id(job.attempt, place, 99)),
                issues: self.job_issues(run, job),
                previous: self.previous("job", job.attempt, place, run.stage),
                ..record("Job", &id)
            },
        );
        for (index, task) in job.tasks.iter().enumerate() {
            let is_skipped = task.result == "skipped";
            let work = layout.tasks[index];
            self.record(
                out,
                Record {
                    id: self.world.record_id(self.build, "task", job.attempt, place + index),
                    parent: Some(&id),
                    name: work.name(),
                    order: index + 1,
                    times: (task.start, task.finish),
                    result: self.task_result(run, job, index, task),
                    attempt: 1,
                    worker: Some(job.worker.as_str()),
                    log: (!is_skipped).then(|| log_id(job.attempt, place, index)),
                    work: Some(work),
                    issues: self.task_issues(run, job, index, task),
                    ..record("Task", "")
                },
            );
        }
    }

    /// Whether this is the task that warns.
    fn warns(&self, run: &StageRun, job: &JobRun, index: usize) -> bool {
        self.build.has_warning && (run.stage, job.job, index) == (0, 0, 3)
    }

    fn task_result<'t>(
        &self,
        run: &StageRun,
        job: &JobRun,
        index: usize,
        task: &'t TaskRun,
    ) -> &'t str {
        if self.warns(run, job, index) { "succeededWithIssues" } else { task.result }
    }

    fn task_issues(
        &self,
        run: &StageRun,
        job: &JobRun,
        index: usize,
        task: &TaskRun,
    ) -> Vec<Issue> {
        let area = self.build.definition().area;
        match self.build.failure {
            Some(failure) if task.result == "failed" && failure.kind.work().is_some() => {
                failure.errors(area, &job.worker)
            }
            _ if self.warns(run, job, index) => vec![warning()],
            _ => Vec::new(),
        }
    }

    fn job_issues(&self, run: &StageRun, job: &JobRun) -> Vec<Issue> {
        let area = self.build.definition().area;
        let fails = self.build.fails_at(job.attempt, run.stage, job.job);
        match self.build.failure {
            Some(failure) if fails && failure.kind.work().is_none() => {
                failure.errors(area, &job.worker)
            }
            _ if job.result == "canceled" => vec![Issue {
                category: "General",
                message: "The operation was canceled.".to_owned(),
                ..Issue::default()
            }],
            _ => Vec::new(),
        }
    }

    /// Adds a record as it is at the moment; one that has not begun is left out.
    fn record(&self, out: &mut Vec<Value>, record: Record<'_>) {
        let (start, finish) = record.times;
        if start > self.now {
            return;
        }
        let is_running = finish > self.now;
        let issues = if is_running { Vec::new() } else { record.issues };
        let warnings = issues.iter().filter(|issue| issue.is_warning).count();
        let task = record.work.and_then(Work::reference);
        let is_skipped = record.result == "skipped";
        let mut value = json!({
            "id": record.id,
            "parentId": record.parent,
            "type": record.kind,
            "name": record.name,
            "startTime": time(start),
            "finishTime": (!is_running).then(|| time(finish)),
            "state": if is_running { "inProgress" } else { "completed" },
            "result": (!is_running).then_some(record.result),
            "resultCode": is_skipped.then_some(SKIPPED),
            "workerName": record.worker,
            "order": record.order,
            "errorCount": issues.len() - warnings,
            "warningCount": warnings,
            "log": record.log.map(|id| json!({ "id": id, "type": "Container" })),
            "task": task.map(|(id, name, version)| {
                json!({ "id": id, "name": name, "version": version })
            }),
            "attempt": record.attempt,
            "identifier": record.identifier,
            "previousAttempts": record.previous,
        });
        if let Some(queue) = record.queue {
            value["queueId"] = json!(queue);
        }
        if !issues.is_empty() {
            value["issues"] = kept(&issues);
        }
        out.push(value);
    }
}

/// The issues that the service keeps: the first ten of each type.
fn kept(issues: &[Issue]) -> Value {
    let mut counts = [0_usize; 2];
    let mut all = Vec::new();
    for (at, issue) in issues.iter().enumerate() {
        let count = &mut counts[usize::from(issue.is_warning)];
        *count += 1;
        if *count > ISSUES_MAX {
            continue;
        }
        let kind = if issue.is_warning { "warning" } else { "error" };
        let mut data = Map::new();
        data.insert("type".to_owned(), json!(kind));
        data.insert("logFileLineNumber".to_owned(), json!((FIRST_ERROR_LINE + at).to_string()));
        if let Some((path, line, column, code)) = &issue.source {
            let texts = [
                ("sourcepath", path.clone()),
                ("linenumber", line.to_string()),
                ("columnnumber", column.to_string()),
                ("code", (*code).to_owned()),
            ];
            data.extend(texts.map(|(key, text)| (key.to_owned(), json!(text))));
        }
        all.push(json!({
            "type": kind, "category": issue.category, "message": issue.message, "data": data,
        }));
    }
    Value::Array(all)
}

/// The number of a log: of a task by its place in its job, of the job itself by 99.
fn log_id(attempt: usize, place: usize, task: usize) -> i64 {
    (attempt * 100_000 + place + task) as i64
}

/// All logs of a build, with the lines of each made on request.
pub fn logs(build: &Build, now: i64) -> Vec<(i64, Log<'_>)> {
    let mut logs = Vec::new();
    for (stage, job) in build.jobs() {
        let place = job_place(stage.stage, job.job);
        for (index, task) in job.tasks.iter().enumerate() {
            if task.result != "skipped" && task.finish <= now {
                let log = Log { build, stage, job, index, task };
                logs.push((log_id(job.attempt, place, index), log));
            }
        }
    }
    logs
}

/// The log of a task.
pub struct Log<'a> {
    build: &'a Build,
    stage: &'a StageRun,
    job: &'a JobRun,
    index: usize,
    task: &'a TaskRun,
}

impl Log<'_> {
    pub fn lines(&self) -> Vec<String> {
        let definition = self.build.definition();
        let layout = self.job.layout(self.stage, definition);
        let work = layout.tasks[self.index];
        let mut texts = vec![format!("##[section]Starting: {}", work.name())];
        if work == Work::Setup {
            texts.push(format!("Agent name: '{}'", self.job.worker));
            texts.push(format!("Image: {}", layout.os.image()));
        }
        while texts.len() + 1 < FIRST_ERROR_LINE {
            texts.push(format!("{} {}, step {}", definition.area, work.name(), texts.len()));
        }
        if let Some(failure) = self.build.failure.filter(|_| self.task.result == "failed") {
            let errors = failure.errors(definition.area, &self.job.worker);
            let errors = errors.into_iter().map(|issue| issue.message);
            let errors = errors.chain(failure.log_errors());
            texts.extend(errors.map(|text| format!("##[error]{text}")));
        }
        texts.push(format!("##[section]Finishing: {}", work.name()));
        let step = (self.task.finish - self.task.start) / texts.len() as i64;
        let times = (0..).map(|line| time(self.task.start + step * line));
        times.zip(texts).map(|(time, text)| format!("{time} {text}")).collect()
    }
}
