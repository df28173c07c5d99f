//! The kinds of items and their envelopes (spec ingestion.md §6–§9).
//!
//! Invariant: a line has at most [`LINE_BYTES_MAX`] bytes unless its texts are too many to be cut;
//! a cut is counted.

use model::time::{Fraction, format_datetime, format_timespan};
use serde_json::{Map, Value, json};

use super::context::Context;

/// What servers take as one item, in bytes of JSON.
const LINE_BYTES_MAX: usize = ingest::breeze::ITEM_BYTES_MAX;
/// Texts are not cut shorter than this many bytes.
const CUT_BYTES_MIN: usize = 256;
/// Stands at the end of a text that was cut.
const CUT_MARK: &str = "…";

/// One item to send.
#[derive(Debug, Clone)]
pub struct Item {
    /// Nanoseconds since 1970; of what takes time, its start.
    pub time: i64,
    /// `operation_ParentId`; `None` takes that of the context.
    pub parent_id: Option<String>,
    pub properties: Vec<(String, String)>,
    /// Not for metrics, which have none.
    pub measurements: Vec<(String, f64)>,
    pub data: Data,
}

/// What only items of one kind have. Durations are nanoseconds.
#[derive(Debug, Clone)]
pub enum Data {
    Request {
        id: String,
        name: String,
        url: String,
        source: String,
        duration: i64,
        success: bool,
        result_code: String,
    },
    Dependency {
        id: String,
        name: String,
        ty: String,
        target: String,
        data: String,
        duration: i64,
        success: bool,
        result_code: String,
    },
    Event {
        name: String,
    },
    Exception {
        ty: String,
        message: String,
        /// The text of the stack; may be empty.
        stack: String,
        frames: Vec<Frame>,
        severity: Option<u8>,
        /// Empty: the server makes one of type and method.
        problem_id: String,
    },
    Trace {
        message: String,
        severity: Option<u8>,
    },
    Metric {
        name: String,
        value: f64,
        /// How many values `value` is the sum of, with their extremes.
        count: Option<i64>,
        min: Option<f64>,
        max: Option<f64>,
        std_dev: Option<f64>,
    },
}

/// One frame of a stack, or the place an error names.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub method: String,
    pub assembly: String,
    pub file: String,
    pub line: Option<u32>,
}

/// An item as it is sent.
#[derive(Debug)]
pub struct Line {
    pub text: String,
    /// Whether texts in it were cut to make it fit.
    pub is_cut: bool,
}

impl Item {
    /// The envelope as one line of JSON.
    pub fn line(&self, instrumentation_key: &str, context: &Context) -> Line {
        let mut envelope = self.envelope(instrumentation_key, context);
        let mut text = envelope.to_string();
        let mut is_cut = false;
        while text.len() > LINE_BYTES_MAX {
            let excess = text.len() - LINE_BYTES_MAX;
            let Some(longest) = longest(&mut envelope["data"]["baseData"]) else { break };
            if longest.len() <= CUT_BYTES_MIN {
                break;
            }
            cut(longest, excess);
            is_cut = true;
            text = envelope.to_string();
        }
        Line { text, is_cut }
    }

    fn envelope(&self, instrumentation_key: &str, context: &Context) -> Value {
        let (base_type, mut data) = self.data.base();
        data["ver"] = json!(2);
        let mut properties = Map::new();
        for (key, value) in context.properties.iter().chain(&self.properties) {
            properties.insert(key.clone(), json!(value));
        }
        data["properties"] = Value::Object(properties);
        if !self.measurements.is_empty() {
            let measurements = self.measurements.iter().map(|(k, v)| (k.clone(), json!(v)));
            data["measurements"] = Value::Object(measurements.collect());
        }
        json!({
            "ver": 1,
            "name": format!("Microsoft.ApplicationInsights.{}", base_type.trim_end_matches("Data")),
            "time": format_datetime(self.time, Fraction::Seven),
            "sampleRate": 100,
            "iKey": instrumentation_key,
            "tags": self.tags(context),
            "data": { "baseType": base_type, "baseData": data },
        })
    }

    fn tags(&self, context: &Context) -> Value {
        let given = self.parent_id.as_deref();
        let parent_id = given.or(context.origin.as_ref().map(|origin| origin.span_id.as_str()));
        let sdk = format!("telltale:{}", env!("CARGO_PKG_VERSION"));
        let tags = [
            ("ai.operation.id", context.operation_id.as_str()),
            ("ai.operation.parentId", parent_id.unwrap_or_default()),
            ("ai.cloud.role", &context.role),
            ("ai.cloud.roleInstance", &context.role_instance),
            ("ai.device.osVersion", &context.os),
            ("ai.internal.sdkVersion", &sdk),
        ];
        let tags = tags.into_iter().filter(|(_, value)| !value.is_empty());
        Value::Object(tags.map(|(key, value)| (key.to_owned(), json!(value))).collect())
    }

    /// The item's own span, when it has one.
    pub fn id(&self) -> Option<&str> {
        match &self.data {
            Data::Request { id, .. } | Data::Dependency { id, .. } => Some(id),
            _ => None,
        }
    }
}

impl Data {
    fn base(&self) -> (&'static str, Value) {
        match self {
            Data::Request { id, name, url, source, duration, success, result_code } => (
                "RequestData",
                json!({
                    "id": id, "name": name, "url": url, "source": source,
                    "duration": format_timespan(*duration), "success": success,
                    "responseCode": result_code,
                }),
            ),
            Data::Dependency { id, name, ty, target, data, duration, success, result_code } => (
                "RemoteDependencyData",
                json!({
                    "id": id, "name": name, "type": ty, "target": target, "data": data,
                    "duration": format_timespan(*duration), "success": success,
                    "resultCode": result_code,
                }),
            ),
            Data::Event { name } => ("EventData", json!({ "name": name })),
            Data::Exception { ty, message, stack, frames, severity, problem_id } => (
                "ExceptionData",
                json!({
                    "severityLevel": severity, "problemId": problem_id,
                    "exceptions": [{
                        "id": 1, "outerId": 0, "typeName": ty, "message": message,
                        "hasFullStack": !stack.is_empty(), "stack": stack,
                        "parsedStack": parsed(frames),
                    }],
                }),
            ),
            Data::Trace { message, severity } => {
                ("MessageData", json!({ "message": message, "severityLevel": severity }))
            }
            Data::Metric { name, value, count, min, max, std_dev } => {
                let kind = i32::from(count.is_some());
                let point = json!({
                    "name": name, "kind": kind, "value": value, "count": count, "min": min,
                    "max": max, "stdDev": std_dev,
                });
                ("MetricData", json!({ "metrics": [point] }))
            }
        }
    }
}

fn parsed(frames: &[Frame]) -> Value {
    let frames = frames.iter().enumerate().map(|(level, frame)| {
        json!({
            "level": level, "method": frame.method, "assembly": frame.assembly,
            "fileName": frame.file, "line": frame.line,
        })
    });
    Value::Array(frames.collect())
}

/// The longest text inside a value.
fn longest(value: &mut Value) -> Option<&mut String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) => values.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
        Value::Object(members) => {
            members.values_mut().filter_map(longest).max_by_key(|text| text.len())
        }
        _ => None,
    }
}

/// Takes off the end what makes about `excess` bytes of JSON, as far as [`CUT_BYTES_MIN`] allows.
fn cut(text: &mut String, excess: usize) {
    let in_json = json!(*text).to_string().len();
    // Some characters take six bytes there; where they stand is not known, so a cut may be too
    // small, and another one follows.
    let taken = excess.saturating_mul(text.len()) / in_json + CUT_MARK.len() + 1;
    let mut keep = text.len().saturating_sub(taken).max(CUT_BYTES_MIN - CUT_MARK.len());
    while !text.is_char_boundary(keep) {
        keep -= 1;
    }
    text.truncate(keep);
    text.push_str(CUT_MARK);
}
