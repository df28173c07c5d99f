//! Deliveries of service hooks (spec azure-devops.md §8): envelope, event, what is stored of them.
//!
//! Nothing but the type of the event is needed to accept a delivery: details that are missing or
//! odd make an event that says so, since a sender that is refused sends nothing more for hours.
//! Personal data leaves the payload before anybody can store it.

mod event;
mod fields;
mod personal;
mod row;

use model::text::percent_decoded;
use serde::Deserialize;
use serde_json::Value;

pub use event::{
    Approval, BuildCompleted, CheckApproval, Deployed, Event, Job, Kind, ReleaseChanged, Run,
    RunState, Stage,
};
pub use row::Receipt;

use crate::identity::Identities;
use crate::wire;

/// A delivery that was read.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub envelope: Envelope,
    pub kind: Kind,
    pub event: Event,
    /// The body without what tells who people are (spec §4.7).
    pub payload: Value,
}

/// What is around the event. What the sender left out is `''` or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    pub subscription_id: String,
    pub notification_id: Option<i64>,
    pub event_id: String,
    /// As sent, in any of its spellings.
    pub event_type: String,
    pub publisher_id: String,
    pub resource_version: String,
    /// Nanoseconds since 1970.
    pub created_date: Option<i64>,
    /// The organisation's (or collection's) name in its address.
    pub organization: String,
    /// The addresses of the organisation or collection, as sent.
    pub addresses: Vec<String>,
    /// A GUID.
    pub project_id: String,
}

/// Why a delivery cannot be accepted. All are the sender's fault.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error(transparent)]
    NotJson(#[from] wire::DecodeError),
    #[error("a delivery is a JSON object")]
    NotAnObject,
    #[error("the delivery has no `eventType`")]
    NoEventType,
}

/// Reads a delivery. `identities` says what may remain of people in the payload.
///
/// # Errors
///
/// When the body is not a JSON object with the type of an event.
pub fn read(body: &[u8], identities: &Identities<'_>) -> Result<Delivery, HookError> {
    let mut payload: Value = wire::decode(body, "a delivery of a service hook")?;
    if !payload.is_object() {
        return Err(HookError::NotAnObject);
    }
    let event_type = payload["eventType"].as_str().unwrap_or_default();
    if event_type.is_empty() {
        return Err(HookError::NoEventType);
    }
    let kind = Kind::of(event_type);
    let event = Event::read(kind, &payload["resource"]);
    let envelope = Envelope::read(&payload);
    personal::remove(&mut payload, identities);
    Ok(Delivery { envelope, kind, event, payload })
}

impl Envelope {
    fn read(payload: &Value) -> Envelope {
        let text = |name: &str| fields::text(&payload[name]);
        let containers = &payload["resourceContainers"];
        let address = |name: &str| containers[name]["baseUrl"].as_str().and_then(organization_of);
        let resource = &payload["resource"];
        let project_ids =
            [&containers["project"]["id"], &resource["project"]["id"], &resource["projectId"]];
        Envelope {
            subscription_id: text("subscriptionId"),
            notification_id: fields::number(&payload["notificationId"]),
            event_id: text("id"),
            event_type: text("eventType"),
            publisher_id: text("publisherId"),
            resource_version: text("resourceVersion"),
            created_date: fields::time(&payload["createdDate"]),
            organization: address("collection")
                .or_else(|| address("account"))
                .or_else(|| address("server"))
                .unwrap_or_default(),
            addresses: ["collection", "account", "server"]
                .into_iter()
                .filter_map(|name| containers[name]["baseUrl"].as_str().map(str::to_owned))
                .collect(),
            project_id: project_ids
                .into_iter()
                .map(fields::text)
                .find(|id| !id.is_empty())
                .unwrap_or_default(),
        }
    }

    /// What two deliveries of the same event have in common (spec §8.5 rule 5); none when the
    /// sender gave neither, and the bytes of the body must tell.
    pub fn duplicate_key(&self) -> Option<String> {
        match (self.subscription_id.is_empty(), self.notification_id) {
            (false, Some(number)) => Some(format!("{}/{number}", self.subscription_id)),
            _ if !self.event_id.is_empty() => Some(self.event_id.clone()),
            _ => None,
        }
    }
}

/// The organisation of an address: `https://dev.azure.com/NAME/`,
/// `https://vsrm.dev.azure.com/NAME`, `https://NAME.visualstudio.com/`,
/// `https://NAME.vsrm.visualstudio.com/`, and on own servers the collection, which is the last part
/// of the path (spec §1.1).
pub fn organization_of(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let mut parts = rest.split(['?', '#']).next()?.split('/').filter(|part| !part.is_empty());
    let host = parts.next()?.to_ascii_lowercase();
    let name = match host.strip_suffix(".visualstudio.com") {
        Some(before) => before.split('.').next()?.to_owned(),
        None => parts.next_back()?.to_owned(),
    };
    Some(percent_decoded(&name)).filter(|name| !name.is_empty())
}

/// Reads a part of the resource; `null` and missing parts are none.
fn part<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<Option<T>, serde_json::Error> {
    Option::<T>::deserialize(value)
}

#[cfg(test)]
mod tests;
