//! Rows to a table of a running server.
//!
//! Invariant: a busy server is asked again; it has stored nothing then.

use std::thread::sleep;
use std::time::Duration;

use ingest::bulk::{Column, parse_schema};
use serde_json::{Value, json};

use crate::cli::IngestCall;
use crate::commands::Failure;
use crate::commands::client::{Client, Reply, encode};

/// A busy server is asked so often.
const TRIES: u32 = 20;
/// How long a busy server is left alone when it does not say.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest a server may ask to be left alone.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The name Kusto clients have for the default database.
const DEFAULT_DATABASE: &str = "NetDefaultDB";

/// One table of one application.
pub struct Server {
    client: Client,
    database: String,
    table: String,
}

impl Server {
    pub fn new(client: Client, call: &IngestCall) -> Server {
        Server {
            client,
            database: call.app.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned()),
            table: call.table.clone(),
        }
    }

    /// Makes the table, or adds the columns it does not have.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn create(&self, columns: &[Column]) -> Result<(), Failure> {
        let table = &self.table;
        let columns: Vec<String> =
            columns.iter().map(|c| format!("{}:{}", quoted(&c.name), c.ty)).collect();
        let columns = columns.join(", ");
        let reply = self.command(&format!(".create-merge table {} ({columns})", name(table)))?;
        checked(&reply).map(|_| ())
    }

    /// The table's columns, in order. `is_made`: it was created just now.
    ///
    /// # Errors
    /// When there is no such table.
    pub fn columns(&self, is_made: bool) -> Result<Vec<Column>, Failure> {
        let table = &self.table;
        let reply = self.command(&format!(".show table {} cslschema", name(table)))?;
        let answer = checked(&reply).map_err(|failure| match failure {
            Failure::Because(mut reasons) if !is_made && is_missing(&reasons) => {
                reasons.push(format!("`--create` makes table `{table}` for the files"));
                Failure::Because(reasons)
            }
            failure => failure,
        })?;
        let found = &answer["Tables"][0];
        let names = found["Columns"].as_array().into_iter().flatten();
        let at = names.into_iter().position(|column| column["ColumnName"] == "Schema");
        let schema = at.and_then(|at| found["Rows"][0][at].as_str());
        let Some(schema) = schema else {
            return Err(Failure::new(format!("the server did not say the schema of `{table}`")));
        };
        parse_schema(schema).map_err(|error| Failure::new(error.to_string()))
    }

    /// Stores `count` rows of canonical CSV.
    ///
    /// # Errors
    /// When the server does not take all of them.
    pub fn send(&self, csv: &[u8], count: usize) -> Result<(), Failure> {
        let Server { client, database, table } = self;
        let path =
            format!("/v1/rest/ingest/{}/{}?streamFormat=csv", encode(database), encode(table));
        let reply = patiently(|| client.post(&path, "text/csv", csv)).map_err(|failure| {
            let Failure::Because(mut reasons) = failure else { return failure };
            reasons.push(format!("whether the last {count} rows were stored is not known"));
            Failure::Because(reasons)
        })?;
        let answer = checked(&reply)?;
        let table = &answer["Tables"][0];
        let names = table["Columns"].as_array().into_iter().flatten();
        let cell = |wanted: &str| {
            let at = names.clone().position(|column| column["ColumnName"] == wanted)?;
            table["Rows"][0][at].as_u64()
        };
        let (stored, nulls) = (cell("ConsumedRecordsCount"), cell("NullCellsCount"));
        if stored != Some(count as u64) || nulls.unwrap_or(0) > 0 {
            let stored = stored.map_or("an unknown number".to_owned(), |n| n.to_string());
            let text = format!(
                "the server stored {stored} of {count} rows: its table is not what it was, or its \
                 version is another one"
            );
            return Err(Failure::new(text));
        }
        Ok(())
    }

    fn command(&self, text: &str) -> Result<Reply, Failure> {
        let Server { client, database, .. } = self;
        let body = json!({ "db": database, "csl": text }).to_string();
        let post = || client.post("/v1/rest/mgmt", "application/json", body.as_bytes());
        patiently(post)
    }
}

/// Asks again while the server is busy: it has stored nothing then.
fn patiently(ask: impl Fn() -> Result<Reply, Failure>) -> Result<Reply, Failure> {
    let mut tries = 1;
    loop {
        let reply = ask()?;
        if !matches!(reply.status, 429 | 503) || tries == TRIES {
            return Ok(reply);
        }
        tries += 1;
        sleep(reply.retry_after.unwrap_or(PAUSE).min(PAUSE_MAX));
    }
}

/// The answer, or the reason the server gives.
fn checked(reply: &Reply) -> Result<Value, Failure> {
    if reply.status == 200 {
        return Ok(reply.json());
    }
    Err(match (reply.refusal(), reply.status) {
        (Failure::Because(mut reasons), 403) => {
            let text =
                "`--key` needs the scopes `ingest` and `query`, with `--create` also `admin`";
            reasons.push(text.to_owned());
            Failure::Because(reasons)
        }
        (failure, _) => failure,
    })
}

/// Whether it is the table that is not there, and not its application or the server.
fn is_missing(reasons: &[String]) -> bool {
    reasons.iter().any(|reason| reason.starts_with("there is no table "))
}

/// A table's name as commands take it.
fn name(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    format!("['{}']", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
