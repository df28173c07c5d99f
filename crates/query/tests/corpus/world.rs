//! Temporary stores with the test tables in them, and engines over those.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingest::breeze::{self, App, Context, Mode};
use model::{AppId, Batch};
use query::{AppInfo, Apps, Engine, EngineOptions, Limits, Request};
use store::{Options, Store, Write};

use crate::{pipelines, rows};

type Rows = Vec<(AppId, Batch)>;

pub const APP: AppId = AppId(1);
pub const OTHER: AppId = AppId(2);
/// 2024-06-01T00:00:00Z.
pub const NOW: i64 = 1_717_200_000_000_000_000;

/// Where the rows of a store lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Head,
    Extents,
    /// The first half of the rows in extents, the rest in the head.
    Both,
    /// In several extents, which are then merged.
    Merged,
}

/// Where the rows of `tables` are looked at: merged extents differ where rows can be superseded.
pub fn places(tables: &[String]) -> &'static [Place] {
    let has_key = |name: &String| pipelines::table(name).is_some_and(|table| !table.key.is_empty());
    match tables {
        [] => &[Place::Head],
        _ if tables.iter().any(has_key) => {
            &[Place::Head, Place::Extents, Place::Both, Place::Merged]
        }
        _ => &[Place::Head, Place::Extents, Place::Both],
    }
}

/// A store with rows, and an engine over it.
pub struct World {
    pub engine: Engine,
    _folder: tempfile::TempDir,
}

/// The applications `ci` and `nightly`: number, name, instrumentation key, GUID.
const APPS: [(AppId, &str, &str, &str); 2] = [
    (APP, "ci", "11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555"),
    (
        OTHER,
        "nightly",
        "22222222-2222-3333-4444-555555555555",
        "aaaaaaaa-8888-7777-6666-555555555555",
    ),
];

struct TwoApps;

impl TwoApps {
    fn find(is: impl Fn(&(AppId, &str, &str, &str)) -> bool) -> Option<AppInfo> {
        let (id, name, key, guid) = APPS.into_iter().find(is)?;
        Some(AppInfo {
            id,
            guid: guid.to_owned(),
            name: name.to_owned(),
            instrumentation_key: key.to_owned(),
        })
    }
}

impl Apps for TwoApps {
    fn by_id(&self, id: AppId) -> Option<AppInfo> {
        TwoApps::find(|(app, ..)| *app == id)
    }
    fn by_name(&self, name: &str) -> Option<AppInfo> {
        TwoApps::find(|(_, app, _, guid)| *app == name || *guid == name)
    }
}

/// Whose rows an envelope of this instrumentation key becomes.
fn app_of(key: &str) -> Option<App> {
    let found = TwoApps::find(|(_, _, of, _)| *of == key)?;
    Some(App { id: found.id, mode: Mode::Default })
}

/// The folder `tests/kql` of the repository.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kql")
}

pub fn request(text: &str) -> Request {
    Request {
        text: text.to_owned(),
        app: APP,
        apps: Vec::new(),
        nameable: None,
        audit: false,
        now: NOW,
        time_range: None,
        parameters: Vec::new(),
        limits: Limits { time_ms: 60_000, ..Limits::default() },
        explains_empty: false,
        shares_conditions: false,
    }
}

/// A world with the rows of the named data files.
pub async fn world(tables: &[String], place: Place) -> World {
    world_of(tables, place, 1 << 30).await
}

/// As [`world`], with so much memory for all queries.
pub async fn world_of(tables: &[String], place: Place, memory_bytes: u64) -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = Options { free_bytes_min: 0, merge_fan_in: 2, ..Options::default() };
    let store = Store::open(folder.path(), options).expect("a store");
    let parts = match place {
        Place::Head | Place::Extents => 1,
        Place::Both => 2,
        Place::Merged => 4,
    };
    let mut first_id = 0u128;
    for part in 0..parts {
        for table in tables {
            append(&store, rows_of(table, (part, parts), &mut first_id)).await;
        }
        let is_sealed = match place {
            Place::Head => false,
            Place::Both => part == 0,
            Place::Extents | Place::Merged => true,
        };
        if is_sealed {
            store.seal(NOW).expect("a sealed head");
        }
    }
    while place == Place::Merged && store.merge(NOW).expect("merged extents").has_more {}
    World { engine: engine(&store, memory_bytes), _folder: folder }
}

/// An engine over a store, with so much memory for all queries.
pub fn engine(store: &Arc<Store>, memory_bytes: u64) -> Engine {
    let options = EngineOptions { threads: 2, memory_bytes, concurrent_queries_max: 4 };
    Engine::new(Arc::clone(store), Arc::new(TwoApps), options).expect("an engine")
}

/// The rows of one part of a data file, of so many.
fn rows_of(name: &str, (part, parts): (usize, usize), first_id: &mut u128) -> Rows {
    let read = |path: &Path| {
        std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let rows = corpus().join(format!("data/{name}.rows"));
    if rows.exists() {
        let batches = rows::read(&read(&rows), part, parts);
        return batches.into_iter().map(|batch| (APP, batch)).collect();
    }
    let text = read(&corpus().join(format!("data/{name}.ndjson")));
    let lines: Vec<&str> = text.lines().collect();
    let lines = rows::part_of(&lines, part, parts);
    let item_id = *first_id;
    *first_id += lines.len() as u128;
    match pipelines::table(name) {
        Some(table) => vec![(APP, pipelines::batch(table, lines))],
        None => decode(lines, item_id),
    }
}

async fn append(store: &Store, rows: Rows) {
    let rows = rows.into_iter().filter(|(_, batch)| batch.rows.num_rows() > 0).collect();
    store.append(Write { rows, documents: Vec::new() }).await.expect("rows are appended");
}

/// The rows of telemetry envelopes.
fn decode(lines: &[&str], item_id: u128) -> Rows {
    let context = Context {
        now: NOW,
        window: None,
        item_bytes_max: breeze::ITEM_BYTES_MAX,
        items_max: breeze::ITEMS_MAX,
        sender_address: None,
        user_agent: None,
        app: &app_of,
        item_id,
        place: None,
    };
    let accepted = breeze::decode(lines.join("\n").as_bytes(), &context);
    assert_eq!(accepted.accepted, lines.len(), "{:?}", accepted.faults);
    accepted.batches
}
