//! What a release badge shows after all that was heard of its environment
//! (spec badges.md §4.1).
//!
//! A state keeps the newest of each sort of news it was told. Telling it something old, twice, or
//! in another order changes nothing, so deliveries may come as they like; what is shown is decided
//! from the state by a policy, which may change without hearing everything again.

mod path;
mod template;

use serde::{Deserialize, Serialize};

pub use path::{DefinitionName, readable_path, seed_path};
pub use template::{Template, TemplateError};

use crate::hook::{Delivery, Deployed, Event, RunState, Stage};
use crate::wire::{Deployment, ProjectRef};

/// Which badge: one per environment of a release definition, or stage of a pipeline.
///
/// Made of ids, which stay when things are renamed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BadgeKey {
    pub organization: String,
    /// A GUID.
    pub project_id: String,
    pub sort: Sort,
    pub definition_id: i64,
    /// The environment's id in the definition; the name of a stage.
    pub environment_id: String,
}

/// What is deployed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sort {
    /// A classic release.
    Release,
    /// A stage of a YAML pipeline.
    Stage,
}

/// How a deployment ended, or that it has not yet.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    #[default]
    Unknown,
    Deploying,
    Canceled,
    Failed,
    PartiallySucceeded,
    Succeeded,
}

impl Status {
    fn of(text: &str) -> Status {
        match text.to_ascii_lowercase().as_str() {
            "succeeded" => Status::Succeeded,
            "partiallysucceeded" => Status::PartiallySucceeded,
            "rejected" | "failed" => Status::Failed,
            "canceled" | "cancelled" => Status::Canceled,
            "inprogress" | "queued" | "running" => Status::Deploying,
            _ => Status::Unknown,
        }
    }

    fn is_good(self) -> bool {
        matches!(self, Status::Succeeded | Status::PartiallySucceeded)
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Deploying => "deploying",
            Status::Canceled => "canceled",
            Status::Failed => "failed",
            Status::PartiallySucceeded => "partially succeeded",
            Status::Succeeded => "succeeded",
        }
    }
}

/// One deployment as a badge can show it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct News {
    /// Of two, the one with the greater is newer. Releases: the deployment's id, its attempt, when
    /// it was changed. Stages: when they ended, the run's id, the attempt; an old run whose stage
    /// runs again is a roll-back, which is news.
    pub order: [i64; 3],
    pub attempt: i64,
    /// When it was last changed, or the news sent: nanoseconds since 1970.
    pub modified: Option<i64>,
    pub status: Status,
    pub release: String,
    pub definition: String,
    pub environment: String,
    pub project: String,
    /// The name of the primary artifact's version; the run's name.
    pub version: String,
    pub branch: String,
    pub commit: String,
    /// Nanoseconds since 1970, as the next.
    pub started: Option<i64>,
    pub completed: Option<i64>,
    /// The page of the release or run.
    pub web_url: String,
}

/// All that a badge remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BadgeState {
    /// The newest that succeeded, at least partially.
    pub good: Option<News>,
    /// The newest that ended.
    pub ended: Option<News>,
    /// The one that started last.
    pub started: Option<News>,
}

impl BadgeState {
    /// Hears of a deployment; whether that changed anything.
    pub fn hear(&mut self, news: News) -> bool {
        let before = self.clone();
        if news.status == Status::Deploying {
            // Releases that only started have no deployment's id to be compared by.
            if self.started.as_ref().is_none_or(|s| (s.modified, s) < (news.modified, &news)) {
                self.started = Some(news);
            }
            return *self != before;
        }
        if news.status.is_good() && self.good.as_ref() < Some(&news) {
            self.good = Some(news.clone());
        }
        if self.ended.as_ref() < Some(&news) {
            self.ended = Some(news);
        }
        *self != before
    }
}

/// Why an event changes no badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoBadge {
    #[error("the event is not about a deployment")]
    OtherEvent,
    #[error(
        "the subscription leaves out the resource: set \"resource details to send\" to \"all\""
    )]
    Undetailed,
    #[error("the resource is not what its event promises")]
    Unreadable,
    #[error("the sender names no release definition: its version of the event is too old")]
    NoDefinition,
    #[error("the stage has not ended")]
    NotEnded,
    #[error("the stage was skipped")]
    Skipped,
}

/// What a delivery tells of which badge.
///
/// # Errors
///
/// For deliveries no badge follows from, with the reason.
pub fn of_delivery(delivery: &Delivery) -> Result<(BadgeKey, News), NoBadge> {
    match &delivery.event {
        Event::DeploymentCompleted(deployed) => of_event(delivery, deployed, false),
        Event::DeploymentStarted(deployed) => of_event(delivery, deployed, true),
        Event::StageStateChanged(run, stage) => of_stage(delivery, run, stage),
        Event::Undetailed(_) if delivery.kind.is_deployment() => Err(NoBadge::Undetailed),
        Event::Unreadable(_) if delivery.kind.is_deployment() => Err(NoBadge::Unreadable),
        _ => Err(NoBadge::OtherEvent),
    }
}

/// What an entry of the list of deployments tells: how badges come to what was deployed before a
/// hook was there, or while it was not heard (spec azure-devops.md §8.6).
///
/// # Errors
///
/// For deployments that have not begun.
pub fn of_deployment(
    organization: &str,
    project: &ProjectRef,
    deployment: &Deployment,
) -> Result<(BadgeKey, News), NoBadge> {
    let operation = deployment.operation_status.to_ascii_lowercase();
    let status = match deployment.deployment_status.to_ascii_lowercase().as_str() {
        "notdeployed" | "failed" if operation.contains("cancel") => Status::Canceled,
        // An approval was refused, or something failed before the first step.
        "notdeployed" if operation.contains("reject") || operation.contains("fail") => {
            Status::Failed
        }
        "notdeployed" => return Err(NoBadge::NotEnded),
        _ => Status::of(&deployment.deployment_status),
    };
    let place = Place { organization, project_id: &project.id, project: &project.name };
    let web_url = &deployment.release.web_access_uri;
    of_release(place, deployment, status, deployment.last_modified_on, web_url)
}

/// Where a deployment belongs.
struct Place<'a> {
    organization: &'a str,
    project_id: &'a str,
    project: &'a str,
}

fn of_event(
    delivery: &Delivery,
    deployed: &Deployed,
    has_only_started: bool,
) -> Result<(BadgeKey, News), NoBadge> {
    let envelope = &delivery.envelope;
    let deployment = &deployed.deployment;
    let (status, modified) = match has_only_started {
        true => (Status::Deploying, envelope.created_date),
        false => (
            Status::of(&deployment.release_environment.status),
            deployment.last_modified_on.or(envelope.created_date),
        ),
    };
    let place = Place {
        organization: &envelope.organization,
        project_id: &envelope.project_id,
        project: &deployed.project.name,
    };
    of_release(place, deployment, status, modified, &deployed.web_url)
}

fn of_release(
    place: Place<'_>,
    deployment: &Deployment,
    status: Status,
    modified: Option<i64>,
    web_url: &str,
) -> Result<(BadgeKey, News), NoBadge> {
    let definition_id = deployment.release_definition.id.ok_or(NoBadge::NoDefinition)?;
    let environment = &deployment.release_environment;
    let artifacts = &deployment.release.artifacts;
    let primary = artifacts.iter().find(|a| a.is_primary == Some(true)).or(artifacts.first());
    let reference = |name: &str| primary.and_then(|a| a.definition_reference.get(name));
    let id = |name: &str| reference(name).map_or_else(String::new, |found| found.id.clone());
    let attempt = deployment.attempt.unwrap_or(1);
    let key = BadgeKey {
        organization: place.organization.to_owned(),
        project_id: place.project_id.to_owned(),
        sort: Sort::Release,
        definition_id,
        environment_id: match deployment.definition_environment_id {
            Some(id) => id.to_string(),
            None => environment.name.clone(),
        },
    };
    let news = News {
        order: [deployment.id, attempt, modified.unwrap_or_default()],
        attempt,
        modified,
        status,
        release: deployment.release.name.clone(),
        definition: deployment.release_definition.name.clone(),
        environment: environment.name.clone(),
        project: place.project.to_owned(),
        version: reference("version").map_or_else(String::new, |version| version.name.clone()),
        branch: short_branch(&id("branch")),
        commit: id("sourceVersion"),
        started: deployment.started_on,
        completed: deployment.completed_on,
        web_url: web_url.to_owned(),
    };
    Ok((key, news))
}

fn of_stage(
    delivery: &Delivery,
    state: &RunState,
    stage: &Stage,
) -> Result<(BadgeKey, News), NoBadge> {
    let definition_id = state.pipeline_id.ok_or(NoBadge::NoDefinition)?;
    let status = match (stage.state.as_str(), stage.result.as_str()) {
        (_, "skipped") => return Err(NoBadge::Skipped),
        ("completed", result) => Status::of(result),
        ("running", _) => Status::Deploying,
        _ => return Err(NoBadge::NotEnded),
    };
    let attempt = stage.attempt.unwrap_or(1);
    let modified = match status {
        Status::Deploying => delivery.envelope.created_date,
        _ => stage.finish_time.or(delivery.envelope.created_date),
    };
    let news = News {
        order: [modified.unwrap_or_default(), state.run.id, attempt],
        attempt,
        modified,
        status,
        release: state.run.name.clone(),
        definition: state.pipeline.clone(),
        environment: match stage.display_name.as_str() {
            "" => stage.name.clone(),
            name => name.to_owned(),
        },
        project: String::new(),
        version: state.run.name.clone(),
        branch: String::new(),
        commit: String::new(),
        started: stage.start_time,
        completed: stage.finish_time,
        web_url: state.run.web_url.clone(),
    };
    let key = BadgeKey {
        organization: delivery.envelope.organization.clone(),
        project_id: delivery.envelope.project_id.clone(),
        sort: Sort::Stage,
        definition_id,
        environment_id: stage.name.clone(),
    };
    Ok((key, news))
}

fn short_branch(branch: &str) -> String {
    branch.strip_prefix("refs/heads/").unwrap_or(branch).to_owned()
}

/// Which deployments a badge shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shows {
    /// The newest that succeeded: what runs. A failure leaves the badge as it is.
    #[default]
    Succeeded,
    /// The newest, however it ended.
    All,
    /// What runs, orange while a newer deployment has failed.
    Running,
}

/// What a badge's owner chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    pub shows: Shows,
    /// Show that a newer deployment is on its way.
    pub shows_started: bool,
    /// Write `failed` behind the release when it has.
    pub shows_status: bool,
    /// Canceled deployments in red, as the older generator had them.
    pub has_seed_colors: bool,
    /// The name of the definition when not given.
    pub label: Option<Template>,
    /// The name of the release when not given.
    pub message: Option<Template>,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub label: String,
    pub message: String,
    /// The name of a badge colour.
    pub color: &'static str,
    /// The page of what is shown, or `''`.
    pub link: String,
}

/// The fields of templates with what they say now: of the deployment that is shown, and of none
/// before there is one.
pub fn fields(state: &BadgeState, policy: &Policy) -> Vec<(&'static str, String)> {
    match shown_news(state, policy) {
        Some(news) => template::values(news),
        None => template::values(&News::default()).into_iter().map(without_value).collect(),
    }
}

fn without_value((name, _): (&'static str, String)) -> (&'static str, String) {
    (name, String::new())
}

/// The deployment a badge shows.
fn shown_news<'a>(state: &'a BadgeState, policy: &Policy) -> Option<&'a News> {
    let ended = match policy.shows {
        Shows::All => state.ended.as_ref(),
        Shows::Succeeded | Shows::Running => state.good.as_ref(),
    };
    let started = state.started.as_ref().filter(|started| {
        let newest = state.ended.as_ref().and_then(|ended| ended.modified);
        policy.shows_started && started.modified > newest
    });
    started.or(ended)
}

/// What a badge shows. `label` is for a badge of which nothing was heard yet.
pub fn shown(state: &BadgeState, policy: &Policy, label: &str) -> Shown {
    let Some(news) = shown_news(state, policy) else {
        let message = "never deployed".to_owned();
        return Shown { label: label.to_owned(), message, color: "lightgrey", link: String::new() };
    };
    let filled = |template: &Option<Template>, default: &str| match template {
        Some(template) => template.fill(news),
        None => default.to_owned(),
    };
    let mut message = filled(&policy.message, &news.release);
    let says = match news.status {
        Status::Deploying => true,
        Status::Failed | Status::Canceled => policy.shows_status,
        _ => false,
    };
    if says {
        message = format!("{message} {}", news.status.word());
    }
    let is_overtaken = policy.shows == Shows::Running
        && state.ended.as_ref().is_some_and(|ended| ended.status == Status::Failed);
    Shown {
        label: filled(&policy.label, &news.definition),
        message,
        color: match news.status {
            Status::Succeeded | Status::PartiallySucceeded if is_overtaken => "orange",
            status => color(status, policy.has_seed_colors),
        },
        link: news.web_url.clone(),
    }
}

fn color(status: Status, has_seed_colors: bool) -> &'static str {
    match status {
        Status::Succeeded => "brightgreen",
        Status::PartiallySucceeded => "yellow",
        Status::Failed => "red",
        Status::Canceled if has_seed_colors => "red",
        Status::Deploying => "blue",
        Status::Canceled | Status::Unknown => "lightgrey",
    }
}

#[cfg(test)]
mod tests;
