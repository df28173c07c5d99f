//! A build's output through `telltale exec`, and its matchers alone; how long `telltale issue`
//! takes to start and end.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use azdo::matcher::{Lines, Matchers, Selection};
use serde_json::json;

use crate::results;

const BYTES: usize = 100 << 20;
const ROUNDS: usize = 3;
const ISSUES: usize = 100;

/// Lines of a build, seeded: most say nothing, one of a hundred is a warning or an error, several
/// of a hundred hold a word that some matcher waits for.
fn output() -> Vec<u8> {
    let plain = [
        "  Restored /build/src/Product.Core/Product.Core.csproj (in 312 ms).",
        "[ 42%] Building CXX object src/CMakeFiles/core.dir/reader/segment_writer.cpp.o",
        "  Product.Core -> /build/artifacts/bin/Product.Core/Release/net9.0/Product.Core.dll",
        "   Compiling serde_derive v1.0.229",
        "tests/unit/test_reader.py::TestReader::test_pages_are_read_in_order[large-4] PASSED [ 61%]",
        "  Passed Product.Core.Tests.ReaderTests.Reads_pages_in_order(count: 12) [3 ms]",
        "ok  \tgithub.com/example/product/internal/reader\t0.412s",
        "npm http fetch GET 200 https://registry.example/left-pad 37ms (cache hit)",
        "> Task :core:compileJava UP-TO-DATE",
        "gcc -O2 -Wall -Werror -Iinclude -c src/reader/page.c -o build/reader/page.o",
        "2026-11-29T11:17:34.1234567Z ##[debug]Evaluating condition for step: 'Run tests'",
    ];
    let words = [
        "    0 Error(s), 0 Warning(s), finished without errors",
        "test error_paths::a_missing_file_is_reported ... ok",
    ];
    let found = [
        "src/reader/page.cs(12,9): warning CS0168: The variable 'x' is declared but never used",
        "src/reader/page.c:10:5: warning: unused variable 'y' [-Wunused-variable]",
        "src/a.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.",
    ];
    let mut state: u64 = 5;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut out = Vec::with_capacity(BYTES + 256);
    while out.len() < BYTES {
        let from = match next(100) {
            0 => &found[..],
            1..=4 => &words,
            _ => &plain,
        };
        let line = from.get(next(from.len())).copied().unwrap_or_default();
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out
}

/// Measures and records.
pub fn run() -> Result<()> {
    let output = output();
    let file = std::env::temp_dir().join(format!("telltale-output-{}", std::process::id()));
    std::fs::write(&file, &output).context("write the output to pass on")?;
    let measured = measure(&output, &file.to_string_lossy());
    let _ = std::fs::remove_file(&file);
    let figures = measured?;
    results::record("output", figures)
}

fn measure(output: &[u8], file: &str) -> Result<serde_json::Value> {
    let rate = |flags: Option<&[&str]>| best(output, file, flags);
    let mut best_alone = f64::MAX;
    let mut findings = 0;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        findings = matchers(output)?;
        best_alone = best_alone.min(started.elapsed().as_secs_f64());
    }
    Ok(json!({
        "megabytes": output.len() / 1_000_000,
        "findings": findings,
        "matchers_alone_mb_per_s": megabytes(output.len(), best_alone),
        "cat_mb_per_s": rate(None)?,
        "exec_mb_per_s": rate(Some(&["--annotate", "none"]))?,
        "exec_no_matchers_mb_per_s": rate(Some(&["--annotate", "azure", "--no-matchers"]))?,
        "exec_all_matchers_mb_per_s": rate(Some(&["--annotate", "azure"]))?,
        "issue_ms": issue()?,
    }))
}

fn megabytes(bytes: usize, seconds: f64) -> f64 {
    (bytes as f64 / 1e6 / seconds).round()
}

fn matchers(output: &[u8]) -> Result<usize> {
    let mut matchers = Matchers::new(&Selection::all())?;
    let (mut lines, mut found, mut count) = (Lines::default(), Vec::new(), 0);
    for piece in output.chunks(64 << 10) {
        lines.feed(piece, |line| matchers.line(line, &mut found));
        count += found.len();
        found.clear();
    }
    Ok(count)
}

/// The best of several rounds of `cat`, alone or under `exec` with flags.
fn best(output: &[u8], file: &str, flags: Option<&[&str]>) -> Result<f64> {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let mut command = match flags {
            None => Command::new("cat"),
            Some(flags) => {
                let mut command = Command::new(program()?);
                command.arg("exec").args(flags).args(["--", "cat"]);
                command
            }
        };
        let mut seen = Vec::with_capacity(output.len() + (1 << 20));
        let started = Instant::now();
        let mut child = command.arg(file).stdout(Stdio::piped()).spawn().context("start it")?;
        let mut out = child.stdout.take().context("no standard output")?;
        out.read_to_end(&mut seen)?;
        ensure!(child.wait()?.success(), "the command failed");
        best = best.min(started.elapsed().as_secs_f64());
        ensure!(without_commands(&seen) == output, "the output was changed");
    }
    Ok(megabytes(output.len(), best))
}

fn without_commands(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b"##vso[")).flatten().copied().collect()
}

/// The median of starting and ending, in milliseconds.
fn issue() -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..ISSUES {
        let started = Instant::now();
        let done = Command::new(program()?)
            .args(["issue", "--annotate", "azure", "--category", "Build", "text"])
            .stdin(Stdio::null())
            .output()
            .context("start `telltale issue`")?;
        ensure!(done.status.success(), "`telltale issue` failed");
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok((times.get(ISSUES / 2).copied().unwrap_or_default() * 10.0).round() / 10.0)
}

fn program() -> Result<std::path::PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("telltale"))
}
