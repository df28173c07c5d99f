//! The scenario's files are answered as they are, and faults do what their names say.

#![allow(clippy::expect_used, reason = "a test that cannot go on says why")]

mod client;

use std::time::Duration;

use client::{Client, scenario};
use scripted_azdo::{Fault, Rule, Scenario, Service, Stop};

const LIST: &str = "/exorg/exproj/_apis/build/builds?api-version=5.0&statusFilter=completed&queryOrder=finishTimeAscending";
const TIMELINE: &str = "/exorg/exproj/_apis/build/Builds/103/Timeline?api-version=5.0";
const RUNS: &str = "/exorg/exproj/_apis/test/runs?buildUri=vstfs%3A%2F%2F%2FBuild%2FBuild%2F103";

fn file(name: &str) -> Vec<u8> {
    std::fs::read(scenario().join(name)).expect(name)
}

#[test]
fn passes_answer_their_files() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    let mut client = Client::new(&service.url());
    let first = client.get(LIST).expect("an answer");
    assert_eq!((first.status, &first.body), (200, &file("poll1_builds_page1.json")));
    assert_eq!(first.header("date"), Some("Fri, 20 Nov 2026 12:00:00 GMT"));
    let token = first.header("x-ms-continuationtoken").expect("a token");
    let second = client.get(&format!("{LIST}&continuationToken={token}")).expect("an answer");
    assert_eq!(second.body, file("poll1_builds_page2.json"));
    assert_eq!(second.header("x-ms-continuationtoken"), None);
    let none = client.get("/exorg/exproj/_apis/build/builds/102/timeline").expect("an answer");
    assert_eq!((none.status, none.body.len()), (204, 0));
    let sweep = "/exorg/exproj/_apis/build/builds?statusFilter=inProgress%2CnotStarted";
    assert_eq!(client.get(sweep).expect("an answer").body, file("poll1_inprogress.json"));
    assert_eq!(client.get(TIMELINE).expect("an answer").body, file("timeline_103_poll1.json"));
    let passes = Scenario::load(&scenario()).expect("a scenario");
    assert_eq!(passes.passes(), ["poll1", "poll2"]);
    service.play(passes.pass("poll2").expect("a pass"));
    assert_eq!(client.get(TIMELINE).expect("an answer").body, file("timeline_103_poll2.json"));
    assert!(service.unknown().is_empty());
    assert_eq!((service.count(), service.most_at_once()), (6, 1));
}

#[test]
fn what_is_answered_once_is_answered_once() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    let mut client = Client::new(&service.url());
    let statuses: Vec<u16> = (0..3).map(|_| client.get(RUNS).expect("an answer").status).collect();
    assert_eq!(statuses, [500, 200, 200]);
    service.play(Scenario::load(&scenario()).and_then(|s| s.pass("poll2")).expect("a pass"));
    let limited = client.get("/exorg/exproj/_apis/build/builds/106/timeline").expect("an answer");
    assert_eq!((limited.status, limited.header("retry-after")), (429, Some("1")));
}

#[test]
fn unknown_requests_are_noted() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    let mut client = Client::new(&service.url());
    let reply = client.get("/exorg/exproj/_apis/build/builds/999/timeline").expect("an answer");
    assert_eq!(reply.status, 404);
    assert_eq!(reply.json()["typeKey"], "ResourceNotFoundException");
    let unknown = service.unknown();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].path, "/exorg/exproj/_apis/build/builds/999/timeline");
}

#[test]
fn stopping_holds_or_cuts_the_chosen_request() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    service.stop_at(2, Stop::Silence);
    let mut client = Client::new(&service.url());
    assert_eq!(client.get(LIST).expect("an answer").status, 200);
    let url = service.url();
    let held = std::thread::spawn(move || Client::new(&url).get(TIMELINE).is_none());
    assert!(service.wait_held(Duration::from_secs(10)), "the second request is held");
    service.resume();
    assert!(held.join().expect("a thread"), "a held request is never answered");
    assert_eq!(service.requests()[1].status, None);
    for (stop, body) in [
        (Stop::CutUnanswered, None),
        (Stop::CutAfterHeaders, Some(0)),
        (Stop::CutInBody, Some(file("timeline_103_poll1.json").len() / 2)),
    ] {
        service.forget();
        service.stop_at(1, stop);
        let reply = Client::new(&service.url()).get(TIMELINE);
        assert_eq!(reply.as_ref().map(|r| r.body.len()), body, "{stop:?}");
        assert!(reply.is_none_or(|r| r.missing > 0), "{stop:?}");
        assert_eq!(Client::new(&service.url()).get(TIMELINE).expect("an answer").missing, 0);
    }
}

#[test]
fn tokens_and_sign_in_pages() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    service.require_authorization("Basic OnNlY3JldA==", Fault::SignInRedirect);
    let mut client = Client::new(&service.url());
    let good = client.send(LIST, "Authorization: Basic OnNlY3JldA==\r\n").expect("an answer");
    assert_eq!(good.status, 200);
    let bad = client.get(LIST).expect("an answer");
    assert_eq!(bad.status, 302);
    let page = bad.header("location").expect("a location").replace(&service.url(), "");
    let page = client.get(&page).expect("an answer");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for (fault, status) in
        [(Fault::Unauthorized, 401), (Fault::Forbidden, 403), (Fault::SignInPage, 203)]
    {
        service.require_authorization("Bearer x", fault);
        assert_eq!(client.get(LIST).expect("an answer").status, status);
    }
    service.heal();
    assert_eq!(client.get(LIST).expect("an answer").status, 200);
}

#[test]
fn faults_change_answers_as_they_say() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    let whole = file("timeline_103_poll1.json");
    let ask = |rule: Rule| {
        service.heal();
        service.inject(rule);
        Client::new(&service.url()).get(TIMELINE)
    };
    let half = ask(Rule::always(Fault::HalfPage)).expect("an answer");
    assert_eq!((half.body.as_slice(), half.missing), (&whole[..whole.len() / 2], 0));
    let closed = ask(Rule::always(Fault::ClosedInBody)).expect("an answer");
    assert_eq!(closed.missing, whole.len() - whole.len() / 2);
    assert!(ask(Rule::always(Fault::ClosedUnanswered)).is_none());
    let many = ask(Rule::always(Fault::TooMany(7))).expect("an answer");
    assert_eq!((many.status, many.header("retry-after")), (429, Some("7")));
    assert!(String::from_utf8_lossy(&many.body).contains("TF400733"));
    let late = ask(Rule::always(Fault::Delayed(1.5))).expect("an answer");
    assert_eq!((late.body, late.missing), (whole.clone(), 0));
    let slow = std::time::Instant::now();
    ask(Rule::always(Fault::Slow(Duration::from_millis(30)))).expect("an answer");
    assert!(slow.elapsed() >= Duration::from_millis(30));
    let wide = ask(Rule::always(Fault::Padded(1 << 20))).expect("an answer");
    assert_eq!((wide.body.len(), wide.json()["id"].is_string()), ((1 << 20) + 1, true));
    service.heal();
    service.inject(Rule::some(Fault::Storm, 2, 3).at("/timeline"));
    let mut client = Client::new(&service.url());
    let statuses: Vec<u16> =
        (0..6).map(|_| client.get(TIMELINE).expect("an answer").status).collect();
    assert_eq!(statuses, [500, 503, 200, 503, 500, 200]);
    assert_eq!(client.get(LIST).expect("an answer").status, 200);
}

#[test]
fn bodies_are_packed_for_callers_that_accept_it() {
    let service = Service::scenario(&scenario(), "poll1").expect("a service");
    service.gzip(true);
    service.skew(3600);
    let mut client = Client::new(&service.url());
    let packed = client.send(TIMELINE, "Accept-Encoding: gzip\r\n").expect("an answer");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("date"), Some("Fri, 20 Nov 2026 13:00:00 GMT"));
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut body)
        .expect("gzip");
    assert_eq!(body, file("timeline_103_poll1.json"));
    assert_eq!(client.get(TIMELINE).expect("an answer").body, body);
}
