//! Own tables: definitions that lie in documents `table/<stored name>` instead of the program
//! (docs/format.md, "Tables").
//!
//! Invariants: the log holds rows of an own table only while its document is there; a stored name
//! is used for one table only, for ever, so the rows of a table that was dropped never come back;
//! a new definition has all the columns of the one before.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use model::{ColumnRole, TableDef, Type, own};

use crate::codec::{DocumentEdit, Reader, empty_column, put_bytes, put_varint};
use crate::error::Error;
use crate::store::Store;

/// How the keys of the documents begin.
pub const PREFIX: &str = "table/";

/// Most columns of a definition, the hidden one included.
pub const COLUMNS_MAX: usize = 1_001;

const VERSION: u8 = 1;

/// An own table.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub table: &'static TableDef,
    /// The name people use; retention goes by it.
    pub label: String,
    /// What else the caller keeps with it.
    pub about: Vec<u8>,
}

impl Definition {
    /// The edit of documents that creates or alters the table.
    pub fn put(&self) -> DocumentEdit {
        let mut out = vec![VERSION];
        put_bytes(&mut out, self.label.as_bytes());
        put_varint(&mut out, self.table.columns.len() as u64);
        for column in self.table.columns {
            put_bytes(&mut out, column.name.as_bytes());
            put_bytes(&mut out, column.ty.name().as_bytes());
            out.push(match column.role {
                ColumnRole::Plain => 0,
                ColumnRole::Time => 1,
                ColumnRole::Id => 2,
                ColumnRole::Bag(Type::Real) => 4,
                ColumnRole::Bag(_) => 3,
            });
        }
        put_bytes(&mut out, &self.about);
        (key(self.table), Some(out))
    }

    /// The definition in the document of the table `name`.
    fn read(name: &str, document: &[u8]) -> Result<Definition, Error> {
        let mut reader = Reader { bytes: document, object: "table definition" };
        let version = reader.u8()?;
        let newer = |what: String| Error::Format { found: what, supported: u32::from(VERSION) };
        if version != VERSION {
            return Err(newer(format!("table definition {version}")));
        }
        let label = reader.text()?.to_owned();
        let count = reader.varint()?;
        if !own::is_own(name) || !(1..=COLUMNS_MAX as u64).contains(&count) {
            return Err(reader.bad("name or number of columns"));
        }
        let mut columns = Vec::new();
        for _ in 0..count {
            let name = reader.text()?;
            let ty = reader.text()?;
            let ty = Type::from_name(ty).ok_or_else(|| newer(format!("type `{ty}`")))?;
            let role = match reader.u8()? {
                0 => ColumnRole::Plain,
                1 => ColumnRole::Time,
                2 => ColumnRole::Id,
                3 => ColumnRole::Bag(Type::String),
                4 => ColumnRole::Bag(Type::Real),
                role => return Err(newer(format!("column role {role}"))),
            };
            columns.push((name, ty, role));
        }
        let is_time = |(_, ty, role): &&(&str, Type, ColumnRole)| {
            *role == ColumnRole::Time && *ty == Type::DateTime
        };
        if columns.iter().filter(is_time).count() != 1 {
            return Err(reader.bad("time column"));
        }
        let about = reader.bytes()?.to_vec();
        Ok(Definition { table: own::table(name, &columns), label, about })
    }
}

/// The key of a table's document.
fn key(table: &TableDef) -> String {
    format!("{PREFIX}{}", table.name)
}

/// The edit of documents that drops a table; its rows are gone with it.
pub fn drop_edit(table: &TableDef) -> DocumentEdit {
    (key(table), None)
}

impl Store {
    /// All own tables, by stored name.
    pub fn own_tables(&self) -> Vec<Definition> {
        let documents = self.documents(PREFIX).into_iter();
        let read = |(key, document): (String, Arc<[u8]>)| {
            Definition::read(key.strip_prefix(PREFIX)?, &document).ok()
        };
        documents.filter_map(read).collect()
    }
}

/// The own tables there are at one moment; a copy costs nothing until one of the two changes.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    own: Arc<BTreeMap<String, Own>>,
}

#[derive(Debug, Clone)]
struct Own {
    table: &'static TableDef,
    label: Arc<str>,
}

/// What a document edit does to a table: its stored name and its new definition, if it has one.
type Change = (String, Option<Definition>);

/// The changes of tables among edits of documents.
///
/// # Errors
/// When a definition cannot be read.
pub(crate) fn changes(edits: &[DocumentEdit]) -> Result<Vec<Change>, Error> {
    let mut changes = Vec::new();
    for (key, document) in edits {
        let Some(name) = key.strip_prefix(PREFIX) else { continue };
        let definition = document.as_ref().map(|d| Definition::read(name, d)).transpose()?;
        changes.push((name.to_owned(), definition));
    }
    Ok(changes)
}

impl Tables {
    /// Of all documents of a store.
    pub fn of<'a>(
        documents: impl Iterator<Item = (&'a String, &'a Arc<[u8]>)>,
    ) -> Result<Tables, Error> {
        let mut tables = Tables::default();
        for (key, document) in documents {
            let Some(name) = key.strip_prefix(PREFIX) else { continue };
            tables.put(name.to_owned(), Definition::read(name, document)?);
        }
        Ok(tables)
    }

    fn put(&mut self, name: String, definition: Definition) {
        let label = definition.label.into();
        Arc::make_mut(&mut self.own).insert(name, Own { table: definition.table, label });
    }

    /// The newest definition of a table, built in or own.
    pub fn find(&self, name: &str) -> Option<&'static TableDef> {
        match self.own.get(name) {
            Some(own) => Some(own.table),
            None => model::tables::table(name),
        }
    }

    /// The name people use for a stored table.
    pub fn label<'a>(&'a self, name: &'a str) -> &'a str {
        self.own.get(name).map_or(name, |own| &own.label)
    }

    /// Whether the table was an own one and is no more.
    pub fn is_dropped(&self, name: &str) -> bool {
        own::is_own(name) && !self.own.contains_key(name)
    }

    /// Applies changes in order; gives the names of the tables that are gone.
    pub fn apply(&mut self, changes: Vec<Change>) -> Vec<String> {
        let mut dropped = Vec::new();
        for (name, definition) in changes {
            match definition {
                Some(definition) => self.put(name, definition),
                None => {
                    dropped.extend(Arc::make_mut(&mut self.own).remove(&name).map(|_| name));
                }
            }
        }
        dropped
    }

    /// Applies the changes of a write, unless they or its rows do not fit what is there.
    ///
    /// # Errors
    /// [`Error::NoTable`] for rows of a table that is not there, [`Error::Altered`] for a
    /// definition that lacks a column of the one before.
    pub fn admit(
        &mut self,
        edits: &[DocumentEdit],
        tables: &[&'static TableDef],
    ) -> Result<(), Error> {
        let changes = changes(edits)?;
        for (name, definition) in &changes {
            let (Some(old), Some(new)) = (self.own.get(name), definition) else { continue };
            let lost = old.table.columns.iter().find(|column| !new.table.columns.contains(column));
            if let Some(column) = lost {
                return Err(Error::Altered { column: column.name.to_owned() });
            }
        }
        let before = Arc::clone(&self.own);
        self.apply(changes);
        if tables.iter().any(|table| self.is_dropped(table.name)) {
            self.own = before;
            return Err(Error::NoTable);
        }
        Ok(())
    }
}

/// Rows of an earlier or later definition of `table` in the columns of this one: those it lacks
/// are null (`''` for strings), those it has beyond are left out.
pub(crate) fn conform(table: &'static TableDef, rows: &RecordBatch) -> Result<RecordBatch, Error> {
    let fields = rows.schema_ref().fields();
    let is_same = fields.len() == table.columns.len()
        && fields.iter().zip(table.columns).all(|(field, column)| field.name() == column.name);
    if is_same {
        return Ok(rows.clone());
    }
    let column = |column: &model::ColumnDef| -> ArrayRef {
        let stored = rows.column_by_name(column.name).cloned();
        stored.unwrap_or_else(|| empty_column(column.ty, rows.num_rows()))
    };
    let columns = table.columns.iter().map(column).collect();
    Ok(RecordBatch::try_new(model::batch::schema(table), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(name: &str, columns: &[(&str, Type)]) -> Definition {
        let table = own::stored(name, columns);
        Definition { table, label: "T".to_owned(), about: b"{}".to_vec() }
    }

    #[test]
    fn definitions_come_back_and_bad_ones_are_refused() {
        let all: Vec<(&str, Type)> = Type::ALL.map(|ty| (ty.name(), ty)).to_vec();
        let made = definition("own-a", &all);
        let (key, document) = made.put();
        let document = document.unwrap();
        assert_eq!(key, "table/own-a");
        assert_eq!(Definition::read("own-a", &document).unwrap(), made);
        assert!(matches!(Definition::read("a", &document), Err(Error::Damaged { .. })));
        for len in 0..document.len() {
            assert!(Definition::read("own-a", &document[..len]).is_err());
        }
        let newer = [&[2], &document[1..]].concat();
        assert!(matches!(Definition::read("own-a", &newer), Err(Error::Format { .. })));
    }

    #[test]
    fn a_write_is_admitted_only_to_tables_there_are() {
        let mut tables = Tables::default();
        let (one, two) = (("a", Type::Long), ("b", Type::String));
        let made = definition("own-b", &[one]);
        let rows = [made.table];
        assert!(matches!(tables.admit(&[], &rows), Err(Error::NoTable)));
        // Created and filled by one write.
        tables.admit(&[made.put()], &rows).unwrap();
        let wider = definition("own-b", &[one, two]);
        tables.admit(&[wider.put()], &rows).unwrap();
        assert_eq!(tables.find("own-b"), Some(wider.table));
        for other in [vec![two], vec![("a", Type::Int), two]] {
            let lost = tables.admit(&[definition("own-b", &other).put()], &[]);
            assert!(matches!(lost, Err(Error::Altered { column }) if column == "a"));
        }
        // A write that drops the table it fills is refused whole.
        let drop = [drop_edit(made.table)];
        assert!(matches!(tables.admit(&drop, &rows), Err(Error::NoTable)));
        assert!(!tables.is_dropped("own-b"));
        tables.admit(&drop, &[]).unwrap();
        assert!(tables.is_dropped("own-b") && !tables.is_dropped("requests"));
        assert_eq!((tables.label("own-b"), tables.find("own-b")), ("own-b", None));
    }
}
