//! `.drop table`, `.drop tables`, `.clear table … data`, `.rename table`.

use serde_json::json;

use super::reader::Reader;
use super::{Change, Table, rows_of, texts};
use crate::error::Refusal;

/// `.drop`: answers with the tables that are left.
///
/// # Errors
/// When the command cannot be read or a table is not there.
pub(super) async fn drop_tables(change: &Change, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    let names = if reader.takes("tables") {
        reader.names("the name of a table")?
    } else if reader.takes("table") {
        vec![reader.name("the name of a table")?]
    } else {
        return reader.refuse("`table` or `tables`");
    };
    let if_exists = reader.takes("ifexists");
    reader.end()?;
    let id = change.database.app_id();
    change.blocking(move |app| app.apps.tables().drop(id, &names, if_exists)).await?;
    let left = change.app.apps.tables().list(id);
    let names = left.iter().map(|table| table.name.as_str());
    Ok(named(change, names))
}

/// `.clear table T data`.
///
/// # Errors
/// As [`drop_tables`].
pub(super) async fn clear(change: &Change, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    if !reader.takes("table") {
        return reader.refuse("`table`");
    }
    let name = reader.name("the name of a table")?;
    if !reader.takes("data") {
        return reader.refuse("`data`");
    }
    reader.end()?;
    let (id, cleared) = (change.database.app_id(), name.clone());
    change.blocking(move |app| app.apps.tables().clear(id, &cleared)).await?;
    Ok(named(change, [name.as_str()]))
}

/// `.rename table A to B`.
///
/// # Errors
/// As [`drop_tables`]; when the name is taken.
pub(super) async fn rename(change: &Change, text: &str) -> Result<Table, Refusal> {
    let mut reader = Reader::new(text);
    if !reader.takes("table") {
        return reader.refuse("`table`");
    }
    let from = reader.name("the name of a table")?;
    if !reader.takes("to") {
        return reader.refuse("`to`");
    }
    let to = reader.name("the new name of the table")?;
    reader.end()?;
    let (id, new) = (change.database.app_id(), to.clone());
    change.blocking(move |app| app.apps.tables().rename(id, &from, &new)).await?;
    Ok(named(change, [to.as_str()]))
}

fn named<'a>(change: &Change, names: impl IntoIterator<Item = &'a str>) -> Table {
    let database = &change.database.name;
    let rows = names.into_iter().map(|name| json!([name, database]));
    Table { columns: texts(&["TableName", "DatabaseName"]), rows: rows_of(rows) }
}
