//! Badges that show the first row of a saved query: definition, last value, and what a row means.
//!
//! Invariant: a failure keeps the last value; after [`FAILURES_MAX`] in a row the badge is grey,
//! so that nobody takes an old number for a new one.

use query::ResultTable;
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::draw::Face;
use crate::api::appinsights::rows::Rows;

/// Query badges one server holds.
pub const QUERIES_MAX: usize = 200;
/// Failures in a row after which a value is not shown as if it were new.
pub const FAILURES_MAX: u32 = 3;
const NAME_CHARS_MAX: usize = 64;
const KQL_BYTES_MAX: usize = 64 * 1024;
const THRESHOLDS_MAX: usize = 20;
const EVERY_SECONDS: std::ops::RangeInclusive<u64> = 10..=86_400;
/// Longest message kept; badges cut theirs.
const TEXT_CHARS_MAX: usize = 300;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryDocument {
    pub name: String,
    pub kql: String,
    /// Name or id.
    pub application: String,
    pub every_seconds: u64,
    /// When the query has no column of that name, as the next.
    pub label: Option<String>,
    pub color: Option<String>,
    /// In rising order.
    pub thresholds: Vec<Threshold>,
    #[serde(default)]
    pub choice: Choice,
    #[serde(default)]
    pub generation: u32,
}

/// The colour of values from a number on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub from: f64,
    pub color: String,
}

/// What came of asking. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryValue {
    pub label: Option<String>,
    /// `None`: there was no answer yet.
    pub message: Option<String>,
    pub color: String,
    /// When the message was asked for.
    pub answered: Option<i64>,
    /// When it was asked last.
    pub tried: Option<i64>,
    /// Failures since the last answer.
    pub failures: u32,
    /// Why the last try failed; `''`: it did not.
    pub error: String,
    /// When what is shown changed.
    pub changed: i64,
}

impl QueryValue {
    /// Whether both are shown in the same way.
    pub fn looks_like(&self, other: &QueryValue) -> bool {
        let is_old = |value: &QueryValue| value.failures >= FAILURES_MAX;
        (&self.label, &self.message, &self.color) == (&other.label, &other.message, &other.color)
            && is_old(self) == is_old(other)
    }
}

/// A query badge.
#[derive(Debug)]
pub struct QueryBadge {
    pub document: QueryDocument,
    pub value: QueryValue,
}

impl QueryDocument {
    /// Checks everything but the query's text.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub fn check(&self) -> Result<(), String> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        let length = self.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&length)
            || !self.name.chars().all(is_plain)
            || self.name.starts_with('.')
        {
            let shown: String = self.name.chars().take(NAME_CHARS_MAX).collect();
            return Err(format!(
                "`{shown}` is no name of a query badge: use 1 to {NAME_CHARS_MAX} lower-case \
                 letters, digits, `-`, `_` and `.`"
            ));
        }
        if self.kql.trim().is_empty() || self.kql.len() > KQL_BYTES_MAX {
            return Err(format!("`kql` must have 1 to {KQL_BYTES_MAX} bytes"));
        }
        if !EVERY_SECONDS.contains(&self.every_seconds) {
            return Err("`every` must be a time from `10s` to `24h`".to_owned());
        }
        if self.thresholds.len() > THRESHOLDS_MAX
            || self.thresholds.iter().any(|threshold| !threshold.from.is_finite())
        {
            return Err(format!("`thresholds` has {THRESHOLDS_MAX} entries at most, of numbers"));
        }
        self.choice.check().map_err(|error| error.to_string())
    }

    /// The colour of a value.
    fn color_of(&self, message: &str, number: Option<f64>) -> String {
        let number = number.or_else(|| leading_number(message));
        let reached = |threshold: &&Threshold| number.is_some_and(|n| n >= threshold.from);
        let by_threshold = self.thresholds.iter().rev().find(reached);
        let color = by_threshold.map(|threshold| &threshold.color).or(self.color.as_ref());
        color.cloned().unwrap_or_else(|| "blue".to_owned())
    }

    /// What the first row of an answer means. Columns `label`, `message`, `color` and `value` are
    /// read; without `message` the value or the first column is it. `value` decides on thresholds.
    ///
    /// # Errors
    /// When there is nothing to show, for people.
    pub fn read(&self, tables: &[ResultTable], now: i64) -> Result<QueryValue, String> {
        let table = tables.first().ok_or("the query has no result")?;
        let rows = Rows::new(table);
        let row = rows.iter().next().ok_or("the query gave no row")?;
        let cell = |name: &str| text_of(&row.json(name));
        let first = table.columns.first().map(|column| column.name.as_str()).unwrap_or_default();
        let message = cell("message").or_else(|| cell("value")).or_else(|| cell(first));
        let message = message.ok_or("the query's first row has no value to show")?;
        let color =
            cell("color").unwrap_or_else(|| self.color_of(&message, row.json("value").as_f64()));
        Ok(QueryValue {
            label: cell("label"),
            message: Some(message),
            color,
            answered: Some(now),
            tried: Some(now),
            changed: now,
            ..QueryValue::default()
        })
    }
}

impl QueryBadge {
    /// What it shows, the rest as in `base`.
    pub fn face(&self, base: Face) -> Face {
        let value = &self.value;
        let label = value.label.as_ref().or(self.document.label.as_ref());
        let is_old = value.failures >= FAILURES_MAX || value.message.is_none();
        Face {
            label: label.unwrap_or(&self.document.name).clone(),
            message: value.message.clone().unwrap_or_else(|| {
                if value.failures > 0 { "no data".to_owned() } else { "pending".to_owned() }
            }),
            color: if is_old { "lightgrey".to_owned() } else { value.color.clone() },
            is_error: value.failures >= FAILURES_MAX,
            ..base
        }
    }

    /// Whether it is time to ask. After failures as often as before.
    pub fn is_due(&self, now: i64) -> bool {
        let every = i64::try_from(self.document.every_seconds).unwrap_or(i64::MAX / 2);
        self.value.tried.is_none_or(|tried| now >= tried.saturating_add(every * 1_000_000_000))
    }

    /// The value after a failure.
    pub fn failed(&self, error: &str, now: i64) -> QueryValue {
        let failures = self.value.failures.saturating_add(1);
        let turns = failures == FAILURES_MAX || self.value.message.is_none();
        QueryValue {
            failures,
            error: error.chars().take(TEXT_CHARS_MAX).collect(),
            tried: Some(now),
            changed: if turns { now } else { self.value.changed },
            ..self.value.clone()
        }
    }
}

/// `98.5` of `98.5 %`.
fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    let text = match value {
        serde_json::Value::Null => return None,
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(text.chars().take(TEXT_CHARS_MAX).collect()).filter(|text: &String| !text.is_empty())
}
