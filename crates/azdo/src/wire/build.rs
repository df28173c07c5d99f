//! Builds: `GET build/builds` (spec azure-devops.md §2.1) and the resource of `build.complete` 2.0.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::field;

/// A build. Without an `id`, which is 0 then, nothing can be stored of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Build {
    /// Unique within an organisation.
    #[serde(deserialize_with = "field::id")]
    pub id: i64,
    #[serde(deserialize_with = "field::text")]
    pub build_number: String,
    /// `inProgress`, `completed`, `cancelling`, `postponed`, `notStarted`, …
    #[serde(deserialize_with = "field::text")]
    pub status: String,
    /// `''` until completed: `succeeded`, `partiallySucceeded`, `failed`, `canceled`, …
    #[serde(deserialize_with = "field::text")]
    pub result: String,
    #[serde(deserialize_with = "field::text")]
    pub reason: String,
    #[serde(deserialize_with = "field::time")]
    pub queue_time: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub start_time: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub finish_time: Option<i64>,
    /// Moves with retention and tags as well.
    #[serde(deserialize_with = "field::time")]
    pub last_changed_date: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub definition: Definition,
    #[serde(deserialize_with = "field::or_default")]
    pub project: ProjectRef,
    #[serde(deserialize_with = "field::or_default")]
    pub repository: Repository,
    /// With `refs/…` as the service sends it.
    #[serde(deserialize_with = "field::text")]
    pub source_branch: String,
    #[serde(deserialize_with = "field::text")]
    pub source_version: String,
    /// A text that holds JSON: variables set at queue time and the data of a pull request.
    #[serde(deserialize_with = "field::text")]
    pub parameters: String,
    /// The parameters of a YAML template.
    pub template_parameters: Option<Value>,
    /// Without what names people (`pr.sender.*`).
    #[serde(deserialize_with = "field::texts")]
    pub trigger_info: BTreeMap<String, String>,
    #[serde(deserialize_with = "field::or_default")]
    pub queue: Queue,
    #[serde(deserialize_with = "field::or_default")]
    pub requested_for: Identity,
    #[serde(deserialize_with = "field::or_default")]
    pub requested_by: Identity,
    #[serde(deserialize_with = "field::or_default")]
    pub last_changed_by: Identity,
    /// The only place of errors in YAML files.
    #[serde(deserialize_with = "field::or_default")]
    pub validation_results: Vec<ValidationResult>,
    #[serde(deserialize_with = "field::or_default")]
    pub tags: Vec<String>,
    #[serde(deserialize_with = "field::or_default")]
    pub triggered_by_build: Option<BuildRef>,
    #[serde(deserialize_with = "field::or_default")]
    pub plans: Vec<Plan>,
    #[serde(deserialize_with = "field::or_default")]
    pub orchestration_plan: Option<Plan>,
    /// `vstfs:///Build/Build/{id}`: what test runs are listed by.
    #[serde(deserialize_with = "field::text")]
    pub uri: String,
    /// The address of the resource; people want [`Build::web_url`].
    #[serde(deserialize_with = "field::text")]
    pub url: String,
    #[serde(rename = "_links", deserialize_with = "field::or_default")]
    pub links: Links,
    #[serde(deserialize_with = "field::or_default")]
    pub deleted: bool,
    #[serde(deserialize_with = "field::time")]
    pub deleted_date: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub deleted_reason: String,
}

impl Build {
    /// The page of the build for people, derived from the address of the resource when the service
    /// did not send it.
    pub fn web_url(&self) -> Cow<'_, str> {
        let sent = self.links.web.href.as_str();
        match self.url.rsplit_once("/_apis/build/") {
            Some((base, _)) if sent.is_empty() => {
                Cow::Owned(format!("{base}/_build/results?buildId={}", self.id))
            }
            _ if sent.is_empty() => Cow::Borrowed(&self.url),
            _ => Cow::Borrowed(sent),
        }
    }
}

/// The definition (pipeline) of a build.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Definition {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    /// The folder, beginning with `\`.
    #[serde(deserialize_with = "field::text")]
    pub path: String,
    #[serde(rename = "type", deserialize_with = "field::text")]
    pub kind: String,
    #[serde(deserialize_with = "field::number")]
    pub revision: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub queue_status: String,
    #[serde(deserialize_with = "field::or_default")]
    pub project: ProjectRef,
}

/// A project by id and name.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectRef {
    /// A GUID.
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::text")]
    pub visibility: String,
}

/// The repository of a build; on GitHub `id` is `owner/name` and `name` is absent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Repository {
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(rename = "type", deserialize_with = "field::text")]
    pub kind: String,
    #[serde(deserialize_with = "field::text")]
    pub url: String,
}

/// The queue of a build, which holds its pool.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Queue {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::or_default")]
    pub pool: Option<Pool>,
}

/// A pool of machines.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pool {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::or_default")]
    pub is_hosted: Option<bool>,
}

/// A person or a service, by id alone: names and addresses are never decoded (spec §4.7).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Identity {
    #[serde(deserialize_with = "field::text")]
    pub id: String,
}

/// What the service thought of the definition: `ok`, `warning` or `error`, and a message.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ValidationResult {
    #[serde(deserialize_with = "field::text")]
    pub result: String,
    #[serde(deserialize_with = "field::text")]
    pub message: String,
}

/// Another build, by id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct BuildRef {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
}

/// An orchestration plan, by id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Plan {
    #[serde(deserialize_with = "field::text")]
    pub plan_id: String,
}

/// The one link that is kept.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Links {
    #[serde(deserialize_with = "field::or_default")]
    pub web: Link,
}

/// An address.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Link {
    #[serde(deserialize_with = "field::text")]
    pub href: String,
}
