//! The scenario of the scripted service, pass by pass: exactly the expected rows, and how they
//! came.

use crate::azdo::{PAT, Setup, assert_expected, play, scenario};

#[test]
fn both_passes_of_the_scenario_give_exactly_the_expected_rows() {
    let service = scenario();
    service.gzip(true);
    let setup = Setup::of_scenario(&service.url());
    let printed = setup.once();
    assert!(printed.contains("exorg/exproj backfill: 6 listed, 6 fetched, 0 unchanged, 0 failed"));
    assert_expected(&setup.server(), "poll1", "first pass");
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    assert!(service.most_at_once() <= 4);

    play(&service, "poll2");
    service.forget();
    let printed = setup.once();
    assert!(printed.contains("exorg/exproj poll: 4 listed, 2 fetched, 2 unchanged, 0 failed"));
    let server = setup.server();
    assert_expected(&server, "poll2", "second pass");
    assert!(service.unknown().is_empty(), "{:?}", service.unknown());
    let paths: Vec<String> = service.requests().into_iter().map(|seen| seen.request.path).collect();
    for build in [101, 102, 104, 105] {
        let timeline = format!("/builds/{build}/timeline");
        assert!(!paths.iter().any(|path| path.contains(&timeline)), "{paths:?}");
    }

    let runs = server.rows(
        "CollectorRuns | order by StartTime asc \
         | project Pass, Listed, Fetched, Unchanged, Failed, Pending, tostring(Cursor), Error",
    );
    assert_eq!(
        runs.to_string(),
        r#"[["backfill",6,6,0,0,0,"2026-11-20T11:00:00.0000000Z",""],["poll",4,2,2,0,0,"2026-11-20T12:50:00.0000000Z",""]]"#
    );
    // The build that ran during the first pass was seen running.
    let open = server.rows("CollectorRuns | summarize sum(Requests), countif(Bytes > 0)");
    assert!(open[0][0].as_u64().unwrap() >= 20, "{open}");
    assert_eq!(open[0][1], 2);
}

#[test]
fn a_running_build_has_a_row_until_it_is_collected() {
    let service = scenario();
    let setup = Setup::of_scenario(&service.url());
    setup.once();
    let server = setup.server();
    let row = "TimelineBuilds | where BuildId == 106 | project Status, Result, HasTimeline";
    assert_eq!(server.rows(row).to_string(), r#"[["inProgress","",false]]"#);
    drop(server);
    assert_eq!(setup.status()["projects"][0]["open"], 1);
    play(&service, "poll2");
    setup.once();
    assert_eq!(setup.server().rows(row).to_string(), r#"[["completed","succeeded",true]]"#);
    assert_eq!(setup.status()["projects"][0]["open"], 0);
}

#[test]
fn a_third_pass_asks_for_two_lists_and_changes_nothing() {
    let service = scenario();
    let setup = Setup::of_scenario(&service.url());
    setup.once();
    play(&service, "poll2");
    setup.once();
    service.forget();
    let printed = setup.once();
    assert!(printed.contains("0 fetched, 4 unchanged"), "{printed}");
    assert_eq!(service.count(), 2);
    assert_expected(&setup.server(), "poll2", "third pass");
}

#[test]
fn no_name_of_a_person_and_no_token_is_stored() {
    let service = scenario();
    let setup = Setup::of_scenario(&service.url());
    setup.once();
    let server = setup.server();
    let people = server.rows("TimelineBuilds | distinct RequestedFor");
    let person = people[0][0].as_str().unwrap();
    assert_eq!((people.as_array().unwrap().len(), person.len()), (1, 16));
    assert!(person.chars().all(|c| c.is_ascii_hexdigit()));
    drop(server);
    for entry in walk(&setup.data()) {
        let bytes = std::fs::read(&entry).unwrap();
        for secret in ["user-1@example.invalid", "00000000-0000-4000-8000-000000000001", PAT] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {entry:?}");
        }
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn since_lists_again_what_was_listed_before() {
    let service = scenario();
    let setup = Setup::of_scenario(&service.url());
    setup.once();
    service.forget();
    let done = setup.collect(&["--once", "--since", "400d", "--source", "exorg"]).output().unwrap();
    assert!(done.status.success());
    let first = &service.requests()[0].request;
    let from = first.param("minTime").unwrap();
    let days = (chrono::Utc::now() - chrono::Duration::days(400)).format("%Y-%m-%d").to_string();
    assert!(from.starts_with(&days), "{from}");
    assert_expected(&setup.server(), "poll1", "since");
}
