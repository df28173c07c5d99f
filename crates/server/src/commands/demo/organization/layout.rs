//! What the pipelines of the demonstration consist of: projects, definitions, stages, jobs, tasks,
//! and the machines they run on. Fixed; the seed decides only what happens in them.

/// The organisation, an invented one.
pub const ORGANIZATION: &str = "exorg";
pub const MAIN: &str = "refs/heads/main";
pub const PROJECTS: [&str; 2] = ["lantern", "orchard"];

/// An operating system, with the pool whose machines run it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Os {
    Linux,
    Windows,
    Darwin,
}

impl Os {
    pub const ALL: [Os; 3] = [Os::Linux, Os::Windows, Os::Darwin];

    /// As the agent's variable spells it.
    pub fn agent(self) -> &'static str {
        match self {
            Os::Linux => "Linux",
            Os::Windows => "Windows_NT",
            Os::Darwin => "Darwin",
        }
    }

    /// As SDKs send it.
    pub fn version(self) -> &'static str {
        match self {
            Os::Linux => "Linux 6.8.0",
            Os::Windows => "Windows 10.0.20348",
            Os::Darwin => "Darwin 24.6.0",
        }
    }

    pub fn image(self) -> &'static str {
        match self {
            Os::Linux => "ubuntu-24.04",
            Os::Windows => "windows-2022",
            Os::Darwin => "macos-15",
        }
    }

    pub fn pool(self) -> &'static Pool {
        match self {
            Os::Linux => &POOLS[0],
            Os::Windows => &POOLS[1],
            Os::Darwin => &POOLS[2],
        }
    }
}

/// A pool of machines.
#[derive(Debug)]
pub struct Pool {
    pub id: i64,
    pub name: &'static str,
    pub is_hosted: bool,
    pub machines: u64,
    /// What a job usually waits for a machine, in seconds.
    pub wait: f64,
}

static POOLS: [Pool; 3] = [
    Pool { id: 12, name: "Hosted Linux", is_hosted: true, machines: 24, wait: 14.0 },
    Pool { id: 21, name: "Build Windows", is_hosted: false, machines: 9, wait: 60.0 },
    Pool { id: 22, name: "Build macOS", is_hosted: false, machines: 5, wait: 110.0 },
];

/// What a task of a pipeline does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Setup,
    Checkout,
    Restore,
    Build,
    Test,
    Sign,
    Publish,
    Deploy,
    Finish,
}

/// Id, name and version of the task that runs; ids are invented.
type Reference = (&'static str, &'static str, &'static str);

impl Work {
    pub fn name(self) -> &'static str {
        match self {
            Work::Setup => "Initialize job",
            Work::Checkout => "Checkout",
            Work::Restore => "Restore packages",
            Work::Build => "Build",
            Work::Test => "Run tests",
            Work::Sign => "Sign packages",
            Work::Publish => "Publish packages",
            Work::Deploy => "Deploy preview",
            Work::Finish => "Finalize Job",
        }
    }

    pub fn reference(self) -> Option<Reference> {
        match self {
            Work::Setup | Work::Checkout | Work::Finish => None,
            Work::Restore => Some(("5b6f7c1e-0b0e-4a6f-9a53-6c6d9a6b1101", "ExRestore", "3.2.14")),
            Work::Build | Work::Test => {
                Some(("d9bafed4-0b18-4f58-968d-86655b4d2ce9", "CmdLine", "2.250.1"))
            }
            Work::Sign => Some(("5b6f7c1e-0b0e-4a6f-9a53-6c6d9a6b1103", "ExSign", "2.7.3")),
            Work::Publish => Some(("5b6f7c1e-0b0e-4a6f-9a53-6c6d9a6b1102", "ExPublish", "4.1.0")),
            Work::Deploy => Some(("5b6f7c1e-0b0e-4a6f-9a53-6c6d9a6b1104", "ExDeploy", "1.9.2")),
        }
    }

    /// Its share of the time of a job.
    pub fn weight(self) -> i64 {
        match self {
            Work::Setup | Work::Finish => 2,
            Work::Checkout => 7,
            Work::Restore => 18,
            Work::Build => 60,
            Work::Test => 90,
            Work::Sign => 22,
            Work::Publish => 25,
            Work::Deploy => 40,
        }
    }

    /// The task whose telemetry is sent while it runs, by the name it has there.
    pub fn telemetry(self) -> Option<&'static str> {
        match self {
            Work::Restore => Some("restore"),
            Work::Sign => Some("sign"),
            Work::Publish => Some("publish"),
            Work::Deploy => Some("deploy"),
            _ => None,
        }
    }
}

/// A stage and the jobs that run side by side in it.
#[derive(Debug)]
pub struct Stage {
    pub name: &'static str,
    pub jobs: &'static [Job],
    /// Its share of the time of a build, in hundredths.
    pub share: i64,
}

#[derive(Debug)]
pub struct Job {
    pub name: &'static str,
    /// As identifiers spell it.
    pub phase: &'static str,
    pub os: Os,
    pub tasks: &'static [Work],
}

const COMPILE: &[Work] = &[Work::Setup, Work::Checkout, Work::Restore, Work::Build, Work::Finish];
const TEST: &[Work] = &[Work::Setup, Work::Checkout, Work::Restore, Work::Test, Work::Finish];
const SHIP: &[Work] = &[Work::Setup, Work::Checkout, Work::Sign, Work::Publish, Work::Finish];
const SEND: &[Work] =
    &[Work::Setup, Work::Checkout, Work::Restore, Work::Publish, Work::Deploy, Work::Finish];

const fn job(name: &'static str, phase: &'static str, os: Os, tasks: &'static [Work]) -> Job {
    Job { name, phase, os, tasks }
}

const BUILD_JOBS: &[Job] = &[
    job("Build Linux", "build_linux", Os::Linux, COMPILE),
    job("Build Windows", "build_windows", Os::Windows, COMPILE),
    job("Build macOS", "build_macos", Os::Darwin, COMPILE),
];
const TEST_JOBS: &[Job] = &[
    job("Test Linux", "test_linux", Os::Linux, TEST),
    job("Test Windows", "test_windows", Os::Windows, TEST),
    job("Test macOS", "test_macos", Os::Darwin, TEST),
];

/// Pipelines of changes: built and tested everywhere.
static WHOLE: [Stage; 2] = [
    Stage { name: "Build", jobs: BUILD_JOBS, share: 45 },
    Stage { name: "Test", jobs: TEST_JOBS, share: 55 },
];

/// Those that also ship what they built.
static SHIPPING: [Stage; 3] = [
    Stage { name: "Build", jobs: BUILD_JOBS, share: 40 },
    Stage { name: "Test", jobs: TEST_JOBS, share: 40 },
    Stage {
        name: "Ship",
        jobs: &[
            job("Ship Windows", "ship_windows", Os::Windows, SHIP),
            job("Ship macOS", "ship_macos", Os::Darwin, SHIP),
            job("Ship preview", "ship_preview", Os::Linux, SEND),
        ],
        share: 20,
    },
];

/// What has builds queued.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trigger {
    /// Pull requests and merges, so many an hour when everybody works.
    Changes(f64),
    /// The clock, at this minute of each day.
    Nightly(i64),
    /// Branches of releases, on some working days.
    Releases,
}

/// A pipeline.
#[derive(Debug)]
pub struct Definition {
    pub id: i64,
    pub name: &'static str,
    /// Its folder, with a backslash first.
    pub path: &'static str,
    pub project: usize,
    pub repository: &'static str,
    pub trigger: Trigger,
    pub stages: &'static [Stage],
    /// Usual run time in minutes.
    pub minutes: f64,
    /// Probability that a build fails by itself.
    pub failing: f64,
    /// The namespace of its tests.
    pub area: &'static str,
}

pub static DEFINITIONS: [Definition; 6] = [
    Definition {
        id: 11,
        name: "lantern-ci",
        path: "\\",
        project: 0,
        repository: "lantern",
        trigger: Trigger::Changes(0.72),
        stages: &WHOLE,
        minutes: 24.0,
        failing: 0.13,
        area: "Lantern.Core",
    },
    Definition {
        id: 12,
        name: "lantern-nightly",
        path: "\\nightly",
        project: 0,
        repository: "lantern",
        trigger: Trigger::Nightly(135),
        stages: &SHIPPING,
        minutes: 58.0,
        failing: 0.16,
        area: "Lantern.Integration",
    },
    Definition {
        id: 13,
        name: "lantern-release",
        path: "\\release",
        project: 0,
        repository: "lantern",
        trigger: Trigger::Releases,
        stages: &SHIPPING,
        minutes: 41.0,
        failing: 0.10,
        area: "Lantern.Core",
    },
    Definition {
        id: 21,
        name: "orchard-ci",
        path: "\\",
        project: 1,
        repository: "orchard",
        trigger: Trigger::Changes(0.6),
        stages: &SHIPPING,
        minutes: 17.0,
        failing: 0.15,
        area: "Orchard.Service",
    },
    Definition {
        id: 22,
        name: "orchard-integration",
        path: "\\nightly",
        project: 1,
        repository: "orchard",
        trigger: Trigger::Nightly(60),
        stages: &WHOLE,
        minutes: 73.0,
        failing: 0.18,
        area: "Orchard.Integration",
    },
    Definition {
        id: 23,
        name: "task-pack-ci",
        path: "\\tasks",
        project: 1,
        repository: "task-pack",
        trigger: Trigger::Changes(0.34),
        stages: &WHOLE,
        minutes: 9.0,
        failing: 0.11,
        area: "task-pack",
    },
];
