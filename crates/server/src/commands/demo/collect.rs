//! The demonstration's organisation into the store, by the collector.

use std::sync::Arc;

use azdo::client::{Client, Credentials, Hosts, Options, RETRIES, Transport};
use azdo::collect::{Collector, Globs, Images, Logs, People, Plan, Unwatched};
use azdo::rows::Tests;
use model::time::HOUR;
use store::Store;

use super::calendar::{DAY, MINUTE};
use super::organization::layout::{ORGANIZATION, PROJECTS};
use super::organization::service::BASE;
use super::organization::{Service, World};
use super::{Failure, Span};
use crate::apps::{Application, Apps};
use crate::collector::sink::StoreSink;
use crate::collector::source::USER_AGENT;
use crate::settings::Settings;

/// Answers larger than this are refused; none is.
const BODY_BYTES_MAX: u64 = 64 << 20;

/// Collects whenever something new is there, as a server that looks every five minutes would.
/// Gives how many builds were stored.
///
/// # Errors
/// When a pass failed, with its reason.
pub fn fill(
    world: &Arc<World>,
    span: Span,
    (store, apps): (&Arc<Store>, &Arc<Apps>),
    application: &Application,
    settings: &Settings,
) -> Result<u64, Failure> {
    let service = Service::new(Arc::clone(world), span.begin, span.end);
    let options = Options {
        hosts: Hosts::of(BASE, None).map_err(Failure::new)?,
        credentials: Credentials::Anonymous,
        concurrency: 2,
        api_version: "5.0".to_owned(),
        body_bytes_max: BODY_BYTES_MAX,
        user_agent: USER_AGENT.to_owned(),
        retries: RETRIES,
    };
    let limits = settings.query.clone();
    let sink = StoreSink::new(
        Arc::clone(store),
        Arc::clone(apps),
        application.app_id(),
        limits,
        Arc::default(),
        true,
    );
    let client = Client::new(service.clone(), options);
    let collector = Collector::new(client, sink, plan(settings, store, span)?);
    let mut moments: Vec<(i64, usize)> = Vec::new();
    for project in 0..PROJECTS.len() {
        moments.extend(world.news(project, span.end).into_iter().map(|at| (at, project)));
        moments.push((span.end, project));
    }
    moments.sort_unstable();
    let mut stored = 0;
    for (at, project) in moments {
        service.set_now(at);
        for run in collector.pass(PROJECTS[project], None, &Unwatched) {
            if run.failure.is_some() || run.failed > 0 {
                return Err(Failure::new(format!("collecting failed: {}", run.error)));
            }
            stored += if run.is_about_builds() { run.fetched } else { 0 };
        }
        debug_assert_eq!(collector.client().transport().now(), at);
    }
    Ok(stored)
}

fn plan(settings: &Settings, store: &Store, span: Span) -> Result<Plan, Failure> {
    let key = crate::collector::source::installation_key(store).map_err(Failure::new)?;
    let all = Globs::new(&["*".to_owned()]).map_err(Failure::new)?;
    let projects: Vec<String> = PROJECTS.map(str::to_owned).into();
    Ok(Plan {
        source: ORGANIZATION.to_owned(),
        projects: Globs::new(&projects).map_err(Failure::new)?,
        definitions: all,
        page_size: 1000,
        overlap_ns: 2 * HOUR,
        backfill_ns: span.end - span.begin + DAY,
        reconcile_every_ns: DAY,
        reconcile_window_ns: DAY + 10 * MINUTE,
        tests: Some(Tests::Failed),
        logs: Logs::Failed,
        log_bytes_max: 2 << 20,
        images: Images::Failed,
        releases: true,
        people: People::Hash(key),
        categories: Arc::clone(&settings.categories),
    })
}
