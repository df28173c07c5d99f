//! What repetitions and lost machines cost: C1 to C3, W2.

use scripted_azdo::truth::{Cost, DefinitionTruth, Truth};
use serde_json::{Value, json};

use super::check::{Check, in_ticks};

pub fn check(check: &mut Check, truth: &Truth) {
    let all = || truth.definitions.iter().map(|one| &one.cost);
    check.has(all().all(|cost| cost.lost_jobs > 0), "lost jobs");
    check.has(all().any(|cost| cost.people_waited > 0), "people who waited");
    sums(check, "RerunTime", "", "RerunTime", truth, |cost| {
        (cost.rerun_machine_seconds > 0.0).then(|| vec![in_ticks(cost.rerun_machine_seconds)])
    });
    sums(check, "LostMachineTime", "sum(Times), ", "LostTime", truth, |cost| {
        let cells = || vec![json!(cost.lost_jobs), in_ticks(cost.lost_machine_seconds)];
        (cost.lost_jobs > 0).then(cells)
    });
    sums(check, "LostPeopleTime", "sum(Builds), ", "LostTime", truth, |cost| {
        let cells = || vec![json!(cost.people_waited), in_ticks(cost.lost_people_seconds)];
        (cost.people_waited > 0).then(cells)
    });
    let want = truth
        .lost_machines
        .iter()
        .map(|lost| vec![json!(lost.pool), json!(lost.day), json!(lost.jobs)]);
    let report = check.report("LostMachines", "");
    check.same(
        &format!(
            "{report} | summarize sum(LostJobs) by PoolName, Day = format_datetime(Day, \
             'yyyy-MM-dd')"
        ),
        want.collect(),
    );
}

/// A report's sums by project and definition.
fn sums(
    check: &mut Check,
    name: &str,
    more: &str,
    length: &str,
    truth: &Truth,
    cells: impl Fn(&Cost) -> Option<Vec<Value>>,
) {
    let row = |one: &DefinitionTruth| {
        let keys = vec![json!(one.project), json!(one.definition)];
        Some([keys, cells(&one.cost)?].concat())
    };
    let report = check.report(name, "");
    check.same(
        &format!("{report} | summarize {more}tolong(sum({length}) / 1tick) by Project, Definition"),
        truth.definitions.iter().filter_map(row).collect(),
    );
}
