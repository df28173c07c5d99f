//! `MetricData` → `customMetrics` or `performanceCounters` (spec ingestion.md §12).

use std::borrow::Cow;

use model::TableDef;
use model::tables::{CUSTOM_METRICS, PERFORMANCE_COUNTERS};

use super::bags;
use super::fault::Refusal;
use super::fields::{self, Field, Slot, text, value, wrong_type};
use super::sink::{Item, Measured, Sink};
use crate::scalar::{self, clamp_to_int};

static FIELDS: [Field; 2] = [value("metrics").always(), value("properties")];

static POINT_FIELDS: [Field; 6] = [
    text("name", 1024).always(),
    value("value").always(),
    value("count"),
    value("min"),
    value("max"),
    value("stdDev"),
];

/// Category and counter of what all clients send as performance counters.
const KNOWN_COUNTERS: [(&str, &str); 10] = [
    ("Processor", "% Processor Time"),
    ("Memory", "Available Bytes"),
    ("Process", "% Processor Time"),
    ("Process", "% Processor Time Normalized"),
    ("Process", "Private Bytes"),
    ("Process", "IO Data Bytes/sec"),
    ("ASP.NET Applications", "Requests/Sec"),
    ("ASP.NET Applications", "Request Execution Time"),
    ("ASP.NET Applications", "Requests In Application Queue"),
    (".NET CLR Exceptions", "# of Exceps Thrown / sec"),
];

/// Properties that only say how a counter is to be stored.
const CUSTOM: &str = "CustomPerfCounter";
const INSTANCE: &str = "CounterInstanceName";

/// One metric value or aggregate.
#[derive(Debug)]
struct Point<'t> {
    name: Cow<'t, str>,
    value: f64,
    /// None when the client sent a single value.
    count: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    deviation: Option<f64>,
}

/// Writes the row of the first metric of the item; others do not count.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [metrics, properties] = fields::read("MetricData", &FIELDS, item.data);
    let point = read_point(metrics, sink)?;
    if let Some(counter) = Counter::of(&point, properties) {
        sink.read_properties(properties, &[CUSTOM, INSTANCE])?;
        write_counter(item, sink, &point, &counter);
        return Ok(&PERFORMANCE_COUNTERS);
    }
    sink.read_properties(properties, &[])?;
    write_metric(item, sink, &point);
    Ok(&CUSTOM_METRICS)
}

fn read_point<'t>(metrics: Slot<'t, '_>, sink: &mut Sink<'_>) -> Result<Point<'t>, Refusal> {
    let required = || Refusal::required("MetricData", "metrics", "list");
    let list = metrics.value.ok_or_else(required)?;
    if list.kind() != crate::json::Kind::Array {
        return Err(wrong_type(metrics, list, "list"));
    }
    let first = list.elements().next().ok_or_else(required)?;
    let [name, value, count, min, max, deviation] = fields::read("DataPoint", &POINT_FIELDS, first);
    let name = sink.check.text(name)?;
    let given = value.value.ok_or_else(|| Refusal::required("DataPoint", "value", "double"))?;
    let value = match sink.check.number(value)? {
        Some(number) => number,
        None => {
            return Err(Refusal::wrong_type(
                "DataPoint",
                "value",
                "double",
                scalar::type_name(given),
            ));
        }
    };
    Ok(Point {
        name,
        value,
        count: sink.check.number(count)?.map(f64::round).filter(|count| *count >= 1.0),
        min: sink.check.number(min)?,
        max: sink.check.number(max)?,
        deviation: sink.check.number(deviation)?,
    })
}

fn write_metric(item: &Item<'_, '_>, sink: &mut Sink<'_>, point: &Point<'_>) {
    // The range of one value is that value; the range of several is unknown unless sent.
    let single = point.count.is_none_or(|count| count == 1.0);
    let range = |sent: Option<f64>| sent.or(single.then_some(point.value));
    sink.write(item, &CUSTOM_METRICS, Measured::No, |row| {
        row.text(&point.name);
        row.real(point.value);
        row.long(clamp_to_int(point.count.unwrap_or(1.0)));
        row.real(point.value);
        row.real_or_null(range(point.min));
        row.real_or_null(range(point.max));
        row.real_or_null(point.count.and(point.deviation));
    });
}

/// Where a performance counter's row says it comes from.
#[derive(Debug)]
struct Counter<'t> {
    category: &'t str,
    counter: &'t str,
    instance: Cow<'t, str>,
}

impl<'p> Counter<'p> {
    /// The counter a metric is; none when it is an ordinary metric.
    fn of(point: &'p Point<'_>, properties: Slot<'p, '_>) -> Option<Counter<'p>> {
        let (category, named_instance, counter) = split_name(&point.name)?;
        let is_custom = bags::property(properties, CUSTOM)
            .is_some_and(|flag| flag.trim().eq_ignore_ascii_case("true"));
        let is_known = KNOWN_COUNTERS
            .iter()
            .any(|(c, n)| c.eq_ignore_ascii_case(category) && n.eq_ignore_ascii_case(counter));
        if !is_custom && !is_known {
            return None;
        }
        let placeholder = named_instance.starts_with("??") && named_instance.ends_with("??");
        let instance = match bags::property(properties, INSTANCE) {
            Some(instance) if !instance.is_empty() => instance,
            _ if is_custom && !placeholder => Cow::Borrowed(named_instance),
            _ => Cow::Borrowed(""),
        };
        Some(Counter { category, counter, instance })
    }
}

/// `\Category[(Instance)]\Counter` as category, instance and counter.
fn split_name(name: &str) -> Option<(&str, &str, &str)> {
    let (category, counter) = name.strip_prefix('\\')?.rsplit_once('\\')?;
    let (category, instance) = match category.strip_suffix(')').and_then(|c| c.split_once('(')) {
        Some(parts) => parts,
        None => (category, ""),
    };
    (!category.is_empty() && !counter.is_empty()).then_some((category, instance, counter))
}

fn write_counter(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
    point: &Point<'_>,
    counter: &Counter<'_>,
) {
    // Newer clients send the sum of several readings.
    let value = match point.count {
        Some(count) if count > 1.0 => point.value / count,
        _ => point.value,
    };
    sink.write(item, &PERFORMANCE_COUNTERS, Measured::No, |row| {
        row.text(counter.counter);
        row.text(counter.category);
        row.text(counter.counter);
        row.text(&counter.instance);
        row.real(value);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_names_are_split() {
        for (name, want) in [
            (
                r"\Processor(_Total)\% Processor Time",
                Some(("Processor", "_Total", "% Processor Time")),
            ),
            (r"\Memory\Available Bytes", Some(("Memory", "", "Available Bytes"))),
            (
                r"\Process(??APP??)\IO Data Bytes/sec",
                Some(("Process", "??APP??", "IO Data Bytes/sec")),
            ),
            (r"\Odd(a\b)\c", Some(("Odd", "a\\b", "c"))),
            ("requests/duration", None),
            (r"\only", None),
            (r"\\", None),
            (r"\a\", None),
        ] {
            assert_eq!(split_name(name), want, "{name}");
        }
    }
}
