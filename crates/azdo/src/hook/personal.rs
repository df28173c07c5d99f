//! Takes out of a payload what tells who people are (spec azure-devops.md §4.7).
//!
//! An identity becomes its stored id or vanishes; names, mail addresses, avatars and authors do.
//! The sentences around an event repeat parts of it for people, names among them, and vanish too.

use serde_json::{Map, Value};

use crate::identity::{Identities, names_a_person};

/// Fields that hold a person, whatever they look like inside.
const PEOPLE: [&str; 17] = [
    "actualapprover",
    "approvedby",
    "approver",
    "approvers",
    "assignedapprover",
    "assignedto",
    "blockedapprovers",
    "changedby",
    "committer",
    "createdby",
    "deletedby",
    "lastchangedby",
    "lastmodifiedby",
    "modifiedby",
    "pusher",
    "releasecreatedby",
    "reviewers",
];

/// Fields that only identities have.
const OF_IDENTITIES: [&str; 3] = ["uniqueName", "imageUrl", "descriptor"];

/// Sentences made of an event.
const SENTENCES: [&str; 2] = ["message", "detailedMessage"];

/// Removes personal data from a delivery, unless identities are kept as they are.
pub(super) fn remove(payload: &mut Value, identities: &Identities<'_>) {
    if *identities == Identities::Keep {
        return;
    }
    if let Value::Object(fields) = payload {
        SENTENCES.iter().for_each(|sentence| drop(fields.shift_remove(*sentence)));
    }
    clean(payload, identities);
}

fn clean(value: &mut Value, identities: &Identities<'_>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| clean(value, identities)),
        Value::Object(fields) if is_identity(fields) => *value = stored(value, identities),
        Value::Object(fields) => {
            fields.retain(|name, value| keep(name, value, identities));
        }
        _ => {}
    }
}

/// Cleans a field; whether it may stay.
fn keep(name: &str, value: &mut Value, identities: &Identities<'_>) -> bool {
    let was_null = value.is_null();
    match value {
        _ if !is_person(name) => clean(value, identities),
        Value::Array(people) => {
            people.iter_mut().for_each(|person| *person = stored(person, identities));
            people.retain(|person| !person.is_null());
        }
        _ => *value = stored(value, identities),
    }
    was_null || !value.is_null()
}

fn is_person(name: &str) -> bool {
    // Work items write `System.AssignedTo`.
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    PEOPLE.contains(&last.as_str()) || names_a_person(name)
}

fn is_identity(fields: &Map<String, Value>) -> bool {
    let has = |name: &str| fields.contains_key(name);
    let avatar = fields.get("_links").and_then(|links| links.get("avatar"));
    OF_IDENTITIES.into_iter().any(has) || avatar.is_some() || (has("email") && has("name"))
}

/// The id of a person as it is stored, else null.
fn stored(person: &Value, identities: &Identities<'_>) -> Value {
    let id = person.get("id").and_then(Value::as_str).unwrap_or_default();
    match identities.stored(id).as_ref() {
        "" => Value::Null,
        id => serde_json::json!({ "id": id }),
    }
}
