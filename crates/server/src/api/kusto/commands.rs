//! Management commands: what tools ask about the server and its tables (spec query-api.md §7).
//!
//! The first part of a command is fixed words, letter case ignored; what follows a `|` is KQL over
//! its rows. Invariants: commands only show; none changes anything, and none shows what its
//! caller may not see.

mod queries;

use axum::http::StatusCode;
use model::{Type, ViewDef};
use serde_json::{Value, json};

use super::wire::system_type;
use crate::app::App;
use crate::apps::Application;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::kql_text;

/// The rows of a command.
#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<(&'static str, Type)>,
    pub rows: Vec<Vec<Value>>,
}

/// A command's own words and the KQL piped after them.
pub fn split(text: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '|') => return (&text[..i], Some(&text[i..])),
            _ => {}
        }
    }
    (text, None)
}

/// The tables a caller sees.
fn views(caller: &Caller) -> impl Iterator<Item = &'static ViewDef> {
    let audit = caller.sees_audit().then(model::tables::audit::view);
    model::tables::views().iter().chain(audit)
}

/// Runs a command's own words on an application.
///
/// # Errors
/// 400 for a command we do not know, 403 for one that would change data.
pub fn run(
    app: &App,
    caller: &Caller,
    database: &Application,
    words: &str,
) -> Result<Table, Refusal> {
    let text = words.trim().trim_end_matches(';').to_ascii_lowercase();
    let mut tokens: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '(' || c == ')').collect();
    tokens.retain(|token| !token.is_empty());
    match tokens.as_slice() {
        [".show", "version"] => Ok(version()),
        [".show", "databases"] => Ok(databases(app, caller, database)),
        [".show", "databases", "entities"] => Ok(entities(app, caller)),
        [".show", "tables"] => Ok(tables(caller, database)),
        [".show", "tables", "details"] => Ok(tables(caller, database)),
        [".show", "databases", "schema", "as", "json"]
        | [".show", "databases", _, "schema", "as", "json"]
        | [".show", "schema", "as", "json"] => Ok(schema_json(app, caller, database, true)),
        [".show", "database", "schema", "as", "json"]
        | [".show", "database", _, "schema", "as", "json"] => {
            Ok(schema_json(app, caller, database, false))
        }
        [".show", "schema"]
        | [".show", "databases" | "database", "schema"]
        | [".show", "databases" | "database", _, "schema"] => Ok(schema(caller, database)),
        [".show", "table", _, "cslschema"] => table_schema(caller, database, words, false),
        [".show", "table", _, "schema", "as", "json"] => {
            table_schema(caller, database, words, true)
        }
        [".show", "queries"] => Ok(queries::show(app, caller, database)),
        [".cancel", "query", ..] => queries::cancel(app, caller, database, words),
        [".show", "functions"] => Ok(empty(&["Name", "Parameters", "Body", "Folder", "DocString"])),
        [".show", "materialized-views"] => Ok(empty(&[
            "Name",
            "SourceTable",
            "Query",
            "MaterializedTo",
            "LastRun",
            "LastRunResult",
            "IsHealthy",
            "IsEnabled",
            "Folder",
            "DocString",
        ])),
        [first, ..] if is_changing(first) => {
            let message = format!("the command `{first}` changes data and is not allowed");
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", message))
        }
        _ => {
            let shown: String = words.trim().chars().take(200).collect();
            Err(Refusal::bad_request(format!("the command `{shown}` is not known")))
        }
    }
}

fn is_changing(word: &str) -> bool {
    const WORDS: [&str; 15] = [
        ".set",
        ".set-or-append",
        ".set-or-replace",
        ".append",
        ".ingest",
        ".create",
        ".create-merge",
        ".create-or-alter",
        ".alter",
        ".alter-merge",
        ".drop",
        ".delete",
        ".purge",
        ".clear",
        ".rename",
    ];
    WORDS.contains(&word)
}

/// The rows as KQL, so that operators can follow.
pub fn as_datatable(table: &Table) -> String {
    let columns: Vec<String> =
        table.columns.iter().map(|(name, ty)| format!("['{name}']:{}", ty.name())).collect();
    let cells: Vec<String> = table
        .rows
        .iter()
        .flat_map(|row| row.iter().zip(&table.columns))
        .map(|(cell, (_, ty))| match (cell, ty) {
            (Value::String(text), Type::String) => kql_text::literal(text),
            (Value::String(text), ty) => format!("{}({})", ty.name(), kql_text::literal(text)),
            (Value::Null, Type::String) => "\"\"".to_owned(),
            (Value::Null, ty) => format!("{}(null)", ty.name()),
            (other, _) => other.to_string(),
        })
        .collect();
    format!("datatable({})[{}]", columns.join(","), cells.join(","))
}

fn texts(names: &[&'static str]) -> Vec<(&'static str, Type)> {
    names.iter().map(|name| (*name, Type::String)).collect()
}

fn empty(names: &[&'static str]) -> Table {
    Table { columns: texts(names), rows: Vec::new() }
}

fn version() -> Table {
    let version = env!("CARGO_PKG_VERSION");
    let columns =
        texts(&["BuildVersion", "BuildTime", "ServiceType", "ProductVersion", "ServiceOffering"]);
    let offering = "{\"Type\":\"Telltale\"}";
    let row = json!([version, "", "Engine", version, offering]);
    Table { columns, rows: rows_of([row]) }
}

fn rows_of(rows: impl IntoIterator<Item = Value>) -> Vec<Vec<Value>> {
    let cells = |row| match row {
        Value::Array(cells) => cells,
        other => vec![other],
    };
    rows.into_iter().map(cells).collect()
}

fn databases(app: &App, caller: &Caller, current: &Application) -> Table {
    let columns = vec![
        ("DatabaseName", Type::String),
        ("PersistentStorage", Type::String),
        ("Version", Type::String),
        ("IsCurrent", Type::Bool),
        ("DatabaseAccessMode", Type::String),
        ("PrettyName", Type::String),
        ("ReservedSlot1", Type::Bool),
        ("DatabaseId", Type::Guid),
        ("InTransitionTo", Type::String),
        ("SuspensionState", Type::String),
    ];
    let rows = caller.visible(&app.apps).into_iter().map(|found| {
        let is_current = found.number == current.number;
        json!([found.name, "", "v1.0", is_current, "ReadOnly", "", false, found.id, "", ""])
    });
    Table { columns, rows: rows_of(rows) }
}

fn entities(app: &App, caller: &Caller) -> Table {
    let columns = texts(&[
        "DatabaseName",
        "EntityType",
        "EntityName",
        "DocString",
        "Folder",
        "CslInputSchema",
        "Content",
        "CslOutputSchema",
        "Properties",
    ]);
    let rows = caller.visible(&app.apps).into_iter().flat_map(|found| {
        views(caller).map(move |view| {
            json!([found.name, "Table", view.name, view.doc, "", csl(view), "", csl(view), ""])
        })
    });
    Table { columns, rows: rows_of(rows) }
}

fn tables(caller: &Caller, database: &Application) -> Table {
    let columns = texts(&["TableName", "DatabaseName", "Folder", "DocString"]);
    let rows = views(caller).map(|view| json!([view.name, database.name, folder(view), view.doc]));
    Table { columns, rows: rows_of(rows) }
}

fn folder(view: &ViewDef) -> &'static str {
    match view.vocabulary {
        model::Vocabulary::Classic => "Application Insights",
        model::Vocabulary::Workspace => "Workspace",
    }
}

fn schema(caller: &Caller, database: &Application) -> Table {
    let mut columns = texts(&["DatabaseName", "TableName", "ColumnName", "ColumnType"]);
    columns.extend([("IsDefaultTable", Type::Bool), ("IsDefaultColumn", Type::Bool)]);
    columns.extend(texts(&["PrettyName", "Version", "Folder", "DocString"]));
    let name = &database.name;
    let mut rows = vec![json!([name, "", "", "", false, false, "", "v1.0", "", ""])];
    for view in views(caller) {
        let folder = folder(view);
        rows.push(json!([name, view.name, "", "", false, false, "", "", folder, view.doc]));
        rows.extend(view.columns.iter().map(|column| {
            let ty = system_type(column.ty);
            json!([name, view.name, column.name, ty, false, false, "", "", "", ""])
        }));
    }
    Table { columns, rows: rows_of(rows) }
}

fn schema_json(app: &App, caller: &Caller, current: &Application, is_cluster: bool) -> Table {
    let mut databases = serde_json::Map::new();
    let tables = json_tables(caller);
    for found in caller.visible(&app.apps) {
        if is_cluster || found.number == current.number {
            databases.insert(
                found.name.clone(),
                json!({
                    "Name": found.name,
                    "Tables": tables,
                    "ExternalTables": {},
                    "MaterializedViews": {},
                    "EntityGroups": {},
                    "MajorVersion": 1,
                    "MinorVersion": 0,
                    "Functions": {},
                    "DatabaseAccessMode": "ReadOnly",
                }),
            );
        }
    }
    let name = if is_cluster { "ClusterSchema" } else { "DatabaseSchema" };
    let text = json!({ "Databases": databases }).to_string();
    Table { columns: texts(&[name]), rows: rows_of([json!([text])]) }
}

fn json_tables(caller: &Caller) -> Value {
    let tables = views(caller).map(|view| (view.name.to_owned(), json_table(view)));
    Value::Object(tables.collect())
}

fn json_table(view: &ViewDef) -> Value {
    let columns = view.columns.iter().map(|column| {
        json!({
            "Name": column.name,
            "Type": system_type(column.ty),
            "CslType": column.ty.name(),
        })
    });
    json!({
        "Name": view.name,
        "Folder": folder(view),
        "DocString": view.doc,
        "OrderedColumns": columns.collect::<Vec<_>>(),
    })
}

fn csl(view: &ViewDef) -> String {
    let columns = view.columns.iter().map(|column| format!("{}:{}", column.name, column.ty.name()));
    columns.collect::<Vec<_>>().join(",")
}

fn table_schema(
    caller: &Caller,
    database: &Application,
    words: &str,
    is_json: bool,
) -> Result<Table, Refusal> {
    let name = words.split_whitespace().nth(2).unwrap_or_default();
    let name = name.trim_matches(|c| matches!(c, '[' | ']' | '\'' | '"'));
    let shown: String = name.chars().take(100).collect();
    let view = views(caller)
        .find(|view| view.name == name)
        .ok_or_else(|| Refusal::bad_request(format!("there is no table `{shown}`")))?;
    let schema = if is_json { json_table(view).to_string() } else { csl(view) };
    let columns = texts(&["TableName", "Schema", "DatabaseName", "Folder", "DocString"]);
    let row = json!([view.name, schema, database.name, folder(view), view.doc]);
    Ok(Table { columns, rows: rows_of([row]) })
}
