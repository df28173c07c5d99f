//! Definitions of own tables: tables that users create, beside the built-in ones.
//!
//! Invariants: a definition is made once per content and lives as long as the process, so altering
//! a table back and forth costs nothing new; the first stored column of an own table is the time
//! its rows came in, by which they are partitioned, sorted and retained.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray, TimestampNanosecondArray};
use arrow_schema::ArrowError;

use crate::batch::Batch;
use crate::table::{ColumnDef, ColumnRole, Source, TableDef, ViewColumn, ViewDef, Vocabulary};
use crate::types::Type;

/// How the stored name of every own table begins; no built-in table's does.
pub const PREFIX: &str = "own-";
/// The hidden stored column: when the row came in.
pub const RECEIVED: &str = "_received";

/// Definitions, columns and names one process holds before it takes no new ones: about 100 MB.
const INTERNED_MAX: usize = 1 << 20;

/// Columns by which the time range of an API request goes, the first there is.
const TIME_COLUMNS: [&str; 2] = ["TimeGenerated", "timestamp"];

static INTERNED: LazyLock<Mutex<Interned>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Interned {
    names: HashSet<&'static str>,
    columns: HashSet<&'static [ColumnDef]>,
    /// By stored name.
    tables: HashMap<&'static str, Vec<&'static TableDef>>,
    /// By the name of the view.
    views: HashMap<&'static str, Vec<&'static ViewDef>>,
    size: usize,
}

/// Whether a stored name is that of an own table.
pub fn is_own(stored_name: &str) -> bool {
    stored_name.starts_with(PREFIX)
}

/// Whether so many definitions were made since the start that no new table should be created.
pub fn is_full() -> bool {
    lock().size >= INTERNED_MAX
}

/// The definition of the stored table `name` with these columns, the time of receipt among them.
pub fn table(name: &str, columns: &[(&str, Type, ColumnRole)]) -> &'static TableDef {
    let mut interned = lock();
    let columns: Vec<ColumnDef> = columns
        .iter()
        .map(|(name, ty, role)| ColumnDef::with_role(interned.name(name), *ty, *role))
        .collect();
    let columns = interned.columns(columns);
    let name = interned.name(name);
    interned.table(TableDef { name, columns, key: &[] })
}

/// The stored table `name` with the user's columns behind the time of receipt.
pub fn stored(name: &str, columns: &[(&str, Type)]) -> &'static TableDef {
    let mut all = vec![(RECEIVED, Type::DateTime, ColumnRole::Time)];
    all.extend(columns.iter().map(|(name, ty)| (*name, *ty, ColumnRole::Plain)));
    table(name, &all)
}

/// The user's columns of an own table's definition.
pub fn columns(table: &'static TableDef) -> impl Iterator<Item = &'static ColumnDef> {
    table.columns.iter().filter(|column| column.role != ColumnRole::Time)
}

/// What queries see of an own table under the name its user gave it.
pub fn view(name: &str, table: &'static TableDef) -> &'static ViewDef {
    let mut interned = lock();
    let name = interned.name(name);
    let is_of_table = |view: &&ViewDef| view.table.is_some_and(|t| std::ptr::eq(t, table));
    let known = interned.views.get(name).into_iter().flatten().copied().find(is_of_table);
    if let Some(view) = known {
        return view;
    }
    let has_time = |name: &&&str| {
        columns(table).any(|column| column.name == **name && column.ty == Type::DateTime)
    };
    let shown = columns(table).map(|column| ViewColumn {
        name: column.name,
        ty: column.ty,
        source: Source::Column(column.name),
    });
    let view: &'static ViewDef = Box::leak(Box::new(ViewDef {
        name,
        vocabulary: Vocabulary::Own,
        table: Some(table),
        columns: shown.collect(),
        time_column: TIME_COLUMNS.iter().find(has_time).copied().unwrap_or(""),
        doc: "",
    }));
    interned.size += 1 + view.columns.len();
    interned.views.entry(name).or_default().push(view);
    view
}

/// Rows of an own table from its user's columns, in their order and types, all of which came in at
/// `received` (nanoseconds since 1970).
///
/// # Errors
/// When the columns are not those of the table: a mistake of the caller's code.
pub fn batch(
    table: &'static TableDef,
    rows: &RecordBatch,
    received: i64,
) -> Result<Batch, ArrowError> {
    let mut given = rows.columns().iter();
    let mut all: Vec<ArrayRef> = Vec::with_capacity(table.columns.len());
    for column in table.columns {
        if column.role == ColumnRole::Time {
            all.push(Arc::new(TimestampNanosecondArray::from(vec![received; rows.num_rows()])));
            continue;
        }
        let missing = || ArrowError::SchemaError(format!("no column `{}`", column.name));
        let values = given.next().ok_or_else(missing)?;
        let texts = values.as_string_view_opt().filter(|texts| texts.null_count() > 0);
        all.push(match texts {
            // A text is never null.
            Some(texts) if column.ty == Type::String => {
                let texts = texts.iter().map(Option::unwrap_or_default);
                Arc::new(StringViewArray::from_iter_values(texts))
            }
            _ => Arc::clone(values),
        });
    }
    Ok(Batch { table, rows: RecordBatch::try_new(crate::batch::schema(table), all)? })
}

fn lock() -> std::sync::MutexGuard<'static, Interned> {
    INTERNED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interned {
    fn name(&mut self, name: &str) -> &'static str {
        if let Some(known) = self.names.get(name) {
            return known;
        }
        let name: &'static str = Box::leak(name.into());
        self.size += 1;
        self.names.insert(name);
        name
    }

    fn columns(&mut self, columns: Vec<ColumnDef>) -> &'static [ColumnDef] {
        if let Some(known) = self.columns.get(columns.as_slice()) {
            return known;
        }
        let columns: &'static [ColumnDef] = Box::leak(columns.into());
        self.size += 1 + columns.len();
        self.columns.insert(columns);
        columns
    }

    fn table(&mut self, table: TableDef) -> &'static TableDef {
        let known = self.tables.get(table.name).into_iter().flatten().find(|t| ***t == table);
        if let Some(known) = known {
            return known;
        }
        let table: &'static TableDef = Box::leak(Box::new(table));
        self.size += 1;
        self.tables.entry(table.name).or_default().push(table);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_definitions_are_one() {
        let two = [("a", Type::String), ("b", Type::Long)];
        let first = stored("own-m1", &two);
        assert!(std::ptr::eq(first, stored("own-m1", &two)));
        let more = stored("own-m1", &[two[0], two[1], ("c", Type::Bool)]);
        assert!(!std::ptr::eq(first, more));
        assert!(std::ptr::eq(first, stored("own-m1", &two)));
        let other = stored("own-m2", &two);
        assert!(std::ptr::eq(first.columns, other.columns));
        assert!(std::ptr::eq(view("T", first), view("T", first)));
        assert!(!std::ptr::eq(view("T", first), view("T", other)));
        assert!(!is_full());
    }

    #[test]
    fn rows_get_their_time_and_texts_are_never_null() {
        let table = stored("own-m4", &[("s", Type::String), ("g", Type::Guid)]);
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![Some("x"), None]));
        let given = [("s", Arc::clone(&texts)), ("g", texts)];
        let rows = RecordBatch::try_from_iter(given).unwrap();
        let batch = batch(table, &rows, 7).unwrap();
        let times = TimestampNanosecondArray::from(vec![7, 7]);
        assert_eq!(batch.rows.column(0).as_ref(), &times as &dyn Array);
        assert_eq!(batch.rows.column(1).as_string_view().value(1), "");
        assert_eq!((batch.rows.column(1).null_count(), batch.rows.column(2).null_count()), (0, 1));
        assert!(super::batch(table, &rows.project(&[0]).unwrap(), 7).is_err());
    }

    #[test]
    fn the_view_hides_the_time_of_receipt_and_knows_its_time_column() {
        let of = |columns: &[(&str, Type)]| view("V", stored("own-m3", columns));
        let plain = of(&[("timestamp", Type::String), ("n", Type::Long)]);
        assert_eq!(plain.columns.iter().map(|c| c.name).collect::<Vec<_>>(), ["timestamp", "n"]);
        assert_eq!(plain.time_column, "");
        assert_eq!(of(&[("timestamp", Type::DateTime)]).time_column, "timestamp");
        let both = [("timestamp", Type::DateTime), ("TimeGenerated", Type::DateTime)];
        assert_eq!(of(&both).time_column, "TimeGenerated");
        assert_eq!(plain.table.unwrap().time_column().name, RECEIVED);
    }
}
