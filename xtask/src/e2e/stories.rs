//! The stories: which client sends what, and what KQL must then say.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::server::Server;
use super::{badges, clients, portal, queries, setup, traces};
use crate::process::root;

pub enum Outcome {
    Passed,
    /// Something the machine lacks.
    Skipped(String),
}

pub struct Story {
    pub name: &'static str,
    pub run: fn(&Path) -> Result<Outcome>,
}

pub fn all() -> Vec<Story> {
    let mut all = senders();
    all.extend(traces::all());
    all.extend(queries::all());
    all.extend(badges::all());
    all.extend(portal::all());
    all
}

/// Clients that send telemetry.
fn senders() -> Vec<Story> {
    vec![
        Story { name: "node 2.9.8: every kind, and the seed user's queries", run: node2 },
        Story { name: "node 2.9.8: opt-out sends nothing", run: node2_opt_out },
        Story { name: "node 2.9.8: rows of before and after a restart", run: node2_restart },
        Story { name: "node 2.9.8: what was refused for now comes back once", run: node2_refused },
        Story { name: "node 2.9.8: a short task ends at once", run: node2_short_task },
        Story {
            name: "node 1.8.10: every kind",
            run: |telltale| {
                let script = setup::npm("node-applicationinsights-1.8.10")?.join("check.js");
                sends(telltale, "node", &script, &[], SIX_KINDS)
            },
        },
        Story { name: "node 3.16.0: every kind, over HTTPS", run: node3 },
        Story { name: "web 3.4.4: a page in Chromium", run: web },
        Story {
            name: "python applicationinsights 0.11.10",
            run: |telltale| {
                let rows = [SIX_KINDS, &[("pageViews", 1)]].concat();
                python(telltale, "applicationinsights.check.py", &rows)
            },
        },
        Story {
            name: "python opencensus-ext-azure 1.1.15",
            run: |telltale| {
                let rows = [("requests", 1), ("exceptions", 1), ("traces", 1), ("customEvents", 1)];
                python(telltale, "opencensus.check.py", &rows)
            },
        },
        Story {
            name: "python azure-monitor-opentelemetry 1.8.11",
            run: |telltale| python(telltale, "opentelemetry.check.py", SIX_KINDS),
        },
    ]
}

const TABLES: &str = "requests, dependencies, exceptions, traces, customEvents, customMetrics, \
                      pageViews, browserTimings, availabilityResults";

/// One row of each kind that nearly every client can send.
const SIX_KINDS: &[(&str, i64)] = &[
    ("requests", 1),
    ("dependencies", 1),
    ("exceptions", 1),
    ("traces", 1),
    ("customEvents", 1),
    ("customMetrics", 1),
];

/// Runs a client against a new server and expects its rows.
fn sends(
    telltale: &Path,
    program: &str,
    script: &Path,
    more: &[(&str, &str)],
    rows: &[(&str, i64)],
) -> Result<Outcome> {
    let server = Server::start(telltale)?;
    clients::run(&server, program, script, "check", more)?;
    expect_rows(&server, "check", rows)?;
    Ok(Outcome::Passed)
}

/// Waits until the marked rows per table are `expected`, at most two seconds after sending.
fn expect_rows(server: &Server, run: &str, expected: &[(&str, i64)]) -> Result<()> {
    let query = format!(
        "union withsource=t {TABLES} | where tostring(customDimensions.run) == \"{run}\" \
         | summarize n = count() by t | order by t asc"
    );
    let mut wanted: Vec<Vec<Value>> =
        expected.iter().map(|(t, n)| vec![json!(t), json!(n)]).collect();
    wanted.sort_by_key(|row| row[0].as_str().map(str::to_owned));
    let mut found = Vec::new();
    for _ in 0..8 {
        found = server.query(&query)?;
        if found == wanted {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    bail!(
        "rows per table: expected {}, found {}",
        Value::from(wanted.concat()),
        Value::from(found.concat())
    )
}

pub fn expect_answer(server: &Server, query: &str, expected: Value) -> Result<()> {
    let found: Vec<Value> = server.query(query)?.into_iter().map(Value::from).collect();
    if Value::from(found.clone()) != expected {
        bail!("{query}\n  expected {expected}\n  found    {}", Value::from(found));
    }
    Ok(())
}

fn node2(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("check.js");
    let server = Server::start(telltale)?;
    let answer = clients::run(&server, "node", &script, "check-1", &[])?;
    let answer: Value = serde_json::from_str(answer.lines().last().unwrap_or_default())?;
    if answer["itemsReceived"] != 8 || answer["itemsAccepted"] != 8 {
        bail!("the client was told {answer}");
    }
    let rows = [SIX_KINDS, &[("pageViews", 1), ("availabilityResults", 1)]].concat();
    expect_rows(&server, "check-1", &rows)?;
    seed_queries(&server)?;
    Ok(Outcome::Passed)
}

/// The seed user's four questions (spec azure-devops.md §7.1).
fn seed_queries(server: &Server) -> Result<()> {
    let latest = server.query("requests | order by timestamp desc")?;
    if latest.len() != 1 {
        bail!("`requests | order by timestamp desc` gave {} rows", latest.len());
    }
    let bins = server.query(
        "requests | summarize count() by bin(timestamp, 5m), client_OS | render timechart",
    )?;
    if bins.len() != 1 || bins[0].len() != 3 || bins[0][2] != 1 {
        bail!("the five-minute bins are {bins:?}");
    }
    expect_answer(
        server,
        "requests | where timestamp > ago(6h) | summarize Executions = count(), \
         Projects = dcount(tostring(customDimensions.projectId)) by name",
        json!([["taskName", 1, 1]]),
    )?;
    expect_answer(
        server,
        "customEvents | where name == \"Task Execution\" | summarize \
         Failed = countif(customDimensions.failed == \"true\"), Total = count() \
         by tostring(customDimensions.taskName)",
        json!([["taskName", 1, 1]]),
    )
}

fn node2_opt_out(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("check.js");
    let server = Server::start(telltale)?;
    clients::run(&server, "node", &script, "check-out", &[("OPT_OUT", "true")])?;
    expect_rows(&server, "check-out", &[])?;
    Ok(Outcome::Passed)
}

fn node2_restart(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("check.js");
    let server = Server::start(telltale)?;
    clients::run(&server, "node", &script, "check-restart", &[])?;
    let server = server.restart(&[])?;
    clients::run(&server, "node", &script, "check-restart", &[])?;
    expect_answer(
        &server,
        "customEvents | where customDimensions.run == \"check-restart\" | count",
        json!([[2]]),
    )?;
    Ok(Outcome::Passed)
}

/// A server that finds its disk full answers 503; the client keeps the item and sends it again.
fn node2_refused(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("refused.js");
    let server = Server::start(telltale)?.restart(&["--free-bytes-min", "512TiB"])?;
    let mut client = clients::command(&server, "node", &script, "check-refused", &[])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the client")?;
    let stdout = client.stdout.take().context("no standard output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).context("wait for the first answer")?;
    let server = server.restart(&[])?;
    if line.trim() != "refused" || !client.wait().context("wait for the client")?.success() {
        bail!("the client failed; it said {line:?}");
    }
    expect_answer(
        &server,
        "customEvents | where customDimensions.run == \"check-refused\" \
         | summarize count() by name | order by name asc",
        json!([["first", 1], ["second", 1]]),
    )?;
    Ok(Outcome::Passed)
}

fn node2_short_task(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-2.9.8")?.join("short-task.js");
    let server = Server::start(telltale)?;
    // The best of three: the machine may be busy with something else.
    let mut best = u128::MAX;
    for _ in 0..3 {
        let output = clients::run(&server, "node", &script, "check-short", &[])?;
        let ended = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let answered: u128 = output
            .lines()
            .find_map(|line| line.strip_prefix("answered "))
            .context("the flush was not answered")?
            .parse()?;
        best = best.min(ended.saturating_sub(answered));
    }
    if best > 200 {
        bail!("the process ended {best} ms after the answer");
    }
    expect_rows(&server, "check-short", &[("customEvents", 3)])?;
    Ok(Outcome::Passed)
}

/// A client that speaks HTTPS only, and trusts the generated certificate.
fn node3(telltale: &Path) -> Result<Outcome> {
    let script = setup::npm("node-applicationinsights-3.16.0")?.join("check.js");
    let server = Server::start_with_tls(telltale)?;
    let tls_url = server.tls_url.clone().context("no HTTPS address")?;
    let authority = server.authority()?.to_string_lossy().into_owned();
    let connection = format!("InstrumentationKey={};IngestionEndpoint={tls_url}/", server.key);
    let more = [
        ("CS", connection.as_str()),
        ("NODE_EXTRA_CA_CERTS", &authority),
        // Otherwise the client keeps few of the first spans of a short process.
        ("OTEL_TRACES_SAMPLER", "always_on"),
    ];
    clients::run(&server, "node", &script, "check-3", &more)?;
    let rows = [SIX_KINDS, &[("pageViews", 1), ("availabilityResults", 1)]].concat();
    expect_rows(&server, "check-3", &rows)?;
    Ok(Outcome::Passed)
}

fn web(telltale: &Path) -> Result<Outcome> {
    let chromium = setup::chromium()?;
    let script = setup::npm("web-applicationinsights-3.4.4")?.join("check.js");
    let rows = [
        ("pageViews", 1),
        ("browserTimings", 1),
        ("customEvents", 2),
        ("traces", 1),
        ("customMetrics", 1),
        ("exceptions", 1),
        ("dependencies", 1),
    ];
    sends(telltale, "node", &script, &[("CHROME", &chromium.to_string_lossy())], &rows)
}

/// Runs a python program; skipped when the machine has no python3.
fn python(telltale: &Path, script: &str, rows: &[(&str, i64)]) -> Result<Outcome> {
    let Some(python) = setup::python("python")? else {
        return Ok(Outcome::Skipped("there is no python3 on this machine".into()));
    };
    let script = root().join("tests/e2e/python").join(script);
    sends(telltale, &python.to_string_lossy(), &script, &[], rows)
}
