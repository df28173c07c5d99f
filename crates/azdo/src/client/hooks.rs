//! Subscriptions of service hooks: which there are, and new ones (spec azure-devops.md §8.6).
//!
//! Events of classic releases are subscribed to at the host of releases, all others at the core
//! host; a server has one host for both.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::address::{escape, url};
use super::error::Error;
use super::transport::{Content, Transport};
use super::{Client, shown};
use crate::wire;

const PATH: &str = "hooks/subscriptions";
/// The publisher of classic releases.
const RELEASES: &str = "rm";

/// A subscription, as the service tells of it and as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subscription {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `enabled`, `onProbation`, `disabledByUser`, `disabledBySystem`,
    /// `disabledByInactiveIdentity`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    pub publisher_id: String,
    pub event_type: String,
    pub resource_version: String,
    pub consumer_id: String,
    pub consumer_action_id: String,
    /// Filters by name; `projectId` among them.
    #[serde(deserialize_with = "texts")]
    pub publisher_inputs: BTreeMap<String, String>,
    /// `url` and how to send; secrets come back masked.
    #[serde(deserialize_with = "texts")]
    pub consumer_inputs: BTreeMap<String, String>,
}

/// Inputs as texts: what is none, such as null, is left out.
fn texts<'de, D: serde::Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let inputs = Option::<BTreeMap<String, serde_json::Value>>::deserialize(from)?;
    let text = |(name, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        _ => None,
    };
    Ok(inputs.unwrap_or_default().into_iter().filter_map(text).collect())
}

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Completed deployments of classic releases.
    Releases,
    /// Completed builds.
    Builds,
    /// Completed runs of YAML pipelines.
    Runs,
    /// Stages of YAML pipelines.
    Stages,
    /// Jobs of YAML pipelines: how long they wait for a machine.
    Jobs,
}

impl Topic {
    pub const ALL: [Topic; 5] =
        [Topic::Releases, Topic::Builds, Topic::Runs, Topic::Stages, Topic::Jobs];

    pub fn name(self) -> &'static str {
        match self {
            Topic::Releases => "releases",
            Topic::Builds => "builds",
            Topic::Runs => "runs",
            Topic::Stages => "stages",
            Topic::Jobs => "jobs",
        }
    }

    pub fn from_name(name: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The type of its events.
    pub fn event_type(self) -> &'static str {
        self.event().1
    }

    /// Publisher, type of event, version of its resource (spec §8.2).
    fn event(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Topic::Releases => {
                (RELEASES, "ms.vss-release.deployment-completed-event", "3.0-preview.1")
            }
            Topic::Builds => ("tfs", "build.complete", "2.0"),
            Topic::Runs => {
                ("pipelines", "ms.vss-pipelines.run-state-changed-event", "5.1-preview.1")
            }
            Topic::Stages => {
                ("pipelines", "ms.vss-pipelines.stage-state-changed-event", "5.1-preview.1")
            }
            Topic::Jobs => {
                ("pipelines", "ms.vss-pipelines.job-state-changed-event", "5.1-preview.1")
            }
        }
    }
}

impl Subscription {
    /// What is to be asked for: all events of a topic in a project, with all details, posted to
    /// `url` with `key` as the password, which the service masks.
    pub fn wanted(topic: Topic, project_id: &str, url: &str, key: &str) -> Subscription {
        let (publisher, event_type, version) = topic.event();
        let inputs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let mut publisher_inputs: BTreeMap<String, String> = inputs(&[("projectId", project_id)]);
        if topic == Topic::Runs {
            publisher_inputs.insert("runStateId".to_owned(), "Completed".to_owned());
        }
        Subscription {
            publisher_id: publisher.to_owned(),
            event_type: event_type.to_owned(),
            resource_version: version.to_owned(),
            consumer_id: "webHooks".to_owned(),
            consumer_action_id: "httpRequest".to_owned(),
            publisher_inputs,
            consumer_inputs: inputs(&[
                ("url", url),
                ("basicAuthUsername", "telltale"),
                ("basicAuthPassword", key),
                ("resourceDetailsToSend", "all"),
                ("messagesToSend", "none"),
                ("detailedMessagesToSend", "none"),
            ]),
            ..Subscription::default()
        }
    }

    /// The same, to be asked for again: without what the service gave it.
    pub fn again(&self) -> Subscription {
        Subscription { id: String::new(), status: String::new(), ..self.clone() }
    }

    /// Whether only deleting it and making it again brings it back (spec §8.4).
    pub fn is_dead(&self) -> bool {
        matches!(self.status.as_str(), "disabledBySystem" | "disabledByInactiveIdentity")
    }

    /// Where it posts to; `''` when it does something else.
    pub fn url(&self) -> &str {
        self.consumer_inputs.get("url").map_or("", String::as_str)
    }

    /// The id of its project; `''`: all.
    pub fn project_id(&self) -> &str {
        self.publisher_inputs.get("projectId").map_or("", String::as_str)
    }

    /// Whether both are of the same events of the same project to the same address.
    pub fn is_like(&self, other: &Subscription) -> bool {
        self.event_type == other.event_type
            && self.project_id().eq_ignore_ascii_case(other.project_id())
            && self.url() == other.url()
    }
}

impl<T: Transport> Client<T> {
    /// All subscriptions the token may see, of both hosts.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn subscriptions(&self) -> Result<Vec<Subscription>, Error> {
        let hosts = &self.options.hosts;
        let mut bases = vec![&hosts.core];
        if hosts.release != hosts.core {
            bases.push(&hosts.release);
        }
        let mut all: Vec<Subscription> = Vec::new();
        for base in bases {
            let url = url(base, None, PATH, &self.options.api_version, &[]);
            let list = self.json::<wire::List<Subscription>>(&url)?;
            for found in list.map(|(list, _)| list.value).unwrap_or_default() {
                if !all.iter().any(|known| known.id == found.id) {
                    all.push(found);
                }
            }
        }
        Ok(all)
    }

    /// Makes a subscription.
    ///
    /// # Errors
    /// As [`Client`] says. It is asked for once: of an answer that got lost nothing is known.
    pub fn subscribe(&self, wanted: &Subscription) -> Result<Subscription, Error> {
        let hosts = &self.options.hosts;
        let base = if wanted.publisher_id == RELEASES { &hosts.release } else { &hosts.core };
        let url = url(base, None, PATH, &self.options.api_version, &[]);
        let text = serde_json::to_string(wanted)
            .map_err(|error| Error::Unreadable { url: shown(&url), reason: error.to_string() })?;
        self.post(&url, Content::Json(text))
    }

    /// Deletes a subscription; one that is not there is deleted.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn unsubscribe(&self, known: &Subscription) -> Result<(), Error> {
        let hosts = &self.options.hosts;
        let base = if known.publisher_id == RELEASES { &hosts.release } else { &hosts.core };
        let mut path = format!("{PATH}/");
        escape(&mut path, &known.id);
        self.delete(&url(base, None, &path, &self.options.api_version, &[]))
    }
}
