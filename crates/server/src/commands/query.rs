//! `telltale query`: asks a server or a folder and prints the rows; runs a server's commands.
//!
//! Invariant: both ways give the API's JSON, so that what is printed cannot differ between them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use query::EngineOptions;
use serde_json::{Value, json};

use super::Failure;
use super::client::{Client, Reply, encode};
use super::print::write_rows;
use crate::api::appinsights::wire::{self, Members};
use crate::app::engine;
use crate::apps::{self, Apps};
use crate::ask::Question;
use crate::auth::Caller;
use crate::cli::{Format, Place, QueryCall, Trust};
use crate::error::Refusal;
use crate::reply;
use crate::settings::Settings;
use crate::timespan::parse_range;

/// Longest query text read from standard input.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// Runs the query or command and prints its rows.
///
/// # Errors
/// When there is no answer; what is wrong with the query was printed then.
pub fn run(call: &QueryCall) -> Result<(), Failure> {
    let mut text = call.text.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().lock().take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
    }
    // No query begins like this.
    if text.trim_start().starts_with('.') {
        return run_command(call, &text);
    }
    let reply = match &call.place {
        Place::Url { url, trust } => ask_server(url, trust, call, &text)?,
        Place::Data(data) => ask_folder(data, call, &text)?,
    };
    if reply.status != 200 {
        return write_error(&reply, &text);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if call.explain {
        writeln!(out, "{}", reply.body.trim_end())?;
        return Ok(out.flush()?);
    }
    let answer = reply.json();
    for (i, table) in answer["tables"].as_array().into_iter().flatten().enumerate() {
        if i > 0 && call.format == Format::Table {
            writeln!(out)?;
        }
        write_rows(&mut out, table, call.format)?;
    }
    out.flush()?;
    if let Some(detail) = answer["error"]["details"][0]["innererror"]["message"].as_str() {
        writeln!(std::io::stderr(), "warning: the answer is not complete: {detail}")?;
    }
    Ok(())
}

/// Runs a management command such as `.show tables` and prints its table.
fn run_command(call: &QueryCall, text: &str) -> Result<(), Failure> {
    let Place::Url { url, trust } = &call.place else {
        let text = "commands such as `.show tables` need a running server: name it with `--url`";
        return Err(Failure::new(text));
    };
    if call.explain || call.timespan.is_some() {
        let text = "`--explain` and `--timespan` are for queries: a command takes neither";
        return Err(Failure::new(text));
    }
    let database = call.app.as_deref().unwrap_or(apps::DEFAULT);
    let body = json!({ "db": database, "csl": text }).to_string();
    let client = Client::new(url, trust, call.key.as_deref())?;
    let reply = client.post("/v1/rest/mgmt", "application/json", body.as_bytes())?;
    if reply.status != 200 {
        return Err(reply.refusal());
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    write_rows(&mut out, &command_table(&reply.json()), call.format)?;
    Ok(out.flush()?)
}

/// The table of a command's answer in the words of the query API.
fn command_table(answer: &Value) -> Value {
    let table = &answer["Tables"][0];
    let columns = table["Columns"].as_array().into_iter().flatten();
    let columns: Vec<Value> = columns
        .map(|column| json!({ "name": column["ColumnName"], "type": column["ColumnType"] }))
        .collect();
    json!({ "columns": columns, "rows": table["Rows"] })
}

fn ask_server(url: &str, trust: &Trust, call: &QueryCall, text: &str) -> Result<Reply, Failure> {
    let app = encode(call.app.as_deref().unwrap_or(apps::DEFAULT));
    let verb = if call.explain { "explain" } else { "query" };
    let body = json!({ "query": text, "timespan": call.timespan }).to_string();
    let client = Client::new(url, trust, call.key.as_deref())?;
    let path = format!("/v1/apps/{app}/{verb}");
    client.post(&path, "application/json", body.as_bytes())
}

fn ask_folder(data: &Path, call: &QueryCall, text: &str) -> Result<Reply, Failure> {
    let settings = Settings::read(&BTreeMap::new(), &[], None).map_err(Failure::Because)?;
    let store = store::Store::open_read_only(data)?;
    let apps = Arc::new(Apps::load(Arc::clone(&store))?);
    let app = match &call.app {
        Some(name) => apps.by_name_or_id(name),
        None => apps.default(),
    };
    let name = call.app.as_deref().unwrap_or(apps::DEFAULT);
    let app = app.ok_or_else(|| Failure::new(format!("there is no application `{name}`")))?;
    let mut question = Question::new(text.to_owned(), app, &Caller::local(), &settings.query);
    if let Some(timespan) = &call.timespan {
        let range = parse_range(timespan, question.now).ok_or_else(|| {
            Failure::new(format!("`{timespan}` is not an ISO 8601 duration or interval"))
        })?;
        question.time_range = Some(range);
    }
    let engine = engine(&store, &apps, EngineOptions::default())?;
    let runtime = super::serve::runtime()?;
    let asked = runtime.block_on(async {
        if call.explain {
            let plan = Box::pin(engine.explain(question.request())).await?;
            return Ok::<_, query::Error>(query::explain::text(&plan));
        }
        let answer = Box::pin(engine.answer(question.request())).await?;
        Ok(reply::text(&answer, wire::Tables::new(Members::default())))
    });
    let (status, body) = match asked {
        Ok(body) => (200, body),
        Err(error) => {
            let (status, body) = wire::refusal(&Refusal::from(error), text);
            (status.as_u16(), body)
        }
    };
    Ok(Reply { status, body, retry_after: None })
}

/// Every finding with its line and a caret under the place.
fn write_error(reply: &Reply, text: &str) -> Result<(), Failure> {
    let answer = reply.json();
    let findings = answer["error"]["diagnostics"].as_array().filter(|all| !all.is_empty());
    let Some(findings) = findings else { return Err(reply.refusal()) };
    let mut out = std::io::stderr().lock();
    for finding in findings {
        let place = |name: &str| {
            finding[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(1).max(1)
        };
        let word = |name: &str| finding[name].as_str().unwrap_or_default();
        let (line, pos) = (place("line"), place("pos"));
        let source = text.lines().nth(line - 1).unwrap_or_default();
        let room = (source.chars().count() + 1).saturating_sub(pos).max(1);
        let carets = "^".repeat(word("token").chars().count().clamp(1, room));
        let indent = " ".repeat(pos - 1);
        writeln!(out, "error {} at {line}:{pos}: {}", word("code"), word("message"))?;
        writeln!(out, "  {source}\n  {indent}{carets}")?;
        if !word("help").is_empty() {
            writeln!(out, "help: {}", word("help"))?;
        }
    }
    Err(Failure::Said)
}
