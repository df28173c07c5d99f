//! What is stored of a release badge and of the strip of a definition: one small document each.
//!
//! Invariant: a badge's document depends on what was heard, not on the order it was heard in; only
//! the time of this server (`changed`) does.

use azdo::release_badge::{BadgeKey, BadgeState, News, Sort};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::choice::Choice;
use super::orphans::Orphan;

/// Names a badge remembers; the ones last used longest ago are forgotten first.
const NAMES_MAX: usize = 16;

/// A badge. Times are nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub key: BadgeKey,
    #[serde(default)]
    pub state: BadgeState,
    /// Every name it was heard by.
    #[serde(default)]
    pub names: Vec<Names>,
    /// What its owner chose for it alone.
    #[serde(default)]
    pub choice: Choice,
    /// How often its token was replaced.
    #[serde(default)]
    pub generation: u32,
    /// When what it shows may have changed last.
    #[serde(default)]
    pub changed: i64,
    /// What it is of is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orphan: Option<Orphan>,
}

/// What a badge's environment was called, and when that was last said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Names {
    pub at: i64,
    pub organization: String,
    /// `''` when only the project's id is known.
    pub project: String,
    pub definition: String,
    pub environment: String,
}

impl Document {
    /// A badge of which nothing was heard.
    pub fn new(key: BadgeKey) -> Document {
        Document {
            key,
            state: BadgeState::default(),
            names: Vec::new(),
            choice: Choice::default(),
            generation: 0,
            changed: 0,
            orphan: None,
        }
    }

    /// Hears of a deployment; whether that changed anything. The names count also when the
    /// deployment is an old one: links made of them are still somewhere.
    pub fn hear(&mut self, organization: &str, news: News) -> bool {
        let names = Names {
            at: news.modified.unwrap_or_default(),
            organization: organization.to_lowercase(),
            project: news.project.clone(),
            definition: news.definition.clone(),
            environment: news.environment.clone(),
        };
        let has_new_name = self.note(names);
        let has_news = self.state.hear(news);
        if has_news {
            // What is deployed to is there.
            self.orphan = None;
        }
        has_news || has_new_name
    }

    fn note(&mut self, names: Names) -> bool {
        let before = self.names.clone();
        let known = self.names.iter_mut().find(|known| known.is_like(&names));
        match known {
            Some(known) => known.at = known.at.max(names.at),
            None => self.names.push(names),
        }
        self.names.sort_by(|a, b| (b.at, b.texts()).cmp(&(a.at, a.texts())));
        self.names.truncate(NAMES_MAX);
        self.names != before
    }

    /// What it is called now.
    pub fn current(&self) -> Names {
        self.names.first().cloned().unwrap_or_default()
    }
}

impl Names {
    fn texts(&self) -> [&str; 4] {
        [&self.organization, &self.project, &self.definition, &self.environment]
    }

    fn is_like(&self, other: &Names) -> bool {
        self.texts() == other.texts()
    }
}

/// All environments of a definition together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StripDocument {
    pub key: StripKey,
    #[serde(default)]
    pub choice: Choice,
    #[serde(default)]
    pub generation: u32,
}

/// Which definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StripKey {
    pub project_id: String,
    pub sort: Sort,
    pub definition_id: i64,
}

impl StripKey {
    pub fn of(key: &BadgeKey) -> StripKey {
        StripKey {
            project_id: key.project_id.clone(),
            sort: key.sort,
            definition_id: key.definition_id,
        }
    }

    /// The id of the strip, as [`badge_id`].
    pub fn id(&self) -> String {
        hash(&["strip", &self.project_id, sort(self.sort), &self.definition_id.to_string()])
    }
}

/// A key as badges are told apart by: letter case of GUIDs and organisations means nothing.
pub fn normal(mut key: BadgeKey) -> BadgeKey {
    key.organization = key.organization.to_lowercase();
    key.project_id = key.project_id.to_lowercase();
    key
}

/// The id of a badge: 16 hexadecimal digits that stay through all renaming. The organisation is no
/// part of it when the project's id is known, which differs between all organisations, since hooks
/// and the settings of a source may name the organisation differently.
pub fn badge_id(key: &BadgeKey) -> String {
    let place = if key.project_id.is_empty() { &key.organization } else { &key.project_id };
    hash(&["badge", place, sort(key.sort), &key.definition_id.to_string(), &key.environment_id])
}

fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Release => "release",
        Sort::Stage => "stage",
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    model::text::hex(&hash.finalize()[..8])
}
