//! Why builds of a history fail: the texts of real tools, where they show up, and the category that
//! the default rules must find for them (spec azure-devops.md §5.1).

/// One kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Compiler errors with the marker in the middle of the text.
    Compile,
    /// The same without a marker: only the service's own category tells.
    Code,
    /// More compiler errors than the service keeps.
    Flood,
    /// A package feed that does not answer.
    Feed,
    /// A category in plain parentheses.
    Restore,
    /// The sources cannot be fetched.
    Checkout,
    /// A failed test, reported with the marker.
    Test,
    /// A name that cannot be resolved.
    Network,
    /// A full disk; nearly all tests of the run fail with it.
    DiskFull,
    /// The machine went away for good.
    MachineLost,
    /// A job ran longer than it may.
    TimeOut,
    /// All that is known is the exit code of a script.
    ScriptExit,
    /// A text that no rule knows.
    Unknown,
    /// A failed task without an issue, and nothing in its log.
    Silent,
    /// A failed task without an issue; its log holds an error.
    LogOnly,
    /// Publishing failed, reported with the marker.
    Publish,
}

/// Where a kind of failure shows up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The checkout task of a job.
    Checkout,
    /// The task that does the job's work.
    Main,
    /// The job itself.
    Job,
}

/// An issue of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) warning: bool,
    pub(crate) category: &'static str,
    pub(crate) message: String,
    /// Path, line, column and code, when the command carried them.
    pub(crate) source: Option<(String, u32, u32, &'static str)>,
}

/// All kinds with their weights.
pub(crate) const KINDS: [(Kind, u64); 16] = [
    (Kind::Compile, 16),
    (Kind::Code, 6),
    (Kind::Flood, 4),
    (Kind::Feed, 5),
    (Kind::Restore, 4),
    (Kind::Checkout, 3),
    (Kind::Test, 26),
    (Kind::Network, 6),
    (Kind::DiskFull, 4),
    (Kind::MachineLost, 4),
    (Kind::TimeOut, 3),
    (Kind::ScriptExit, 5),
    (Kind::Unknown, 7),
    (Kind::Silent, 3),
    (Kind::LogOnly, 4),
    (Kind::Publish, 3),
];

/// Words that keep failures of one kind apart; letters only, so that fingerprints keep them.
pub(crate) const WORDS: [&str; 24] = [
    "lexer", "parser", "binder", "planner", "scanner", "writer", "reader", "merger", "router",
    "loader", "linker", "signer", "cache", "queue", "socket", "locale", "layout", "theme",
    "widget", "report", "import", "export", "schema", "cursor",
];

/// The words of a variant.
pub(crate) fn word(variant: u16) -> &'static str {
    WORDS.get(usize::from(variant) % WORDS.len()).copied().unwrap_or_default()
}

impl Kind {
    /// The category expected from the default rules.
    pub(crate) fn bucket(self) -> &'static str {
        match self {
            Self::Compile | Self::Flood => "Build",
            Self::Code => "Code",
            Self::Feed => "Feed",
            Self::Restore => "Restore",
            Self::Checkout => "Checkout",
            Self::Test => "Test",
            Self::Network | Self::LogOnly => "Network",
            Self::DiskFull => "DiskFull",
            Self::MachineLost => "MachineLost",
            Self::TimeOut => "Timeout",
            Self::ScriptExit => "ScriptExit",
            Self::Unknown => "Unknown",
            Self::Silent => "NoError",
            Self::Publish => "Publish",
        }
    }

    /// What decides the category: `marker`, `bare`, `rule`, `service`, `none`.
    pub(crate) fn bucket_source(self) -> &'static str {
        match self {
            Self::Compile | Self::Flood | Self::Test | Self::Publish => "marker",
            Self::Restore => "bare",
            Self::Code => "service",
            Self::Unknown | Self::Silent => "none",
            _ => "rule",
        }
    }

    /// The stage it happens in.
    pub(crate) fn stage(self) -> usize {
        match self {
            Self::Compile | Self::Code | Self::Flood | Self::Feed | Self::Restore => 0,
            Self::Checkout => 0,
            Self::Publish => 2,
            _ => 1,
        }
    }

    /// The record it shows up on.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Checkout => Place::Checkout,
            Self::MachineLost | Self::TimeOut => Place::Job,
            _ => Place::Main,
        }
    }

    /// The result of the record that fails.
    pub(crate) fn result(self) -> &'static str {
        match self {
            Self::MachineLost => "abandoned",
            Self::TimeOut => "canceled",
            _ => "failed",
        }
    }

    /// All errors of the failing record, in their order; the service keeps the first ten.
    /// `flood` is how many compiler errors a flood has.
    pub(crate) fn errors(self, variant: u16, flood: u16, worker: &str) -> Vec<Issue> {
        let word = word(variant);
        let exit = || general("Bash exited with code '1'.".to_owned());
        match self {
            Self::Compile => {
                vec![
                    compile(word, 0, true),
                    general(format!("{MARKER}=Build) Build failed.")),
                    exit(),
                ]
            }
            Self::Code => vec![compile(word, 0, false)],
            Self::Flood => (0..flood).map(|n| compile(word, u32::from(n), true)).collect(),
            Self::Feed => vec![
                general(format!(
                    "error NU1301: Unable to load the service index for source \
                     https://feeds.example.invalid/{word}/index.json."
                )),
                exit(),
            ],
            Self::Restore => {
                vec![general(format!("(Restore) Failed to restore package {word}.")), exit()]
            }
            Self::Checkout => vec![general(format!(
                "fatal: unable to access 'https://git.example.invalid/{word}/': The requested URL \
                 returned error: 403"
            ))],
            Self::Test => vec![general(format!("{MARKER}=Test) Tests of {word} failed.")), exit()],
            Self::Network => vec![
                general(format!("curl: (6) Could not resolve host: {word}.example.invalid")),
                exit(),
            ],
            Self::DiskFull => vec![general(format!(
                "System.IO.IOException: No space left on device : '/agent/_work/1/s/{word}.bin'"
            ))],
            Self::MachineLost => vec![general(format!(
                "We stopped hearing from agent {worker}. Verify the agent machine is running and \
                 has a healthy network connection."
            ))],
            Self::TimeOut => vec![general(format!(
                "The job running on agent {worker} ran longer than the maximum time of 60 minutes."
            ))],
            Self::ScriptExit => vec![exit()],
            Self::Unknown => vec![general(format!(
                "FAILED tests/test_{word}.py::test_round_trip - AssertionError: assert 3 == 4"
            ))],
            Self::Silent | Self::LogOnly => Vec::new(),
            Self::Publish => {
                vec![general(format!("{MARKER}=Publish) Package {word} was refused."))]
            }
        }
    }

    /// Lines of the log that begin with `##[error]` and are no issue.
    pub(crate) fn log_errors(self, variant: u16) -> Vec<String> {
        match self {
            Self::LogOnly => {
                vec![format!(
                    "npm error network getaddrinfo ENOTFOUND {}.example.invalid",
                    word(variant)
                )]
            }
            _ => Vec::new(),
        }
    }

    /// Whether failures of this kind and variant share a fingerprint; those without an error have
    /// none.
    pub(crate) fn has_fingerprint(self) -> bool {
        self != Self::Silent
    }

    /// Whether the fingerprint tells variants apart.
    pub(crate) fn names_variant(self) -> bool {
        !matches!(self, Self::MachineLost | Self::TimeOut | Self::ScriptExit)
    }
}

const MARKER: &str = "(NETCORE_ENGINEERING_TELEMETRY";

fn general(message: String) -> Issue {
    Issue { category: "General", message, ..Issue::default() }
}

/// One compiler error; the service rewrites the text of a command with a path like this.
fn compile(word: &str, number: u32, marked: bool) -> Issue {
    let path = format!("src/{word}/{word}.cs");
    let (line, column) = (number * 7 + 12, number % 40 + 5);
    let marker = if marked { format!("{MARKER}=Build) ") } else { String::new() };
    Issue {
        category: "Code",
        message: format!(
            "{path}({line},{column}): error CS0103: {marker}The name '{word}' does not exist in the \
             current context"
        ),
        source: Some((path, line, column, "CS0103")),
        ..Issue::default()
    }
}

/// The warning of a task that is content with less.
pub(crate) fn warning(number: u32) -> Issue {
    Issue {
        warning: true,
        category: "General",
        message: format!("unable to reach the symbol server, try {number}; continuing"),
        source: None,
    }
}
