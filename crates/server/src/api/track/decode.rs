//! Bytes of one request to rows, on a thread that may be busy.
//!
//! Invariant: as many bodies are decoded at once as there are processors; a decoded body holds as
//! much of the intake as it takes memory.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use ingest::breeze::{self, Accepted, Context, Mode, Place, Window};

use super::intake::{Hold, count_items};
use crate::app::{App, now};
use crate::auth::Caller;
use crate::listen::Peer;
use crate::settings::IngestMode;

/// What came of decoding.
#[derive(Debug)]
pub enum Decoded {
    Items {
        accepted: Accepted,
        hold: Hold,
    },
    /// The decoded body is more than there is room for now; so many items.
    TooMany(usize),
    Refused(StatusCode, &'static str),
}

/// The request's content encoding, when it states one.
pub fn encoding(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(header::CONTENT_ENCODING)?.to_str().unwrap_or("unreadable").to_owned())
}

/// Undoes the encoding and reads the envelopes.
pub async fn decode(
    app: Arc<App>,
    peer: &Peer,
    caller: Caller,
    headers: &HeaderMap,
    body: Bytes,
    mut hold: Hold,
    place: Option<Place>,
) -> Decoded {
    let encoding = encoding(headers);
    let user_agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    let user_agent = user_agent.map(str::to_owned);
    let address = app.settings.ingest.store_addresses.then(|| peer.address.ip().to_string());
    let sender = Sender { caller, address, user_agent, place };
    let refused = Decoded::Refused(StatusCode::SERVICE_UNAVAILABLE, "Shutting down");
    let shared = Arc::clone(&app);
    let Ok(_turn) = shared.decoding.acquire().await else { return refused };
    let work = tokio::task::spawn_blocking(move || {
        let bytes_max = app.settings.ingest.body_bytes_max;
        let body = match ingest::body::decode(encoding.as_deref(), &body, bytes_max) {
            Ok(body) => body,
            Err(ingest::body::Error::TooLarge { .. }) => {
                return Decoded::Refused(StatusCode::PAYLOAD_TOO_LARGE, "Request is too large");
            }
            Err(ingest::body::Error::UnknownEncoding { .. }) => {
                let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                return Decoded::Refused(status, "Content-Encoding is not supported");
            }
            Err(_) => {
                let message = "Content-Encoding does not fit the body";
                return Decoded::Refused(StatusCode::BAD_REQUEST, message);
            }
        };
        if !hold.grow_to(body.len()) {
            return Decoded::TooMany(count_items(&body));
        }
        let accepted = read(&app, &sender, &body);
        Decoded::Items { accepted, hold }
    });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "decoding a request panicked");
        Decoded::Refused(StatusCode::INTERNAL_SERVER_ERROR, "Internal error")
    })
}

/// What a request says besides its body.
struct Sender {
    caller: Caller,
    /// When addresses are kept.
    address: Option<String>,
    user_agent: Option<String>,
    place: Option<Place>,
}

fn read(app: &App, sender: &Sender, body: &[u8]) -> Accepted {
    let find = |key: &str| find_app(app, &sender.caller, key);
    let at = now();
    let context = Context {
        now: at,
        window: window(app.settings.ingest.window_ns),
        item_bytes_max: breeze::ITEM_BYTES_MAX,
        items_max: breeze::ITEMS_MAX,
        sender_address: sender.address.as_deref(),
        user_agent: sender.user_agent.as_deref(),
        app: &find,
        item_id: item_id(at),
        place: sender.place.as_ref(),
    };
    breeze::decode(body, &context)
}

/// The id of a request's first item: rises with the time of acceptance, which keeps the column
/// small, and is random below it.
pub fn item_id(now: i64) -> u128 {
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    // Half of the random range is left for the items that count up from here.
    (u128::from(now.unsigned_abs()) << 64) | u128::from(random >> 1)
}

/// The window whose past is a setting and whose future is fixed.
pub fn window(past_ns: Option<i64>) -> Option<Window> {
    past_ns.map(|past_ns| Window { past_ns, ..Window::default() })
}

/// The application of an instrumentation key. One the caller may not send to is as unknown as one
/// that does not exist.
fn find_app(app: &App, caller: &Caller, key: &str) -> Option<breeze::App> {
    let found = app.apps.by_key(key).filter(|found| caller.sees(found))?;
    Some(breeze::App {
        id: found.app_id(),
        mode: match found.ingest_mode(app.settings.ingest.mode) {
            IngestMode::Default => Mode::Default,
            IngestMode::Strict => Mode::Strict,
        },
    })
}
