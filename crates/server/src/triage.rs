//! Categories given to issues after they were collected: rows of `TimelineIssuesTriage`.
//!
//! Invariant: an entry names one issue by the key of its table; the newest entry of an issue
//! counts.

use model::tables::pipelines::TIMELINE_ISSUES_TRIAGE;
use model::{Batch, BatchBuilder};
use serde::{Deserialize, Serialize};

/// Most entries of one request, which are one record of the log.
pub const ENTRIES_MAX: usize = 10_000;

/// Longest text of an entry, in bytes.
const TEXT_BYTES_MAX: usize = 1000;

/// What `By` says when rules gave the category; people are named otherwise.
pub const BY_RULES: &str = "rules";

/// A new category of one issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    pub organization: String,
    pub project: String,
    pub build_id: i64,
    pub record_id: String,
    /// The issue's number within its record.
    pub index: i64,
    pub category: String,
    /// Where it was decided, for people; may be missing.
    #[serde(default)]
    pub url: String,
}

impl Entry {
    /// What is wrong with an entry, in words for whoever sent it.
    pub fn problem(&self) -> Option<String> {
        let needed = [
            ("organization", &self.organization),
            ("project", &self.project),
            ("category", &self.category),
        ];
        if let Some((name, _)) = needed.iter().find(|(_, text)| text.trim().is_empty()) {
            return Some(format!("`{name}` is empty"));
        }
        let all = needed.into_iter().chain([("recordId", &self.record_id), ("url", &self.url)]);
        let mut long = all.filter(|(_, text)| text.len() > TEXT_BYTES_MAX);
        if let Some((name, _)) = long.next() {
            return Some(format!("`{name}` is longer than {TEXT_BYTES_MAX} bytes"));
        }
        (self.build_id <= 0 || self.index < 0)
            .then(|| "`buildId` must be above 0 and `index` not below".to_owned())
    }
}

/// The rows of `entries`, decided at `now` (nanoseconds since 1970) by `by`.
///
/// # Errors
/// Internal.
pub fn rows(entries: &[Entry], by: &str, now: i64) -> Result<Batch, arrow_schema::ArrowError> {
    let mut builder = BatchBuilder::with_capacity(&TIMELINE_ISSUES_TRIAGE, entries.len());
    for entry in entries {
        for (i, column) in TIMELINE_ISSUES_TRIAGE.columns.iter().enumerate() {
            let cell = builder.column(i);
            match column.name {
                "ModifiedDateTime" => cell.long(now),
                "Organization" => cell.text(&entry.organization),
                "Project" => cell.text(&entry.project),
                "BuildId" => cell.long(entry.build_id),
                "RecordId" => cell.text(&entry.record_id),
                "Index" => cell.long(entry.index),
                "UpdatedCategory" => cell.text(&entry.category),
                "Url" => cell.text(&entry.url),
                "By" => cell.text(by),
                _ => cell.null(),
            }
        }
        builder.end_row();
    }
    builder.finish()
}
