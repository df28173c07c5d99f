//! The demonstration's organisation as a transport: requests of the collector are answered from the
//! plan, as it is at a moment that whoever collects sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use azdo::client::{Request, Response, Stopped, Transport, TransportError};
use serde_json::{Value, json};

use super::layout::PROJECTS;
use super::plan::Build;
use super::{World, releases, tests, wire};
use crate::commands::demo::calendar::MINUTE;

/// Where requests for builds and for releases go.
pub const BASE: &str = "https://dev.azure.com/exorg";
const RELEASES: &str = "https://vsrm.dev.azure.com/exorg";

/// Answers requests. Clones have one clock.
#[derive(Debug, Clone)]
pub struct Service {
    world: Arc<World>,
    now: Arc<AtomicI64>,
    /// Builds that run are listed from here on: rows of earlier ones would all be replaced.
    live_from: i64,
}

impl Service {
    /// As it is at a moment; what runs is listed shortly before `end`. Times are nanoseconds since
    /// 1970.
    pub fn new(world: Arc<World>, now: i64, end: i64) -> Service {
        let live_from = end - 20 * MINUTE;
        Service { world, now: Arc::new(AtomicI64::new(now)), live_from }
    }

    /// Has time go on.
    pub fn set_now(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }

    fn answer(&self, url: &str) -> Option<Answer> {
        let rest = url.strip_prefix(BASE).or_else(|| url.strip_prefix(RELEASES))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let query = Query(query);
        match parts.as_slice() {
            ["_apis", "projects"] => {
                let all = 0..PROJECTS.len();
                Some(list(all.map(|project| self.project(project)).collect()))
            }
            ["_apis", "projects", name] => Some(Answer::Json(self.project(self.project_of(name)?))),
            [project, "_apis", "build", "builds", rest @ ..] => {
                self.builds(self.project_of(project)?, rest, &query)
            }
            [_, "_apis", "test", "runs"] => {
                let uri = query.get("buildUri")?;
                let build = self.world.build(uri.rsplit('/').next()?.parse().ok()?)?;
                let runs = query.page(tests::runs(build, self.now()));
                Some(list(runs.iter().map(|run| run.json(&self.world)).collect()))
            }
            [_, "_apis", "test", "Runs", run, "results"] => self.results(run.parse().ok()?, &query),
            [project, "_apis", "release", "deployments"] => {
                Some(self.deployments(self.project_of(project)?, &query))
            }
            _ => None,
        }
    }

    fn project_of(&self, text: &str) -> Option<usize> {
        (0..PROJECTS.len()).find(|project| {
            let id = self.world.project_id(*project);
            PROJECTS[*project].eq_ignore_ascii_case(text) || id.eq_ignore_ascii_case(text)
        })
    }

    fn project(&self, project: usize) -> Value {
        json!({
            "id": self.world.project_id(project),
            "name": PROJECTS[project],
            "state": "wellFormed",
            "visibility": "private",
        })
    }

    fn builds(&self, project: usize, rest: &[&str], query: &Query<'_>) -> Option<Answer> {
        let (now, world) = (self.now(), &*self.world);
        let [id, rest @ ..] = rest else {
            return Some(self.listed(project, query));
        };
        let build = world.build(id.parse().ok()?).filter(|build| build.queued <= now)?;
        match rest {
            [] => Some(Answer::Json(wire::build(world, build, now))),
            ["timeline"] if build.begun(now) == 0 => Some(Answer::Nothing),
            ["timeline", id @ ..] => {
                Some(Answer::Json(wire::timeline(world, build, now, id.first().copied())?))
            }
            ["logs"] => {
                let logs = wire::logs(build, now).into_iter();
                let json = |(id, log): (i64, wire::Log<'_>)| json!({ "id": id, "type": "Container", "lineCount": log.lines().len() });
                Some(list(logs.map(json).collect()))
            }
            ["logs", id] => {
                let id: i64 = id.parse().ok()?;
                let found = wire::logs(build, now).into_iter().find(|(log, _)| *log == id)?;
                let first = query.number("startLine").unwrap_or(1).max(1) - 1;
                let lines: Vec<String> = found.1.lines().into_iter().skip(first).collect();
                Some(Answer::Text(lines.join("\n") + "\n"))
            }
            _ => None,
        }
    }

    /// Builds of a project in the states that are asked for, those that finished first first.
    fn listed(&self, project: usize, query: &Query<'_>) -> Answer {
        let now = self.now();
        let from = query.get("minTime").and_then(|text| model::time::parse_datetime(&text));
        let wants_done = query.get("statusFilter").is_some_and(|text| text == "completed");
        let finish = |build: &Build| {
            build.attempt(build.begun(now)).map(|attempt| attempt.finish).filter(|at| *at <= now)
        };
        let mut found: Vec<(Option<i64>, &Build)> = self
            .world
            .builds
            .iter()
            .filter(|build| build.definition().project == project && build.queued <= now)
            .map(|build| (finish(build), build))
            .filter(|(finish, _)| finish.is_some() == wants_done)
            .filter(|_| wants_done || now >= self.live_from)
            .filter(|(finish, _)| from.is_none_or(|from| finish.is_none_or(|at| at >= from)))
            .collect();
        found.sort_by_key(|(finish, build)| (*finish, build.id));
        list(found.iter().map(|(_, build)| wire::build(&self.world, build, now)).collect())
    }

    fn results(&self, run: i64, query: &Query<'_>) -> Option<Answer> {
        let build = self.world.build(run / 100)?;
        let found = tests::runs(build, self.now()).into_iter().find(|known| known.id == run)?;
        let outcomes = query.get("outcomes").unwrap_or_default();
        let parts = query.get("detailsToInclude").is_some_and(|text| text == "subResults");
        Some(list(query.page(found.results(&self.world, &outcomes, parts))))
    }

    fn deployments(&self, project: usize, query: &Query<'_>) -> Answer {
        let now = self.now();
        let from = query.get("minModifiedTime").and_then(|text| model::time::parse_datetime(&text));
        let all = self.world.deployments.iter().filter(|d| d.project == project && d.queued <= now);
        let found = all.filter(|d| from.is_none_or(|from| d.modified(now) >= from));
        list(found.map(|d| releases::json(&self.world, d, now)).collect())
    }
}

enum Answer {
    Json(Value),
    Text(String),
    /// There is none, and that is the answer.
    Nothing,
}

fn list(value: Vec<Value>) -> Answer {
    Answer::Json(json!({ "count": value.len(), "value": value }))
}

/// The query of an address.
struct Query<'a>(&'a str);

impl Query<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(key, _)| unescape(key) == name)?;
        Some(unescape(value))
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    /// The page of a list that is paged by count.
    fn page<T>(&self, all: Vec<T>) -> Vec<T> {
        let skip = self.number("$skip").unwrap_or(0);
        all.into_iter().skip(skip).take(self.number("$top").unwrap_or(1_000)).collect()
    }
}

/// A text without percent escapes; escapes that are none stay.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(code) => {
                bytes.push(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Transport for Service {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let typed = |content_type: &str, body: Vec<u8>| Response {
            status: 200,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body,
        };
        Ok(match self.answer(&request.url) {
            Some(Answer::Json(value)) => {
                typed("application/json; charset=utf-8", value.to_string().into_bytes())
            }
            Some(Answer::Text(text)) => typed("text/plain; charset=utf-8", text.into_bytes()),
            Some(Answer::Nothing) => Response { status: 204, ..Response::default() },
            None => Response {
                status: 404,
                ..typed("application/json; charset=utf-8", br#"{"message":"none"}"#.to_vec())
            },
        })
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn sleep(&self, _nanos: i64) -> Result<(), Stopped> {
        Ok(())
    }

    fn fraction(&self) -> f64 {
        0.5
    }
}
