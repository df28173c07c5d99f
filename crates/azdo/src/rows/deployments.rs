//! `ReleaseDeployments`: deployments of classic releases (spec azure-devops.md §2.5, §4.6).

use model::Batch;
use model::tables::pipelines::RELEASE_DEPLOYMENTS;
use serde_json::{Map, Value, json};

use super::RowsError;
use super::writer::{Rows, between, branch};
use crate::wire::{Artifact, Deployment};

pub(super) fn of(
    deployments: &[Deployment],
    organization: &str,
    project: &str,
    collected_at: i64,
) -> Result<Option<Batch>, RowsError> {
    let mut rows = Rows::new(&RELEASE_DEPLOYMENTS, deployments.len());
    for deployment in deployments {
        let definition = &deployment.release_definition;
        let environment = &deployment.release_environment;
        let artifacts = &deployment.release.artifacts;
        let primary = artifacts.iter().find(|a| a.is_primary == Some(true)).or(artifacts.first());
        rows.text(organization)
            .text(project)
            .long(deployment.id)
            .maybe(deployment.release.id)
            .text(&deployment.release.name)
            .text(&definition.id.map_or_else(String::new, |id| id.to_string()))
            .text(&definition.name)
            .maybe(environment.id)
            .maybe(deployment.definition_environment_id)
            .text(&environment.name)
            .maybe(deployment.attempt)
            .text(&deployment.reason)
            .text(&environment.status)
            .text(&deployment.deployment_status)
            .text(&deployment.operation_status)
            .maybe(deployment.queued_on)
            .maybe(deployment.started_on)
            .maybe(deployment.completed_on)
            .maybe(time_to_deploy(deployment))
            .text(&json_of(artifacts))
            .text(branch(reference(primary, "branch")))
            .text(reference(primary, "sourceVersion"))
            .long(collected_at)
            .end();
    }
    rows.finish()
}

/// What the service says, in minutes, else the time from start to end.
fn time_to_deploy(deployment: &Deployment) -> Option<i64> {
    const MINUTES: f64 = 60.0e9;
    // From a float to an integer Rust keeps to what fits; 100 ns are a tick.
    let said = deployment.release_environment.time_to_deploy;
    let said = said.filter(|minutes| *minutes > 0.0);
    said.map(|minutes| (minutes * MINUTES / 100.0).round() as i64)
        .and_then(|ticks| ticks.checked_mul(100))
        .or_else(|| between(deployment.started_on, deployment.completed_on))
}

/// A reference of an artifact: its id, else its name.
fn reference<'a>(artifact: Option<&'a Artifact>, name: &str) -> &'a str {
    let found = artifact.and_then(|artifact| artifact.definition_reference.get(name));
    found.map_or("", |found| if found.id.is_empty() { &found.name } else { &found.id })
}

/// Artifacts as they were sent, without who asked for them.
fn json_of(artifacts: &[Artifact]) -> String {
    let of = |artifact: &Artifact| {
        let references: Map<String, Value> = artifact
            .definition_reference
            .iter()
            .map(|(key, value)| (key.clone(), json!({ "id": value.id, "name": value.name })))
            .collect();
        json!({
            "alias": artifact.alias,
            "type": artifact.kind,
            "sourceId": artifact.source_id,
            "isPrimary": artifact.is_primary,
            "definitionReference": references,
        })
    };
    Value::Array(artifacts.iter().map(of).collect()).to_string()
}
