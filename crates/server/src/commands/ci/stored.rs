//! Stored issues of builds, read page by page from a server or a folder, and where their new
//! categories go.
//!
//! Invariants: memory does not grow with the history, only with the number of builds; an answer
//! that is not complete is an error, never taken for all there is.

use std::collections::BTreeMap;
use std::sync::Arc;

use query::{Engine, EngineOptions};
use serde_json::{Value, json};
use store::{Store, Write};
use tokio::runtime::Runtime;

use crate::api::appinsights::wire::{self, Members};
use crate::app::{engine, now, open_folder};
use crate::apps::{self, Application, Apps};
use crate::ask::Question;
use crate::audit::{self, Event};
use crate::auth::Caller;
use crate::cli::Place;
use crate::commands::Failure;
use crate::commands::client::{Client, Reply, encode};
use crate::error::Refusal;
use crate::kql_text::{datetime, literal};
use crate::reply;
use crate::settings::Settings;
use crate::triage::{self, BY_RULES, Entry};

/// About so many issues are read at once.
const PAGE: u64 = 5000;

/// Where issues are.
pub enum Stored {
    Server { client: Client, app: String },
    Folder(Box<Folder>),
}

/// A data folder no server holds.
pub struct Folder {
    store: Arc<Store>,
    app: Arc<Application>,
    engine: Engine,
    runtime: Runtime,
    settings: Settings,
}

/// A build with issues.
#[derive(Debug, Clone)]
pub struct Build {
    pub organization: String,
    pub project: String,
    pub id: i64,
    pub definition: String,
    issues: u64,
}

/// A stored issue.
#[derive(Debug)]
pub struct Issue {
    /// Which of the builds of the page.
    pub build: usize,
    pub record_id: String,
    pub index: i64,
    pub kind: String,
    pub service_category: String,
    pub bucket: String,
    pub message: String,
    pub task: String,
    /// The category given later; `''` when none was.
    pub updated: String,
    pub by: String,
}

impl Stored {
    /// # Errors
    /// When there is no such server, folder or application.
    pub fn open(place: &Place, key: Option<&str>, app: Option<&str>) -> Result<Stored, Failure> {
        match place {
            Place::Url { url, trust } => Ok(Stored::Server {
                client: Client::new(url, trust, key)?,
                app: app.unwrap_or(apps::DEFAULT).to_owned(),
            }),
            // A new folder would hold nothing to look at.
            Place::Data(data) if !data.is_dir() => {
                Err(Failure::new(format!("no data folder at `{}`", data.display())))
            }
            Place::Data(data) => {
                let settings = Settings::read(&BTreeMap::new(), &[], None);
                let (store, apps) = open_folder(data)?;
                let name = app.unwrap_or(apps::DEFAULT);
                let found = application(&apps, app);
                let app = found
                    .ok_or_else(|| Failure::new(format!("there is no application `{name}`")))?;
                Ok(Stored::Folder(Box::new(Folder {
                    engine: engine(&store, &apps, EngineOptions::default())?,
                    runtime: crate::commands::serve::runtime()?,
                    settings: settings.map_err(Failure::Because)?,
                    store,
                    app,
                })))
            }
        }
    }

    /// The builds with issues that finished since a moment or run, in the order of their ids,
    /// as pages of about [`PAGE`] issues within one project.
    ///
    /// # Errors
    /// When it cannot be asked, or there are more builds than an answer may have rows.
    pub fn pages(&self, since: i64) -> Result<Vec<Vec<Build>>, Failure> {
        let text = format!(
            "TimelineIssues | where BucketSource != 'validation' \
             | summarize Issues = count() by Organization, Project, BuildId \
             | join kind=inner (TimelineBuilds \
               | where FinishTime >= {} or isnull(FinishTime) \
               | project Organization, Project, BuildId, Definition) \
               on Organization, Project, BuildId \
             | project Organization, Project, BuildId, Definition, Issues \
             | order by Organization asc, Project asc, BuildId asc",
            datetime(since)
        );
        let mut pages: Vec<Vec<Build>> = Vec::new();
        let mut size = 0;
        for row in self.rows(&text)? {
            let build = Build {
                organization: text_of(&row, 0),
                project: text_of(&row, 1),
                id: row[2].as_i64().unwrap_or(0),
                definition: text_of(&row, 3),
                issues: row[4].as_u64().unwrap_or(0),
            };
            let fits = |page: &&mut Vec<Build>| {
                let same = page.first().is_some_and(|first| {
                    (&first.organization, &first.project) == (&build.organization, &build.project)
                });
                same && size + build.issues <= PAGE
            };
            match pages.last_mut().filter(fits) {
                Some(page) => {
                    size += build.issues;
                    page.push(build);
                }
                None => {
                    size = build.issues;
                    pages.push(vec![build]);
                }
            }
        }
        Ok(pages)
    }

    /// The issues of a page of builds.
    ///
    /// # Errors
    /// When it cannot be asked, or a limit of the server cuts the answer.
    pub fn issues(&self, page: &[Build]) -> Result<Vec<Issue>, Failure> {
        let (Some(first), Some(last)) = (page.first(), page.last()) else {
            return Ok(Vec::new());
        };
        // What was decided under an earlier name of the project counts.
        let of_builds = format!(
            "where Organization == {} and BuildId between ({} .. {})",
            literal(&first.organization),
            first.id,
            last.id
        );
        let of_page = format!("{of_builds} and Project == {}", literal(&first.project));
        let text = format!(
            "TimelineIssues | {of_page} and BucketSource != 'validation' \
             | join kind=leftouter (TimelineRecords | {of_page} \
               | project BuildId, RecordId, Task = iff(isempty(TaskName), Name, TaskName)) \
               on BuildId, RecordId \
             | join kind=leftouter (TimelineIssuesTriage | {of_builds} \
               | summarize arg_max(ModifiedDateTime, UpdatedCategory, By) \
                 by BuildId, RecordId, Index) on BuildId, RecordId, Index \
             | project BuildId, RecordId, Index, Type, Category, Bucket, Message, Task, \
               UpdatedCategory, By | order by BuildId asc, RecordId asc, Index asc"
        );
        let numbers: BTreeMap<i64, usize> =
            page.iter().enumerate().map(|(at, build)| (build.id, at)).collect();
        let rows = self.rows(&text)?;
        // Between the builds of a page are others that finished earlier.
        let issues = rows.iter().filter_map(|row| {
            Some(Issue {
                build: *numbers.get(&row[0].as_i64()?)?,
                record_id: text_of(row, 1),
                index: row[2].as_i64().unwrap_or(0),
                kind: text_of(row, 3),
                service_category: text_of(row, 4),
                bucket: text_of(row, 5),
                message: text_of(row, 6),
                task: text_of(row, 7),
                updated: text_of(row, 8),
                by: text_of(row, 9),
            })
        });
        Ok(issues.collect())
    }

    /// How many error lines of logs there are of builds that finished since a moment or run: they
    /// have no triage.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn log_errors(&self, since: i64) -> Result<u64, Failure> {
        let text = format!(
            "TimelineLogErrors | join kind=inner (TimelineBuilds \
             | where FinishTime >= {} or isnull(FinishTime) | project Organization, BuildId) \
             on Organization, BuildId | count",
            datetime(since)
        );
        Ok(self.rows(&text)?.first().and_then(|row| row[0].as_u64()).unwrap_or(0))
    }

    /// Stores new categories; what was stored before a failure stays.
    ///
    /// # Errors
    /// When server or folder refuses.
    pub fn store(&self, entries: &[Entry]) -> Result<(), Failure> {
        for entries in entries.chunks(triage::ENTRIES_MAX) {
            match self {
                Stored::Server { client, app } => {
                    let body = json!({ "application": app, "by": BY_RULES, "issues": entries });
                    let body = body.to_string();
                    let kind = "application/json";
                    let reply = client.post("/api/ci/triage", kind, body.as_bytes())?;
                    crate::commands::apps::good(&reply)?;
                }
                Stored::Folder(folder) => folder.append(entries)?,
            }
        }
        Ok(())
    }

    /// # Errors
    /// When the folder cannot be closed in order.
    pub fn close(&self) -> Result<(), Failure> {
        if let Stored::Folder(folder) = self {
            folder.store.close()?;
        }
        Ok(())
    }

    /// The rows of a query, all of them.
    fn rows(&self, text: &str) -> Result<Vec<Value>, Failure> {
        let reply = match self {
            Stored::Server { client, app } => {
                let body = json!({ "query": text }).to_string();
                let path = format!("/v1/apps/{}/query", encode(app));
                client.post(&path, "application/json", body.as_bytes())?
            }
            Stored::Folder(folder) => folder.ask(text),
        };
        let answer = crate::commands::apps::good(&reply)?;
        if let Some(detail) = answer["error"]["details"][0]["innererror"]["message"].as_str() {
            let help = "look at a shorter time with `--since`";
            return Err(Failure::new(format!("there is too much to read: {detail}; {help}")));
        }
        match &answer["tables"][0]["rows"] {
            Value::Array(rows) => Ok(rows.clone()),
            _ => Err(reply.refusal()),
        }
    }
}

impl Folder {
    fn ask(&self, text: &str) -> Reply {
        let caller = Caller::local();
        let app = Arc::clone(&self.app);
        let question = Question::new(text.to_owned(), app, &caller, &self.settings.query);
        let answer = self.runtime.block_on(Box::pin(self.engine.answer(question.request())));
        let (status, body) = match answer {
            Ok(answer) => (200, reply::text(&answer, wire::Tables::new(Members::default()))),
            Err(error) => {
                let (status, body) = wire::refusal(&Refusal::from(error), text);
                (status.as_u16(), body)
            }
        };
        Reply { status, body, retry_after: None }
    }

    fn append(&self, entries: &[Entry]) -> Result<(), Failure> {
        let rows = triage::rows(entries, BY_RULES, now())
            .map_err(|error| Failure::new(format!("the categories cannot be stored: {error}")))?;
        let id = self.app.app_id();
        let event = Event {
            application: Some(id),
            target: self.app.name.clone(),
            rows: entries.len() as u64,
            ..Event::new("ci.triage")
        };
        let mut all = audit::rows(id, &Caller::local(), event);
        all.push((id, rows));
        self.store.append_blocking(Write { rows: all, documents: Vec::new() })?;
        Ok(())
    }
}

fn application(apps: &Apps, name: Option<&str>) -> Option<Arc<Application>> {
    match name {
        Some(name) => apps.by_name_or_id(name),
        None => apps.default(),
    }
}

fn text_of(row: &Value, at: usize) -> String {
    row[at].as_str().unwrap_or_default().to_owned()
}
