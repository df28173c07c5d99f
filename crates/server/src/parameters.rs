//! Values of `declare query_parameters` as calls bring them, for every API that takes them.
//!
//! Invariant: a value reaches the engine as a text of its own, never as a part of the query's text;
//! what it means is decided by the type that the query declares.

use serde_json::{Map, Value};

use crate::error::Refusal;

/// An object, or the JSON text of one: some callers send this, some that. `name` is what the caller
/// calls it.
///
/// # Errors
/// 400 when it is neither.
pub fn object(value: Option<Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    let wrong =
        || Refusal::bad_request(format!("`{name}` must be a JSON object or the text of one"));
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(Map::new()),
        Some(Value::String(text)) => serde_json::from_str(&text).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// Values by name as texts: KQL literals or plain ones.
pub fn values(given: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    given.into_iter().map(|(name, value)| (name, text(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{object, values};

    #[test]
    fn values_come_as_an_object_or_its_text() {
        let wanted = vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x y".to_owned())];
        for given in [json!({ "a": 1, "b": "x y" }), json!("{\"a\": 1, \"b\": \"x y\"}")] {
            assert_eq!(values(object(Some(given), "parameters").unwrap()), wanted);
        }
        for nothing in [None, Some(json!(null)), Some(json!(" "))] {
            assert!(object(nothing, "parameters").unwrap().is_empty());
        }
    }

    #[test]
    fn anything_else_is_refused_by_its_name() {
        for given in [json!([1]), json!(5), json!("[1]"), json!("{")] {
            let refusal = object(Some(given), "parameters").unwrap_err();
            assert!(refusal.message.contains("`parameters`"), "{}", refusal.message);
        }
    }
}
