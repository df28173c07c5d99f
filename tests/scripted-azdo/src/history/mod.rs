//! Generated histories: an organisation with builds, Timelines, logs, tests and releases, planned
//! from a seed and answered on request, with the truth about it.
//!
//! Only plans are kept, about 250 bytes per build; every body is made when it is asked for and is
//! the same whenever it is. A history is looked at from a moment: what begins later does not
//! exist yet, what has begun runs. The same history can be looked at from a later moment
//! ([`History::at`]), which is how builds finish, are retried, touched and deleted while somebody
//! collects them.

mod builds;
mod dice;
mod errors;
mod hooks;
mod layout;
mod list;
mod logs;
mod plan;
mod releases;
mod tests;
mod timeline;
pub mod truth;
mod variables;
mod world;
mod write;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::fault::error_json;
use crate::http::{Answer, Request};
use crate::service::Script;
use crate::time::Ticks;
pub use hooks::Event;
use plan::{Build, Moment};
use timeline::Found;
pub use world::Shape;
use world::{ORGANIZATION, Project, World};

/// The header with which a list says that it goes on.
const TOKEN: &str = "x-ms-continuationtoken";

/// A history as it is at a moment; the plan behind it is shared.
#[derive(Clone, Debug)]
pub struct History {
    world: Arc<World>,
    now: Ticks,
}

impl History {
    /// Plans a history. The same seed and shape give the same one.
    pub fn generate(seed: u64, shape: &Shape) -> Self {
        Self { world: Arc::new(World::new(seed, shape)), now: shape.now }
    }

    /// The same history, looked at from another moment.
    #[must_use]
    pub fn at(&self, now: Ticks) -> Self {
        Self { world: self.world.clone(), now }
    }

    /// The moment it is looked at from.
    pub fn now(&self) -> Ticks {
        self.now
    }

    /// The name of its organisation: the first part of every path.
    pub fn organization(&self) -> &'static str {
        ORGANIZATION
    }

    /// The names of its projects.
    pub fn projects(&self) -> Vec<&str> {
        self.world.projects.iter().map(|project| project.name.as_str()).collect()
    }

    /// What a correct collector and correct reports must find at this moment.
    pub fn truth(&self) -> truth::Truth {
        truth::of(&self.world, self.now)
    }

    /// The environment variables of a process inside a task of a build: that which does the work
    /// of the first job. Nothing when there is no such build or it never had a Timeline.
    pub fn task_variables(&self, build: i64) -> Option<Vec<(&'static str, String)>> {
        let build = self.world.build(build).filter(|b| b.at(self.now) != Moment::Absent)?;
        variables::of(&self.world, build)
    }

    /// What service hooks have sent after one moment and until another (included), in the order of
    /// their times; nothing is sent after the moment the history is looked at from. Jobs that the
    /// service gave up send nothing.
    pub fn events(&self, after: Ticks, until: Ticks) -> impl Iterator<Item = Event> {
        let world = self.world.clone();
        let sent = hooks::sent(&world, after, until.min(self.now));
        sent.into_iter().map(move |sent| hooks::event(&world, &sent))
    }

    fn route(&self, request: &Request) -> Option<Answer> {
        let path = request.path.to_ascii_lowercase();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let [organization, rest @ ..] = parts.as_slice() else { return None };
        if *organization != ORGANIZATION || request.method != "GET" {
            return None;
        }
        match rest {
            ["_apis", "projects"] => Some(self.list_projects(request)),
            ["_apis", "projects", project] => Some(self.one_project(project)),
            ["_apis", "hooks", "subscriptions"] => {
                Some(Answer::json(200, logs::empty().to_string()))
            }
            [project, "_apis", area, rest @ ..] => {
                let Some(project) = self.world.project(project) else {
                    return Some(missing(&format!("project {project}"), "ProjectDoesNotExist"));
                };
                match (*area, rest) {
                    ("build", ["definitions"]) => Some(self.build_definitions(project)),
                    ("build", ["builds", rest @ ..]) => self.builds(project, rest, request),
                    ("test", rest) => self.tests(project, rest, request),
                    ("release", ["deployments"]) => Some(self.deployments(project, request)),
                    ("release", ["definitions"]) => Some(self.release_definitions(project)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn list_projects(&self, request: &Request) -> Answer {
        let number = |key: &str| request.param(key).and_then(|n| n.parse::<usize>().ok());
        let token = number("continuationToken");
        let skip = token.or(number("$skip")).unwrap_or(0);
        let top = number("$top").unwrap_or(100).max(1);
        let value: Vec<Value> =
            self.world.projects.iter().skip(skip).take(top).map(project_json).collect();
        let next = (skip + top < self.world.projects.len()).then_some(skip + top);
        let answer = Answer::json(200, json!({ "count": value.len(), "value": value }).to_string());
        next.into_iter().fold(answer, |answer, next| answer.with(TOKEN, next))
    }

    fn one_project(&self, text: &str) -> Answer {
        let found = self.world.project(text).and_then(|index| self.world.projects.get(index));
        found.map_or_else(
            || missing(&format!("project {text}"), "ProjectDoesNotExistWithNameException"),
            |project| Answer::json(200, project_json(project).to_string()),
        )
    }

    /// A build that the project has, or an answer that says otherwise.
    fn build(&self, project: usize, id: &str) -> Result<&Build, Answer> {
        let found = id.parse().ok().and_then(|id| self.world.build(id)).filter(|build| {
            self.world.definition(build).is_some_and(|d| d.project == project)
                && build.at(self.now) != Moment::Absent
        });
        found.ok_or_else(|| missing(&format!("build {id}"), "BuildNotFoundException"))
    }

    fn builds(&self, project: usize, rest: &[&str], request: &Request) -> Option<Answer> {
        let [id, rest @ ..] = rest else {
            let page = list::page(&self.world, project, self.now, request);
            let answer = Answer::json(200, page.body);
            return Some(page.token.into_iter().fold(answer, |answer, t| answer.with(TOKEN, t)));
        };
        let build = match self.build(project, id) {
            Ok(build) => build,
            Err(answer) => return Some(answer),
        };
        let gone = || missing(&format!("build {id}"), "BuildNotFoundException");
        let deleted = build.is_deleted(self.now);
        match rest {
            [] => Some(Answer::json(200, list::json(&self.world, build, self.now).to_string())),
            ["timeline"] => Some(self.timeline(build, None)),
            ["timeline", timeline] => Some(self.timeline(build, Some(timeline))),
            ["logs", ..] if deleted => Some(gone()),
            ["logs"] => {
                let project = self.world.projects.get(project).map_or("", |p| p.id.as_str());
                Some(Answer::json(200, logs::list(&self.world, build, self.now, project)))
            }
            ["logs", log] => Some(self.log(build, log, request)),
            _ => None,
        }
    }

    fn timeline(&self, build: &Build, id: Option<&str>) -> Answer {
        match timeline::answer(&self.world, build, self.now, id) {
            Found::Body(body) => Answer::json(200, body),
            Found::Never => Answer::empty(204),
            Found::Nothing => {
                missing(&format!("timeline of build {}", build.id), "TimelineNotFound")
            }
        }
    }

    fn log(&self, build: &Build, id: &str, request: &Request) -> Answer {
        let number = |key: &str| request.param(key).and_then(|n| n.parse::<usize>().ok());
        let lines = id.parse().ok().and_then(|id| logs::text(&self.world, build, self.now, id));
        let Some(lines) = lines else {
            return missing(&format!("log {id}"), "BuildLogNotFoundException");
        };
        let lines = logs::cut(&lines, number("startLine"), number("endLine"));
        if request.header("accept").is_some_and(|accept| accept.contains("json")) {
            return Answer::json(200, logs::json_lines(&lines));
        }
        let mut text = lines.join("\n");
        text.push('\n');
        Answer::text(200, text)
    }

    fn tests(&self, project: usize, rest: &[&str], request: &Request) -> Option<Answer> {
        match rest {
            ["runs"] => {
                // Lists by time are another call, which asks for a time.
                let uri = request.param("buildUri")?;
                let id = uri.rsplit('/').next().unwrap_or_default();
                Some(match self.build(project, id) {
                    Ok(build) => self.test_runs(build, request),
                    Err(_) => Answer::json(200, logs::empty().to_string()),
                })
            }
            ["runs", run, "results"] => {
                let run: i64 = run.parse().ok()?;
                let missing = || missing(&format!("test run {run}"), "TestObjectNotFoundException");
                let Ok(build) = self.build(project, &(run / 100).to_string()) else {
                    return Some(missing());
                };
                let found = self.runs_of(build).into_iter().find(|r| r.id == run);
                Some(found.map_or_else(missing, |run| {
                    Answer::json(200, tests::results(&self.world, build, run, request))
                }))
            }
            _ => None,
        }
    }

    fn runs_of(&self, build: &Build) -> Vec<tests::Run> {
        let (Moment::Running(upto) | Moment::Done(upto)) = build.at(self.now) else {
            return Vec::new();
        };
        if build.is_deleted(self.now) {
            return Vec::new();
        }
        let mut runs = tests::runs(&self.world, build, upto);
        runs.retain(|run| run.finish <= self.now);
        runs
    }

    fn test_runs(&self, build: &Build, request: &Request) -> Answer {
        let number = |key: &str| request.param(key).and_then(|n| n.parse::<usize>().ok());
        let full =
            request.param("includeRunDetails").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let (skip, top) = (number("$skip").unwrap_or(0), number("$top").unwrap_or(1_000));
        let value: Vec<Value> = self
            .runs_of(build)
            .into_iter()
            .skip(skip)
            .take(top)
            .map(|run| {
                let mut json = tests::run_json(&self.world, build, run);
                if let (false, Some(fields)) = (full, json.as_object_mut()) {
                    // Most fields are missing without details.
                    fields.retain(|key, _| {
                        matches!(key.as_str(), "id" | "name" | "url" | "revision")
                    });
                }
                json
            })
            .collect();
        Answer::json(200, json!({ "count": value.len(), "value": value }).to_string())
    }

    fn deployments(&self, project: usize, request: &Request) -> Answer {
        let (body, token) = releases::deployments(&self.world, project, self.now, request);
        let answer = Answer::json(200, body);
        token.into_iter().fold(answer, |answer, token| answer.with(TOKEN, token))
    }

    fn build_definitions(&self, project: usize) -> Answer {
        let own = self.world.definitions.iter().filter(|one| one.project == project);
        let value: Vec<Value> = own.map(|one| json!({ "id": one.id, "name": one.name })).collect();
        Answer::json(200, json!({ "count": value.len(), "value": value }).to_string())
    }

    fn release_definitions(&self, project: usize) -> Answer {
        let first = self.world.deployments.iter().find(|d| d.project == project);
        let value: Vec<Value> = first
            .map(|d| {
                let mut definition = releases::definition(&self.world, d);
                let environments: Vec<Value> = releases::ENVIRONMENTS
                    .iter()
                    .enumerate()
                    .map(|(rank, name)| json!({ "id": rank + 11, "name": name, "rank": rank + 1 }))
                    .collect();
                if let Some(fields) = definition.as_object_mut() {
                    fields.insert("environments".into(), environments.into());
                }
                definition
            })
            .into_iter()
            .collect();
        Answer::json(200, json!({ "count": value.len(), "value": value }).to_string())
    }
}

impl Script for History {
    fn now(&self) -> Option<Ticks> {
        Some(self.now)
    }

    fn answer(&self, request: &Request) -> Option<Answer> {
        self.route(request)
    }
}

fn project_json(project: &Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "url": format!("https://dev.azure.com/{ORGANIZATION}/_apis/projects/{}", project.id),
        "state": "wellFormed",
        "revision": 7,
        "visibility": "private",
        "lastUpdateTime": "2026-01-05T08:00:00Z",
    })
}

fn missing(what: &str, kind: &str) -> Answer {
    Answer::json(404, error_json(&format!("There is no {what}."), kind))
}
