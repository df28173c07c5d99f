//! `GET /badges/…`: the picture, or the one that stands for what is not there
//! (spec badges.md §4.4).
//!
//! Invariants: every answer says how long it may be kept; nobody can tell a badge that is not for
//! them from one that is not there; nothing but memory is asked.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use super::address::Address;
use crate::app::App;
use crate::auth::{Caller, Scope};
use crate::badges::choice::Visibility;
use crate::badges::draw::{Face, Form, Packing, Picture, Sent, Variant, draw};
use crate::badges::index::{Entry, Rank, What, readable, readable_strip};
use crate::commands::client::encode;
use crate::headers::check_sender;

/// Seconds that others may keep the answer for what is not there, and a redirect.
const UNKNOWN_SECONDS: u32 = 30;
const MOVED_SECONDS: u32 = 60;
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// Who may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeper {
    Everybody,
    /// It was given to somebody with a key.
    Caller,
}

/// `/badges/…`
pub async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match parts.method {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => return options(),
        _ => return not_allowed(),
    }
    let address = Address::read(&parts.uri);
    let found = app.badges.find(&address.parts);
    let seen = found.and_then(|(entry, rank)| {
        let keeper = admitted(&app, &parts, &address, &entry)?;
        Some((entry, rank, keeper))
    });
    let Some((entry, rank, keeper)) = seen else {
        return unknown(&app, &parts.headers, &address);
    };
    if rank == Rank::Former
        && let Some(response) = moved(&entry, &address, &parts, keeper)
    {
        return response;
    }
    let Address { variant, cache_seconds, .. } = address;
    let form = variant.form;
    match app.badges.picture(&entry, variant).await {
        Ok(picture) => answer(&parts.headers, &entry, &picture, keeper, cache_seconds),
        Err(reason) => {
            let message = reason.chars().take(100).collect();
            let face = Face { message, ..Face::unknown() };
            standing_in(&parts.headers, &face, form, StatusCode::BAD_REQUEST)
        }
    }
}

/// Whether the caller may see a badge, and who may keep the answer then.
fn admitted(app: &App, parts: &Parts, address: &Address, entry: &Entry) -> Option<Keeper> {
    let visibility = entry.look.visibility;
    if visibility == Visibility::Public {
        return Some(Keeper::Everybody);
    }
    let given = match address.parts.as_slice() {
        [first, token] if first == "t" => Some(token),
        _ => address.token.as_ref(),
    };
    let is_token = |given: &String| bool::from(given.as_bytes().ct_eq(entry.token.as_bytes()));
    if visibility == Visibility::Token && given.is_some_and(is_token) {
        return Some(Keeper::Everybody);
    }
    check_sender(app, &parts.method, &parts.uri, &parts.headers).ok()?;
    let caller = Caller::of(app, parts).ok()?;
    caller.may(Scope::Query, None).ok()?;
    Some(Keeper::Caller)
}

fn answer(
    asked: &HeaderMap,
    entry: &Entry,
    picture: &Picture,
    keeper: Keeper,
    cache_seconds: u32,
) -> Response {
    let (sent, encoding) = chosen(asked, picture);
    let mut response = match is_known(asked, sent, entry.changed) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let mut response = Response::new(Body::from(sent.bytes.clone()));
            describe(response.headers_mut(), picture.form, encoding, sent.bytes.len());
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, sent.tag.clone());
    if let Some(date) = &entry.last_modified {
        headers.insert(header::LAST_MODIFIED, date.clone());
    }
    common(headers, keeper, entry.look.cache_seconds.max(cache_seconds));
    response
}

/// The smallest bytes the client takes.
fn chosen<'a>(asked: &HeaderMap, picture: &'a Picture) -> (&'a Sent, Option<&'static str>) {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let takes = |wanted: &str| {
        accepted.split(',').any(|item| {
            let (name, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(wanted) && weight != Some(0.0)
        })
    };
    for (packing, name) in [(Packing::Brotli, "br"), (Packing::Gzip, "gzip")] {
        if takes(name)
            && let Some(sent) = picture.packed(packing)
        {
            return (sent, Some(name));
        }
    }
    (&picture.plain, None)
}

/// Whether the client has it already. A tag decides alone when one was sent.
fn is_known(asked: &HeaderMap, sent: &Sent, changed: i64) -> bool {
    let mut tags = asked.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let tag = sent.tag.to_str().unwrap_or_default();
        return tags.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(',')).any(
            |given| {
                let given = given.trim();
                given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag
            },
        );
    }
    let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(model::time::parse_datetime);
    // The date of the answer has whole seconds.
    since.is_some_and(|since| changed / 1_000_000_000 <= since / 1_000_000_000)
}

fn describe(headers: &mut HeaderMap, form: Form, encoding: Option<&'static str>, length: usize) {
    let kind = match form {
        Form::Svg => "image/svg+xml; charset=utf-8",
        Form::Png => "image/png",
        Form::Json => "application/json; charset=utf-8",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
}

/// What every answer has. What needs a key is not for pages of other origins.
fn common(headers: &mut HeaderMap, keeper: Keeper, seconds: u32) {
    headers.insert(header::CACHE_CONTROL, cache_control(keeper, seconds));
    let vary = match keeper {
        Keeper::Everybody => {
            let any = HeaderValue::from_static("*");
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
            "Accept-Encoding"
        }
        Keeper::Caller => "Accept-Encoding, Authorization, X-Api-Key",
    };
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

fn cache_control(keeper: Keeper, seconds: u32) -> HeaderValue {
    let text = match (keeper, seconds) {
        (_, 0) => return HeaderValue::from_static("no-cache"),
        (Keeper::Everybody, 60) => {
            return HeaderValue::from_static("public, max-age=60, s-maxage=60");
        }
        (Keeper::Everybody, seconds) => format!("public, max-age={seconds}, s-maxage={seconds}"),
        (Keeper::Caller, seconds) => format!("private, max-age={seconds}"),
    };
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("no-cache"))
}

/// The answer for what is not there, or not for the caller.
fn unknown(app: &App, asked: &HeaderMap, address: &Address) -> Response {
    let style = address.variant.style.unwrap_or_default();
    let face = Face { style, cache_seconds: UNKNOWN_SECONDS, ..Face::unknown() };
    let status = match app.badges.settings().unknown_status {
        200 => StatusCode::OK,
        _ => StatusCode::NOT_FOUND,
    };
    standing_in(asked, &face, address.variant.form, status)
}

/// A badge that stands in for another one, of any status.
fn standing_in(asked: &HeaderMap, face: &Face, form: Form, status: StatusCode) -> Response {
    // Drawing a picture of pixels takes long, and nothing has changed in it.
    let form = if form == Form::Png { Form::Svg } else { form };
    let variant = Variant { form, ..Variant::default() };
    let picture = draw(face, &variant).unwrap_or_else(|_| Picture::empty());
    let (sent, encoding) = chosen(asked, &picture);
    let mut response = Response::new(Body::from(sent.bytes.clone()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    describe(headers, form, encoding, sent.bytes.len());
    common(headers, Keeper::Everybody, UNKNOWN_SECONDS);
    // Who sends a key next may see more.
    let vary = HeaderValue::from_static("Accept-Encoding, Authorization, X-Api-Key");
    headers.insert(header::VARY, vary);
    response
}

/// The way from an old name to the one of now, from wherever the routes are mounted.
fn moved(entry: &Entry, address: &Address, parts: &Parts, keeper: Keeper) -> Option<Response> {
    let path = match &entry.what {
        What::Badge(document) => readable(document),
        What::Strip { members, .. } => readable_strip(members.first()?.document()?),
        What::Query(query) => format!("q/{}", encode(&query.document.name)),
    };
    let up = "../".repeat(address.parts.len().saturating_sub(1));
    let ending = match address.variant.form {
        Form::Svg => "svg",
        Form::Png => "png",
        Form::Json => "json",
    };
    let query = parts.uri.query().map_or_else(String::new, |query| format!("?{query}"));
    let target = HeaderValue::from_str(&format!("{up}{path}.{ending}{query}")).ok()?;
    let mut response = StatusCode::MOVED_PERMANENTLY.into_response();
    response.headers_mut().insert(header::LOCATION, target);
    common(response.headers_mut(), keeper, MOVED_SECONDS);
    Some(response)
}

fn options() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, OPTIONS");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    common(headers, Keeper::Everybody, 0);
    response
}

fn not_allowed() -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    common(response.headers_mut(), Keeper::Everybody, 0);
    response
}
