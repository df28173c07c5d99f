//! Tables with a key: the newest rows of each key are seen wherever they lie, and after every cut.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::AsArray;
use model::tables::pipelines::TIMELINE_RECORDS;
use model::{AppId, Batch, BatchBuilder};
use store::disk_sim::{Failure, Restart, SimDisk};
use store::{Options, Retention, Snapshot, Store, Write};

use crate::power_cut::{Random, case, open, seeds};
use crate::rows::{DAY, TODAY};

const HOUR: i64 = DAY / 24;

fn options() -> Options {
    let retention = Retention { days: Some(30), ..Retention::default() };
    Options { segment_bytes: 1 << 20, free_bytes_min: 0, retention, ..Options::default() }
}

/// The records `names` of a build, collected at `time`.
fn records(build: i64, time: i64, names: &[String]) -> Batch {
    let mut builder = BatchBuilder::new(&TIMELINE_RECORDS);
    for name in names {
        for (at, column) in TIMELINE_RECORDS.columns.iter().enumerate() {
            match column.name {
                "BuildId" => builder.column(at).long(build),
                "Name" => builder.column(at).text(name),
                "CollectedAt" => builder.column(at).long(time),
                _ => builder.column(at).null(),
            }
        }
        builder.end_row();
    }
    builder.finish().unwrap()
}

fn write(batches: Vec<Batch>) -> Write {
    let rows = batches.into_iter().map(|batch| (AppId(1), batch)).collect();
    Write { rows, documents: Vec::new() }
}

/// Appends `build` as collected at `time`, with `count` records called `<name>.<number>`.
fn collect(store: &Store, build: i64, time: i64, name: &str, count: usize) {
    let names: Vec<String> = (0..count).map(|n| format!("{name}.{n}")).collect();
    store.append_blocking(write(vec![records(build, time, &names)])).unwrap();
}

fn snapshot(store: &Store) -> Snapshot {
    store.snapshot(AppId(1), &TIMELINE_RECORDS).unwrap()
}

/// What a snapshot shows, sorted.
fn names_of(snapshot: &Snapshot) -> Vec<String> {
    let mut batches = snapshot.head.clone();
    for extent in &snapshot.extents {
        batches.extend(snapshot.read_rows(extent).unwrap());
    }
    let at = TIMELINE_RECORDS.index_of("Name").unwrap();
    let texts = |batch: &arrow::array::RecordBatch| {
        let texts = batch.column(at).as_string_view().clone();
        texts.iter().map(|text| text.unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut names: Vec<String> = batches.iter().flat_map(texts).collect();
    assert_eq!(snapshot.rows(), names.len() as u64);
    names.sort();
    names
}

fn seen(store: &Store) -> Vec<String> {
    names_of(&snapshot(store))
}

/// Rows of each extent file, superseded ones included.
fn stored(store: &Store) -> Vec<u64> {
    store.stats().tables.iter().map(|table| table.extent_rows).collect()
}

#[test]
fn the_newest_rows_are_seen_in_head_and_extents_and_across_both() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    collect(&store, 1, TODAY, "a", 3);
    collect(&store, 2, TODAY, "b", 1);
    collect(&store, 1, TODAY + HOUR, "c", 2);
    assert_eq!(seen(&store), ["b.0", "c.0", "c.1"]);
    // What was superseded within the head is not worth a place in an extent.
    assert_eq!(store.seal(TODAY).unwrap().extents, 1);
    assert_eq!((seen(&store).len(), stored(&store)), (3, vec![3]));
    // The next day's, in the head, then in an extent.
    let held = snapshot(&store);
    collect(&store, 1, TODAY + DAY, "d", 1);
    // Older news that come late.
    collect(&store, 2, TODAY - HOUR, "e", 4);
    assert_eq!(seen(&store), ["b.0", "d.0"]);
    store.seal(TODAY).unwrap();
    assert_eq!(seen(&store), ["b.0", "d.0"]);
    assert_eq!(names_of(&held), ["b.0", "c.0", "c.1"]);
    // Same key, same time: both are seen.
    collect(&store, 1, TODAY + DAY, "f", 1);
    assert_eq!(seen(&store), ["b.0", "d.0", "f.0"]);
    store.close().unwrap();
    drop((store, held));
    assert_eq!(seen(&Store::open_read_only(dir.path()).unwrap()), ["b.0", "d.0", "f.0"]);
    assert_eq!(seen(&Store::open(dir.path(), options()).unwrap()), ["b.0", "d.0", "f.0"]);
}

#[test]
fn applications_do_not_supersede_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    collect(&store, 1, TODAY, "a", 1);
    let rows = vec![(AppId(2), records(1, TODAY + HOUR, &["b.0".to_owned()]))];
    store.append_blocking(Write { rows, documents: Vec::new() }).unwrap();
    assert_eq!(seen(&store), ["a.0"]);
    store.seal(TODAY).unwrap();
    assert_eq!(seen(&store), ["a.0"]);
}

#[test]
fn a_merge_removes_what_is_superseded() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    for build in 0..20 {
        collect(&store, build, TODAY, &format!("b{build}"), 1);
    }
    store.seal(TODAY).unwrap();
    // Of twenty rows two are superseded, which is not worth rewriting them.
    (0..2).for_each(|build| collect(&store, build, TODAY + DAY, "new", 1));
    store.seal(TODAY).unwrap();
    assert_eq!(store.merge(TODAY).unwrap(), store::Merged::default());
    assert_eq!((stored(&store), seen(&store).len()), (vec![22], 20));
    // Three are.
    collect(&store, 2, TODAY + DAY, "new", 1);
    assert_eq!(store.merge(TODAY).unwrap(), store::Merged::default(), "not by rows of the head");
    store.seal(TODAY).unwrap();
    let before = seen(&store);
    let merged = store.merge(TODAY).unwrap();
    assert_eq!((merged.extents_in, merged.extents_out, merged.rows), (1, 1, 17));
    assert_eq!((stored(&store), seen(&store)), (vec![20], before.clone()));
    // An extent without a row to be seen goes whole.
    (0..3).for_each(|build| collect(&store, build, TODAY + 2 * DAY, "new", 1));
    store.seal(TODAY).unwrap();
    let merged = store.merge(TODAY).unwrap();
    assert_eq!((merged.extents_in, merged.extents_out, merged.rows), (2, 0, 0));
    assert_eq!((stored(&store), seen(&store)), (vec![20], before.clone()));
    let extents = std::fs::read_dir(dir.path().join("extents/TimelineRecords")).unwrap().count();
    assert_eq!(extents, 4, "two extents, two files each");
    drop(store);
    assert_eq!(seen(&Store::open(dir.path(), options()).unwrap()), before);
}

#[test]
fn extents_of_a_day_are_merged_without_what_is_superseded() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    for turn in 0..8 {
        collect(&store, 1, TODAY + turn * HOUR, &format!("t{turn}"), 50);
        collect(&store, 2 + turn, TODAY + turn * HOUR, &format!("b{turn}"), 20);
        store.seal(TODAY).unwrap();
    }
    let before = seen(&store);
    let merged = store.merge(TODAY).unwrap();
    assert_eq!((merged.extents_in, merged.extents_out, merged.rows), (8, 1, 210));
    assert_eq!((stored(&store), seen(&store)), (vec![210], before));
}

/// A build is seen in one version at every moment, whole, and never in an earlier one than before.
#[test]
fn a_build_is_seen_whole_while_it_is_replaced_and_jobs_run() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { merge_fan_in: 2, ..options() }).unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, is_done) = (Arc::clone(&store), Arc::clone(&is_done));
        std::thread::spawn(move || {
            let (mut last, mut looks) = ([0; 3], 0);
            while !is_done.load(Ordering::Relaxed) {
                let mut versions: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
                for name in seen(&store) {
                    let parts: Vec<u64> = name.split('.').map(|n| n.parse().unwrap()).collect();
                    versions.entry(parts[0] as usize).or_default().push(parts[1]);
                }
                for (build, rows) in versions {
                    assert!(rows.len() == 7 && rows[0] == rows[6], "build {build}: {rows:?}");
                    assert!(rows[0] >= last[build], "build {build} went back to {rows:?}");
                    last[build] = rows[0];
                }
                looks += 1;
            }
            looks
        })
    };
    for version in 1..120 {
        let build = version % 3;
        collect(&store, build, TODAY + version * HOUR, &format!("{build}.{version}"), 7);
        if version % 5 == 0 {
            store.seal(TODAY).unwrap();
        }
        if version % 15 == 0 {
            store.merge(TODAY + 9 * DAY).unwrap();
        }
    }
    is_done.store(true, Ordering::Relaxed);
    assert!(reader.join().unwrap() > 1);
    assert_eq!(seen(&store).len(), 21);
}

/// Replaces all index files.
fn change_indexes(dir: &Path, change: fn(Vec<u8>) -> Vec<u8>) {
    for entry in std::fs::read_dir(dir.join("extents/TimelineRecords")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "index") {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(path, change(bytes)).unwrap();
        }
    }
}

#[test]
fn rows_tell_what_a_damaged_or_older_index_does_not() {
    let damaged = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        bytes
    };
    let older = |_| {
        let bytes = [&b"TTIX"[..], &1u32.to_le_bytes(), &0u32.to_le_bytes()].concat();
        [&bytes[..], &crc32fast::hash(&bytes).to_le_bytes()].concat()
    };
    for change in [damaged, older as fn(Vec<u8>) -> Vec<u8>] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), options()).unwrap();
        for turn in 0..3 {
            collect(&store, turn % 2, TODAY + turn * HOUR, &format!("t{turn}"), 5);
            store.seal(TODAY).unwrap();
        }
        let before = seen(&store);
        assert_eq!(before.len(), 10);
        drop(store);
        change_indexes(dir.path(), change);
        assert_eq!(seen(&Store::open(dir.path(), options()).unwrap()), before);
    }
}

#[test]
fn what_was_superseded_does_not_come_back_when_the_newer_goes() {
    let dir = tempfile::tempdir().unwrap();
    // Never merged: the rows of the older version stay where they are.
    let options = Options { merge_fan_in: 1000, ..options() };
    let store = Store::open(dir.path(), options.clone()).unwrap();
    let old = TODAY - 30 * DAY;
    collect(&store, 1, old, "first", 1);
    collect(&store, 2, old + 3 * HOUR, "last of the day", 1);
    store.seal(TODAY).unwrap();
    collect(&store, 1, old + HOUR, "second", 1);
    store.seal(TODAY).unwrap();
    collect(&store, 3, TODAY, "today", 1);
    assert_eq!(seen(&store), ["last of the day.0", "second.0", "today.0"]);
    // The extent with the second is too old, the one with the first is not yet.
    let retained = store.retain(TODAY + 2 * HOUR).unwrap();
    assert_eq!((retained.too_old, seen(&store).len()), (0, 3));
    assert_eq!(store.retain(TODAY + 4 * HOUR).unwrap().too_old, 2);
    assert_eq!(seen(&store), ["today.0"]);
    // An older version that lies in the head.
    collect(&store, 4, old + HOUR, "newer", 1);
    store.seal(TODAY).unwrap();
    collect(&store, 4, old, "older", 1);
    assert_eq!(store.retain(TODAY + 9 * DAY).unwrap().too_old, 0);
    assert_eq!(seen(&store), ["newer.0", "today.0"]);
    store.seal(TODAY).unwrap();
    assert_eq!(store.retain(TODAY + 9 * DAY).unwrap().too_old, 2);
    assert_eq!(seen(&store), ["today.0"]);
}

#[test]
fn days_go_whole_when_the_folder_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    for (day, hour) in [(0, 0), (0, 1), (1, 0)] {
        collect(&store, 1, TODAY + day * DAY + hour * HOUR, &format!("{day}.{hour}"), 9);
        collect(&store, 2 + day, TODAY + day * DAY, "other", 1);
        store.seal(TODAY).unwrap();
    }
    let sizes = store.stats().extent_bytes;
    drop(store);
    let retention = Retention { total_bytes: Some(sizes - 1), ..Retention::default() };
    let store = Store::open(dir.path(), Options { retention, ..options() }).unwrap();
    assert_eq!(store.retain(TODAY).unwrap().over_size, 2);
    assert_eq!(seen(&store).len(), 10);
}

/// One build in one write as the model knows it.
#[derive(Debug)]
struct Collected {
    build: i64,
    time: i64,
    names: Vec<String>,
    is_answered: bool,
}

#[derive(Debug, Default)]
struct Model {
    collected: Vec<Collected>,
    next: u64,
}

impl Model {
    fn act(&mut self, store: &Store, random: &mut Random) {
        match random.below(12) {
            0..6 => self.append(store, random),
            6..8 => drop(store.seal(TODAY)),
            8..10 => drop(store.merge(TODAY)),
            _ => drop(store.merge(TODAY + 5 * DAY)),
        }
    }

    fn append(&mut self, store: &Store, random: &mut Random) {
        let from = self.collected.len();
        let mut writes = Vec::new();
        for _ in 0..1 + random.below(3) {
            self.next += 1;
            let time = TODAY + (self.next as i64 + random.below(20) as i64) * 2 * HOUR;
            let names = (0..1 + random.below(4)).map(|row| format!("{}.{row}", self.next));
            let (build, names) = (random.below(4) as i64, names.collect::<Vec<_>>());
            writes.push(write(vec![records(build, time, &names)]));
            self.collected.push(Collected { build, time, names, is_answered: false });
        }
        let results = store.append_group(writes);
        for (collected, result) in self.collected[from..].iter_mut().zip(results) {
            collected.is_answered = result.is_ok();
        }
    }

    /// Compares a store; what of the unanswered is there now has to stay.
    fn check(&mut self, store: &Store) {
        let seen = self::seen(store);
        let found: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(found.len(), seen.len(), "rows are there twice: {seen:?}");
        let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
        let is_there = |c: &Collected| c.names.iter().any(|name| found.contains(name));
        for collected in self.collected.iter().filter(|c| c.is_answered || is_there(c)) {
            let time = newest.entry(collected.build).or_insert(collected.time);
            *time = collected.time.max(*time);
        }
        let mut rows = 0;
        self.collected.retain_mut(|collected| {
            let there = collected.names.iter().filter(|name| found.contains(name)).count();
            let is_whole = there == collected.names.len();
            assert!(is_whole || there == 0, "half of {collected:?}");
            let is_newest = newest.get(&collected.build) == Some(&collected.time);
            assert!(is_newest || there == 0, "superseded, but seen: {collected:?}");
            assert!(!is_newest || !collected.is_answered || is_whole, "lost: {collected:?}");
            rows += there;
            collected.is_answered |= is_whole;
            collected.is_answered
        });
        assert_eq!(rows, seen.len(), "rows nobody wrote: {seen:?}");
    }
}

/// Random acts with a trouble among them, then a restart; gives the steps taken.
fn round(disk: &SimDisk, model: &mut Model, seed: u64, trouble: impl FnOnce(u64)) -> u64 {
    let mut random = Random(seed);
    let start = disk.steps();
    trouble(start);
    if let Ok(store) = open(disk) {
        for _ in 0..16 {
            if disk.is_off() {
                break;
            }
            model.act(&store, &mut random);
        }
    }
    let steps = disk.steps() - start;
    disk.restart(Restart::PowerCut);
    model.check(&open(disk).unwrap());
    steps
}

fn still_works(disk: &SimDisk, model: &mut Model) {
    let store: Arc<Store> = open(disk).unwrap();
    model.append(&store, &mut Random(model.next));
    model.check(&store);
    store.seal(TODAY).unwrap();
    model.check(&store);
    store.merge(TODAY + 5 * DAY).unwrap();
    model.check(&store);
}

#[test]
fn a_power_cut_at_every_step_leaves_the_newest_rows_seen() {
    for seed in 1..=seeds(2) {
        let steps = round(&SimDisk::new(seed), &mut Model::default(), seed, |_| {});
        assert!(steps > 40, "{steps} steps");
        for step in 1..=steps {
            case("cut", seed, step, || {
                let disk = SimDisk::new(seed ^ (step << 32));
                let mut model = Model::default();
                round(&disk, &mut model, seed, |start| disk.cut_power_at(start + step));
                still_works(&disk, &mut model);
            });
        }
    }
}

#[test]
fn cuts_and_failures_follow_each_other() {
    for seed in 2000..2000 + seeds(60) {
        let mut random = Random(seed);
        let disk = SimDisk::new(seed);
        let mut model = Model::default();
        for n in 0..4 {
            let step = 1 + random.below(60);
            let failure = [Failure::Refused, Failure::Full, Failure::LostSync][seed as usize % 3];
            case("cuts", seed, step, || {
                round(&disk, &mut model, seed * 8 + n, |start| match n % 2 {
                    0 => disk.cut_power_at(start + step),
                    _ => disk.fail_at(start + step, failure),
                });
            });
        }
        case("cuts", seed, 0, || still_works(&disk, &mut model));
    }
}
