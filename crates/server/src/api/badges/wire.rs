//! The shapes of badges over HTTP.

use model::time::{Fraction, format_datetime};
use serde_json::{Map, Value, json};

use crate::badges::choice::{Choice, Visibility};
use crate::badges::draw::Face;
use crate::badges::index::{Entry, What, readable, readable_strip, seed};
use crate::badges::query::{QueryDocument, Threshold};
use crate::badges::{Badges, Preview};
use crate::commands::client::encode;
use crate::error::Refusal;
use crate::settings::parse_duration_ms;

/// What may be chosen for a query badge.
const QUERY_CHOICES: [&str; 7] =
    ["alias", "visibility", "style", "palette", "labelColor", "logo", "cacheSeconds"];

/// Longest value of a field that is told, in characters.
const VALUE_CHARS_MAX: usize = 256;

/// The list of badges. `url`: of the server; `is_admin`: tokens are shown.
pub fn list(badges: &Badges, url: &str, is_admin: bool) -> Value {
    let entries = badges.entries();
    let all: Vec<Value> = entries.iter().map(|entry| shape(entry, url, is_admin)).collect();
    let refused: Vec<Value> = badges
        .refused()
        .iter()
        .map(|refused| {
            json!({
                "subscriptionId": refused.subscription_id,
                "organization": refused.organization,
                "projectId": refused.project_id,
                "eventType": refused.event_type,
                "reason": refused.reason,
                "at": time(Some(refused.at)),
            })
        })
        .collect();
    json!({ "badges": all, "noBadge": refused })
}

/// One badge, strip or query badge.
pub fn shape(entry: &Entry, url: &str, is_admin: bool) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(entry.id));
    let (kind, choice) = match &entry.what {
        What::Badge(document) => ("release", &document.choice),
        What::Strip { document, .. } => ("strip", &document.choice),
        What::Query(query) => ("query", &query.document.choice),
    };
    put("kind", json!(kind));
    put("label", json!(entry.face.label));
    put("message", json!(entry.face.message));
    put("color", json!(entry.face.color));
    put("link", json!(entry.face.link));
    put("changed", time(Some(entry.changed).filter(|at| *at > 0)));
    put("visibility", json!(entry.look.visibility));
    put("cacheSeconds", json!(entry.look.cache_seconds));
    put("choice", json!(choice));
    put("urls", urls(entry, choice, url, is_admin));
    match &entry.what {
        What::Badge(document) => {
            put("key", json!(document.key));
            put("names", json!(document.current()));
            let orphan = document.orphan.map(|orphan| {
                json!({ "since": time(Some(orphan.since)), "reason": orphan.reason.text() })
            });
            put("orphan", json!(orphan));
        }
        What::Strip { document, .. } => drop(put("key", json!(document.key))),
        What::Query(query) => {
            let (document, value) = (&query.document, &query.value);
            put("kql", json!(document.kql));
            put("application", json!(document.application));
            put("everySeconds", json!(document.every_seconds));
            put("thresholds", json!(document.thresholds));
            put("answered", time(value.answered));
            put("tried", time(value.tried));
            put("failures", json!(value.failures));
            put("error", json!(value.error));
        }
    }
    Value::Object(out)
}

/// What a badge would show. Values of fields are cut as badges cut their texts.
pub fn preview(preview: &Preview) -> Value {
    let cut = |text: &str| text.chars().take(VALUE_CHARS_MAX).collect::<String>();
    let fields = preview.fields.iter();
    let fields: Vec<Value> =
        fields.map(|(name, value)| json!({ "name": name, "value": cut(value) })).collect();
    let Face { label, message, color, .. } = &preview.face;
    json!({
        "label": cut(label),
        "message": cut(message),
        "color": color,
        "svg": preview.svg,
        "fields": fields,
    })
}

fn urls(entry: &Entry, choice: &Choice, url: &str, is_admin: bool) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, path: String| {
        out.insert(name.to_owned(), json!(format!("{url}/badges/{path}.svg")))
    };
    match &entry.what {
        What::Badge(document) => {
            put("readable", readable(document));
            put("seed", seed(document));
        }
        What::Strip { members, .. } => {
            let first = members.first().and_then(|member| member.document());
            first.map(|document| put("readable", readable_strip(document)));
        }
        What::Query(query) => drop(put("readable", format!("q/{}", encode(&query.document.name)))),
    }
    choice.alias.as_ref().map(|alias| put("alias", alias.clone()));
    if is_admin && entry.look.visibility == Visibility::Token {
        put("token", format!("t/{}", entry.token));
    }
    // The one that a README can show: whoever reads it has no key.
    let readme = match entry.look.visibility {
        Visibility::Public => out.get("alias").or(out.get("readable")),
        Visibility::Token => out.get("token"),
        Visibility::SignedIn => None,
    };
    if let Some(readme) = readme.cloned() {
        out.insert("readme".to_owned(), readme);
    }
    Value::Object(out)
}

fn time(nanos: Option<i64>) -> Value {
    nanos.map_or(Value::Null, |nanos| json!(format_datetime(nanos, Fraction::Trimmed)))
}

/// What is chosen for a badge, of the body of a call.
///
/// # Errors
/// For fields there are not, and values of the wrong type.
pub fn choice(body: Map<String, Value>) -> Result<Choice, Refusal> {
    serde_json::from_value(Value::Object(body))
        .map_err(|error| Refusal::bad_request(format!("the choice is wrong: {error}")))
}

/// The query badge a body describes.
///
/// # Errors
/// For fields there are not, and values of the wrong type.
pub fn query(name: &str, mut body: Map<String, Value>) -> Result<QueryDocument, Refusal> {
    let text = |value: Option<Value>, field: &str| match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::bad_request(format!("`{field}` must be a text"))),
    };
    let kql = text(body.remove("kql"), "kql")?;
    let application = text(body.remove("application"), "application")?;
    let label = text(body.remove("label"), "label")?;
    let color = text(body.remove("color"), "color")?;
    let every = text(body.remove("every"), "every")?.unwrap_or_else(|| "5m".to_owned());
    let every_ms = parse_duration_ms(&every).ok_or_else(|| {
        Refusal::bad_request(format!("`every` is `{every}`, but must be a time such as `5m`"))
    })?;
    let thresholds = body.remove("thresholds").unwrap_or_else(|| json!([]));
    let thresholds: Vec<Threshold> = serde_json::from_value(thresholds).map_err(|error| {
        Refusal::bad_request(format!("`thresholds` must be a list of `from` and `color`: {error}"))
    })?;
    if let Some(name) = body.keys().find(|name| !QUERY_CHOICES.contains(&name.as_str())) {
        return Err(Refusal::bad_request(format!("`{name}` is no field of a query badge")));
    }
    Ok(QueryDocument {
        name: name.to_owned(),
        kql: kql.ok_or_else(|| Refusal::bad_request("`kql` is needed"))?,
        application: application.unwrap_or_else(|| crate::apps::DEFAULT.to_owned()),
        every_seconds: every_ms / 1000,
        label,
        color,
        thresholds,
        choice: choice(body)?,
        generation: 0,
    })
}
