//! What became of all files, and how it is said.

use std::io::Write;
use std::path::Path;

use ingest::bulk::{Column, NOTES_MAX, Report};

use crate::commands::Failure;

/// Counts over all files.
#[derive(Debug, Default)]
pub struct Tally {
    pub read: u64,
    /// Rows that are stored.
    pub accepted: u64,
    pub rejected: u64,
    nulled: u64,
    /// The table's columns, once they are known.
    pub columns: Vec<Column>,
    rejections: Vec<String>,
    nulls: Vec<String>,
    remarks: Vec<String>,
}

impl Tally {
    /// Adds a file's report; `unit` stands before its line numbers.
    pub fn add(&mut self, path: &Path, unit: &str, report: &Report) {
        self.read += report.read;
        self.rejected += report.rejected;
        self.nulled += report.nulled;
        for note in &report.notes {
            let notes = match note.is_rejected {
                true => &mut self.rejections,
                false => &mut self.nulls,
            };
            if notes.len() < NOTES_MAX {
                let file = path.display();
                notes.push(format!("{file}:{unit}{}: {}", note.line, note.reason));
            }
        }
        if report.spare_fields > 0 {
            let (file, count) = (path.display(), report.spare_fields);
            self.remarks.push(format!("{file}: {count} field(s) of each record have no column"));
        }
        if let Some(spare) = report.spare_sentence() {
            self.remarks.push(format!("{}: {spare}", path.display()));
        }
    }

    /// Says which names of a header are no columns.
    pub fn spare(&mut self, path: &Path, names: &[&String]) {
        let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        if !shown.is_empty() {
            let (file, shown) = (path.display(), shown.join(", "));
            self.remarks.push(format!("{file}: no column of the table is called {shown}"));
        }
    }

    /// Says that a file's first record is a header, which was read as a row.
    pub fn unread_header(&mut self, path: &Path) {
        let file = path.display();
        self.remarks.push(format!(
            "{file}: the first record names the columns: give `--header` to read it as their names"
        ));
    }

    /// Prints the counts, then why records were rejected and cells are null.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn write(&self, table: &str, is_dry_run: bool) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        if is_dry_run && !self.columns.is_empty() {
            let columns: Vec<String> =
                self.columns.iter().map(|c| format!("{}:{}", c.name, c.ty)).collect();
            writeln!(out, "table     {table}")?;
            writeln!(out, "schema    {}", columns.join(","))?;
        }
        writeln!(out, "read      {}", self.read)?;
        writeln!(
            out,
            "accepted  {}{}",
            self.accepted,
            if is_dry_run { " (not stored)" } else { "" }
        )?;
        writeln!(out, "rejected  {}", self.rejected)?;
        write_notes(&mut out, &self.rejections, self.rejected)?;
        if self.nulled > 0 {
            writeln!(out, "null      {} cell(s) that are not of their column's type", self.nulled)?;
            write_notes(&mut out, &self.nulls, self.nulled)?;
        }
        for remark in &self.remarks {
            writeln!(out, "{remark}")?;
        }
        Ok(out.flush()?)
    }
}

fn write_notes(out: &mut impl Write, notes: &[String], count: u64) -> std::io::Result<()> {
    for note in notes {
        writeln!(out, "  {note}")?;
    }
    let more = count.saturating_sub(notes.len() as u64);
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}
