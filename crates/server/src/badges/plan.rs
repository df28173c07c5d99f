//! A change of badges before and after its write.

use std::collections::BTreeMap;
use std::sync::Arc;

use azdo::hook::Delivery;
use azdo::release_badge::{self, BadgeKey, News, NoBadge};
use tokio::sync::OwnedMutexGuard;

use super::document::{self, Document};
use super::{BADGES_MAX, PREFIX, Shared, file_name};

/// A change: no other one is under way until it is published or dropped. Dropped before its
/// documents were written, nothing has happened; it must not be dropped after.
pub struct Plan {
    shared: Arc<Shared>,
    changed: BTreeMap<String, Option<Arc<Document>>>,
    _guard: OwnedMutexGuard<()>,
}

/// What hearing of a deployment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The badge's id.
    pub id: String,
    /// Whether the badge knows anything it did not.
    pub is_changed: bool,
}

/// Why no badge came of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    #[error(transparent)]
    NoBadge(#[from] NoBadge),
    #[error("there are {BADGES_MAX} badges, the most a server holds: delete some first")]
    TooMany,
}

impl Plan {
    pub(super) fn new(shared: Arc<Shared>, guard: OwnedMutexGuard<()>) -> Plan {
        Plan { shared, changed: BTreeMap::new(), _guard: guard }
    }

    /// Hears of what a hook delivered. `now`: nanoseconds since 1970.
    ///
    /// # Errors
    /// Why no badge follows from it, for people.
    pub fn hear_delivery(&mut self, delivery: &Delivery, now: i64) -> Result<Heard, Unheard> {
        let (key, news) = release_badge::of_delivery(delivery)?;
        self.hear(key, news, now)
    }

    /// Hears of a deployment, be it new, known, old or a repetition. `now`: nanoseconds since 1970.
    ///
    /// # Errors
    /// [`Unheard::TooMany`].
    pub fn hear(&mut self, key: BadgeKey, news: News, now: i64) -> Result<Heard, Unheard> {
        let organization = key.organization.clone();
        let key = document::normal(key);
        let id = document::badge_id(&key);
        let mut document = match self.get(&id) {
            Some(known) => (*known).clone(),
            None if self.count() >= BADGES_MAX => return Err(Unheard::TooMany),
            None => Document::new(key),
        };
        let is_changed = document.hear(&organization, news);
        if is_changed {
            document.changed = now;
            self.changed.insert(id.clone(), Some(Arc::new(document)));
        }
        Ok(Heard { id, is_changed })
    }

    /// The badge as the plan would have it.
    fn get(&self, id: &str) -> Option<Arc<Document>> {
        match self.changed.get(id) {
            Some(planned) => planned.clone(),
            None => self.shared.all.read().get(id).cloned(),
        }
    }

    fn count(&self) -> usize {
        let all = self.shared.all.read();
        let new = self.changed.keys().filter(|id| !all.contains_key(*id)).count();
        all.len() + new
    }

    /// The documents that must become durable before the plan is published; empty when nothing
    /// changes.
    pub fn documents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        let edit = |(id, document): (&String, &Option<Arc<Document>>)| {
            // Structures of texts and numbers always have a JSON form.
            let value = document.as_ref().and_then(|document| serde_json::to_vec(&**document).ok());
            (format!("{PREFIX}{id}"), value)
        };
        self.changed.iter().map(edit).collect()
    }

    pub(super) fn publish(self) -> Result<(), store::Error> {
        {
            let mut all = self.shared.all.write();
            for (id, document) in &self.changed {
                match document {
                    Some(document) => drop(all.insert(id.clone(), Arc::clone(document))),
                    None => drop(all.remove(id)),
                }
            }
        }
        for (id, document) in &self.changed {
            match document {
                Some(document) => self.shared.put_file(document)?,
                None => drop(self.shared.store.files().delete(&file_name(id))?),
            }
        }
        Ok(())
    }
}
