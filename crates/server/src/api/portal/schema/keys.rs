//! The keys senders put into the bags of their telemetry, with how many rows have each.
//!
//! Invariants: what looking costs does not grow with what is stored: it stops at so many rows of
//! the newest day of each table, and after a while; it is done anew only when rows came and the
//! last look is [`FRESH`] ago, failed or not; and an application is looked at by one at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{TableDef, Type, ViewDef, Vocabulary};
use parking_lot::Mutex;
use query::answer::Cells;

use super::super::snapshot;
use crate::app::{App, now};
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::Caller;
use crate::kql_text::datetime;

/// Rows of a table that are looked at.
pub const ROWS_MAX: u64 = 10_000;
/// Keys of one bag that are listed, those of most rows.
const KEYS_MAX: usize = 500;
/// How long looking may take.
const WAIT_MS: u64 = 2_000;
/// How long a look is good enough whatever came since.
const FRESH: Duration = Duration::from_secs(60);

/// A key of a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub table: &'static str,
    pub column: &'static str,
    pub key: String,
    /// Rows that have it, of those looked at.
    pub rows: i64,
}

/// The keys of an application at one moment.
#[derive(Debug, Default)]
pub struct Look {
    /// When it was looked, nanoseconds since 1970; 0: never.
    pub at: i64,
    /// The state of the rows that were looked at.
    state: String,
    pub keys: Vec<Key>,
    /// Whether looking took too long or failed: these are the keys of the look before, and there
    /// may be others.
    pub is_missing: bool,
}

/// The last look at an application; locked while it is looked at.
type Last = Arc<tokio::sync::Mutex<Arc<Look>>>;

/// The last look at each application, by its number.
#[derive(Debug, Default)]
pub struct Looks {
    known: Mutex<HashMap<u32, Last>>,
}

/// The keys in the bags of the newest day of each table of telemetry.
pub async fn of(app: &Arc<App>, caller: &Caller, application: &Arc<Application>) -> Arc<Look> {
    let last = Arc::clone(app.key_looks.known.lock().entry(application.number).or_default());
    // Who comes while somebody looks waits for what he finds.
    let mut last = last.lock().await;
    let (at, state) = (now(), snapshot::id(app, application));
    let age = Duration::from_nanos(at.saturating_sub(last.at).unsigned_abs());
    let is_same = !last.is_missing && last.state == state;
    if last.at > 0 && (is_same || age < FRESH) {
        return Arc::clone(&last);
    }
    let keys = look(app, caller, application).await;
    let is_missing = keys.is_none();
    let keys = keys.unwrap_or_else(|| last.keys.clone());
    *last = Arc::new(Look { at, state, keys, is_missing });
    Arc::clone(&last)
}

async fn look(app: &Arc<App>, caller: &Caller, application: &Arc<Application>) -> Option<Vec<Key>> {
    let bags: Vec<Bag> = model::tables::views()
        .iter()
        .filter(|view| view.vocabulary == Vocabulary::Classic)
        .flat_map(|view| bags(app, application, view))
        .collect();
    if bags.is_empty() {
        return Some(Vec::new());
    }
    let settings = &app.settings.query;
    let mut question = Question::new(text(&bags), Arc::clone(application), caller, settings);
    question.program = "portal".to_owned();
    question.wait(WAIT_MS, settings);
    let answer = ask::answer(app, &question).await.ok()?;
    let mut keys: Vec<Key> = Vec::new();
    for table in &answer.tables {
        for batch in &table.batches {
            let cells = Cells::new(&table.columns, batch);
            keys.extend((0..cells.rows()).filter_map(|row| key(&bags, &cells, row)));
        }
    }
    Some(keys)
}

/// A bag column and where its newest rows begin.
struct Bag {
    table: &'static str,
    column: &'static str,
    time_column: &'static str,
    /// Nanoseconds since 1970.
    from: i64,
}

fn bags(app: &App, application: &Application, view: &'static ViewDef) -> Vec<Bag> {
    let newest = |table: &'static TableDef| app.store.newest(application.app_id(), table);
    let Some(newest) = view.table.and_then(newest) else { return Vec::new() };
    let from = newest - newest.rem_euclid(model::time::DAY);
    let is_bag = |column: &&model::ViewColumn| {
        column.ty == Type::Dynamic && column.name.starts_with("custom")
    };
    let bag = |column: &'static str| Bag {
        table: view.name,
        column,
        time_column: view.time_column,
        from,
    };
    view.columns.iter().filter(is_bag).map(|column| bag(column.name)).collect()
}

/// The query that counts: the position of the bag, the key, the rows.
fn text(bags: &[Bag]) -> String {
    let legs: Vec<String> = bags
        .iter()
        .enumerate()
        .map(|(number, bag)| {
            format!(
                "({} | where {} >= {} | take {ROWS_MAX} | project bag = {number}, keys = \
                 bag_keys({}))",
                bag.table,
                bag.time_column,
                datetime(bag.from),
                bag.column
            )
        })
        .collect();
    format!(
        "union {} | mv-expand keys to typeof(string) | where isnotempty(keys) | summarize rows = \
         count() by bag, keys | partition by bag (top {KEYS_MAX} by rows) | sort by bag asc, rows \
         desc, keys asc",
        legs.join(", ")
    )
}

fn key(bags: &[Bag], cells: &Cells<'_>, row: usize) -> Option<Key> {
    let query::Value::Long(number) = cells.value(row, 0) else { return None };
    let query::Value::String(key) = cells.value(row, 1) else { return None };
    let query::Value::Long(rows) = cells.value(row, 2) else { return None };
    let bag = bags.get(usize::try_from(number).ok()?)?;
    Some(Key { table: bag.table, column: bag.column, key: key.to_owned(), rows })
}
