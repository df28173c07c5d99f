//! Where rows come from: the only module that knows how stored rows lie in memory and in files.

use model::{AppId, TableDef};

/// The rows queries read. Implemented by the store.
pub trait Rows: Send + Sync {
    /// The rows of `table` of `app` at this moment.
    fn rows(&self, app: AppId, table: &'static TableDef);
}
