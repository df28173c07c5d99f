//! What is sent about a command: a dependency for each run of it and an exception for each error
//! (spec azure-devops.md §6.5.10).
//!
//! Invariants: arguments of the command are never sent, for they may hold secrets; a failure is
//! one warning.

use std::time::Duration;

use azdo::errors::Finding;
use azdo::origin::Origin;

use super::{Try, warn};
use crate::cli::pipeline::ExecCall;
use crate::commands::telemetry::connection::{Connection, VARIABLES};
use crate::commands::telemetry::context::random_id;
use crate::commands::telemetry::item::{Data, Frame, Item};
use crate::commands::telemetry::{Telemetry, variable};

/// The type of the dependency.
const TYPE: &str = "CI Exec";
/// Severity level of an error (0 verbose … 4 critical).
const ERROR: u8 = 3;

/// Sends at the end, when there is a connection and nobody opted out.
pub struct Sender {
    telemetry: Telemetry,
    /// The spans of the runs are numbered from here.
    span_base: u64,
}

impl Sender {
    /// `None` without a connection string; one that is of no use is a warning.
    pub fn open(call: &ExecCall) -> Option<Sender> {
        let is_given = |text: &String| !text.trim().is_empty();
        let given = call.telemetry.connection.clone().filter(is_given);
        let of_variable = || VARIABLES.into_iter().filter_map(variable).find(is_given);
        given.or_else(of_variable)?;
        match Telemetry::open(call.telemetry.clone()) {
            Ok(telemetry) => {
                let span_base = u64::from_str_radix(&random_id(15), 16).unwrap_or(1);
                telemetry.map(|telemetry| Sender { telemetry, span_base })
            }
            Err(failure) => {
                warn(&format!("no telemetry is sent: {failure}"));
                None
            }
        }
    }

    pub fn connection(&self) -> &Connection {
        &self.telemetry.connection
    }

    /// Where a run stands in its trace.
    pub fn place(&self, number: u32) -> Option<Origin> {
        Origin::new(&self.telemetry.context.operation_id, &self.span(number))
    }

    fn span(&self, number: u32) -> String {
        format!("{:016x}", self.span_base.wrapping_add(u64::from(number)))
    }

    /// Sends all runs, within the budget.
    pub fn send(&self, name: &str, call: &ExecCall, tries: &[Try]) {
        let items: Vec<Item> = tries.iter().flat_map(|done| self.items(name, call, done)).collect();
        match self.telemetry.send(&items) {
            Ok(sent) if sent.accepted >= sent.items => {}
            Ok(sent) => {
                let refused = sent.items - sent.accepted;
                let reasons = sent.reasons.join("; ");
                warn(&format!("{refused} items of telemetry were refused: {reasons}"));
            }
            Err(failure) => warn(&format!("telemetry was not sent: {failure}")),
        }
    }

    fn items(&self, name: &str, call: &ExecCall, done: &Try) -> Vec<Item> {
        let id = self.span(done.number);
        let target = call.command.first().map(|program| program.to_string_lossy().into_owned());
        let mut properties = vec![
            ("try".to_owned(), done.number.to_string()),
            ("tries".to_owned(), (call.retries + 1).to_string()),
        ];
        if let Some(category) = &call.category {
            properties.push(("category".to_owned(), category.clone()));
        }
        let mut items = vec![Item {
            time: done.started,
            parent_id: None,
            properties: properties.clone(),
            measurements: vec![("errors".to_owned(), count(done.errors.len()))],
            data: Data::Dependency {
                id: id.clone(),
                name: name.to_owned(),
                ty: TYPE.to_owned(),
                target: target.unwrap_or_default(),
                data: String::new(),
                duration: nanos(done.duration),
                success: !done.end.is_failure(),
                result_code: done.end.code().to_string(),
            },
        }];
        let time = done.started.saturating_add(nanos(done.duration));
        for finding in &done.errors {
            items.push(exception(finding, call, time, &id, &properties));
        }
        items
    }
}

fn exception(
    finding: &Finding,
    call: &ExecCall,
    time: i64,
    parent_id: &str,
    common: &[(String, String)],
) -> Item {
    let category = finding.category.clone().or_else(|| call.category.clone());
    let mut properties: Vec<(String, String)> = common.to_vec();
    properties.retain(|(key, _)| key != "category");
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            properties.push((key.to_owned(), value));
        }
    };
    add("category", category.clone());
    add("code", finding.code.clone());
    add("file", finding.file.clone());
    add("line", finding.line.map(|line| line.to_string()));
    add("column", finding.column.map(|column| column.to_string()));
    add("test", finding.test.clone());
    add("matcher", Some(finding.matcher.clone()).filter(|name| !name.is_empty()));
    let frame = finding.file.as_ref().map(|file| Frame {
        method: finding.test.clone().unwrap_or_default(),
        assembly: String::new(),
        file: file.clone(),
        line: finding.line,
    });
    let ty = finding.code.clone().or(category).unwrap_or_else(|| "Error".to_owned());
    Item {
        time,
        parent_id: Some(parent_id.to_owned()),
        properties,
        measurements: Vec::new(),
        data: Data::Exception {
            ty,
            message: finding.text.clone(),
            stack: String::new(),
            frames: frame.into_iter().collect(),
            severity: Some(ERROR),
            problem_id: String::new(),
        },
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Never more than the few that are kept.
fn count(errors: usize) -> f64 {
    u32::try_from(errors).map_or(f64::from(u32::MAX), f64::from)
}
