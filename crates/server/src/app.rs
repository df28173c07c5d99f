//! What every request and job shares: settings, store, applications, engine, metrics.
//!
//! Invariant: built once at start and never replaced; handlers hold it behind an [`Arc`].

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use model::tables::pipelines::KNOWN_ISSUES;
use query::{Engine, EngineOptions};
use store::Store;
use tokio::sync::Semaphore;

use crate::api::portal::events::Streams;
use crate::api::portal::schema::keys::Looks;
use crate::apps::{self, Apps};
use crate::audit;
use crate::auth::Auth;
use crate::badges::Badges;
use crate::collector::Lines;
use crate::history::History;
use crate::hooks::Hooks;
use crate::keys::{self, Keys};
use crate::known::Known;
use crate::metrics::Metrics;
use crate::running::Running;
use crate::settings::sources::Source;
use crate::settings::{PortalFiles, Settings};
use crate::tls::Https;

/// Bytes one permit of the intake stands for.
pub const INTAKE_UNIT_BYTES: usize = 4096;

/// The state of one server.
pub struct App {
    pub settings: Settings,
    pub store: Arc<Store>,
    pub apps: Arc<Apps>,
    pub keys: Keys,
    pub auth: Auth,
    pub audit: audit::Buffer,
    pub engine: Engine,
    /// Release badges.
    pub badges: Badges,
    pub metrics: Metrics,
    /// Deliveries of service hooks.
    pub hooks: Hooks,
    /// Sources that are collected.
    pub collectors: Lines,
    /// Known issues.
    pub known: Known,
    /// Queries under way.
    pub running: Arc<Running>,
    /// Keys of bags that the portal offers.
    pub key_looks: Looks,
    /// What callers ran in the portal.
    pub history: History,
    /// Pages that are told of new rows.
    pub streams: Streams,
    /// Permits for request bodies in memory, one per [`INTAKE_UNIT_BYTES`].
    pub intake: Arc<Semaphore>,
    /// Bodies decoded at the same time: the processors are few, waiting costs nothing.
    pub decoding: Semaphore,
    /// `http://address:port` as it was announced; `https` when only that is served.
    pub url: String,
    /// When HTTPS is served by this process.
    pub https: Option<Https>,
    /// Where others reach it: as the settings say, else [`App::url`].
    pub public_url: String,
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Apps(#[from] apps::Error),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    #[error(
        "others can reach `{0}`, and there is no key: make one with `telltale keys create`, set \
         `admin_key`, or let everybody ask with `--allow-anonymous-queries`"
    )]
    Stranded(std::net::SocketAddr),
    #[error("the query engine could not be set up: {0}")]
    Engine(String),
}

impl App {
    /// The state over an open store. Creates the application `default` when there is none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn new(
        settings: Settings,
        store: Arc<Store>,
        url: String,
        https: Option<Https>,
    ) -> Result<App, StartError> {
        let apps = Arc::new(Apps::load(Arc::clone(&store))?);
        if apps.all().is_empty() {
            let key = settings.storage.instrumentation_key.as_deref();
            apps.create(apps::DEFAULT, key, now(), |_| Vec::new())?;
        }
        let keys = Keys::load(Arc::clone(&store))?;
        let installation = apps.default().map(|found| found.id.clone()).unwrap_or_default();
        let auth = Auth::new(&settings.access, &installation);
        // With the portal, who starts the server gets a link that makes the first key.
        if let Some(address) = auth.stranded(&keys)
            && settings.portal.files == PortalFiles::Off
        {
            return Err(StartError::Stranded(address));
        }
        let options = EngineOptions {
            memory_bytes: settings.query.memory_bytes,
            concurrent_queries_max: settings.query.concurrent_max,
            ..EngineOptions::default()
        };
        let engine = engine(&store, &apps, options)?;
        let public_url = settings.access.public_url.clone().unwrap_or_else(|| url.clone());
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let units = settings.ingest.in_flight_bytes_max / INTAKE_UNIT_BYTES;
        let badges = Badges::load(
            Arc::clone(&store),
            settings.badges.clone(),
            settings.sources.iter().map(organization_of).collect(),
        )?;
        Ok(App {
            badges,
            intake: Arc::new(Semaphore::new(units.clamp(1, Semaphore::MAX_PERMITS))),
            decoding: Semaphore::new(threads),
            metrics: Metrics::default(),
            hooks: Hooks::load(&store),
            history: History::load(Arc::clone(&store)),
            streams: Streams::default(),
            collectors: Lines::new(&settings.sources),
            known: Known::default(),
            running: Arc::default(),
            key_looks: Looks::default(),
            settings,
            store,
            apps,
            keys,
            auth,
            audit: audit::Buffer::default(),
            engine,
            public_url,
            url,
            https,
        })
    }

    /// Where others open the portal, with a slash at the end. The address in the settings may end
    /// with the base path already.
    pub fn portal_url(&self) -> String {
        let base = &self.settings.portal.base_path;
        let url = self.public_url.strip_suffix(base.trim_end_matches('/'));
        format!("{}{base}", url.unwrap_or(&self.public_url))
    }
}

/// The organisation a source collects, as hooks name it, and the source's own name.
fn organization_of(source: &Source) -> (String, String) {
    let base = source.hosts.core.trim_end_matches('/');
    let address = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = address.split('/').next().unwrap_or_default();
    let name = match host.strip_suffix(".visualstudio.com") {
        Some(name) => name,
        None => address.rsplit('/').next().unwrap_or_default(),
    };
    (name.to_lowercase(), source.name.clone())
}

/// The engine over a store and its applications.
///
/// # Errors
/// When it cannot be set up.
pub fn engine(
    store: &Arc<Store>,
    apps: &Arc<Apps>,
    options: EngineOptions,
) -> Result<Engine, StartError> {
    let apps: Arc<dyn query::Apps> = Arc::<Apps>::clone(apps);
    Engine::new(Arc::<Store>::clone(store), apps, options)
        .map_err(|e| StartError::Engine(e.to_string()))
}

/// The store's options a server's settings mean.
pub fn store_options(settings: &Settings) -> store::Options {
    let storage = &settings.storage;
    let mut days_by_table: BTreeMap<String, u32> =
        storage.retention_days_by_table.iter().cloned().collect();
    // What people wrote is no older than what it explains.
    days_by_table.entry(KNOWN_ISSUES.name.to_owned()).or_insert(u32::MAX);
    let retention = store::Retention {
        days: storage.retention_days,
        tables: days_by_table,
        total_bytes: storage.bytes_max,
    };
    store::Options {
        free_bytes_min: storage.free_bytes_min,
        seal_age_ms: storage.seal_age_ms,
        retention,
        ..store::Options::default()
    }
}

/// Opens a data folder for the commands that need no server, for writing.
///
/// # Errors
/// When a server holds the folder or it is damaged.
pub fn open_folder(data: &Path) -> Result<(Arc<Store>, Arc<Apps>), StartError> {
    let options = store::Options {
        retention: store::Retention { days: None, ..store::Retention::default() },
        ..store::Options::default()
    };
    let store = Store::open(data, options)?;
    let apps = Arc::new(Apps::load(Arc::clone(&store))?);
    if apps.all().is_empty() {
        apps.create(apps::DEFAULT, None, now(), |_| Vec::new())?;
    }
    Ok((store, apps))
}

/// Nanoseconds since 1970; the only clock of the process.
pub fn now() -> i64 {
    chrono::Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX)
}
