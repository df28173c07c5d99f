//! Management commands: what tools ask about the server and its tables, and what creates, fills
//! and drops own tables (spec query-api.md §7).
//!
//! The first part of a command that shows is fixed words, letter case ignored; what follows a `|`
//! is KQL over its rows. Invariants: none shows what its caller may not see; one that changes
//! anything is run by [`change`] alone, after its caller's right was checked.

mod define;
mod fill;
mod functions;
mod inline;
mod queries;
mod reader;
mod remove;

use std::sync::Arc;

use model::{Type, ViewDef};
use serde_json::{Value, json};

use super::wire::system_type;
use crate::app::App;
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::{Caller, Scope};
use crate::error::Refusal;
use crate::kql_text;
use crate::tables::{self, Fill, IfThere, OwnTable};

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

/// What a command that changes something works on.
#[derive(Clone)]
pub struct Change {
    pub app: Arc<App>,
    pub database: Arc<Application>,
    /// As the call would ask it: its caller, parameters and options.
    pub question: Question,
}

impl Change {
    /// Runs what waits for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&App) -> Result<T, tables::Error> + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = Arc::clone(&self.app);
        let done = tokio::task::spawn_blocking(move || run(&app)).await;
        Ok(done.map_err(|_| Refusal::internal())??)
    }
}

/// The command's first word and the rest, if it is one that changes own tables.
pub fn split_change(text: &str) -> Option<(&'static str, &str)> {
    const WORDS: [&str; 11] = [
        ".create",
        ".create-merge",
        ".alter-merge",
        ".drop",
        ".clear",
        ".rename",
        ".set",
        ".append",
        ".set-or-append",
        ".set-or-replace",
        ".ingest",
    ];
    let end = text.find(char::is_whitespace)?;
    let (first, rest) = text.split_at(end);
    let word = WORDS.into_iter().find(|word| first.eq_ignore_ascii_case(word))?;
    // Of these words only what is about tables is known; the rest is refused by `run`.
    let fills = word.starts_with(".set") || word == ".append";
    let second: String = rest.trim_start().chars().take_while(|c| c.is_alphabetic()).collect();
    let is_known = match second.to_ascii_lowercase().as_str() {
        "table" | "tables" => word != ".ingest",
        "inline" => word == ".ingest",
        _ => fills,
    };
    is_known.then_some((word, rest))
}

/// Runs a command that changes own tables; its caller may do so.
///
/// # Errors
/// When the command cannot be read, or what it wants cannot be done.
pub async fn change(change: &Change, (word, rest): (&str, &str)) -> Result<Table, Refusal> {
    match word {
        ".create" => define::run(change, IfThere::Keep, rest).await,
        ".create-merge" => define::run(change, IfThere::Merge, rest).await,
        ".alter-merge" => define::run(change, IfThere::MergeOnly, rest).await,
        ".drop" => remove::drop_tables(change, rest).await,
        ".clear" => remove::clear(change, rest).await,
        ".rename" => remove::rename(change, rest).await,
        ".set" => fill::run(change, Fill::Set, rest).await,
        ".append" => fill::run(change, Fill::Append, rest).await,
        ".set-or-append" => fill::run(change, Fill::SetOrAppend, rest).await,
        ".set-or-replace" => fill::run(change, Fill::SetOrReplace, rest).await,
        _ => inline::run(change, rest).await,
    }
}

/// Runs the own words of a command that shows something on an application.
///
/// # Errors
/// 400 for a command we do not know, with those we do.
pub fn run(
    app: &App,
    caller: &Caller,
    database: &Arc<Application>,
    words: &str,
) -> Result<Table, Refusal> {
    if let Some((name, is_json)) = asked_schema(words)? {
        return table_schema(app, caller, database, &name, is_json);
    }
    let text = words.trim().trim_end_matches(';').to_ascii_lowercase();
    let mut tokens: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c == '(' || c == ')').collect();
    tokens.retain(|token| !token.is_empty());
    match tokens.as_slice() {
        [".show", "version"] => Ok(version()),
        [".show", "databases"] => Ok(databases(app, caller, database, false)),
        [".show", "database"] => Ok(databases(app, caller, database, true)),
        [".show", "databases", "entities"] => Ok(entities(app, caller)),
        [".show", "tables"] => Ok(show_tables(app, caller, database)),
        [".show", "tables", "details"] => Ok(details(app, caller, database)),
        [".show", "databases", "schema", "as", "json"] | [".show", "schema", "as", "json"] => {
            Ok(schema_json(app, caller, &caller.visible(&app.apps), true))
        }
        [".show", "databases", .., "schema", "as", "json"] => {
            Ok(schema_json(app, caller, &named(app, caller, words)?, true))
        }
        [".show", "database", "schema", "as", "json"] => {
            Ok(schema_json(app, caller, std::slice::from_ref(database), false))
        }
        [".show", "database", _, "schema", "as", "json"] => {
            Ok(schema_json(app, caller, &named(app, caller, words)?, false))
        }
        [".show", "databases", "schema"] => Ok(schema(app, caller, &caller.visible(&app.apps))),
        [".show", "schema"] | [".show", "database", "schema"] => {
            Ok(schema(app, caller, std::slice::from_ref(database)))
        }
        [".show", "databases" | "database", .., "schema"] => {
            Ok(schema(app, caller, &named(app, caller, words)?))
        }
        [".show", "queries"] => Ok(queries::show(app, caller, database)),
        [".cancel", "query", ..] => queries::cancel(app, caller, database, words),
        [".show", "functions"] => Ok(functions::show()),
        [".show", "function", ..] => functions::show_one(words),
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
        _ => {
            let shown: String = words.trim().chars().take(200).collect();
            let message = format!("the command `{shown}` is not known; commands are {KNOWN}");
            Err(Refusal::bad_request(message))
        }
    }
}

/// The table whose schema `.show table T cslschema` and `.show table T schema as json` ask for,
/// and whether as JSON.
fn asked_schema(words: &str) -> Result<Option<(String, bool)>, Refusal> {
    let mut reader = reader::Reader::new(words);
    if !(reader.takes(".show") && reader.takes("table")) {
        return Ok(None);
    }
    let name = reader.name("the name of a table")?;
    let is_csl = reader.takes("cslschema");
    let mut is_json = || reader.takes("schema") && reader.takes("as") && reader.takes("json");
    if !(is_csl || is_json()) {
        return Ok(None);
    }
    reader.end()?;
    Ok(Some((name, !is_csl)))
}

/// What is told to who types a command that does not exist.
const KNOWN: &str = "`.show tables`, `.show table T cslschema`, `.show databases`, \
                     `.show database schema`, `.show functions`, `.show function F`, \
                     `.show queries`, `.cancel query`, `.create table`, \
                     `.create-merge table`, `.alter-merge table`, `.drop table`, `.clear table`, \
                     `.rename table`, `.ingest inline`, `.set`, `.append`, `.set-or-append`, \
                     `.set-or-replace`";

/// The databases a command names, alone or in brackets.
fn named(app: &App, caller: &Caller, words: &str) -> Result<Vec<Arc<Application>>, Refusal> {
    let mut reader = reader::Reader::new(words);
    reader.takes(".show");
    let is_one = !reader.takes("databases") && reader.takes("database");
    let names = match is_one {
        true => vec![reader.name("the name of a database")?],
        false => reader.names("the name of a database")?,
    };
    names.iter().map(|name| ask::find_app(app, caller, Scope::Query, name)).collect()
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

fn databases(app: &App, caller: &Caller, current: &Application, is_one: bool) -> Table {
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
    let shown = caller.visible(&app.apps).into_iter();
    let shown = shown.filter(|found| !is_one || found.number == current.number);
    let rows = shown.map(|found| {
        let is_current = found.number == current.number;
        json!([found.name, "", "v1.0", is_current, "ReadWrite", "", false, found.id, "", ""])
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
        let tables = all_shown(app, caller, &found);
        let functions = functions::entities(&found.name);
        let tables = tables.into_iter().map(move |table| {
            let (view, csl) = (table.view, csl(table.view));
            json!([found.name, "Table", view.name, table.doc, table.folder, csl, "", csl, ""])
        });
        tables.chain(functions)
    });
    Table { columns, rows: rows_of(rows) }
}

/// A table as tools see it.
struct Shown {
    view: &'static ViewDef,
    folder: String,
    doc: String,
}

/// The built-in tables a caller sees and those of the application.
fn all_shown(app: &App, caller: &Caller, database: &Application) -> Vec<Shown> {
    let audit = caller.sees_audit().then(model::tables::audit::view);
    let mut all: Vec<Shown> = model::tables::views().iter().chain(audit).map(built_in).collect();
    let own = app.apps.tables().list(database.app_id());
    all.extend(own.iter().map(|table| shown(table)));
    all
}

fn built_in(view: &'static ViewDef) -> Shown {
    let folder = match view.vocabulary {
        model::Vocabulary::Classic => "Application Insights",
        model::Vocabulary::Workspace => "Workspace",
        model::Vocabulary::Pipelines => "Pipelines",
        model::Vocabulary::Own => "",
    };
    Shown { view, folder: folder.to_owned(), doc: view.doc.to_owned() }
}

fn shown(table: &OwnTable) -> Shown {
    Shown { view: table.view, folder: table.folder.clone(), doc: table.doc.clone() }
}

fn show_tables(app: &App, caller: &Caller, database: &Application) -> Table {
    let columns = texts(&["TableName", "DatabaseName", "Folder", "DocString"]);
    let rows = all_shown(app, caller, database).into_iter();
    let rows = rows.map(|table| json!([table.view.name, database.name, table.folder, table.doc]));
    Table { columns, rows: rows_of(rows) }
}

/// Tables as files and rows: what a person asks when the disk fills.
fn details(app: &App, caller: &Caller, database: &Application) -> Table {
    let mut columns = texts(&["TableName", "DatabaseName", "Folder", "DocString"]);
    columns.extend([
        ("TotalExtents", Type::Long),
        ("TotalExtentSize", Type::Real),
        ("TotalRowCount", Type::Long),
    ]);
    let stats = app.store.stats();
    let rows = all_shown(app, caller, database).into_iter().map(|table| {
        let stored = table.view.table.map(|stored| stored.name).unwrap_or_default();
        let mut of_app = stats.tables.iter().filter(|t| t.app == database.app_id());
        let found = of_app.find(|t| t.table == stored);
        let number = |get: fn(&store::TableStats) -> u64| found.map_or(0, get);
        let (extents, size) = (number(|t| t.extents), number(|t| t.extent_bytes) as f64);
        let rows = number(|t| t.extent_rows + t.head_rows);
        json!([table.view.name, database.name, table.folder, table.doc, extents, size, rows])
    });
    Table { columns, rows: rows_of(rows) }
}

fn schema(app: &App, caller: &Caller, databases: &[Arc<Application>]) -> Table {
    let mut columns = texts(&["DatabaseName", "TableName", "ColumnName", "ColumnType"]);
    columns.extend([("IsDefaultTable", Type::Bool), ("IsDefaultColumn", Type::Bool)]);
    columns.extend(texts(&["PrettyName", "Version", "Folder", "DocString"]));
    let mut rows = Vec::new();
    for database in databases {
        let name = &database.name;
        rows.push(json!([name, "", "", "", false, false, "", "v1.0", "", ""]));
        for Shown { view, folder, doc } in all_shown(app, caller, database) {
            rows.push(json!([name, view.name, "", "", false, false, "", "", folder, doc]));
            rows.extend(view.columns.iter().map(|column| {
                let ty = system_type(column.ty);
                json!([name, view.name, column.name, ty, false, false, "", "", "", ""])
            }));
        }
    }
    Table { columns, rows: rows_of(rows) }
}

fn schema_json(app: &App, caller: &Caller, shown: &[Arc<Application>], is_cluster: bool) -> Table {
    let mut databases = serde_json::Map::new();
    for found in shown {
        databases.insert(
            found.name.clone(),
            json!({
                "Name": found.name,
                "Tables": json_tables(&all_shown(app, caller, found)),
                "ExternalTables": {},
                "MaterializedViews": {},
                "EntityGroups": {},
                "MajorVersion": 1,
                "MinorVersion": 0,
                "Functions": functions::json(),
                "DatabaseAccessMode": "ReadWrite",
            }),
        );
    }
    let name = if is_cluster { "ClusterSchema" } else { "DatabaseSchema" };
    let text = json!({ "Databases": databases }).to_string();
    Table { columns: texts(&[name]), rows: rows_of([json!([text])]) }
}

fn json_tables(tables: &[Shown]) -> Value {
    let tables = tables.iter().map(|table| (table.view.name.to_owned(), json_table(table)));
    Value::Object(tables.collect())
}

fn json_table(table: &Shown) -> Value {
    let columns = table.view.columns.iter().map(|column| {
        json!({
            "Name": column.name,
            "Type": system_type(column.ty),
            "CslType": column.ty.name(),
        })
    });
    json!({
        "Name": table.view.name,
        "Folder": table.folder,
        "DocString": table.doc,
        "OrderedColumns": columns.collect::<Vec<_>>(),
    })
}

fn csl(view: &ViewDef) -> String {
    let columns = view.columns.iter().map(|column| format!("{}:{}", column.name, column.ty.name()));
    columns.collect::<Vec<_>>().join(",")
}

fn table_schema(
    app: &App,
    caller: &Caller,
    database: &Application,
    name: &str,
    is_json: bool,
) -> Result<Table, Refusal> {
    let mut all = all_shown(app, caller, database).into_iter();
    let found = all.find(|table| table.view.name == name);
    let known: String = name.chars().take(100).collect();
    let missing = || Refusal::bad_request(format!("there is no table `{known}`"));
    let table = found.ok_or_else(missing)?;
    let schema = if is_json { json_table(&table).to_string() } else { csl(table.view) };
    let columns = texts(&["TableName", "Schema", "DatabaseName", "Folder", "DocString"]);
    let row = json!([table.view.name, schema, database.name, table.folder, table.doc]);
    Ok(Table { columns, rows: rows_of([row]) })
}
