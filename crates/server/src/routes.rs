//! The complete list of routes; nothing registers a route elsewhere.
//!
//! Every route is found under any prefix and with doubled slashes, those of ingestion in any letter
//! case (spec ingestion.md §2.1): [`canonical`] rewrites paths before the router looks.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Uri, uri::PathAndQuery};
use axum::routing::{MethodRouter, any, delete, get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::api::hooks::receive;
use crate::api::loganalytics::{self, batch};
use crate::api::portal::export::PARQUET;
use crate::api::{
    admin, appinsights, badges, ci, collect, health, hooks, ingest, keys, known, kusto, metadata,
    portal, track,
};
use crate::app::App;
use crate::headers;

/// One route as the reference lists it.
pub struct Route {
    pub path: &'static str,
    pub methods: &'static str,
    /// One sentence.
    pub about: &'static str,
    handler: fn() -> MethodRouter<Arc<App>>,
}

const fn route(
    path: &'static str,
    methods: &'static str,
    about: &'static str,
    handler: fn() -> MethodRouter<Arc<App>>,
) -> Route {
    Route { path, methods, about, handler }
}

/// Routes of telemetry clients, below any prefix. CORS for everybody, answers never compressed.
pub static INGESTION: [Route; 8] = [
    route("/v2/track", "POST", "Telemetry envelopes in, stored before the answer.", || {
        any(track::post_track)
    }),
    route("/v2.1/track", "POST", "The same as `/v2/track`.", || any(track::post_track)),
    route(
        "/trace/{operation}/{span}/v2/track",
        "POST",
        "The same; the items become a part of that operation, below that span.",
        || any(track::post_traced),
    ),
    route(
        "/trace/{operation}/{span}/v2.1/track",
        "POST",
        "The same as `/trace/{operation}/{span}/v2/track`.",
        || any(track::post_traced),
    ),
    route("/v2/validate", "POST", "The answer of track, and what would be stored.", || {
        any(track::post_validate)
    }),
    route(
        "/api/profiles/{ikey}/appId",
        "GET",
        "The id of an instrumentation key's application.",
        || any(track::get_app_id),
    ),
    route(
        "/QuickPulseService.svc/ping",
        "POST",
        "Live Metrics: answered `not subscribed`.",
        || any(track::post_quick_pulse),
    ),
    route(
        "/QuickPulseService.svc/post",
        "POST",
        "Live Metrics: answered `not subscribed`.",
        || any(track::post_quick_pulse),
    ),
];

/// Pictures for everybody, below any prefix. Every answer has headers of its own and packs itself.
pub static PICTURES: [Route; 1] = [route(
    "/badges/{*path}",
    "GET, HEAD",
    "A badge as SVG, PNG or JSON, by names, ids, alias or token.",
    || any(badges::serve),
)];

/// Routes of senders of events, below any prefix. No browser calls them: no CORS.
pub static HOOKS: [Route; 2] = [
    route(
        "/hooks/azdo/{key}",
        "POST",
        "Deliveries of Azure DevOps service hooks in, stored before the answer.",
        || any(receive::receive),
    ),
    route(
        "/hooks/azdo",
        "POST",
        "The same; the key as `X-Hook-Key`, parameter `key` or `code`, or password.",
        || any(receive::receive),
    ),
];

/// Routes of people and programs that ask, below any prefix.
pub static QUERIES: [Route; 60] = [
    route("/v1/apps/{app}/query", "GET, POST", "A KQL query, Application Insights shape.", || {
        any(appinsights::query)
    }),
    route("/v1/apps/{app}/explain", "GET, POST", "The plan of a KQL query as text.", || {
        any(appinsights::explain)
    }),
    route("/v1/apps/{app}/metrics", "POST", "Several metrics in one call.", || {
        any(appinsights::metrics::several::several)
    }),
    route("/v1/apps/{app}/metrics/metadata", "GET", "Which metrics there are.", || {
        any(appinsights::metrics::metadata::metadata)
    }),
    route("/v1/apps/{app}/metrics/{*metric}", "GET", "One metric, `requests/count` or so.", || {
        any(appinsights::metrics::one)
    }),
    route(
        "/v1/apps/{app}/events/{type}",
        "GET",
        "Events of a type or of all (`$all`) by OData options; `$metadata` describes them.",
        || any(appinsights::events::list),
    ),
    route("/v1/apps/{app}/events/{type}/{id}", "GET", "One event.", || {
        any(appinsights::events::one)
    }),
    route("/v1/apps/{app}/metadata", "GET, POST", "Tables and columns, vendor's shape.", || {
        any(metadata::app)
    }),
    route("/v1/workspaces/{app}/query", "GET, POST", "A KQL query, Log Analytics shape.", || {
        any(appinsights::query)
    }),
    route("/workspaces/{app}/query", "GET, POST", "The same, as one client spells it.", || {
        any(appinsights::query)
    }),
    route(
        "/v1/workspaces/{app}/metadata",
        "GET, POST",
        "Tables and columns, vendor's shape.",
        || any(metadata::workspace),
    ),
    route("/workspaces/{app}/metadata", "GET, POST", "The same without the version.", || {
        any(metadata::workspace)
    }),
    route(
        "/v1/subscriptions/{*resource}",
        "GET, POST",
        "`…/query` and `…/metadata` of any resource id: its last part names the application, \
         else the default one is meant.",
        || any(loganalytics::resource),
    ),
    route("/v1/providers/{*resource}", "GET, POST", "The same for ids that start so.", || {
        any(loganalytics::resource)
    }),
    route("/subscriptions/{*resource}", "GET, POST", "The same without the version.", || {
        any(loganalytics::resource)
    }),
    route("/v1/$batch", "POST", "Several queries in one call.", || any(batch::batch)),
    route("/$batch", "POST", "The same without the version.", || any(batch::batch)),
    route("/v1/rest/query", "GET, POST", "A KQL query or command, Kusto version 1 shape.", || {
        any(kusto::query)
    }),
    route("/v2/rest/query", "GET, POST", "A KQL query or command, Kusto version 2 shape.", || {
        any(kusto::query_v2)
    }),
    route("/v1/rest/mgmt", "POST", "A management command, Kusto version 1 shape.", || {
        any(kusto::manage)
    }),
    route(
        "/v1/rest/ingest/{database}/{table}",
        "POST",
        "Rows of a table in (Kusto streaming ingestion), stored before the answer.",
        || any(ingest::ingest),
    ),
    route("/v1/rest/ping", "GET", "Empty answer for Kusto health probes.", || any(kusto::ping)),
    route("/v1/rest/auth/metadata", "GET", "Sign-in metadata Kusto clients ask for.", || {
        any(kusto::auth_metadata)
    }),
    route("/api/apps", "GET, POST", "Applications: the list, or a new one.", || {
        get(admin::list).post(admin::create)
    }),
    route("/api/keys", "GET, POST", "Keys: the list, or a new one.", || {
        get(keys::list).post(keys::create)
    }),
    route("/api/keys/{key}", "DELETE", "The end of a key, by name or id.", || delete(keys::revoke)),
    route(
        "/api/badges",
        "GET",
        "Badges: what they show, where they are, why there is none.",
        || get(badges::list),
    ),
    route("/api/badges/{id}", "GET, PUT, DELETE", "A badge and what is chosen for it.", || {
        get(badges::one).put(badges::choose).delete(badges::remove)
    }),
    route(
        "/api/badges/{id}/preview",
        "POST",
        "What a badge would show if the same body were saved.",
        || post(badges::preview),
    ),
    route("/api/badges/{id}/token", "POST", "Another token for a badge.", || {
        post(badges::renew_token)
    }),
    route(
        "/api/badges/q/{name}",
        "GET, PUT, DELETE",
        "A badge that shows what a query answers.",
        || get(badges::query::one).put(badges::query::put).delete(badges::query::remove),
    ),
    route("/api/badges/q/{name}/token", "POST", "Another token for a query badge.", || {
        post(badges::query::renew_token)
    }),
    route("/api/ci/triage", "POST", "New categories of issues of pipelines.", || post(ci::triage)),
    route("/api/ci/known", "GET, POST", "Known issues: the list, or a new one.", || {
        get(known::list).post(known::create)
    }),
    route(
        "/api/ci/known/preview",
        "POST",
        "What a known issue would explain of all that is stored; nothing is saved.",
        || post(known::preview::preview),
    ),
    route("/api/ci/known/{id}", "GET, PUT, DELETE", "A known issue.", || {
        get(known::one).put(known::change).delete(known::delete)
    }),
    route(
        "/api/ci/known/{id}/builds",
        "POST, DELETE",
        "Builds that a person says a known issue explains, or does not.",
        || post(known::link).delete(known::unlink),
    ),
    route(
        "/api/collect",
        "GET, POST",
        "The collector: how it fares, or a pass (`source`) or build (`project`, `build`) at once.",
        || get(collect::status).post(collect::begin),
    ),
    route("/api/collect/retry", "POST", "Another try of builds that were given up.", || {
        post(collect::retry)
    }),
    route(
        "/api/collect/try",
        "POST",
        "A test call to Azure DevOps: definitions a token may see, or what it lacks.",
        || post(collect::trial),
    ),
    route("/api/hooks", "GET", "Keys of service hooks and what came with them.", || {
        get(hooks::list)
    }),
    route(
        "/api/hooks/deliveries",
        "GET",
        "The last deliveries (`limit`) of service hooks and what became of each.",
        || get(hooks::deliveries::list),
    ),
    route(
        "/api/hooks/deliveries/{id}",
        "GET",
        "The payload of a stored delivery, without personal data.",
        || get(hooks::deliveries::one),
    ),
    route(
        "/api/hooks/replay",
        "POST",
        "Stored events (`from`, `to`) worked through again: badges, deployments.",
        || post(hooks::replay),
    ),
    route(
        "/api/hooks/test",
        "POST",
        "A sample event with the key `name`; what came of it.",
        || post(hooks::test),
    ),
    route(
        "/api/portal/session",
        "GET, POST, DELETE",
        "Who is signed in to the portal and what it sees; signing in and out.",
        || any(portal::session::session),
    ),
    route("/api/portal/saved", "GET", "Saved queries, with those that come along.", || {
        any(portal::saved::list)
    }),
    route("/api/portal/saved/{id}", "PUT, DELETE", "A saved query, a file of the folder.", || {
        any(portal::saved::one)
    }),
    route("/api/portal/history", "GET, DELETE", "What the caller ran in the portal.", || {
        any(portal::history::history)
    }),
    route("/api/portal/links", "POST", "A short link to a page of the portal.", || {
        any(portal::links::links)
    }),
    route("/s/{id}", "GET", "Leads to the page of a short link.", || any(portal::links::follow)),
    route(
        "/api/portal/events",
        "GET",
        "Tells (server-sent events) which tables of `app` got rows.",
        || any(portal::events::events),
    ),
    route("/api/portal/query", "POST", "A KQL query, its rows as lines of JSON.", || {
        any(portal::query::query)
    }),
    route("/api/portal/batch", "POST", "Up to 20 KQL queries of one page in one call.", || {
        any(portal::batch::batch)
    }),
    route(
        "/api/portal/export",
        "POST",
        "All rows of a KQL query as CSV, JSON lines or Parquet.",
        || any(portal::export::export),
    ),
    route(
        "/api/portal/check",
        "POST",
        "What is wrong with a KQL query, and what it yields.",
        || any(portal::check::check),
    ),
    route(
        "/api/portal/data",
        "GET",
        "Rows and bytes by table and day, disk, retention, items refused, for `app`.",
        || any(portal::data::data),
    ),
    route(
        "/api/portal/schema",
        "GET",
        "Tables, columns, keys of bags and what KQL is answered, for the application `app`.",
        || any(portal::schema::schema),
    ),
    route("/metrics", "GET", "Counters in the Prometheus text format.", || any(health::metrics)),
    route("/healthz", "GET", "200 while the server answers.", || any(health::healthz)),
];

/// The methods of the query route at `path`, as it is written here.
pub fn methods(path: &str) -> Option<&'static str> {
    QUERIES.iter().find(|route| route.path == path).map(|route| route.methods)
}

/// The service behind every connection.
pub fn router(app: &Arc<App>) -> Router {
    let mut ingestion = Router::new();
    for route in &INGESTION {
        ingestion = ingestion.route(&canonical_path(route.path), (route.handler)());
    }
    let mut queries = Router::new();
    for route in &QUERIES {
        queries = queries.route(route.path, (route.handler)());
    }
    let mut hooks = Router::new();
    for route in &HOOKS {
        hooks = hooks.route(route.path, (route.handler)());
    }
    let queries = queries.method_not_allowed_fallback(health::wrong_method).layer(
        ServiceBuilder::new()
            .layer(axum::middleware::from_fn_with_state(Arc::clone(app), headers::guard_queries))
            .layer(
                CompressionLayer::new().gzip(true).compress_when(
                    DefaultPredicate::new().and(NotForContentType::const_new(PARQUET)),
                ),
            ),
    );
    let routes = ingestion
        .merge(queries)
        .merge(hooks)
        .fallback(health::not_found)
        .with_state(Arc::clone(app))
        .layer(
            ServiceBuilder::new()
                .layer(axum::middleware::from_fn(headers::name_request))
                .layer(CatchPanicLayer::custom(track::answer_panic)),
        );
    let mut pictures = Router::new();
    for route in &PICTURES {
        pictures = pictures.route(route.path, (route.handler)());
    }
    let panics = CatchPanicLayer::custom(track::answer_panic);
    let routes = routes.merge(pictures.with_state(Arc::clone(app)).layer(panics));
    // The path is changed before routing, which a layer of the same router could not do.
    let routes = tower::util::MapRequest::new(routes, canonical);
    // A page of the portal may end like a route.
    let portal = axum::middleware::from_fn_with_state(Arc::clone(app), crate::portal::serve);
    Router::new().fallback_service(routes).layer(portal)
}

/// Ingestion routes are matched in lower case.
fn canonical_path(path: &str) -> String {
    path.to_ascii_lowercase()
}

/// Rewrites the path: runs of `/` become one, a trailing one goes, and what ends like a route loses
/// its prefix.
fn canonical(mut request: Request<Body>) -> Request<Body> {
    let path = request.uri().path();
    // Badges are asked for most, hooks by whoever floods us with wrong keys; of all routes these
    // fit the whole path.
    let is_badge = path.starts_with("/badges/") && !path.ends_with('/') && !path.contains("//");
    let hook_key = path.strip_prefix("/hooks/azdo/");
    if is_badge || hook_key.is_some_and(|key| !key.is_empty() && !key.contains('/')) {
        return request;
    }
    let path = canonical_text(path);
    if path == request.uri().path() {
        return request;
    }
    let text = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    if let Ok(target) = text.parse::<PathAndQuery>() {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.path_and_query = Some(target);
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
    }
    request
}

/// The path of the longest route that `path` ends like. Its parts stay percent-encoded: a `/` in
/// the name of an application is none of the path's.
fn canonical_text(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // Of equal length ingestion comes first.
    let ingestion = longest(&INGESTION, &parts, str::eq_ignore_ascii_case);
    let query = longest(&QUERIES, &parts, |part, wanted| part == wanted);
    let picture = longest(&PICTURES, &parts, |part, wanted| part == wanted);
    let hook = longest(&HOOKS, &parts, |part, wanted| part == wanted);
    let length = ingestion.max(query).max(picture).max(hook).unwrap_or(parts.len());
    let path = format!("/{}", parts[parts.len() - length..].join("/"));
    match ingestion {
        Some(found) if found == length => canonical_path(&path),
        _ => path,
    }
}

/// How many of the last `parts` the longest route takes that they fit. A last part such as
/// `{*resource}` takes one or more.
fn longest(routes: &[Route], parts: &[&str], is_same: fn(&str, &str) -> bool) -> Option<usize> {
    let fits = |route: &Route| {
        let wanted: Vec<&str> = route.path.split('/').filter(|part| !part.is_empty()).collect();
        let last = parts.len().checked_sub(wanted.len())?;
        let has_rest = wanted.last().is_some_and(|part| part.starts_with("{*"));
        let first = if has_rest { 0 } else { last };
        let start = (first..=last).find(|start| {
            let mut pairs = parts[*start..].iter().zip(&wanted);
            pairs.all(|(part, wanted)| wanted.starts_with('{') || is_same(part, wanted))
        })?;
        Some(parts.len() - start)
    };
    routes.iter().filter_map(fits).max()
}
