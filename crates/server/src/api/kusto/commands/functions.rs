//! `.show functions` and `.show function F`: the stored functions, and how they stand in schemas.

use kql::stored::{StoredFunction, built_in};
use kql::syntax::{Parameter, ParameterType};
use model::Type;
use serde_json::{Value, json};

use super::{Table, reader, rows_of, system_type, texts};
use crate::error::Refusal;

const FOLDER: &str = "Pipelines";

/// All stored functions: every application has the same.
pub fn show() -> Table {
    table(built_in().iter())
}

/// The function that `.show function F` names.
///
/// # Errors
/// 400 when there is none of that name.
pub fn show_one(words: &str) -> Result<Table, Refusal> {
    let mut reader = reader::Reader::new(words);
    let _ = reader.takes(".show") && reader.takes("function");
    let name = reader.name("the name of a function")?;
    reader.end()?;
    let Some(found) = built_in().iter().find(|stored| stored.name == name) else {
        let known: String = name.chars().take(100).collect();
        let message = format!("there is no function `{known}`; `.show functions` lists them");
        return Err(Refusal::bad_request(message));
    };
    Ok(table([found].into_iter()))
}

fn table<'a>(functions: impl Iterator<Item = &'a StoredFunction>) -> Table {
    let row = |f: &StoredFunction| json!([f.name, f.parameters(), f.body(), FOLDER, f.summary()]);
    let columns = texts(&["Name", "Parameters", "Body", "Folder", "DocString"]);
    Table { columns, rows: rows_of(functions.map(row)) }
}

/// Rows of `.show databases entities`, for one database.
pub fn entities(database: &str) -> Vec<Value> {
    let row = |f: &StoredFunction| {
        let (takes, doc) = (f.parameters(), f.summary());
        json!([database, "Function", f.name, doc, FOLDER, takes, f.body(), "", ""])
    };
    built_in().iter().map(row).collect()
}

/// The functions of a database in its schema as JSON.
pub fn json() -> Value {
    let function = |f: &StoredFunction| {
        let takes: Vec<Value> = f.takes().iter().map(parameter).collect();
        let function = json!({
            "Name": f.name,
            "InputParameters": takes,
            "Body": f.body(),
            "Folder": FOLDER,
            "DocString": f.summary(),
            "FunctionKind": "Unknown",
            "OutputColumns": [],
        });
        (f.name.clone(), function)
    };
    Value::Object(built_in().iter().map(function).collect())
}

fn parameter(parameter: &Parameter) -> Value {
    let column = |name: &str, ty: Type| json!({ "Name": name, "Type": system_type(ty), "CslType": ty.name() });
    let name = &parameter.name.text;
    let mut shown = match &parameter.ty {
        ParameterType::Scalar(ty) => column(name, *ty),
        ParameterType::Table(columns) => {
            let columns = columns.iter().map(|c| column(&c.name.text, c.ty));
            json!({ "Name": name, "Columns": columns.collect::<Vec<_>>() })
        }
        ParameterType::AnyTable => json!({ "Name": name, "Columns": [] }),
    };
    if let Some(default) = &parameter.default {
        shown["CslDefaultValue"] = json!(kql::print::expression(default));
    }
    shown
}
