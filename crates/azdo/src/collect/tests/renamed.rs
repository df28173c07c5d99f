//! A project that is renamed: what is known of its builds stays known.

use super::*;

#[test]
fn a_renamed_project_keeps_its_history() {
    let both = Globs::new(&["exproj".to_owned(), "web".to_owned()]).unwrap();
    let story = story(Plan { projects: both, ..plan() });
    let mut listed = build(1, "2026-11-20T10:00:00Z");
    story.says("/build/builds", list(std::slice::from_ref(&listed)));
    story.says("/builds/1/timeline", json!({ "id": "t", "changeId": 1, "records": [] }));
    story.good_pass();
    assert_eq!(story.good_pass().unchanged, 1);
    let cursor_ns = story.state().facts().cursor_ns;

    listed["project"]["name"] = json!("web");
    story.says("/build/builds", list(std::slice::from_ref(&listed)));
    story.asked();
    let run = story.collector.pass("web", None, &Unwatched).remove(0);
    assert_eq!((run.failure, run.fetched, run.unchanged), (None, 0, 1));
    assert_eq!(run.cursor_ns, Some(cursor_ns));
    let found = known(&story.memory);
    assert_eq!((found.len(), found[0].project.as_str(), found[0].seen), (1, "web", 1));
    // The second pass knows where the first one ended.
    story.asked();
    story.collector.pass("WEB", None, &Unwatched);
    assert!(story.asked()[0].contains("minTime=2026-11-20T08%3A00%3A00Z"));

    // Once it is written again, all its rows are under the new name.
    listed["lastChangedDate"] = json!("2026-11-20T11:00:00Z");
    story.says("/build/builds", list(&[listed]));
    story.memory.rows.lock().unwrap().clear();
    story.collector.pass("web", None, &Unwatched);
    for table in ["TimelineBuilds", "TimelineBuildAttempts"] {
        assert_eq!(story.memory.texts(table, "Project"), ["web"], "{table}");
    }
}

#[test]
fn what_was_noted_under_a_name_moves_to_the_id() {
    let story = story(plan());
    // Nothing tells the id of a project without builds.
    story.says("/build/builds", list(&[]));
    story.good_pass();
    let cursor_ns = story.state().facts().cursor_ns;
    assert!(cursor_ns > 0);
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", json!(204));
    assert_eq!(story.good_pass().kind, Kind::Poll);
    let state = State::of(&story.memory, "exorg", "p1");
    assert_eq!(state.facts().name, "exproj");
    assert!(state.facts().cursor_ns >= cursor_ns && state.seen(1).is_some());
    assert_eq!(story.memory.documents("collector/exorg/exproj/"), []);
    assert_eq!(known(&story.memory).len(), 1);
    assert!(state::learn(&story.memory, "exorg", "exproj", "p1").is_empty());
}

#[test]
fn another_project_that_takes_a_name_has_its_own_history() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", json!(204));
    story.good_pass();
    let mut other = build(2, "2026-11-20T11:00:00Z");
    other["project"]["id"] = json!("p2");
    story.says("/build/builds", list(&[other]));
    story.says("/builds/2/timeline", json!(204));
    story.good_pass();
    let seen = |id: &str| {
        State::of(&story.memory, "exorg", id).all_seen().into_keys().collect::<Vec<i64>>()
    };
    assert_eq!((seen("p1"), seen("p2")), (vec![1], vec![2]));
}
