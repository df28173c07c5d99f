//! Red main branches: R1 to R3.

use scripted_azdo::truth::{DefinitionTruth, RedInterval, Truth};
use serde_json::{Value, json};

use super::check::{Check, in_ticks, moment, ticks};

pub fn check(check: &mut Check, truth: &Truth) {
    let all = || truth.definitions.iter().flat_map(|one| &one.red.intervals);
    for kind in ["persistent", "intermittent"] {
        check.has(all().any(|interval| interval.kind == kind), kind);
    }
    check.has(all().any(|interval| interval.finish.is_none()), "open red interval");
    let rows = |cells: &dyn Fn(&DefinitionTruth) -> Vec<Value>| -> Vec<Vec<Value>> {
        let row = |one: &DefinitionTruth| {
            [vec![json!(one.project), json!(one.definition)], cells(one)].concat()
        };
        truth.definitions.iter().map(row).collect()
    };
    check.by_definition(
        "RedTime",
        &format!("Branch, {}, Intervals, RedShare", ticks("RedTime")),
        rows(&|one| {
            let red = &one.red;
            let share = json!(red.red_share);
            vec![json!("main"), in_ticks(red.red_seconds), json!(red.intervals.len()), share]
        }),
    );
    check.by_definition(
        "TimeToGreen",
        &format!("Closed, {}, Open", ticks("MedianTimeToGreen")),
        rows(&|one| {
            let is_open = |i: &&RedInterval| i.finish.is_none();
            let open = one.red.intervals.iter().filter(is_open).count();
            let median = one.red.median_seconds_to_green.map_or(Value::Null, in_ticks);
            vec![json!(one.red.intervals.len() - open), median, json!(open > 0)]
        }),
    );
    streaks(check, truth);
}

fn streaks(check: &mut Check, truth: &Truth) {
    let row = |one: &DefinitionTruth, interval: &RedInterval| {
        vec![
            json!(one.definition),
            moment(&interval.start),
            interval.finish.as_deref().map_or(json!(""), moment),
            in_ticks(interval.seconds),
            json!(interval.failed),
            json!(interval.commits),
            json!(interval.kind),
        ]
    };
    let want = truth
        .definitions
        .iter()
        .flat_map(|one| one.red.intervals.iter().map(move |interval| row(one, interval)));
    let report = check.report("RedStreaks", "");
    check.same(
        &format!(
            "{report} | project Definition, tostring(Start), tostring(End), {}, FailedBuilds, \
             Commits, StreakKind",
            ticks("Length")
        ),
        want.collect(),
    );
}
