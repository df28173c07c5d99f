//! Who is signed in, what it sees, and signing in and out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::super::admin::{connection_string, require_json};
use super::{finish, json_answer};
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask;
use crate::audit::{self, Event};
use crate::auth::sessions;
use crate::auth::{self, Caller, Scope};
use crate::error::Refusal;
use crate::headers::{self, Ids};
use crate::keys::Wish;
use crate::portal;
use crate::settings::{host_of_url, is_loopback_url};
use crate::tls::About;

/// The name of the key that the link of the first start makes.
const FIRST_KEY: &str = "first-admin";

/// Names of a certificate that are told.
const CERTIFICATE_NAMES_MAX: usize = 20;

/// `GET`, `POST` and `DELETE /api/portal/session`.
pub async fn session(State(app): State<Arc<App>>, request: Request) -> Response {
    let ids = Ids::of(&request);
    let (parts, body) = request.into_parts();
    let answer = match parts.method {
        Method::GET | Method::HEAD => show(&app, &parts),
        Method::POST => sign_in(&app, &parts, body).await,
        Method::DELETE => sign_out(&app, &parts),
        _ => Err(Refusal::method("GET, POST, DELETE")),
    };
    finish(&app, answer, &ids, "")
}

fn show(app: &App, parts: &Parts) -> Result<Response, Refusal> {
    let caller = match Caller::of(app, parts) {
        Ok(caller) => Some(caller),
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => None,
        Err(refusal) => return Err(refusal),
    };
    Ok(json_answer(&Value::Object(describe(app, caller.as_ref()))))
}

async fn sign_in(app: &Arc<App>, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    require_json(&parts.headers)?;
    let body = ask::read_json(&parts.headers, body).await?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let (key, made) = match (text("key"), text("token")) {
        (Some(key), None) => (key.to_owned(), None),
        (None, Some(token)) => {
            let made = first_key(app, parts, token).await?;
            (made.clone(), Some(made))
        }
        _ => return Err(Refusal::bad_request("send `key` or `token`, a text, and nothing else")),
    };
    let (session, caller) = auth::sign_in(app, parts, &key)?;
    audit::record(app, &caller, Event::new("session.create"));
    let mut body = describe(app, Some(&caller));
    if let Some(made) = made {
        body.insert("createdKey".to_owned(), made.into());
    }
    let mut response = json_answer(&Value::Object(body));
    set_cookie(app, parts, &mut response, &session, sessions::LIFE / 1_000_000_000);
    Ok(response)
}

/// Makes the key of the first administrator; gives its text.
async fn first_key(app: &Arc<App>, parts: &Parts, token: &str) -> Result<String, Refusal> {
    auth::take_first_key(app, parts, token)?;
    let default = app.apps.default().ok_or_else(Refusal::internal)?.app_id();
    let caller = Caller::unknown(app, parts);
    let shared = Arc::clone(app);
    let made = tokio::task::spawn_blocking(move || {
        let wish = Wish {
            name: FIRST_KEY.to_owned(),
            scopes: vec![Scope::Admin.name().to_owned()],
            ..Wish::default()
        };
        shared.keys.create(&wish, &shared.apps, now(), |key| {
            let target = format!("{} ({})", key.name, key.id);
            let event = Event { target, status: 201, ..Event::new("keys.create") };
            audit::rows(default, &caller, event)
        })
    });
    match made.await.map_err(|_| Refusal::internal())? {
        Ok((_, text)) => Ok(text),
        Err(error) => {
            app.auth.give_back_first_key(token);
            Err(error.into())
        }
    }
}

fn sign_out(app: &App, parts: &Parts) -> Result<Response, Refusal> {
    // Without a session there is nothing that a page of another origin could end.
    let caller = match app.auth.sessions.find(parts, now()) {
        Some(_) => {
            sessions::check_sender(parts)?;
            Caller::of(app, parts).ok()
        }
        None => None,
    };
    if app.auth.sessions.end(parts)
        && let Some(caller) = &caller
    {
        audit::record(app, caller, Event::new("session.end"));
    }
    let left = Caller::of(app, parts).ok();
    let mut response = json_answer(&Value::Object(describe(app, left.as_ref())));
    set_cookie(app, parts, &mut response, "", 0);
    Ok(response)
}

/// Has the browser keep the session's text for so many seconds; 0: forget it.
fn set_cookie(app: &App, parts: &Parts, response: &mut Response, text: &str, seconds: i64) {
    // A browser that came by another address than the public one, and not over HTTPS, would drop
    // a cookie that is for HTTPS alone.
    let origin = parts.headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let is_plain = origin.is_some_and(|origin| origin.starts_with("http://"));
    let is_https = headers::is_https(&parts.headers, &parts.extensions)
        || (app.public_url.starts_with("https://") && !is_plain);
    let secure = if is_https { "; Secure" } else { "" };
    let path = &app.settings.portal.base_path;
    let name = app.auth.sessions.cookie_name();
    let cookie =
        format!("{name}={text}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&cookie).ok().map(|value| (header::SET_COOKIE, value)));
}

/// What the portal shows of the server to `caller`; `None`: somebody who has to sign in.
fn describe(app: &App, caller: Option<&Caller>) -> Map<String, Value> {
    let apps = caller.map(|caller| caller.visible(&app.apps)).unwrap_or_default();
    let may_ask = |found: &&Arc<Application>| {
        caller.is_some_and(|caller| caller.may(Scope::Query, Some(found)).is_ok())
    };
    let apps: Vec<&Arc<Application>> = apps.iter().filter(may_ask).collect();
    let home = caller.and_then(|caller| caller.home(&app.apps));
    let shown = caller.map(|caller| {
        apps.iter().map(|found| of_application(app, caller, found)).collect::<Vec<_>>()
    });
    let can_admin = caller.is_some_and(|caller| caller.may(Scope::Admin, None).is_ok());
    let sources = app.settings.sources.iter().filter(|source| {
        apps.iter().any(|found| found.name.eq_ignore_ascii_case(&source.application))
    });
    let sources: Vec<Value> = sources
        .map(|source| {
            json!({
                "name": source.name,
                "base": source.hosts.core,
                "projects": source.projects.patterns(),
            })
        })
        .collect();
    let body = json!({
        "signedIn": caller.is_some_and(Caller::is_named),
        "needsKey": !app.auth.answers_anybody(&app.keys),
        "name": caller.map_or("", Caller::name),
        "canAdmin": can_admin,
        "version": env!("CARGO_PKG_VERSION"),
        "build": portal::build(),
        "now": time_text(now()),
        "rowsMax": app.settings.portal.rows_max.min(app.settings.query.rows_max),
        "defaultApp": home.map(|found| found.name.clone()),
        "apps": shown.unwrap_or_default(),
        "sources": sources,
        "address": address(app, caller.is_some()),
    });
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}

/// Where others reach the server; to who may ask, also what its certificate says of itself.
fn address(app: &App, tells: bool) -> Value {
    let access = &app.settings.access;
    let is_loopback = match &access.public_url {
        Some(url) => is_loopback_url(url),
        None => access.exposed().is_none(),
    };
    let mut address = json!({
        "url": app.public_url,
        "isPlainHttp": app.public_url.starts_with("http://"),
        "isLoopback": is_loopback,
    });
    if let Some(https) = &app.https {
        address["tlsUrl"] = json!(https.url);
        let is_https = app.public_url.starts_with("https://");
        let url = if is_https { &app.public_url } else { &https.url };
        let about = https.certificate.about().filter(|_| tells);
        address["certificate"] = json!(about.map(|about| certificate(&about, url)));
    }
    address
}

/// The server's own certificate beside the address that it is shown at, if no proxy stands before.
fn certificate(about: &About, url: &str) -> Value {
    let host = host_of_url(url);
    json!({
        "url": url,
        "host": host,
        "coversHost": about.covers(host),
        "origin": about.origin.word(),
        "issuer": about.issuer,
        "names": about.names.iter().take(CERTIFICATE_NAMES_MAX).collect::<Vec<_>>(),
        "namesLeft": about.names.len().saturating_sub(CERTIFICATE_NAMES_MAX),
        "ends": time_text(about.ends.saturating_mul(1_000_000_000)),
        "daysLeft": (about.ends - now() / 1_000_000_000).div_euclid(86_400),
    })
}

/// One application; how to send telemetry to it only for those who may.
fn of_application(app: &App, caller: &Caller, found: &Application) -> Value {
    let mut shape = json!({ "name": found.name, "appId": found.id });
    let may = |scope| caller.may(scope, Some(found)).is_ok();
    if may(Scope::Admin) || may(Scope::Ingest) {
        shape["instrumentationKey"] = json!(found.instrumentation_key);
        shape["connectionString"] = json!(connection_string(found, &app.public_url));
    }
    shape
}

/// A time as the portal gets all times.
pub fn time_text(at: i64) -> String {
    chrono::DateTime::from_timestamp_nanos(at).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
