//! Release badges and query badges: what was heard of deployments → documents → public files and
//! answers.
//!
//! Changes go one after the other: [`Badges::plan`] begins one, its [`plan::Plan`] hears of
//! deployments and gives the documents to write, the caller writes them in the one write that also
//! holds its own rows, and [`Badges::publish`] puts them before the eyes of readers. Invariants: a
//! document is durable before anybody sees what it says; a file follows its document, and one
//! that a crash kept from being written is written at the next start.

pub mod choice;
pub mod document;
pub mod draw;
pub mod index;
pub mod orphans;
pub mod plan;
pub mod query;
pub mod refresh;
mod secret;

use std::sync::Arc;

use parking_lot::RwLock;
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;
use store::Store;
use tokio::sync::Semaphore;

use self::choice::Choice;
use self::document::{Document, StripDocument};
use self::draw::{Face, Form, Picture, Variant, draw};
use self::index::{Entry, Index, Rank};
use self::plan::{Plan, Refused};
use self::query::{QueryBadge, QueryDocument, QueryValue};
use self::secret::Secret;
use crate::settings::badges::BadgeSettings;

/// Where the documents are.
const BADGE: &str = "badge/";
const STRIP: &str = "badge-strip/";
const QUERY: &str = "badge-query/";
const VALUE: &str = "badge-query-value/";
const REFUSED: &str = "badge-none/";
/// Release badges one server holds.
pub const BADGES_MAX: usize = 20_000;
/// Variants kept drawn, and the bytes they may take.
const VARIANTS_MAX: u64 = 10_000;
const VARIANTS_BYTES_MAX: u64 = 64 << 20;
/// Pictures of pixels drawn at the same time: each takes milliseconds.
const DRAWING_MAX: usize = 2;

/// What a variant is kept under: the version of its entry and the wishes.
type VariantKey = (u64, Variant);

/// All badges of one data folder.
#[derive(Clone)]
pub struct Badges {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<Store>,
    pub settings: BadgeSettings,
    index: RwLock<Index>,
    variants: Cache<VariantKey, Arc<Picture>, Weighter>,
    drawing: Semaphore,
    /// Held from the reading of documents to the publishing of what was made of them.
    changing: Arc<tokio::sync::Mutex<()>>,
}

/// What a badge would show.
pub struct Preview {
    pub face: Face,
    pub svg: String,
    /// The fields its templates know and what they say now; a strip has none.
    pub fields: Vec<(&'static str, String)>,
}

/// Bounds the cache by bytes and by count at once.
#[derive(Debug, Clone)]
struct Weighter;

impl quick_cache::Weighter<VariantKey, Arc<Picture>> for Weighter {
    fn weight(&self, key: &VariantKey, picture: &Arc<Picture>) -> u64 {
        let size = key.1.size_bytes() + picture.size_bytes();
        (size as u64).max(VARIANTS_BYTES_MAX / VARIANTS_MAX)
    }
}

impl Badges {
    /// Reads the documents, and writes the files that are missing or older than them. A document
    /// that cannot be read is logged and left alone. `sources`: organisations in lower case and
    /// further names of them.
    ///
    /// # Errors
    /// When the secret of tokens or a file cannot be written.
    pub fn load(
        store: Arc<Store>,
        settings: BadgeSettings,
        sources: Vec<(String, String)>,
    ) -> Result<Badges, store::Error> {
        let secret = Secret::of(&store)?;
        let mut index = Index::new(settings.defaults.clone(), sources, secret);
        for document in documents::<StripDocument>(&store, STRIP) {
            index.put_strip_document(&document.key.id(), Some(Arc::new(document)));
        }
        let mut strips = std::collections::BTreeSet::new();
        for document in documents::<Document>(&store, BADGE) {
            strips.insert(document::StripKey::of(&document.key).id());
            index.put_badge(&document::badge_id(&document.key), Arc::new(document));
        }
        strips.iter().for_each(|strip| index.make_strip(strip));
        for document in documents::<QueryDocument>(&store, QUERY) {
            let value = store.document(&format!("{VALUE}{}", document.name));
            let value = value.and_then(|bytes| serde_json::from_slice::<QueryValue>(&bytes).ok());
            let value = value.unwrap_or_default();
            index.put_query(Arc::new(QueryBadge { document, value }));
        }
        let entries: Vec<Arc<Entry>> = index.entries.values().cloned().collect();
        let shared = Arc::new(Shared {
            store,
            settings,
            index: RwLock::new(index),
            variants: Cache::with_weighter(VARIANTS_MAX as usize, VARIANTS_BYTES_MAX, Weighter),
            drawing: Semaphore::new(DRAWING_MAX),
            changing: Arc::default(),
        });
        entries.iter().try_for_each(|entry| shared.put_file(entry))?;
        Ok(Badges { shared })
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

    /// What a badge or strip would show if `choice` were saved for it.
    ///
    /// # Errors
    /// Whatever saving refuses.
    pub fn preview(&self, id: &str, choice: &Choice) -> Result<Preview, plan::Error> {
        let entry = self.shared.check(id, choice)?;
        let (face, fields) = self.shared.index.read().faced(&entry, choice);
        let svg = draw::svg(&face, &Variant::default());
        Ok(Preview { face, svg, fields })
    }

    /// What holds for all badges.
    pub fn settings(&self) -> &BadgeSettings {
        &self.shared.settings
    }

    /// What an address below `/badges/` means, by its decoded parts.
    pub fn find(&self, parts: &[String]) -> Option<(Arc<Entry>, Rank)> {
        self.shared.index.read().find(parts)
    }

    /// The entry of this id.
    pub fn get(&self, id: &str) -> Option<Arc<Entry>> {
        self.shared.index.read().entries.get(id).cloned()
    }

    /// Everything that is served.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.shared.index.read().entries.values().cloned().collect()
    }

    /// Subscriptions whose last delivery gave no badge, and why.
    pub fn refused(&self) -> Vec<Refused> {
        documents(&self.shared.store, REFUSED)
    }

    /// An entry as an address wishes for it.
    ///
    /// # Errors
    /// When it would be too large; says so for people.
    pub async fn picture(&self, entry: &Entry, variant: Variant) -> Result<Arc<Picture>, String> {
        if variant == Variant::default() {
            return Ok(Arc::clone(&entry.picture));
        }
        let key = (entry.version, variant);
        if let Some(known) = self.shared.variants.get(&key) {
            return Ok(known);
        }
        let picture = if key.1.form == Form::Png {
            let _place = self.shared.drawing.acquire().await;
            let (face, variant) = (entry.face.clone(), key.1.clone());
            let drawn = tokio::task::spawn_blocking(move || draw(&face, &variant)).await;
            drawn.map_err(|error| error.to_string())??
        } else {
            draw(&entry.face, &key.1)?
        };
        let picture = Arc::new(picture);
        self.shared.variants.insert(key, Arc::clone(&picture));
        Ok(picture)
    }
}

impl Shared {
    /// Writes the file of a badge unless it is there already. Strips and query badges have none:
    /// their pictures follow from other documents.
    fn put_file(&self, entry: &Entry) -> Result<(), store::Error> {
        if entry.document().is_none() {
            return Ok(());
        }
        let svg = &entry.picture.plain.bytes;
        let meta = "image/svg+xml; charset=utf-8";
        let is_new = |there: Option<&store::File>| there.is_none_or(|f| f.bytes != svg[..]);
        self.store.files().put_if(&file_name(&entry.id), svg, meta, is_new).map(|_| ())
    }
}

/// Where the default drawing of a badge lies among the public files.
pub fn file_name(id: &str) -> String {
    format!("badges/{id}.svg")
}

fn documents<T: DeserializeOwned>(store: &Store, prefix: &str) -> Vec<T> {
    let read = |(key, value): (String, Arc<[u8]>)| match serde_json::from_slice(&value) {
        Ok(document) => Some(document),
        Err(error) => {
            tracing::error!(key, %error, "a badge's document cannot be read");
            None
        }
    };
    store.documents(prefix).into_iter().filter_map(read).collect()
}
