//! Deployments of classic releases (spec azure-devops.md §2.5): the list and the part of hooks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::build::{Identity, ProjectRef};
use super::field;

/// An entry of `GET release/deployments`, and `resource.deployment` of a completed deployment's
/// hook.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    #[serde(deserialize_with = "field::id")]
    pub id: i64,
    #[serde(deserialize_with = "field::or_default")]
    pub release: Release,
    #[serde(deserialize_with = "field::or_default")]
    pub release_definition: Reference,
    #[serde(deserialize_with = "field::or_default")]
    pub release_environment: Environment,
    /// `null` in what was recorded.
    #[serde(deserialize_with = "field::or_default")]
    pub project_reference: ProjectRef,
    /// The same in all releases of a definition, unlike the environment's id.
    #[serde(deserialize_with = "field::number")]
    pub definition_environment_id: Option<i64>,
    #[serde(deserialize_with = "field::number")]
    pub attempt: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub reason: String,
    /// `notDeployed`, `inProgress`, `succeeded`, `partiallySucceeded`, `failed`, …
    #[serde(deserialize_with = "field::text")]
    pub deployment_status: String,
    #[serde(deserialize_with = "field::text")]
    pub operation_status: String,
    #[serde(deserialize_with = "field::time")]
    pub queued_on: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub started_on: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub completed_on: Option<i64>,
    #[serde(deserialize_with = "field::time")]
    pub last_modified_on: Option<i64>,
    #[serde(deserialize_with = "field::or_default")]
    pub requested_for: Identity,
}

/// The release a deployment belongs to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Release {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    #[serde(deserialize_with = "field::or_default")]
    pub artifacts: Vec<Artifact>,
    #[serde(deserialize_with = "field::text")]
    pub reason: String,
    #[serde(deserialize_with = "field::text")]
    pub web_access_uri: String,
}

/// A release definition or a link to one.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Reference {
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    /// The folder, beginning with `\`.
    #[serde(deserialize_with = "field::text")]
    pub path: String,
}

/// The environment (stage) that was deployed to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Environment {
    /// Of this release's environment.
    #[serde(deserialize_with = "field::number")]
    pub id: Option<i64>,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
    /// Only in hooks: `succeeded`, `partiallySucceeded`, `rejected`, `canceled`, …
    #[serde(deserialize_with = "field::text")]
    pub status: String,
    /// Only in hooks: minutes.
    #[serde(deserialize_with = "field::or_default")]
    pub time_to_deploy: Option<f64>,
}

/// An artifact of a release.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Artifact {
    #[serde(deserialize_with = "field::text")]
    pub source_id: String,
    #[serde(rename = "type", deserialize_with = "field::text")]
    pub kind: String,
    #[serde(deserialize_with = "field::text")]
    pub alias: String,
    #[serde(deserialize_with = "field::or_default")]
    pub is_primary: Option<bool>,
    /// `version`, `branch`, `sourceVersion`, `definition`, `project`, …; not who asked for it.
    #[serde(deserialize_with = "references")]
    pub definition_reference: BTreeMap<String, NamedId>,
}

/// An id with the name people see; both may be `''`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NamedId {
    #[serde(deserialize_with = "field::text")]
    pub id: String,
    #[serde(deserialize_with = "field::text")]
    pub name: String,
}

/// The references of an artifact without those that name people (`requestedFor`).
fn references<'de, D>(deserializer: D) -> Result<BTreeMap<String, NamedId>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let read: Option<BTreeMap<String, Option<NamedId>>> = Option::deserialize(deserializer)?;
    Ok(read
        .unwrap_or_default()
        .into_iter()
        .filter(|(key, _)| !crate::identity::names_a_person(key))
        .filter_map(|(key, value)| Some((key, value?)))
        .collect())
}
