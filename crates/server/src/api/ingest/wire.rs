//! The answer of streaming ingestion: the vendor's four columns, and ours after them.

use ingest::bulk::Report;
use model::Type;
use serde_json::{Value, json};

use crate::api::kusto::commands::Table;
use crate::api::kusto::wire::v1::table;

/// So many notes are told in a refusal.
const NOTES_MAX: usize = 3;

/// What became of the records.
pub fn answer(report: &Report) -> String {
    let mut told = notes(report, report.notes.len());
    if report.spare_fields > 0 {
        let comma = if told.is_empty() { "" } else { "; " };
        let spare = report.spare_fields;
        told.push_str(&format!("{comma}{spare} fields of each record have no column"));
    }
    if let Some(spare) = report.spare_sentence() {
        let comma = if told.is_empty() { "" } else { "; " };
        told.push_str(&format!("{comma}{spare}"));
    }
    let notes = if told.is_empty() { Value::Null } else { Value::from(told) };
    table(&Table {
        columns: vec![
            ("ConsumedRecordsCount", Type::Long),
            ("UpdatePolicyStatus", Type::String),
            ("UpdatePolicyFailureCode", Type::String),
            ("UpdatePolicyFailureReason", Type::String),
            ("RejectedRecordsCount", Type::Long),
            ("NullCellsCount", Type::Long),
            ("Notes", Type::String),
        ],
        rows: vec![vec![
            json!(report.accepted),
            json!("Inactive"),
            json!("Unknown"),
            Value::Null,
            json!(report.rejected),
            json!(report.nulled),
            notes,
        ]],
    })
}

/// Why nothing of a request was stored.
pub fn rejections(report: &Report) -> String {
    let (rejected, read) = (report.rejected, report.read);
    let notes = notes(report, NOTES_MAX);
    format!("nothing was stored, {rejected} of {read} records cannot be read: {notes}")
}

fn notes(report: &Report, notes_max: usize) -> String {
    let note = |note: &ingest::bulk::Note| format!("line {}: {}", note.line, note.reason);
    let notes: Vec<String> = report.notes.iter().take(notes_max).map(note).collect();
    notes.join("; ")
}
