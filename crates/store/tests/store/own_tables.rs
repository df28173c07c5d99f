//! Own tables: created, filled, altered, dropped, at every step also with the power cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use model::{AppId, Batch, BatchBuilder, TableDef, Type, own};
use store::disk_sim::{Failure, Restart, SimDisk};
use store::{Definition, Error, Options, Retention, Store, Write, tables};

use crate::power_cut::{Random, Trouble, case, open, seeds};
use crate::rows::{DAY, TODAY};

const APP: AppId = AppId(1);
const NARROW: [(&str, Type); 1] = [("n", Type::Long)];
const WIDE: [(&str, Type); 2] = [("n", Type::Long), ("text", Type::String)];

fn definition(name: &str, label: &str, columns: &[(&str, Type)]) -> Definition {
    let table = own::stored(name, columns);
    Definition { table, label: label.to_owned(), about: b"about".to_vec() }
}

/// Rows with these numbers; where there is a text it is `w` and the number.
fn rows(table: &'static TableDef, numbers: &[i64], time: i64) -> Batch {
    let mut builder = BatchBuilder::new(table);
    for n in numbers {
        builder.column(0).long(time);
        builder.column(1).long(*n);
        if table.columns.len() > 2 {
            builder.column(2).text(&format!("w{n}"));
        }
        builder.end_row();
    }
    builder.finish().unwrap()
}

fn fill(table: &'static TableDef, numbers: &[i64]) -> Write {
    Write { rows: vec![(APP, rows(table, numbers, TODAY))], documents: Vec::new() }
}

fn edit(document: store::codec::DocumentEdit) -> Write {
    Write { rows: Vec::new(), documents: vec![document] }
}

/// Head and extents of a table in the columns of this definition.
fn batches(store: &Store, table: &'static TableDef) -> Vec<RecordBatch> {
    let snapshot = store.snapshot(APP, table).unwrap();
    let mut all = snapshot.head.clone();
    snapshot.extents.iter().for_each(|e| all.extend(e.read_rows(table).unwrap()));
    all
}

/// Number and text of all rows, in order of the number.
fn contents(store: &Store, table: &'static TableDef) -> Vec<(i64, String)> {
    let mut found = Vec::new();
    for batch in batches(store, table) {
        let numbers = batch.column_by_name("n").unwrap().as_primitive::<Int64Type>().clone();
        let texts = batch.column_by_name("text").map(|c| c.as_string_view().clone());
        for row in 0..batch.num_rows() {
            let text = texts.as_ref().map_or("-", |t| {
                assert!(t.is_valid(row), "a text is null");
                t.value(row)
            });
            found.push((numbers.value(row), text.to_owned()));
        }
    }
    found.sort();
    found
}

fn of(pairs: &[(i64, &str)]) -> Vec<(i64, String)> {
    pairs.iter().map(|(n, text)| (*n, (*text).to_owned())).collect()
}

#[test]
fn a_table_that_got_a_column_shows_earlier_rows_without_it() {
    let disk = SimDisk::new(1);
    let (narrow, wide) = (definition("own-s1", "T", &NARROW), definition("own-s1", "T", &WIDE));
    let all = of(&[(1, ""), (2, ""), (3, "w3"), (4, "")]);
    let store = open(&disk).unwrap();
    assert!(matches!(store.append_blocking(fill(narrow.table, &[1])), Err(Error::NoTable)));
    // Created and filled at once.
    let mut first = fill(narrow.table, &[1]);
    first.documents.push(narrow.put());
    store.append_blocking(first).unwrap();
    store.seal(TODAY).unwrap();
    store.append_blocking(fill(narrow.table, &[2])).unwrap();
    store.append_blocking(edit(wide.put())).unwrap();
    assert_eq!(contents(&store, wide.table), all[..2]);
    store.append_blocking(fill(wide.table, &[3])).unwrap();
    // On its way since before the table was altered.
    store.append_blocking(fill(narrow.table, &[4])).unwrap();
    assert_eq!(contents(&store, wide.table), all);
    assert_eq!(contents(&store, narrow.table).len(), 4, "a query under way sees the rows, too");
    drop(store);
    let store = open(&disk).unwrap();
    assert_eq!(store.own_tables(), std::slice::from_ref(&wide));
    assert_eq!(contents(&store, wide.table), all);
    store.seal(TODAY).unwrap();
    assert_eq!(contents(&store, wide.table), all);
    assert_eq!(store.merge(TODAY + 5 * DAY).unwrap().extents_out, 1);
    assert_eq!(contents(&store, wide.table), all);
    drop(store);
    assert_eq!(contents(&open(&disk).unwrap(), wide.table), all);
}

#[test]
fn many_small_writes_of_both_definitions_are_put_together() {
    let store = open(&SimDisk::new(1)).unwrap();
    let (narrow, wide) = (definition("own-s2", "T", &NARROW), definition("own-s2", "T", &WIDE));
    store.append_blocking(edit(narrow.put())).unwrap();
    for n in 0..7 {
        store.append_blocking(fill(narrow.table, &[n])).unwrap();
    }
    store.append_blocking(edit(wide.put())).unwrap();
    for n in 7..100 {
        store.append_blocking(fill(wide.table, &[n])).unwrap();
    }
    assert!(store.snapshot(APP, wide.table).unwrap().head.len() < 20);
    let found = contents(&store, wide.table);
    assert_eq!(found.len(), 100);
    assert!(
        found.iter().all(|(n, text)| *text == if *n < 7 { String::new() } else { format!("w{n}") })
    );
}

#[test]
fn what_a_dropped_table_held_does_not_come_back() {
    let disk = SimDisk::new(1);
    let store = open(&disk).unwrap();
    let (old, new) = (definition("own-s3", "T", &NARROW), definition("own-s4", "T", &NARROW));
    store.append_blocking(edit(old.put())).unwrap();
    store.append_blocking(fill(old.table, &[1])).unwrap();
    store.seal(TODAY).unwrap();
    store.append_blocking(fill(old.table, &[2])).unwrap();
    let held = store.snapshot(APP, old.table).unwrap();
    // Replaced in one step.
    let mut replace = fill(new.table, &[3]);
    replace.documents = vec![tables::drop_edit(old.table), new.put()];
    store.append_blocking(replace).unwrap();
    assert!(matches!(store.snapshot(APP, old.table), Err(Error::NoTable)));
    assert!(matches!(store.append_blocking(fill(old.table, &[9])), Err(Error::NoTable)));
    assert_eq!(contents(&store, new.table), of(&[(3, "-")]));
    let removed = store.remove_dropped().unwrap();
    assert_eq!((removed.dropped, removed.rows), (1, 1));
    let read: u64 =
        held.extents.iter().map(|e| e.read_rows(old.table).unwrap()[0].num_rows() as u64).sum();
    assert_eq!(read, 1, "a query under way keeps its files");
    drop((held, store));
    let store = open(&disk).unwrap();
    assert_eq!(store.own_tables(), std::slice::from_ref(&new));
    assert_eq!(contents(&store, new.table), of(&[(3, "-")]));
    assert_eq!(store.stats().extents, 0);
}

#[test]
fn writes_of_one_group_see_each_other() {
    let disk = SimDisk::new(1);
    let store = open(&disk).unwrap();
    let (old, new) = (definition("own-s9", "T", &NARROW), definition("own-s10", "T", &WIDE));
    let group = vec![
        fill(old.table, &[1]),
        edit(old.put()),
        fill(old.table, &[2]),
        edit(tables::drop_edit(old.table)),
        fill(old.table, &[3]),
        edit(new.put()),
        fill(new.table, &[4]),
    ];
    let done: Vec<bool> = store.append_group(group).iter().map(Result::is_ok).collect();
    assert_eq!(done, [false, true, true, true, false, true, true]);
    let check = |store: &Store| {
        assert!(matches!(store.snapshot(APP, old.table), Err(Error::NoTable)));
        assert_eq!(contents(store, new.table), of(&[(4, "w4")]));
    };
    check(&store);
    drop(store);
    check(&open(&disk).unwrap());
}

#[test]
fn rows_that_come_in_while_a_table_is_altered_and_dropped_are_answered_truly() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options { free_bytes_min: 0, ..Options::default() };
    let store = Store::open(dir.path(), options()).unwrap();
    let kept = [&NARROW[..], &WIDE].map(|columns| definition("own-s11", "Kept", columns));
    let gone = definition("own-s12", "Gone", &NARROW);
    store.append_blocking(edit(kept[0].put())).unwrap();
    store.append_blocking(edit(gone.put())).unwrap();
    let append = |first: i64| {
        let mut is_gone = false;
        for n in first..first + 40 {
            // Each writer goes by the definition it knew.
            store.append_blocking(fill(kept[(n % 2) as usize].table, &[n])).unwrap();
            match store.append_blocking(fill(gone.table, &[n])) {
                Ok(_) => assert!(!is_gone, "rows after the table was dropped"),
                Err(error) => {
                    assert!(matches!(error, Error::NoTable), "{error}");
                    is_gone = true;
                }
            }
        }
    };
    store.append_blocking(edit(kept[1].put())).unwrap();
    std::thread::scope(|scope| {
        for first in [0, 1000, 2000] {
            scope.spawn(move || append(first));
        }
        store.seal(TODAY).unwrap();
        store.append_blocking(edit(tables::drop_edit(gone.table))).unwrap();
        store.seal(TODAY).unwrap();
        store.remove_dropped().unwrap();
        store.merge(TODAY).unwrap();
    });
    let wanted: Vec<i64> = (0..40).chain(1000..1040).chain(2000..2040).collect();
    let check = |store: &Store| {
        let found = contents(store, kept[1].table);
        assert!(
            found
                .iter()
                .all(|(n, text)| *text == if n % 2 == 0 { String::new() } else { format!("w{n}") })
        );
        assert_eq!(found.into_iter().map(|(n, _)| n).collect::<Vec<_>>(), wanted);
        assert!(matches!(store.snapshot(APP, gone.table), Err(Error::NoTable)));
    };
    check(&store);
    drop(store);
    let store = Store::open(dir.path(), options()).unwrap();
    check(&store);
    store.seal(TODAY).unwrap();
    store.remove_dropped().unwrap();
    check(&store);
    assert!(store.stats().tables.iter().all(|t| t.table == "Kept"));
}

#[test]
fn a_column_is_never_lost_nor_changed() {
    let store = open(&SimDisk::new(1)).unwrap();
    store.append_blocking(edit(definition("own-s5", "T", &WIDE).put())).unwrap();
    for columns in [&NARROW[..], &[("n", Type::Int), WIDE[1]]] {
        let refused = store.append_blocking(edit(definition("own-s5", "T", columns).put()));
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Altered { .. }), "{error}");
    }
    let refused = store.append_blocking(edit(("table/own-s5".into(), Some(b"x".to_vec()))));
    assert!(refused.is_err());
}

#[test]
fn own_tables_are_kept_as_long_as_their_name_says() {
    let retention =
        Retention { days: Some(90), tables: [("Short".into(), 7)].into(), total_bytes: None };
    let dir = tempfile::tempdir().unwrap();
    let options = Options { free_bytes_min: 0, retention, ..Options::default() };
    let store = Store::open(dir.path(), options).unwrap();
    let (short, long) =
        (definition("own-s6", "Short", &NARROW), definition("own-s7", "Long", &NARROW));
    let put = |d: &Definition| Write {
        rows: vec![(APP, rows(d.table, &[1], TODAY))],
        documents: vec![d.put()],
    };
    store.append_blocking(put(&short)).unwrap();
    store.append_blocking(put(&long)).unwrap();
    store.seal(TODAY).unwrap();
    assert_eq!(store.retain(TODAY + 9 * DAY).unwrap().too_old, 1);
    assert!(contents(&store, short.table).is_empty());
    assert_eq!(contents(&store, long.table).len(), 1);
}

#[test]
fn every_type_and_its_null_pass_through_log_seal_and_merge() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options { free_bytes_min: 0, ..Options::default() };
    let all: Vec<(&str, Type)> = Type::ALL.map(|ty| (ty.name(), ty)).to_vec();
    let made = definition("own-s8", "All", &all);
    let one = |time: i64| {
        let mut builder = BatchBuilder::new(made.table);
        for is_null in [false, true] {
            builder.column(0).long(time);
            for (at, (name, ty)) in (1..).zip(&all) {
                let column = builder.column(at);
                match ty {
                    _ if is_null => column.null(),
                    Type::Bool => column.bool(true),
                    Type::Real | Type::Decimal => column.real(f64::NAN),
                    Type::Dynamic => column.text("{\"a\":[1,null]}"),
                    Type::String | Type::Guid => column.text(name),
                    _ => column.long(-7),
                }
            }
            builder.end_row();
        }
        builder.finish().unwrap()
    };
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(edit(made.put())).unwrap();
    let wanted: Vec<String> =
        [TODAY, TODAY + 1].map(one).iter().map(|b| format!("{:?}", b.rows)).collect();
    for time in [TODAY, TODAY + 1] {
        let write = Write { rows: vec![(APP, one(time))], documents: Vec::new() };
        store.append_blocking(write).unwrap();
        let found = batches(&store, made.table);
        assert!(wanted.contains(&format!("{:?}", found.last().unwrap())));
        store.seal(TODAY).unwrap();
    }
    drop(store);
    let store = Store::open(dir.path(), options()).unwrap();
    let sealed: Vec<String> =
        batches(&store, made.table).iter().map(|b| format!("{b:?}")).collect();
    assert_eq!(sealed, wanted);
    assert_eq!(store.merge(TODAY + 5 * DAY).unwrap().extents_in, 2);
    let merged = batches(&store, made.table);
    let parts = [merged[0].slice(0, 2), merged[0].slice(2, 2)];
    assert_eq!(parts.map(|b| format!("{b:?}")).to_vec(), wanted);
}

/// One table as the model knows it.
#[derive(Debug)]
struct Known {
    name: String,
    is_wide: bool,
    /// Attempts nobody answered, since the last answer.
    may_be_new: bool,
    may_be_wide: bool,
    may_be_gone: bool,
    /// Writes: numbers of their rows, whether they have a text, whether they were answered.
    writes: Vec<(Vec<i64>, bool, bool)>,
}

impl Known {
    fn definition(&self) -> Definition {
        definition(&self.name, "T", if self.is_wide { &WIDE } else { &NARROW })
    }
}

#[derive(Debug, Default)]
struct Model {
    tables: Vec<Known>,
    next: i64,
    gone: Vec<&'static TableDef>,
}

impl Model {
    fn numbers(&mut self, random: &mut Random) -> Vec<i64> {
        let first = self.next;
        self.next += 1 + random.below(3) as i64;
        (first..self.next).collect()
    }

    fn act(&mut self, store: &Store, seed: u64, random: &mut Random) {
        match random.below(14) {
            0..2 => self.create(store, seed, random),
            2..7 => self.append(store, random),
            7 => self.alter(store, random),
            8 => self.drop(store, random),
            9..11 => drop(store.seal(TODAY)),
            11 => drop(store.merge(TODAY + 5 * DAY)),
            12 => drop(store.remove_dropped()),
            _ => drop(store.retain(TODAY)),
        }
    }

    fn create(&mut self, store: &Store, seed: u64, random: &mut Random) {
        let numbers = self.numbers(random);
        let name = format!("own-p{seed}-{}", numbers[0]);
        let made = definition(&name, "T", &NARROW);
        let mut write = fill(made.table, &numbers);
        write.documents.push(made.put());
        let done = store.append_blocking(write).is_ok();
        self.tables.push(Known {
            name,
            is_wide: false,
            may_be_new: !done,
            may_be_wide: false,
            may_be_gone: false,
            writes: vec![(numbers, false, done)],
        });
    }

    fn append(&mut self, store: &Store, random: &mut Random) {
        let numbers = self.numbers(random);
        let Some(known) = self.pick(random) else { return };
        let done = store.append_blocking(fill(known.definition().table, &numbers)).is_ok();
        if done {
            (known.may_be_gone, known.may_be_new) = (false, false);
        }
        known.writes.push((numbers, known.is_wide, done));
    }

    fn alter(&mut self, store: &Store, random: &mut Random) {
        let Some(known) = self.pick(random) else { return };
        let wide = definition(&known.name, "T", &WIDE);
        match store.append_blocking(edit(wide.put())).is_ok() {
            true => (known.is_wide, known.may_be_gone) = (true, false),
            false => known.may_be_wide = true,
        }
    }

    fn drop(&mut self, store: &Store, random: &mut Random) {
        let Some(known) = self.pick(random) else { return };
        let table = known.definition().table;
        let done = store.append_blocking(edit(tables::drop_edit(table))).is_ok();
        known.may_be_gone = true;
        if done {
            let name = known.name.clone();
            self.gone.push(table);
            self.tables.retain(|known| known.name != name);
        }
    }

    /// A table whose creation was answered.
    fn pick(&mut self, random: &mut Random) -> Option<&mut Known> {
        let mut sure: Vec<&mut Known> = self.tables.iter_mut().filter(|t| !t.may_be_new).collect();
        if sure.is_empty() {
            return None;
        }
        let at = random.below(sure.len() as u64) as usize;
        Some(sure.swap_remove(at))
    }

    /// Compares a freshly opened store; what is there now has to stay.
    fn check(&mut self, store: &Store) {
        let mut there: BTreeMap<String, Definition> =
            store.own_tables().into_iter().map(|d| (d.table.name.to_owned(), d)).collect();
        let gone = &mut self.gone;
        self.tables.retain_mut(|known| {
            let Some(found) = there.remove(&known.name) else {
                assert!(known.may_be_new || known.may_be_gone, "table {} is lost", known.name);
                gone.push(known.definition().table);
                return false;
            };
            known.check(store, &found);
            true
        });
        assert!(there.is_empty(), "tables nobody created, or that were dropped: {there:?}");
        for table in &self.gone {
            assert!(matches!(store.snapshot(APP, table), Err(Error::NoTable)));
        }
    }
}

impl Known {
    fn check(&mut self, store: &Store, found: &Definition) {
        let is_wide = found.table.columns.len() == 3;
        assert!(is_wide == self.is_wide || self.may_be_wide, "columns of {}", self.name);
        let mut rows: BTreeMap<i64, String> = BTreeMap::new();
        for (n, text) in contents(store, found.table) {
            assert!(rows.insert(n, text).is_none(), "row {n} is there twice");
        }
        self.writes.retain_mut(|(numbers, has_text, is_answered)| {
            let there: Vec<bool> = numbers
                .iter()
                .map(|n| {
                    let Some(text) = rows.remove(n) else { return false };
                    let wanted = match (is_wide, *has_text) {
                        (false, _) => "-".to_owned(),
                        (true, false) => String::new(),
                        (true, true) => format!("w{n}"),
                    };
                    assert_eq!(text, wanted, "row {n}");
                    true
                })
                .collect();
            let is_whole = there.iter().all(|t| *t);
            assert!(is_whole || !there.contains(&true), "half of a write: {numbers:?}");
            assert!(is_whole || !*is_answered, "a write is lost: {numbers:?}");
            *is_answered = is_whole;
            is_whole
        });
        assert!(rows.is_empty(), "rows nobody wrote: {rows:?}");
        self.is_wide = is_wide;
        (self.may_be_new, self.may_be_wide, self.may_be_gone) = (false, false, false);
    }
}

/// A workload with one trouble in it; gives the steps it took.
fn round(disk: &SimDisk, model: &mut Model, seed: u64, trouble: Trouble) -> u64 {
    let mut random = Random(seed);
    let start = disk.steps();
    match trouble {
        Trouble::None => {}
        Trouble::CutAt(step) => disk.cut_power_at(start + step),
        Trouble::FailAt(step, failure) => disk.fail_at(start + step, failure),
    }
    if let Ok(store) = open(disk) {
        for _ in 0..30 {
            if disk.is_off() {
                break;
            }
            model.act(&store, seed, &mut random);
        }
    }
    let steps = disk.steps() - start;
    disk.restart(match trouble {
        Trouble::None => Restart::Killed,
        Trouble::FailAt(step, _) if step % 2 == 0 => Restart::Killed,
        _ => Restart::PowerCut,
    });
    model.check(&open(disk).unwrap());
    steps
}

/// Nothing of a dropped table is left once all is sealed and removed.
fn ends_clean(disk: &SimDisk, model: &mut Model) {
    let store: Arc<Store> = open(disk).unwrap();
    store.seal(TODAY).unwrap();
    store.merge(TODAY + 5 * DAY).unwrap();
    store.remove_dropped().unwrap();
    model.check(&store);
    let left = store.stats().tables;
    assert!(left.iter().all(|t| t.table == "T"), "rows of dropped tables: {left:?}");
    drop(store);
    model.check(&open(disk).unwrap());
}

#[test]
fn the_power_fails_at_every_step_of_creating_altering_and_dropping() {
    for seed in 1..=seeds(2) {
        let steps = round(&SimDisk::new(seed), &mut Model::default(), seed, Trouble::None);
        assert!(steps > 40, "{steps} steps");
        for step in 1..=steps {
            case("own tables, cut", seed, step, || {
                let disk = SimDisk::new(seed ^ (step << 32));
                let mut model = Model::default();
                round(&disk, &mut model, seed, Trouble::CutAt(step));
                ends_clean(&disk, &mut model);
            });
        }
    }
}

#[test]
fn power_cuts_and_failing_disks_follow_each_other() {
    for seed in 700..700 + seeds(40) {
        let mut random = Random(seed);
        let disk = SimDisk::new(seed);
        let mut model = Model::default();
        for n in 0..4 {
            let step = 1 + random.below(70);
            let failure = [Failure::Refused, Failure::Full, Failure::LostSync][seed as usize % 3];
            let trouble = match n % 2 {
                0 => Trouble::FailAt(step, failure),
                _ => Trouble::CutAt(step),
            };
            case("own tables, troubles", seed, step, || {
                round(&disk, &mut model, seed * 8 + n, trouble);
            });
        }
        case("own tables, end", seed, 0, || ends_clean(&disk, &mut model));
    }
}
