//! Releases: Q1 to Q4.

use std::collections::BTreeMap;

use scripted_azdo::truth::{EnvironmentTruth, Truth};
use serde_json::{Value, json};

use super::check::{Check, in_ticks, moment, percentiles, ticks, wilson};

pub fn check(check: &mut Check, truth: &Truth) {
    let all = || truth.environments.iter();
    check.has(all().any(|e| e.change_failures > e.failed), "release taken back");
    check.has(all().any(|e| e.time_to_restore.count > 0), "environment restored");
    frequency(check, truth);
    by_environment(
        check,
        "LeadTime",
        &format!("Deployments, WithBuild, {}", lengths(&["P50", "P90", "P95"])),
        truth,
        |e| {
            let counts = vec![json!(e.succeeded), json!(e.lead_time.count)];
            [counts, percentiles(&e.lead_time).to_vec()].concat()
        },
    );
    by_environment(
        check,
        "ChangeFailureRate",
        "Deployments, Failed, Failures, ChangeFailureRate, ChangeFailureRateLow, \
         ChangeFailureRateHigh",
        truth,
        |e| {
            let [low, high] = wilson(e.change_failures, e.deployments);
            vec![
                json!(e.deployments),
                json!(e.failed),
                json!(e.change_failures),
                json!(e.change_failure_rate),
                low,
                high,
            ]
        },
    );
    by_environment(
        check,
        "TimeToRestore",
        &format!("Failed, Restored, {}, Open", ticks("MedianTimeToRestore")),
        truth,
        |e| {
            let restore = &e.time_to_restore;
            let median = restore.p50.map_or(Value::Null, in_ticks);
            vec![json!(e.failed), json!(restore.count), median, json!(e.not_restored)]
        },
    );
}

fn lengths(columns: &[&str]) -> String {
    columns.iter().map(|column| ticks(column)).collect::<Vec<_>>().join(", ")
}

fn frequency(check: &mut Check, truth: &Truth) {
    let of = |e: &EnvironmentTruth, counts: &BTreeMap<String, usize>| -> Vec<Vec<Value>> {
        let keys = vec![json!(e.project), json!(e.environment)];
        let row = |(period, n): (&String, &usize)| {
            let midnight = format!("{}T00:00:00Z", &period[..10]);
            [keys.clone(), vec![moment(&midnight), json!(n)]].concat()
        };
        counts.iter().map(row).collect()
    };
    let columns = "project Project, EnvironmentName, tostring(Period), Deployments";
    let days = truth.environments.iter().flat_map(|e| of(e, &e.succeeded_by_day)).collect();
    let report = check.report("DeploymentFrequency", "");
    check.same(&format!("{report} | {columns}"), days);
    let weeks = truth.environments.iter().flat_map(|e| of(e, &e.succeeded_by_week)).collect();
    let report = check.report("DeploymentFrequency", "step = 7d");
    check.same(&format!("{report} | {columns}"), weeks);
}

/// A report by project and environment; failures may be missing where nothing failed.
fn by_environment(
    check: &mut Check,
    name: &str,
    columns: &str,
    truth: &Truth,
    cells: impl Fn(&EnvironmentTruth) -> Vec<Value>,
) {
    let row =
        |e: &EnvironmentTruth| [vec![json!(e.project), json!(e.environment)], cells(e)].concat();
    let had = |e: &&EnvironmentTruth| name != "TimeToRestore" || e.failed > 0;
    let want = truth.environments.iter().filter(had).map(row).collect();
    let report = check.report(name, "");
    check.same(&format!("{report} | project Project, EnvironmentName, {columns}"), want);
}
