//! Release badges: what was heard of deployments → documents → public files and answers.
//!
//! Changes go one after the other: [`Badges::plan`] begins one, its [`plan::Plan`] hears of
//! deployments and gives the documents to write, the caller writes them in the one write that also
//! holds its own rows, and [`Badges::publish`] puts them before the eyes of readers. Invariants: a
//! document is durable before anybody sees what it says; a file follows its document, and one
//! that a crash kept from being written is written at the next start.

pub mod choice;
pub mod document;
pub mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use azdo::badge::{self, Badge, Rules};
use azdo::release_badge;
use parking_lot::RwLock;
use store::Store;

use self::choice::{Choice, Look};
use self::document::Document;
use self::plan::Plan;

/// Where the documents of badges are.
const PREFIX: &str = "badge/";
/// Badges one server holds.
pub const BADGES_MAX: usize = 20_000;

/// All badges of one data folder.
#[derive(Clone)]
pub struct Badges {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<Store>,
    defaults: Choice,
    all: RwLock<BTreeMap<String, Arc<Document>>>,
    /// Held from the reading of documents to the publishing of what was made of them.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Badges {
    /// Reads the documents, and writes the files that are missing or older than them. A document
    /// that cannot be read is logged and left alone.
    ///
    /// # Errors
    /// When files cannot be written.
    pub fn load(store: Arc<Store>, defaults: Choice) -> Result<Badges, store::Error> {
        let mut all = BTreeMap::new();
        for (key, value) in store.documents(PREFIX) {
            match serde_json::from_slice::<Document>(&value) {
                Ok(document) => {
                    all.insert(document::badge_id(&document.key), Arc::new(document));
                }
                Err(error) => tracing::error!(key, %error, "a badge's document cannot be read"),
            }
        }
        let shared =
            Arc::new(Shared { store, defaults, all: RwLock::new(all), changing: Arc::default() });
        let badges = Badges { shared };
        let all: Vec<Arc<Document>> = badges.shared.all.read().values().cloned().collect();
        for document in all {
            badges.shared.put_file(&document)?;
        }
        Ok(badges)
    }

    /// Begins a change; waits for the one under way.
    pub async fn plan(&self) -> Plan {
        let guard = Arc::clone(&self.shared.changing).lock_owned().await;
        Plan::new(Arc::clone(&self.shared), guard)
    }

    /// [`Badges::plan`] for threads outside of the runtime.
    pub fn plan_blocking(&self) -> Plan {
        let guard = Arc::clone(&self.shared.changing).blocking_lock_owned();
        Plan::new(Arc::clone(&self.shared), guard)
    }

    /// Shows what was planned, after its documents were written. Blocks on the disk.
    ///
    /// # Errors
    /// When a file cannot be written; the badge is served all the same, and its file is written at
    /// the next start.
    pub fn publish(&self, plan: Plan) -> Result<(), store::Error> {
        plan.publish()
    }
}

impl Shared {
    /// Writes the file of a badge unless it is there already.
    fn put_file(&self, document: &Document) -> Result<(), store::Error> {
        let look = document.choice.over(&self.defaults);
        let svg = default_svg(document, &look);
        let name = file_name(&document::badge_id(&document.key));
        let meta = "image/svg+xml; charset=utf-8";
        let is_new = |there: Option<&store::File>| there.is_none_or(|f| f.bytes != svg.as_bytes());
        self.store.files().put_if(&name, svg.as_bytes(), meta, is_new).map(|_| ())
    }
}

/// Where the default drawing of a badge lies among the public files.
pub fn file_name(id: &str) -> String {
    format!("badges/{id}.svg")
}

/// The drawing of a badge in the style chosen for it.
fn default_svg(document: &Document, look: &Look) -> String {
    let shown = release_badge::shown(&document.state, &look.policy, &document.current().definition);
    let badge = Badge {
        label: &shown.label,
        message: &shown.message,
        color: shown.color,
        label_color: &look.label_color,
        style: look.style,
        palette: look.palette,
        logo: &look.logo,
        links: [&shown.link, ""],
        ..Badge::default()
    };
    let plain = Badge { logo: "", links: ["", ""], ..badge };
    // A link or logo that is refused must not keep the badge from being drawn.
    let drawn = badge::render(&badge, Rules::Safe).or_else(|_| badge::render(&plain, Rules::Safe));
    drawn.map(|drawn| drawn.svg).unwrap_or_default()
}
