//! Which state of an application's rows an answer is of, and whether its asker has that answer.
//!
//! Invariant: an answer has a tag only when the same call over the same rows gives the same answer;
//! where that is not certain there is none.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::call::Call;
use crate::app::App;
use crate::apps::Application;

/// Tells the states of this process from those of others.
static PROCESS: LazyLock<String> =
    LazyLock::new(|| uuid::Uuid::new_v4().simple().to_string().chars().take(12).collect());

/// Words with which a text depends on more than the rows of its application: the moment, chance,
/// other applications, what is written about each query.
const VOLATILE: [&str; 11] = [
    "now",
    "ago",
    "rand",
    "new_guid",
    "sample",
    "app",
    "workspace",
    "resource",
    "cluster",
    "database",
    "Audit",
];

/// The state of an application's rows: another text follows whenever any of them change. What is
/// written about queries themselves does not count.
pub fn id(app: &App, application: &Application) -> String {
    let audit = model::tables::AUDIT.name;
    let version = app.store.version(application.app_id(), |table| table != audit);
    format!("{}-{version}", *PROCESS)
}

/// The tag of the answer to a call with these texts; `more` is what else its answer depends on.
pub fn tag(app: &App, call: &Call, texts: &[&str], more: &str) -> Option<HeaderValue> {
    if call.is_up_to_now || texts.iter().any(|text| is_volatile(text)) {
        return None;
    }
    let mut hash = Sha256::new();
    hash.update(call.application.number.to_le_bytes());
    let (from, to) = call.range.unwrap_or((i64::MIN, i64::MAX));
    hash.update(from.to_le_bytes());
    hash.update(to.to_le_bytes());
    let given = call.parameters.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    for part in texts.iter().copied().chain([more]).chain(given) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash: String = hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("\"{}-{hash}\"", id(app, &call.application))).ok()
}

/// 304 when the asker has the answer of this tag.
pub fn unchanged(headers: &HeaderMap, tag: Option<&HeaderValue>) -> Option<Response> {
    let tag = tag?;
    let wanted = tag.to_str().ok()?;
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    // A packed answer is the same one: proxies and packers mark its tag as weak.
    let is_known = known.any(|known| known.trim().trim_start_matches("W/") == wanted);
    is_known.then(|| (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response())
}

/// The response under its tag.
pub fn tagged(mut response: Response, tag: Option<HeaderValue>) -> Response {
    response.headers_mut().extend(tag.map(|tag| (header::ETAG, tag)));
    response
}

/// Whether a text, or a stored function that it names, depends on more than rows.
fn is_volatile(text: &str) -> bool {
    let mut names = kql::words::names(text);
    let mut seen = BTreeSet::new();
    while let Some(name) = names.pop_first() {
        if VOLATILE.contains(&name.as_str()) {
            return true;
        }
        let function = kql::stored::built_in().iter().find(|function| function.name == name);
        if let Some(function) = function.filter(|_| seen.insert(name)) {
            names.extend(kql::words::names(&function.text));
        }
    }
    false
}
