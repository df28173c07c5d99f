//! The calls a collector makes, each an address and a shape (spec azure-devops.md §2).

use std::collections::HashSet;

use serde::Deserialize;

use super::address::url;
use super::error::Error;
use super::transport::Transport;
use super::{Client, shown};
use crate::wire;

/// The header that holds the next page's token.
const CONTINUATION: &str = "x-ms-continuationtoken";
/// Most test runs of one page.
const RUNS_PER_PAGE: usize = 100;
/// Most results of one page with their sub-results, and without.
const DETAILED_PER_PAGE: usize = 200;
const PLAIN_PER_PAGE: usize = 1000;
/// Most deployments and projects of one page.
const DEPLOYMENTS_PER_PAGE: usize = 100;
const PROJECTS_PER_PAGE: usize = 100;
/// Most pages of one list: a service that never ends one is not followed for ever.
const PAGES_MAX: usize = 100_000;

/// A page of a list; a token leads to the next one, whatever this one's length.
struct Page<V> {
    items: Vec<V>,
    token: Option<String>,
    bytes: u64,
}

/// How much more of several lists is taken: a service may hold, or invent, any number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub items: usize,
    /// Of answers, decompressed.
    pub bytes: u64,
    /// Whether something was left out.
    pub is_spent: bool,
}

impl Budget {
    pub fn new(items: usize, bytes: u64) -> Budget {
        Budget { items, bytes, is_spent: false }
    }
}

/// A log, or a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogText {
    pub text: String,
    /// Whether there may be more behind it.
    pub is_cut: bool,
}

/// Which part of a log: lines from 1 on, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLines {
    pub first: i64,
    /// None: to the end.
    pub last: Option<i64>,
}

/// Which builds to list, in the order of their finish times where they have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildFilter {
    /// One status, or several separated by commas.
    pub status: &'static str,
    /// Finished at this time or later: `2026-11-20T10:00:00Z`; empty: at any.
    pub min_time: String,
    pub with_deleted: bool,
    pub page_size: usize,
}

/// What there is instead of a timeline.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineAnswer {
    /// With the bytes of the answer.
    Found(wire::Timeline, u64),
    /// The build never had one.
    Never,
    /// There is none: the build was deleted, or the timeline alone.
    Gone,
}

/// A project of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Project {
    pub id: String,
    pub name: String,
}

impl<T: Transport> Client<T> {
    pub(super) fn core(&self, project: Option<&str>, path: &str, query: &[(&str, &str)]) -> String {
        let options = &self.options;
        url(&options.hosts.core, project, path, &options.api_version, query)
    }

    fn page<V: serde::de::DeserializeOwned>(&self, url: &str) -> Result<Page<V>, Error> {
        let Some((list, answer)) = self.json::<wire::List<V>>(url)? else {
            return Ok(Page { items: Vec::new(), token: None, bytes: 0 });
        };
        let token = answer.head.header(CONTINUATION).map(str::to_owned);
        Ok(Page { items: list.value, token, bytes: answer.bytes })
    }

    /// Follows tokens to the end; `at` gives the address of a token, `take` gets each page.
    pub(super) fn pages<V: serde::de::DeserializeOwned, E: From<Error>>(
        &self,
        at: impl Fn(&str) -> String,
        mut take: impl FnMut(Vec<V>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut token = String::new();
        let mut known = HashSet::new();
        for _ in 0..PAGES_MAX {
            let url = at(&token);
            let page = self.page(&url)?;
            take(page.items)?;
            match page.token {
                None => return Ok(()),
                Some(next) if !known.insert(next.clone()) => {
                    return Err(Error::Paging { url: shown(&url) }.into());
                }
                Some(next) => token = next,
            }
        }
        Err(Error::Paging { url: shown(&at(&token)) }.into())
    }

    /// Builds, a page at a time.
    ///
    /// # Errors
    /// As [`Client`] says, and what `take` fails with.
    pub fn builds<E: From<Error>>(
        &self,
        project: &str,
        filter: &BuildFilter,
        take: impl FnMut(Vec<wire::Build>) -> Result<(), E>,
    ) -> Result<(), E> {
        let top = filter.page_size.to_string();
        let deleted = if filter.with_deleted { "includeDeleted" } else { "" };
        let order = match filter.status {
            "completed" => "finishTimeAscending",
            _ => "queueTimeAscending",
        };
        let at = |token: &str| {
            let query = [
                ("statusFilter", filter.status),
                ("queryOrder", order),
                ("minTime", filter.min_time.as_str()),
                ("deletedFilter", deleted),
                ("$top", top.as_str()),
                ("continuationToken", token),
            ];
            self.core(Some(project), "build/builds", &query)
        };
        self.pages(at, take)
    }

    /// One build; none when it was deleted.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn build(&self, project: &str, id: i64) -> Result<Option<wire::Build>, Error> {
        let url = self.core(Some(project), &format!("build/builds/{id}"), &[]);
        match self.json(&url) {
            Ok(found) => Ok(found.map(|(build, _)| build)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The current timeline of a build, or one of its earlier ones.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn timeline(
        &self,
        project: &str,
        build: i64,
        timeline: Option<&str>,
    ) -> Result<TimelineAnswer, Error> {
        let mut path = format!("build/builds/{build}/timeline");
        if let Some(timeline) = timeline {
            path.push('/');
            super::address::escape(&mut path, timeline);
        }
        match self.json(&self.core(Some(project), &path, &[])) {
            Ok(Some((timeline, answer))) => Ok(TimelineAnswer::Found(timeline, answer.bytes)),
            Ok(None) => Ok(TimelineAnswer::Never),
            Err(error) if error.is_missing() => Ok(TimelineAnswer::Gone),
            Err(error) => Err(error),
        }
    }

    /// The logs of a build; none when they are gone.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn logs(&self, project: &str, build: i64) -> Result<Vec<wire::BuildLog>, Error> {
        let url = self.core(Some(project), &format!("build/builds/{build}/logs"), &[]);
        match self.page(&url) {
            Ok(page) => Ok(page.items),
            Err(error) if error.is_missing() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Lines of a log, their first bytes up to a limit; none when the log is gone.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn log(
        &self,
        project: &str,
        build: i64,
        log: i64,
        lines: LogLines,
        bytes_max: u64,
    ) -> Result<Option<LogText>, Error> {
        let first = if lines.first > 1 { lines.first.to_string() } else { String::new() };
        let last = lines.last.map(|last| last.to_string()).unwrap_or_default();
        let path = format!("build/builds/{build}/logs/{log}");
        let query = [("startLine", first.as_str()), ("endLine", last.as_str())];
        match self.text(&self.core(Some(project), &path, &query), bytes_max) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All test runs of a build.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn test_runs(
        &self,
        project: &str,
        build: i64,
        budget: &mut Budget,
    ) -> Result<Vec<wire::TestRun>, Error> {
        let uri = format!("vstfs:///Build/Build/{build}");
        self.skipped(
            RUNS_PER_PAGE,
            budget,
            |run: &wire::TestRun| run.id,
            |top, skip| {
                let query = [
                    ("buildUri", uri.as_str()),
                    ("includeRunDetails", "true"),
                    ("$top", top),
                    ("$skip", skip),
                ];
                self.core(Some(project), "test/runs", &query)
            },
        )
    }

    /// Results of a run with these outcomes (empty: all), with their tries if `detailed`.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn test_results(
        &self,
        project: &str,
        run: i64,
        outcomes: &str,
        detailed: bool,
        budget: &mut Budget,
    ) -> Result<Vec<wire::TestCaseResult>, Error> {
        let (details, top) = match detailed {
            true => ("subResults", DETAILED_PER_PAGE),
            false => ("none", PLAIN_PER_PAGE),
        };
        let path = format!("test/Runs/{run}/results");
        self.skipped(
            top,
            budget,
            |result: &wire::TestCaseResult| result.id,
            |top, skip| {
                let query = [
                    ("detailsToInclude", details),
                    ("outcomes", outcomes),
                    ("$top", top),
                    ("$skip", skip),
                ];
                self.core(Some(project), &path, &query)
            },
        )
    }

    /// All items of a list that is paged by count: until a page is shorter than asked for, or
    /// tells nothing new, as those of a service that does not know `$skip`. What is over the
    /// budget is left out.
    fn skipped<V: serde::de::DeserializeOwned>(
        &self,
        top: usize,
        budget: &mut Budget,
        id: impl Fn(&V) -> i64,
        at: impl Fn(&str, &str) -> String,
    ) -> Result<Vec<V>, Error> {
        let mut all = Vec::new();
        let mut known = HashSet::new();
        for page in 0..PAGES_MAX {
            if budget.items == 0 || budget.bytes == 0 {
                budget.is_spent = true;
                break;
            }
            let url = at(&top.to_string(), &(page * top).to_string());
            let Page { mut items, bytes, .. } = self.page::<V>(&url)?;
            let count = items.len();
            items.retain(|item| id(item) == 0 || known.insert(id(item)));
            if items.is_empty() {
                break;
            }
            budget.is_spent |= items.len() > budget.items;
            items.truncate(budget.items);
            budget.items -= items.len();
            budget.bytes = budget.bytes.saturating_sub(bytes);
            all.extend(items);
            if count < top {
                break;
            }
        }
        Ok(all)
    }

    /// Deployments modified at this time or later, oldest first, a page at a time.
    ///
    /// # Errors
    /// As [`Client`] says, and what `take` fails with.
    pub fn deployments<E: From<Error>>(
        &self,
        project: &str,
        min_modified: &str,
        take: impl FnMut(Vec<wire::Deployment>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (options, top) = (&self.options, DEPLOYMENTS_PER_PAGE.to_string());
        let at = |token: &str| {
            let query = [
                ("minModifiedTime", min_modified),
                ("queryOrder", "ascending"),
                ("$top", top.as_str()),
                ("continuationToken", token),
            ];
            let (release, version) = (&options.hosts.release, &options.api_version);
            url(release, Some(project), "release/deployments", version, &query)
        };
        self.pages(at, take)
    }

    /// All projects the token may see.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn projects(&self) -> Result<Vec<Project>, Error> {
        let (top, mut all) = (PROJECTS_PER_PAGE.to_string(), Vec::new());
        let at = |token: &str| {
            self.core(None, "projects", &[("$top", top.as_str()), ("continuationToken", token)])
        };
        self.pages(at, |items: Vec<Project>| {
            all.extend(items);
            Ok::<(), Error>(())
        })?;
        Ok(all)
    }

    /// One project by name or id.
    ///
    /// # Errors
    /// As [`Client`] says.
    pub fn project(&self, name_or_id: &str) -> Result<Project, Error> {
        let mut path = "projects/".to_owned();
        super::address::escape(&mut path, name_or_id);
        let url = self.core(None, &path, &[]);
        let found = self.json(&url)?;
        found.map(|(project, _)| project).ok_or_else(|| Error::Missing { url: shown(&url) })
    }
}
