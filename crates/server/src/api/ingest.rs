//! Kusto's streaming ingestion: rows of one table in, stored before the answer
//! (vendor page "Streaming ingestion HTTP request").
//!
//! Invariants: all rows of a request are in one log record or none is; a record that was left out
//! and a cell that was read as null are counted in the answer, as is every refusal's reason.

mod table;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_array::RecordBatch;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ingest::bulk::{Column, Decoder, Format, Layout, Limits, Misfit, Options, Report, into_batch};
use model::{ColumnRole, TableDef};

use super::appinsights::json_headers;
use super::kusto::wire::refusal;
use super::track::decode::encoding;
use super::track::intake::Hold;
use super::track::wait_for_room;
use crate::app::{App, now};
use crate::ask;
use crate::auth::{Caller, Scope};
use crate::body::{self, Fault};
use crate::error::{Refusal, append_status};
use crate::headers::Ids;

/// Room a request waits for before its body is read; a larger body takes more as it arrives.
const FIRST_BYTES: usize = 256 * 1024;
/// Most cells of one request: a row of a wide table takes room for every column, however short
/// its text is.
const CELLS_MAX: usize = 8 << 20;

/// `POST /v1/rest/ingest/{database}/{table}`.
pub async fn ingest(
    State(app): State<Arc<App>>,
    Path((database, table)): Path<(String, String)>,
    request: Request,
) -> Response {
    let ids = Ids::of(&request);
    let answer = Box::pin(take(&app, &database, &table, request)).await;
    let response = match answer {
        Ok(report) => (json_headers(), wire::answer(&report)).into_response(),
        Err(found) => {
            let (status, body) = refusal(&found, "", &ids);
            (status, found.headers(), json_headers(), body).into_response()
        }
    };
    app.metrics.count_answer("ingest", response.status().as_u16());
    response
}

async fn take(
    app: &Arc<App>,
    database: &str,
    table: &str,
    request: Request,
) -> Result<Report, Refusal> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Refusal::new(status, "method", "only POST is allowed"));
    }
    let caller = Caller::of(app, &parts)?;
    let application = ask::find_app(app, &caller, Scope::Ingest, database)?;
    let format = format(&parts.uri)?;
    let Some(table) = table::find(app, &application, table) else {
        let name: String = table.chars().take(100).collect();
        return Err(Refusal::not_found(format!("there is no table `{name}`")));
    };
    wait_for_room(app).await;
    let (bytes, hold) = read(app, &parts, body).await?;
    app.metrics.track_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let decoded = decode(app, &parts.headers, bytes, table, format, hold).await?;
    let Decoded { rows, report, hold } = decoded;
    let batch = into_batch(table, now(), &rows).map_err(|error| {
        tracing::error!(%error, table = table.name, "rows could not be stored as sent");
        Refusal::internal()
    })?;
    let write = store::Write { rows: vec![(application.app_id(), batch)], documents: Vec::new() };
    let stored = app.store.append(write).await;
    drop(hold);
    stored.map_err(|error| {
        let (status, message) = append_status(&error);
        tracing::warn!(%error, rows = report.accepted, "rows could not be stored");
        Refusal::new(status, "limit", message.to_ascii_lowercase())
    })?;
    Ok(report)
}

/// The format the URL names; everything else it asks for is refused.
fn format(uri: &Uri) -> Result<Format, Refusal> {
    let parameters = ask::parameters(uri);
    let find = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    };
    let shown = |text: &str| text.chars().take(100).collect::<String>();
    if let Some(kind) = find("sourceKind").filter(|kind| !kind.eq_ignore_ascii_case("stream")) {
        let message = format!("source kind `{}` is not supported: send the rows", shown(kind));
        return Err(Refusal::bad_request(message));
    }
    if let Some(name) = find("mappingName") {
        let message = format!("there is no ingestion mapping `{}`", shown(name));
        return Err(Refusal::not_found(message));
    }
    let names = Format::ALL.map(Format::name).join(", ");
    match find("streamFormat") {
        None => Err(Refusal::bad_request(format!("`streamFormat` must be one of {names}"))),
        Some(name) => Format::from_name(name).ok_or_else(|| {
            let name = shown(name);
            Refusal::bad_request(format!("format `{name}` is not supported: use one of {names}"))
        }),
    }
}

async fn read(app: &App, parts: &Parts, body: axum::body::Body) -> Result<(Bytes, Hold), Refusal> {
    let stated = body::stated_length(&parts.headers);
    let wanted = stated.unwrap_or(FIRST_BYTES).min(FIRST_BYTES);
    let in_flight_max = app.settings.ingest.in_flight_bytes_max;
    let Some(mut hold) = Hold::admit(&app.intake, in_flight_max, wanted).await else {
        return Err(busy());
    };
    let bytes_max = app.settings.ingest.body_bytes_max;
    let read = body::read(&parts.headers, body, bytes_max, None, |size| hold.grow_to(size));
    match read.await {
        Ok(bytes) => Ok((bytes, hold)),
        Err(Fault::TooLarge) => Err(too_large(bytes_max)),
        Err(Fault::TooSlow) => {
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "limit", "the body took too long"))
        }
        Err(Fault::Broken) => Err(Refusal::bad_request("the body is broken off")),
        Err(Fault::Refused) => Err(busy()),
    }
}

fn busy() -> Refusal {
    let message = "too many bodies are being read: send the rows again later";
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "limit", message)
}

fn too_large(bytes_max: usize) -> Refusal {
    let message = format!("the body is longer than {bytes_max} bytes: send fewer rows at once");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message)
}

/// What came of a body.
struct Decoded {
    rows: RecordBatch,
    report: Report,
    hold: Hold,
}

/// Undoes the encoding and reads the rows, on a thread that may be busy.
async fn decode(
    app: &Arc<App>,
    headers: &HeaderMap,
    body: Bytes,
    table: &'static TableDef,
    format: Format,
    mut hold: Hold,
) -> Result<Decoded, Refusal> {
    let encoding = encoding(headers);
    let bytes_max = app.settings.ingest.body_bytes_max;
    let Ok(_turn) = app.decoding.acquire().await else {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Refusal::new(status, "limit", "the server is shutting down"));
    };
    let work = tokio::task::spawn_blocking(move || {
        let body = ingest::body::decode(encoding.as_deref(), &body, bytes_max);
        let body = body.map_err(|error| match error {
            ingest::body::Error::TooLarge { max_bytes } => too_large(max_bytes),
            ingest::body::Error::UnknownEncoding { .. } => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                Refusal::new(status, "bad_request", error.to_string())
            }
            ingest::body::Error::Broken { .. } => Refusal::bad_request(error.to_string()),
        })?;
        if !hold.grow_to(body.len()) {
            return Err(busy());
        }
        let (rows, report) = rows(&body, table, format)?;
        // Rows of a wide table take more memory than their text.
        if !hold.grow_to(rows.get_array_memory_size()) {
            return Err(busy());
        }
        Ok(Decoded { rows, report, hold })
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "decoding rows panicked");
        Err(Refusal::internal())
    })
}

/// All rows of a body, or why there are none. As the vendor does, bad lines of `json` are left
/// out, and one bad record of any other format refuses the request.
fn rows(
    body: &[u8],
    table: &'static TableDef,
    format: Format,
) -> Result<(RecordBatch, Report), Refusal> {
    let own = table.columns.iter().filter(|column| column.role != ColumnRole::Time);
    let columns: Vec<Column> = own.map(|c| Column { name: c.name.to_owned(), ty: c.ty }).collect();
    let rows_max = (CELLS_MAX / columns.len().max(1)).max(1);
    let options =
        Options { format, has_header: false, misfit: Misfit::Null, location: String::new() };
    let rows_hint = 1 + body.iter().filter(|byte| **byte == b'\n').count();
    let limits = Limits { rows_max, bytes_max: usize::MAX, rows_hint };
    let layout = Layout::identity(&columns, format);
    let mut decoder = Decoder::new(body, layout, options, limits);
    let failed = |error| {
        tracing::error!(%error, "rows could not be read");
        Refusal::internal()
    };
    let rows = decoder.next_batch().map_err(failed)?;
    if decoder.next_batch().map_err(failed)?.is_some() {
        let message = format!("the body has more than {rows_max} rows: send fewer at once");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message));
    }
    let report = decoder.report().clone();
    if report.rejected > 0 && (format != Format::Json || report.is_cut_short) {
        return Err(Refusal::bad_request(wire::rejections(&report)));
    }
    match rows {
        Some(rows) => Ok((rows, report)),
        None if report.rejected > 0 => Err(Refusal::bad_request(wire::rejections(&report))),
        None => Err(Refusal::bad_request("the body has no record")),
    }
}
