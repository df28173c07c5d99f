//! The stored functions this product brings: the texts in `reports/`, one function a file.

use std::sync::LazyLock;

use model::ViewDef;

use super::StoredFunction;
use crate::bound::Column;
use crate::catalog::{BindOptions, Catalog};

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../reports/", $name, ".kql")))),*]
    };
}

/// Name and text of each.
pub const TEXTS: [(&str, &str); 72] = texts![
    "BlockedFailures",
    "BuildDependencies",
    "BuildDuration",
    "BuildErrors",
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
    "CriticalPath",
    "CriticalPathShare",
    "DeploymentFrequency",
    "ErrorTexts",
    "FailedJobs",
    "FailureBreakdown",
    "FingerprintStates",
    "FinishedDeployments",
    "FirstAttemptPassRate",
    "FlakyEvidence",
    "FlakyHits",
    "InfrastructureRuns",
    "IssueOverflow",
    "IssuesInTrace",
    "JobQueueWait",
    "KnownIssueCounts",
    "KnownIssueHits",
    "KnownIssueProposals",
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
    "PipelineHealth",
    "PrimaryErrors",
    "QueueWait",
    "RedIntervals",
    "RedStreaks",
    "RedTime",
    "RerunTime",
    "RescueRate",
    "ResultSuccess",
    "TestEvidence",
    "TestEvidenceOf",
    "TestId",
    "TestResultsDaily",
    "TestStates",
    "TestVerdicts",
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

/// The built-in tables and functions, which is all that stored functions see.
struct BuiltIn;

impl Catalog for BuiltIn {
    fn table(&self, name: &str) -> Option<&'static ViewDef> {
        model::tables::view(name)
    }
    fn table_names(&self) -> Vec<&'static str> {
        model::tables::views().iter().map(|view| view.name).collect()
    }
    fn functions(&self) -> Vec<&'static StoredFunction> {
        built_in().iter().collect()
    }
    fn has_app(&self, _: &str) -> bool {
        false
    }
}

/// The columns a function yields when it is called without arguments; nothing when it has to be
/// given something.
pub fn columns(function: &StoredFunction) -> Option<Vec<Column>> {
    if !function.needs_nothing() {
        return None;
    }
    let text = format!("{}()", function.name);
    let bound = crate::compile(&text, &BuiltIn, &BindOptions::default()).ok()?;
    Some(bound.statements.into_iter().flat_map(|statement| statement.relation.columns).collect())
}
