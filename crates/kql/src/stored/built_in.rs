//! The stored functions this product brings: the texts in `reports/`, one function a file.

use std::sync::LazyLock;

use super::StoredFunction;

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../reports/", $name, ".kql")))),*]
    };
}

/// Name and text of each.
pub const TEXTS: [(&str, &str); 57] = texts![
    "BlockedFailures",
    "BuildDependencies",
    "BuildDuration",
    "BuildExceptions",
    "BuildJobs",
    "BuildKind",
    "BuildOperation",
    "BuildOperationId",
    "BuildRequests",
    "BuildSpanId",
    "BuildTimeline",
    "BuildTraces",
    "BuildsWithAttempts",
    "CategorizedIssues",
    "CategoryDomain",
    "CategoryShare",
    "CategoryTrend",
    "ChangeFailureRate",
    "CollectorLag",
    "CompletedBuilds",
    "CountedTestResults",
    "DeploymentFrequency",
    "FailedJobs",
    "FailureBreakdown",
    "FinishedDeployments",
    "FirstAttemptPassRate",
    "FlakyEvidence",
    "InfrastructureRuns",
    "IssueOverflow",
    "IssuesInTrace",
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
    "PerformanceBucket",
    "PrimaryErrors",
    "QueueWait",
    "RedIntervals",
    "RedStreaks",
    "RedTime",
    "RerunTime",
    "RescueRate",
    "ResultSuccess",
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
