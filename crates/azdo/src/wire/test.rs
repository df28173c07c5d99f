//! Test runs and results (spec azure-devops.md §2.4).

use serde::Deserialize;

use super::field;

/// A test run, asked for with `includeRunDetails=true`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestRun {
    #[serde(deserialize_with = "field::id")]
    pub id: i64,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::text")]
    pub state: String,
    #[serde(deserialize_with = "field::time")]
    pub started_date: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub completed_date: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub total_tests: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub passed_tests: Option<i64>,
    /// Failed tests nobody has looked at; more outcomes are counted here than `Failed`.
    #[serde(deserialize_with = "field::number")]
    pub unanalyzed_tests: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub not_applicable_tests: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub incomplete_tests: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub build: Option<BuildRef>,
    #[serde(deserialize_with = "field::or_default")]
    pub build_configuration: BuildConfiguration,
    #[serde(deserialize_with = "field::or_default")]
    pub pipeline_reference: PipelineReference,
    #[serde(deserialize_with = "field::or_default")]
    pub run_statistics: Vec<RunStatistic>,
}

/// A build, by id (which stands in quotes here).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BuildRef {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub number: String,
}

/// What was tested.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildConfiguration {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub number: String,
    #[serde(deserialize_with = "field::text")]
    pub flavor: String,
    #[serde(deserialize_with = "field::text")]
    pub platform: String,
    #[serde(deserialize_with = "field::text")]
    pub branch_name: String,
}

/// Where in the pipeline the run was published.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PipelineReference {
    #[serde(deserialize_with = "field::number")]
    pub pipeline_id: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub stage_reference: StageReference,
    #[serde(deserialize_with = "field::or_default")]
    pub phase_reference: PhaseReference,
    #[serde(deserialize_with = "field::or_default")]
    pub job_reference: JobReference,
}

/// A stage by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StageReference {
    #[serde(deserialize_with = "field::text")]
    pub stage_name: String,
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
}

/// A phase by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PhaseReference {
    #[serde(deserialize_with = "field::text")]
    pub phase_name: String,
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
}

/// A job by name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobReference {
    #[serde(deserialize_with = "field::text")]
    pub job_name: String,
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
}

/// How many results have an outcome; `result_metadata` is `rerun` or `flaky`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunStatistic {
    #[serde(deserialize_with = "field::text")]
    pub state: String,
    #[serde(deserialize_with = "field::text")]
    pub outcome: String,
    #[serde(deserialize_with = "field::number")]
    pub count: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub result_metadata: String,
}

/// The result of a test case in a run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TestCaseResult {
    #[serde(deserialize_with = "field::id")]
    pub id: i64,
    #[serde(deserialize_with = "field::text")]
    pub test_case_title: String,
    #[serde(deserialize_with = "field::text")]
    pub automated_test_name: String,
    #[serde(deserialize_with = "field::text")]
    pub automated_test_storage: String,
    #[serde(deserialize_with = "field::number")]
    pub test_case_reference_id: Option<i64>,
    /// `Passed`, `Failed`, `NotExecuted`, …
    #[serde(deserialize_with = "field::text")]
    pub outcome: String,
    /// Milliseconds.
    #[serde(deserialize_with = "field::or_default")]
    pub duration_in_ms: Option<f64>,
    #[serde(deserialize_with = "field::time")]
    pub started_date: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub completed_date: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub computer_name: String,
    #[serde(deserialize_with = "field::text")]
    pub error_message: String,
    #[serde(deserialize_with = "field::text")]
    pub stack_trace: String,
    #[serde(deserialize_with = "field::or_default")]
    pub failing_since: Option<FailingSince>,
    #[serde(deserialize_with = "field::text")]
    pub failure_type: String,
    /// `none`, `rerun`, `dataDriven`, `orderedTest`, `generic`.
    #[serde(deserialize_with = "field::text")]
    pub result_group_type: String,
    /// The tries of a `rerun`; present when asked for with `detailsToInclude=subResults`.
    #[serde(deserialize_with = "field::or_default")]
    pub sub_results: Vec<SubResult>,
    #[serde(deserialize_with = "field::number")]
    pub priority: Option<i64>,
}

/// Since when a test fails.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FailingSince {
    #[serde(deserialize_with = "field::time")]
    pub date: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub build: Option<BuildRef>,
}

/// A part of a result: one try of a rerun, one row of a data-driven test.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubResult {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub sequence_id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub outcome: String,
    #[serde(deserialize_with = "field::or_default")]
    pub duration_in_ms: Option<f64>,
    #[serde(deserialize_with = "field::text")]
    pub error_message: String,
    #[serde(deserialize_with = "field::text")]
    pub stack_trace: String,
    #[serde(deserialize_with = "field::text")]
    pub result_group_type: String,
    #[serde(deserialize_with = "field::or_default")]
    pub sub_results: Vec<SubResult>,
}
