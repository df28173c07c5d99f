//! What was collected of a build or a deployment → row batches of the tables of pipelines.
//!
//! All rows of a build in one table are replaced together by the newest collection, so all
//! timelines of a build are given every time (spec azure-devops.md §3, §4.6).

mod attempts;
mod builds;
mod deployments;
mod image;
mod issues;
mod log_errors;
mod records;
mod test_results;
mod test_runs;
pub(crate) mod writer;

pub use image::sets_up_job;
pub use test_results::{PASSED_ON_RERUN, is_rerun};

use model::Batch;

use crate::category::Categories;
use crate::identity::Identities;
use crate::wire;

/// All that was fetched of one build.
#[derive(Debug, Clone, Default)]
pub struct CollectedBuild {
    pub build: wire::Build,
    /// The current timeline; none when the service has none for the build.
    pub latest: Option<wire::Timeline>,
    /// Those that [`previous_timelines`] names, and those that these name in turn; any order.
    pub previous: Vec<wire::Timeline>,
    /// Logs of failed records, and of the records that set up jobs for the names of images.
    pub logs: Vec<CollectedLog>,
    /// None when tests were not asked for: earlier rows about tests stay.
    pub runs: Option<Vec<CollectedRun>>,
}

/// The text of a record's log, or its last part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectedLog {
    pub record_id: String,
    pub log_id: i64,
    /// The number of the first line of `text`, from 1.
    pub first_line: i64,
    /// Lines as the service sends them, ended by `\n` or `\r\n`.
    pub text: String,
}

/// A test run and its results.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CollectedRun {
    pub run: wire::TestRun,
    pub results: Vec<wire::TestCaseResult>,
}

/// Which results of tests become rows; runs and their counts always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    /// No results.
    Summary,
    /// Failed, Aborted, Timeout, Error, and what passed on a rerun.
    Failed,
    All,
}

/// What is the same for all builds of a project in one pass.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The value of the column Organization: the source's name.
    pub organization: &'a str,
    /// The value of the column Project: the project's name.
    pub project: &'a str,
    /// The project's GUID: operation and span ids are made of it.
    pub project_id: &'a str,
    pub categories: &'a Categories,
    pub identities: Identities<'a>,
    pub tests: Tests,
    /// Nanoseconds since 1970; later than at any earlier collection of the same build.
    pub collected_at: i64,
}

/// The rows of one build, with what a later row of the build alone must repeat.
#[derive(Debug, Clone)]
pub struct BuildRows {
    /// At most one batch per table, none of them empty.
    pub batches: Vec<Batch>,
    pub kept: Kept,
}

/// What a build's row tells about its timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub attempt_count: i64,
    pub has_timeline: bool,
}

impl Default for Kept {
    /// Of a build whose timelines were never fetched.
    fn default() -> Kept {
        Kept { attempt_count: 1, has_timeline: false }
    }
}

/// Rows could not be put together.
#[derive(Debug, thiserror::Error)]
#[error("rows of {table} cannot be built: {reason}")]
pub struct RowsError {
    pub table: &'static str,
    pub reason: String,
}

/// All rows of a build in all tables.
///
/// # Errors
///
/// Internal, and for a build without an id.
pub fn of_build(collected: &CollectedBuild, context: &Context) -> Result<BuildRows, RowsError> {
    let records = crate::attempts::merge(collected.latest.as_ref(), &collected.previous);
    let kept =
        Kept { attempt_count: attempts::count(&records), has_timeline: collected.latest.is_some() };
    let definition = builds::definition(&collected.build);
    let mut batches = vec![of_build_alone(&collected.build, kept, context)?];
    batches.extend(attempts::of(collected, &records, context)?);
    batches.extend(records::of(collected, &records, context)?);
    batches.extend(issues::of(collected, &records, &definition, context)?);
    batches.extend(log_errors::of(collected, &records, &definition, context)?);
    if let Some(runs) = &collected.runs {
        batches.extend(test_runs::of(collected.build.id, runs, context)?);
        batches.extend(test_results::of(&collected.build, runs, context)?);
    }
    Ok(BuildRows { batches, kept })
}

/// The row of a build alone, for a build whose timelines were not fetched again: it is running, it
/// was deleted (set `build.deleted`), or only its tags or retention changed. `kept` is what
/// [`of_build`] told last.
///
/// # Errors
///
/// As [`of_build`].
pub fn of_build_alone(
    build: &wire::Build,
    kept: Kept,
    context: &Context,
) -> Result<Batch, RowsError> {
    if build.id == 0 {
        let reason = "the service sent a build without an id".to_owned();
        return Err(RowsError { table: "TimelineBuilds", reason });
    }
    builds::of(build, kept, context)
}

/// The rows of deployments, one each; none when there are none.
///
/// # Errors
///
/// Internal.
pub fn of_deployments(
    deployments: &[wire::Deployment],
    context: &Context,
) -> Result<Option<Batch>, RowsError> {
    let Context { organization, project, collected_at, .. } = *context;
    deployments::of(deployments, organization, project, collected_at)
}

/// The row of a deployment that a service hook told of. `organization` and `project` are what the
/// collector's rows of the same deployment have; `received_at` is nanoseconds since 1970.
///
/// # Errors
///
/// Internal.
pub fn of_deployment(
    deployment: &wire::Deployment,
    organization: &str,
    project: &str,
    received_at: i64,
) -> Result<Option<Batch>, RowsError> {
    deployments::of(std::slice::from_ref(deployment), organization, project, received_at)
}

/// The ids of the timelines that `timeline` names as earlier attempts, each once, in the order of
/// the records (spec §3 rule 7). Ask the same of each of those until nothing new is named.
pub fn previous_timelines(timeline: &wire::Timeline) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    timeline
        .records
        .iter()
        .flat_map(|record| &record.previous_attempts)
        .map(|attempt| attempt.timeline_id.as_str())
        .filter(|id| !id.is_empty() && *id != timeline.id && seen.insert(*id))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
pub(crate) mod tests;
