//! Own tables: what users create, fill, alter and drop, per application.
//!
//! Their definitions are documents of the store (`store::tables`); here they have names and a
//! place. Invariants: a name means one table of an application and is never that of a built-in
//! one; a table is listed here only after its definition is durable; a change that concerns
//! several tables, or a table and its rows, happens whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{AppId, Batch, Fault, TableDef, Type, ViewDef, own};
use parking_lot::{Mutex, RwLock};
use query::ResultTable;
use serde::{Deserialize, Serialize};
use store::tables::drop_edit;
use store::{Definition, Receipt, Store, Write};

/// Most tables of one application, and of all together.
const APP_TABLES_MAX: usize = 1_000;
const TABLES_MAX: usize = 10_000;
/// Most columns of a table.
const COLUMNS_MAX: usize = 1_000;
/// Longest name of a table or column, in characters.
const NAME_CHARS_MAX: usize = 256;
/// Longest folder and description, in bytes.
const ABOUT_BYTES_MAX: usize = 16 << 10;

/// A table as its creator describes it.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub name: String,
    pub columns: Vec<(String, Type)>,
    /// `None`: as it was, or empty.
    pub folder: Option<String>,
    pub doc: Option<String>,
}

/// What creating does to a table that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfThere {
    /// It stays as it is.
    Keep,
    /// It gets the columns it lacks.
    Merge,
    /// As `Merge`, and it must be there.
    MergeOnly,
}

/// Where rows go (`.set` and the like).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// Into a new table.
    Set,
    /// Into a table that is there.
    Append,
    /// Into either.
    SetOrAppend,
    /// Into a table that has only these rows afterwards.
    SetOrReplace,
}

/// One own table.
#[derive(Debug)]
pub struct OwnTable {
    pub app: AppId,
    pub name: String,
    pub folder: String,
    pub doc: String,
    pub stored: &'static TableDef,
    pub view: &'static ViewDef,
}

/// What the store keeps for us beside the columns.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    app: u32,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    doc: String,
}

/// Why a table could not be created, changed or filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "`{0}` is not a name for a table or a column: use 1 to {NAME_CHARS_MAX} letters, digits, \
         `_`, `-`, `.` or spaces between them"
    )]
    Name(String),
    #[error("`{0}` is the name of a built-in table: choose another one")]
    BuiltIn(String),
    #[error("there is a table `{0}` already")]
    Exists(String),
    #[error("there is no table `{0}`")]
    Missing(String),
    #[error("`{0}` is built in and cannot be changed")]
    Fixed(String),
    #[error("the table `{table}` has the column `{column}` twice")]
    Twice { table: String, column: String },
    #[error("the table `{0}` needs a column")]
    NoColumns(String),
    #[error("`{column}` of `{table}` is `{has}` and cannot become `{wanted}`")]
    ColumnType { table: String, column: String, has: Type, wanted: Type },
    #[error("the rows have {given} columns, the table `{table}` has {has}")]
    ColumnCount { table: String, has: usize, given: usize },
    #[error(
        "column {number} of the rows is `{given}`, `{column}` of `{table}` is `{has}`: convert it"
    )]
    RowType { table: String, column: String, number: usize, has: Type, given: Type },
    #[error("the table `{table}` would have {count} columns, the most is {COLUMNS_MAX}")]
    TooManyColumns { table: String, count: usize },
    #[error("the application has {APP_TABLES_MAX} tables, the most there may be")]
    TooManyOfApp,
    #[error("the server has {TABLES_MAX} tables, the most there may be")]
    TooMany,
    #[error("so many tables were created since the start that a restart is needed for more")]
    TooManyDefinitions,
    #[error("folder and description of a table have {ABOUT_BYTES_MAX} bytes at most")]
    AboutTooLong,
    #[error("the table `{0}` was dropped meanwhile")]
    Dropped(String),
    #[error("definition of table `{table}` cannot be read or written: {reason}")]
    Document { table: String, reason: String },
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::TooManyColumns { .. }
            | Error::TooManyOfApp
            | Error::TooMany
            | Error::TooManyDefinitions
            | Error::AboutTooLong => Fault::Limit,
            Error::Document { .. } => Fault::Internal,
            Error::Store(error) => error.fault(),
            _ => Fault::Caller,
        }
    }
}

type Index = BTreeMap<(AppId, String), Arc<OwnTable>>;

/// All own tables of one data folder.
pub struct Tables {
    store: Arc<Store>,
    index: RwLock<Index>,
    /// Held while definitions change, so that two requests cannot take one name.
    changing: Mutex<()>,
}

impl Tables {
    /// Reads the tables of a store.
    ///
    /// # Errors
    /// When what we keep with a definition is damaged.
    pub fn load(store: Arc<Store>) -> Result<Tables, Error> {
        let mut index = Index::new();
        for found in store.own_tables() {
            let table = read(&found)?;
            index.insert((table.app, table.name.clone()), Arc::new(table));
        }
        Ok(Tables { store, index: RwLock::new(index), changing: Mutex::new(()) })
    }

    /// The table of this name, exact letter case.
    pub fn find(&self, app: AppId, name: &str) -> Option<Arc<OwnTable>> {
        self.index.read().get(&(app, name.to_owned())).cloned()
    }

    /// The tables of an application by name.
    pub fn list(&self, app: AppId) -> Vec<Arc<OwnTable>> {
        let index = self.index.read();
        let tables = index.range((app, String::new())..).take_while(|((of, _), _)| *of == app);
        tables.map(|(_, table)| Arc::clone(table)).collect()
    }

    fn found(&self, app: AppId, name: &str) -> Result<Arc<OwnTable>, Error> {
        if is_built_in(name) {
            return Err(Error::Fixed(name.to_owned()));
        }
        let missing = || Error::Missing(name.chars().take(NAME_CHARS_MAX).collect());
        self.find(app, name).ok_or_else(missing)
    }

    /// Creates or alters tables, all or none; durable when it returns. Blocks on the disk.
    ///
    /// # Errors
    /// When a name is wrong or taken, a column would change its type, or a limit is met.
    pub fn create(
        &self,
        app: AppId,
        wanted: &[Wanted],
        how: IfThere,
    ) -> Result<Vec<Arc<OwnTable>>, Error> {
        let _changing = self.changing.lock();
        let mut made: Vec<Arc<OwnTable>> = Vec::new();
        for wanted in wanted {
            check(wanted)?;
            let earlier = made.iter().find(|table| table.name == wanted.name).cloned();
            let table = match earlier.or_else(|| self.find(app, &wanted.name)) {
                Some(known) if how == IfThere::Keep => known,
                Some(known) => Arc::new(merged(&known, wanted)?),
                None if how == IfThere::MergeOnly => {
                    return Err(Error::Missing(wanted.name.clone()));
                }
                None => Arc::new(new_table(app, wanted)?),
            };
            made.retain(|other| other.name != table.name);
            made.push(table);
        }
        self.refuse_more(app, &made)?;
        self.change(&[], &made, Vec::new())?;
        Ok(made)
    }

    /// Drops tables, all or none; their rows are gone when it returns. Blocks on the disk.
    ///
    /// # Errors
    /// When one is not there and `if_exists` is false.
    pub fn drop(&self, app: AppId, names: &[String], if_exists: bool) -> Result<(), Error> {
        let changing = self.changing.lock();
        let mut dropped = Vec::new();
        for name in names {
            match self.found(app, name) {
                Ok(table) => dropped.push(table),
                Err(Error::Missing(_)) if if_exists => {}
                Err(error) => return Err(error),
            }
        }
        self.change(&dropped, &[], Vec::new())?;
        drop(changing);
        self.remove_dropped();
        Ok(())
    }

    /// Removes all rows of a table. Blocks on the disk.
    ///
    /// # Errors
    /// When it is not there.
    pub fn clear(&self, app: AppId, name: &str) -> Result<(), Error> {
        let changing = self.changing.lock();
        let old = self.found(app, name)?;
        let new = Arc::new(renewed(&old)?);
        self.change(&[old], &[new], Vec::new())?;
        drop(changing);
        self.remove_dropped();
        Ok(())
    }

    /// Gives a table another name. Blocks on the disk.
    ///
    /// # Errors
    /// When it is not there, or the name is wrong or taken.
    pub fn rename(&self, app: AppId, from: &str, to: &str) -> Result<(), Error> {
        let _changing = self.changing.lock();
        let old = self.found(app, from)?;
        check_name(to)?;
        if is_built_in(to) {
            return Err(Error::BuiltIn(to.to_owned()));
        }
        if self.find(app, to).is_some() {
            return Err(Error::Exists(to.to_owned()));
        }
        if own::is_full() {
            return Err(Error::TooManyDefinitions);
        }
        let (folder, doc) = (old.folder.clone(), old.doc.clone());
        let new = own_table(app, to.to_owned(), folder, doc, old.stored);
        // The same stored table: its document is replaced, not dropped.
        let write = Write { rows: Vec::new(), documents: vec![definition(&new)?.put()] };
        self.store.append_blocking(write)?;
        let mut index = self.index.write();
        index.remove(&(app, old.name.clone()));
        index.insert((app, new.name.clone()), Arc::new(new));
        Ok(())
    }

    /// Adds rows to a table: batches of its user's columns in their order and types. Durable and
    /// visible when it returns, all or none. The way of every bulk intake.
    ///
    /// # Errors
    /// [`Error::Dropped`]; what the store refuses, [`store::Error::TooLarge`] beyond 64 MiB.
    pub async fn append(&self, table: &OwnTable, batches: Vec<Batch>) -> Result<Receipt, Error> {
        let rows = batches.into_iter().map(|batch| (table.app, batch)).collect();
        let write = Write { rows, documents: Vec::new() };
        self.store.append(write).await.map_err(|error| match error {
            store::Error::NoTable => Error::Dropped(table.name.clone()),
            error => Error::Store(error),
        })
    }

    /// Fills a table with the rows of an answer, matched by position, creating or replacing it
    /// as `how` says; all or nothing. Gives the table and the bytes of the rows in memory.
    /// `now` is when they came in. Blocks on the disk.
    ///
    /// # Errors
    /// When the table is there or is not, or the columns do not fit.
    pub fn fill(
        &self,
        app: AppId,
        wanted: &Wanted,
        how: Fill,
        answer: &ResultTable,
        now: i64,
    ) -> Result<u64, Error> {
        let changing = self.changing.lock();
        let known = match self.found(app, &wanted.name) {
            Ok(_) if how == Fill::Set => return Err(Error::Exists(wanted.name.clone())),
            Ok(known) => Some(known),
            Err(Error::Missing(_)) if how != Fill::Append => None,
            Err(error) => return Err(error),
        };
        let mut dropped = Vec::new();
        let mut made = Vec::new();
        let stored = match (&known, how) {
            (Some(known), Fill::SetOrReplace) => {
                let new = renewed(known)?;
                let stored = new.stored;
                dropped.push(Arc::clone(known));
                made.push(Arc::new(new));
                stored
            }
            (Some(known), _) => known.stored,
            (None, _) => {
                check(wanted)?;
                let new = new_table(app, wanted)?;
                let stored = new.stored;
                made.push(Arc::new(new));
                self.refuse_more(app, &made)?;
                stored
            }
        };
        check_rows(&wanted.name, stored, &answer.columns)?;
        let mut rows = Vec::with_capacity(answer.batches.len());
        let mut size_bytes = 0;
        for batch in &answer.batches {
            size_bytes += batch.get_array_memory_size() as u64;
            let batch = own::batch(stored, batch, now).map_err(|e| store::Error::Batch {
                table: wanted.name.clone(),
                reason: e.to_string(),
            })?;
            rows.push((app, batch));
        }
        self.change(&dropped, &made, rows)?;
        drop(changing);
        if !dropped.is_empty() {
            self.remove_dropped();
        }
        Ok(size_bytes)
    }

    /// Makes a change durable, then known. The caller holds `changing`.
    fn change(
        &self,
        dropped: &[Arc<OwnTable>],
        made: &[Arc<OwnTable>],
        rows: Vec<(AppId, Batch)>,
    ) -> Result<(), Error> {
        let mut documents: Vec<_> = dropped.iter().map(|table| drop_edit(table.stored)).collect();
        for table in made {
            documents.push(definition(table)?.put());
        }
        if documents.is_empty() && rows.is_empty() {
            return Ok(());
        }
        self.store.append_blocking(Write { rows, documents })?;
        let mut index = self.index.write();
        for table in dropped {
            index.remove(&(table.app, table.name.clone()));
        }
        for table in made {
            index.insert((table.app, table.name.clone()), Arc::clone(table));
        }
        Ok(())
    }

    /// What cannot be removed now goes with the next job.
    fn remove_dropped(&self) {
        if let Err(error) = self.store.remove_dropped() {
            tracing::warn!(%error, "rows of a dropped table are still on disk");
        }
    }

    fn refuse_more(&self, app: AppId, made: &[Arc<OwnTable>]) -> Result<(), Error> {
        let index = self.index.read();
        let is_new = |table: &&Arc<OwnTable>| !index.contains_key(&(app, table.name.clone()));
        let more = made.iter().filter(is_new).count();
        let of_app = index.keys().filter(|(of, _)| *of == app).count();
        match () {
            () if more > 0 && of_app + more > APP_TABLES_MAX => Err(Error::TooManyOfApp),
            () if more > 0 && index.len() + more > TABLES_MAX => Err(Error::TooMany),
            () if own::is_full() => Err(Error::TooManyDefinitions),
            () => Ok(()),
        }
    }
}

/// Whether a table of this name comes with the product.
fn is_built_in(name: &str) -> bool {
    built_in(name).is_some()
}

/// Where the rows of a table come from that comes with the product; `None`: it is no such table.
pub fn built_in(name: &str) -> Option<String> {
    if name == model::tables::audit::view().name {
        return Some(format!("`{name}` is built in: its rows come from the server alone"));
    }
    model::tables::view(name)?;
    Some(format!(
        "`{name}` is built in: its rows come from SDKs, or from files of envelopes by \
         `telltale import`"
    ))
}

fn own_table(
    app: AppId,
    name: String,
    folder: String,
    doc: String,
    stored: &'static TableDef,
) -> OwnTable {
    let view = own::view(&name, stored);
    OwnTable { app, name, folder, doc, stored, view }
}

/// A stored name nobody has had.
fn stored_name() -> String {
    format!("{}{}", own::PREFIX, uuid::Uuid::new_v4().simple())
}

fn new_table(app: AppId, wanted: &Wanted) -> Result<OwnTable, Error> {
    if wanted.columns.is_empty() {
        return Err(Error::NoColumns(wanted.name.clone()));
    }
    if own::is_full() {
        return Err(Error::TooManyDefinitions);
    }
    let columns: Vec<(&str, Type)> =
        wanted.columns.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
    let stored = own::stored(&stored_name(), &columns);
    let folder = wanted.folder.clone().unwrap_or_default();
    let doc = wanted.doc.clone().unwrap_or_default();
    Ok(own_table(app, wanted.name.clone(), folder, doc, stored))
}

/// The same table without its rows.
fn renewed(old: &OwnTable) -> Result<OwnTable, Error> {
    if own::is_full() {
        return Err(Error::TooManyDefinitions);
    }
    let columns: Vec<(&str, Type)> =
        own::columns(old.stored).map(|column| (column.name, column.ty)).collect();
    let stored = own::stored(&stored_name(), &columns);
    Ok(own_table(old.app, old.name.clone(), old.folder.clone(), old.doc.clone(), stored))
}

/// The known table with the wanted columns it lacks behind its own.
fn merged(known: &OwnTable, wanted: &Wanted) -> Result<OwnTable, Error> {
    let mut columns: Vec<(&str, Type)> =
        own::columns(known.stored).map(|column| (column.name, column.ty)).collect();
    for (name, ty) in &wanted.columns {
        match columns.iter().find(|(known, _)| known == name) {
            Some((_, has)) if has == ty => {}
            Some((_, has)) => {
                return Err(Error::ColumnType {
                    table: known.name.clone(),
                    column: name.clone(),
                    has: *has,
                    wanted: *ty,
                });
            }
            None => columns.push((name, *ty)),
        }
    }
    if columns.len() > COLUMNS_MAX {
        let (table, count) = (known.name.clone(), columns.len());
        return Err(Error::TooManyColumns { table, count });
    }
    let stored = own::stored(known.stored.name, &columns);
    let folder = wanted.folder.clone().unwrap_or_else(|| known.folder.clone());
    let doc = wanted.doc.clone().unwrap_or_else(|| known.doc.clone());
    Ok(own_table(known.app, known.name.clone(), folder, doc, stored))
}

fn definition(table: &OwnTable) -> Result<Definition, Error> {
    let (folder, doc) = (table.folder.clone(), table.doc.clone());
    let about = serde_json::to_vec(&About { app: table.app.0, folder, doc })
        .map_err(|e| Error::Document { table: table.name.clone(), reason: e.to_string() })?;
    Ok(Definition { table: table.stored, label: table.name.clone(), about })
}

fn read(found: &Definition) -> Result<OwnTable, Error> {
    let about: About = serde_json::from_slice(&found.about)
        .map_err(|e| Error::Document { table: found.label.clone(), reason: e.to_string() })?;
    let app = AppId(about.app);
    Ok(own_table(app, found.label.clone(), about.folder, about.doc, found.table))
}

/// Kusto's rule for names of entities.
fn check_name(name: &str) -> Result<(), Error> {
    let is_usable = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let count = name.chars().count();
    let is_name = (1..=NAME_CHARS_MAX).contains(&count)
        && name.chars().all(is_usable)
        && name.trim() == name
        && name != own::RECEIVED;
    match is_name {
        true => Ok(()),
        false => Err(Error::Name(name.chars().take(NAME_CHARS_MAX).collect())),
    }
}

fn check(wanted: &Wanted) -> Result<(), Error> {
    check_name(&wanted.name)?;
    if is_built_in(&wanted.name) {
        return Err(Error::BuiltIn(wanted.name.clone()));
    }
    let about = [&wanted.folder, &wanted.doc];
    if about.into_iter().flatten().any(|text| text.len() > ABOUT_BYTES_MAX) {
        return Err(Error::AboutTooLong);
    }
    if wanted.columns.len() > COLUMNS_MAX {
        let (table, count) = (wanted.name.clone(), wanted.columns.len());
        return Err(Error::TooManyColumns { table, count });
    }
    let mut names = std::collections::HashSet::new();
    for (name, _) in &wanted.columns {
        check_name(name)?;
        if !names.insert(name) {
            return Err(Error::Twice { table: wanted.name.clone(), column: name.clone() });
        }
    }
    Ok(())
}

/// Whether rows fit, column by column in order, as Kusto matches them.
fn check_rows(
    table: &str,
    stored: &'static TableDef,
    given: &[kql::bound::Column],
) -> Result<(), Error> {
    let columns: Vec<_> = own::columns(stored).collect();
    if columns.len() != given.len() {
        let (has, given) = (columns.len(), given.len());
        return Err(Error::ColumnCount { table: table.to_owned(), has, given });
    }
    for (number, (column, given)) in (1..).zip(columns.into_iter().zip(given)) {
        if column.ty != given.ty {
            return Err(Error::RowType {
                table: table.to_owned(),
                column: column.name.to_owned(),
                number,
                has: column.ty,
                given: given.ty,
            });
        }
    }
    Ok(())
}
