//! Items of the demonstration as clients of Application Insights send them.

use model::time::{Fraction, format_datetime, format_timespan};
use serde_json::{Map, Value, json};

use super::calendar::SECOND;

/// Who sends: what all items of one process have in common.
#[derive(Debug, Clone, Default)]
pub struct Sender {
    pub instrumentation_key: String,
    pub role: String,
    pub instance: String,
    pub os: String,
    pub version: String,
    pub sdk: String,
    pub user: String,
    pub session: String,
    pub country: String,
    pub city: String,
    /// `PC` or `Browser`.
    pub device: String,
    pub properties: Vec<(String, String)>,
    /// How much later items come in than they are made, in nanoseconds.
    pub delay: i64,
    /// What is added to the times of this machine's items, whose clock is wrong.
    pub skew: i64,
}

/// Where an item stands: its operation and parent.
#[derive(Debug, Clone, Default)]
pub struct Place {
    pub operation: String,
    pub name: String,
    pub parent: String,
}

impl Place {
    /// The place of what an item with this id causes.
    pub fn below(&self, id: &str) -> Place {
        Place { parent: id.to_owned(), ..self.clone() }
    }
}

/// One item: when it happened, what it is, and what it says.
#[derive(Debug, Clone)]
pub struct Item {
    /// Nanoseconds since 1970; of what takes time, its start.
    pub time: i64,
    pub base_type: &'static str,
    pub data: Map<String, Value>,
    /// Per cent of such items that are kept by the sender.
    pub sample_rate: f64,
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A duration in milliseconds as items say it.
fn span(ms: f64) -> String {
    format_timespan((ms * 1e6) as i64 / 100 * 100)
}

impl Item {
    pub fn new(time: i64, base_type: &'static str, data: Value) -> Item {
        Item { time, base_type, data: fields(data), sample_rate: 100.0 }
    }

    /// A request; its duration is in milliseconds, as all of these.
    pub fn request(time: i64, id: &str, name: &str, ms: f64, code: &str, success: bool) -> Item {
        Item::new(
            time,
            "RequestData",
            json!({ "id": id, "name": name, "duration": span(ms), "responseCode": code,
                "success": success }),
        )
    }

    /// A dependency: `what` is type, target and name.
    pub fn dependency(
        time: i64,
        id: &str,
        [ty, target, name]: [&str; 3],
        ms: f64,
        code: &str,
        success: bool,
    ) -> Item {
        Item::new(
            time,
            "RemoteDependencyData",
            json!({ "id": id, "name": name, "duration": span(ms), "resultCode": code,
                "success": success, "type": ty, "target": target,
                "data": format!("https://{target}{}", name.split(' ').nth(1).unwrap_or("/")) }),
        )
    }

    pub fn event(time: i64, name: &str) -> Item {
        Item::new(time, "EventData", json!({ "name": name }))
    }

    /// A trace; severities are 0 (verbose) to 4 (critical).
    pub fn trace(time: i64, message: &str, severity: u8) -> Item {
        Item::new(time, "MessageData", json!({ "message": message, "severityLevel": severity }))
    }

    pub fn metric(time: i64, name: &str, value: f64) -> Item {
        Item::new(time, "MetricData", json!({ "metrics": [{ "name": name, "value": value }] }))
    }

    /// A metric that was aggregated by its sender: sum, count, least, greatest.
    pub fn aggregate(time: i64, name: &str, sum: f64, count: u64, min: f64, max: f64) -> Item {
        Item::new(
            time,
            "MetricData",
            json!({ "metrics": [{ "name": name, "value": sum, "count": count, "min": min,
                "max": max, "stdDev": (max - min) / 4.0 }] }),
        )
    }

    pub fn page_view(time: i64, id: &str, name: &str, url: &str, ms: f64) -> Item {
        Item::new(
            time,
            "PageViewData",
            json!({ "id": id, "name": name, "url": url, "duration": span(ms) }),
        )
    }

    /// An availability test: its name and where it ran.
    pub fn availability(
        time: i64,
        id: &str,
        [name, location]: [&str; 2],
        ms: f64,
        ok: bool,
    ) -> Item {
        Item::new(
            time,
            "AvailabilityData",
            json!({ "id": id, "name": name, "duration": span(ms), "success": ok,
                "runLocation": location,
                "message": if ok { "Passed" } else { "Status code 503, expected 200" } }),
        )
    }

    /// A property of this item alone.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Item {
        let all = self.data.entry("properties").or_insert_with(|| json!({}));
        all[key] = json!(value.into());
        self
    }

    /// A measurement.
    #[must_use]
    pub fn measured(mut self, key: &str, value: f64) -> Item {
        let all = self.data.entry("measurements").or_insert_with(|| json!({}));
        all[key] = json!((value * 100.0).round() / 100.0);
        self
    }

    /// A field of its data.
    #[must_use]
    pub fn field(mut self, key: &str, value: Value) -> Item {
        self.data.insert(key.to_owned(), value);
        self
    }

    #[must_use]
    pub fn sampled(mut self, percent: f64) -> Item {
        self.sample_rate = percent;
        self
    }
}

/// Envelopes on their way, each with the time at which it comes in.
#[derive(Debug, Default)]
pub struct Mail {
    pub lines: Vec<(i64, String)>,
}

impl Mail {
    /// Sends an item from a place.
    pub fn send(&mut self, sender: &Sender, place: &Place, mut item: Item) {
        item.data.insert("ver".to_owned(), json!(2));
        let own = item.data.remove("properties").map(fields).unwrap_or_default();
        let mut properties: Map<String, Value> =
            sender.properties.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        properties.extend(own);
        item.data.insert("properties".to_owned(), Value::Object(properties));
        let envelope = json!({
            "ver": 1,
            "name": format!(
                "Microsoft.ApplicationInsights.{}", item.base_type.trim_end_matches("Data")
            ),
            "time": format_datetime(item.time + sender.skew, Fraction::Seven),
            "sampleRate": item.sample_rate,
            "iKey": sender.instrumentation_key,
            "tags": tags(sender, place),
            "data": { "baseType": item.base_type, "baseData": item.data },
        });
        let arrival = item.time + sender.delay.max(2 * SECOND);
        self.lines.push((arrival, envelope.to_string()));
    }
}

fn tags(sender: &Sender, place: &Place) -> Map<String, Value> {
    [
        ("ai.operation.id", &place.operation),
        ("ai.operation.name", &place.name),
        ("ai.operation.parentId", &place.parent),
        ("ai.cloud.role", &sender.role),
        ("ai.cloud.roleInstance", &sender.instance),
        ("ai.device.osVersion", &sender.os),
        ("ai.device.type", &sender.device),
        ("ai.application.ver", &sender.version),
        ("ai.user.id", &sender.user),
        ("ai.session.id", &sender.session),
        ("ai.location.country", &sender.country),
        ("ai.location.city", &sender.city),
        ("ai.internal.sdkVersion", &sender.sdk),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(tag, value)| (tag.to_owned(), json!(value)))
    .collect()
}
