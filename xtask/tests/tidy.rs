//! The house rules that a program can check (architecture: tests, tidy).

#![allow(clippy::expect_used, reason = "a test may end at what it does not expect")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 700;
const FUNCTION_LINES_MAX: usize = 70;
/// Characters; lines with a string literal may be wider, rustfmt keeps the others.
const WIDTH_MAX: usize = 100;

/// Which crates a crate may use: the arrows of ARCHITECTURE.md, downwards only.
const ARROWS: [(&str, &[&str]); 7] = [
    ("model", &[]),
    ("ingest", &["model"]),
    ("azdo", &["model"]),
    ("store", &["model"]),
    ("kql", &["model"]),
    ("query", &["model", "store", "kql"]),
    ("server", &["model", "ingest", "azdo", "store", "kql", "query"]),
];

/// `datafusion` may be named here only: in `query`, and in the benchmark's hand-written plans.
const ENGINE_USERS: [&str; 2] = ["crates/query/", "bench/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a parent folder").to_path_buf()
}

/// Every file git would track, as paths relative to the root.
fn files() -> Vec<String> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git ls-files");
    let text = String::from_utf8(output.stdout).expect("paths are text");
    let exists = |f: &&str| root().join(f).is_file();
    text.lines().filter(exists).map(str::to_owned).collect()
}

fn rust_files() -> Vec<(String, String)> {
    let read = |f: String| {
        let text = fs::read_to_string(root().join(&f)).expect("a readable file");
        (f, text)
    };
    files().into_iter().filter(|f| f.ends_with(".rs")).map(read).collect()
}

/// What people wrote of the portal: TypeScript, components, styles.
fn portal_files() -> Vec<(String, String)> {
    let is_portal = |f: &String| {
        let known = [".ts", ".svelte", ".css", ".mjs"].iter().any(|end| f.ends_with(end));
        f.starts_with("portal/") && known
    };
    let read = |f: String| {
        let text = fs::read_to_string(root().join(&f)).expect("a readable file");
        (f, text)
    };
    files().into_iter().filter(is_portal).map(read).collect()
}

fn report(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

#[test]
fn crates_depend_downwards_only() {
    let mut findings = Vec::new();
    for (name, allowed) in ARROWS {
        let manifest = fs::read_to_string(root().join(format!("crates/{name}/Cargo.toml")))
            .expect("a manifest");
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for (other, _) in ARROWS {
            let uses = dependencies.lines().any(|l| {
                l.starts_with(&format!("{other}.")) || l.starts_with(&format!("{other} "))
            });
            if uses && !allowed.contains(&other) {
                findings.push(format!("{name} -> {other}"));
            }
        }
    }
    report("arrows that must not be", &findings);
}

#[test]
fn the_engine_is_named_in_query_only() {
    let findings: Vec<String> = rust_files()
        .into_iter()
        .filter(|(f, _)| !ENGINE_USERS.iter().any(|u| f.starts_with(u)) && !f.starts_with("xtask/"))
        .filter(|(_, text)| text.contains("datafusion::"))
        .map(|(f, _)| f)
        .collect();
    report("files outside `query` that name the engine", &findings);
}

#[test]
fn files_are_short_narrow_and_say_what_they_are() {
    let mut findings = Vec::new();
    for (file, text) in rust_files() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{file}: {lines} lines"));
        }
        for (number, line) in text.lines().enumerate() {
            if line.chars().count() > WIDTH_MAX && !line.contains('"') {
                findings.push(format!("{file}:{}: {} wide", number + 1, line.chars().count()));
            }
        }
        let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or_default();
        if !first.starts_with("//!") && !first.starts_with("#![no_main]") {
            findings.push(format!("{file}: no `//!` at the top"));
        }
    }
    report("files", &findings);
}

#[test]
fn portal_files_are_short_narrow_and_trust_no_text() {
    let mut findings = Vec::new();
    for (file, text) in portal_files() {
        let lines = text.lines().count();
        if lines > LINES_MAX {
            findings.push(format!("{file}: {lines} lines"));
        }
        for (number, line) in text.lines().enumerate() {
            let has_literal = line.contains(['"', '\'', '`', '>']);
            if line.chars().count() > WIDTH_MAX && !has_literal {
                findings.push(format!("{file}:{}: {} wide", number + 1, line.chars().count()));
            }
            for raw in [concat!("{@", "html"), concat!("inner", "HTML"), concat!("TO", "DO")] {
                if line.contains(raw) {
                    findings.push(format!("{file}:{}: {raw}", number + 1));
                }
            }
        }
    }
    report("files of the portal", &findings);
}

/// Functions longer than the limit. Counted from formatted text: from the line of `fn` to the line
/// that closes it at the same indentation.
fn long_functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let words: Vec<&str> = trimmed.split_whitespace().take(5).collect();
        let is_function = words.contains(&"fn")
            && !trimmed.starts_with("//")
            && words.iter().take_while(|w| **w != "fn").all(|w| {
                w.starts_with("pub") || ["const", "async", "unsafe", "extern"].contains(w)
            });
        if !is_function || trimmed.ends_with(';') {
            continue;
        }
        let indent = &line[..line.len() - trimmed.len()];
        let close = format!("{indent}}}");
        let length = lines[start..].iter().position(|l| *l == close).map_or(1, |n| n + 1);
        if length > FUNCTION_LINES_MAX && !trimmed.ends_with('}') {
            found.push((start + 1, length));
        }
    }
    found
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for (file, text) in rust_files() {
        for (line, length) in long_functions(&text) {
            findings.push(format!("{file}:{line}: {length} lines"));
        }
    }
    report("functions over 70 lines", &findings);
}

#[test]
fn nothing_is_left_over() {
    let markers =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("#[ign", "ore")];
    let mut findings = Vec::new();
    for (file, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            for marker in markers {
                if line.contains(marker) {
                    findings.push(format!("{file}:{}: {marker}", number + 1));
                }
            }
        }
    }
    report("leftovers", &findings);
}

#[test]
fn every_function_and_operator_has_its_cases() {
    let mut findings = Vec::new();
    for (folder, cases) in [
        ("crates/kql/src/binder/operators", "tests/kql/operators"),
        ("crates/query/src/functions/aggregate", "tests/kql/aggregates"),
        ("crates/query/src/functions/window", "tests/kql/functions"),
    ] {
        let Ok(entries) = fs::read_dir(root().join(folder)) else {
            findings.push(format!("{folder}: no such folder"));
            continue;
        };
        for entry in entries {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            let Some(stem) = name.strip_suffix(".rs") else { continue };
            let stem = stem.trim_end_matches('_');
            let known = [stem.to_owned(), stem.replace('_', "-")]
                .iter()
                .any(|s| root().join(format!("{cases}/{s}.kqlt")).exists());
            if stem != "mod" && !EXEMPT.contains(&stem) && !known {
                findings.push(format!("{folder}/{name}: no {cases}/{stem}.kqlt"));
            }
        }
    }
    report("without cases", &findings);
}

/// Files of those folders that hold shared machinery rather than one operator or aggregate.
const EXEMPT: [&str; 2] = ["program", "properties"];

#[test]
fn the_map_names_only_what_exists() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    assert!(map.lines().count() <= 300, "ARCHITECTURE.md is over 300 lines");
    let mut findings = BTreeSet::new();
    for piece in map.split('`').skip(1).step_by(2) {
        let is_path = piece.contains('/') && !piece.contains([' ', '*', '<', '{', '(', ':']);
        let is_url = piece.starts_with('/') || piece.starts_with("http");
        if is_path && !is_url && !root().join(piece).exists() {
            findings.insert(piece.to_owned());
        }
    }
    report("ARCHITECTURE.md names what is not there", &findings.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_package_of_the_portal_has_its_reason() {
    let manifest = fs::read_to_string(root().join("portal/package.json")).expect("package.json");
    let reasons = fs::read_to_string(root().join("docs/decisions/0002-dependencies.md"))
        .expect("docs/decisions/0002-dependencies.md");
    let findings: Vec<String> = manifest
        .split("ependencies\": {")
        .skip(1)
        .filter_map(|part| part.split('}').next())
        .flat_map(str::lines)
        .filter_map(|line| line.split('"').nth(1).map(str::to_owned))
        .filter(|name| !reasons.contains(&format!("`{name}`")))
        .collect();
    report("packages without a reason in docs/decisions/0002-dependencies.md", &findings);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let reasons = fs::read_to_string(root().join("docs/decisions/0002-dependencies.md"))
        .expect("docs/decisions/0002-dependencies.md");
    let own: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).chain(["scripted-azdo"]).collect();
    let findings: Vec<String> = manifest
        .split("[workspace.dependencies]")
        .nth(1)
        .unwrap_or_default()
        .lines()
        .take_while(|l| !l.starts_with('['))
        .filter_map(|l| l.split_once(" = ").map(|(name, _)| name.to_owned()))
        .filter(|name| !own.contains(&name.as_str()) && !reasons.contains(&format!("`{name}`")))
        .collect();
    report("dependencies without a reason in docs/decisions/0002-dependencies.md", &findings);
}
