//! What follows from an event: a row of deployments, a badge, a build to collect
//! (spec azure-devops.md §8.5 rule 6).
//!
//! Invariant: doing it twice, or in another order, comes to the same.

use azdo::hook::{Delivery, Event, Kind};
use azdo::release_badge::NoBadge;
use model::time::SECOND;
use model::{AppId, Batch};
use serde::{Deserialize, Serialize};

use super::sample;
use super::scope::{Outside, project_name};
use crate::app::App;
use crate::badges::plan::{Plan, Unheard};
use crate::collector::line::Line;
use crate::keys::Key;

/// What would make the events of a key more useful.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Hint {
    #[default]
    None,
    /// The subscription leaves out what badges are made of.
    Details,
    /// The sender is too old to name definitions.
    OldSender,
    /// Events came of projects the key is not for.
    OtherProject,
    OtherDefinition,
    OtherType,
}

impl Hint {
    /// For people; `''` when there is nothing to do.
    pub fn text(self) -> &'static str {
        match self {
            Hint::None => "",
            Hint::Details => "set \"resource details to send\" to \"all\" in the subscription",
            Hint::OldSender => "the sender names no release definition: update the server",
            Hint::OtherProject => "events came of projects this key is not for",
            Hint::OtherDefinition => "events came of definitions this key is not for",
            Hint::OtherType => "events came of types this key is not for",
        }
    }
}

/// What an event came to.
#[derive(Debug, Default)]
pub struct Effects {
    /// The row of deployments.
    pub deployment: Option<Batch>,
    /// The id of the badge that heard of it.
    pub badge: Option<String>,
    /// Project and number of a build that has ended.
    pub build: Option<(String, i64)>,
    /// What the event tells of its subscription, if anything.
    pub hint: Option<Hint>,
    /// Why nothing more followed; `''` when all is well.
    pub error: String,
    pub is_processed: bool,
    /// Whether the event is out of its key's scope.
    pub is_outside: bool,
}

/// The source whose collection sent a delivery.
pub fn source<'a>(app: &'a App, delivery: &Delivery) -> Option<&'a Line> {
    let addresses: Vec<&str> = delivery.envelope.addresses.iter().map(String::as_str).collect();
    app.collectors.by_addresses(&addresses).map(|line| &**line)
}

/// Where rows belong: to the first application the key lists, else to that of the source, which
/// has the rows of its builds, else to the default one.
pub fn application(app: &App, key: Option<&Key>, line: Option<&Line>) -> AppId {
    let listed = key.and_then(|key| key.document.applications.as_ref()?.first().copied());
    let of_source = || app.apps.by_name_or_id(&line?.source.application).map(|a| a.app_id());
    let default = || app.apps.default().map(|found| found.app_id());
    listed.map(AppId).or_else(of_source).or_else(default).unwrap_or(AppId(0))
}

/// Works out what follows from a delivery that is not `outside` of its key's scope; badges are told
/// through `plan`. `number`: how many deployments had a row before.
pub fn of(
    delivery: &Delivery,
    outside: Option<Outside>,
    line: Option<&Line>,
    received_at: i64,
    number: u64,
    plan: &mut Plan,
) -> Effects {
    if let Some(outside) = outside {
        let hint = match &outside {
            Outside::Project(_) => Some(Hint::OtherProject),
            Outside::Definition(_) => Some(Hint::OtherDefinition),
            Outside::Type(_) => Some(Hint::OtherType),
            Outside::Key => None,
        };
        let error = outside.text().to_owned();
        return Effects { hint, error, is_outside: true, ..Effects::default() };
    }
    let mut effects = Effects { is_processed: true, ..Effects::default() };
    match plan.hear_delivery(delivery, received_at) {
        Ok(heard) => {
            effects.badge = Some(heard.id);
            effects.hint = Some(Hint::None);
        }
        Err(unheard) => {
            effects.hint = hint(unheard);
            if effects.hint.is_some() || is_fault(unheard) {
                effects.error = unheard.to_string();
            }
        }
    }
    if delivery.envelope.publisher_id != sample::PUBLISHER {
        match deployment(delivery, line, received_at, number) {
            Ok(row) => effects.deployment = row,
            Err(error) => effects.error = error,
        }
    }
    effects.build = build(delivery);
    effects
}

fn hint(unheard: Unheard) -> Option<Hint> {
    match unheard {
        Unheard::NoBadge(NoBadge::Undetailed) => Some(Hint::Details),
        Unheard::NoBadge(NoBadge::NoDefinition) => Some(Hint::OldSender),
        _ => None,
    }
}

/// Whether somebody would have expected a badge.
fn is_fault(unheard: Unheard) -> bool {
    !matches!(
        unheard,
        Unheard::NoBadge(
            // The row of an unreadable event has the reason itself.
            NoBadge::OtherEvent | NoBadge::NotEnded | NoBadge::Skipped | NoBadge::Unreadable
        )
    )
}

/// The row of a deployment. Its time is the second in which the deployment was last changed, so
/// that of two events the later one is seen in whatever order they come, and what the collector
/// reads afterwards is newer still; within the second rows are told apart by their number, since
/// of two with one time both would be seen.
fn deployment(
    delivery: &Delivery,
    line: Option<&Line>,
    received_at: i64,
    number: u64,
) -> Result<Option<Batch>, String> {
    let Event::DeploymentCompleted(deployed) = &delivery.event else { return Ok(None) };
    let changed = deployed.deployment.last_modified_on.or(delivery.envelope.created_date);
    let changed = changed.unwrap_or(received_at).min(received_at);
    let within = i64::try_from(number % SECOND.unsigned_abs()).unwrap_or(0);
    let at = changed.div_euclid(SECOND) * SECOND + within;
    let mut named = delivery.clone();
    if let Some(line) = line {
        // As the collector calls it.
        named.envelope.organization = line.source.name.clone();
    }
    named.deployment_row(at).map_err(|error| error.to_string())
}

fn build(delivery: &Delivery) -> Option<(String, i64)> {
    let has_ended = match &delivery.event {
        Event::BuildCompleted(_) => true,
        Event::RunStateChanged(state) => state.run.state.eq_ignore_ascii_case("completed"),
        Event::Undetailed(_) => delivery.kind == Kind::BuildCompleted,
        _ => false,
    };
    let id = delivery.event.build_id(delivery.kind).filter(|id| *id > 0 && has_ended)?;
    let project = match project_name(&delivery.event) {
        "" => delivery.envelope.project_id.as_str(),
        name => name,
    };
    (!project.is_empty()).then(|| (project.to_owned(), id))
}
