//! Case files (`*.kqlt`): read, run in several passes, compared or rewritten.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use crate::Report;
use crate::answers::{self, Row};
use crate::judge::same_cell;
use crate::world::{self, Place, World};

/// One case: a query and what it must answer.
struct Case {
    name: String,
    query: String,
    expected: Vec<Row>,
    /// Lines of the file: the first and the one after the last of the expectation.
    place: (usize, usize),
}

struct File {
    lines: Vec<String>,
    tables: Vec<String>,
    cases: Vec<Case>,
}

/// Runs every wanted case file.
pub async fn run(wanted: &dyn Fn(&str) -> bool, report: &mut Report) {
    let accept = std::env::var_os("ACCEPT").is_some();
    let mut worlds: HashMap<(Vec<String>, usize), World> = HashMap::new();
    let mut paths = Vec::new();
    find(&world::corpus(), &mut paths);
    paths.sort();
    for path in paths {
        if !wanted(&path.to_string_lossy()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable case file");
        let file = read(&text);
        let places = world::places(&file.tables);
        for (number, place) in places.iter().enumerate() {
            if let Entry::Vacant(entry) = worlds.entry((file.tables.clone(), number)) {
                entry.insert(world::world(&file.tables, *place).await);
            }
        }
        let mut new = Vec::new();
        for case in &file.cases {
            if let Some(why) = reprint(&case.query) {
                report.failures.push(failure(&path, case, Place::Head, &why, &[]));
            }
            let mut first = None;
            for (number, place) in places.iter().enumerate() {
                let world = &worlds[&(file.tables.clone(), number)];
                let actual = answer(world, *place, &case.query).await;
                let expected = if accept {
                    first.get_or_insert_with(|| actual.clone())
                } else {
                    &case.expected
                };
                match differs(case, expected, &actual) {
                    None => report.passed += 1,
                    Some(why) => {
                        report.failures.push(failure(&path, case, *place, &why, &actual));
                        break;
                    }
                }
            }
            new.extend(first.map(|lines| (case.place, lines)));
        }
        if accept {
            rewrite(&path, file, new);
        }
    }
}

/// Why the printed query is not read as the same query.
pub fn reprint(query: &str) -> Option<String> {
    let parsed = kql::parse(query);
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let printed = kql::print::query(&parsed.query);
    let again = kql::parse(&printed);
    let same = again.diagnostics.is_empty() && kql::same_shape(&parsed.query, &again.query);
    (!same).then(|| format!("printed as another query: {printed}"))
}

async fn answer(world: &World, place: Place, query: &str) -> Vec<Row> {
    let mut request = world::request(query);
    // So that conditions are tested in both ways.
    request.shares_conditions = place == Place::Extents;
    match world.engine.answer(request).await {
        Ok(answer) => answers::answer(&answer),
        Err(error) => answers::error(query, &error),
    }
}

fn failure(path: &Path, case: &Case, place: Place, why: &str, actual: &[Row]) -> String {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = answers::aligned(actual).join("\n    ");
    format!(
        "{file}:{}: {} (rows in {place:?}): {why}\n    {}\n  got\n    {shown}",
        case.place.0,
        case.name,
        case.query.replace('\n', "\n    "),
    )
}

/// Why the answer is not the expected one.
fn differs(case: &Case, expected: &[Row], actual: &[Row]) -> Option<String> {
    if expected.len() != actual.len() {
        return Some(format!("{} lines expected, {} came", expected.len(), actual.len()));
    }
    let same =
        |a: &Row, b: &Row| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_cell(a, b));
    let is_unordered = case.name.contains("unordered");
    let mut left: Vec<&Row> = actual.iter().collect();
    for (number, line) in expected.iter().enumerate() {
        let found = match is_unordered && number > 0 {
            true => left.iter().position(|row| same(line, row)),
            false => left.first().filter(|row| same(line, row)).map(|_| 0),
        };
        match found {
            Some(at) => drop(left.remove(at)),
            None => return Some(format!("line {}: expected {}", number + 1, line.join("  "))),
        }
    }
    None
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, paths);
        } else if path.extension().is_some_and(|e| e == "kqlt") {
            paths.push(path);
        }
    }
}

/// A case file: `# title`, header lines, then cases.
fn read(text: &str) -> File {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut tables = Vec::new();
    let mut cases = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].as_str();
        at += 1;
        if let Some(names) = line.strip_prefix("load ") {
            tables.extend(names.split([' ', ',']).filter(|n| !n.is_empty()).map(str::to_owned));
        }
        let is_header = line.starts_with('#') || line.trim_end() != line.trim();
        let next = lines.get(at).map_or("", String::as_str);
        if line.trim().is_empty() || is_header || !next.starts_with("  ") {
            continue;
        }
        let mut query = Vec::new();
        while at < lines.len() && lines[at] != "----" {
            query.push(lines[at].strip_prefix("  ").unwrap_or(&lines[at]).to_owned());
            at += 1;
        }
        at = (at + 1).min(lines.len());
        let start = at;
        while at < lines.len() && lines[at].starts_with("  ") {
            at += 1;
        }
        let expected = lines[start..at].iter().map(|line| answers::split(line)).collect();
        cases.push(Case {
            name: line.to_owned(),
            query: query.join("\n").trim_end().to_owned(),
            expected,
            place: (start, at),
        });
    }
    File { lines, tables, cases }
}

/// Puts the new expectations in the places of the old ones.
fn rewrite(path: &Path, file: File, new: Vec<((usize, usize), Vec<Row>)>) {
    let mut lines = file.lines;
    for ((start, end), rows) in new.into_iter().rev() {
        let rows = answers::aligned(&rows).into_iter().map(|line| format!("  {line}"));
        lines.splice(start..end, rows.collect::<Vec<_>>());
    }
    std::fs::write(path, lines.join("\n") + "\n").expect("a writable case file");
}
