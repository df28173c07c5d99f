//! Why builds of the demonstration fail: texts as real tools print them, and where they show up.

use super::layout::Work;
use crate::commands::demo::dice::Dice;

/// One kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Compile,
    /// More errors than the service keeps.
    Flood,
    Feed,
    Registry,
    Checkout,
    Test,
    Disk,
    Machine,
    Timeout,
    Script,
    /// No rule knows its text.
    Odd,
    /// No issue; only the log tells.
    LogOnly,
    Sign,
    Publish,
    Deploy,
}

/// Kinds with their weights, for pipelines that do not ship and further ones for those that do.
const KINDS: [(Kind, u64); 12] = [
    (Kind::Compile, 20),
    (Kind::Flood, 4),
    (Kind::Feed, 6),
    (Kind::Registry, 7),
    (Kind::Checkout, 3),
    (Kind::Test, 36),
    (Kind::Disk, 3),
    (Kind::Machine, 4),
    (Kind::Timeout, 3),
    (Kind::Script, 4),
    (Kind::Odd, 6),
    (Kind::LogOnly, 4),
];
const SHIPPING: [(Kind, u64); 3] = [(Kind::Sign, 8), (Kind::Publish, 9), (Kind::Deploy, 6)];

/// An issue of a record.
#[derive(Debug, Clone, Default)]
pub struct Issue {
    pub is_warning: bool,
    pub category: &'static str,
    pub message: String,
    /// Path, line, column and code, when the tool said them.
    pub source: Option<(String, u32, u32, &'static str)>,
}

/// A failure that was planted.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    pub kind: Kind,
    /// Tells failures of one kind apart.
    pub variant: u64,
    pub stage: usize,
    pub job: usize,
    /// Which test fails, of a failed test.
    pub test: usize,
}

impl Kind {
    pub fn draw(dice: Dice, ships: bool) -> Kind {
        let all = KINDS.iter().chain(SHIPPING.iter().filter(|_| ships));
        let total: u64 = all.clone().map(|(_, weight)| weight).sum();
        let mut left = dice.below(total);
        for (kind, weight) in all {
            if left < *weight {
                return *kind;
            }
            left -= weight;
        }
        Kind::Compile
    }

    /// The stage it happens in, by its place.
    pub fn stage(self) -> usize {
        match self {
            Kind::Test | Kind::Disk | Kind::Timeout | Kind::Odd => 1,
            Kind::Sign | Kind::Publish | Kind::Deploy => 2,
            _ => 0,
        }
    }

    /// The task it happens in; nothing when the job as a whole fails.
    pub fn work(self) -> Option<Work> {
        match self {
            Kind::Machine | Kind::Timeout => None,
            Kind::Checkout => Some(Work::Checkout),
            Kind::Feed | Kind::Registry => Some(Work::Restore),
            Kind::Test | Kind::Disk | Kind::Odd => Some(Work::Test),
            Kind::Compile | Kind::Flood | Kind::Script | Kind::LogOnly => Some(Work::Build),
            Kind::Sign => Some(Work::Sign),
            Kind::Publish => Some(Work::Publish),
            Kind::Deploy => Some(Work::Deploy),
        }
    }

    /// The result of what fails.
    pub fn result(self) -> &'static str {
        match self {
            Kind::Machine => "abandoned",
            Kind::Timeout => "canceled",
            _ => "failed",
        }
    }

    /// How often it goes away by itself when it is tried again.
    pub fn rescue(self) -> f64 {
        match self {
            Kind::Compile | Kind::Flood | Kind::Script | Kind::Odd => 0.08,
            Kind::Test => 0.35,
            _ => 0.75,
        }
    }
}

const TYPES: [&str; 8] = [
    "PackageReader",
    "FeedIndex",
    "ManifestWriter",
    "RetryPolicy",
    "BlobCache",
    "VersionRange",
    "TokenSource",
    "ChannelMap",
];
const MEMBERS: [&str; 5] = ["OpenAsync", "TryResolve", "Merge", "ReadHeader", "Invalidate"];

/// The marker by which messages name their own category.
const MARKER: &str = "(NETCORE_ENGINEERING_TELEMETRY";

impl Failure {
    /// All errors of the record that fails, in their order; the service keeps the first ten.
    pub fn errors(&self, area: &str, worker: &str) -> Vec<Issue> {
        let general =
            |text: String| Issue { category: "General", message: text, ..Issue::default() };
        let exit = || general("Bash exited with code '1'.".to_owned());
        match self.kind {
            Kind::Compile => vec![self.compiler(area, 0), self.compiler(area, 1), exit()],
            Kind::Flood => (0..27).map(|number| self.compiler(area, number)).collect(),
            Kind::Machine => vec![general(format!(
                "We stopped hearing from agent {worker}. Verify the agent machine is running and \
                 has a healthy network connection."
            ))],
            Kind::Timeout => vec![general(format!(
                "The job running on agent {worker} ran longer than the maximum time of 60 minutes."
            ))],
            Kind::Script => vec![exit()],
            Kind::LogOnly => Vec::new(),
            Kind::Feed | Kind::Registry | Kind::Publish => vec![general(self.text(area)), exit()],
            _ => vec![general(self.text(area))],
        }
    }

    /// The first error as one line.
    pub fn text(&self, area: &str) -> String {
        let ty = Dice::new(self.variant).pick(&TYPES);
        match self.kind {
            Kind::Feed => format!(
                "error NU1301: Unable to load the service index for source \
                 https://feeds.example.invalid/{}/v3/index.json.",
                area.to_lowercase()
            ),
            Kind::Registry => {
                "npm error network request to https://registry.example.invalid/tslib \
                               failed, reason: getaddrinfo ENOTFOUND registry.example.invalid"
                    .to_owned()
            }
            Kind::Checkout => format!(
                "fatal: unable to access 'https://git.example.invalid/{}/': The requested URL \
                 returned error: 503",
                area.to_lowercase()
            ),
            Kind::Test => format!("{MARKER}=Test) 1 of 120 tests failed in {area}.Tests."),
            Kind::Disk => format!(
                "System.IO.IOException: No space left on device : '/agent/_work/3/s/{ty}.tmp'"
            ),
            Kind::Odd => format!(
                "Unhandled exception. System.Collections.Generic.KeyNotFoundException: The given \
                 key '{ty}' was not present in the dictionary."
            ),
            Kind::Sign => format!(
                "{MARKER}=Sign) The time stamp server did not answer within 30 s while signing \
                 {area}.{ty}.dll."
            ),
            Kind::Publish => format!(
                "{MARKER}=Publish) The feed refused {area}: 409 Conflict, this version is there \
                 already."
            ),
            Kind::Deploy => {
                "The preview did not become healthy within 300 s: /health answered 502.".to_owned()
            }
            _ => "Bash exited with code '1'.".to_owned(),
        }
    }

    /// Error lines of the log that never became an issue.
    pub fn log_errors(&self) -> Vec<String> {
        match self.kind {
            Kind::LogOnly => vec![
                "npm error code ECONNRESET".to_owned(),
                "npm error network read: connection reset by registry.example.invalid".to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    /// An error of a compiler; the service writes the place in front of the text.
    fn compiler(&self, area: &str, number: u32) -> Issue {
        let dice = Dice::new(self.variant);
        let (ty, member) = (dice.pick(&TYPES), dice.of("member", u64::from(number)).pick(&MEMBERS));
        let (line, column) = (number * 13 + 42, number % 30 + 9);
        let (path, code, text) = match area {
            "task-pack" => (
                format!("src/{}.ts", ty.to_lowercase()),
                "TS2339",
                format!("Property '{member}' does not exist on type '{ty}'."),
            ),
            _ => (
                format!("src/{area}/{ty}.cs"),
                "CS1061",
                format!(
                    "'{ty}' does not contain a definition for '{member}' and no accessible \
                     extension method could be found"
                ),
            ),
        };
        let message = format!("{path}({line},{column}): error {code}: {text}");
        Issue {
            category: "Code",
            message,
            source: Some((path, line, column, code)),
            ..Issue::default()
        }
    }
}

/// The warning of a task that is content with less.
pub fn warning() -> Issue {
    Issue {
        is_warning: true,
        category: "General",
        message: "The symbol server did not answer; symbols of this build are not indexed."
            .to_owned(),
        source: None,
    }
}
