//! Kusto's streaming ingestion: rows of one table in, stored before the answer
//! (vendor page "Streaming ingestion HTTP request").
//!
//! Invariants: all rows of a request are in one log record or none is; a record that was left out
//! and a cell that was read as null are counted in the answer, as is every refusal's reason.

pub mod rows;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ingest::bulk::{Format, Misfit, Report};
use model::Batch;

use self::rows::Reading;
use super::appinsights::json_headers;
use super::kusto::wire::refusal;
use super::track::decode::encoding;
use super::track::intake::Hold;
use super::track::wait_for_room;
use crate::app::App;
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::{Caller, Scope};
use crate::body::{self, Fault};
use crate::error::Refusal;
use crate::headers::Ids;
use crate::tables::{self, OwnTable};

/// Room a request waits for before its body is read; a larger body takes more as it arrives.
const FIRST_BYTES: usize = 256 * 1024;

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
        return Err(Refusal::method("POST"));
    }
    let caller = Caller::of_rows(app, &parts)?;
    let application = ask::find_app(app, &caller, Scope::Ingest, database)?;
    let format = format(&parts.uri)?;
    let started = Instant::now();
    let Some(table) = app.apps.tables().find(application.app_id(), table) else {
        let name: String = table.chars().take(100).collect();
        let message = tables::built_in(&name);
        let message = message.unwrap_or_else(|| format!("there is no table `{name}`"));
        return Err(Refusal::not_found(message));
    };
    wait_for_room(app).await;
    let (bytes, hold) = read(app, &parts, body).await?;
    app.metrics.track_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    let decoded = decode(app, &parts.headers, bytes, Arc::clone(&table), format, hold).await?;
    let Decoded { rows, report, hold } = decoded;
    let event = Event {
        application: Some(application.app_id()),
        target: format!("{}/{}", application.name, table.name),
        rows: report.accepted,
        ..Event::new("ingest")
    };
    let shared = Arc::clone(app);
    // What has begun is noted in the audit also when the client leaves.
    let stored = tokio::spawn(async move {
        let stored = shared.apps.tables().append(&table, vec![rows]).await;
        drop(hold);
        let duration = started.elapsed();
        if stored.is_ok() {
            audit::record(&shared, &caller, Event { duration, ..event });
        }
        stored
    });
    match stored.await.map_err(|_| Refusal::internal())? {
        Ok(_) => {}
        // It was emptied or replaced while the rows came: the next try finds the new one.
        Err(tables::Error::Dropped(name)) => {
            let message = format!("the table `{name}` was replaced meanwhile: send the rows again");
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "limit", message));
        }
        Err(error) => return Err(error.into()),
    }
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
    rows: Batch,
    report: Report,
    hold: Hold,
}

/// Undoes the encoding and reads the rows, on a thread that may be busy.
async fn decode(
    app: &Arc<App>,
    headers: &HeaderMap,
    body: Bytes,
    table: Arc<OwnTable>,
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
        let misfit = Misfit::Null;
        let reading = Reading { format, has_header: false, misfit, is_strict: false };
        let (rows, report) = rows::read(&body, &table, reading)?;
        // Rows of a wide table take more memory than their text.
        if !hold.grow_to(rows.rows.get_array_memory_size()) {
            return Err(busy());
        }
        Ok(Decoded { rows, report, hold })
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "decoding rows panicked");
        Err(Refusal::internal())
    })
}
