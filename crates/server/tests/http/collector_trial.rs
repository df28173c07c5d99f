//! A test call to Azure DevOps: what a token may see, and what is wrong where it sees nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use scripted_azdo::{Answer, Fault, History, Request, Rule, Script, Service, Shape};
use serde_json::{Value, json};

use crate::azdo::{AUTHORIZATION, PAT};
use crate::client::{Response, send};
use crate::hooks::{ADMIN, JSON};
use crate::server::{Server, start};

const INSIDE: &str = "what-only-the-inside-says";

fn history() -> History {
    let shape =
        Shape { builds: 30, records_per_build: 12, projects: 2, days: 3, ..Shape::default() };
    History::generate(5, &shape)
}

/// A server with an administrator, and an organisation that wants the token.
fn world() -> (Server, tempfile::TempDir, Service, History) {
    let history = history();
    let service = Service::start(history.at(history.now())).unwrap();
    service.require_authorization(AUTHORIZATION, Fault::Unauthorized);
    let dir = tempfile::tempdir().unwrap();
    let server = Server::on(dir.path(), &["--admin-key", ADMIN]);
    (server, dir, service, history)
}

fn post(server: &Server, body: &Value) -> Response {
    let headers = [JSON, ("x-api-key", ADMIN)];
    send(server.port, "POST", "/api/collect/try", &headers, body.to_string().as_bytes())
}

/// What comes of a call; nobody may learn the token or what the other side wrote.
fn tried(server: &Server, base: &str, projects: &Value, token: &str) -> Value {
    let body = json!({ "base": base, "projects": projects, "token": token });
    let answer = post(server, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains(PAT) && !answer.text().contains(INSIDE), "{}", answer.text());
    answer.json()
}

/// The only problem: where to look, and its text.
fn problem(found: &Value) -> (String, String) {
    let problems = found["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{found}");
    let text = |name: &str| problems[0][name].as_str().unwrap().to_owned();
    (text("about"), text("message"))
}

fn holds(folder: &Path, wanted: &str) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, wanted),
        path => {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
        }
    })
}

#[test]
fn definitions_are_counted_and_the_token_is_kept_nowhere() {
    let (server, dir, service, history) = world();
    let base = format!("{}/exorg/", service.url());
    let found = tried(&server, &base, &Value::Null, PAT);
    let projects = found["projects"].as_array().unwrap();
    let names: Vec<&str> = projects.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, history.projects());
    assert_eq!(projects.iter().map(|p| p["pipelines"].as_u64().unwrap()).sum::<u64>(), 4);
    assert!(projects.iter().all(|p| p["releases"].is_u64()), "{found}");
    assert_eq!((&found["left"], &found["problems"]), (&json!(0), &json!([])));

    // One by its name, in any way the settings would take it.
    let one = tried(&server, &base, &json!([history.projects()[0]]), PAT);
    assert_eq!(one["projects"], json!([projects[0]]));
    let one = tried(&server, &base, &json!(["*", format!("!{}", history.projects()[0])]), PAT);
    assert_eq!(one["projects"], json!([projects[1]]));

    let audit = "Audit | where action == 'collect.try' | project target | take 1";
    let asked = json!({ "query": audit }).to_string();
    let headers = [JSON, ("x-api-key", ADMIN)];
    let rows = send(server.port, "POST", "/v1/apps/default/query", &headers, asked.as_bytes());
    let rows = rows.json();
    assert_eq!(rows["tables"][0]["rows"][0][0], base.trim_end_matches('/'), "{rows}");
    assert!(server.stop().success());
    assert!(holds(dir.path(), "collect.try") && !holds(dir.path(), PAT));
}

#[test]
fn a_project_that_is_not_there_has_its_nearest_named() {
    let (server, _dir, service, history) = world();
    let base = format!("{}/exorg", service.url());
    let name = history.projects()[0];
    let found = tried(&server, &base, &json!([format!("{name}x"), name, "zzzzzzzz"]), PAT);
    assert_eq!(found["projects"][0]["name"], name);
    let list: Vec<String> = history.projects().iter().map(|name| format!("`{name}`")).collect();
    assert_eq!(
        found["problems"],
        json!([
            {
                "about": "project",
                "message": format!("there is no project `{name}x`: did you mean `{name}`?"),
            },
            {
                "about": "project",
                "message": format!(
                    "there is no project `zzzzzzzz`: the token sees {}", list.join(", ")
                ),
            },
        ])
    );
    let (about, message) = problem(&tried(&server, &base, &json!(["zz*"]), PAT));
    assert_eq!(about, "project");
    assert_eq!(message, format!("no project fits; the token sees {}", list.join(", ")));
}

#[test]
fn a_token_that_is_not_taken_and_a_scope_that_is_missing_are_told_apart() {
    let (server, _dir, service, history) = world();
    let base = format!("{}/exorg", service.url());
    for (fault, want) in [
        (Fault::Unauthorized, "does not take the token (status 401)"),
        (Fault::Forbidden, "knows the token and refuses it (status 403)"),
        (Fault::SignInPage, "does not take the token (a page to sign in on instead of data)"),
        (Fault::SignInRedirect, "does not take the token (a page to sign in on instead of data)"),
    ] {
        service.heal();
        service.require_authorization(AUTHORIZATION, fault);
        service.forget();
        let (about, message) = problem(&tried(&server, &base, &Value::Null, "another"));
        assert_eq!(about, "token");
        assert!(message.contains(want) && message.contains("Build (read)"), "{message}");
        // No redirect is followed, and no account locked by trying again.
        assert_eq!(service.count(), 1);
    }
    let (about, message) = problem(&tried(&server, &base, &Value::Null, ""));
    assert_eq!(about, "token");
    assert!(message.contains("lets nobody in without a token"), "{message}");

    service.heal();
    service.inject(Rule::always(Fault::Forbidden).at("/release/"));
    service.inject(Rule::always(Fault::Unauthorized).at("/test/"));
    let found = tried(&server, &base, &Value::Null, PAT);
    assert_eq!(found["projects"].as_array().unwrap().len(), 2);
    assert_eq!(found["projects"][0]["releases"], Value::Null);
    let name = history.projects()[0];
    assert_eq!(
        found["problems"],
        json!([
            {
                "about": "scope",
                "message": format!(
                    "the token lacks the scope Release (read), or its owner may not see releases \
                     of `{name}` (status 403); or write `releases = false` into the source"
                ),
            },
            {
                "about": "scope",
                "message": format!(
                    "the token lacks the scope Test Management (read), or its owner may not see \
                     tests of `{name}` (status 401); or write `tests = \"off\"` into the source"
                ),
            },
        ])
    );
    service.heal();
    service.inject(Rule::always(Fault::Forbidden).at("/build/"));
    let (about, message) = problem(&tried(&server, &base, &Value::Null, PAT));
    assert_eq!(about, "scope");
    assert!(message.starts_with("the token lacks the scope Build (read)"), "{message}");
}

/// Answers everything with a refusal that quotes what nobody outside may read.
struct Talkative;

impl Script for Talkative {
    fn answer(&self, _: &Request) -> Option<Answer> {
        Some(Answer::json(400, json!({ "message": INSIDE }).to_string()))
    }
}

#[test]
fn what_is_none_of_azure_devops_is_told_in_our_own_words() {
    let (server, _dir, service, _) = world();
    let about = |base: &str| problem(&tried(&server, base, &Value::Null, PAT));
    service.heal();
    service.inject(Rule::always(Fault::Status(503)));
    service.forget();
    let (place, message) = about(&format!("{}/exorg", service.url()));
    assert_eq!(place, "service");
    assert!(message.contains("answers status 503: it is busy or out of order"), "{message}");
    assert_eq!(service.count(), 1);
    service.heal();
    let (place, message) = about(&format!("{}/other", service.url()));
    assert_eq!(place, "address");
    assert!(message.contains("has no organisation or collection at this address"), "{message}");
    service.play(Talkative);
    let (place, message) = about(&format!("{}/exorg", service.url()));
    assert_eq!(place, "service");
    assert!(message.ends_with("refuses the call with status 400"), "{message}");

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (place, message) = about(&format!("http://127.0.0.1:{port}/exorg"));
    assert_eq!(place, "address");
    let want = format!("`127.0.0.1:{port}` cannot be reached from this server: ");
    assert!(message.starts_with(&want), "{message}");
    let (place, message) = about("https://no-such-host.invalid/exorg");
    assert_eq!(place, "address");
    assert!(message.starts_with("`no-such-host.invalid` cannot be reached"), "{message}");

    let (other, _other_dir) = start(&["--tls-listen", "127.0.0.1:0"]);
    let (place, message) = about(&format!("https://localhost:{}/exorg", other.tls_port()));
    assert_eq!(place, "certificate", "{message}");
    assert!(message.contains("no public authority issued it; name the file"), "{message}");
}

#[test]
fn a_service_that_does_not_answer_is_not_waited_for() {
    let (server, _dir, service, _) = world();
    let base = format!("{}/exorg", service.url());
    service.heal();
    service.inject(Rule::always(Fault::Slow(Duration::from_secs(30))));
    let started = Instant::now();
    let busy = std::thread::scope(|scope| {
        let first = scope.spawn(|| problem(&tried(&server, &base, &Value::Null, PAT)));
        crate::server::wait_until("the call is under way", || service.most_at_once() > 0);
        let busy = post(&server, &json!({ "base": base, "token": PAT }));
        let (about, message) = first.join().unwrap();
        assert_eq!(about, "time");
        assert!(message.ends_with("was too slow: a test call ends after 15 s"), "{message}");
        busy
    });
    assert_eq!(busy.status, 429);
    let message = &busy.json()["error"]["message"];
    assert_eq!(*message, "another test call is under way: try again when it has ended");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn wrong_wishes_name_the_field_and_quote_nothing() {
    let (server, _dir, service, _) = world();
    let base = format!("{}/exorg", service.url());
    for (body, field, want) in [
        (json!({}), "base", "`base` is needed"),
        (json!({ "base": "dev.azure.com/exorg" }), "base", "must begin with"),
        (json!({ "base": format!("https://:{PAT}@host/x") }), "base", "name or password"),
        (
            json!({ "base": "http://tfs.example:8080/tfs/Main" }),
            "base",
            "from here a token is sent over HTTPS only",
        ),
        (json!({ "base": "http://169.254.169.254/x" }), "base", "over HTTPS only"),
        (json!({ "base": base, "projects": "web" }), "projects", "a list of texts"),
        (json!({ "base": base, "projects": [""] }), "projects", "holds an empty name"),
        (json!({ "base": base, "projects": vec!["x"; 51] }), "projects", "are the most"),
        (json!({ "base": base, "token": format!("{PAT} {PAT}") }), "token", "one line"),
        (json!({ "base": base, "token": [PAT] }), "token", "must be a text"),
        (json!({ "base": base, (PAT): 1 }), "", "there are no fields but"),
    ] {
        let answer = post(&server, &body);
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, error["field"].as_str().unwrap_or("")), (400, field), "{body}");
        assert!(error["message"].as_str().unwrap().contains(want), "{body}: {error}");
        assert!(!answer.text().contains(PAT), "{}", answer.text());
    }
    let body = json!({ "base": base }).to_string();
    let nobody = send(server.port, "POST", "/api/collect/try", &[JSON], body.as_bytes());
    assert_eq!(nobody.status, 401);
    let plain = [("content-type", "text/plain"), ("x-api-key", ADMIN)];
    let page = send(server.port, "POST", "/api/collect/try", &plain, body.as_bytes());
    assert_eq!(page.status, 415);
    assert_eq!(service.count(), 0);
}
