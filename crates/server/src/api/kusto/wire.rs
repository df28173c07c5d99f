//! JSON shapes of the Kusto REST API that both of its versions share (spec query-api.md §2, §3).

pub mod v1;
pub mod v2;

use axum::http::StatusCode;
use kql::bound::Render;
use kql::diagnostic::line_column;
use model::Type;
use model::time::{Fraction, format_datetime};
use serde_json::{Value, json};

use crate::api::appinsights::wire::find;
use crate::app::now;
use crate::error::Refusal;
use crate::headers::Ids;
use crate::reply::{Outcome, Trouble};

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

/// What a query cost, for those who read it from the answer.
fn statistics(outcome: &Outcome) -> Value {
    let statistics = outcome.statistics.clone().unwrap_or_default();
    let tables = outcome.rows.iter().zip(&outcome.bytes);
    json!({
        "ExecutionTime": outcome.elapsed.as_secs_f64(),
        "resource_usage": {
            "memory": { "peak_per_node": statistics.memory_peak_bytes },
        },
        "input_dataset_statistics": {
            "extents": {
                "total": statistics.extents_total,
                "scanned": statistics.extents_scanned,
            },
            "rows": { "scanned": statistics.rows_scanned },
        },
        "dataset_statistics": tables.map(|(rows, bytes)| {
            json!({ "table_row_count": rows, "table_size": bytes })
        }).collect::<Vec<_>>(),
    })
}

/// The request an error is about, as errors describe it.
fn context(ids: &Ids) -> Value {
    json!({
        "timestamp": format_datetime(now(), Fraction::Seven),
        "serviceAlias": "TELLTALE",
        "clientRequestId": ids.client,
        "activityId": ids.activity,
        "subActivityId": ids.activity,
        "activityType": "GW.Http.CallContext",
        "parentActivityId": ids.activity,
    })
}

/// What is wrong with an answer that began well, in the shape of an error answer.
fn trouble(trouble: &Trouble, ids: &Ids) -> Value {
    let (code, kind, is_permanent) = match trouble {
        Trouble::Cut(_) => (
            "LimitsExceeded",
            "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException",
            false,
        ),
        Trouble::Failed(refusal) => {
            let (code, kind) = code(refusal);
            (code, kind, is_permanent(refusal))
        }
    };
    json!({ "error": {
        "code": code,
        "message": "Request is invalid and cannot be executed.",
        "@type": kind,
        "@message": message(trouble),
        "@context": context(ids),
        "@permanent": is_permanent,
    } })
}

/// Why rows are missing; a limit on results in the words programs look for.
fn message(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Failed(refusal) => refusal.message.clone(),
        Trouble::Cut(truncation) => format!(
            "Query result set has exceeded a limit (80DA0003): {} (E_QUERY_RESULT_SET_TOO_LARGE)",
            truncation.message
        ),
    }
}

/// Whether asking again is of no use.
fn is_permanent(refusal: &Refusal) -> bool {
    refusal.status.is_client_error() && refusal.status != StatusCode::TOO_MANY_REQUESTS
}

fn push_values(out: &mut String, rows: &[Value]) {
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push_str(&row.to_string());
    }
}

/// The status and text of a refusal; `text` is the query it is about.
pub fn refusal(refusal: &Refusal, text: &str, ids: &Ids) -> (StatusCode, String) {
    let context = context(ids);
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
        "@permanent": is_permanent(refusal),
    });
    if let Some(members) = error.as_object_mut() {
        if inner.is_null() {
            members.insert("message".to_owned(), Value::from(message));
        } else {
            members.insert("innererror".to_owned(), inner);
        }
    }
    // Clients read 404 as an address that does not speak this API; the vendor answers 400.
    let status = match refusal.status {
        StatusCode::NOT_FOUND => StatusCode::BAD_REQUEST,
        status => status,
    };
    (status, json!({ "error": error }).to_string())
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
