//! JSON shapes of the Application Insights query API (spec query-api.md §4).

use axum::http::StatusCode;
use kql::bound::Render;
use kql::diagnostic::{Diagnostic, line_column};
use query::answer::Cells;
use query::{Statistics, TableHead};
use serde_json::{Value, json};

use crate::cells::{Form, write_rows};
use crate::error::Refusal;
use crate::reply::{CHUNK_BYTES, Outcome, Shape, Trouble};

/// Which extra members an answer has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Members {
    pub statistics: bool,
    pub render: bool,
}

/// A query's answer.
#[derive(Debug)]
pub struct Tables {
    members: Members,
    /// Of the last table, which is the one shown.
    render: Option<Render>,
    has_rows: bool,
}

impl Tables {
    pub fn new(members: Members) -> Tables {
        Tables { members, render: None, has_rows: false }
    }
}

impl Shape for Tables {
    fn start(&mut self, out: &mut String, tables: &[TableHead]) {
        self.render = tables.last().and_then(|table| table.render.clone());
        out.push_str("{\"tables\":[");
    }

    fn open_table(&mut self, out: &mut String, number: usize, head: &TableHead) {
        self.has_rows = false;
        // Clients look for the first under this name.
        let name = match number {
            0 => "PrimaryResult".to_owned(),
            number => format!("Table_{number}"),
        };
        out.push_str(if number == 0 { "{\"name\":" } else { ",{\"name\":" });
        model::json::write_string(out, &name);
        out.push_str(",\"columns\":[");
        for (i, column) in head.columns.iter().enumerate() {
            out.push_str(if i == 0 { "{\"name\":" } else { ",{\"name\":" });
            model::json::write_string(out, &column.name);
            out.push_str(",\"type\":\"");
            out.push_str(column.ty.name());
            out.push_str("\"}");
        }
        out.push_str("],\"rows\":[");
    }

    fn rows(&mut self, out: &mut String, cells: &Cells<'_>, from: usize) -> usize {
        let is_first = !std::mem::replace(&mut self.has_rows, true);
        write_rows(out, cells, from, CHUNK_BYTES, Form::AppInsights, is_first)
    }

    fn close_table(&mut self, out: &mut String, _: Option<&Trouble>) {
        out.push_str("]}");
    }

    fn end(&mut self, out: &mut String, outcome: &Outcome) {
        out.push(']');
        if self.members.statistics {
            push_member(out, "statistics", &statistics(outcome));
        }
        if self.members.render {
            push_member(out, "render", &render(self.render.as_ref()));
        }
        if let Some(trouble) = &outcome.trouble {
            push_member(out, "error", &partial(trouble));
        }
        out.push('}');
    }
}

fn push_member(out: &mut String, name: &str, value: &Value) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
    out.push_str(&value.to_string());
}

fn statistics(outcome: &Outcome) -> Value {
    let Statistics {
        total_ms,
        plan_ms,
        rows_scanned,
        bytes_scanned,
        extents_total,
        extents_scanned,
        memory_peak_bytes,
        ..
    } = outcome.statistics.clone().unwrap_or_default();
    let tables = outcome.rows.iter().zip(&outcome.bytes);
    let tables = tables.map(|(rows, bytes)| json!({ "tableRowCount": rows, "tableSize": bytes }));
    json!({ "query": {
        "executionTime": total_ms / 1000.0,
        "planTime": plan_ms / 1000.0,
        "resourceUsage": { "memory": { "peakPerNode": memory_peak_bytes } },
        "inputDatasetStatistics": {
            "extents": { "total": extents_total, "scanned": extents_scanned },
            "rows": { "scanned": rows_scanned },
            "bytes": { "scanned": bytes_scanned },
        },
        "datasetStatistics": tables.collect::<Vec<_>>(),
    } })
}

fn render(render: Option<&Render>) -> Value {
    let one = |name: &str| {
        let value = find(render, name).and_then(|values| values.first());
        value.map_or(Value::Null, |value| Value::from(value.as_str()))
    };
    let many = |name: &str| find(render, name).map_or(Value::Null, |values| json!(values));
    json!({
        "visualization": render.map(|r| r.kind.as_str()),
        "title": one("title"),
        "accumulate": find(render, "accumulate").is_some_and(|v| *v == ["true"]),
        "isQuerySorted": false,
        "kind": find(render, "kind").and_then(|v| v.first()).map_or("default", String::as_str),
        "annotation": "",
        "by": null,
        "xColumn": one("xcolumn"),
        "yColumns": many("ycolumns"),
        "series": many("series"),
        "anomalyColumns": many("anomalycolumns"),
        "xTitle": one("xtitle"),
        "yTitle": one("ytitle"),
        "xAxis": one("xaxis"),
        "yAxis": one("yaxis"),
        "legend": one("legend"),
        "ySplit": one("ysplit"),
        "yMin": one("ymin"),
        "yMax": one("ymax"),
        "xMin": one("xmin"),
        "xMax": one("xmax"),
    })
}

/// The values of a `render` property.
pub fn find<'a>(render: Option<&'a Render>, name: &str) -> Option<&'a Vec<String>> {
    render?.properties.iter().find(|(property, _)| property == name).map(|(_, values)| values)
}

fn partial(trouble: &Trouble) -> Value {
    let mut inner = match trouble {
        Trouble::Cut(truncation) => {
            let code = match truncation.limit {
                "bytes" => "E_QUERY_RESULT_SET_TOO_LARGE_BYTES",
                _ => "E_QUERY_RESULT_SET_TOO_LARGE",
            };
            json!({ "code": code, "limit": truncation.limit, "allowed": truncation.allowed })
        }
        Trouble::Failed(refusal) => json!({ "code": refusal.code }),
    };
    inner["message"] = Value::from(trouble.message());
    inner["severity"] = Value::from(2);
    inner["severityName"] = Value::from("Error");
    json!({
        "code": "PartialError",
        "message": "There were some errors when processing your query.",
        "details": [{
            "code": "EngineError",
            "message": "Something went wrong processing your query on the server.",
            "innererror": inner,
        }],
    })
}

/// The status and text of a refusal; `text` is the query it is about.
pub fn refusal(refusal: &Refusal, text: &str) -> (StatusCode, String) {
    let correlation = uuid::Uuid::new_v4().to_string();
    let error = match refusal.diagnostics.first() {
        Some(first) => {
            let kind = if first.is_syntax() { "SyntaxError" } else { "SemanticError" };
            let about = match kind {
                "SyntaxError" => "A recognition error occurred in the query.",
                _ => "A semantic error occurred.",
            };
            json!({
                "code": "BadArgumentError",
                "message": "The request had some invalid properties",
                "correlationId": correlation,
                "innererror": {
                    "code": kind,
                    "message": about,
                    "innererror": finding(first, text),
                },
                "diagnostics":
                    refusal.diagnostics.iter().map(|d| finding(d, text)).collect::<Vec<_>>(),
            })
        }
        None => json!({
            "code": code(refusal),
            "message": refusal.message,
            "correlationId": correlation,
            "innererror": { "code": refusal.code, "message": refusal.message },
        }),
    };
    (refusal.status, json!({ "error": error }).to_string())
}

fn code(refusal: &Refusal) -> &'static str {
    match refusal.status {
        StatusCode::UNAUTHORIZED => "AuthorizationRequiredError",
        StatusCode::FORBIDDEN => "InsufficientAccessError",
        StatusCode::NOT_FOUND => "PathNotFoundError",
        StatusCode::GATEWAY_TIMEOUT => "GatewayTimeout",
        StatusCode::TOO_MANY_REQUESTS => "ThrottledError",
        status if status.is_server_error() => "InternalServerError",
        _ => "BadArgumentError",
    }
}

fn finding(diagnostic: &Diagnostic, text: &str) -> Value {
    let (line, pos) = line_column(text, diagnostic.span.start);
    let token: String = text
        .get(diagnostic.span.start..diagnostic.span.end)
        .map(|token| token.chars().take(200).collect())
        .unwrap_or_default();
    let mut found = json!({
        "code": diagnostic.code,
        "message": diagnostic.message,
        "line": line,
        "pos": pos,
        "token": token,
    });
    if let (Some(help), Some(members)) = (&diagnostic.help, found.as_object_mut()) {
        members.insert("help".to_owned(), Value::from(help.as_str()));
    }
    found
}
