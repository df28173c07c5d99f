//! Opening, appending, restarting, refusing.

use std::io;
use std::sync::Arc;

use model::tables::{REQUESTS, TRACES};
use model::{AppId, Batch, BatchBuilder, Fault};
use store::disk::{DirEntry, Disk, DiskFile};
use store::disk_sim::SimDisk;
use store::{Error, Mode, Options, Store, Write};

use crate::rows::{TODAY, batch, names, request, requests, traces, write};

fn options() -> Options {
    Options { segment_bytes: 1 << 20, free_bytes_min: 0, ..Options::default() }
}

#[test]
fn rows_are_visible_when_answered_and_still_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let receipt = store.append_blocking(request("a")).unwrap();
    assert_eq!(receipt.rows, 1);
    assert_eq!(requests(&store), ["a"]);
    let second = store.append_blocking(request("b")).unwrap();
    assert!(second.sequence > receipt.sequence);
    drop(store);
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(requests(&store), ["a", "b"]);
    store.append_blocking(request("c")).unwrap();
    drop(store);
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(requests(&store), ["a", "b", "c"]);
}

#[test]
fn batches_read_back_from_the_log_equal_those_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let written = batch(&REQUESTS, &names("n", 300), TODAY);
    let rows = vec![(AppId(7), written.clone())];
    store.append_blocking(Write { rows, documents: Vec::new() }).unwrap();
    assert_eq!(
        store.snapshot(AppId(7), &REQUESTS).unwrap().head[..],
        *std::slice::from_ref(&written.rows)
    );
    drop(store);
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(store.snapshot(AppId(7), &REQUESTS).unwrap().head, [written.rows]);
    assert!(store.snapshot(AppId(8), &REQUESTS).unwrap().head.is_empty());
}

#[test]
fn documents_and_rows_of_one_write_come_back_together() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let mut both = request("a");
    both.rows.push((AppId(1), batch(&TRACES, &names("t", 2), TODAY)));
    both.documents.push(("cursor/x".into(), Some(b"5".to_vec())));
    both.documents.push(("cursor/y".into(), Some(b"6".to_vec())));
    both.documents.push(("other".into(), Some(b"7".to_vec())));
    store.append_blocking(both).unwrap();
    let documents = vec![("cursor/y".to_owned(), None)];
    store.append_blocking(Write { rows: Vec::new(), documents }).unwrap();
    for store in [store, {
        let again = dir.path().to_path_buf();
        // The first store is dropped by the time its turn is over; a copy stands for a restart.
        let copy = tempfile::tempdir().unwrap().keep();
        copy_folder(&again, &copy);
        Store::open(&copy, options()).unwrap()
    }] {
        assert_eq!(store.document("cursor/x").unwrap().as_ref(), b"5");
        assert_eq!(store.document("cursor/y"), None);
        let keys: Vec<String> = store.documents("cursor/").into_iter().map(|d| d.0).collect();
        assert_eq!(keys, ["cursor/x"]);
        assert_eq!((requests(&store), traces(&store).len()), (vec!["a".to_owned()], 2));
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_thousand_small_writes_leave_few_batches_and_every_row() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let names: Vec<String> = (0..1000).map(|n| format!("{n:04}")).collect();
    let results = store.append_group(names.iter().map(|n| request(n)).collect());
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(requests(&store), names);
    let snapshot = store.snapshot(AppId(1), &REQUESTS).unwrap();
    assert!(snapshot.head.len() <= 28, "{} batches", snapshot.head.len());
    let stats = store.stats();
    assert_eq!((stats.commits, stats.head_rows, stats.extents), (1000, 1000, 0));
    assert!(stats.fsyncs < 500, "{} syncs", stats.fsyncs);
    assert!(stats.log_bytes / 1000 < 600, "{} bytes per row", stats.log_bytes / 1000);
    drop(store);
    assert_eq!(requests(&Store::open(dir.path(), options()).unwrap()), names);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_append_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..10 {
                    store.append(request(&format!("{task}/{n}"))).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut names = requests(&store);
    names.dedup();
    assert_eq!(names.len(), 500);
}

#[test]
fn a_second_process_is_told_who_holds_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    let pid = std::process::id();
    let text = format!("data folder is in use by process {pid}");
    assert_eq!(Store::open(dir.path(), options()).unwrap_err().to_string(), text);
    assert_eq!(Store::open_read_only(dir.path()).unwrap_err().to_string(), text);
    store.append_blocking(request("a")).unwrap();
    store.close().unwrap();
    let reader = Store::open_read_only(dir.path()).unwrap();
    assert_eq!(requests(&reader), ["a"]);
    assert!(matches!(reader.append_blocking(request("b")), Err(Error::ReadOnly)));
    assert!(matches!(store.append_blocking(request("b")), Err(Error::Closed)));
}

#[test]
fn reading_only_changes_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), options()).unwrap());
    let listing = || {
        let mut all = Vec::new();
        for dir in [dir.path().to_path_buf(), dir.path().join("log")] {
            for entry in std::fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                all.push((entry.path(), bytes));
            }
        }
        all.sort();
        all
    };
    let before = listing();
    drop(Store::open_read_only(dir.path()).unwrap());
    assert_eq!(listing(), before);
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open_read_only(empty.path()), Err(Error::Missing { .. })));
}

#[test]
fn a_folder_of_a_newer_program_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path(), options()).unwrap());
    std::fs::write(dir.path().join("format"), "telltale-data 2\n").unwrap();
    let error = Store::open(dir.path(), options()).unwrap_err();
    let text = "data folder has format \"telltale-data 2\", this program reads up to 1";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_folder_that_lost_its_manifest_is_not_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    Store::open(dir.path(), options()).unwrap().append_blocking(request("a")).unwrap();
    std::fs::remove_file(dir.path().join("manifest")).unwrap();
    let error = Store::open(dir.path(), options()).unwrap_err();
    assert_eq!(error.to_string(), "`manifest` is damaged: missing");
}

#[test]
fn too_little_free_space_refuses_writes_as_a_limit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { free_bytes_min: u64::MAX, ..options() }).unwrap();
    let error = store.append_blocking(request("a")).unwrap_err();
    assert!(matches!(error, Error::DiskFull { free_bytes } if free_bytes > 0));
    assert_eq!(error.fault(), Fault::Limit);
    assert!(requests(&store).is_empty());
}

#[test]
fn a_full_head_refuses_writes_as_overload() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { head_bytes_max: 1000, ..options() }).unwrap();
    store.append_blocking(write(1, &REQUESTS, &names("n", 20), TODAY)).unwrap();
    let error = store.append_blocking(request("a")).unwrap_err();
    assert!(matches!(error, Error::Overloaded { .. }));
    assert_eq!(error.fault(), Fault::Limit);
}

#[test]
fn a_write_over_the_record_limit_and_a_batch_of_another_table_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Options { record_bytes_max: 4096, ..options() }).unwrap();
    let large = write(1, &REQUESTS, &names("n", 300), TODAY);
    assert!(matches!(store.append_blocking(large), Err(Error::TooLarge { .. })));
    let wrong = Batch { table: &TRACES, ..batch(&REQUESTS, &names("n", 1), TODAY) };
    let wrong = Write { rows: vec![(AppId(1), wrong)], documents: Vec::new() };
    assert!(matches!(store.append_blocking(wrong), Err(Error::Batch { .. })));
    let mut builder = BatchBuilder::new(&REQUESTS);
    (0..REQUESTS.columns.len()).for_each(|at| builder.column(at).null());
    builder.end_row();
    let timeless = vec![(AppId(1), builder.finish().unwrap())];
    let timeless = store.append_blocking(Write { rows: timeless, documents: Vec::new() });
    assert!(matches!(timeless, Err(Error::Batch { .. })));
    store.append_blocking(request("a")).unwrap();
    assert_eq!(requests(&store), ["a"]);
}

/// A disk on which the log runs into a bug of ours.
#[derive(Debug)]
struct BuggyDisk(SimDisk);

impl Disk for BuggyDisk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn read_at(&self, path: &str, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_at(path, offset, bytes)
    }
    fn size(&self, path: &str) -> io::Result<u64> {
        self.0.size(path)
    }
    fn list(&self, dir: &str) -> io::Result<Vec<DirEntry>> {
        self.0.list(dir)
    }
    fn create_dir(&self, dir: &str) -> io::Result<()> {
        self.0.create_dir(dir)
    }
    fn create(&self, path: &str, reserve_bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        assert!(path != "log/0000000002.log", "a bug");
        self.0.create(path, reserve_bytes)
    }
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.open(path)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.0.remove(path)
    }
    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        self.0.sync_dir(dir)
    }
    fn free_bytes(&self) -> io::Result<u64> {
        self.0.free_bytes()
    }
}

#[test]
fn when_the_log_thread_dies_every_write_is_answered_as_closed() {
    let disk = Arc::new(BuggyDisk(SimDisk::new(1)));
    let objects = Arc::new(object_store::memory::InMemory::new());
    let store = Store::open_on(disk, objects, options(), Mode::Threaded, None).unwrap();
    for _ in 0..3 {
        assert!(matches!(store.append_blocking(request("a")), Err(Error::Closed)));
    }
    assert!(matches!(store.close(), Err(Error::Failed { .. })));
}
