//! JSON shapes of the Kusto REST API, version 1 (spec query-api.md §2).

use std::time::Instant;

use axum::http::{HeaderMap, StatusCode};
use kql::bound::Render;
use kql::diagnostic::line_column;
use model::Type;
use model::time::{Fraction, format_datetime};
use query::Answer;
use serde_json::{Value, json};

use super::commands::Table;
use crate::api::appinsights::wire::find;
use crate::app::now;
use crate::cells::{Form, write_rows};
use crate::error::Refusal;

/// Both names of a type: .NET's and KQL's.
pub fn type_names(ty: Type) -> (&'static str, &'static str) {
    match ty {
        Type::Bool => ("SByte", "bool"),
        Type::Int => ("Int32", "int"),
        Type::Long => ("Int64", "long"),
        Type::Real => ("Double", "real"),
        Type::Decimal => ("SqlDecimal", "decimal"),
        Type::String => ("String", "string"),
        Type::DateTime => ("DateTime", "datetime"),
        Type::TimeSpan => ("TimeSpan", "timespan"),
        Type::Guid => ("Guid", "guid"),
        Type::Dynamic => ("Object", "dynamic"),
    }
}

/// The .NET type with its namespace, as schemas name it.
pub fn system_type(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Guid => "System.Guid",
        Type::Dynamic => "System.Object",
    }
}

/// A query's answer: its result tables, then properties, status and table of contents.
pub fn answer(answer: &Answer, start: Instant) -> String {
    let rows: usize = answer.tables.iter().map(query::ResultTable::rows).sum();
    let mut out = String::with_capacity(2048 + 64 * rows);
    out.push_str("{\"Tables\":[");
    for (i, table) in answer.tables.iter().enumerate() {
        let columns = table.columns.iter().map(|c| (c.name.as_str(), c.ty));
        open_table(&mut out, i, columns, false);
        write_rows(&mut out, table, Form::Kusto);
        let is_last = i + 1 == answer.tables.len();
        if let Some(truncation) = answer.truncated.as_ref().filter(|_| is_last) {
            // A late failure is an object among the rows.
            let failure = json!({ "Exceptions": [format!(
                "Query result set has exceeded a limit (E_QUERY_RESULT_SET_TOO_LARGE): {}",
                truncation.message
            )] });
            let comma = if table.rows() > 0 { "," } else { "" };
            out.push_str(comma);
            out.push_str(&failure.to_string());
        }
        out.push_str("]}");
    }
    push_properties(&mut out, answer);
    push_status(&mut out, answer, start);
    push_contents(&mut out, answer.tables.len());
    out.push_str("]}");
    out
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
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&row.to_string());
    }
    out.push_str("]}");
}

fn push_properties(out: &mut String, answer: &Answer) {
    open_table(out, answer.tables.len(), [("Value", Type::String)].into_iter(), false);
    let rows: Vec<Value> = answer
        .tables
        .iter()
        .map(|table| json!([visualization(table.render.as_ref()).to_string()]))
        .collect();
    push_rows(out, &rows);
}

/// The members clients expect, unset ones null (spec query-api.md §3).
fn visualization(render: Option<&Render>) -> Value {
    let one = |name: &str| {
        let value = find(render, name).and_then(|values| values.first());
        value.map_or(Value::Null, |value| Value::from(value.as_str()))
    };
    let many = |name: &str| find(render, name).map_or(Value::Null, |values| json!(values));
    let bound = |name: &str| match one(name) {
        Value::Null => Value::from("NaN"),
        value => value,
    };
    json!({
        "Visualization": render.map(|r| r.kind.as_str()),
        "Title": one("title"),
        "XColumn": one("xcolumn"),
        "Series": many("series"),
        "YColumns": many("ycolumns"),
        "AnomalyColumns": many("anomalycolumns"),
        "XTitle": one("xtitle"),
        "YTitle": one("ytitle"),
        "XAxis": one("xaxis"),
        "YAxis": one("yaxis"),
        "Legend": one("legend"),
        "YSplit": one("ysplit"),
        "Accumulate": find(render, "accumulate").is_some_and(|v| *v == ["true"]),
        "IsQuerySorted": false,
        "Kind": one("kind"),
        "Ymin": bound("ymin"),
        "Ymax": bound("ymax"),
        "Xmin": one("xmin"),
        "Xmax": one("xmax"),
    })
}

fn push_status(out: &mut String, answer: &Answer, start: Instant) {
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
    open_table(out, answer.tables.len() + 1, columns.into_iter(), false);
    let id = uuid::Uuid::new_v4().to_string();
    let at = format_datetime(now(), Fraction::Seven);
    let statistics = json!({
        "ExecutionTime": start.elapsed().as_secs_f64(),
        "resource_usage": {
            "memory": { "peak_per_node": answer.statistics.memory_peak_bytes },
        },
        "input_dataset_statistics": {
            "extents": {
                "total": answer.statistics.extents_total,
                "scanned": answer.statistics.extents_scanned,
            },
            "rows": { "scanned": answer.statistics.rows_scanned },
        },
        "dataset_statistics": answer.tables.iter().map(|table| {
            json!({ "table_row_count": table.rows() })
        }).collect::<Vec<_>>(),
    });
    let done = match &answer.truncated {
        Some(truncation) => json!([at, 2, "Error", 1, truncation.message, 1, id, id, id, id]),
        None => json!([at, 4, "Info", 0, "Query completed successfully", 1, id, id, id, id]),
    };
    let stats = json!([at, 6, "Stats", 0, statistics.to_string(), 1, id, id, id, id]);
    push_rows(out, &[done, stats]);
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

/// The status and text of a refusal; `text` is the query it is about.
pub fn refusal(refusal: &Refusal, text: &str, headers: &HeaderMap) -> (StatusCode, String) {
    let client_id = headers.get("x-ms-client-request-id").and_then(|value| value.to_str().ok());
    let activity = uuid::Uuid::new_v4().to_string();
    let context = json!({
        "timestamp": format_datetime(now(), Fraction::Seven),
        "serviceAlias": "TELLTALE",
        "clientRequestId": client_id.unwrap_or(&activity),
        "activityId": activity,
        "subActivityId": activity,
        "activityType": "GW.Http.CallContext",
        "parentActivityId": activity,
    });
    let is_permanent =
        refusal.status.is_client_error() && refusal.status != StatusCode::TOO_MANY_REQUESTS;
    let (code, kind, message, inner) = match refusal.diagnostics.first() {
        Some(first) => {
            let (kind, word) = match first.is_syntax() {
                true => ("Kusto.Data.Exceptions.SyntaxException", "Syntax error"),
                false => ("Kusto.Data.Exceptions.SemanticException", "Semantic error"),
            };
            let (line, pos) = line_column(text, first.span.start);
            let help = first.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            let message = format!(
                "{word}: {}: {}{help} [line:position={line}:{pos}]",
                first.code, first.message
            );
            let inner = json!({
                "code": first.code,
                "message": message,
                "@type": kind,
                "@message": message,
                "@context": context,
                "@permanent": true,
                "line": line,
                "pos": pos,
            });
            ("General_BadRequest", kind, message, inner)
        }
        None => {
            let (code, kind) = code(refusal);
            (code, kind, refusal.message.clone(), Value::Null)
        }
    };
    let mut error = json!({
        "code": code,
        "message": "Request is invalid and cannot be executed.",
        "@type": kind,
        "@message": message,
        "@context": context,
        "@permanent": is_permanent,
    });
    if let Some(members) = error.as_object_mut() {
        if inner.is_null() {
            members.insert("message".to_owned(), Value::from(message));
        } else {
            members.insert("innererror".to_owned(), inner);
        }
    }
    (refusal.status, json!({ "error": error }).to_string())
}

fn code(refusal: &Refusal) -> (&'static str, &'static str) {
    match refusal.status {
        StatusCode::UNAUTHORIZED => {
            ("Unauthorized", "Kusto.Data.Exceptions.KustoBadRequestException")
        }
        _ if refusal.code == "not_found" => {
            ("BadRequest_EntityNotFound", "Kusto.Data.Exceptions.EntityNotFoundException")
        }
        StatusCode::FORBIDDEN => ("Forbidden", "Kusto.Data.Exceptions.KustoRequestDeniedException"),
        StatusCode::GATEWAY_TIMEOUT => {
            ("Timeout", "Kusto.Data.Exceptions.KustoServiceTimeoutException")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            ("TooManyRequests", "Kusto.Data.Exceptions.KustoRequestThrottledException")
        }
        status if status.is_server_error() => {
            ("Internal service error", "Kusto.Data.Exceptions.KustoServiceException")
        }
        _ => ("General_BadRequest", "Kusto.Data.Exceptions.KustoBadRequestException"),
    }
}
