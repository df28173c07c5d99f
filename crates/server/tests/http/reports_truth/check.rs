//! Questions about reports, compared with what is true; differences are kept until the end.

use scripted_azdo::time::{self, Ticks};
use scripted_azdo::truth::Distribution;
use serde_json::Value;

use crate::server::Server;

/// How far shares may be from the truth; of larger figures, how far for each unit.
const NEAR: f64 = 1e-9;

/// A server, the period of all questions, and the differences so far.
pub struct Check {
    pub server: Server,
    period: String,
    differences: Vec<String>,
}

impl Check {
    pub fn new(server: Server, from: Ticks, to: Ticks) -> Check {
        let period = format!("datetime({}), datetime({})", time::text(from), time::text(to));
        Check { server, period, differences: Vec::new() }
    }

    /// A report of the period: `PassRate` and its further arguments.
    pub fn report(&self, name: &str, more: &str) -> String {
        let comma = if more.is_empty() { "" } else { ", " };
        format!("{name}({}{comma}{more})", self.period)
    }

    /// Asks and compares, rows in the order of their texts.
    pub fn same(&mut self, query: &str, want: Vec<Vec<Value>>) {
        self.has(!want.is_empty(), query);
        let got: Vec<Vec<Value>> = serde_json::from_value(self.server.rows(query)).unwrap();
        let (got, want) = (ordered(got), ordered(want));
        if got.len() != want.len() {
            self.differences.push(format!("{query}: {} rows, true {}", got.len(), want.len()));
        }
        let pairs = got.iter().zip(&want);
        if let Some((row, truth)) = pairs.into_iter().find(|(row, truth)| !is_same_row(row, truth))
        {
            self.differences.push(format!("{query}\n    got  {row:?}\n    true {truth:?}"));
        }
    }

    /// The report `name` by project and definition, with these columns.
    pub fn by_definition(&mut self, name: &str, columns: &str, want: Vec<Vec<Value>>) {
        let report = self.report(name, "");
        self.same(&format!("{report} | project Project, Definition, {columns}"), want);
    }

    /// The history must have what a comparison is about.
    pub fn has(&mut self, is_there: bool, what: &str) {
        if !is_there {
            self.differences.push(format!("the history has no {what}"));
        }
    }

    /// No difference may have been found.
    pub fn end(self) {
        assert!(self.differences.is_empty(), "\n{}", self.differences.join("\n"));
    }
}

fn ordered(mut rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let texts = |row: &Vec<Value>| -> Vec<String> {
        row.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    rows.sort_by_key(texts);
    rows
}

fn is_same_row(row: &[Value], truth: &[Value]) -> bool {
    row.len() == truth.len() && row.iter().zip(truth).all(|(a, b)| is_same(a, b))
}

fn is_same(value: &Value, truth: &Value) -> bool {
    match (value.as_f64(), truth.as_f64()) {
        (Some(a), Some(b)) if truth.is_f64() => (a - b).abs() <= NEAR * b.abs().max(1.0),
        _ => value == truth,
    }
}

/// KQL for a length in ticks of 100 ns under its own name.
pub fn ticks(column: &str) -> String {
    format!("{column} = tolong({column} / 1tick)")
}

/// A length of the truth, seconds, in ticks.
pub fn in_ticks(seconds: f64) -> Value {
    let ticks = seconds * time::SECOND as f64;
    assert!(ticks.abs() < 9e15);
    Value::from(ticks.round() as i64)
}

/// Lengths that there may be none of, in ticks.
pub fn percentiles(lengths: &Distribution) -> [Value; 3] {
    [lengths.p50, lengths.p90, lengths.p95].map(|seconds| seconds.map_or(Value::Null, in_ticks))
}

/// A time of the truth as answers write it, with seven digits after the point.
pub fn moment(text: &str) -> Value {
    let ticks = time::parse(text).unwrap();
    let whole = time::text(ticks - ticks.rem_euclid(time::SECOND));
    let seconds = whole.trim_end_matches('Z');
    Value::from(format!("{seconds}.{:07}Z", ticks.rem_euclid(time::SECOND)))
}

/// The ends of the 95 % interval of a share, after Wilson (ci-health.md P1).
pub fn wilson(hits: usize, total: usize) -> [Value; 2] {
    let (n, z) = (total as f64, 1.96_f64);
    let p = hits as f64 / n;
    let middle = p + z * z / (2.0 * n);
    let reach = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    [((middle - reach) / whole).max(0.0), ((middle + reach) / whole).min(1.0)].map(Value::from)
}
