//! Rows to a table of a data folder that no server holds.

use std::path::Path;
use std::sync::Arc;

use ingest::bulk::{Column, Format, Misfit};
use model::own;
use store::{Store, Write};

use crate::api::ingest::rows::{self, Reading};
use crate::app::{now, open_folder};
use crate::apps::{Application, Apps};
use crate::cli::IngestCall;
use crate::commands::Failure;
use crate::tables::{IfThere, OwnTable, Wanted};

/// One table of one application.
pub struct Folder {
    store: Arc<Store>,
    apps: Arc<Apps>,
    app: Arc<Application>,
    table: String,
}

impl Folder {
    /// # Errors
    /// When there is no such folder or application, or a server holds the folder.
    pub fn open(data: &Path, call: &IngestCall) -> Result<Folder, Failure> {
        if !data.is_dir() {
            return Err(Failure::new(format!("no data folder at `{}`", data.display())));
        }
        let (store, apps) = open_folder(data)?;
        let app = match &call.app {
            Some(name) => apps.by_name_or_id(name),
            None => apps.default(),
        };
        let name = call.app.as_deref().unwrap_or(crate::apps::DEFAULT);
        let app = app.ok_or_else(|| Failure::new(format!("there is no application `{name}`")))?;
        Ok(Folder { store, apps, app, table: call.table.clone() })
    }

    /// Makes the table, or adds the columns it does not have.
    ///
    /// # Errors
    /// When a name is wrong or a column would change its type.
    pub fn create(&self, columns: &[Column]) -> Result<(), Failure> {
        let columns = columns.iter().map(|column| (column.name.clone(), column.ty)).collect();
        let wanted = Wanted { name: self.table.clone(), columns, ..Wanted::default() };
        let app = self.app.app_id();
        let made = self.apps.tables().create(app, &[wanted], IfThere::Merge);
        made.map(|_| ()).map_err(|error| Failure::new(error.to_string()))
    }

    /// The table's columns, in order.
    ///
    /// # Errors
    /// When there is no such table.
    pub fn columns(&self) -> Result<Vec<Column>, Failure> {
        let table = self.table()?;
        let columns = own::columns(table.stored);
        Ok(columns.map(|c| Column { name: c.name.to_owned(), ty: c.ty }).collect())
    }

    /// Stores rows of canonical CSV.
    ///
    /// # Errors
    /// When they do not fit the table or the disk fails.
    pub fn send(&self, csv: &[u8]) -> Result<(), Failure> {
        let (format, misfit) = (Format::Csv, Misfit::Reject);
        let reading = Reading { format, has_header: false, misfit, is_strict: true };
        let (batch, _) = rows::read(csv, &*self.table()?, reading)
            .map_err(|refusal| Failure::new(refusal.message))?;
        if self.store.seal_due(now()) {
            self.store.seal(now())?;
        }
        let rows = vec![(self.app.app_id(), batch)];
        self.store.append_blocking(Write { rows, documents: Vec::new() })?;
        Ok(())
    }

    /// Lets go of the folder.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(&self) -> Result<(), Failure> {
        self.store.seal(now())?;
        Ok(self.store.close()?)
    }

    fn table(&self) -> Result<Arc<OwnTable>, Failure> {
        let found = self.apps.tables().find(self.app.app_id(), &self.table);
        found.ok_or_else(|| {
            let table = &self.table;
            Failure::Because(vec![
                format!("there is no table `{table}`"),
                format!("`--create` makes table `{table}` for the files"),
            ])
        })
    }
}
