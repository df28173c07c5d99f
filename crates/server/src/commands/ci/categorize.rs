//! `telltale ci categorize`: what a file of rules would change in the stored history, or changes.
//!
//! Invariants: categories that people gave stay; a second run with the same rules stores nothing.

use std::io::Write;
use std::path::Path;

use model::time::{Fraction, format_datetime};

use super::change::Summary;
use super::stored::Stored;
use crate::app::now;
use crate::cli::CategorizeCall;
use crate::commands::Failure;
use crate::commands::print::write_table;
use crate::settings::categories::read_file;

/// Shows what the rules change and, unless it is a dry run, stores it.
///
/// # Errors
/// When the rules cannot be used, or server or folder cannot be asked or refuses.
pub fn run(call: &CategorizeCall) -> Result<(), Failure> {
    let (categories, own) = read_file(Path::new(&call.rules)).map_err(Failure::Because)?;
    let since = now().saturating_sub(call.since_ns);
    let stored = Stored::open(&call.place, call.key.as_deref(), call.app.as_deref())?;
    let mut summary = Summary::new(&categories);
    let mut changed = 0;
    for page in stored.pages(since)? {
        let issues = stored.issues(&page)?;
        let entries = summary.add(&categories, &page, &issues);
        if !call.is_dry_run {
            stored.store(&entries)?;
        }
        changed += entries.len();
    }
    let log_errors = stored.log_errors(since)?;
    stored.close()?;
    let mut out = std::io::stdout().lock();
    let from = format_datetime(since, Fraction::Trimmed);
    let (issues, builds) = (summary.issues, summary.builds);
    writeln!(out, "{issues} issues of {builds} builds since {from}")?;
    write_moves(&mut out, &summary)?;
    for remark in summary.remarks(&categories, own) {
        writeln!(out, "{remark}")?;
    }
    if summary.by_hand > 0 {
        writeln!(out, "{} issues keep the category a person gave them", summary.by_hand)?;
    }
    if log_errors > 0 {
        writeln!(
            out,
            "{log_errors} error lines of logs keep their category until their builds are collected \
             again"
        )?;
    }
    match (changed, call.is_dry_run) {
        (0, _) => writeln!(out, "nothing changes")?,
        (_, true) => writeln!(out, "{changed} issues would change; this was a dry run")?,
        (_, false) => writeln!(out, "{changed} issues changed")?,
    }
    Ok(out.flush()?)
}

/// The commonest first.
fn write_moves(out: &mut impl Write, summary: &Summary) -> std::io::Result<()> {
    let mut moves: Vec<_> = summary.moves.iter().collect();
    if moves.is_empty() {
        return Ok(());
    }
    moves.sort_by_key(|(_, found)| std::cmp::Reverse(found.issues));
    let rows: Vec<Vec<String>> = moves
        .into_iter()
        .map(|((from, to), found)| {
            let (issues, builds) = (found.issues.to_string(), found.builds.to_string());
            vec![from.clone(), to.clone(), issues, builds, found.message.clone()]
        })
        .collect();
    let names = ["from", "to", "issues", "builds", "such as"].map(str::to_owned);
    write_table(out, &names, &[false, false, true, true, false], &rows)
}
