//! The keys senders put into the bags of their telemetry, with how many rows have each.
//!
//! Invariant: what looking costs does not grow with what is stored: it stops at so many rows of
//! the newest day of each table, and after a while.

use std::sync::Arc;

use model::{TableDef, Type, ViewDef, Vocabulary};
use query::answer::Cells;

use crate::app::App;
use crate::apps::Application;
use crate::ask::{self, Question};
use crate::auth::Caller;
use crate::kql_text::datetime;

/// Rows of a table that are looked at.
const ROWS_MAX: u64 = 50_000;
/// Keys of one bag that are listed, those of most rows.
const KEYS_MAX: usize = 500;
/// How long looking may take.
const WAIT_MS: u64 = 2_000;

/// A key of a bag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub table: &'static str,
    pub column: &'static str,
    pub key: String,
    /// Rows that have it, of those looked at.
    pub rows: i64,
}

/// The keys in the bags of the newest day of each table of telemetry; nothing when it takes too
/// long to tell.
pub async fn of(app: &Arc<App>, caller: &Caller, application: &Arc<Application>) -> Vec<Key> {
    let bags: Vec<Bag> = model::tables::views()
        .iter()
        .filter(|view| view.vocabulary == Vocabulary::Classic)
        .flat_map(|view| bags(app, application, view))
        .collect();
    if bags.is_empty() {
        return Vec::new();
    }
    let settings = &app.settings.query;
    let mut question = Question::new(text(&bags), Arc::clone(application), caller, settings);
    question.program = "portal".to_owned();
    question.wait(WAIT_MS, settings);
    let Ok(answer) = ask::answer(app, &question).await else { return Vec::new() };
    let mut keys: Vec<Key> = Vec::new();
    for table in &answer.tables {
        for batch in &table.batches {
            let cells = Cells::new(&table.columns, batch);
            keys.extend((0..cells.rows()).filter_map(|row| key(&bags, &cells, row)));
        }
    }
    keys
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
