//! `.set`, `.append`, `.set-or-append`, `.set-or-replace`: the rows of a query into a table.
//!
//! Invariant: all rows the query has, or none; a result beyond [`BYTES_MAX`] is refused.

use axum::http::StatusCode;
use model::Type;
use serde_json::json;

use super::reader::Reader;
use super::{Change, Table, rows_of};
use crate::app::now;
use crate::ask::{self, Question};
use crate::error::Refusal;
use crate::tables::{Fill, Wanted};

/// Most bytes of rows one command adds, in memory; the store's largest record is as large.
const BYTES_MAX: u64 = 64 << 20;

/// Asks the query and stores its rows; `text` follows the command's first word.
///
/// # Errors
/// When the command or the query is wrong, or the rows do not fit the table.
pub(super) async fn run(change: &Change, how: Fill, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    if reader.takes("async") {
        let message = "`async` is not supported: the command answers when the rows are stored";
        return Err(Refusal::bad_request(message));
    }
    reader.takes("table");
    let name = reader.name("the name of a table")?;
    let mut wanted = Wanted { name, ..Wanted::default() };
    for (name, value) in reader.properties()? {
        match name.as_str() {
            "folder" => wanted.folder = Some(value),
            "docstring" => wanted.doc = Some(value),
            // How Kusto spreads the work over its nodes.
            "distributed" => {}
            _ => return Err(unsupported(&name)),
        }
    }
    reader.expect("<|")?;
    let query = reader.rest();
    if query.starts_with('.') {
        let message = "the rows of a command cannot be stored: write a query after `<|`";
        return Err(Refusal::bad_request(message));
    }
    let settings = &change.app.settings.query;
    let text = query.to_owned();
    let mut question = Question { original: text.clone(), text, ..change.question.clone() };
    question.limits.rows_max = u64::MAX;
    question.limits.bytes_max = BYTES_MAX.min(settings.memory_bytes);
    let mut answer = ask::answer(&change.app, &question).await?;
    if let Some(truncation) = answer.truncated {
        let message = format!("nothing was stored: {}", truncation.message);
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message));
    }
    let (Some(rows), true) = (answer.tables.pop(), answer.tables.is_empty()) else {
        return Err(Refusal::bad_request("the query after `<|` must have one result table"));
    };
    wanted.columns = rows.columns.iter().map(|c| (c.name.clone(), c.ty)).collect();
    let count = rows.rows();
    let id = change.database.app_id();
    let stored =
        change.blocking(move |app| app.apps.tables().fill(id, &wanted, how, &rows, now())).await?;
    Ok(stored_rows(stored, count))
}

fn unsupported(property: &str) -> Refusal {
    Refusal::bad_request(format!("the property `{property}` is not supported here"))
}

/// What commands that store rows answer with. Rows become part of extents later, so the id names
/// nothing and sizes are those of the rows in memory.
pub(super) fn stored_rows(size_bytes: u64, count: usize) -> Table {
    let columns = vec![
        ("ExtentId", Type::Guid),
        ("OriginalSize", Type::Real),
        ("ExtentSize", Type::Real),
        ("CompressedSize", Type::Real),
        ("IndexSize", Type::Real),
        ("RowCount", Type::Long),
    ];
    let id = uuid::Uuid::new_v4().to_string();
    let size = size_bytes as f64;
    Table { columns, rows: rows_of([json!([id, size, size, size, 0.0, count])]) }
}
