//! Known issues: causes of failures that people know, and the errors they explain.
//!
//! An issue is a document of its application and, for queries, a row of `KnownIssues`; what it
//! explains are rows of `KnownIssueMatches`. Only KQL decides what an issue explains
//! ([`kql::matches`]): for a preview, over all that is stored when it is saved, and over what is
//! collected later ([`look`]).
//! Invariant: matches name the revision of the issue they were made by, so that those of an earlier
//! text never count, whoever writes them when.

mod book;
pub mod find;
mod issue;
pub mod kql;
mod look;
mod rows;
pub mod save;

pub use book::{all, get};
pub use issue::{Issue, Wish};
pub use look::look;

use std::collections::HashMap;

use model::AppId;
use parking_lot::Mutex;

/// Issues of one application; each costs work for every build that is collected.
pub const ISSUES_MAX: usize = 1000;

/// What a server remembers of known issues beside its documents.
#[derive(Debug, Default)]
pub struct Known {
    /// Held from looking at a document until its next text is stored.
    pub writing: tokio::sync::Mutex<()>,
    looked: Mutex<HashMap<AppId, look::Looked>>,
}

impl Known {
    /// Has the builds of the last hours looked at again: they may have come in while an issue was
    /// on its way that was not looked for in them.
    pub fn look_again(&self, app: AppId) {
        self.looked.lock().remove(&app);
    }
}
