//! Timelines: `GET build/builds/{id}/timeline[/{timelineId}]` (spec azure-devops.md §2.2).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::field;

/// The records of a build, or of one of its earlier attempts.
///
/// The service answers `null` or nothing (204) for a build that never produced one: decode
/// `Option<Timeline>`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Timeline {
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::number")]
    pub change_id: Option<i64>,
    /// The id of an identity; on earlier timelines of a retried stage the person who retried it.
    #[serde(deserialize_with = "field::identity")]
    pub last_changed_by: String,
    #[serde(deserialize_with = "field::time")]
    pub last_changed_on: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
    #[serde(deserialize_with = "field::or_default")]
    pub records: Vec<Record>,
}

/// A stage, phase, job, task or checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// A GUID: inside a task its `SYSTEM_TASKINSTANCEID`, inside a job its `SYSTEM_JOBID`.
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    /// `''` at a root.
    #[serde(deserialize_with = "field::text")]
    pub parent_id: String,
    /// `Stage`, `Phase`, `Job`, `Task`, `Checkpoint`, …
    #[serde(rename = "type", deserialize_with = "field::text")]
    pub kind: String,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    /// The same in all attempts: `Stage`, `Stage.Phase`, `Stage.Phase.Job`; `''` for tasks.
    #[serde(deserialize_with = "field::text")]
    pub identifier: String,
    /// Position among siblings; absent on checkpoints.
    #[serde(deserialize_with = "field::number")]
    pub order: Option<i64>,
    /// `pending`, `inProgress`, `completed`.
    #[serde(deserialize_with = "field::text")]
    pub state: String,
    /// `''` while running: `succeeded`, `succeededWithIssues`, `failed`, `canceled`, `skipped`,
    /// `abandoned`.
    #[serde(deserialize_with = "field::text")]
    pub result: String,
    /// How a condition was evaluated, in words.
    #[serde(deserialize_with = "field::text")]
    pub result_code: String,
    #[serde(deserialize_with = "field::time")]
    pub start_time: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub finish_time: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub percent_complete: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub current_operation: String,
    /// The machine.
    #[serde(deserialize_with = "field::text")]
    pub worker_name: String,
    #[serde(deserialize_with = "field::number")]
    pub queue_id: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub log: Option<LogRef>,
    /// Absent for built-in steps (checkout, initialise, finalise).
    #[serde(deserialize_with = "field::or_default")]
    pub task: Option<TaskRef>,
    /// All errors, also those whose issues the service dropped.
    #[serde(deserialize_with = "field::number")]
    pub error_count: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub warning_count: Option<i64>,
    /// At most ten errors and ten warnings.
    #[serde(deserialize_with = "field::or_default")]
    pub issues: Vec<Issue>,
    /// Of this record alone, see [`crate::attempts`].
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub previous_attempts: Vec<PreviousAttempt>,
    #[serde(deserialize_with = "field::number")]
    pub change_id: Option<i64>,
    /// The zero date in everything recorded, which is none.
    #[serde(deserialize_with = "field::time")]
    pub last_modified: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub details: Option<Details>,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
}

/// Where an earlier attempt of a record is found.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PreviousAttempt {
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub timeline_id: String,
    #[serde(deserialize_with = "field::text")]
    pub record_id: String,
}

/// The log of a record.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct LogRef {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
}

/// Which task ran.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TaskRef {
    /// A GUID.
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::text")]
    pub version: String,
}

/// A timeline below a record, made by `task.logdetail`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Details {
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::number")]
    pub change_id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
}

/// An error or a warning.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Issue {
    /// `error` or `warning`.
    #[serde(rename = "type", deserialize_with = "field::text")]
    pub kind: String,
    /// The service's own: `General`, `Code` or `''`.
    #[serde(deserialize_with = "field::text")]
    pub category: String,
    #[serde(deserialize_with = "field::text")]
    pub message: String,
    /// `sourcepath`, `linenumber`, `columnnumber`, `code`, `logFileLineNumber`, `repo` and any
    /// other property of the command. Read with [`Issue::datum`].
    #[serde(deserialize_with = "field::texts")]
    pub data: BTreeMap<String, String>,
}

impl Issue {
    /// The value of a property of `data`, whose names are written in any letter case.
    pub fn datum(&self, name: &str) -> Option<&str> {
        let exact = self.data.get(name);
        let lenient = || {
            self.data.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        exact.or_else(lenient).map(String::as_str)
    }
}
