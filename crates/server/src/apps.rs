//! Applications: what an instrumentation key names, kept as small documents of the store.
//!
//! One document per application, key `app/<number>`. Invariant: names, ids and instrumentation
//! keys are unique; numbers are assigned once and never reused; an application is listed here only
//! after its document is durable.

use std::collections::HashMap;
use std::sync::Arc;

use model::{AppId, Batch, Fault, ViewDef};
use parking_lot::{Mutex, RwLock};
use query::AppInfo;
use serde::{Deserialize, Serialize};
use store::{Store, Write};

use crate::settings::IngestMode;
use crate::tables::{self, Tables};

const PREFIX: &str = "app/";
/// Name of the application the first start creates.
pub const DEFAULT: &str = "default";
const NAME_CHARS_MAX: usize = 64;
const APPS_MAX: usize = 10_000;

/// One application as its document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub number: u32,
    /// 36 lower-case characters, as the two below it where they are GUIDs.
    pub id: String,
    pub name: String,
    pub instrumentation_key: String,
    /// `default`, `strict`; empty: as the server is set.
    #[serde(default)]
    pub mode: String,
    /// ISO 8601.
    pub created: String,
}

impl Application {
    pub fn app_id(&self) -> AppId {
        AppId(self.number)
    }

    /// The mode its items are judged in.
    pub fn ingest_mode(&self, server: IngestMode) -> IngestMode {
        match self.mode.as_str() {
            "default" => IngestMode::Default,
            "strict" => IngestMode::Strict,
            _ => server,
        }
    }

    fn info(&self) -> AppInfo {
        AppInfo {
            id: self.app_id(),
            guid: self.id.clone(),
            name: self.name.clone(),
            instrumentation_key: self.instrumentation_key.clone(),
        }
    }
}

/// Why an application could not be created.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "`{0}` is not a name for an application: use 1 to {NAME_CHARS_MAX} letters, digits, \
         `-`, `_`, `.` or spaces between them"
    )]
    Name(String),
    #[error("`{0}` is not a GUID")]
    Key(String),
    #[error("there is an application `{0}` already")]
    NameTaken(String),
    #[error("another application has this instrumentation key")]
    KeyTaken,
    #[error("there are {APPS_MAX} applications, the most a server holds")]
    TooMany,
    #[error("document `{key}` of an application cannot be read: {reason}")]
    Document { key: String, reason: String },
    #[error(transparent)]
    Tables(#[from] tables::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::Name(_) | Error::Key(_) | Error::NameTaken(_) | Error::KeyTaken => Fault::Caller,
            Error::TooMany => Fault::Limit,
            Error::Document { .. } => Fault::Internal,
            Error::Tables(error) => error.fault(),
            Error::Store(error) => error.fault(),
        }
    }
}

#[derive(Debug, Default)]
struct Index {
    all: Vec<Arc<Application>>,
    by_key: HashMap<String, Arc<Application>>,
}

impl Index {
    fn add(&mut self, app: Application) -> Arc<Application> {
        let app = Arc::new(app);
        self.by_key.insert(app.instrumentation_key.to_ascii_lowercase(), Arc::clone(&app));
        self.all.push(Arc::clone(&app));
        app
    }
}

/// All applications of one data folder.
pub struct Apps {
    store: Arc<Store>,
    tables: Tables,
    index: RwLock<Index>,
    /// Held while one is created, so that two requests cannot take one name.
    creating: Mutex<()>,
}

impl Apps {
    /// Reads the applications of a store.
    ///
    /// # Errors
    /// When a document is damaged.
    pub fn load(store: Arc<Store>) -> Result<Apps, Error> {
        let mut index = Index::default();
        let mut found = Vec::new();
        for (key, bytes) in store.documents(PREFIX) {
            let app = serde_json::from_slice::<Application>(&bytes)
                .map_err(|e| Error::Document { key, reason: e.to_string() })?;
            found.push(app);
        }
        found.sort_by_key(|app| app.number);
        for app in found {
            index.add(app);
        }
        let tables = Tables::load(Arc::clone(&store))?;
        Ok(Apps { store, tables, index: RwLock::new(index), creating: Mutex::new(()) })
    }

    /// The tables users created.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// In order of creation.
    pub fn all(&self) -> Vec<Arc<Application>> {
        self.index.read().all.clone()
    }

    /// The application an instrumentation key names, whatever its letter case.
    pub fn by_key(&self, key: &str) -> Option<Arc<Application>> {
        let index = self.index.read();
        if let Some(app) = index.by_key.get(key) {
            return Some(Arc::clone(app));
        }
        index.by_key.get(&key.trim().to_ascii_lowercase()).cloned()
    }

    /// By name (exact first, then without regard to letter case) or id.
    pub fn by_name_or_id(&self, text: &str) -> Option<Arc<Application>> {
        let index = self.index.read();
        let find =
            |test: &dyn Fn(&Application) -> bool| index.all.iter().find(|a| test(a)).cloned();
        find(&|app| app.name == text)
            .or_else(|| find(&|app| app.id.eq_ignore_ascii_case(text)))
            .or_else(|| find(&|app| app.name.eq_ignore_ascii_case(text)))
    }

    pub fn by_number(&self, id: AppId) -> Option<Arc<Application>> {
        self.index.read().all.iter().find(|app| app.number == id.0).cloned()
    }

    /// The application `default`, else the oldest.
    pub fn default(&self) -> Option<Arc<Application>> {
        self.by_name_or_id(DEFAULT).or_else(|| self.index.read().all.first().cloned())
    }

    /// Creates an application; durable with the rows `audit` gives when it returns. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// When the name or key is wrong or taken, or the store refuses.
    pub fn create(
        &self,
        name: &str,
        key: Option<&str>,
        now: i64,
        audit: impl FnOnce(&Application) -> Vec<(AppId, Batch)>,
    ) -> Result<Arc<Application>, Error> {
        let name = check_name(name)?;
        let key = match key {
            Some(text) => uuid::Uuid::try_parse(text.trim())
                .map_err(|_| Error::Key(text.chars().take(64).collect()))?,
            None => uuid::Uuid::new_v4(),
        };
        let key = key.to_string();
        let _creating = self.creating.lock();
        let number = {
            let index = self.index.read();
            if index.all.iter().any(|app| app.name.eq_ignore_ascii_case(name)) {
                return Err(Error::NameTaken(name.to_owned()));
            }
            if index.by_key.contains_key(&key) {
                return Err(Error::KeyTaken);
            }
            if index.all.len() >= APPS_MAX {
                return Err(Error::TooMany);
            }
            index.all.iter().map(|app| app.number).max().unwrap_or(0) + 1
        };
        let app = Application {
            number,
            id: uuid::Uuid::new_v4().to_string(),
            name: name.to_owned(),
            instrumentation_key: key,
            mode: String::new(),
            created: model::time::format_datetime(now, model::time::Fraction::Trimmed),
        };
        let document = format!("{PREFIX}{number:06}");
        let bytes = serde_json::to_vec(&app)
            .map_err(|e| Error::Document { key: document.clone(), reason: e.to_string() })?;
        self.store.append_blocking(Write {
            rows: audit(&app),
            documents: vec![(document, Some(bytes))],
        })?;
        Ok(self.index.write().add(app))
    }
}

impl query::Apps for Apps {
    fn by_id(&self, id: AppId) -> Option<AppInfo> {
        self.by_number(id).map(|app| app.info())
    }

    fn by_name(&self, name_or_guid: &str) -> Option<AppInfo> {
        self.by_name_or_id(name_or_guid).map(|app| app.info())
    }

    fn own_table(&self, app: AppId, name: &str) -> Option<&'static ViewDef> {
        self.tables.find(app, name).map(|table| table.view)
    }

    fn own_tables(&self, app: AppId) -> Vec<&'static ViewDef> {
        self.tables.list(app).iter().map(|table| table.view).collect()
    }
}

/// The trimmed name.
fn check_name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    let is_usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let count = name.chars().count();
    // A name that reads as a GUID could hide another application's id.
    if (1..=NAME_CHARS_MAX).contains(&count)
        && name.chars().all(is_usable)
        && uuid::Uuid::try_parse(name).is_err()
    {
        Ok(name)
    } else {
        Err(Error::Name(name.chars().take(NAME_CHARS_MAX).collect()))
    }
}
