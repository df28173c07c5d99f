//! `TimelineBuilds`: one row per build (spec azure-devops.md §4.6).

use std::borrow::Cow;

use model::Batch;
use model::tables::pipelines::TIMELINE_BUILDS;
use serde_json::{Map, Value};

use super::writer::{Rows, between, branch};
use super::{Context, Kept, RowsError};
use crate::identity::names_a_person;
use crate::wire::Build;

pub(super) fn of(build: &Build, kept: Kept, context: &Context) -> Result<Batch, RowsError> {
    let parameters = parameters(build);
    let pull_request = PullRequest::of(build, &parameters);
    let definition_id = build.definition.id.map_or_else(String::new, |id| id.to_string());
    let pool = build.queue.pool.as_ref();
    let repository = &build.repository;
    let named = if repository.name.is_empty() { &repository.id } else { &repository.name };
    let errors = build.validation_results.iter().filter(|result| result.result == "error");
    let mut rows = Rows::new(&TIMELINE_BUILDS, 1);
    rows.text(context.organization)
        .text(context.project)
        .text(context.project_id)
        .long(build.id)
        .text(&build.build_number)
        .text(&definition_id)
        .text(&definition(build))
        .text(&build.status)
        .text(&build.result)
        .text(&build.reason)
        .text(named)
        .text(&repository.kind)
        .text(branch(&build.source_branch))
        .text(branch(&pull_request.target))
        .text(&build.source_version)
        .maybe(pull_request.number)
        .maybe(build.queue_time)
        .maybe(build.start_time)
        .maybe(build.finish_time)
        .maybe(between(build.queue_time, build.start_time))
        .maybe(between(build.start_time, build.finish_time))
        .long(kept.attempt_count)
        .text(pool.map_or("", |pool| &pool.name))
        .maybe_bool(pool.and_then(|pool| pool.is_hosted))
        .text(&tags(&build.tags))
        .text(&json(&parameters))
        .maybe(build.triggered_by_build.as_ref().and_then(|build| build.id))
        .long(i64::try_from(errors.count()).unwrap_or(i64::MAX))
        .bool(kept.has_timeline)
        .bool(build.deleted)
        .text(&context.identities.stored(&build.requested_for.id))
        .text(&build.web_url())
        .text(&crate::trace::operation_id(context.project_id, build.id))
        .long(context.collected_at)
        .end();
    let reason = || "a build has one row".to_owned();
    rows.finish()?.ok_or_else(|| RowsError { table: TIMELINE_BUILDS.name, reason: reason() })
}

/// Folder and name: `\team\web\web-ci`, at the root `\web-ci`.
pub(super) fn definition(build: &Build) -> String {
    let folder = build.definition.path.trim_end_matches('\\');
    format!("{folder}\\{}", build.definition.name)
}

/// Whether the build checked a pull request.
pub(super) fn is_pull_request(build: &Build) -> bool {
    build.reason == "pullRequest" || build.source_branch.starts_with("refs/pull/")
}

struct PullRequest<'a> {
    number: Option<i64>,
    target: Cow<'a, str>,
}

impl<'a> PullRequest<'a> {
    /// From the parameters of the build, what triggered it, or its branch `refs/pull/17/merge`.
    /// GitHub's pull requests have an id that nobody knows besides their number.
    fn of(build: &'a Build, parameters: &'a Map<String, Value>) -> PullRequest<'a> {
        if !is_pull_request(build) {
            return PullRequest { number: None, target: Cow::Borrowed("") };
        }
        let parameter = |name: &str| match parameters.get(name)? {
            Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text.as_str())),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        };
        let triggered = |name: &str| build.trigger_info.get(name).map(|t| Cow::Borrowed(&**t));
        let named = || {
            let rest = build.source_branch.strip_prefix("refs/pull/")?;
            Some(Cow::Borrowed(rest.split('/').next()?))
        };
        let number = parameter("system.pullRequest.pullRequestNumber")
            .or_else(|| triggered("pr.number"))
            .or_else(named)
            .or_else(|| parameter("system.pullRequest.pullRequestId"));
        PullRequest {
            number: number.and_then(|number| number.parse().ok()),
            target: parameter("system.pullRequest.targetBranch")
                .or_else(|| triggered("pr.targetBranch"))
                .unwrap_or_default(),
        }
    }
}

/// Variables set at queue time, without what names people; parameters of a template under
/// `templateParameters`. Empty when the text is no JSON object.
fn parameters(build: &Build) -> Map<String, Value> {
    let mut all: Map<String, Value> = serde_json::from_str(&build.parameters).unwrap_or_default();
    if let Some(Value::Object(template)) = &build.template_parameters
        && !template.is_empty()
    {
        all.insert("templateParameters".to_owned(), Value::Object(template.clone()));
    }
    forget_people(&mut all);
    // Nothing may be left of a template.
    let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
    all.retain(|name, value| name != "templateParameters" || !is_empty(value));
    all
}

/// Removes what names people, at any depth: parameters of templates are objects and lists. The
/// depth is bounded by what JSON is read at all.
fn forget_people(object: &mut Map<String, Value>) {
    object.retain(|name, _| !names_a_person(name));
    object.values_mut().for_each(forget_people_within);
}

fn forget_people_within(value: &mut Value) {
    match value {
        Value::Object(object) => forget_people(object),
        Value::Array(items) => items.iter_mut().for_each(forget_people_within),
        _ => {}
    }
}

/// JSON text; `''` for nothing.
fn json(object: &Map<String, Value>) -> String {
    if object.is_empty() {
        return String::new();
    }
    // A map of values with text keys always has a JSON text.
    serde_json::to_string(object).unwrap_or_default()
}

/// A JSON array of texts; `''` for none.
fn tags(tags: &[String]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    serde_json::to_string(tags).unwrap_or_default()
}
