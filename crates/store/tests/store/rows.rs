//! Rows to store, and their names when read back.

use model::tables::{REQUESTS, TRACES};
use model::{AppId, Batch, BatchBuilder, TableDef, Type};
use store::{Snapshot, Store, Write};

/// Nanoseconds of one day.
pub const DAY: i64 = 86_400_000_000_000;
/// 2026-11-21T00:00:00Z.
pub const TODAY: i64 = 20_778 * DAY;

/// Rows of `table` whose `operation_Name` are the given names, all at `time`.
pub fn batch(table: &'static TableDef, names: &[String], time: i64) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for name in names {
        for (at, column) in table.columns.iter().enumerate() {
            let builder = builder.column(at);
            match (column.name, column.ty) {
                ("timestamp" | "_received", _) => builder.long(time),
                ("operation_Name", _) => builder.text(name),
                ("customDimensions", _) => builder.text(&format!("{{\"k\":\"{name}\"}}")),
                ("itemCount", _) => builder.long(1),
                (_, Type::Real) => builder.real(0.5),
                _ => builder.null(),
            }
        }
        builder.end_row();
    }
    builder.finish().unwrap()
}

/// `prefix-0` … of the given count.
pub fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}-{n}")).collect()
}

/// One write of rows of one table.
pub fn write(app: u32, table: &'static TableDef, names: &[String], time: i64) -> Write {
    Write { rows: vec![(AppId(app), batch(table, names, time))], documents: Vec::new() }
}

/// A write of one request.
pub fn request(name: &str) -> Write {
    write(1, &REQUESTS, &[name.to_owned()], TODAY)
}

/// The names of a snapshot's rows, sorted.
pub fn names_of(snapshot: &Snapshot) -> Vec<String> {
    let mut batches = snapshot.head.clone();
    for extent in &snapshot.extents {
        let rows = extent.read_rows(snapshot.table).unwrap();
        assert_eq!(rows.iter().map(|b| b.num_rows() as u64).sum::<u64>(), extent.rows);
        batches.extend(rows);
    }
    let at = snapshot.table.index_of("operation_Name").unwrap();
    let mut names = Vec::new();
    for batch in batches {
        let column = batch.column(at).as_any();
        let column = column.downcast_ref::<arrow::array::StringViewArray>().unwrap();
        names.extend(column.iter().map(|name| name.unwrap().to_owned()));
    }
    names.sort();
    names
}

/// The names of all requests of application 1.
pub fn requests(store: &Store) -> Vec<String> {
    names_of(&store.snapshot(AppId(1), &REQUESTS).unwrap())
}

/// The names of all traces of application 1.
pub fn traces(store: &Store) -> Vec<String> {
    names_of(&store.snapshot(AppId(1), &TRACES).unwrap())
}
