//! What a key may deliver: events of its projects, definitions and types.
//!
//! Events out of scope are stored and answered as all others, since a refusal would put the
//! subscription on probation; nothing follows from them.

use azdo::client::hooks::Topic;
use azdo::hook::{Delivery, Event};

use super::inbox::Sender;
use crate::keys::{Document, Key};

/// Why a key's event is out of its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside {
    Project(String),
    Definition(String),
    Type(String),
    /// The key was removed since, and nobody knows what it was for.
    Key,
}

impl Outside {
    /// For people.
    pub fn text(&self) -> &str {
        match self {
            Outside::Project(text) | Outside::Definition(text) | Outside::Type(text) => text,
            Outside::Key => {
                "the key of the event was removed before it was worked through, and with it what \
                 it was for: nothing followed from it"
            }
        }
    }
}

/// Why a stored delivery is not its sender's to send; none when it is. Those of the demonstration
/// name no key and may be of anything.
pub fn outside_of(sender: &Sender, key: Option<&Key>, delivery: &Delivery) -> Option<Outside> {
    match key {
        Some(key) => outside(key, delivery),
        None => (!sender.key_id.is_empty()).then_some(Outside::Key),
    }
}

/// Whether a text of a key means a project by its id. The sender writes names: one that reads like
/// an id counts for nothing.
pub fn is_project_id(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

/// Whether a text of a key means a definition by its id.
pub fn is_definition_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Why a delivery is not the key's to send; none when it is. Names of projects stand in few
/// events, ids in all. Only ids are a boundary: what follows from an event follows for the ids it
/// names.
pub fn outside(key: &Key, delivery: &Delivery) -> Option<Outside> {
    let Document { projects, definitions, event_types, .. } = &key.document;
    let envelope = &delivery.envelope;
    let refused = |wanted: &Option<Vec<String>>, what: &str, [id, name]: [&str; 2]| {
        let wanted = wanted.as_ref()?;
        let is_id = if what == "project" { is_project_id } else { is_definition_id };
        let is = |given: &String| {
            let text = if is_id(given) { id } else { name };
            !text.is_empty() && given.eq_ignore_ascii_case(text)
        };
        if wanted.iter().any(is) {
            return None;
        }
        let no_id = format!("no {what}");
        let id = if id.is_empty() { &no_id } else { id };
        let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
        Some(format!(
            "the key is for {}, and the event names {id}{name}: nothing followed from it",
            wanted.join(", ")
        ))
    };
    let project = [envelope.project_id.as_str(), project_name(&delivery.event)];
    if let Some(text) = refused(projects, "project", project) {
        return Some(Outside::Project(text));
    }
    let (id, name) = delivery.event.definition();
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    if let Some(text) = refused(definitions, "definition", [&id, name]) {
        return Some(Outside::Definition(text));
    }
    let wanted = event_types.as_ref()?;
    let event_type = envelope.event_type.as_str();
    (!wanted.iter().any(|given| is_type(given, event_type))).then(|| {
        let shown: String = event_type.chars().take(100).collect();
        Outside::Type(format!(
            "the key is for events {}, and this is `{shown}`: nothing followed from it",
            wanted.join(", ")
        ))
    })
}

/// The name of an event's project; `''` when it is not said.
pub fn project_name(event: &Event) -> &str {
    match event {
        Event::BuildCompleted(build) => &build.project.name,
        Event::ReleaseChanged(changed) => &changed.project.name,
        Event::DeploymentStarted(deployed) | Event::DeploymentCompleted(deployed) => {
            &deployed.project.name
        }
        Event::DeploymentApproval(approval) => &approval.project.name,
        _ => "",
    }
}

/// Whether a type is meant: by the name of a topic, the whole type, or what follows its last dot,
/// which stays when types are renamed.
fn is_type(given: &str, event_type: &str) -> bool {
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let wanted = match Topic::from_name(given) {
        Some(topic) => topic.event_type(),
        None => given,
    };
    match wanted.eq_ignore_ascii_case("build.complete") {
        true => event_type.eq_ignore_ascii_case("build.complete"),
        false => last(wanted) == last(event_type),
    }
}

#[cfg(test)]
mod tests {
    use azdo::hook;
    use azdo::identity::Identities;

    use super::*;

    #[test]
    fn a_key_that_is_gone_allows_nothing_and_the_demonstration_has_none() {
        let delivery = hook::read(br#"{"eventType":"build.complete"}"#, &Identities::Keep).unwrap();
        let sender = |id: &str| Sender { key_id: id.to_owned(), key_name: "team".to_owned() };
        assert_eq!(outside_of(&sender("0123"), None, &delivery), Some(Outside::Key));
        assert_eq!(outside_of(&sender(""), None, &delivery), None);
        let key = Key::for_tests(None);
        assert_eq!(outside_of(&sender("0123"), Some(&key), &delivery), None);
    }
}
