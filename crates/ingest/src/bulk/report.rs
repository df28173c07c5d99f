//! What became of the records of a file.

/// So many notes are kept; all are counted.
pub const NOTES_MAX: usize = 20;

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
    /// Whether the file was given up before its end, because where its next record starts cannot
    /// be known.
    pub is_cut_short: bool,
    /// The first [`NOTES_MAX`].
    pub notes: Vec<Note>,
}

impl Report {
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
