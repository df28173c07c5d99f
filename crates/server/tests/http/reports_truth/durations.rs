//! Durations, times to an answer and waits: D1 to D3; the collector's lag, X1.

use scripted_azdo::truth::{DefinitionTruth, Distribution, Hour, Truth};
use serde_json::{Value, json};

use super::check::{Check, moment, percentiles, ticks};

/// A step so long that one period has all.
const FOREVER: &str = "step = 36500d";

pub fn check(check: &mut Check, truth: &Truth) {
    let lengths = [ticks("P50"), ticks("P90"), ticks("P95")].join(", ");
    let trimmed = truth.definitions.iter().filter(|d| d.durations.duration.trimmed_mean.is_some());
    check.has(trimmed.count() >= 2, "trimmed means");
    let rows = |of: &dyn Fn(&DefinitionTruth) -> Vec<Value>| -> Vec<Vec<Value>> {
        let row = |one: &DefinitionTruth| {
            [vec![json!(one.project), json!(one.definition)], of(one)].concat()
        };
        truth.definitions.iter().map(row).collect()
    };
    check.by_definition(
        "BuildDuration",
        &format!("Builds, {lengths}, Mean = TrimmedMean / 1s"),
        rows(&|one| {
            let duration = &one.durations.duration;
            let mean = json!(duration.trimmed_mean);
            [vec![json!(duration.count)], percentiles(duration).to_vec(), vec![mean]].concat()
        }),
    );
    check.by_definition(
        "TimeToAnswer",
        &format!("Builds, {lengths}"),
        rows(&|one| {
            let wait = &one.durations.time_to_answer;
            [vec![json!(wait.count)], percentiles(wait).to_vec()].concat()
        }),
    );
    waits(check, truth);
    lag(check, truth);
}

fn waits(check: &mut Check, truth: &Truth) {
    let lengths = [ticks("P50"), ticks("P95")].join(", ");
    let cells = |wait: &Distribution| -> Vec<Value> {
        let [p50, _, p95] = percentiles(wait);
        vec![json!(wait.count), p50, p95]
    };
    let pools = truth.queue_waits.iter();
    let want = pools.map(|(pool, wait)| [vec![json!(pool)], cells(wait)].concat()).collect();
    let report = check.report("QueueWait", FOREVER);
    check.same(&format!("{report} | project PoolName, Builds, {lengths}"), want);
    let hour =
        |hour: &Hour| [vec![json!(hour.pool), moment(&hour.hour)], cells(&hour.waits)].concat();
    let want = truth.queue_waits_by_hour.iter().map(hour).collect();
    let report = check.report("QueueWait", "");
    check.same(&format!("{report} | project PoolName, tostring(Period), Builds, {lengths}"), want);
    let hour = |hour: &Hour| {
        let key = vec![json!(hour.pool), json!(hour.job), moment(&hour.hour)];
        [key, cells(&hour.waits)].concat()
    };
    let want = truth.job_waits_by_hour.iter().map(hour).collect();
    let report = check.report("JobQueueWait", "");
    check.same(
        &format!("{report} | project PoolName, JobName, tostring(Period), Jobs, {lengths}"),
        want,
    );
}

/// X1 is not of the history: compared with arithmetic over what was collected.
fn lag(check: &mut Check, truth: &Truth) {
    let rows = |text: &str| check.server.rows(text).as_array().unwrap().clone();
    let whole = |value: &Value| value.as_i64().unwrap();
    let mut want = Vec::new();
    for run in rows(
        "CollectorRuns | summarize max(Cursor) by Project | project Project, tolong((max_Cursor - datetime(2026-01-01)) / 1tick)",
    ) {
        let project = &run[0];
        let lags = format!(
            "TimelineBuilds | where Project == {project} and Status == 'completed' and \
             not(IsDeleted) | project tolong((CollectedAt - FinishTime) / 1tick)"
        );
        let mut lags: Vec<i64> = rows(&lags).iter().map(|row| whole(&row[0])).collect();
        lags.sort_unstable();
        let p95 = lags[(lags.len() * 95).div_ceil(100) - 1];
        want.push(vec![project.clone(), run[1].clone(), json!(lags.len()), json!(p95)]);
    }
    assert_eq!(want.iter().map(|row| whole(&row[2])).sum::<i64>(), truth.totals.completed as i64);
    let report = check.report("CollectorLag", "");
    check.same(
        &format!(
            "{report} | where Lag between (0s .. now() - Cursor) and now() - Cursor - Lag < 1m \
             | project Project, tolong((Cursor - datetime(2026-01-01)) / 1tick), Builds, {}",
            ticks("CollectP95")
        ),
        want,
    );
}
