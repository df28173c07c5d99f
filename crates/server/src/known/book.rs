//! Known issues as documents: one each, below their application.

use std::sync::Arc;

use model::AppId;
use store::Store;

use super::Issue;

/// The document of an issue.
pub fn key(app: AppId, id: &str) -> String {
    format!("known/{}/{id}", app.0)
}

/// An issue and the bytes of its document.
pub fn get(store: &Store, app: AppId, id: &str) -> Option<(Issue, Arc<[u8]>)> {
    read(&key(app, id), store.document(&key(app, id))?)
}

/// All issues of an application, oldest first.
pub fn all(store: &Store, app: AppId) -> Vec<(Issue, Arc<[u8]>)> {
    let documents = store.documents(&key(app, "")).into_iter();
    let mut found: Vec<_> = documents.filter_map(|(key, bytes)| read(&key, bytes)).collect();
    found.sort_by(|(a, _), (b, _)| (a.created, &a.id).cmp(&(b.created, &b.id)));
    found
}

fn read(key: &str, bytes: Arc<[u8]>) -> Option<(Issue, Arc<[u8]>)> {
    match serde_json::from_slice(&bytes) {
        Ok(issue) => Some((issue, bytes)),
        Err(error) => {
            tracing::error!(key, %error, "a known issue cannot be read");
            None
        }
    }
}
