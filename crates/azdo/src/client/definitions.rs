//! Definitions of releases and pipelines: which there are (spec azure-devops.md §8.6).

use serde::Deserialize;

use super::Client;
use super::address::url;
use super::error::Error;
use super::transport::Transport;

/// Most definitions of one page.
const PER_PAGE: usize = 1000;

/// A definition as lists name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Definition {
    pub id: i64,
    pub name: String,
    /// Those of a definition of releases; a pipeline's stages stand in no list.
    pub environments: Vec<DefinitionEnvironment>,
}

/// An environment of a definition of releases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DefinitionEnvironment {
    /// The one deployments name as that of their definition's environment.
    pub id: i64,
    pub name: String,
}

impl<T: Transport> Client<T> {
    /// All definitions of releases of a project (name or id), with their environments.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn release_definitions(&self, project: &str) -> Result<Vec<Definition>, Error> {
        let (options, top) = (&self.options, PER_PAGE.to_string());
        self.all_of(|token| {
            let query =
                [("$expand", "environments"), ("$top", top.as_str()), ("continuationToken", token)];
            let (release, version) = (&options.hosts.release, &options.api_version);
            url(release, Some(project), "release/definitions", version, &query)
        })
    }

    /// All definitions of pipelines of a project (name or id).
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn build_definitions(&self, project: &str) -> Result<Vec<Definition>, Error> {
        let top = PER_PAGE.to_string();
        self.all_of(|token| {
            let query = [("$top", top.as_str()), ("continuationToken", token)];
            self.core(Some(project), "build/definitions", &query)
        })
    }

    fn all_of(&self, at: impl Fn(&str) -> String) -> Result<Vec<Definition>, Error> {
        let mut all = Vec::new();
        self.pages(at, |page: Vec<Definition>| {
            all.extend(page);
            Ok::<(), Error>(())
        })?;
        Ok(all)
    }
}
