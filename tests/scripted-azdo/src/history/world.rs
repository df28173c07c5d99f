//! An organisation with all that happens in it, planned once from a seed.

use super::dice::Dice;
use super::layout::{Layout, RECORDS_MIN};
use super::plan::Build;
use super::releases::{self, Deployment};
use super::{builds, tests};
use crate::time::{DAY, SECOND, Ticks};

/// How large a history is and how much goes wrong in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Builds, of all definitions together.
    pub builds: usize,
    /// Timeline records of a build in which nothing is skipped, at least 22.
    pub records_per_build: usize,
    /// Pipelines.
    pub definitions: usize,
    /// Projects, over which the pipelines are spread.
    pub projects: usize,
    /// Days before `now` over which builds are queued.
    pub days: u32,
    /// Results of a test run.
    pub tests_per_run: usize,
    /// How much goes wrong: 1 = as usual, 0 = nothing does.
    pub trouble: f64,
    /// Share of builds that are deleted some days after they ended.
    pub deleted: f64,
    /// The moment at which the history is looked at.
    pub now: Ticks,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            builds: 1_000,
            records_per_build: 60,
            definitions: 4,
            projects: 1,
            days: 28,
            tests_per_run: 100,
            trouble: 1.0,
            deleted: 0.01,
            // 2026-11-20T00:00:00Z
            now: 17_951_328_000_000_000,
        }
    }
}

/// The organisation's name.
pub(crate) const ORGANIZATION: &str = "exorg";
/// The branch that counts as the main one.
pub(crate) const MAIN: &str = "refs/heads/main";

/// A project.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A pipeline.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// Its folder, with a backslash first.
    pub(crate) path: String,
    pub(crate) project: usize,
    pub(crate) repository: String,
    pub(crate) pool: usize,
    /// Usual run time.
    pub(crate) length: Ticks,
    /// Probability that a build fails by itself.
    pub(crate) failing: f64,
    pub(crate) tests: tests::Suite,
}

/// A pool of machines: id, name, whether it is hosted, how many machines, usual wait in seconds.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    pub(crate) hosted: bool,
    pub(crate) machines: u64,
    pub(crate) wait: i64,
}

/// The pools of every history.
pub(crate) const POOLS: [Pool; 3] = [
    Pool { id: 12, name: "Azure Pipelines", hosted: true, machines: 40, wait: 20 },
    Pool { id: 21, name: "Linux", hosted: false, machines: 12, wait: 90 },
    Pool { id: 22, name: "Windows Signing", hosted: false, machines: 4, wait: 240 },
];

/// Everything planned; nothing in it depends on the moment at which it is looked at.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) shape: Shape,
    pub(crate) dice: Dice,
    pub(crate) layout: Layout,
    pub(crate) projects: Vec<Project>,
    pub(crate) definitions: Vec<Definition>,
    /// In the order of their ids, which is that of their queue times.
    pub(crate) builds: Vec<Build>,
    /// In the order of their ids, which is that of their queue times.
    pub(crate) deployments: Vec<Deployment>,
}

/// The id of a history's first build.
pub(crate) const FIRST_BUILD: i64 = 1_001;

const AREAS: [&str; 8] = ["web", "core", "tools", "sdk", "docs", "agent", "store", "shell"];

impl World {
    /// Plans a history.
    pub(crate) fn new(seed: u64, shape: &Shape) -> Self {
        let dice = Dice::new(seed);
        let mut shape = shape.clone();
        shape.records_per_build = shape.records_per_build.max(RECORDS_MIN);
        shape.definitions = shape.definitions.max(1);
        shape.projects = shape.projects.clamp(1, shape.definitions);
        shape.days = shape.days.max(1);
        let projects = (0..shape.projects).map(|n| project(dice, n)).collect();
        let definitions: Vec<Definition> =
            (0..shape.definitions).map(|n| definition(dice, &shape, n)).collect();
        let layout = Layout::new(shape.records_per_build);
        let builds = builds::plan(dice, &shape, &layout, &definitions);
        let deployments = releases::plan(dice, &shape, &definitions, &builds);
        Self { seed, shape, dice, layout, projects, definitions, builds, deployments }
    }

    /// A build by its id.
    pub(crate) fn build(&self, id: i64) -> Option<&Build> {
        self.builds.get(usize::try_from(id - FIRST_BUILD).ok()?)
    }

    /// The definition of a build.
    pub(crate) fn definition(&self, build: &Build) -> Option<&Definition> {
        self.definitions.get(build.definition)
    }

    /// The pool of a definition.
    pub(crate) fn pool(&self, definition: &Definition) -> &'static Pool {
        POOLS.get(definition.pool).unwrap_or(&POOLS[0])
    }

    /// The project that a path names by name or id.
    pub(crate) fn project(&self, text: &str) -> Option<usize> {
        let is = |p: &Project| p.name.eq_ignore_ascii_case(text) || p.id.eq_ignore_ascii_case(text);
        self.projects.iter().position(is)
    }

    /// The machine that ran a job.
    pub(crate) fn worker(&self, pool: &Pool, build: &Build, stage: usize, index: usize) -> String {
        let number = (stage * 10_000 + index) as u64;
        let draw = self.dice.of("worker", build.id as u64).of("job", number);
        format!("{} {}", pool.name, draw.below(pool.machines) + 1)
    }
}

fn project(dice: Dice, number: usize) -> Project {
    let id = guid(dice.of("project", number as u64));
    let name = if number == 0 { "exproj".to_owned() } else { format!("exproj-{}", number + 1) };
    Project { id: guid_text(id), name }
}

fn definition(dice: Dice, shape: &Shape, number: usize) -> Definition {
    let dice = dice.of("definition", number as u64);
    let area = AREAS.get(number % AREAS.len()).copied().unwrap_or_default();
    let round = number / AREAS.len();
    let suffix = if round == 0 { String::new() } else { format!("-{}", round + 1) };
    let name = format!("{area}{suffix}-ci");
    let path = if number.is_multiple_of(4) { "\\".to_owned() } else { format!("\\team\\{area}") };
    Definition {
        id: number as i64 + 9,
        tests: tests::Suite::new(dice, &format!("{area}{suffix}"), shape.tests_per_run),
        name,
        path,
        project: number % shape.projects,
        repository: format!("{area}{suffix}"),
        pool: number % POOLS.len(),
        length: dice.of("length", 0).between(240, 3_000) * SECOND,
        failing: shape.trouble * (0.04 + 0.16 * dice.of("failing", 0).unit()),
    }
}

/// The start of a history.
pub(crate) fn begin(shape: &Shape) -> Ticks {
    shape.now - Ticks::from(shape.days) * DAY
}

/// A GUID out of a draw.
pub(crate) fn guid(dice: Dice) -> u128 {
    (u128::from(dice.raw()) << 64) | u128::from(dice.of("low", 1).raw())
}

/// A GUID as text, letters small.
pub(crate) fn guid_text(guid: u128) -> String {
    let mut out = Vec::with_capacity(36);
    super::write::guid(&mut out, guid);
    String::from_utf8_lossy(&out).into_owned()
}
