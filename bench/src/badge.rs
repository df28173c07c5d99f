//! Badges per second on one core, ours and badge-maker's in one run.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use azdo::badge::{Options, Palette, Rules, render};
use serde_json::{Map, Value, json};

use crate::results;

/// How long each case is drawn.
const CASE_TIME: Duration = Duration::from_secs(2);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/e2e/badge-maker-6.0.0/draw.js");

/// Draws each case again and again with both; reports rates, their ratio, and our 99th percentile.
pub fn run() -> Result<()> {
    let cases = cases();
    let theirs = their_rates(&cases)?;
    let mut figures = Map::new();
    for ((name, input), theirs) in cases.iter().zip(theirs) {
        let (rate, p99) = our_rate(input)?;
        figures.insert(
            (*name).to_owned(),
            json!({
                "telltale_per_second": rate.round(),
                "badge_maker_per_second": theirs,
                "ratio": (rate / theirs * 10.0).round() / 10.0,
                "telltale_p99_us": (p99 * 1e8).round() / 100.0,
            }),
        );
    }
    results::record("badge", Value::Object(figures))
}

fn cases() -> Vec<(&'static str, Value)> {
    let short = |style: &str| json!({"label": "Web - Prod", "message": "Release-42", "color": "green", "style": style});
    let long = "Release-2026.11.21.3-rc.1+sha.deadbeef ".repeat(5);
    vec![
        ("flat", short("flat")),
        ("flat_square", short("flat-square")),
        ("plastic", short("plastic")),
        ("for_the_badge", short("for-the-badge")),
        ("social", short("social")),
        ("flat_200_characters", json!({"label": long, "message": long, "style": "flat"})),
    ]
}

/// What `draw.js` says; the packages must have been installed by `cargo xtask e2e badge`.
fn their_rates(cases: &[(&'static str, Value)]) -> Result<Vec<f64>> {
    let file = std::env::temp_dir().join(format!("telltale-badges-{}", std::process::id()));
    let lines: String = cases.iter().map(|(_, input)| format!("{input}\n")).collect();
    std::fs::write(&file, lines).context("write the inputs")?;
    let output = Command::new("node")
        .arg(SCRIPT)
        .arg(&file)
        .arg(CASE_TIME.as_secs().to_string())
        .output()
        .context("start node")?;
    std::fs::remove_file(&file).context("remove the inputs")?;
    ensure!(
        output.status.success(),
        "draw.js failed, run `cargo xtask e2e badge` first: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let rates: Vec<f64> = serde_json::from_slice(&output.stdout).context("read the rates")?;
    ensure!(rates.len() == cases.len(), "{} rates of {} cases", rates.len(), cases.len());
    Ok(rates)
}

/// Badges per second by the median batch of 20, as `draw.js` counts them: what else the machine
/// does meanwhile does not count; and the 99th percentile of the time of one badge in seconds.
fn our_rate(input: &Value) -> Result<(f64, f64)> {
    const BATCH: u32 = 20;
    let options = Options::from_json(input).context("read the input")?;
    let badge = options.badge(Palette::Current);
    let draw = || render(black_box(&badge), Rules::Compat).map(black_box);
    let mut batches = Vec::new();
    let end = Instant::now() + CASE_TIME;
    while Instant::now() < end {
        let started = Instant::now();
        for _ in 0..BATCH {
            draw()?;
        }
        batches.push(started.elapsed());
    }
    let mut times = Vec::with_capacity(100_000);
    for _ in 0..100_000 {
        let started = Instant::now();
        draw()?;
        times.push(started.elapsed());
    }
    let median = at(&mut batches, 50).context("no batches")? / f64::from(BATCH);
    Ok((1.0 / median, at(&mut times, 99).context("no times")?))
}

/// The percentile of some times in seconds.
fn at(times: &mut [Duration], percentile: usize) -> Option<f64> {
    times.sort_unstable();
    times.get(times.len() * percentile / 100).map(Duration::as_secs_f64)
}
