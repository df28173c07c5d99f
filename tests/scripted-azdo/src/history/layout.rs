//! What every pipeline of a history consists of: three stages, one job per phase, tasks in each
//! job; together as many records as asked for.

/// Fewest records of a build: three stages, a checkpoint, three jobs of four tasks.
pub const RECORDS_MIN: usize = FIXED + 3 * (2 + TASKS_MIN);

/// Records that are no phase, job or task: three stages and one checkpoint.
const FIXED: usize = 4;
const TASKS_MIN: usize = 4;
const TASKS_MAX: usize = 16;
/// Jobs a build has rather than more tasks in each.
const JOBS_WISHED: usize = 6;

/// The stages in their order.
pub(crate) const STAGES: [&str; 3] = ["Build", "Test", "Publish"];
/// The stage that has a checkpoint and publishes test runs.
pub(crate) const TEST: usize = 1;
/// Thousandths of a build's duration that each stage takes.
pub(crate) const SHARES: [i64; 3] = [400, 500, 100];
/// The place of the checkout among the tasks of a job.
pub(crate) const CHECKOUT: usize = 1;
/// The most test runs that an attempt publishes: one for each of the first jobs of its tests.
pub(crate) const RUNS_MAX: usize = 2;

/// Stages, jobs and tasks with their names.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) stages: Vec<Vec<Job>>,
    /// All records of a build in which nothing is skipped.
    pub(crate) records: usize,
}

/// A job with the phase it alone belongs to.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) phase_identifier: String,
    pub(crate) identifier: String,
    pub(crate) tasks: Vec<Task>,
    /// The number of its first record among all of the build; logs are numbered by it.
    pub(crate) first: u32,
}

/// A task.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) name: String,
    /// Id, name and version of what runs; nothing for built-in steps.
    pub(crate) reference: Option<(&'static str, &'static str, &'static str)>,
}

impl Job {
    /// The place of the task that does the work and that fails when the job does.
    pub(crate) fn main(&self) -> usize {
        self.tasks.len() - 2
    }
}

const CMD: (&str, &str, &str) = ("d9bafed4-0b18-4f58-968d-86655b4d2ce9", "CmdLine", "2.250.1");
const SHELL: (&str, &str, &str) = ("e213ff0f-5d5c-4791-802d-52ea3e7be1f1", "PowerShell", "2.247.1");
const TOOLS: (&str, &str, &str) = ("b0ce7256-7898-45d3-9cb5-176b752bfea6", "UseDotNet", "2.249.0");
const PLATFORMS: [&str; 6] =
    ["linux x64", "windows x64", "osx arm64", "linux arm64", "musl x64", "windows x86"];
const FILLERS: [&str; 6] = [
    "Restore packages",
    "Set up toolset",
    "Read variables",
    "Warm cache",
    "Download artifacts",
    "Check licences",
];
const MAINS: [&str; 3] = ["Build solution", "Run tests", "Publish packages"];

impl Layout {
    /// A layout with so many records, at least [`RECORDS_MIN`].
    pub(crate) fn new(records: usize) -> Self {
        let records = records.max(RECORDS_MIN);
        let room = records - FIXED;
        let tasks = (room / JOBS_WISHED).saturating_sub(2).clamp(TASKS_MIN, TASKS_MAX);
        let jobs = room / (tasks + 2);
        let rest = room - jobs * (tasks + 2);
        let publish = (jobs / 10).max(1);
        let build = (jobs * 3 / 10).max(1);
        let counts = [build, jobs - build - publish, publish];
        let mut first = FIXED as u32 + 1;
        let mut stages = Vec::new();
        for (stage, count) in counts.into_iter().enumerate() {
            let mut row = Vec::with_capacity(count);
            for index in 0..count {
                let extra = if stage == TEST && index == 0 { rest } else { 0 };
                let job = job(stage, index, tasks + extra, first);
                first += job.tasks.len() as u32 + 2;
                row.push(job);
            }
            stages.push(row);
        }
        Self { stages, records }
    }

    /// The jobs of a stage.
    pub(crate) fn jobs(&self, stage: usize) -> &[Job] {
        self.stages.get(stage).map(Vec::as_slice).unwrap_or_default()
    }

    /// How many test runs an attempt publishes when its tests run.
    pub(crate) fn runs(&self) -> usize {
        self.jobs(TEST).len().min(RUNS_MAX)
    }
}

fn job(stage: usize, index: usize, tasks: usize, first: u32) -> Job {
    let name = STAGES.get(stage).copied().unwrap_or_default();
    let platform = PLATFORMS.get(index % PLATFORMS.len()).copied().unwrap_or_default();
    let main = MAINS.get(stage).copied().unwrap_or_default();
    let phase = format!("{}_{}_{}", name.to_lowercase(), platform.replace(' ', "_"), index + 1);
    let task = |at: usize| match at {
        0 => Task { name: "Initialize job".into(), reference: None },
        CHECKOUT => Task { name: "Checkout".into(), reference: None },
        _ if at + 1 == tasks => Task { name: "Finalize Job".into(), reference: None },
        _ if at + 2 == tasks => Task { name: main.into(), reference: Some(CMD) },
        _ => {
            let filler = FILLERS.get(at % FILLERS.len()).copied().unwrap_or_default();
            let reference = if at.is_multiple_of(2) { SHELL } else { TOOLS };
            Task { name: format!("{filler} {}", at - 1), reference: Some(reference) }
        }
    };
    Job {
        name: format!("{name} {platform} {}", index + 1),
        phase_identifier: format!("{name}.{phase}"),
        identifier: format!("{name}.{phase}.__default"),
        tasks: (0..tasks).map(task).collect(),
        first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_have_as_many_records_as_asked_for() {
        for records in [22, 23, 40, 61, 200, 2_000, 2_750] {
            let layout = Layout::new(records);
            let inner: usize = layout.stages.iter().flatten().map(|j| j.tasks.len() + 2).sum();
            assert_eq!(FIXED + inner, records);
            assert!(layout.stages.iter().all(|jobs| !jobs.is_empty()));
        }
        assert_eq!(Layout::new(0).records, RECORDS_MIN);
    }
}
