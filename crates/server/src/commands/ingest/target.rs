//! Where rows go: a table of a running server, or of a data folder.

mod folder;
mod server;

use ingest::bulk::Column;

use self::folder::Folder;
use self::server::Server;
use crate::cli::{IngestCall, Place};
use crate::commands::Failure;
use crate::commands::client::Client;

/// One table of one application.
pub enum Target {
    Server(Server),
    Folder(Folder),
}

impl Target {
    /// # Errors
    /// When the place cannot be used.
    pub fn new(call: &IngestCall) -> Result<Target, Failure> {
        Ok(match &call.place {
            Place::Url { url, trust } => {
                Target::Server(Server::new(Client::new(url, trust, call.key.as_deref())?, call))
            }
            Place::Data(data) => Target::Folder(Folder::open(data, call)?),
        })
    }

    /// Makes the table, or adds the columns it does not have.
    ///
    /// # Errors
    /// When that is refused.
    pub fn create(&self, columns: &[Column]) -> Result<(), Failure> {
        match self {
            Target::Server(server) => server.create(columns),
            Target::Folder(folder) => folder.create(columns),
        }
    }

    /// The table's columns, in order. `is_made`: it was created just now.
    ///
    /// # Errors
    /// When there is no such table.
    pub fn columns(&self, is_made: bool) -> Result<Vec<Column>, Failure> {
        match self {
            Target::Server(server) => server.columns(is_made),
            Target::Folder(folder) => folder.columns(),
        }
    }

    /// Stores `count` rows of canonical CSV.
    ///
    /// # Errors
    /// When not all of them are taken.
    pub fn send(&self, csv: &[u8], count: usize) -> Result<(), Failure> {
        match self {
            Target::Server(server) => server.send(csv, count),
            Target::Folder(folder) => folder.send(csv),
        }
    }

    /// No more rows come.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(&self) -> Result<(), Failure> {
        match self {
            Target::Server(_) => Ok(()),
            Target::Folder(folder) => folder.close(),
        }
    }
}
