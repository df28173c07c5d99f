//! Telemetry of pipeline tasks: executions inside the collected builds, in the traces of these, and
//! in pipelines elsewhere of which nothing but this telemetry is known.

use azdo::{trace, variables};
use model::time::HOUR;

use super::calendar::{DAY, SECOND, busy};
use super::dice::Dice;
use super::envelope::{Item, Mail, Place, Sender};
use super::organization::layout::{Os, PROJECTS};
use super::organization::plan::{Build, JobRun, StageRun, is_outage};
use super::organization::{World, job_place};
use super::steps;

/// Executions elsewhere in a working hour.
const PER_HOUR: f64 = 9.0;
/// Organisations elsewhere, each with some projects.
const COLLECTIONS: u64 = 17;
const PROJECTS_EACH: u64 = 5;
/// Days before the end at which new versions of the tasks came out.
const NEW_VERSION_DAYS: i64 = 12;

/// A task whose telemetry is sent.
#[derive(Debug)]
pub struct Task {
    pub name: &'static str,
    pub kind: &'static str,
    /// The version before and the one since [`NEW_VERSION_DAYS`].
    versions: [&'static str; 2],
    /// Whether it runs on Node; else on .NET.
    pub is_node: bool,
    /// Usual duration in seconds.
    seconds: f64,
    failing: f64,
    /// How often it is used elsewhere, compared with the others.
    weight: u64,
}

static TASKS: [Task; 5] = [
    Task {
        name: "restore",
        kind: "build",
        versions: ["3.2.9", "3.2.14"],
        is_node: true,
        seconds: 38.0,
        failing: 0.02,
        weight: 42,
    },
    Task {
        name: "publish",
        kind: "release",
        versions: ["4.0.6", "4.1.0"],
        is_node: false,
        seconds: 21.0,
        failing: 0.045,
        weight: 24,
    },
    Task {
        name: "sign",
        kind: "release",
        versions: ["2.7.1", "2.7.3"],
        is_node: false,
        seconds: 64.0,
        failing: 0.035,
        weight: 14,
    },
    Task {
        name: "deploy",
        kind: "release",
        versions: ["1.9.0", "1.9.2"],
        is_node: true,
        seconds: 110.0,
        failing: 0.06,
        weight: 11,
    },
    Task {
        name: "check-licences",
        kind: "build",
        versions: ["1.3.0", "1.4.0"],
        is_node: true,
        seconds: 6.0,
        failing: 0.01,
        weight: 9,
    },
];

/// One execution of a task.
#[derive(Debug)]
pub struct Execution {
    pub dice: Dice,
    pub task: &'static Task,
    pub os: Os,
    /// Start, nanoseconds since 1970.
    pub at: i64,
    pub ms: f64,
    pub is_good: bool,
    /// Whether the feed of packages is out of order.
    pub is_outage: bool,
    pub place: Place,
    pub sender: Sender,
    /// The service it publishes to, which sends telemetry of its own.
    pub service: Sender,
}

/// Where executions come from and go to.
pub struct Tasks<'a> {
    pub dice: Dice,
    pub end: i64,
    pub instrumentation_key: &'a str,
    pub service: &'a Sender,
}

impl Tasks<'_> {
    /// Executions elsewhere that begin within an hour.
    pub fn elsewhere(&self, hour: i64, mail: &mut Mail) {
        let dice = self.dice.of("elsewhere", 0).at("hour", hour);
        for number in 0..dice.count(PER_HOUR * busy(hour)) {
            let dice = dice.of("execution", number);
            let at = hour + dice.of("at", 0).between(0, HOUR);
            if at < self.end {
                steps::send(&self.one_elsewhere(dice, at), mail);
            }
        }
    }

    fn one_elsewhere(&self, dice: Dice, at: i64) -> Execution {
        let mut left = dice.of("task", 0).below(TASKS.iter().map(|task| task.weight).sum());
        let weighed = TASKS.iter().find(|task| {
            let is_it = left < task.weight;
            left = left.saturating_sub(task.weight);
            is_it
        });
        let task = weighed.unwrap_or(&TASKS[0]);
        let os = match dice.of("os", 0).below(100) {
            0..54 => Os::Linux,
            54..86 => Os::Windows,
            _ => Os::Darwin,
        };
        // Few organisations have most of the executions.
        let draw = dice.of("collection", 0).unit();
        let collection = (draw * draw * COLLECTIONS as f64) as u64;
        let project = dice.of("project", 0).below(PROJECTS_EACH);
        let ids = self.dice.of("customer", collection);
        let outage = self.is_outage(at, task);
        let failing = if outage { 0.24 } else { task.failing };
        let slow = if outage { 3.6 } else { 1.0 } * (1.0 + 0.2 * os as i64 as f64);
        let ms = dice.of("ms", 0).skewed(task.seconds * 1e3 * slow);
        let machine = dice.of("machine", 0).below(6) + 1;
        let mut sender = self.sender(dice, task, os, at);
        sender.instance = format!("{}-{collection}-{machine}", os.agent().to_lowercase());
        let own = [
            ("collectionId", ids.guid()),
            ("projectId", ids.of("project", project).guid()),
            ("buildId", (10_000 + dice.of("build", 0).below(80_000)).to_string()),
            ("agentOs", os.agent().to_owned()),
            ("reason", dice.of("reason", 0).pick(&["PullRequest", "IndividualCI"]).to_string()),
        ];
        sender.properties.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let operation = dice.of("operation", 0).hex(32);
        let name = task.name.to_owned();
        Execution {
            dice,
            task,
            os,
            at,
            ms,
            is_good: !dice.of("fails", 0).chance(failing),
            is_outage: outage,
            place: Place { operation, name, parent: String::new() },
            sender,
            service: self.service.clone(),
        }
    }

    /// Whether the feed was out of order at a time, for a task that asks it.
    fn is_outage(&self, at: i64, task: &Task) -> bool {
        is_outage(self.end, at) && matches!(task.name, "restore" | "publish" | "deploy")
    }

    /// What all items of an execution have in common.
    fn sender(&self, dice: Dice, task: &Task, os: Os, at: i64) -> Sender {
        // Versions are taken up within a few days.
        let new = self.end - NEW_VERSION_DAYS * DAY + dice.of("version", 0).between(0, 3 * DAY);
        let version = task.versions[usize::from(at > new)];
        let properties =
            [("taskName", task.name), ("taskKind", task.kind), ("taskVersion", version)];
        let is_wrong = os == Os::Darwin && dice.of("clock", 0).chance(0.03);
        let is_late = dice.of("late", 0).chance(0.01);
        Sender {
            instrumentation_key: self.instrumentation_key.to_owned(),
            role: format!("task-{}", task.name),
            os: os.version().to_owned(),
            version: version.to_owned(),
            sdk: if task.is_node { "node:2.9.6" } else { "dotnet:2.22.0" }.to_owned(),
            properties: properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            delay: if is_late { 26 * 60 * SECOND } else { 3 * SECOND },
            skew: if is_wrong { -410 * SECOND } else { 0 },
            device: "PC".to_owned(),
            ..Sender::default()
        }
    }

    /// Executions inside the tasks of a collected build that have ended.
    pub fn of_build(&self, world: &World, build: &Build, mail: &mut Mail) {
        for (stage, job) in build.jobs() {
            for index in 0..job.tasks.len() {
                if job.tasks[index].finish <= self.end {
                    self.of_task(world, build, (stage, job), index, mail);
                }
            }
        }
    }

    fn of_task(
        &self,
        world: &World,
        build: &Build,
        (stage, job): (&StageRun, &JobRun),
        index: usize,
        mail: &mut Mail,
    ) {
        let (layout, run) = (job.layout(stage, build.definition()), job.tasks[index]);
        let name = layout.tasks[index].telemetry().filter(|_| run.result != "skipped");
        let Some(task) = name.and_then(|name| TASKS.iter().find(|task| task.name == name)) else {
            return;
        };
        let place = job_place(stage.stage, job.job) + index;
        let record = world.record_id(build, "task", job.attempt, place);
        let project = world.project_id(build.definition().project);
        let dice =
            world.dice.at("inside", build.id).of("task", (job.attempt * 100_000 + place) as u64);
        let mut sender = self.sender(dice, task, layout.os, run.start);
        sender.instance = job.worker.to_lowercase().replace(' ', "-");
        sender.skew = 0;
        let lookup = |name: &str| variable(world, build, (stage, job), &record, name);
        let known = variables::properties(&lookup, variables::Identities::Plain);
        sender.properties.extend(known.into_iter().map(|(key, value)| (key.to_owned(), value)));
        sender.properties.push(("collectionId".to_owned(), world.collection_id()));
        let execution = Execution {
            dice,
            task,
            os: layout.os,
            at: run.start + SECOND / 2,
            ms: ((run.finish - run.start - SECOND) as f64 / 1e6).max(300.0),
            is_good: run.result == "succeeded",
            is_outage: self.is_outage(run.start, task),
            place: Place {
                operation: trace::operation_id(project, build.id),
                name: build.definition().name.to_owned(),
                parent: trace::span_id(project, build.id, &record),
            },
            sender,
            service: self.service.clone(),
        };
        steps::send(&execution, mail);
    }
}

/// What a variable says to a process inside a task.
fn variable(
    world: &World,
    build: &Build,
    (stage, job): (&StageRun, &JobRun),
    record: &str,
    name: &str,
) -> Option<String> {
    let definition = build.definition();
    let layout = job.layout(stage, definition);
    let pool = layout.os.pool();
    let place = job_place(stage.stage, job.job);
    Some(match name {
        "SYSTEM_COLLECTIONID" => world.collection_id(),
        "SYSTEM_COLLECTIONURI" => "https://dev.azure.com/exorg/".to_owned(),
        "SYSTEM_TEAMPROJECTID" => world.project_id(definition.project).to_owned(),
        "SYSTEM_TEAMPROJECT" => PROJECTS[definition.project].to_owned(),
        "SYSTEM_HOSTTYPE" => "build".to_owned(),
        "SYSTEM_DEFINITIONID" => definition.id.to_string(),
        "SYSTEM_STAGENAME" => definition.stages[stage.stage].name.to_owned(),
        "SYSTEM_STAGEATTEMPT" | "SYSTEM_PHASEATTEMPT" | "SYSTEM_JOBATTEMPT" => {
            job.attempt.to_string()
        }
        "SYSTEM_PHASENAME" => layout.phase.to_owned(),
        "SYSTEM_JOBNAME" => "__default".to_owned(),
        "SYSTEM_JOBDISPLAYNAME" => layout.name.to_owned(),
        "SYSTEM_JOBID" => world.record_id(build, "job", job.attempt, place),
        "SYSTEM_TASKINSTANCEID" => record.to_owned(),
        "BUILD_BUILDID" => build.id.to_string(),
        "BUILD_BUILDNUMBER" => build.number.clone(),
        "BUILD_DEFINITIONNAME" => definition.name.to_owned(),
        "BUILD_REASON" => capital(build.reason),
        "BUILD_SOURCEBRANCH" => build.branch.clone(),
        "BUILD_SOURCEVERSION" => build.commit.clone(),
        "BUILD_REPOSITORY_NAME" => definition.repository.to_owned(),
        "AGENT_OS" => layout.os.agent().to_owned(),
        "AGENT_NAME" => job.worker.clone(),
        "AGENT_VERSION" => "4.261.0".to_owned(),
        "AGENT_ISSELFHOSTED" => if pool.is_hosted { "0" } else { "1" }.to_owned(),
        _ => return None,
    })
}

/// Reasons as variables spell them: `individualCI` is `IndividualCI`.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// What machines say about themselves once an hour.
pub fn machines(dice: Dice, hour: i64, sender: &Sender, mail: &mut Mail) {
    for os in Os::ALL {
        let draw = dice.at("machine", hour).of(os.agent(), 0);
        let at = hour + draw.of("at", 0).between(0, HOUR);
        let sender = Sender {
            role: "build-machine".to_owned(),
            instance: format!("{} 1", os.pool().name).to_lowercase().replace(' ', "-"),
            os: os.version().to_owned(),
            ..sender.clone()
        };
        let load = (8.0 + 78.0 * busy(hour) * draw.of("load", 0).unit()).min(100.0);
        let free = (2.0 + 9.0 * draw.of("free", 0).unit()) * 1e9;
        let counters = [
            (r"\Processor(_Total)\% Processor Time", load),
            (r"\Memory\Available Bytes", free.round()),
            (r"\Process(??APP_WIN32_PROC??)\Private Bytes", (4e8 + free / 20.0).round()),
        ];
        for (name, value) in counters {
            mail.send(&sender, &Place::default(), Item::metric(at, name, value));
        }
        let waiting = draw.of("waiting", 0).count(3.0 * busy(hour)) as f64;
        mail.send(&sender, &Place::default(), Item::metric(at, "Jobs waiting", waiting));
    }
}
