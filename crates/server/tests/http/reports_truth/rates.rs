//! Pass rates: P1 to P4.

use scripted_azdo::truth::{DefinitionTruth, Rates, Truth};
use serde_json::{Value, json};

use super::check::{Check, moment, wilson};

pub fn check(check: &mut Check, truth: &Truth) {
    for one in &truth.definitions {
        let rates = &one.rates;
        let differ = rates.passed_at_first < rates.passed && rates.passed < rates.builds;
        check.has(differ, "pass rates that differ");
        check.has(rates.canceled > 0, "canceled builds");
        check.has(rates.rescued < rates.several_attempts, "builds repeated in vain");
    }
    check.by_definition(
        "PassRate",
        "Builds, Passed, Failed, PassRate, PassRateLow, PassRateHigh",
        rows(truth, |r| {
            let [low, high] = wilson(r.passed, r.builds);
            let failed = r.builds - r.passed;
            vec![json!(r.builds), json!(r.passed), json!(failed), json!(r.pass_rate), low, high]
        }),
    );
    check.by_definition(
        "FirstAttemptPassRate",
        "Builds, FirstPassed, FirstAttemptPassRate, FirstAttemptPassRateLow, \
         FirstAttemptPassRateHigh",
        rows(truth, |r| {
            let [low, high] = wilson(r.passed_at_first, r.builds);
            let rate = r.first_attempt_pass_rate;
            vec![json!(r.builds), json!(r.passed_at_first), json!(rate), low, high]
        }),
    );
    check.by_definition(
        "RescueRate",
        "Repeated, Rescued, RescueRate, RescueRateLow, RescueRateHigh",
        rows(truth, |r| {
            let [low, high] = wilson(r.rescued, r.several_attempts);
            let rate = json!(r.rescue_rate);
            vec![json!(r.several_attempts), json!(r.rescued), rate, low, high]
        }),
    );
    check.by_definition(
        "MaskedFailures",
        "PassRate, FirstAttemptPassRate, MaskedPoints",
        rows(truth, |r| {
            vec![json!(r.pass_rate), json!(r.first_attempt_pass_rate), json!(r.masked_points)]
        }),
    );
    trend(check, truth);
    parts(check, truth);
}

fn rows(truth: &Truth, cells: impl Fn(&Rates) -> Vec<Value>) -> Vec<Vec<Value>> {
    let row = |one: &DefinitionTruth| {
        let mut row = vec![json!(one.project), json!(one.definition)];
        row.extend(cells(&one.rates));
        row
    };
    truth.definitions.iter().map(row).collect()
}

/// By week; weeks in which all builds were canceled have no rate.
fn trend(check: &mut Check, truth: &Truth) {
    let weeks = truth.weeks.iter().filter(|week| week.rates.builds > 0);
    let want = weeks.map(|week| {
        let r = &week.rates;
        let [low, high] = wilson(r.passed, r.builds);
        vec![
            json!(week.definition),
            moment(&week.week),
            json!(r.builds),
            json!(r.passed),
            json!(r.passed_at_first),
            json!(r.pass_rate),
            low,
            high,
            json!(r.first_attempt_pass_rate),
        ]
    });
    let report = check.report("PassRateTrend", "");
    check.same(
        &format!(
            "{report} | project Definition, tostring(Period), Builds, Passed, FirstPassed, \
             PassRate, PassRateLow, PassRateHigh, FirstAttemptPassRate"
        ),
        want.collect(),
    );
}

/// The builds of all kinds are all builds, and so are those of pull requests and of the branch.
fn parts(check: &mut Check, truth: &Truth) {
    let sum =
        |kind: &str| format!("({} | summarize n = sum(Builds))", check.report("PassRate", kind));
    let kinds = ["PR", "CI", "scheduled", "chained", "manual", "other"];
    let kinds: Vec<String> = kinds.map(|kind| sum(&format!("kind = \"{kind}\""))).to_vec();
    let query = format!("union {} | summarize sum(n), countif(n > 0)", kinds.join(", "));
    let builds = truth.rates.builds;
    check.same(&query, vec![vec![json!(builds), json!(5)]]);
    let on_main = check.report("PassRate", "branch = \"main\"");
    check.same(&format!("{on_main} | summarize sum(Builds)"), vec![vec![json!(builds)]]);
}
