//! Power cuts, kills and failing disks at every step of seeded workloads.
//!
//! After each restart: every answered write is there exactly once, every other one whole or not at
//! all and from then on for good, documents and public files fit, and the store works.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::tables::{REQUESTS, TRACES};
use model::{AppId, TableDef};
use object_store::memory::InMemory;
use store::disk_sim::{Failure, Restart, SimDisk};
use store::{Error, Mode, Options, Retention, Store, Write};

use crate::rows::{DAY, TODAY, batch, names_of};

const PLACES: [(u32, &TableDef); 4] = [(1, &REQUESTS), (1, &TRACES), (2, &REQUESTS), (2, &TRACES)];

fn options() -> Options {
    Options {
        segment_bytes: 6000,
        group_bytes_max: 3000,
        merge_fan_in: 3,
        free_bytes_min: 0,
        retention: Retention { days: Some(30), ..Retention::default() },
        ..Options::default()
    }
}

pub fn open(disk: &SimDisk) -> Result<Arc<Store>, Error> {
    let objects = Arc::new(InMemory::new());
    Store::open_on(Arc::new(disk.clone()), objects, options(), Mode::Manual, None)
}

/// splitmix64: the test's own choices, apart from those of the disk.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// One write as the model knows it.
#[derive(Debug, Clone)]
struct Expected {
    id: u64,
    /// Rows per place.
    rows: Vec<(usize, u64)>,
    documents: Vec<(String, Option<Vec<u8>>)>,
    is_answered: bool,
    /// Its rows are older than what is retained.
    is_old: bool,
}

impl Expected {
    fn random(id: u64, random: &mut Random) -> Expected {
        let places = 1 + random.below(3) as usize;
        let rows = (0..places).map(|_| (random.below(2) as usize, 1 + random.below(3))).collect();
        let mut documents = Vec::new();
        for _ in 0..random.below(3) {
            let key = format!("k{}", random.below(4));
            let value = vec![id as u8; 8 + random.below(300) as usize];
            documents.push((key, (random.below(4) > 0).then_some(value)));
        }
        let is_old = random.below(8) == 0;
        Expected { id, rows, documents, is_answered: false, is_old }
    }

    /// `<write>.<batch>.<row>` of all rows at a place.
    fn names(&self, place: usize) -> Vec<String> {
        let batches = self.rows.iter().enumerate().filter(|(_, (at, _))| *at == place);
        batches
            .flat_map(|(n, (_, rows))| (0..*rows).map(move |row| format!("{}.{n}.{row}", self.id)))
            .collect()
    }

    fn write(&self) -> Write {
        let time = if self.is_old { TODAY - 40 * DAY } else { TODAY };
        let batches = self.rows.iter().enumerate().map(|(n, &(place, rows))| {
            let names: Vec<String> =
                (0..rows).map(|row| format!("{}.{n}.{row}", self.id)).collect();
            let (app, table) = PLACES[place];
            (AppId(app), batch(table, &names, time))
        });
        Write { rows: batches.collect(), documents: self.documents.clone() }
    }
}

/// What the store must hold.
#[derive(Debug, Default)]
struct Model {
    writes: Vec<Expected>,
    next_id: u64,
    /// Contents a public file may have; more than one after an unanswered put.
    files: BTreeMap<String, BTreeSet<Option<Vec<u8>>>>,
    /// A retain may have begun: old rows need not be there.
    is_retained: bool,
}

impl Model {
    /// Does one random thing; errors are allowed, wrong answers are not.
    fn act(&mut self, store: &Store, random: &mut Random) {
        match random.below(16) {
            0..8 => self.append(store, random),
            8..10 => drop(store.seal(TODAY)),
            10..12 => drop(store.merge(TODAY)),
            12 => drop(store.merge(TODAY + 5 * DAY)),
            13 => {
                self.is_retained = true;
                drop(store.retain(TODAY + DAY));
            }
            _ => self.put(store, random),
        }
    }

    fn append(&mut self, store: &Store, random: &mut Random) {
        let mut group = Vec::new();
        for _ in 0..1 + random.below(3) {
            self.next_id += 1;
            group.push(Expected::random(self.next_id, random));
        }
        let results = store.append_group(group.iter().map(Expected::write).collect());
        for (mut expected, result) in group.into_iter().zip(results) {
            expected.is_answered = result.is_ok();
            self.writes.push(expected);
        }
    }

    fn put(&mut self, store: &Store, random: &mut Random) {
        let name = format!("badges/{}/b.svg", random.below(2));
        let (bytes, done) = match random.below(4) {
            0 => (None, store.files().delete(&name).is_ok()),
            _ => {
                let bytes = vec![b'x'; random.below(2000) as usize];
                let done = store.files().put(&name, &bytes, "meta").is_ok();
                (Some(bytes), done)
            }
        };
        let allowed = self.files.entry(name).or_insert_with(|| BTreeSet::from([None]));
        if done {
            allowed.clear();
        }
        allowed.insert(bytes);
    }

    /// Compares a freshly opened store; what is there now has to stay.
    fn check(&mut self, store: &Store) {
        let mut found: Vec<BTreeMap<String, u32>> = Vec::new();
        for (app, table) in PLACES {
            let mut names = BTreeMap::new();
            for name in names_of(&store.snapshot(AppId(app), table).unwrap()) {
                *names.entry(name).or_default() += 1;
            }
            found.push(names);
        }
        let is_retained = self.is_retained;
        self.writes.retain_mut(|write| {
            let mut there = Vec::new();
            for (place, found) in found.iter_mut().enumerate() {
                for name in write.names(place) {
                    let count = found.remove(&name).unwrap_or(0);
                    assert!(count <= 1, "row {name} is there {count} times");
                    there.push(count == 1);
                }
            }
            let is_free = write.is_old && is_retained;
            let is_whole = there.iter().all(|t| *t);
            assert!(is_free || is_whole || !there.contains(&true), "half of write {}", write.id);
            assert!(is_free || is_whole || !write.is_answered, "write {} is lost", write.id);
            let is_there = is_whole || is_free && write.is_answered;
            write.is_answered = is_there;
            is_there
        });
        assert!(found.iter().all(BTreeMap::is_empty), "rows nobody wrote: {found:?}");
        self.check_documents(store);
        for (name, allowed) in &mut self.files {
            let file = store.files().get(name).unwrap().map(|file| file.bytes);
            assert!(allowed.contains(&file), "file {name}");
            *allowed = BTreeSet::from([file]);
        }
    }

    fn check_documents(&self, store: &Store) {
        // A write whose old rows are gone may or may not have been there: then its keys are free.
        let mut documents: BTreeMap<&str, &Option<Vec<u8>>> = BTreeMap::new();
        for (key, value) in self.writes.iter().flat_map(|write| &write.documents) {
            documents.insert(key, value);
        }
        for n in 0..4 {
            let key = format!("k{n}");
            let expected = documents.get(key.as_str()).and_then(|value| value.as_deref());
            assert_eq!(store.document(&key).as_deref(), expected, "document {key}");
        }
    }
}

/// What goes wrong in one run, if anything.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    None,
    CutAt(u64),
    FailAt(u64, Failure),
}

/// A workload with one trouble in it, from the state `model` on; gives the steps it took.
fn round(disk: &SimDisk, model: &mut Model, seed: u64, acts: u64, trouble: Trouble) -> u64 {
    let mut random = Random(seed);
    let start = disk.steps();
    match trouble {
        Trouble::None => {}
        Trouble::CutAt(step) => disk.cut_power_at(start + step),
        Trouble::FailAt(step, failure) => disk.fail_at(start + step, failure),
    }
    if let Ok(store) = open(disk) {
        for _ in 0..acts {
            if disk.is_off() {
                break;
            }
            model.act(&store, &mut random);
        }
    }
    let steps = disk.steps() - start;
    let restart = match trouble {
        Trouble::None => Restart::Killed,
        Trouble::FailAt(step, _) if step % 2 == 0 => Restart::Killed,
        _ => Restart::PowerCut,
    };
    disk.restart(restart);
    model.check(&open(disk).unwrap());
    steps
}

/// The rest of a test: everything still works, also after one more clean start.
fn still_works(disk: &SimDisk, model: &mut Model) {
    let store = open(disk).unwrap();
    model.next_id += 1;
    let mut last = Expected::random(model.next_id, &mut Random(model.next_id));
    last.is_answered = true;
    store.append_blocking(last.write()).unwrap();
    model.writes.push(last);
    store.seal(TODAY).unwrap();
    store.merge(TODAY + 5 * DAY).unwrap();
    model.check(&store);
    drop(store);
    model.check(&open(disk).unwrap());
}

/// Names the case in the output of a failing test.
pub fn case(name: &str, seed: u64, step: u64, run: impl FnOnce()) {
    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
        eprintln!("{name}: seed {seed}, step {step}");
        std::panic::resume_unwind(panic);
    }
}

/// The number of seeds: more in long runs (`CRASH_SEEDS=1000`).
pub fn seeds(default: u64) -> u64 {
    std::env::var("CRASH_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn cut_at_every_step(seed: u64) {
    let steps = round(&SimDisk::new(seed), &mut Model::default(), seed, 14, Trouble::None);
    assert!(steps > 40, "{steps} steps");
    for step in 1..=steps {
        case("cut", seed, step, || {
            let disk = SimDisk::new(seed ^ (step << 32));
            let mut model = Model::default();
            round(&disk, &mut model, seed, 14, Trouble::CutAt(step));
            still_works(&disk, &mut model);
        });
    }
}

#[test]
fn a_power_cut_at_every_step_of_a_workload() {
    for seed in 1..=seeds(2) {
        cut_at_every_step(seed);
    }
}

#[test]
fn power_cuts_follow_each_other() {
    for seed in 100..100 + seeds(60) {
        let mut random = Random(seed);
        let disk = SimDisk::new(seed);
        let mut model = Model::default();
        for n in 0..4 {
            let step = 1 + random.below(60);
            case("cuts", seed, step, || {
                round(&disk, &mut model, seed * 8 + n, 12, Trouble::CutAt(step));
            });
        }
        case("cuts", seed, 0, || still_works(&disk, &mut model));
    }
}

#[test]
fn failing_operations_lose_nothing_that_was_answered() {
    for seed in 500..500 + seeds(60) {
        let mut random = Random(seed);
        let disk = SimDisk::new(seed);
        let mut model = Model::default();
        for n in 0..3 {
            let step = 1 + random.below(60);
            let failure = [Failure::Refused, Failure::Full, Failure::LostSync][seed as usize % 3];
            case("failures", seed, step, || {
                round(&disk, &mut model, seed * 8 + n, 12, Trouble::FailAt(step, failure));
            });
        }
        case("failures", seed, 0, || still_works(&disk, &mut model));
    }
}

#[test]
fn a_full_disk_refuses_writes_keeps_what_was_answered_and_recovers() {
    for seed in 900..900 + seeds(20) {
        case("full", seed, 0, || {
            let mut random = Random(seed);
            let disk = SimDisk::new(seed);
            let mut model = Model::default();
            let store = open(&disk).unwrap();
            (0..4).for_each(|_| model.act(&store, &mut random));
            disk.limit(Some(disk.used_bytes() + 1000));
            (0..20).for_each(|_| model.act(&store, &mut random));
            let refused = store.append_group(
                (0..20).map(|id| Expected::random(1_000_000 + id, &mut random).write()).collect(),
            );
            let is_full = |r: &Result<_, Error>| matches!(r, Err(Error::DiskFull { .. }));
            assert!(refused.iter().all(|r| r.is_ok() || is_full(r)), "{refused:?}");
            assert!(refused.iter().any(is_full));
            // A start on the full disk reads everything, and old extents can be removed.
            drop(store);
            let store = open(&disk).unwrap();
            store.retain(TODAY + 365 * DAY).unwrap();
            disk.limit(None);
            model.next_id += 1;
            let mut after = Expected::random(model.next_id, &mut random);
            after.is_answered = true;
            store.append_blocking(after.write()).unwrap();
            store.seal(TODAY).unwrap();
            drop(store);
        });
    }
}
