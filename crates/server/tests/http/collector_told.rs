//! What a user is told when nothing is collected: on standard error, in the status, afterwards.

use scripted_azdo::{Answer, Fault, Request, Rule, Script, Service};
use serde_json::json;

use crate::azdo::{Setup, scenario, source, text};
use crate::server::output;

/// An organisation with one project and nothing in it.
struct OneProject;

impl Script for OneProject {
    fn answer(&self, request: &Request) -> Option<Answer> {
        let project = json!({ "id": "3f0c5a52-6f5d-4e6b-9d0a-1b6f3b1f0a01", "name": "exproj",
            "state": "wellFormed" });
        let list = json!({ "count": 1, "value": [project] });
        (request.path == "/exorg/_apis/projects").then(|| Answer::json(200, list.to_string()))
    }
}

/// The settings of a source whose projects have to be listed.
fn listing(url: &str, projects: &str) -> String {
    source("exorg", url, "").replace("[\"exproj\"]", projects)
}

#[test]
fn a_list_of_projects_that_cannot_be_had_is_told_and_remembered() {
    let service = scenario();
    service.require_authorization("Basic of-somebody-else", Fault::Unauthorized);
    let setup = Setup::new(&listing(&service.url(), "[\"*\"]"));
    let error = text(&setup.once_failing().stderr);
    let asked = format!("exorg: asking {}/exorg\n", service.url());
    assert!(error.starts_with(&asked), "{error}");
    let status = setup.status();
    assert_eq!(status["projects"], json!([]));
    let run = &status["failed"][0];
    assert_eq!((&run["source"], &run["project"]), (&json!("exorg"), &json!("")));
    assert!(run["error"].as_str().unwrap().contains("asks to sign in"), "{run}");
    let page = output(&["collect", "status", "--data", setup.data().to_str().unwrap()]);
    let want = "nothing has been collected yet\n\nlast runs that reached no project or no build:\n";
    assert!(page.starts_with(want) && page.contains("asks to sign in"), "{page}");
}

#[test]
fn patterns_that_fit_no_project_are_a_mistake() {
    let service = Service::start(OneProject).unwrap();
    for projects in ["[\"no*\"]", "[\"web\", \"!w*\"]"] {
        let setup = Setup::new(&listing(&service.url(), projects));
        let error = text(&setup.once_failing().stderr);
        assert!(error.contains("error: exorg: there is no project to collect"), "{error}");
        let run = &setup.status()["failed"][0];
        assert!(run["error"].as_str().unwrap().contains("`projects` of the source"), "{run}");
    }
}

#[test]
fn waits_are_told_while_they_last() {
    let service = scenario();
    service.inject(Rule::some(Fault::Storm, 1, 1).times(1));
    let setup = Setup::of_scenario(&service.url());
    let done = setup.collect(&["--once"]).output().unwrap();
    let error = text(&done.stderr);
    let line = error.lines().nth(1).unwrap_or_default();
    assert!(line.starts_with("exorg: no usable answer of `http"), "{error}");
    assert!(line.contains("`, next try in ") && line.contains(" s: status 50"), "{error}");
}
