//! Rows and documents of the collector → the store.

use std::sync::Arc;
use std::time::Duration;

use azdo::collect::{Documents, Notes, Sink, SinkError};
use azdo::release_badge;
use azdo::wire::{Deployment, ProjectRef};
use model::tables::pipelines::TIMELINE_BUILDS;
use model::{AppId, Batch};
use query::EngineOptions;
use store::{Store, Write};

use super::transport::Stop;
use crate::app::{engine, now};
use crate::apps::Apps;
use crate::ask::Question;
use crate::auth::Caller;
use crate::badges::Badges;
use crate::commands::serve;
use crate::kql_text;
use crate::settings;

/// How long to wait for room before another try.
const ROOM_WAIT: Duration = Duration::from_millis(500);
/// So often, which is long enough for a seal.
const ROOM_TRIES: u32 = 240;
/// Memory of the one question that is asked of stored rows.
const QUESTION_BYTES: u64 = 64 << 20;

/// The store as the collector of one source sees it.
pub struct StoreSink {
    store: Arc<Store>,
    apps: Arc<Apps>,
    application: AppId,
    limits: settings::Query,
    stop: Arc<Stop>,
    /// Whether nobody else seals: a folder without a server.
    seals: bool,
    badges: Option<Heard>,
}

/// The badges that hear of collected deployments.
#[derive(Clone)]
pub struct Heard {
    pub badges: Badges,
    /// The organisation as hooks name it.
    pub organization: String,
}

impl StoreSink {
    /// Rows go to `application`. `seals`: no job of a server does.
    pub fn new(
        store: Arc<Store>,
        apps: Arc<Apps>,
        application: AppId,
        limits: settings::Query,
        stop: Arc<Stop>,
        seals: bool,
    ) -> StoreSink {
        StoreSink { store, apps, application, limits, stop, seals, badges: None }
    }

    /// Has badges hear of deployments.
    pub fn with_badges(mut self, badges: Option<Heard>) -> StoreSink {
        self.badges = badges;
        self
    }

    fn ask(&self, text: String) -> Result<Vec<arrow_array::RecordBatch>, String> {
        let app = self.apps.by_number(self.application).ok_or("the application is gone")?;
        let options = EngineOptions { memory_bytes: QUESTION_BYTES, ..EngineOptions::default() };
        let engine = engine(&self.store, &self.apps, options).map_err(|e| e.to_string())?;
        let question = Question::new(text, app, &Caller::local(), &self.limits);
        let runtime = serve::runtime().map_err(|e| e.to_string())?;
        let answer = runtime.block_on(Box::pin(engine.answer(question.request())));
        let answer = answer.map_err(|e| e.to_string())?;
        Ok(answer.tables.into_iter().flat_map(|table| table.batches).collect())
    }
}

/// The documents of a store.
pub struct StoreNotes<'a>(pub &'a Store);

impl Notes for StoreNotes<'_> {
    fn document(&self, key: &str) -> Option<Arc<[u8]>> {
        self.0.document(key)
    }

    fn documents(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        self.0.documents(prefix)
    }
}

impl Notes for StoreSink {
    fn document(&self, key: &str) -> Option<Arc<[u8]>> {
        self.store.document(key)
    }

    fn documents(&self, prefix: &str) -> Vec<(String, Arc<[u8]>)> {
        self.store.documents(prefix)
    }
}

impl Sink for StoreSink {
    fn write(&self, rows: Vec<Batch>, documents: Documents) -> Result<(), SinkError> {
        let app = self.application;
        for _ in 0..ROOM_TRIES {
            if self.seals && self.store.seal_due(now()) {
                self.store.seal(now()).map_err(|error| SinkError::Failed(error.to_string()))?;
            }
            // Batches share their columns: a copy is cheap.
            let rows = rows.iter().map(|batch| (app, batch.clone())).collect();
            match self.store.append_blocking(Write { rows, documents: documents.clone() }) {
                Ok(_) => return Ok(()),
                Err(store::Error::Overloaded { .. }) => {}
                Err(error @ store::Error::TooLarge { .. }) => {
                    return Err(SinkError::TooLarge(error.to_string()));
                }
                Err(error) => return Err(SinkError::Failed(error.to_string())),
            }
            if self.stop.wait(ROOM_WAIT) {
                return Err(SinkError::Failed("stopped".to_owned()));
            }
        }
        Err(SinkError::Failed("the store has had no room for two minutes".to_owned()))
    }

    fn deployed(&self, project: &ProjectRef, deployments: &[Deployment]) -> Result<(), SinkError> {
        let Some(Heard { badges, organization }) = &self.badges else { return Ok(()) };
        let mut plan = badges.plan_blocking();
        for deployment in deployments {
            // What has not begun changes no badge.
            let Ok((key, news)) = release_badge::of_deployment(organization, project, deployment)
            else {
                continue;
            };
            if let Err(unheard) = plan.hear(key, news, now()) {
                tracing::warn!(%unheard, "a deployment that was collected has no badge");
            }
        }
        let documents = plan.documents();
        if !documents.is_empty() {
            self.write(Vec::new(), documents)?;
        }
        badges.publish(plan).map_err(|error| SinkError::Failed(error.to_string()))
    }

    fn stored_build(&self, organization: &str, build: i64) -> Result<Option<Batch>, SinkError> {
        let columns: Vec<String> =
            TIMELINE_BUILDS.columns.iter().map(|c| format!("['{}']", c.name)).collect();
        let organization = kql_text::literal(organization);
        let text = format!(
            "TimelineBuilds | where Organization == {organization} and BuildId == {build} \
             | top 1 by CollectedAt desc | project {}",
            columns.join(", ")
        );
        let batches = self.ask(text).map_err(SinkError::Failed)?;
        let found = batches.into_iter().find(|batch| batch.num_rows() > 0);
        Ok(found.map(|rows| Batch { table: &TIMELINE_BUILDS, rows }))
    }
}
