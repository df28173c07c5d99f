//! Answers recorded from the vendor's engine: every recorded query that compiles must give them.
//!
//! Exceptions stand in `recorded-known.txt`, which may only shrink: an entry that passes, or does
//! not compile, is a failure.

use std::collections::BTreeMap;

use datafusion::arrow::array::RecordBatch;
use query::answer::Cells;
use query::{Error, ResultTable, Value};
use serde_json::Value as Json;

use crate::Report;
use crate::judge;
use crate::world::{self, Place, World};

enum Verdict {
    Same,
    /// Not supported: says so instead of answering.
    Refused,
    Different(String),
}

pub async fn run(report: &mut Report) {
    let world = world::world(&[], Place::Head).await;
    let folder = world::corpus();
    let known = std::fs::read_to_string(folder.join("recorded-known.txt")).unwrap_or_default();
    let mut known: BTreeMap<&str, &str> = known
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .collect();
    let text = std::fs::read_to_string(folder.join("recorded-answers.jsonl"));
    let text = text.expect("the recorded answers");
    let (mut same, mut refused) = (0, 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: Json = serde_json::from_str(line).expect("a recorded case");
        let id = case["id"].as_str().unwrap_or_default();
        let is_known = known.remove(id).is_some();
        match verdict(&world, &case).await {
            Verdict::Same if is_known => {
                report.failures.push(format!("recorded: {id} passes: remove it from the list"));
            }
            Verdict::Refused if is_known => {
                report.failures.push(format!("recorded: {id} is refused: remove it from the list"));
            }
            Verdict::Same => same += 1,
            Verdict::Refused => refused += 1,
            Verdict::Different(_) if is_known => report.passed += 1,
            Verdict::Different(why) => {
                let query = case["query"].as_str().unwrap_or_default().replace('\n', "\n    ");
                report.failures.push(format!("recorded: {id}: {why}\n    {query}"));
            }
        }
    }
    report.passed += same;
    let left = known.into_keys().map(|id| format!("recorded: `{id}` on the list is no record"));
    report.failures.extend(left);
    report.notes.push(format!("recorded answers: {same} the same, {refused} not supported"));
}

async fn verdict(world: &World, case: &Json) -> Verdict {
    let Some(rows) = case["expected"]["rows"].as_array() else { return Verdict::Refused };
    let query = case["query"].as_str().unwrap_or_default();
    match world.engine.answer(world::request(query)).await {
        Err(Error::Query(_)) => Verdict::Refused,
        Err(error) => Verdict::Different(error.to_string()),
        Ok(answer) => match answer.tables.first() {
            None => Verdict::Different("no table".to_owned()),
            Some(table) => match compare(case, rows, table) {
                None => Verdict::Same,
                Some(why) => Verdict::Different(why),
            },
        },
    }
}

/// Why the table is not the recorded one.
fn compare(case: &Json, rows: &[Json], table: &ResultTable) -> Option<String> {
    let texts = |v: &Json| -> Vec<String> {
        let texts = v.as_array().into_iter().flatten();
        texts.map(|t| t.as_str().unwrap_or_default().to_owned()).collect()
    };
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let expected_names = texts(&case["expected"]["columns"]);
    if names != expected_names {
        return Some(format!("columns {expected_names:?} expected, not {names:?}"));
    }
    let is_loose = case["id"].as_str().is_some_and(|id| id.starts_with("fuzz/"));
    for (column, expected) in table.columns.iter().zip(texts(&case["expected"]["types"])) {
        let ty = column.ty.name();
        let same = expected == ty
            || expected == "unknown"
            || (is_loose && expected == "int" && ty == "long");
        if !same {
            return Some(format!("column `{}` is {ty}, not {expected}", column.name));
        }
    }
    let judge = Judge {
        text: case["values"] == "text",
        relative: if case["approx"] == true { 0.05 } else { 1e-9 },
    };
    let actual: Vec<Vec<Value<'_>>> = table.batches.iter().flat_map(|b| read(table, b)).collect();
    if actual.len() != rows.len() {
        return Some(format!("{} rows expected, {} came: {actual:?}", rows.len(), actual.len()));
    }
    let mut left: Vec<&Vec<Value<'_>>> = actual.iter().collect();
    for row in rows {
        let cells = row.as_array().map_or(&[][..], Vec::as_slice);
        let same = |actual: &Vec<Value<'_>>| {
            cells.len() == actual.len() && cells.iter().zip(actual).all(|(e, a)| judge.cell(e, a))
        };
        let found = match case["ordered"] == true {
            true => left.first().filter(|a| same(a)).map(|_| 0),
            false => left.iter().position(|a| same(a)),
        };
        match found {
            Some(at) => drop(left.remove(at)),
            None => return Some(format!("no row {row}; have {:?}", left.first())),
        }
    }
    None
}

fn read<'a>(table: &ResultTable, batch: &'a RecordBatch) -> Vec<Vec<Value<'a>>> {
    let cells = Cells::new(&table.columns, batch);
    let row = |row| (0..table.columns.len()).map(|c| cells.value(row, c)).collect();
    (0..cells.rows()).map(row).collect()
}

/// The rules by which recorded values are compared.
struct Judge {
    /// The recording is the engine's printed text.
    text: bool,
    relative: f64,
}

impl Judge {
    fn cell(&self, expected: &Json, actual: &Value<'_>) -> bool {
        if self.text { self.printed(expected, actual) } else { self.typed(expected, actual) }
    }

    fn typed(&self, expected: &Json, actual: &Value<'_>) -> bool {
        match actual {
            Value::Null => expected.is_null(),
            Value::Bool(v) => match expected {
                Json::Bool(e) => e == v,
                Json::Number(n) => (n.as_f64() != Some(0.0)) == *v,
                _ => false,
            },
            Value::Int(v) => self.number(expected, f64::from(*v)),
            Value::Long(v) => {
                expected.as_i64().map_or_else(|| self.number(expected, *v as f64), |e| e == *v)
            }
            Value::Real(v) | Value::Decimal(v) => self.number(expected, *v),
            Value::String(v) | Value::Guid(v) => expected.as_str() == Some(v),
            Value::DateTime(v) => {
                expected.as_str().and_then(model::time::parse_datetime) == Some(*v)
            }
            Value::TimeSpan(v) => {
                expected.as_str().and_then(model::time::parse_timespan) == Some(*v)
            }
            Value::Dynamic(v) => {
                let parsed =
                    |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
                let expected = expected.as_str().map_or_else(|| expected.clone(), parsed);
                self.deep(&expected, &parsed(v))
            }
        }
    }

    fn number(&self, expected: &Json, actual: f64) -> bool {
        number(expected).is_some_and(|e| judge::close(e, actual, self.relative))
    }

    fn deep(&self, a: &Json, b: &Json) -> bool {
        match (a, b) {
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len()
                    && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| self.deep(v, w)))
            }
            (Json::Array(a), Json::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(v, w)| self.deep(v, w))
            }
            (Json::String(a), Json::String(b)) => {
                let instants = (model::time::parse_datetime(a), model::time::parse_datetime(b));
                a == b || matches!(instants, (Some(x), Some(y)) if x == y && a.len() > 9)
            }
            (Json::Number(_), Json::Number(_)) => match (number(a), number(b)) {
                (Some(x), Some(y)) => judge::close(x, y, self.relative),
                _ => false,
            },
            _ => a == b || (self.text && lower(a) == lower(b)),
        }
    }

    /// A printed value: blank stands for null or ''.
    fn printed(&self, expected: &Json, actual: &Value<'_>) -> bool {
        let text = match expected {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let text = text.trim();
        let is_blank = matches!(text.to_lowercase().as_str(), "" | "null" | "(null)");
        let quoted = |quote| text.strip_prefix(quote).and_then(|t: &str| t.strip_suffix(quote));
        let unquoted = quoted('"').or_else(|| quoted('\''));
        match actual {
            Value::Null => is_blank,
            Value::String("") if is_blank => true,
            Value::Bool(v) => matches!(
                (text.to_lowercase().as_str(), v),
                ("true" | "1", true) | ("false" | "0", false)
            ),
            Value::DateTime(v) => model::time::parse_datetime(text) == Some(*v),
            Value::TimeSpan(v) => model::time::parse_timespan(text) == Some(*v),
            Value::Dynamic(v) => {
                let parsed = |t: &str| serde_json::from_str::<Json>(t).ok();
                let same =
                    matches!((parsed(text), parsed(v)), (Some(a), Some(b)) if self.deep(&a, &b));
                same || text == *v || parsed(v) == Some(Json::from(text))
            }
            Value::Int(v) => self.printed_number(text, f64::from(*v)),
            Value::Long(v) => self.printed_number(text, *v as f64),
            Value::Real(v) | Value::Decimal(v) => self.printed_number(text, *v),
            Value::String(v) | Value::Guid(v) => {
                let squeeze = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
                squeeze(text) == squeeze(v) || unquoted == Some(v)
            }
        }
    }

    fn printed_number(&self, text: &str, actual: f64) -> bool {
        // A printed fraction is as exact as its digits.
        let digits = text.chars().filter(char::is_ascii_digit).count() as i32;
        let shown = if text.contains('.') { 0.6 * 10f64.powi(1 - digits.max(1)) } else { 0.0 };
        let relative = self.relative.max(shown);
        number(&Json::from(text)).is_some_and(|e| judge::close(e, actual, relative))
    }
}

fn lower(value: &Json) -> String {
    value.to_string().to_lowercase()
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(n) => n.as_f64(),
        Json::String(text) => match text.trim() {
            "NaN" | "nan" => Some(f64::NAN),
            "Infinity" | "∞" | "inf" => Some(f64::INFINITY),
            "-Infinity" | "-∞" | "-inf" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}
