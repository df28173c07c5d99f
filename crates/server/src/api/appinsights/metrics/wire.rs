//! JSON shapes of the metrics API, after the vendor's description (azure-rest-api-specs,
//! `Insights/preview/v1`, `metricsResult`).

use std::collections::HashMap;

use model::json::write_string;
use model::time::{Fraction, format_datetime};
use query::{Answer, ResultTable};
use serde_json::{Map, Value, json};

use super::call::{Call, SEGMENTS_MAX};
use super::definitions::{Metric, STANDARD, named};
use crate::api::appinsights::properties::Events;
use crate::api::appinsights::rows::{Row, Rows};
use crate::error::Refusal;

/// One answer of several.
#[derive(Debug)]
pub struct Answered {
    pub id: String,
    /// HTTP status.
    pub status: u16,
    /// JSON text.
    pub body: String,
}

/// The text of several answers.
pub fn several(answers: &[Answered]) -> String {
    let mut out = String::from("[");
    for (i, answer) in answers.iter().enumerate() {
        out.push_str(if i == 0 { "{\"id\":" } else { ",{\"id\":" });
        write_string(&mut out, &answer.id);
        out.push_str(&format!(",\"status\":{},\"body\":{}}}", answer.status, answer.body));
    }
    out.push(']');
    out
}

/// The text of one metric's answer.
///
/// # Errors
/// When a limit cut the rows: a metric that is not whole is none.
pub fn metric(answer: &Answer, call: &Call) -> Result<String, Refusal> {
    let empty = ResultTable::default();
    let values = Rows::new(answer.tables.last().unwrap_or(&empty));
    let has_segments = !call.segments.is_empty();
    let ranks = Rows::new(answer.tables.first().filter(|_| has_segments).unwrap_or(&empty));
    let ranks: HashMap<&str, usize> =
        ranks.iter().enumerate().map(|(i, row)| (row.text("s0"), i)).collect();
    let is_cut = !call.has_top && ranks.len() as u64 > SEGMENTS_MAX;
    if is_cut || answer.truncated.is_some() {
        let message = format!(
            "the metric has more values than an answer holds: ask for fewer segments with `top`, \
             at most {SEGMENTS_MAX}, or for a longer `interval`"
        );
        return Err(Refusal::bad_request(message));
    }
    let mut rows: Vec<Row<'_, '_>> = values.iter().collect();
    // In the order of the first segment over the whole time; the rows have that of their values.
    rows.sort_by_key(|row| ranks.get(row.text("s0")).copied());
    let mut out = Map::new();
    out.insert("start".to_owned(), time(call.range.0));
    out.insert("end".to_owned(), time(call.range.1));
    match &call.interval {
        None => fill(&mut out, &rows, call, 0),
        Some(interval) => {
            out.insert("interval".to_owned(), Value::from(interval.text.clone()));
            let mut by_start: HashMap<i64, Vec<Row<'_, '_>>> = HashMap::new();
            for row in rows {
                if let query::Value::DateTime(start) = row.cell("start") {
                    by_start.entry(start).or_default().push(row);
                }
            }
            let segments = call.intervals().into_iter().map(|(at, start, end)| {
                let mut segment = Map::new();
                segment.insert("start".to_owned(), time(start));
                segment.insert("end".to_owned(), time(end));
                let rows = by_start.get(&at).map(Vec::as_slice).unwrap_or_default();
                fill(&mut segment, rows, call, 0);
                Value::Object(segment)
            });
            out.insert("segments".to_owned(), segments.collect());
        }
    }
    Ok(json!({ "value": out }).to_string())
}

fn time(nanos: i64) -> Value {
    Value::from(format_datetime(nanos, Fraction::Trimmed))
}

/// Adds the values of `rows`, or their segments from number `depth` on.
fn fill(out: &mut Map<String, Value>, rows: &[Row<'_, '_>], call: &Call, depth: usize) {
    let Some(name) = call.segments.get(depth) else {
        out.insert(call.metric.id.clone(), values(rows.first().copied(), call));
        return;
    };
    let column = format!("s{depth}");
    let mut order: Vec<&str> = Vec::new();
    let mut groups: HashMap<&str, Vec<Row<'_, '_>>> = HashMap::new();
    for row in rows {
        let text = row.text(&column);
        groups.entry(text).or_insert_with(|| {
            order.push(text);
            Vec::new()
        });
        groups.entry(text).or_default().push(*row);
    }
    let segments = order.into_iter().map(|text| {
        let mut segment = Map::new();
        fill(&mut segment, &groups[text], call, depth + 1);
        segment.insert(name.clone(), Value::from(text));
        Value::Object(segment)
    });
    out.insert("segments".to_owned(), segments.collect());
}

/// The aggregations of one row; of no row, what there is to say about nothing.
fn values(row: Option<Row<'_, '_>>, call: &Call) -> Value {
    let value = |(i, name): (usize, &String)| {
        let value = match row {
            Some(row) => row.json(&format!("v{i}")),
            None if ["sum", "count", "unique"].contains(&name.as_str()) => Value::from(0),
            None => Value::Null,
        };
        (name.clone(), value)
    };
    Value::Object(call.aggregations.iter().enumerate().map(value).collect())
}

/// The metadata of all metrics; `custom` and `counters` are names found in the data.
pub fn metadata(custom: &[String], counters: &[String]) -> String {
    let mut metrics = Map::new();
    let mut dimensions = Map::new();
    let mut add = |found: &Metric, title: &str, units: &str| {
        let by = groups(found.events);
        for path in &by {
            dimensions.entry(path.clone()).or_insert_with(|| json!({ "displayName": words(path) }));
        }
        let aggregations = found.measure.aggregations();
        let mut metric = json!({
            "displayName": title,
            "supportedAggregations": aggregations,
            "supportedGroupBy": { "all": by },
            "defaultAggregation": aggregations.first(),
        });
        if !units.is_empty() {
            metric["units"] = Value::from(units);
        }
        metrics.insert(found.id.clone(), metric);
    };
    for standard in &STANDARD {
        add(&standard.metric(), standard.title, standard.units);
    }
    for (table, names) in [("customMetrics", custom), ("performanceCounters", counters)] {
        for name in names {
            if let Some(found) = named(&format!("{table}/{name}")) {
                add(&found, name, "");
            }
        }
    }
    json!({ "metrics": metrics, "dimensions": dimensions }).to_string()
}

/// The dimensions a metric over `events` is offered by: texts that are not ids.
fn groups(events: Events) -> Vec<String> {
    let is_useful = |path: &String| {
        let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        let text = crate::api::appinsights::odata::Kind::Text;
        !path.ends_with("/id")
            && !path.ends_with("Id")
            && !path.ends_with("/iKey")
            && !path.ends_with("<key>")
            && path != "id"
            && events.property(&parts).is_some_and(|found| found.kind == text)
    };
    events.paths().into_iter().filter(is_useful).collect()
}

/// `client/stateOrProvince` as `Client state or province`.
fn words(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        match c {
            '/' => out.push(' '),
            c if c.is_ascii_uppercase() => {
                out.push(' ');
                out.push(c.to_ascii_lowercase());
            }
            c if out.is_empty() => out.push(c.to_ascii_uppercase()),
            c => out.push(c),
        }
    }
    out
}
