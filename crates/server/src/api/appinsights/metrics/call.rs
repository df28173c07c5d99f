//! The parameters of one metric, and the KQL that answers them (spec query-api.md §5).
//!
//! Invariant: names of metrics, aggregations and segments come from our own lists, all else of the
//! caller is a literal.

use serde_json::{Map, Value};

use super::definitions::{self, Metric};
use crate::api::appinsights::odata::filter;
use crate::api::appinsights::properties::BAGS;
use crate::ask;
use crate::error::Refusal;
use crate::kql_text;
use crate::timespan::parse_duration;

/// How far back is looked when `timespan` does not say so (the vendor's choice).
const TIMESPAN: &str = "PT12H";
/// Most values of the first segment.
pub const SEGMENTS_MAX: u64 = 1000;
/// Most intervals of one answer.
const INTERVALS_MAX: i128 = 10_000;
/// Most segments inside each other.
const DEPTH_MAX: usize = 5;
/// Nanoseconds from year 1, where intervals are counted from, to 1970.
const EPOCH: i128 = 62_135_596_800 * 1_000_000_000;

/// Parameters as they came, from a URL or a JSON object.
#[derive(Debug, Default)]
pub struct Parameters {
    pub metric: String,
    timespan: Option<String>,
    interval: Option<String>,
    aggregations: Vec<String>,
    segments: Vec<String>,
    top: Option<String>,
    order_by: Option<String>,
    filter: Option<String>,
}

/// A length of time and how the caller wrote it.
#[derive(Debug)]
pub struct Interval {
    pub nanos: i64,
    pub text: String,
}

/// What is asked.
#[derive(Debug)]
pub struct Call {
    pub metric: Metric,
    /// Half-open, nanoseconds.
    pub range: (i64, i64),
    pub interval: Option<Interval>,
    pub aggregations: Vec<String>,
    /// Names of the segments, as the caller wrote them.
    pub segments: Vec<String>,
    /// The caller said how many.
    pub has_top: bool,
    pub kql: String,
}

impl Parameters {
    /// From the pairs of a URL.
    ///
    /// # Errors
    /// 400 naming a parameter there is not: overlooked, it would change what is answered.
    pub fn of_url(metric: String, pairs: Vec<(String, String)>) -> Result<Parameters, Refusal> {
        let mut found = Parameters { metric, ..Parameters::default() };
        for (name, value) in pairs {
            // What clients send besides: a version of the API, and a key that can go nowhere else.
            if !matches!(name.as_str(), "api-version" | "key") {
                found.set(&name, value)?;
            }
        }
        Ok(found)
    }

    /// From the `parameters` of a member of a posted array.
    pub fn of_json(object: &Map<String, Value>) -> Result<Parameters, Refusal> {
        let mut found = Parameters::default();
        for (name, value) in object {
            match value {
                Value::Null => {}
                Value::String(text) => found.set(name, text.clone())?,
                Value::Number(number) => found.set(name, number.to_string())?,
                Value::Array(values) if values.iter().all(Value::is_string) => {
                    let texts = values.iter().filter_map(Value::as_str).map(str::to_owned);
                    match name.as_str() {
                        "aggregation" => found.aggregations.extend(texts),
                        "segment" => found.segments.extend(texts),
                        _ => return Err(not_text(name)),
                    }
                }
                _ => return Err(not_text(name)),
            }
        }
        Ok(found)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Refusal> {
        if value.trim().is_empty() {
            return Ok(());
        }
        let list = || value.split(',').map(|part| part.trim().to_owned()).collect();
        match name {
            "metricId" => self.metric = value,
            "timespan" => self.timespan = Some(value),
            "interval" => self.interval = Some(value),
            "aggregation" => self.aggregations = list(),
            "segment" => self.segments = list(),
            "top" => self.top = Some(value),
            "orderby" => self.order_by = Some(value),
            "filter" => self.filter = Some(value),
            _ => {
                let name: String = name.chars().take(100).collect();
                return Err(Refusal::bad_request(format!(
                    "there is no parameter `{name}`: use `timespan`, `interval`, `aggregation`, \
                     `segment`, `top`, `orderby` or `filter`"
                )));
            }
        }
        Ok(())
    }

    /// The call these parameters mean at `now`.
    ///
    /// # Errors
    /// 400 that names the parameter, what is wrong with it and what may stand there.
    pub fn call(self, now: i64) -> Result<Call, Refusal> {
        let metric = definitions::named(&self.metric).ok_or_else(|| {
            let (shown, choices) = (shorten(&self.metric), definitions::choices());
            Refusal::bad_request(format!("there is no metric `{shown}`: use one of `{choices}`"))
        })?;
        let (start, end) = ask::read_range(self.timespan.as_deref().unwrap_or(TIMESPAN), now)?;
        let range = (start, end.saturating_sub(model::time::TICK).max(start));
        let interval =
            self.interval.as_deref().map(|text| read_interval(text, range)).transpose()?;
        let aggregations = read_aggregations(&metric, self.aggregations)?;
        let mut call = Call {
            range,
            interval,
            has_top: self.top.is_some(),
            segments: self.segments,
            aggregations,
            kql: String::new(),
            metric,
        };
        let order = read_order(self.order_by.as_deref(), &call)?;
        let top = read_top(self.top.as_deref(), &call)?;
        call.kql = kql(&call, self.filter.as_deref(), top, &order)?;
        Ok(call)
    }
}

impl Call {
    /// Start and end of each interval, cut at the ends of the whole.
    pub fn intervals(&self) -> Vec<(i64, i64, i64)> {
        let Some(interval) = &self.interval else { return Vec::new() };
        let (start, end) = self.range;
        let mut found = Vec::new();
        let mut at = floor(start, interval.nanos);
        while at < end {
            let next = at.saturating_add(interval.nanos);
            found.push((at, at.max(start), next.min(end)));
            at = next;
        }
        found
    }
}

/// The start of the interval a moment is in.
fn floor(at: i64, length: i64) -> i64 {
    let (at, length) = (i128::from(at) + EPOCH, i128::from(length));
    i64::try_from(at.div_euclid(length) * length - EPOCH).unwrap_or(i64::MIN)
}

fn not_text(name: &str) -> Refusal {
    let name = shorten(name);
    Refusal::bad_request(format!("the parameter `{name}` must be a text or a list of texts"))
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

fn read_interval(text: &str, range: (i64, i64)) -> Result<Interval, Refusal> {
    let shown = shorten(text);
    let Some(nanos) = parse_duration(text.trim()).filter(|nanos| *nanos >= model::time::TICK)
    else {
        return Err(Refusal::bad_request(format!(
            "`interval` is `{shown}`, but must be an ISO 8601 duration such as `PT1H`"
        )));
    };
    let count = (i128::from(range.1) - i128::from(range.0)) / i128::from(nanos) + 1;
    if count > INTERVALS_MAX {
        return Err(Refusal::bad_request(format!(
            "`timespan` holds {count} times the `interval` of `{shown}`, but an answer may have \
             {INTERVALS_MAX} intervals: choose a longer one"
        )));
    }
    Ok(Interval { nanos, text: text.trim().to_owned() })
}

fn read_aggregations(metric: &Metric, given: Vec<String>) -> Result<Vec<String>, Refusal> {
    let known = metric.measure.aggregations();
    if given.is_empty() {
        return Ok(known.first().map(|name| (*name).to_owned()).into_iter().collect());
    }
    let mut found: Vec<String> = Vec::new();
    for name in given {
        if !known.contains(&name.as_str()) {
            let (shown, id, known) = (shorten(&name), shorten(&metric.id), known.join("`, `"));
            return Err(Refusal::bad_request(format!(
                "`{id}` has no aggregation `{shown}`: use one of `{known}`"
            )));
        }
        if !found.contains(&name) {
            found.push(name);
        }
    }
    Ok(found)
}

/// The aggregation segments are sorted by, and the direction.
fn read_order(text: Option<&str>, call: &Call) -> Result<(String, &'static str), Refusal> {
    let first = call.aggregations.first().cloned().unwrap_or_default();
    let Some(text) = text else { return Ok((first, "desc")) };
    needs_segment("orderby", call)?;
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let direction = match words.next() {
        None | Some("desc") => Some("desc"),
        Some("asc") => Some("asc"),
        Some(_) => None,
    };
    match direction {
        Some(direction)
            if words.next().is_none() && call.aggregations.iter().any(|a| a == name) =>
        {
            Ok((name.to_owned(), direction))
        }
        _ => {
            let (shown, known) = (shorten(text), call.aggregations.join("`, `"));
            Err(Refusal::bad_request(format!(
                "`orderby` is `{shown}`, but must be one of `{known}`, then `asc` or `desc`"
            )))
        }
    }
}

fn read_top(text: Option<&str>, call: &Call) -> Result<u64, Refusal> {
    // One more, to see whether there are more than an answer may have.
    let Some(text) = text else { return Ok(SEGMENTS_MAX + 1) };
    needs_segment("top", call)?;
    let found = text.trim().parse().ok().filter(|top| (1..=SEGMENTS_MAX).contains(top));
    found.ok_or_else(|| {
        let shown = shorten(text);
        Refusal::bad_request(format!("`top` is `{shown}`, but must be 1 to {SEGMENTS_MAX}"))
    })
}

fn needs_segment(name: &str, call: &Call) -> Result<(), Refusal> {
    match call.segments.is_empty() {
        true => Err(Refusal::bad_request(format!("`{name}` needs a `segment`"))),
        false => Ok(()),
    }
}

/// The texts a metric's rows are split by.
fn read_segments(call: &Call) -> Result<Vec<String>, Refusal> {
    if call.segments.len() > DEPTH_MAX {
        let count = call.segments.len();
        return Err(Refusal::bad_request(format!(
            "`segment` names {count} dimensions, but a metric may be split by {DEPTH_MAX}"
        )));
    }
    let mut found: Vec<String> = Vec::new();
    for name in &call.segments {
        let path: Vec<String> = match name.split_once('/') {
            Some((bag, key)) if BAGS.contains(&bag) => vec![bag.to_owned(), key.to_owned()],
            _ => name.split('/').map(str::to_owned).collect(),
        };
        let value = call.metric.events.property(&path).ok_or_else(|| {
            let unknown = call.metric.events.unknown(&path);
            Refusal::bad_request(format!("`segment` is wrong: {unknown}"))
        })?;
        let text = format!("tostring({})", value.kql);
        if found.contains(&text) {
            let name = shorten(name);
            return Err(Refusal::bad_request(format!("`segment` names `{name}` twice")));
        }
        found.push(text);
    }
    Ok(found)
}

fn kql(
    call: &Call,
    condition: Option<&str>,
    top: u64,
    (order, direction): &(String, &'static str),
) -> Result<String, Refusal> {
    let metric = &call.metric;
    let mut rows = metric.events.source();
    if !metric.condition.is_empty() {
        rows.push_str(&format!(" | where {}", metric.condition));
    }
    if let Some(text) = condition {
        let (found, _) = filter(text, metric.events).map_err(|fault| fault.of("filter"))?;
        rows.push_str(&format!(" | where {found}"));
    }
    let aggregate = |name: &str| metric.measure.kql(name).unwrap_or_default();
    let values: Vec<String> = call
        .aggregations
        .iter()
        .enumerate()
        .map(|(i, name)| format!("v{i} = {}", aggregate(name)))
        .collect();
    let values = values.join(", ");
    let segments = read_segments(call)?;
    let mut keys: Vec<String> = Vec::new();
    if let Some(interval) = &call.interval {
        keys.push(format!("start = bin(timestamp, {})", kql_text::timespan(interval.nanos)));
    }
    keys.extend((0..segments.len()).map(|i| format!("s{i}")));
    let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
    if segments.is_empty() {
        return Ok(format!("{rows} | summarize {values}{by}"));
    }
    let named: Vec<String> =
        segments.iter().enumerate().map(|(i, text)| format!("s{i} = {text}")).collect();
    let named = named.join(", ");
    let rank = aggregate(order);
    let at = call.aggregations.iter().position(|name| name == order).unwrap_or(0);
    Ok(format!(
        "let data = {rows} | extend {named}; \
         let ranks = data | summarize rank = {rank} by s0 | top {top} by rank {direction}; \
         ranks; \
         data | where s0 in ((ranks | project s0)) | summarize {values}{by} \
         | order by v{at} {direction}"
    ))
}
