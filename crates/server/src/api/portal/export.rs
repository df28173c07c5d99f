//! `POST /api/portal/export`: all rows of a query as a file, however many there are.
//!
//! Invariants: what is held is a few batches; a file that is not whole has no end: the connection
//! breaks off, or nothing was sent and the answer is a refusal.

mod parquet;
mod text;

pub use self::parquet::CONTENT_TYPE as PARQUET;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use model::time::{Fraction, format_datetime};
use serde_json::{Map, Value};

use self::text::{Csv, Lines};
use super::call::{self, Call};
use super::{expect, finish};
use crate::app::App;
use crate::ask;
use crate::body::{self, Fault};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::reply;

/// Longest form, in bytes; JSON may be as long as for any query.
const FORM_BYTES_MAX: usize = 60_000;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Lines,
    Parquet,
}

impl Format {
    fn read(name: &str) -> Result<Format, Refusal> {
        match name {
            "" | "csv" => Ok(Format::Csv),
            "ndjson" => Ok(Format::Lines),
            "parquet" => Ok(Format::Parquet),
            other => {
                let other: String = other.chars().take(100).collect();
                Err(Refusal::bad_request(format!(
                    "`format` is `{other}`, but must be `csv`, `ndjson` or `parquet`"
                )))
            }
        }
    }

    /// The end of the file's name.
    fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Lines => "ndjson",
            Format::Parquet => "parquet",
        }
    }
}

/// `POST /api/portal/export`.
pub async fn export(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let mut text = String::new();
    let answer = Box::pin(run(&app, request, &ids, &mut text)).await;
    finish(&app, answer, &ids, &text)
}

async fn run(
    app: &Arc<App>,
    request: Request,
    ids: &Ids,
    text: &mut String,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    expect(&parts.method, &Method::POST)?;
    let caller = Call::caller(app, &parts, ids)?;
    let body = read(&parts, body).await?;
    let call = Call::of(app, caller, &body)?;
    call::kql(&body)?.clone_into(text);
    let format = Format::read(call::text(&body, "format")?.unwrap_or_default())?;
    let (mut question, _) = call.question(app, text);
    (question.limits.rows_max, question.limits.bytes_max) = (u64::MAX, u64::MAX);
    // As long as anybody may wait.
    question.wait(u64::MAX, &app.settings.query);
    let asked = ask::ask(app, &question).await?;
    if asked.tables.len() != 1 {
        let count = asked.tables.len();
        return Err(Refusal::bad_request(format!(
            "the text has {count} results, but a file holds one: leave one statement that yields \
             rows"
        )));
    }
    let mut response = match format {
        Format::Csv => reply::respond(asked, Csv::default()).await?,
        Format::Lines => reply::respond(asked, Lines::default()).await?,
        Format::Parquet => parquet::respond(asked).await?,
    };
    let at = format_datetime(call.now, Fraction::Trimmed);
    let name = match call::text(&body, "name")?.map(str::trim) {
        None | Some("") => call.application.name.as_str(),
        Some(name) => name,
    };
    response.headers_mut().extend(disposition(name, &at, format));
    Ok(response)
}

/// Most characters of what a file is called after, its time and ending apart.
const NAME_CHARS_MAX: usize = 80;

/// What makes a browser save the answer as a file called after a query or application, and the
/// time.
fn disposition(name: &str, at: &str, format: Format) -> HeaderMap {
    let at = plain(at.get(..19).unwrap_or(at));
    let name = format!("{}-{at}.{}", plain(name), format.ending());
    let value = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).ok();
    let mut headers = HeaderMap::new();
    headers.extend(value.map(|value| (header::CONTENT_DISPOSITION, value)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// A text as a part of a file's name that no system and no shell takes for anything else: letters,
/// digits, `_`, and `-` for each run of other signs.
fn plain(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut name = String::new();
    for c in text.chars() {
        if is_plain(c) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() >= NAME_CHARS_MAX {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "query".to_owned() } else { name.to_owned() }
}

/// The members of the body, a JSON object or the form of a page.
async fn read(parts: &Parts, body: Body) -> Result<Map<String, Value>, Refusal> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return ask::read_json(&parts.headers, body).await;
    }
    let bytes = body::read(&parts.headers, body, FORM_BYTES_MAX, None, |_| true).await;
    let bytes = bytes.map_err(|fault| match fault {
        Fault::TooLarge => Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "limit",
            format!("a form may have {FORM_BYTES_MAX} bytes: send JSON"),
        ),
        Fault::TooSlow => {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "limit", "the body took too long")
        }
        Fault::Broken | Fault::Refused => Refusal::bad_request("the body is broken off"),
    })?;
    // A form is written like the parameters of an address.
    let form = std::str::from_utf8(&bytes).ok().and_then(|text| format!("/?{text}").parse().ok());
    let form: Uri = form.ok_or_else(|| Refusal::bad_request("the body is no form"))?;
    let members = ask::parameters(&form).into_iter();
    Ok(members.map(|(name, value)| (name, Value::from(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_of_files_have_no_sign_that_means_something() {
        for (text, name) in [
            ("Executions by task", "Executions-by-task"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\"b;c\r\nd\\e:f", "a-b-c-d-e-f"),
            (".hidden", "hidden"),
            ("日本", "query"),
            ("2026-11-29T16:08:00", "2026-11-29T16-08-00"),
        ] {
            assert_eq!(plain(text), name);
        }
        assert_eq!(plain(&"x".repeat(500)).len(), 80);
    }
}
