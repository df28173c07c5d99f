//! What became of the records of a file.

use std::collections::BTreeSet;

/// So many notes are kept; all are counted.
pub const NOTES_MAX: usize = 20;
/// So many names of members without a column are kept, and so much of each.
const SPARE_MAX: usize = 20;
const SPARE_CHARS_MAX: usize = 100;

/// One record that was rejected, or one cell of it that was read as null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line the record starts in, from 1.
    pub line: u64,
    /// Whether the record was rejected; else it was accepted with a null.
    pub is_rejected: bool,
    pub reason: String,
}

/// Counts of records, and the first notes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Records found; `accepted + rejected`.
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Cells whose text does not fit their column, read as null.
    pub nulled: u64,
    /// Fields of each record that no column takes.
    pub spare_fields: usize,
    /// Members of JSON records that have no column, by name, the first [`SPARE_MAX`] of them.
    pub spare_members: BTreeSet<String>,
    /// Whether the file was given up before its end, because where its next record starts cannot
    /// be known.
    pub is_cut_short: bool,
    /// The first [`NOTES_MAX`].
    pub notes: Vec<Note>,
}

impl Report {
    /// Notes a member that no column takes.
    pub fn spare(&mut self, name: &str) {
        if self.spare_members.len() < SPARE_MAX && !self.spare_members.contains(name) {
            self.spare_members.insert(name.chars().take(SPARE_CHARS_MAX).collect());
        }
    }

    /// The members that have no column, as a sentence; `None`: there are none.
    pub fn spare_sentence(&self) -> Option<String> {
        let names: Vec<String> =
            self.spare_members.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| format!("no column takes {}", names.join(", ")))
    }

    /// Counts a rejected record.
    pub fn reject(&mut self, line: u64, reason: impl Into<String>) {
        self.read += 1;
        self.rejected += 1;
        self.note(line, true, reason);
    }

    /// Counts a cell read as null.
    pub fn nullify(&mut self, line: u64, reason: impl Into<String>) {
        self.nulled += 1;
        self.note(line, false, reason);
    }

    fn note(&mut self, line: u64, is_rejected: bool, reason: impl Into<String>) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(Note { line, is_rejected, reason: reason.into() });
        }
    }
}
