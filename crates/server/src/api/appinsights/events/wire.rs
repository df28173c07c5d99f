//! JSON shapes of the events API, after the vendor's description (azure-rest-api-specs,
//! `Insights/preview/v1`, `eventsResults`).

use std::collections::HashMap;

use axum::http::StatusCode;
use query::{Answer, ResultTable};
use serde_json::{Map, Value, json};

use crate::api::appinsights::properties::{EventKind, Fields, GROUPS, KINDS, set};
use crate::api::appinsights::rows::{Row, Rows};
use crate::error::Refusal;

/// The kind whose address is shown in parts too.
pub const TIMING: &str = "browserTiming";

/// What the answer says beside the events.
#[derive(Debug)]
pub struct Message {
    code: &'static str,
    text: String,
}

impl Message {
    /// A limit was added to what was asked.
    pub fn added(text: impl Into<String>) -> Message {
        Message { code: "AddedLimitToQuery", text: text.into() }
    }
}

/// How the rows of the first result table are shown.
#[derive(Debug, Default)]
pub struct Page {
    pub context: String,
    pub messages: Vec<Message>,
    /// Paths of the properties to show; none: all.
    pub select: Vec<Vec<String>>,
    /// Columns and their paths, when the rows are groups and not events.
    pub columns: Option<Vec<(String, Vec<String>)>>,
    pub skip: u64,
    pub top: u64,
    /// The caller did not ask for `top`; the rows have one more if there are more.
    pub is_top_added: bool,
    /// What to say when there is no row; none: an empty list.
    pub missing: Option<String>,
}

/// The text of an answer.
///
/// # Errors
/// 404 when there is no row and the page says that is an error.
pub fn events(answer: &Answer, mut page: Page) -> Result<String, Refusal> {
    let empty = ResultTable::default();
    let mut tables = answer.tables.iter();
    let table = tables.next().unwrap_or(&empty);
    let (skip, top) = (index(page.skip), index(page.top));
    if page.is_top_added && table.rows() > skip.saturating_add(top) {
        page.messages.push(Message::added(format!(
            "only {top} events are answered, since `$top` does not say otherwise"
        )));
    }
    if let Some(cut) = &answer.truncated {
        page.messages.push(Message { code: "PartialError", text: cut.message.clone() });
    }
    let rows = Rows::new(table);
    let kinds: HashMap<&str, &EventKind> = KINDS.iter().map(|kind| (kind.item, kind)).collect();
    let values: Vec<Value> = rows
        .iter()
        .skip(skip)
        .take(top)
        .map(|row| match &page.columns {
            Some(columns) => group(row, columns),
            None => selected(event(row, &kinds), &page.select),
        })
        .collect();
    if let (true, Some(message)) = (values.is_empty(), page.missing) {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "not_found", message));
    }
    let messages = page.messages.iter().map(|m| json!({ "code": m.code, "message": m.text }));
    let mut out = Map::new();
    out.insert("@odata.context".to_owned(), Value::from(page.context));
    if let Some(count) = tables.next().and_then(|table| Rows::new(table).iter().next().map(count)) {
        out.insert("@odata.count".to_owned(), count);
    }
    out.insert("@ai.messages".to_owned(), Value::Array(messages.collect()));
    out.insert("value".to_owned(), Value::Array(values));
    Ok(Value::Object(out).to_string())
}

fn index(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn count(row: Row<'_, '_>) -> Value {
    row.json("Count")
}

fn event(row: Row<'_, '_>, kinds: &HashMap<&str, &EventKind>) -> Map<String, Value> {
    let item = row.text("itemType");
    let count = match row.json("itemCount") {
        Value::Null => Value::from(1),
        count => count,
    };
    let mut out = Map::new();
    out.insert("id".to_owned(), row.json("itemId"));
    out.insert("type".to_owned(), Value::from(item));
    out.insert("count".to_owned(), count);
    out.insert("timestamp".to_owned(), row.json("timestamp"));
    for bag in ["customDimensions", "customMeasurements"] {
        out.insert(bag.to_owned(), row.json(bag));
    }
    for (group, fields) in &GROUPS {
        out.insert((*group).to_owned(), Value::Object(members(row, fields)));
    }
    if let Some(kind) = kinds.get(item) {
        let mut own = members(row, kind.fields);
        if item == TIMING {
            own.extend(["urlHost", "urlPath"].map(|part| (part.to_owned(), row.json(part))));
        }
        out.insert(item.to_owned(), Value::Object(own));
    }
    out
}

fn members(row: Row<'_, '_>, fields: Fields) -> Map<String, Value> {
    fields.iter().map(|(name, column)| ((*name).to_owned(), row.json(column))).collect()
}

/// Only what `$select` names.
fn selected(event: Map<String, Value>, paths: &[Vec<String>]) -> Value {
    if paths.is_empty() {
        return Value::Object(event);
    }
    let event = Value::Object(event);
    let mut out = Map::new();
    for path in paths {
        let found = path.iter().try_fold(&event, |value, name| value.get(name));
        set(&mut out, path, found.cloned().unwrap_or_default());
    }
    Value::Object(out)
}

fn group(row: Row<'_, '_>, columns: &[(String, Vec<String>)]) -> Value {
    let mut out = Map::new();
    for (column, path) in columns {
        set(&mut out, path, row.json(column));
    }
    Value::Object(out)
}
