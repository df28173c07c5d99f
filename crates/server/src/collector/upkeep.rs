//! What else a source's token is good for while the server runs: which badges are orphans, and how
//! the subscriptions fare that post here (spec azure-devops.md §8.6).
//!
//! Invariant: nothing of it delays the collection, or fails it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use azdo::client::Project;
use azdo::client::definitions::Definition;
use azdo::release_badge::Sort;
use serde::{Deserialize, Serialize};
use store::Write;

use super::line::Line;
use super::source::SourceCollector;
use super::transport::Stop;
use crate::app::{App, now};
use crate::badges::orphans::Existing;
use crate::hooks::subscriptions::{self, Change};
use crate::settings::sources::Token;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(1);
/// The first pass goes first, for so long.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// What failed is tried again after this long, at least.
const FAILED_WAIT: Duration = Duration::from_secs(15 * 60);

/// What is remembered of a source, `upkeep/<source>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Memory {
    /// Ids of projects that were listed once, in lower case.
    projects: BTreeSet<String>,
    /// When badges were last compared, nanoseconds since 1970.
    compared: i64,
}

/// Looks after a source until the end is told.
pub fn run(app: &App, line: &Line, stop: &Arc<Stop>) {
    let started = Instant::now();
    let interval = Duration::from_nanos(u64::try_from(line.source.interval_ns).unwrap_or(0));
    let has_token = !matches!(line.source.token, Token::Anonymous);
    let [mut subscriptions_due, mut badges_due] = [started; 2];
    while !stop.wait(LOOK) {
        let has_passed = line.health().succeeded_ns > 0 || started.elapsed() > FIRST_WAIT;
        let Some(collector) = line.collector.get().filter(|_| has_passed) else { continue };
        if has_token && Instant::now() >= subscriptions_due {
            let is_good = check_subscriptions(app, line, collector);
            let wait = if is_good { interval } else { interval.max(FAILED_WAIT) };
            subscriptions_due = Instant::now() + wait;
        }
        if Instant::now() >= badges_due {
            let wait = match compare_badges(app, line, collector) {
                Ok(()) => LOOK,
                Err(reason) => {
                    let source = line.source.name.as_str();
                    tracing::warn!(source, reason, "badges cannot be compared with definitions");
                    FAILED_WAIT
                }
            };
            badges_due = Instant::now() + wait;
        }
    }
}

/// Asks for the subscriptions and tells what has changed; whether they could be asked for.
fn check_subscriptions(app: &App, line: &Line, collector: &SourceCollector) -> bool {
    let (client, source) = (collector.client(), line.source.name.as_str());
    let known = &app.hooks.subscriptions;
    let asked = client.subscriptions().and_then(|all| {
        // Names are for people; without any of ours nobody needs them.
        let public_url = app.settings.access.public_url.as_deref();
        match subscriptions::ours(&all, &[], public_url).is_empty() {
            true => Ok(Vec::new()),
            false => Ok(subscriptions::ours(&all, &client.projects()?, public_url)),
        }
    });
    let (changes, stored) = match asked {
        Ok(all) => known.take(source, all, now(), &app.store),
        Err(error) => {
            if known.fail(source, error.to_string()) && !app.collectors.stop.is_set() {
                tracing::warn!(source, %error, "the subscriptions of hooks cannot be looked at");
            }
            return false;
        }
    };
    changes.iter().for_each(|change| tell(source, change));
    if let Err(error) = stored {
        tracing::error!(%error, "the state of subscriptions cannot be written");
    }
    true
}

fn tell(source: &str, change: &Change) {
    let (seen, before) = (&change.seen, change.before.as_str());
    let (id, project, event) = (&seen.id, &seen.project, &seen.event_type);
    let status = seen.status.as_str();
    if seen.is_ill() {
        tracing::error!(
            source,
            project,
            event,
            id,
            status,
            before,
            "a subscription of hooks needs attention: on probation it loses events; one that was \
             disabled by the system is made again by `telltale hooks subscribe --repair`"
        );
    } else if !before.is_empty() {
        tracing::warn!(source, project, event, id, status, before, "a subscription has changed");
    }
}

/// Compares the badges of the organisation with what it has, when that is due.
fn compare_badges(app: &App, line: &Line, collector: &SourceCollector) -> Result<(), String> {
    let document = format!("upkeep/{}", line.source.name);
    let memory = app.store.document(&document);
    let memory = memory.and_then(|bytes| serde_json::from_slice::<Memory>(&bytes).ok());
    let mut memory = memory.unwrap_or_default();
    let started = now();
    if started < memory.compared.saturating_add(line.source.reconcile_every_ns) {
        return Ok(());
    }
    let core = &line.source.hosts.core;
    let organization = azdo::hook::organization_of(core).unwrap_or(line.source.name.clone());
    let organization = organization.to_lowercase();
    let shown = shown(app, &organization);
    // Without badges there is nothing to compare, and the next one is compared soon.
    if shown.is_empty() {
        return Ok(());
    }
    let projects = collector.client().projects().map_err(|error| error.to_string())?;
    let mut existing = Existing::default();
    for (project_id, sort) in shown {
        match projects.iter().find(|project| project.id.eq_ignore_ascii_case(&project_id)) {
            Some(project) => add(&mut existing, collector, project, sort),
            None if memory.projects.contains(&project_id) => {
                existing.gone_projects.insert(project_id);
            }
            // Perhaps the token never saw it.
            None => {}
        }
    }
    memory.projects.extend(projects.iter().map(|project| project.id.to_lowercase()));
    memory.compared = started;
    let mut plan = app.badges.plan_blocking();
    let [marked, cleared] = plan.mark_orphans(&organization, &existing, started);
    let mut documents = plan.documents();
    documents.push((document, serde_json::to_vec(&memory).ok()));
    let written = app.store.append_blocking(Write { rows: Vec::new(), documents });
    written.map_err(|error| error.to_string())?;
    app.badges.publish(plan).map_err(|error| error.to_string())?;
    if marked + cleared > 0 {
        let source = line.source.name.as_str();
        tracing::warn!(
            source,
            marked,
            cleared,
            "badges are marked whose definition or environment is gone: see `telltale badge list`; \
             `telltale badge clean` removes them"
        );
    }
    Ok(())
}

/// Projects (ids in lower case) and sorts an organisation has badges of.
fn shown(app: &App, organization: &str) -> BTreeSet<(String, Sort)> {
    let entries = app.badges.entries();
    let keys = entries.iter().filter_map(|entry| entry.document()).map(|document| &document.key);
    keys.filter(|key| key.organization == organization && !key.project_id.is_empty())
        .map(|key| (key.project_id.clone(), key.sort))
        .collect()
}

/// Adds the definitions of a project. What cannot be listed is not judged.
fn add(existing: &mut Existing, collector: &SourceCollector, project: &Project, sort: Sort) {
    let client = collector.client();
    let listed: Result<Vec<Definition>, _> = match sort {
        Sort::Release => client.release_definitions(&project.id),
        Sort::Stage => client.build_definitions(&project.id),
    };
    match listed {
        Ok(all) => existing.add(&project.id, sort, all),
        Err(error) => {
            let project = project.name.as_str();
            tracing::warn!(project, %error, "its badges are not compared with its definitions");
        }
    }
}
