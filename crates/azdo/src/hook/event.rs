//! The events of spec azure-devops.md §8.2 and what is read of each.
//!
//! Ids of types were renamed once (`ms.vss-release.…` to `ms.azure-devops-release.…`): what follows
//! the last dot tells them apart.

use serde_json::Value;

use super::{fields, part};
use crate::wire::release::{Environment, Reference, Release};
use crate::wire::{Build, Deployment, ProjectRef};

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    BuildCompleted,
    RunStateChanged,
    StageStateChanged,
    JobStateChanged,
    CheckApprovalPending,
    CheckApprovalCompleted,
    CheckUpdated,
    ReleaseCreated,
    ReleaseAbandoned,
    DeploymentStarted,
    DeploymentCompleted,
    DeploymentApprovalPending,
    DeploymentApprovalCompleted,
    /// Stored, and nothing else.
    Unknown,
}

impl Kind {
    pub(super) fn of(event_type: &str) -> Kind {
        if event_type == "build.complete" {
            return Kind::BuildCompleted;
        }
        match event_type.rsplit('.').next().unwrap_or_default() {
            "run-state-changed-event" => Kind::RunStateChanged,
            "stage-state-changed-event" => Kind::StageStateChanged,
            "job-state-changed-event" => Kind::JobStateChanged,
            "approval-pending" => Kind::CheckApprovalPending,
            "approval-completed" => Kind::CheckApprovalCompleted,
            "check-updated" => Kind::CheckUpdated,
            "release-created-event" => Kind::ReleaseCreated,
            "release-abandoned-event" => Kind::ReleaseAbandoned,
            "deployment-started-event" => Kind::DeploymentStarted,
            "deployment-completed-event" => Kind::DeploymentCompleted,
            "deployment-approval-pending-event" => Kind::DeploymentApprovalPending,
            "deployment-approval-completed-event" => Kind::DeploymentApprovalCompleted,
            _ => Kind::Unknown,
        }
    }

    /// Whether the event is one of classic releases.
    pub fn is_release(self) -> bool {
        matches!(
            self,
            Kind::ReleaseCreated
                | Kind::ReleaseAbandoned
                | Kind::DeploymentStarted
                | Kind::DeploymentCompleted
                | Kind::DeploymentApprovalPending
                | Kind::DeploymentApprovalCompleted
        )
    }
}

impl Kind {
    /// Whether badges follow from the event.
    pub fn is_deployment(self) -> bool {
        matches!(
            self,
            Kind::DeploymentStarted | Kind::DeploymentCompleted | Kind::StageStateChanged
        )
    }
}

/// An event with what is read of its resource.
#[derive(Debug, Clone)]
pub enum Event {
    BuildCompleted(BuildCompleted),
    RunStateChanged(RunState),
    /// A run and the stage of it.
    StageStateChanged(RunState, Stage),
    /// A run, the stage and the job of it.
    JobStateChanged(RunState, Stage, Job),
    CheckApproval(CheckApproval),
    ReleaseChanged(ReleaseChanged),
    DeploymentStarted(Deployed),
    DeploymentCompleted(Deployed),
    DeploymentApproval(Approval),
    /// The subscription sends minimal details of the resource, or none: all that is known is the id
    /// of the run, build or release.
    Undetailed(Option<i64>),
    /// The resource is not what the type promises; why.
    Unreadable(String),
    Unknown,
}

/// A completed build, of either version of the resource.
#[derive(Debug, Clone, Default)]
pub struct BuildCompleted {
    pub id: i64,
    pub build_number: String,
    /// `succeeded`, `partiallySucceeded`, `failed`, `canceled`, `stopped`, …
    pub result: String,
    pub reason: String,
    pub definition_id: Option<i64>,
    pub definition: String,
    pub project: ProjectRef,
    /// With `refs/…` as sent.
    pub source_branch: String,
    pub source_version: String,
    /// Nanoseconds since 1970, as the next two.
    pub queue_time: Option<i64>,
    pub start_time: Option<i64>,
    pub finish_time: Option<i64>,
    /// The whole build, of version 2.0.
    pub build: Option<Box<Build>>,
}

/// A run of a YAML pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunState {
    pub run: Run,
    pub pipeline_id: Option<i64>,
    pub pipeline: String,
    /// The folder, beginning with `\`.
    pub folder: String,
}

/// What is said of a run. Its id is that of the build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    pub name: String,
    /// `inProgress`, `canceling`, `completed`.
    pub state: String,
    /// `''` until completed: `succeeded`, `failed`, `canceled`.
    pub result: String,
    /// Nanoseconds since 1970.
    pub created_date: Option<i64>,
    pub finished_date: Option<i64>,
    /// The page of the run.
    pub web_url: String,
}

/// A stage of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stage {
    /// The Timeline's record.
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub attempt: Option<i64>,
    /// `notStarted`, `waiting`, `running`, `completed`.
    pub state: String,
    /// `succeeded`, `failed`, `canceled`, `rejected`, `skipped`; `''` until completed.
    pub result: String,
    /// Nanoseconds since 1970.
    pub start_time: Option<i64>,
    pub finish_time: Option<i64>,
}

/// A job of a stage; as a stage, with states `waiting`, `running`, `completed`.
pub type Job = Stage;

/// An approval that a run waits for, or its check as it was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckApproval {
    pub approval_id: String,
    /// `pending`, `approved`, `rejected`, …
    pub status: String,
    /// What is protected: `environment`, `queue`, …
    pub resource_type: String,
    pub resource_name: String,
    pub run_id: Option<i64>,
    pub stage_name: String,
    pub attempt: Option<i64>,
    pub pipeline_id: Option<i64>,
    pub pipeline: String,
    /// Nanoseconds since 1970.
    pub created_on: Option<i64>,
    pub last_modified_on: Option<i64>,
}

/// A release that was created or abandoned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReleaseChanged {
    pub release: Release,
    /// `active`, `abandoned`, …
    pub status: String,
    pub definition: Reference,
    pub project: ProjectRef,
}

/// A deployment that started or completed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Deployed {
    /// What the collector's list would have of it; its environment has the status and the time that
    /// only hooks send. The id is 0 when the sender told none (older ones, and of deployments that
    /// only started).
    pub deployment: Deployment,
    pub project: ProjectRef,
    /// The page of the release.
    pub web_url: String,
}

/// An approval of a deployment of a classic release.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Approval {
    pub id: Option<i64>,
    /// `pending`, `approved`, `rejected`, …
    pub status: String,
    /// `preDeploy`, `postDeploy`, …
    pub approval_type: String,
    pub attempt: Option<i64>,
    pub release: Release,
    pub definition: Reference,
    pub environment: Environment,
    pub project: ProjectRef,
    /// Nanoseconds since 1970.
    pub created_on: Option<i64>,
    pub modified_on: Option<i64>,
}

impl Event {
    /// Reads the resource of an event.
    pub(super) fn read(kind: Kind, resource: &Value) -> Event {
        let essential = match kind {
            Kind::Unknown => return Event::Unknown,
            // Both versions of builds have it, minimal details do not.
            Kind::BuildCompleted => "buildNumber",
            Kind::RunStateChanged => "run",
            Kind::StageStateChanged => "stage",
            Kind::JobStateChanged => "job",
            // Of a check that is no approval nothing more is known.
            Kind::CheckUpdated if resource["approval"].is_null() => return Event::Unknown,
            Kind::CheckApprovalPending | Kind::CheckApprovalCompleted | Kind::CheckUpdated => {
                "approval"
            }
            Kind::ReleaseCreated | Kind::ReleaseAbandoned => "release",
            Kind::DeploymentStarted | Kind::DeploymentCompleted => "environment",
            Kind::DeploymentApprovalPending | Kind::DeploymentApprovalCompleted => "approval",
        };
        if resource[essential].is_null() {
            return Event::Undetailed(fields::number(&resource["id"]));
        }
        let read = match kind {
            Kind::BuildCompleted => build(resource).map(Event::BuildCompleted),
            Kind::RunStateChanged => Ok(Event::RunStateChanged(run_state(resource))),
            Kind::StageStateChanged => {
                Ok(Event::StageStateChanged(run_state(resource), stage(&resource["stage"])))
            }
            Kind::JobStateChanged => Ok(Event::JobStateChanged(
                run_state(resource),
                stage(&resource["stage"]),
                stage(&resource["job"]),
            )),
            Kind::CheckApprovalPending | Kind::CheckApprovalCompleted | Kind::CheckUpdated => {
                Ok(Event::CheckApproval(check_approval(resource)))
            }
            Kind::ReleaseCreated | Kind::ReleaseAbandoned => {
                release_changed(resource).map(Event::ReleaseChanged)
            }
            Kind::DeploymentStarted => deployed(resource).map(Event::DeploymentStarted),
            Kind::DeploymentCompleted => deployed(resource).map(Event::DeploymentCompleted),
            Kind::DeploymentApprovalPending | Kind::DeploymentApprovalCompleted => {
                approval(resource).map(Event::DeploymentApproval)
            }
            Kind::Unknown => Ok(Event::Unknown),
        };
        read.unwrap_or_else(|error| Event::Unreadable(format!("the resource is odd: {error}")))
    }

    /// The build (or run) the event is about.
    pub fn build_id(&self, kind: Kind) -> Option<i64> {
        let id = match self {
            Event::BuildCompleted(build) => Some(build.id),
            Event::RunStateChanged(state)
            | Event::StageStateChanged(state, _)
            | Event::JobStateChanged(state, ..) => Some(state.run.id),
            Event::CheckApproval(approval) => approval.run_id,
            Event::Undetailed(id) if !kind.is_release() => *id,
            _ => None,
        };
        id.filter(|id| *id != 0)
    }

    /// Id and name of the definition (of a build, pipeline or release) the event is about; none
    /// and `''` when it is not said.
    pub fn definition(&self) -> (Option<i64>, &str) {
        match self {
            Event::BuildCompleted(build) => (build.definition_id, &build.definition),
            Event::RunStateChanged(state)
            | Event::StageStateChanged(state, _)
            | Event::JobStateChanged(state, ..) => (state.pipeline_id, &state.pipeline),
            Event::CheckApproval(approval) => (approval.pipeline_id, &approval.pipeline),
            Event::ReleaseChanged(changed) => (changed.definition.id, &changed.definition.name),
            Event::DeploymentStarted(deployed) | Event::DeploymentCompleted(deployed) => {
                let definition = &deployed.deployment.release_definition;
                (definition.id, &definition.name)
            }
            Event::DeploymentApproval(approval) => {
                (approval.definition.id, &approval.definition.name)
            }
            Event::Undetailed(_) | Event::Unreadable(_) | Event::Unknown => (None, ""),
        }
    }

    /// The classic release the event is about.
    pub fn release_id(&self, kind: Kind) -> Option<i64> {
        match self {
            Event::ReleaseChanged(changed) => changed.release.id,
            Event::DeploymentStarted(deployed) | Event::DeploymentCompleted(deployed) => {
                deployed.deployment.release.id
            }
            Event::DeploymentApproval(approval) => approval.release.id,
            Event::Undetailed(id) if kind.is_release() => *id,
            _ => None,
        }
    }
}

type Read<T> = Result<T, serde_json::Error>;

fn build(resource: &Value) -> Read<BuildCompleted> {
    let build: Build = part(resource)?.unwrap_or_default();
    // Version 1.0: `LG:refs/heads/main:600c52d2…`, and the result as the status.
    let source = fields::text(&resource["sourceGetVersion"]);
    let mut source = source.split(':').skip(1);
    let is_old = build.result.is_empty() && resource["sourceGetVersion"].is_string();
    let or = |new: &str, old: Option<&str>| match new {
        "" => old.unwrap_or_default().to_owned(),
        new => new.to_owned(),
    };
    Ok(BuildCompleted {
        id: build.id,
        build_number: build.build_number.clone(),
        result: if is_old { build.status.clone() } else { build.result.clone() },
        reason: build.reason.clone(),
        definition_id: build.definition.id,
        definition: build.definition.name.clone(),
        project: build.project.clone(),
        source_branch: or(&build.source_branch, source.next()),
        source_version: or(&build.source_version, source.next()),
        queue_time: build.queue_time,
        start_time: build.start_time,
        finish_time: build.finish_time,
        build: (!is_old).then(|| Box::new(build)),
    })
}

fn run_state(resource: &Value) -> RunState {
    let run = &resource["run"];
    // Both places have it; the run's own is missing in none that was seen.
    let pipeline = match run["pipeline"].is_null() {
        true => &resource["pipeline"],
        false => &run["pipeline"],
    };
    RunState {
        run: Run {
            id: fields::number(&run["id"]).unwrap_or_default(),
            name: fields::text(&run["name"]),
            state: fields::text(&run["state"]),
            result: fields::text(&run["result"]),
            created_date: fields::time(&run["createdDate"]),
            finished_date: fields::time(&run["finishedDate"]),
            web_url: fields::text(&run["_links"]["web"]["href"]),
        },
        pipeline_id: fields::number(&pipeline["id"]),
        pipeline: fields::text(&pipeline["name"]),
        folder: fields::text(&pipeline["folder"]),
    }
}

fn stage(stage: &Value) -> Stage {
    Stage {
        id: fields::text(&stage["id"]),
        name: fields::text(&stage["name"]),
        display_name: fields::text(&stage["displayName"]),
        attempt: fields::number(&stage["attempt"]),
        state: fields::text(&stage["state"]),
        result: fields::text(&stage["result"]),
        start_time: fields::time(&stage["startTime"]),
        finish_time: fields::time(&stage["finishTime"]),
    }
}

fn check_approval(resource: &Value) -> CheckApproval {
    let approval = &resource["approval"];
    let run_id = [&resource["run"]["id"], &resource["id"]];
    CheckApproval {
        approval_id: fields::text(&approval["id"]),
        status: fields::text(&approval["status"]),
        resource_type: fields::text(&resource["resource"]["type"]),
        resource_name: fields::text(&resource["resource"]["name"]),
        run_id: run_id.into_iter().find_map(fields::number),
        stage_name: fields::text(&resource["stageName"]),
        attempt: fields::number(&resource["attemptId"]),
        pipeline_id: fields::number(&resource["pipeline"]["id"]),
        pipeline: fields::text(&resource["pipeline"]["name"]),
        created_on: fields::time(&approval["createdOn"]),
        last_modified_on: fields::time(&approval["lastModifiedOn"]),
    }
}

fn release_changed(resource: &Value) -> Read<ReleaseChanged> {
    let release = &resource["release"];
    Ok(ReleaseChanged {
        release: part(release)?.unwrap_or_default(),
        status: fields::text(&release["status"]),
        definition: part(&release["releaseDefinition"])?.unwrap_or_default(),
        project: part(&resource["project"])?.unwrap_or_default(),
    })
}

fn approval(resource: &Value) -> Read<Approval> {
    let approval = &resource["approval"];
    Ok(Approval {
        id: fields::number(&approval["id"]),
        status: fields::text(&approval["status"]),
        approval_type: fields::text(&approval["approvalType"]),
        attempt: fields::number(&approval["attempt"]),
        release: part(&resource["release"])?.or(part(&approval["release"])?).unwrap_or_default(),
        definition: part(&approval["releaseDefinition"])?.unwrap_or_default(),
        environment: part(&approval["releaseEnvironment"])?.unwrap_or_default(),
        project: part(&resource["project"])?.unwrap_or_default(),
        created_on: fields::time(&approval["createdOn"]),
        modified_on: fields::time(&approval["modifiedOn"]),
    })
}

/// Puts the deployment together from its own part, which older senders leave out, and from the
/// environment, which has what the deployment's part does not.
fn deployed(resource: &Value) -> Read<Deployed> {
    let environment = &resource["environment"];
    let mut deployment: Deployment = match part(&resource["deployment"])? {
        Some(deployment) => deployment,
        None => from_steps(environment),
    };
    deployment.release_environment = part(environment)?.unwrap_or_default();
    let of_environment: Release = part(&environment["release"])?.unwrap_or_default();
    if deployment.release.id.is_none() {
        deployment.release = of_environment;
        deployment.release.id =
            deployment.release.id.or_else(|| fields::number(&environment["releaseId"]));
    }
    let definitions = [
        &environment["releaseDefinition"],
        &resource["release"]["releaseDefinition"],
        &resource["deployment"]["releaseDefinition"],
    ];
    for definition in definitions {
        let known = &mut deployment.release_definition;
        let other: Reference = part(definition)?.unwrap_or_default();
        known.id = known.id.or(other.id);
        for (known, other) in [(&mut known.name, other.name), (&mut known.path, other.path)] {
            if known.is_empty() {
                *known = other;
            }
        }
    }
    deployment.definition_environment_id = deployment
        .definition_environment_id
        .or_else(|| fields::number(&environment["definitionEnvironmentId"]));
    deployment.attempt =
        deployment.attempt.or_else(|| fields::number(&resource["attemptId"])).or(Some(1));
    let pages = [
        &environment["release"]["_links"]["web"]["href"],
        &resource["release"]["_links"]["web"]["href"],
        &resource["deployment"]["release"]["webAccessUri"],
    ];
    Ok(Deployed {
        deployment,
        project: part(&resource["project"])?.unwrap_or_default(),
        web_url: pages
            .into_iter()
            .map(fields::text)
            .find(|url| !url.is_empty())
            .unwrap_or_default(),
    })
}

/// What the newest step of an environment tells of a deployment.
fn from_steps(environment: &Value) -> Deployment {
    let steps = environment["deploySteps"].as_array().map(Vec::as_slice).unwrap_or_default();
    let newest = steps.iter().max_by_key(|step| fields::number(&step["attempt"]));
    let Some(step) = newest else { return Deployment::default() };
    Deployment {
        id: fields::number(&step["deploymentId"]).unwrap_or_default(),
        attempt: fields::number(&step["attempt"]),
        reason: fields::text(&step["reason"]),
        deployment_status: fields::text(&step["status"]),
        operation_status: fields::text(&step["operationStatus"]),
        queued_on: fields::time(&step["queuedOn"]),
        last_modified_on: fields::time(&step["lastModifiedOn"]),
        ..Deployment::default()
    }
}
