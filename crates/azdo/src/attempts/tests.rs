//! Attempts of odd builds; recorded ones and the scenario's are in `rows`.

use super::*;
use crate::wire::PreviousAttempt;

fn record(id: &str, parent: &str, kind: &str, attempt: i64) -> Record {
    Record {
        id: id.to_owned(),
        parent_id: parent.to_owned(),
        kind: kind.to_owned(),
        name: format!("{kind} {id}"),
        order: Some(2),
        attempt: Some(attempt),
        ..Record::default()
    }
}

fn timeline(id: &str, changed: i64, records: Vec<Record>) -> Timeline {
    Timeline { id: id.to_owned(), last_changed_on: Some(changed), records, ..Timeline::default() }
}

/// `id effective-attempt timeline path` of each row.
fn shown(latest: Option<&Timeline>, previous: &[Timeline]) -> Vec<String> {
    merge(latest, previous)
        .iter()
        .map(|m| {
            let id = &m.record.id;
            format!("{id} {} {} {}", m.effective_attempt, m.timeline_id, m.path)
        })
        .collect()
}

/// A stage that was retried twice: its second job was kept the second time and repeated the third.
#[test]
fn a_third_attempt_keeps_what_the_second_did() {
    let first = timeline(
        "s1",
        1,
        vec![
            record("s1", "", "Stage", 1),
            record("a1", "s1", "Job", 1),
            record("ta1", "a1", "Task", 1),
            record("b1", "s1", "Job", 1),
        ],
    );
    let second = timeline(
        "s2",
        2,
        vec![
            record("s2", "", "Stage", 2),
            record("a2", "s2", "Job", 2),
            record("ta2", "a2", "Task", 1),
            record("b1", "s2", "Job", 1),
        ],
    );
    let mut stage = record("s3", "", "Stage", 3);
    stage.previous_attempts = vec![PreviousAttempt {
        attempt: Some(2),
        timeline_id: "s2".to_owned(),
        record_id: "s2".to_owned(),
    }];
    let latest = timeline(
        "t",
        3,
        vec![stage, record("a2", "s3", "Job", 2), record("ta2", "a2", "Task", 1), {
            record("b3", "s3", "Job", 3)
        }],
    );
    let want = [
        "s3 3 t 002",
        "a2 2 t 002.002",
        "ta2 2 t 002.002.002",
        "b3 3 t 002.002",
        "s2 2 s2 002",
        "b1 1 s2 002.002",
        "s1 1 s1 002",
        "a1 1 s1 002.002",
        "ta1 1 s1 002.002.002",
    ];
    // The order in which they were fetched does not matter, nor that one was fetched twice.
    assert_eq!(shown(Some(&latest), &[first.clone(), second.clone()]), want);
    assert_eq!(shown(Some(&latest), &[second.clone(), first, second]), want);
    assert_eq!(crate::rows::previous_timelines(&latest), ["s2"]);
}

/// A machine lost in the first attempt of a stage that was retried as a whole afterwards.
#[test]
fn a_lost_machine_before_a_retry_belongs_to_the_first_attempt() {
    let latest = timeline("t", 9, vec![record("s2", "", "Stage", 2), record("j3", "s2", "Job", 3)]);
    let full = timeline("s1", 5, vec![record("s1", "", "Stage", 1), record("j2", "s1", "Job", 2)]);
    let lost = timeline("j1", 2, vec![record("j1", "s1", "Job", 1)]);
    assert_eq!(
        shown(Some(&latest), &[lost, full]),
        ["s2 2 t 002", "j3 3 t 002.002", "s1 1 s1 002", "j2 2 s1 002.002", "j1 1 j1 002.002"]
    );
}

#[test]
fn records_the_service_has_mixed_up_are_rows() {
    let circle = timeline(
        "t",
        1,
        vec![
            record("a", "b", "Job", 1),
            record("b", "a", "Job", 4),
            record("c", "c", "Task", 1),
            record("", "", "Task", 1),
            record("", "a", "Task", 0),
            record("d", "gone", "Task", -5),
            record("d", "", "Task", 2),
        ],
    );
    let rows = merge(Some(&circle), &[]);
    let of = |at: usize| (rows[at].record.id.as_str(), rows[at].effective_attempt);
    assert_eq!(rows.len(), 6);
    assert_eq!((of(0), of(1), of(2)), (("a", 4), ("b", 4), ("c", 1)));
    assert_eq!((of(3), of(4), of(5)), (("", 1), ("", 4), ("d", 1)));
    // In a circle no ancestor is the last one: as deep as is looked, then unknown.
    assert_eq!(rows[0].path, format!("999{}", ".002".repeat(MAX_DEPTH)));
    assert_eq!((rows[3].path.as_str(), rows[5].path.as_str()), ("002", "999.002"));
    assert_eq!((rows[0].job, rows[0].job_at, rows[4].job_at), ("Job a", Some(0), Some(0)));
}

#[test]
fn nothing_gives_nothing() {
    assert!(merge(None, &[]).is_empty());
    let only = timeline("p", 1, vec![record("a", "", "Stage", 1)]);
    let rows = merge(None, std::slice::from_ref(&only));
    assert_eq!((rows.len(), rows[0].is_latest, rows[0].stage), (1, false, "Stage a"));
}
