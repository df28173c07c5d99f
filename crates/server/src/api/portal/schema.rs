//! `GET /api/portal/schema?app=`: what can be queried and with which words.

pub mod keys;

use std::sync::{Arc, LazyLock};

use axum::extract::{Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kql::signatures::{self, Kind};
use kql::stored::{self, StoredFunction};
use kql::syntax::ParameterType;
use model::time::{Fraction, format_datetime};
use model::{ViewDef, Vocabulary};
use serde_json::{Map, Value, json};

use self::keys::Key;
use super::call::Call;
use super::{expect, finish, snapshot, wire};
use crate::api::appinsights::json_headers;
use crate::app::App;
use crate::ask;
use crate::auth::Scope;
use crate::error::Refusal;
use crate::headers::Ids;

/// What every application can call, and which words of KQL are answered. None of it changes while
/// the process runs.
static LANGUAGE: LazyLock<(Value, Value)> = LazyLock::new(|| (functions(), implemented()));

/// `GET /api/portal/schema`.
pub async fn schema(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    // Its body says nothing.
    let (parts, _) = request.into_parts();
    let answer = Box::pin(run(&app, &parts, &ids)).await;
    finish(&app, answer, &ids, "")
}

async fn run(app: &Arc<App>, parts: &Parts, ids: &Ids) -> Result<Response, Refusal> {
    expect(&parts.method, &Method::GET)?;
    let caller = Call::caller(app, parts, ids)?;
    let named = ask::parameters(&parts.uri).into_iter().find(|(name, _)| name == "app");
    let name = named.map(|(_, value)| value).unwrap_or_default();
    let application = ask::find_app(app, &caller, Scope::Query, &name)?;
    let look = keys::of(app, &caller, &application).await;
    let call = Call::about(caller.clone(), Arc::clone(&application));
    let more = format!("schema {} {}", caller.sees_audit(), look.at);
    let tag = snapshot::tag(app, &call, &[], &more);
    if let Some(unchanged) = snapshot::unchanged(&parts.headers, tag.as_ref()) {
        return Ok(unchanged);
    }
    let own = app.apps.tables().list(application.app_id());
    let audit = model::tables::audit::view();
    let views: Vec<&ViewDef> = model::tables::views()
        .iter()
        .chain(own.iter().map(|table| table.view))
        .chain(caller.sees_audit().then_some(audit))
        .collect();
    let of = |is_wanted: fn(&ViewDef) -> bool| -> Vec<Value> {
        views.iter().filter(|view| is_wanted(view)).map(|view| table(view, &look.keys)).collect()
    };
    let language = tokio::task::spawn_blocking(|| &*LANGUAGE);
    let (functions, implemented) = language.await.map_err(|_| Refusal::internal())?;
    let body = json!({
        "tables": of(|view| view.vocabulary != Vocabulary::Workspace),
        // The same rows under the names of workspaces.
        "workspaceTables": of(|view| view.vocabulary == Vocabulary::Workspace),
        "keysLooked": {
            "at": format_datetime(look.at, Fraction::Seven),
            "rowsMax": keys::ROWS_MAX,
            "isMissing": look.is_missing,
        },
        "functions": functions,
        "implemented": implemented,
    });
    Ok(snapshot::tagged((json_headers(), body.to_string()).into_response(), tag))
}

fn table(view: &ViewDef, keys: &[Key]) -> Value {
    let columns: Vec<Value> = view
        .columns
        .iter()
        .map(|column| json!({ "name": column.name, "type": column.ty.name(), "doc": "" }))
        .collect();
    let keys: Vec<Value> = keys
        .iter()
        .filter(|key| key.table == view.name)
        .map(|key| json!({ "column": key.column, "key": key.key, "rows": key.rows }))
        .collect();
    // That of an own table may be the time its rows came in, which is no column.
    let time_column = view.columns.iter().map(|c| c.name).find(|name| *name == view.time_column);
    json!({
        "name": view.name,
        "group": group(view),
        "doc": view.doc,
        "timeColumn": time_column,
        "columns": columns,
        "keys": keys,
    })
}

/// Where the portal lists a table.
pub fn group(view: &ViewDef) -> &'static str {
    match view.vocabulary {
        Vocabulary::Pipelines => "pipelines",
        Vocabulary::Own => "own",
        _ if view.name == model::tables::audit::view().name => "system",
        Vocabulary::Classic | Vocabulary::Workspace => "telemetry",
    }
}

/// The stored functions.
fn functions() -> Value {
    stored::built_in().iter().map(function).collect()
}

fn function(stored: &StoredFunction) -> Value {
    let parameters: Vec<Value> = stored
        .takes()
        .iter()
        .map(|parameter| {
            let ty = match &parameter.ty {
                ParameterType::Scalar(ty) => ty.name(),
                ParameterType::Table(_) | ParameterType::AnyTable => "table",
            };
            let mut shape = json!({ "name": parameter.name.text, "type": ty });
            if let Some(default) = stored.default_of(parameter) {
                shape["default"] = json!(default);
            }
            shape
        })
        .collect();
    let mut shape =
        json!({ "name": stored.name, "parameters": parameters, "doc": stored.summary() });
    if let Some(columns) = stored::columns(stored) {
        shape["columns"] = wire::schema(&columns);
    }
    shape
}

/// The words of KQL that are answered, old spellings included.
fn implemented() -> Value {
    let named = |is_wanted: fn(Kind) -> bool| -> Vec<&str> {
        signatures::all()
            .filter(|signature| is_wanted(signature.kind))
            .flat_map(|signature| signature.aliases.iter().chain([&signature.name]).copied())
            .collect()
    };
    json!({
        "functions": named(|kind| matches!(kind, Kind::Scalar | Kind::Window)),
        "aggregates": named(|kind| kind == Kind::Aggregate),
        "operators": kql::operator_names().0,
        "plugins": kql::plugin_names().collect::<Vec<_>>(),
        "renders": kql::RENDER_KINDS,
        "docs": { "functions": function_docs(), "operators": operator_docs() },
    })
}

/// What each function does, by each of its names.
fn function_docs() -> Value {
    signatures::all()
        .flat_map(|signature| {
            let names = signature.aliases.iter().chain([&signature.name]).copied();
            names.map(|name| (name.to_owned(), json!(signature.summary)))
        })
        .collect::<Map<_, _>>()
        .into()
}

/// The form of each tabular operator and what it does.
fn operator_docs() -> Value {
    signatures::tabular_operators()
        .iter()
        .flat_map(|operator| {
            let doc = json!({ "form": operator.syntax, "doc": operator.summary });
            operator
                .aliases
                .iter()
                .chain([&operator.name])
                .map(move |name| ((*name).to_owned(), doc.clone()))
        })
        .collect::<Map<_, _>>()
        .into()
}
