//! Builds that fail or vanish: they hold up neither the others nor the rest of a pass.

use super::*;

/// Not a timeline at all.
fn unreadable() -> Value {
    json!({ "id": "t", "records": 5 })
}

#[test]
fn builds_that_cannot_be_read_are_no_storm() {
    let story = story(plan());
    let builds: Vec<Value> = (1..=30).map(|id| build(id, "2026-11-20T10:00:00Z")).collect();
    story.says("/build/builds", list(&builds));
    story.says("/timeline", unreadable());
    let run = story.good_pass();
    assert_eq!((run.listed, run.failed, run.pending), (30, 30, 30));
}

#[test]
fn builds_due_again_hold_up_neither_lists_nor_reconciliation() {
    let story = story(Plan { releases: true, ..plan() });
    let builds: Vec<Value> = (1..=30).map(|id| build(id, "2026-11-20T10:00:00Z")).collect();
    story.says("/build/builds", list(&builds));
    story.says("/timeline", unreadable());
    story.good_pass();
    // All are due, and nothing of theirs is answered now.
    story.passes(DAY_NS);
    story.says("/build/builds", list(&[build(50, "2026-11-21T11:00:00Z")]));
    story.says("/builds/50/timeline", json!(204));
    story.says("/timeline", json!(500));
    let known: Vec<String> = (1..=30).map(|id| format!("/builds/{id}")).collect();
    for path in known {
        story.says(Box::leak(path.into_boxed_str()), json!(500));
    }
    let runs = story.collector.pass("exproj", None, &Unwatched);
    let kinds: Vec<&str> = runs.iter().map(|run| run.kind.name()).collect();
    assert_eq!(kinds, ["poll", "reconcile", "releases"]);
    assert_eq!((runs[0].failure.clone(), runs[0].fetched), (None, 1));
    assert!(runs[0].error.contains("of builds tried again 10 builds in a row failed"));
    assert!(story.state().seen(50).is_some());
    assert!(story.state().facts().cursor_ns > START);
}

#[test]
fn a_build_that_waits_is_not_tried_where_it_is_missing_either() {
    let story = story(plan());
    story.says("/build/builds", list(&[]));
    let running = json!({ "id": 1, "status": "inProgress", "definition": { "name": "ci" },
        "project": { "id": "p1", "name": "exproj" } });
    story.says("open", list(&[running]));
    story.good_pass();
    // It has finished, and its timeline cannot be read.
    story.says("open", list(&[]));
    story.says("/builds/1", build(1, "2026-11-20T12:00:00Z"));
    story.says("/builds/1/timeline", unreadable());
    assert_eq!(story.good_pass().failed, 1);
    for _ in 0..3 {
        assert_eq!(story.good_pass().failed, 0);
    }
    assert_eq!(story.state().pending(1).unwrap().tries, 1);
    story.passes(60_000_000_000);
    assert_eq!(story.good_pass().failed, 1);
}

#[test]
fn a_seen_build_that_waits_is_not_tried_by_the_comparison() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    story.says("/builds/1/timeline", json!(204));
    story.good_pass();
    story.passes(DAY_NS);
    let next_ns = START + 2 * DAY_NS;
    let pending = Pending { tries: 3, next_ns, ..Pending::default() };
    let mut documents = Documents::new();
    story.state().put_pending(&mut documents, 1, Some(&pending));
    story.memory.write(Vec::new(), documents).unwrap();
    story.says("/build/builds", list(&[]));
    let runs = story.collector.pass("exproj", None, &Unwatched);
    assert_eq!(runs[1].kind, Kind::Reconcile);
    assert_eq!((runs[1].failed, runs[1].fetched), (0, 0));
    assert_eq!(story.state().pending(1), Some(pending));
}

#[test]
fn a_timeline_that_is_gone_for_a_while_is_no_deletion() {
    let story = story(plan());
    let listed = build(1, "2026-11-20T10:00:00Z");
    story.says("/build/builds", list(std::slice::from_ref(&listed)));
    story.says("/builds/1", listed);
    let run = story.good_pass();
    assert_eq!((run.fetched, run.error.as_str()), (1, "the timeline of build 1 is gone"));
    let seen = story.state().seen(1).unwrap();
    assert!(seen.has_lost_timeline && !seen.deleted);
    // Not at each pass, but at each comparison.
    story.says("/builds/1/timeline", json!({ "id": "t", "records": [] }));
    assert_eq!(story.good_pass().unchanged, 1);
    story.passes(DAY_NS);
    let runs = story.collector.pass("exproj", None, &Unwatched);
    assert_eq!((runs[0].unchanged, runs[1].fetched), (1, 1));
    let seen = story.state().seen(1).unwrap();
    assert!(!seen.has_lost_timeline && seen.timeline == Some(true));
}

#[test]
fn a_deleted_build_that_is_listed_again_is_collected_again() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(1, "2026-11-20T10:00:00Z")]));
    // Neither build nor timeline are there.
    story.good_pass();
    assert!(story.state().seen(1).unwrap().deleted);
    story.says("/builds/1", build(1, "2026-11-20T10:00:00Z"));
    story.says("/builds/1/timeline", json!({ "id": "t", "records": [] }));
    assert_eq!(story.good_pass().unchanged, 1);
    story.passes(DAY_NS);
    let runs = story.collector.pass("exproj", None, &Unwatched);
    assert_eq!(runs[1].fetched, 1);
    assert!(!story.state().seen(1).unwrap().deleted);
}

#[test]
fn a_build_that_dies_is_named_by_its_run() {
    let story = story(plan());
    let mut documents = Documents::new();
    let pending = Pending { tries: TRIES_MAX - 1, ..Pending::default() };
    story.state().put_pending(&mut documents, 1, Some(&pending));
    story.memory.write(Vec::new(), documents).unwrap();
    story.says("/build/builds", list(&[]));
    story.says("/builds/1", build(1, "2026-11-20T10:00:00Z"));
    story.says("/builds/1/timeline", unreadable());
    let run = story.good_pass();
    assert_eq!((run.dead.len(), run.dead[0].0), (1, 1));
    assert!(run.error.starts_with("build 1 is given up: the answer of "), "{}", run.error);
    assert_eq!(story.memory.texts("CollectorRuns", "Error"), [run.error]);
}

#[test]
fn a_later_since_moves_no_cursor() {
    let story = story(plan());
    story.says("/build/builds", list(&[build(2, "2026-11-20T11:00:00Z")]));
    story.says("/builds/2/timeline", json!(204));
    let since = Some(START - HOUR_NS);
    let runs = story.collector.pass("exproj", since, &Unwatched);
    assert_eq!((runs.len(), runs[0].fetched), (1, 1));
    assert_eq!(story.state().facts().cursor_ns, 0);
    assert_eq!(story.state().facts().succeeded_ns, 0);
    // What lies before it is still collected.
    story.asked();
    assert_eq!(story.good_pass().kind, Kind::Backfill);
    assert!(story.asked()[0].contains("minTime=2026-10-21T12%3A00%3A00Z"));
    let cursor_ns = story.state().facts().cursor_ns;
    assert_eq!(cursor_ns, START - HOUR_NS);
    story.passes(6 * HOUR_NS);
    story.says("/build/builds", list(&[build(3, "2026-11-20T17:30:00Z")]));
    story.says("/builds/3/timeline", json!(204));
    let run = story.collector.pass("exproj", Some(START + 5 * HOUR_NS), &Unwatched).remove(0);
    assert_eq!((run.fetched, run.cursor_ns), (1, Some(cursor_ns)));
    let run = story.collector.pass("exproj", Some(START - DAY_NS), &Unwatched).remove(0);
    assert_eq!(run.cursor_ns, Some(START + 11 * HOUR_NS / 2));
}
