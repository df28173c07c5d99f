//! `.create table`, `.create-merge table`, `.alter-merge table`, and of several tables at once.

use serde_json::json;

use super::reader::Reader;
use super::{Change, Table, json_table, rows_of, shown, texts};
use crate::error::Refusal;
use crate::tables::{IfThere, Wanted};

/// Creates or widens tables; the words before `table` have been read.
///
/// # Errors
/// When the command cannot be read or the tables cannot be made so.
pub(super) async fn run(change: &Change, how: IfThere, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    let several = reader.takes("tables");
    if !several && !reader.takes("table") {
        return reader.refuse("`table` or `tables`");
    }
    let mut wanted = Vec::new();
    loop {
        let name = reader.name("the name of a table")?;
        let columns = reader.schema()?;
        wanted.push(Wanted { name, columns, ..Wanted::default() });
        if !several || !reader.mark(",") {
            break;
        }
    }
    reader.takes("ifnotexists");
    for (name, value) in reader.properties()? {
        for table in &mut wanted {
            match name.as_str() {
                "folder" => table.folder = Some(value.clone()),
                "docstring" => table.doc = Some(value.clone()),
                _ => {
                    let message = format!("`{name}` is not a property of a table here");
                    return Err(Refusal::bad_request(message));
                }
            }
        }
    }
    reader.end()?;
    let database = change.database.clone();
    let made = change
        .blocking(move |app| app.apps.tables().create(database.app_id(), &wanted, how))
        .await?;
    let rows = made.iter().map(|table| {
        let schema = json_table(&shown(table)).to_string();
        json!([table.name, schema, change.database.name, table.folder, table.doc])
    });
    let columns = texts(&["TableName", "Schema", "DatabaseName", "Folder", "DocString"]);
    Ok(Table { columns, rows: rows_of(rows) })
}
