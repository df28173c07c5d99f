//! A change of badges before and after its write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use azdo::hook::Delivery;
use azdo::release_badge::{self, BadgeKey, News, NoBadge};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

use super::choice::{Choice, ChoiceError};
use super::document::{self, Document, StripDocument, StripKey};
use super::index::{Entry, What};
use super::orphans::{Existing, Orphan};
use super::query::{QUERIES_MAX, QueryBadge, QueryDocument, QueryValue};
use super::{BADGE, BADGES_MAX, QUERY, REFUSED, STRIP, Shared, VALUE, documents, file_name};

/// Subscriptions without a badge that are remembered; the one heard of longest ago goes first.
const REFUSED_MAX: usize = 100;

/// A change: no other one is under way until it is published or dropped. Dropped before its
/// documents were written, nothing has happened; it must not be dropped after.
pub struct Plan {
    shared: Arc<Shared>,
    badges: BTreeMap<String, Option<Arc<Document>>>,
    strips: BTreeMap<String, Arc<StripDocument>>,
    queries: BTreeMap<String, Option<QueryDocument>>,
    values: BTreeMap<String, QueryValue>,
    refused: BTreeMap<String, Option<Refused>>,
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

/// Why a change by hand is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no badge `{0}`")]
    NotFound(String),
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    #[error("{0}")]
    Wrong(String),
    #[error("the alias `{alias}` belongs to badge `{owner}`: take it away there first")]
    AliasTaken { alias: String, owner: String },
    #[error("there are {QUERIES_MAX} query badges, the most a server holds: delete some first")]
    TooManyQueries,
}

/// A subscription whose deliveries about deployments give no badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    pub subscription_id: String,
    pub organization: String,
    pub project_id: String,
    pub event_type: String,
    /// For people.
    pub reason: String,
    /// When the last one came, nanoseconds since 1970.
    pub at: i64,
}

impl Plan {
    pub(super) fn new(shared: Arc<Shared>, guard: OwnedMutexGuard<()>) -> Plan {
        Plan {
            shared,
            badges: BTreeMap::new(),
            strips: BTreeMap::new(),
            queries: BTreeMap::new(),
            values: BTreeMap::new(),
            refused: BTreeMap::new(),
            _guard: guard,
        }
    }

    /// Hears of what a hook delivered. `now`: nanoseconds since 1970.
    ///
    /// # Errors
    /// Why no badge follows from it, for people; reasons that somebody can do something about are
    /// also remembered, for the list of badges.
    pub fn hear_delivery(&mut self, delivery: &Delivery, now: i64) -> Result<Heard, Unheard> {
        let subscription = subscription_of(delivery);
        let heard = match release_badge::of_delivery(delivery) {
            Ok((key, news)) => self.hear(key, news, now),
            Err(error) => Err(error.into()),
        };
        match heard {
            Ok(_) if self.shared.store.document(&format!("{REFUSED}{subscription}")).is_some() => {
                self.refused.insert(subscription, None);
            }
            Ok(_) => {}
            Err(Unheard::NoBadge(NoBadge::OtherEvent | NoBadge::NotEnded | NoBadge::Skipped)) => {}
            Err(reason) => self.refuse(delivery, reason, now),
        }
        heard
    }

    fn refuse(&mut self, delivery: &Delivery, reason: Unheard, now: i64) {
        let envelope = &delivery.envelope;
        let subscription_id = subscription_of(delivery);
        let mut known = documents::<Refused>(&self.shared.store, REFUSED);
        known.sort_by_key(|refused| refused.at);
        let is_known = known.iter().any(|refused| refused.subscription_id == subscription_id);
        if !is_known && known.len() >= REFUSED_MAX {
            let oldest = known.into_iter().next();
            self.refused.extend(oldest.map(|oldest| (oldest.subscription_id, None)));
        }
        let refused = Refused {
            subscription_id: subscription_id.clone(),
            organization: envelope.organization.clone(),
            project_id: envelope.project_id.clone(),
            event_type: envelope.event_type.chars().take(100).collect(),
            reason: reason.to_string(),
            at: now,
        };
        self.refused.insert(subscription_id, Some(refused));
    }

    /// Hears of a deployment, be it new, known, old or a repetition. `now`: nanoseconds since 1970.
    ///
    /// # Errors
    /// [`Unheard::TooMany`].
    pub fn hear(&mut self, key: BadgeKey, news: News, now: i64) -> Result<Heard, Unheard> {
        let organization = key.organization.clone();
        let key = document::normal(key);
        let id = document::badge_id(&key);
        let mut document = match self.document(&id) {
            Some(known) => (*known).clone(),
            None if self.count() >= BADGES_MAX => return Err(Unheard::TooMany),
            None => Document::new(key),
        };
        let is_changed = document.hear(&organization, news);
        if is_changed {
            document.changed = now;
            self.badges.insert(id.clone(), Some(Arc::new(document)));
        }
        Ok(Heard { id, is_changed })
    }

    /// Marks the badges of an organisation (in lower case) whose definition or environment is
    /// gone, and takes the mark from those that are there again; how many of each. `now`:
    /// nanoseconds since 1970.
    pub fn mark_orphans(&mut self, organization: &str, existing: &Existing, now: i64) -> [u64; 2] {
        let [mut marked, mut cleared] = [0, 0];
        for entry in self.entries() {
            let Some(document) = entry.document() else { continue };
            let is_theirs = document.key.organization == organization;
            let Some(gone) = existing.judge(&document.key).filter(|_| is_theirs) else { continue };
            let orphan = match (gone, document.orphan) {
                (Some(reason), Some(known)) if known.reason == reason => continue,
                (Some(reason), known) => {
                    marked += 1;
                    Some(Orphan { since: known.map_or(now, |known| known.since), reason })
                }
                (None, Some(_)) => {
                    cleared += 1;
                    None
                }
                (None, None) => continue,
            };
            self.put(&entry.id, Document { orphan, ..(**document).clone() });
        }
        [marked, cleared]
    }

    /// Puts a changed document.
    fn put(&mut self, id: &str, document: Document) {
        self.badges.insert(id.to_owned(), Some(Arc::new(document)));
    }

    /// The badge as the plan would have it.
    fn document(&self, id: &str) -> Option<Arc<Document>> {
        match self.badges.get(id) {
            Some(planned) => planned.clone(),
            None => self.entry(id)?.document().cloned(),
        }
    }

    fn entry(&self, id: &str) -> Option<Arc<Entry>> {
        self.shared.index.read().entries.get(id).cloned()
    }

    /// All entries as they were before the plan.
    fn entries(&self) -> Vec<Arc<Entry>> {
        self.shared.index.read().entries.values().cloned().collect()
    }

    fn count(&self) -> usize {
        let index = self.shared.index.read();
        let new = self.badges.keys().filter(|id| !index.entries.contains_key(*id)).count();
        index.badges() + new
    }

    /// Changes what is chosen for a badge, strip or query badge. `now`: nanoseconds since 1970.
    ///
    /// # Errors
    /// When there is none of that id, the choice is wrong or its alias another's.
    pub fn choose(&mut self, id: &str, choice: Choice, now: i64) -> Result<(), Error> {
        let found = self.shared.check(id, &choice)?;
        match &found.what {
            What::Badge(document) => {
                let changed = Document { choice, changed: now, ..(**document).clone() };
                self.put(id, changed);
            }
            What::Strip { document, .. } => {
                let changed = StripDocument { choice, ..(**document).clone() };
                self.strips.insert(id.to_owned(), Arc::new(changed));
            }
            What::Query(_) => return Err(not_found(id)),
        }
        Ok(())
    }

    /// Gives a badge another token; the one it has ends.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn renew_token(&mut self, id: &str) -> Result<(), Error> {
        let found = self.entry(id).ok_or_else(|| not_found(id))?;
        match &found.what {
            What::Badge(document) => {
                let generation = document.generation.wrapping_add(1);
                self.put(id, Document { generation, ..(**document).clone() });
            }
            What::Strip { document, .. } => {
                let generation = document.generation.wrapping_add(1);
                let changed = StripDocument { generation, ..(**document).clone() };
                self.strips.insert(id.to_owned(), Arc::new(changed));
            }
            What::Query(query) => {
                let mut document = query.document.clone();
                document.generation = document.generation.wrapping_add(1);
                self.queries.insert(document.name.clone(), Some(document));
            }
        }
        Ok(())
    }

    /// Takes a release badge away; the next deployment brings it back.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn remove(&mut self, id: &str) -> Result<(), Error> {
        self.document(id).ok_or_else(|| not_found(id))?;
        self.badges.insert(id.to_owned(), None);
        Ok(())
    }

    /// Puts a query badge; it is asked at once.
    ///
    /// # Errors
    /// When something of it is wrong, its alias is another's, or there are too many.
    pub fn put_query(&mut self, mut document: QueryDocument) -> Result<(), Error> {
        document.check().map_err(Error::Wrong)?;
        document.thresholds.sort_by(|a, b| a.from.total_cmp(&b.from));
        let id = format!("q/{}", document.name);
        self.shared.check_alias(&id, &document.choice)?;
        let entries = self.entries();
        let queries = entries.iter().filter(|entry| matches!(entry.what, What::Query(_)));
        let old = entries.iter().find(|entry| entry.id == id).map(|entry| &entry.what);
        if let Some(What::Query(old)) = old {
            document.generation = old.document.generation;
            let value = QueryValue { tried: None, failures: 0, ..old.value.clone() };
            self.values.insert(document.name.clone(), value);
        } else if queries.count() >= QUERIES_MAX {
            return Err(Error::TooManyQueries);
        }
        self.queries.insert(document.name.clone(), Some(document));
        Ok(())
    }

    /// Takes a query badge away.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn remove_query(&mut self, name: &str) -> Result<(), Error> {
        let id = format!("q/{name}");
        self.entry(&id).ok_or_else(|| not_found(&id))?;
        self.queries.insert(name.to_owned(), None);
        Ok(())
    }

    /// Takes what came of asking `badge`; whether it is still the badge that is there.
    pub fn put_value(&mut self, badge: &Arc<QueryBadge>, value: QueryValue) -> bool {
        let name = &badge.document.name;
        let found = self.entry(&format!("q/{name}"));
        let is_there = found.is_some_and(
            |entry| matches!(&entry.what, What::Query(there) if Arc::ptr_eq(there, badge)),
        );
        if is_there {
            let mut value = value;
            let old = &badge.value;
            if old.looks_like(&value) {
                value.changed = old.changed;
            }
            self.values.insert(name.clone(), value);
        }
        is_there
    }

    /// The documents that must become durable before the plan is published; empty when nothing
    /// changes.
    pub fn documents(&self) -> Vec<(String, Option<Vec<u8>>)> {
        // Structures of texts and numbers always have a JSON form.
        fn json(value: &impl Serialize) -> Option<Vec<u8>> {
            serde_json::to_vec(value).ok()
        }
        let mut out = Vec::new();
        for (id, document) in &self.badges {
            out.push((format!("{BADGE}{id}"), document.as_deref().and_then(json)));
        }
        for (id, document) in &self.strips {
            out.push((format!("{STRIP}{id}"), json(&**document)));
        }
        for (name, value) in &self.values {
            out.push((format!("{VALUE}{name}"), json(value)));
        }
        for (name, document) in &self.queries {
            out.push((format!("{QUERY}{name}"), document.as_ref().and_then(json)));
            if document.is_none() {
                out.push((format!("{VALUE}{name}"), None));
            }
        }
        for (subscription, refused) in &self.refused {
            out.push((format!("{REFUSED}{subscription}"), refused.as_ref().and_then(json)));
        }
        out
    }

    pub(super) fn publish(self) -> Result<(), store::Error> {
        let mut index = self.shared.index.write();
        let mut strips: BTreeSet<String> = self.strips.keys().cloned().collect();
        for (id, document) in &self.strips {
            index.put_strip_document(id, Some(Arc::clone(document)));
        }
        for (id, document) in &self.badges {
            let old = index.entries.get(id).and_then(|entry| entry.document());
            let key = document.as_ref().or(old).map(|document| StripKey::of(&document.key));
            strips.extend(key.map(|key| key.id()));
            match document {
                Some(document) => index.put_badge(id, Arc::clone(document)),
                None => index.remove(id),
            }
        }
        strips.iter().for_each(|strip| index.make_strip(strip));
        let names: BTreeSet<&String> = self.queries.keys().chain(self.values.keys()).collect();
        for name in names {
            let id = format!("q/{name}");
            let old = match index.entries.get(&id).map(|entry| &entry.what) {
                Some(What::Query(old)) => Some(Arc::clone(old)),
                _ => None,
            };
            let document = match self.queries.get(name) {
                Some(planned) => planned.clone(),
                None => old.as_ref().map(|old| old.document.clone()),
            };
            let value = self.values.get(name).cloned();
            let value = value.or(old.map(|old| old.value.clone())).unwrap_or_default();
            match document {
                Some(document) => index.put_query(Arc::new(QueryBadge { document, value })),
                None => index.remove(&id),
            }
        }
        let changed: Vec<(&String, Option<Arc<Entry>>)> =
            self.badges.keys().map(|id| (id, index.entries.get(id).cloned())).collect();
        drop(index);
        for (id, entry) in changed {
            match entry {
                Some(entry) => self.shared.put_file(&entry)?,
                None => drop(self.shared.store.files().delete(&file_name(id))?),
            }
        }
        Ok(())
    }
}

impl Shared {
    /// Passes what may be chosen for a badge or strip, which it gives.
    pub(super) fn check(&self, id: &str, choice: &Choice) -> Result<Arc<Entry>, Error> {
        choice.check()?;
        let found = self.index.read().entries.get(id).cloned();
        let found = found.filter(|entry| !matches!(entry.what, What::Query(_)));
        let found = found.ok_or_else(|| not_found(id))?;
        self.check_alias(id, choice)?;
        Ok(found)
    }

    fn check_alias(&self, id: &str, choice: &Choice) -> Result<(), Error> {
        let Some(alias) = &choice.alias else { return Ok(()) };
        let index = self.index.read();
        match index.by_alias(alias).filter(|owner| *owner != id) {
            Some(owner) => Err(Error::AliasTaken { alias: alias.clone(), owner: owner.to_owned() }),
            None => Ok(()),
        }
    }
}

/// The subscription a delivery is of, as it is remembered.
fn subscription_of(delivery: &Delivery) -> String {
    delivery.envelope.subscription_id.chars().take(64).collect()
}

fn not_found(id: &str) -> Error {
    Error::NotFound(id.chars().take(64).collect())
}
