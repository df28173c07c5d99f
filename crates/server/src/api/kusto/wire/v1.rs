//! Version 1: tables in one object, told apart by a table of contents (spec query-api.md §2).

use kql::bound::Render;
use model::Type;
use model::time::{Fraction, format_datetime};
use query::TableHead;
use query::answer::Cells;
use serde_json::{Value, json};

use super::{message, push_values, statistics, trouble, type_names, visualization};
use crate::api::kusto::commands::Table;
use crate::app::now;
use crate::cells::{Form, write_rows};
use crate::headers::Ids;
use crate::reply::{CHUNK_BYTES, Outcome, Shape, Trouble};

/// A query's answer: its result tables, then properties, status and table of contents.
#[derive(Debug)]
pub struct V1 {
    ids: Ids,
    renders: Vec<Option<Render>>,
    has_rows: bool,
}

impl V1 {
    pub fn new(ids: Ids) -> V1 {
        V1 { ids, renders: Vec::new(), has_rows: false }
    }
}

impl Shape for V1 {
    fn start(&mut self, out: &mut String, tables: &[TableHead]) {
        self.renders = tables.iter().map(|table| table.render.clone()).collect();
        out.push_str("{\"Tables\":[");
    }

    fn open_table(&mut self, out: &mut String, number: usize, head: &TableHead) {
        let columns = head.columns.iter().map(|c| (c.name.as_str(), c.ty));
        open_table(out, number, columns, false);
        self.has_rows = false;
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        let is_first = !std::mem::replace(&mut self.has_rows, true);
        write_rows(out, cells, from, CHUNK_BYTES, Form::Kusto, is_first)
    }

    fn close_table(&mut self, out: &mut String, lacking: Option<&Trouble>) {
        if let Some(lacking) = lacking {
            // Among the rows an object says that they are not all; each client reads one member.
            let error = trouble(lacking, &self.ids);
            let message = &error["error"]["@message"];
            let failure = json!({ "Exceptions": [message], "OneApiErrors": [error] });
            out.push_str(if self.has_rows { "," } else { "" });
            out.push_str(&failure.to_string());
        }
        out.push_str("]}");
    }

    fn end(&mut self, out: &mut String, outcome: &Outcome) {
        // When a table failed, those after it are not there.
        let results = outcome.rows.len();
        push_properties(out, results, &self.renders);
        push_status(out, results + 1, outcome, &self.ids);
        push_contents(out, results);
        out.push(']');
        if let Some(trouble) = &outcome.trouble {
            // Readers of the tables alone would take what is there for all there is.
            out.push_str(&format!(",\"Exceptions\":{}", json!([message(trouble)])));
        }
        out.push('}');
    }
}

/// A command's answer: one table.
pub fn table(table: &Table) -> String {
    let mut out = String::from("{\"Tables\":[");
    open_table(&mut out, 0, table.columns.iter().copied(), true);
    for (i, row) in table.rows.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(row.clone()).to_string());
    }
    out.push_str("]}]}");
    out
}

/// Writes a table up to the bracket its rows follow.
fn open_table<'a>(
    out: &mut String,
    number: usize,
    columns: impl Iterator<Item = (&'a str, Type)>,
    is_command: bool,
) {
    let comma = if number == 0 { "" } else { "," };
    out.push_str(&format!("{comma}{{\"TableName\":\"Table_{number}\",\"Columns\":["));
    for (i, (name, ty)) in columns.enumerate() {
        out.push_str(if i == 0 { "{\"ColumnName\":" } else { ",{\"ColumnName\":" });
        model::json::write_string(out, name);
        let (dot_net, csl) = match type_names(ty) {
            ("SByte", csl) if is_command => ("Boolean", csl),
            names => names,
        };
        out.push_str(&format!(",\"DataType\":\"{dot_net}\",\"ColumnType\":\"{csl}\"}}"));
    }
    out.push_str("],\"Rows\":[");
}

fn push_rows(out: &mut String, rows: &[Value]) {
    push_values(out, rows);
    out.push_str("]}");
}

fn push_properties(out: &mut String, number: usize, renders: &[Option<Render>]) {
    open_table(out, number, [("Value", Type::String)].into_iter(), false);
    let row = |render: &Option<Render>| json!([visualization(render.as_ref()).to_string()]);
    push_rows(out, &renders.iter().map(row).collect::<Vec<_>>());
}

fn push_status(out: &mut String, number: usize, outcome: &Outcome, ids: &Ids) {
    let columns = [
        ("Timestamp", Type::DateTime),
        ("Severity", Type::Int),
        ("SeverityName", Type::String),
        ("StatusCode", Type::Int),
        ("StatusDescription", Type::String),
        ("Count", Type::Int),
        ("RequestId", Type::Guid),
        ("ActivityId", Type::Guid),
        ("SubActivityId", Type::Guid),
        ("ClientActivityId", Type::String),
    ];
    open_table(out, number, columns.into_iter(), false);
    let at = format_datetime(now(), Fraction::Seven);
    let (id, client) = (&ids.activity, &ids.client);
    let done = match &outcome.trouble {
        Some(trouble) => json!([at, 2, "Error", 1, trouble.message(), 1, id, id, id, client]),
        None => json!([at, 4, "Info", 0, "Query completed successfully", 1, id, id, id, client]),
    };
    let text = statistics(outcome).to_string();
    let cost = json!([at, 6, "Stats", 0, text, 1, id, id, id, client]);
    push_rows(out, &[done, cost]);
}

fn push_contents(out: &mut String, results: usize) {
    let columns = [
        ("Ordinal", Type::Long),
        ("Kind", Type::String),
        ("Name", Type::String),
        ("Id", Type::String),
        ("PrettyName", Type::String),
    ];
    open_table(out, results + 2, columns.into_iter(), false);
    let id = || uuid::Uuid::new_v4().to_string();
    let mut rows: Vec<Value> = (0..results)
        .map(|i| {
            let name = match i {
                0 => "PrimaryResult".to_owned(),
                i => format!("Table_{i}"),
            };
            json!([i, "QueryResult", name, id(), ""])
        })
        .collect();
    rows.push(json!([results, "QueryProperties", "@ExtendedProperties", id(), ""]));
    rows.push(json!([results + 1, "QueryStatus", "QueryStatus", id(), ""]));
    push_rows(out, &rows);
}
