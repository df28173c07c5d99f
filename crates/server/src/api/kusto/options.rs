//! Client request properties: the options a Kusto client may set for one request
//! (spec query-api.md §3).
//!
//! Invariant: an option that would change which rows are answered is followed or refused, never
//! overlooked; one that only gives advice may be.

use model::time::{parse_datetime, parse_timespan};
use serde_json::{Map, Value};

use super::wire::v2::{Framing, Placement};
use crate::ask::Question;
use crate::error::Refusal;
use crate::settings;

/// What one request asks for besides its query.
#[derive(Debug, Default)]
pub struct Options {
    pub framing: Framing,
    /// The caller wants nothing changed.
    pub is_readonly: bool,
    wait_ms: Option<u64>,
    is_patient: bool,
    is_uncut: bool,
    rows_max: Option<u64>,
    bytes_max: Option<u64>,
    rows_wanted: Option<u64>,
    now: Option<i64>,
    from: Option<i64>,
    to: Option<i64>,
}

impl Options {
    /// # Errors
    /// 400 naming the option whose value cannot be used.
    pub fn read(given: &Map<String, Value>) -> Result<Options, Refusal> {
        let mut options = Options::default();
        for (name, value) in given {
            options.set(&name.to_ascii_lowercase(), value).map_err(|wanted| {
                let shown: String = value.to_string().chars().take(100).collect();
                Refusal::bad_request(format!("option `{name}` is `{shown}`, but must be {wanted}"))
            })?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), &'static str> {
        if value.is_null() {
            return Ok(());
        }
        let flag = || flag(value).ok_or("`true` or `false`");
        let count = || count(value).ok_or("a whole number above 0");
        let time = || value.as_str().and_then(parse_datetime).ok_or("a datetime");
        match name {
            "servertimeout" => {
                let nanos = value.as_str().and_then(parse_timespan).filter(|nanos| *nanos > 0);
                let nanos = nanos.ok_or("a timespan such as `00:10:00`")?;
                self.wait_ms = Some(nanos.unsigned_abs() / 1_000_000);
            }
            "norequesttimeout" => self.is_patient = flag()?,
            "request_readonly" | "request_readonly_hardline" => self.is_readonly |= flag()?,
            "notruncation" => self.is_uncut = flag()?,
            "truncationmaxrecords" => self.rows_max = Some(count()?),
            "truncationmaxsize" => self.bytes_max = Some(count()?),
            "query_take_max_records" => self.rows_wanted = Some(count()?),
            "query_now" => self.now = Some(time()?),
            "query_datetimescope_from" => self.from = Some(time()?),
            "query_datetimescope_to" => self.to = Some(time()?),
            "query_datetimescope_column" => match value.as_str() {
                Some("" | "timestamp" | "TimeGenerated") => {}
                _ => return Err("`timestamp` or `TimeGenerated`"),
            },
            "results_v2_newlines_between_frames" => self.framing.newlines = flag()?,
            "results_v2_fragment_primary_tables" => self.framing.fragmented = flag()?,
            "results_error_reporting_placement" => {
                self.framing.placement = match value.as_str().map(str::to_ascii_lowercase) {
                    Some(text) if text == "in_data" => Placement::InData,
                    Some(text) if text == "end_of_table" => Placement::EndOfTable,
                    Some(text) if text == "end_of_dataset" => Placement::EndOfDataset,
                    _ => return Err("`in_data`, `end_of_table` or `end_of_dataset`"),
                };
            }
            _ => {}
        }
        Ok(())
    }

    /// Changes the question as the options say.
    pub fn apply(&self, question: &mut Question, settings: &settings::Query) {
        if let Some(wait_ms) = self.wait_ms {
            question.wait(wait_ms, settings);
        }
        if self.is_patient {
            question.wait(u64::MAX, settings);
        }
        if self.is_uncut {
            (question.limits.rows_max, question.limits.bytes_max) = (u64::MAX, u64::MAX);
        }
        question.limits.rows_max = self.rows_max.unwrap_or(question.limits.rows_max);
        question.limits.bytes_max = self.bytes_max.unwrap_or(question.limits.bytes_max);
        question.limits.rows_wanted = self.rows_wanted;
        question.now = self.now.unwrap_or(question.now);
        if self.from.is_some() || self.to.is_some() {
            let end = self.to.map_or(i64::MAX, |to| to.saturating_add(model::time::TICK));
            question.time_range = Some((self.from.unwrap_or(i64::MIN), end));
        }
    }
}

/// A boolean, or the text or number some clients send for one.
fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_i64()? != 0),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn count(value: &Value) -> Option<u64> {
    let count = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    count.filter(|count| *count > 0)
}
