//! Seal, merge and retain: rows move or go, snapshots stay whole.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::tables::{REQUESTS, TRACES};
use model::{AppId, BatchBuilder};
use store::{Error, Merged, Options, Retention, Store, Write};

use crate::rows::{DAY, TODAY, names, names_of, request, requests, traces, write};

const HOUR: i64 = DAY / 24;

fn options() -> Options {
    let retention = Retention { days: Some(30), ..Retention::default() };
    Options { segment_bytes: 1 << 20, free_bytes_min: 0, retention, ..Options::default() }
}

fn files(dir: &Path, part: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir.join(part))
        .map(|entries| entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

/// Appends and seals one request per name.
fn sealed(store: &Store, names: &[&str]) {
    for name in names {
        store.append_blocking(request(name)).unwrap();
        assert_eq!(store.seal(TODAY).unwrap().rows, 1);
    }
}

#[test]
fn a_seal_moves_rows_into_one_extent_per_table_and_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(write(1, &REQUESTS, &names("a", 10), TODAY)).unwrap();
    store.append_blocking(write(1, &REQUESTS, &names("b", 5), TODAY - 1)).unwrap();
    store.append_blocking(write(1, &TRACES, &names("t", 3), TODAY)).unwrap();
    store.append_blocking(write(2, &TRACES, &names("u", 3), TODAY)).unwrap();
    let sealed = store.seal(TODAY).unwrap();
    assert_eq!((sealed.rows, sealed.extents), (21, 4));
    let snapshot = store.snapshot(AppId(1), &REQUESTS).unwrap();
    assert!(snapshot.head.is_empty());
    assert_eq!((snapshot.rows(), snapshot.extents.len()), (15, 2));
    let days: Vec<i32> = snapshot.extents.iter().map(|e| e.day).collect();
    assert_eq!(days, [20_777, 20_778]);
    let location = snapshot.extents[0].location().to_string();
    assert!(location.starts_with("extents/requests/2026-11-20-"), "{location}");
    assert!(dir.path().join(location).is_file());
    assert_eq!(files(dir.path(), "log"), ["0000000003.log"]);
    assert_eq!(store.stats().extent_bytes, sealed.size_bytes);
    assert_eq!(store.seal(TODAY).unwrap(), Default::default());
    drop((snapshot, store));
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(requests(&store).len(), 15);
    assert_eq!(traces(&store), ["t-0", "t-1", "t-2"]);
    assert_eq!(names_of(&store.snapshot(AppId(2), &TRACES).unwrap()), ["u-0", "u-1", "u-2"]);
}

#[test]
fn one_batch_of_many_days_is_split_by_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let mut builder = BatchBuilder::new(&REQUESTS);
    for row in 0..40 {
        for at in 0..REQUESTS.columns.len() {
            match REQUESTS.columns[at].name {
                "timestamp" => builder.column(at).long(TODAY + (row % 4) * DAY),
                "operation_Name" => builder.column(at).text(&format!("{row:02}")),
                _ => builder.column(at).null(),
            }
        }
        builder.end_row();
    }
    let rows = vec![(AppId(1), builder.finish().unwrap())];
    store.append_blocking(Write { rows, documents: Vec::new() }).unwrap();
    assert_eq!(store.seal(TODAY).unwrap().extents, 4);
    let all: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    assert_eq!(requests(&store), all);
}

#[test]
fn documents_survive_the_log_they_were_written_to() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let put = |key: &str, value: &str| {
        let documents = vec![(key.to_owned(), Some(value.as_bytes().to_vec()))];
        store.append_blocking(Write { rows: Vec::new(), documents }).unwrap();
    };
    put("a", "1");
    put("b", "1");
    store.seal(TODAY).unwrap();
    put("b", "2");
    store.seal(TODAY).unwrap();
    put("c", "3");
    assert_eq!(files(dir.path(), "meta").len(), 1);
    let text = |store: &Store, key: &str| {
        store.document(key).map(|d| String::from_utf8(d.to_vec()).unwrap()).unwrap_or_default()
    };
    store.close().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(["a", "b", "c"].map(|key| text(&store, key)), ["1", "2", "3"]);
}

#[test]
fn a_seal_is_due_by_size_or_by_age() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { seal_bytes: 20_000, seal_age_ms: 1000, ..options() };
    let store = Store::open(dir.path(), options).unwrap();
    assert!(!store.seal_due(TODAY));
    store.append_blocking(request("a")).unwrap();
    assert!(!store.seal_due(TODAY + HOUR));
    assert!(!store.seal_due(TODAY + HOUR + 999_000_000));
    assert!(store.seal_due(TODAY + HOUR + 1_000_000_000));
    store.seal(TODAY).unwrap();
    assert!(!store.seal_due(TODAY + 2 * HOUR));
    store.append_blocking(write(1, &REQUESTS, &names("n", 50), TODAY)).unwrap();
    assert!(store.seal_due(TODAY + 2 * HOUR));
}

#[test]
fn eight_extents_of_like_size_become_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    sealed(&store, &names[..7]);
    assert_eq!(store.merge(TODAY).unwrap(), Merged::default());
    sealed(&store, &names[7..]);
    let before = store.snapshot(AppId(1), &REQUESTS).unwrap();
    let merged = store.merge(TODAY).unwrap();
    assert_eq!((merged.extents_in, merged.extents_out, merged.rows), (8, 1, 8));
    assert!(!merged.has_more);
    assert_eq!(requests(&store), names);
    assert_eq!(store.snapshot(AppId(1), &REQUESTS).unwrap().extents[0].level, 1);
    // The older snapshot still reads its files; they go when it does.
    assert_eq!(names_of(&before), names);
    assert_eq!(files(dir.path(), "extents/requests").len(), 18);
    drop(before);
    store.merge(TODAY).unwrap();
    assert_eq!(files(dir.path(), "extents/requests").len(), 2);
    drop(store);
    assert_eq!(requests(&Store::open(dir.path(), options()).unwrap()), names);
}

#[test]
fn a_quiet_day_ends_as_one_extent_and_few_late_rows_do_not_rewrite_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    sealed(&store, &["a", "b", "c"]);
    store.append_blocking(write(1, &REQUESTS, &names("n", 20), TODAY)).unwrap();
    store.seal(TODAY).unwrap();
    assert_eq!(store.merge(TODAY + HOUR - 1).unwrap().extents_in, 0);
    assert_eq!(store.merge(TODAY + HOUR).unwrap().extents_in, 4);
    sealed(&store, &["late"]);
    assert_eq!(store.merge(TODAY + 2 * HOUR).unwrap(), Merged::default());
    sealed(&store, &["later", "latest"]);
    assert_eq!(store.merge(TODAY + 2 * HOUR).unwrap().extents_in, 4);
    assert_eq!(requests(&store).len(), 26);
}

#[test]
fn merged_extents_stay_within_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { extent_rows_max: 5, ..options() }).unwrap();
    sealed(&store, &["a", "b", "c", "d", "e", "f", "g"]);
    let merged = store.merge(TODAY + DAY).unwrap();
    assert_eq!((merged.extents_in, merged.extents_out), (7, 2));
    let mut rows: Vec<u64> =
        store.snapshot(AppId(1), &REQUESTS).unwrap().extents.iter().map(|e| e.rows).collect();
    rows.sort();
    assert_eq!(rows, [2, 5]);
}

#[test]
fn extents_go_by_age_per_table_and_by_total_size() {
    let dir = tempfile::tempdir().unwrap();
    let retention = Retention {
        days: Some(30),
        tables: [("traces".to_owned(), 5)].into_iter().collect(),
        total_bytes: None,
    };
    let store = Store::open(dir.path(), Options { retention, ..options() }).unwrap();
    for (age, name) in [(40, "forty"), (20, "twenty"), (10, "ten"), (1, "one")] {
        let name = [name.to_owned()];
        store.append_blocking(write(1, &REQUESTS, &name, TODAY - age * DAY)).unwrap();
        store.append_blocking(write(1, &TRACES, &name, TODAY - age * DAY)).unwrap();
    }
    store.seal(TODAY).unwrap();
    let held = store.snapshot(AppId(1), &TRACES).unwrap();
    let retained = store.retain(TODAY).unwrap();
    assert_eq!((retained.too_old, retained.over_size, retained.rows), (4, 0, 4));
    assert_eq!(requests(&store), ["one", "ten", "twenty"]);
    assert_eq!(traces(&store), ["one"]);
    assert_eq!(names_of(&held).len(), 4);
    drop(held);
    drop(store);
    let stats = Store::open(dir.path(), options()).unwrap().stats();
    let keep_two = stats.extent_bytes / 4 * 2 + 4000;
    let retention = Retention { total_bytes: Some(keep_two), ..Retention::default() };
    let store = Store::open(dir.path(), Options { retention, ..options() }).unwrap();
    let retained = store.retain(TODAY).unwrap();
    assert_eq!((retained.too_old, retained.over_size), (0, 2));
    assert_eq!((requests(&store), traces(&store)), (vec!["one".into()], vec!["one".into()]));
    drop(store);
    assert_eq!(files(dir.path(), "extents/requests").len(), 2);
}

#[test]
fn the_index_tells_which_extent_may_hold_an_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    for id in ["id-one", "id-two"] {
        let mut builder = BatchBuilder::new(&REQUESTS);
        for at in 0..REQUESTS.columns.len() {
            match REQUESTS.columns[at].name {
                "timestamp" => builder.column(at).long(TODAY),
                "operation_Id" => builder.column(at).text(id),
                _ => builder.column(at).null(),
            }
        }
        builder.end_row();
        let rows = vec![(AppId(1), builder.finish().unwrap())];
        store.append_blocking(Write { rows, documents: Vec::new() }).unwrap();
        store.seal(TODAY).unwrap();
    }
    let extents = store.snapshot(AppId(1), &REQUESTS).unwrap().extents;
    let may = |value: &str| -> Vec<bool> {
        extents.iter().map(|e| e.may_contain("operation_Id", value)).collect()
    };
    assert_eq!([may("id-one"), may("id-two")], [vec![true, false], vec![false, true]]);
    assert!(extents[0].may_contain("name", "not indexed"));
}

#[test]
fn files_of_an_unfinished_job_go_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    sealed(&store, &["a"]);
    drop(store);
    for orphan in ["extents/requests/x.parquet", "meta/0000000099.docs", "manifest.tmp"] {
        std::fs::write(dir.path().join(orphan), b"half").unwrap();
    }
    std::fs::write(dir.path().join("files/b.svg.tmp"), b"half").unwrap();
    std::fs::write(dir.path().join("log/0000000001.log"), b"obsolete").unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(requests(&store), ["a"]);
    assert_eq!(files(dir.path(), "extents/requests").len(), 2);
    assert!(files(dir.path(), "meta").is_empty() && files(dir.path(), "files").is_empty());
    assert_eq!(files(dir.path(), "log"), ["0000000003.log"]);
    assert!(!dir.path().join("manifest.tmp").exists());
}

#[test]
fn jobs_of_a_closed_or_reading_store_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(request("a")).unwrap();
    store.close().unwrap();
    assert!(matches!(store.seal(TODAY), Err(Error::Closed)));
    let store = Store::open_read_only(dir.path()).unwrap();
    assert!(matches!(store.seal(TODAY), Err(Error::ReadOnly)));
}

/// Every row is in each snapshot exactly once while all jobs run.
#[test]
fn snapshots_stay_whole_while_jobs_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { merge_fan_in: 2, ..options() }).unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, is_done) = (Arc::clone(&store), Arc::clone(&is_done));
        std::thread::spawn(move || {
            let mut seen = 0;
            while !is_done.load(Ordering::Relaxed) {
                let snapshot = store.snapshot(AppId(1), &REQUESTS).unwrap();
                let mut names = names_of(&snapshot);
                let count = names.len();
                names.dedup();
                assert_eq!(names.len(), count, "a row is there twice");
                assert!(count >= seen, "{count} rows after {seen}");
                seen = count;
            }
        })
    };
    let writer = {
        let store = Arc::clone(&store);
        std::thread::spawn(move || {
            for n in 0..300 {
                store.append_blocking(request(&format!("{n:03}"))).unwrap();
            }
        })
    };
    while !writer.is_finished() {
        store.seal(TODAY).unwrap();
        store.merge(TODAY).unwrap();
    }
    writer.join().unwrap();
    is_done.store(true, Ordering::Relaxed);
    reader.join().unwrap();
    assert_eq!(requests(&store).len(), 300);
}
