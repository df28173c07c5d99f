//! Badges whose project, definition or environment is not there any more
//! (spec azure-devops.md §8.6).
//!
//! Invariant: they are marked and listed, and removed by people only: what a token does not see
//! looks like what is gone.

use std::collections::{BTreeMap, BTreeSet};

use azdo::client::definitions::Definition;
use azdo::release_badge::{BadgeKey, Sort};
use serde::{Deserialize, Serialize};

/// Why a badge is taken for an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Gone {
    Project,
    Definition,
    Environment,
}

impl Gone {
    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Gone::Project => "the project is gone, or hidden from the source's token",
            Gone::Definition => "the definition is gone, or hidden from the source's token",
            Gone::Environment => "the environment is gone from the definition",
        }
    }
}

/// What a badge remembers of being an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Orphan {
    /// When that was seen first, nanoseconds since 1970.
    pub since: i64,
    pub reason: Gone,
}

/// What an organisation has, as far as it was asked and answered.
#[derive(Debug, Default)]
pub struct Existing {
    /// Ids of projects that were there once and are not listed any more, in lower case.
    pub gone_projects: BTreeSet<String>,
    /// By project's id in lower case and sort: definitions, with ids and names of environments.
    definitions: BTreeMap<(String, Sort), BTreeMap<i64, BTreeSet<String>>>,
}

impl Existing {
    /// Takes the list of all definitions of a sort of a project.
    pub fn add(&mut self, project_id: &str, sort: Sort, all: Vec<Definition>) {
        let environments = |definition: Definition| {
            let named = definition.environments.into_iter();
            let texts = named.flat_map(|one| [one.id.to_string(), one.name.to_lowercase()]);
            (definition.id, texts.collect())
        };
        let all = all.into_iter().map(environments).collect();
        self.definitions.insert((project_id.to_lowercase(), sort), all);
    }

    /// Whether what a badge is of is gone: `Some(None)`: it is there; `None`: nobody knows.
    pub fn judge(&self, key: &BadgeKey) -> Option<Option<Gone>> {
        let project = key.project_id.to_lowercase();
        if self.gone_projects.contains(&project) {
            return Some(Some(Gone::Project));
        }
        let definitions = self.definitions.get(&(project, key.sort))?;
        let Some(environments) = definitions.get(&key.definition_id) else {
            return Some(Some(Gone::Definition));
        };
        let is_there = environments.contains(&key.environment_id.to_lowercase());
        // Stages stand in no list.
        let is_gone = key.sort == Sort::Release && !environments.is_empty() && !is_there;
        Some(is_gone.then_some(Gone::Environment))
    }
}
