//! The stored functions this product brings: the texts in `reports/`, one function a file.

use std::sync::LazyLock;

use super::StoredFunction;

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../reports/", $name, ".kql")))),*]
    };
}

/// Name and text of each.
pub const TEXTS: [(&str, &str); 45] = texts![
    "BlockedFailures",
    "BuildDuration",
    "BuildJobs",
    "BuildKind",
    "BuildTimeline",
    "BuildsWithAttempts",
    "CategorizedIssues",
    "CategoryDomain",
    "CategoryShare",
    "CategoryTrend",
    "ChangeFailureRate",
    "CollectorLag",
    "CompletedBuilds",
    "DeploymentFrequency",
    "FailedJobs",
    "FailureBreakdown",
    "FinishedDeployments",
    "FirstAttemptPassRate",
    "FlakyEvidence",
    "IssueOverflow",
    "JobQueueWait",
    "LatestRecords",
    "LeadTime",
    "LostMachineTime",
    "LostMachines",
    "LostPeopleTime",
    "MainBranchBuilds",
    "MaskedFailures",
    "PassRate",
    "PassRateTrend",
    "PrimaryErrors",
    "QueueWait",
    "RedIntervals",
    "RedStreaks",
    "RedTime",
    "RerunTime",
    "RescueRate",
    "TestResultsDaily",
    "TimeToAnswer",
    "TimeToGreen",
    "TimeToRestore",
    "UnknownErrors",
    "UnknownShare",
    "WilsonHigh",
    "WilsonLow",
];

static FUNCTIONS: LazyLock<Vec<StoredFunction>> = LazyLock::new(|| {
    // A text that cannot be read is found by the tests; it would be missing, not fatal.
    TEXTS.iter().filter_map(|(_, text)| StoredFunction::read(text).ok()).collect()
});

/// All of them, read once per process.
pub fn built_in() -> &'static [StoredFunction] {
    &FUNCTIONS
}
