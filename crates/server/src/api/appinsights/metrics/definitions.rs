//! The metrics there are: which rows, which value, which aggregations.
//!
//! Source: the vendor's metrics metadata (azure-rest-api-specs, `Insights/preview/v1`,
//! `metrics-get-metadata`). Invariants: a row counts as many times as it stands for (`itemCount`);
//! names of the caller are literals in KQL.

use crate::api::appinsights::properties::{Events, KINDS};
use crate::kql_text;

/// What is aggregated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// The items themselves.
    Items,
    /// A numeric expression of each row, weighted by what the row stands for.
    Value(String),
    /// A numeric column of rows that stand for themselves.
    Sample(&'static str),
    /// Pre-aggregated values: the columns of `customMetrics`.
    Aggregated,
    /// Different values of a column.
    Distinct(&'static str),
    /// Percentage of items whose condition holds.
    Share(&'static str),
}

impl Measure {
    /// Aggregations, the default one in front.
    pub fn aggregations(&self) -> &'static [&'static str] {
        match self {
            Measure::Items => &["sum"],
            Measure::Value(_) | Measure::Sample(_) | Measure::Aggregated => {
                &["avg", "min", "max", "sum", "count", "unique"]
            }
            Measure::Distinct(_) => &["unique"],
            Measure::Share(_) => &["avg", "count"],
        }
    }

    /// The KQL of one aggregation.
    pub fn kql(&self, aggregation: &str) -> Option<String> {
        if !self.aggregations().contains(&aggregation) {
            return None;
        }
        Some(match self {
            Measure::Items => "sum(itemCount)".to_owned(),
            Measure::Distinct(column) => format!("count_distinct({column})"),
            Measure::Value(value) => match aggregation {
                "avg" => format!("sum({value} * itemCount) / sumif(itemCount, isnotnull({value}))"),
                "sum" => format!("sum({value} * itemCount)"),
                "count" => format!("sumif(itemCount, isnotnull({value}))"),
                "unique" => format!("count_distinct({value})"),
                name => format!("{name}({value})"),
            },
            Measure::Sample(column) => match aggregation {
                "count" => format!("countif(isnotnull({column}))"),
                "unique" => format!("count_distinct({column})"),
                name => format!("{name}({column})"),
            },
            Measure::Aggregated => match aggregation {
                "avg" => "sum(valueSum) / sum(valueCount)",
                "sum" => "sum(valueSum)",
                "min" => "min(valueMin)",
                "max" => "max(valueMax)",
                "count" => "sum(valueCount)",
                _ => "count_distinct(value)",
            }
            .to_owned(),
            Measure::Share(condition) => match aggregation {
                "avg" => format!("100.0 * sumif(itemCount, {condition}) / sum(itemCount)"),
                _ => "sum(itemCount)".to_owned(),
            },
        })
    }
}

/// A metric that every application has.
pub struct Standard {
    pub id: &'static str,
    pub title: &'static str,
    /// Empty for numbers without one.
    pub units: &'static str,
    events: &'static str,
    /// KQL; empty for all rows.
    condition: &'static str,
    measure: StandardMeasure,
}

enum StandardMeasure {
    Items,
    Value(&'static str),
    Sample,
    Distinct(&'static str),
    Share(&'static str),
}

const fn standard(
    id: &'static str,
    title: &'static str,
    units: &'static str,
    events: &'static str,
    condition: &'static str,
    measure: StandardMeasure,
) -> Standard {
    Standard { id, title, units, events, condition, measure }
}

const fn counter(
    id: &'static str,
    title: &'static str,
    units: &'static str,
    condition: &'static str,
) -> Standard {
    standard(id, title, units, "performanceCounters", condition, StandardMeasure::Sample)
}

const fn timing(id: &'static str, title: &'static str, column: &'static str) -> Standard {
    standard(id, title, "ms", "browserTimings", "", StandardMeasure::Value(column))
}

const FAILED: &str = "success in~ (\"false\", \"0\")";
const PASSED: &str = "success in~ (\"true\", \"1\")";

/// All of them, in the vendor's order.
pub static STANDARD: [Standard; 35] = {
    use StandardMeasure::{Distinct, Items, Share, Value};
    [
        standard("requests/count", "Server requests", "", "requests", "", Items),
        standard(
            "requests/duration",
            "Server response time",
            "ms",
            "requests",
            "",
            Value("duration"),
        ),
        standard("requests/failed", "Failed requests", "", "requests", FAILED, Items),
        standard("pageViews/count", "Page views", "", "pageViews", "", Items),
        standard(
            "pageViews/duration",
            "Page view load time",
            "ms",
            "pageViews",
            "",
            Value("duration"),
        ),
        timing("browserTimings/networkDuration", "Page load network time", "networkDuration"),
        timing("browserTimings/sendDuration", "Send request time", "sendDuration"),
        timing("browserTimings/receiveDuration", "Receive response time", "receiveDuration"),
        timing("browserTimings/processingDuration", "Client processing time", "processingDuration"),
        timing("browserTimings/totalDuration", "Browser page load time", "totalDuration"),
        standard("users/count", "Users", "", "$all", "isnotempty(user_Id)", Distinct("user_Id")),
        standard(
            "users/authenticated",
            "Authenticated users",
            "",
            "$all",
            "isnotempty(user_AuthenticatedId)",
            Distinct("user_AuthenticatedId"),
        ),
        standard(
            "sessions/count",
            "Sessions",
            "",
            "$all",
            "isnotempty(session_Id)",
            Distinct("session_Id"),
        ),
        standard("customEvents/count", "Events", "", "customEvents", "", Items),
        standard("dependencies/count", "Dependency calls", "", "dependencies", "", Items),
        standard("dependencies/failed", "Dependency failures", "", "dependencies", FAILED, Items),
        standard(
            "dependencies/duration",
            "Dependency duration",
            "ms",
            "dependencies",
            "",
            Value("duration"),
        ),
        standard("exceptions/count", "Exceptions", "", "exceptions", "", Items),
        standard(
            "exceptions/browser",
            "Browser exceptions",
            "",
            "exceptions",
            "client_Type == \"Browser\"",
            Items,
        ),
        standard(
            "exceptions/server",
            "Server exceptions",
            "",
            "exceptions",
            "client_Type != \"Browser\"",
            Items,
        ),
        standard(
            "availabilityResults/count",
            "Availability test results",
            "",
            "availabilityResults",
            "",
            Items,
        ),
        standard(
            "availabilityResults/duration",
            "Test duration",
            "ms",
            "availabilityResults",
            "",
            Value("duration"),
        ),
        standard(
            "availabilityResults/availabilityPercentage",
            "Availability",
            "percent",
            "availabilityResults",
            "",
            Share(PASSED),
        ),
        counter(
            "performanceCounters/requestExecutionTime",
            "Request execution time",
            "ms",
            "category == \"ASP.NET Applications\" and counter == \"Request Execution Time\"",
        ),
        counter(
            "performanceCounters/requestsPerSecond",
            "Request rate",
            "perSec",
            "category == \"ASP.NET Applications\" and counter == \"Requests/Sec\"",
        ),
        counter(
            "performanceCounters/requestsInQueue",
            "Requests in queue",
            "",
            "category == \"ASP.NET Applications\" and counter == \"Requests In Application Queue\"",
        ),
        counter(
            "performanceCounters/memoryAvailableBytes",
            "Available memory",
            "bytes",
            "category == \"Memory\" and counter == \"Available Bytes\"",
        ),
        counter(
            "performanceCounters/exceptionsPerSecond",
            "Exception rate",
            "perSec",
            "category == \".NET CLR Exceptions\" and counter == \"# of Exceps Thrown / sec\"",
        ),
        counter(
            "performanceCounters/processCpuPercentage",
            "Process CPU",
            "percent",
            "category == \"Process\" and counter == \"% Processor Time Normalized\"",
        ),
        counter(
            "performanceCounters/processCpuPercentageTotal",
            "Process CPU (all cores)",
            "percent",
            "category == \"Process\" and counter == \"% Processor Time\"",
        ),
        counter(
            "performanceCounters/processIOBytesPerSecond",
            "Process IO rate",
            "bytesPerSec",
            "category == \"Process\" and counter == \"IO Data Bytes/sec\"",
        ),
        counter(
            "performanceCounters/processPrivateBytes",
            "Process private bytes",
            "bytes",
            "category == \"Process\" and counter == \"Private Bytes\"",
        ),
        counter(
            "performanceCounters/processorCpuPercentage",
            "Processor time",
            "percent",
            "category == \"Processor\" and counter == \"% Processor Time\"",
        ),
        standard("traces/count", "Traces", "", "traces", "", Items),
        standard("browserTimings/count", "Browser timings", "", "browserTimings", "", Items),
    ]
};

/// One metric of a call.
#[derive(Debug)]
pub struct Metric {
    /// As the caller wrote it; the answer shows the values under it.
    pub id: String,
    pub events: Events,
    /// KQL; empty for all rows.
    pub condition: String,
    pub measure: Measure,
}

impl Standard {
    pub fn metric(&self) -> Metric {
        let measure = match self.measure {
            StandardMeasure::Items => Measure::Items,
            StandardMeasure::Value(column) => Measure::Value(column.to_owned()),
            StandardMeasure::Sample => Measure::Sample("value"),
            StandardMeasure::Distinct(column) => Measure::Distinct(column),
            StandardMeasure::Share(condition) => Measure::Share(condition),
        };
        Metric {
            id: self.id.to_owned(),
            events: Events::named(self.events).unwrap_or(Events::All),
            condition: self.condition.to_owned(),
            measure,
        }
    }
}

/// The metric `id` names: a standard one, `customMetrics/<name>`, `performanceCounters/<name>`, or
/// a measurement as `<table>/custom/<key>`.
pub fn named(id: &str) -> Option<Metric> {
    // The vendor's API knows browser timings under this name as well.
    let known = match id.strip_prefix("client/") {
        Some(rest) => format!("browserTimings/{rest}"),
        None => id.to_owned(),
    };
    if let Some(found) = STANDARD.iter().find(|standard| standard.id == known) {
        return Some(Metric { id: id.to_owned(), ..found.metric() });
    }
    let (table, name) = id.split_once('/').filter(|(_, name)| !name.is_empty())?;
    let events = Events::named(table)?;
    let made =
        |condition: String, measure| Some(Metric { id: id.to_owned(), events, condition, measure });
    match table {
        "customMetrics" => {
            made(format!("name == {}", kql_text::literal(name)), Measure::Aggregated)
        }
        "performanceCounters" => made(counter_condition(name), Measure::Sample("value")),
        _ => {
            let key = name.strip_prefix("custom/").filter(|key| !key.is_empty())?;
            let path = ["customMeasurements".to_owned(), key.to_owned()];
            let value = events.property(&path).filter(|_| events != Events::All)?;
            made(String::new(), Measure::Value(value.kql))
        }
    }
}

/// The rows of a counter, named alone or as `\Category(Instance)\Counter`.
fn counter_condition(name: &str) -> String {
    match name.strip_prefix('\\').and_then(|path| path.rsplit_once('\\')) {
        Some((category, counter)) => {
            let category = category.split('(').next().unwrap_or(category);
            let (category, counter) = (kql_text::literal(category), kql_text::literal(counter));
            format!("category == {category} and counter == {counter}")
        }
        None => format!("counter == {}", kql_text::literal(name)),
    }
}

/// What a metric may be called, for the message about one that is not there.
pub fn choices() -> String {
    let mut names: Vec<String> = STANDARD.iter().map(|known| known.id.to_owned()).collect();
    names.extend(["customMetrics/<name>", "performanceCounters/<name>"].map(str::to_owned));
    let measured = KINDS.iter().filter(|kind| {
        let path = ["customMeasurements".to_owned(), String::new()];
        Events::One(kind).property(&path).is_some()
    });
    names.extend(measured.map(|kind| format!("{}/custom/<measurement>", kind.table)));
    names.join("`, `")
}
