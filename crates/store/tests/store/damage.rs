//! Damage no power cut makes is told, not passed over.

use std::path::Path;

use store::{Error, Options, Store};

use crate::rows::{TODAY, request};

fn options() -> Options {
    Options { segment_bytes: 1 << 16, free_bytes_min: 0, ..Options::default() }
}

/// A folder with three single-row writes in the log.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    ["a", "b", "c"].iter().for_each(|name| {
        store.append_blocking(request(name)).unwrap();
    });
    dir
}

fn flip(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(text.len()).position(|w| w == text.as_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

fn error(dir: &Path) -> String {
    let error = Store::open(dir, options()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }));
    error.to_string()
}

#[test]
fn a_bad_record_before_later_ones_stops_the_start() {
    let dir = folder();
    flip(dir.path(), "log/0000000002.log", "{\"k\":\"b\"}");
    let text = error(dir.path());
    assert!(text.starts_with("`log/0000000002.log` is damaged: record 3 at byte "), "{text}");
    assert!(text.ends_with("is unreadable, but record 4 after it is whole"), "{text}");
}

#[test]
fn a_bad_last_record_of_an_older_segment_stops_the_start() {
    let dir = folder();
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(request("d")).unwrap();
    drop(store);
    flip(dir.path(), "log/0000000002.log", "{\"k\":\"c\"}");
    let text = error(dir.path());
    assert!(text.starts_with("`log/0000000002.log` is damaged: bad record at byte "), "{text}");
}

#[test]
fn a_missing_segment_stops_the_start() {
    let dir = folder();
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(request("d")).unwrap();
    drop(store);
    std::fs::remove_file(dir.path().join("log/0000000002.log")).unwrap();
    let text = "`log/0000000002.log` is damaged: log segment is missing";
    assert_eq!(error(dir.path()), text);
}

#[test]
fn a_shortened_segment_before_another_stops_the_start() {
    let dir = folder();
    let store = Store::open(dir.path(), options()).unwrap();
    store.append_blocking(request("d")).unwrap();
    drop(store);
    let path = dir.path().join("log/0000000002.log");
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..48]).unwrap();
    let text = "`log/0000000003.log` is damaged: records before this segment are missing";
    assert_eq!(error(dir.path()), text);
}

#[test]
fn a_damaged_manifest_stops_the_start() {
    let dir = folder();
    let store = Store::open(dir.path(), options()).unwrap();
    store.seal(TODAY).unwrap();
    store.append_blocking(request("d")).unwrap();
    store.seal(TODAY).unwrap();
    drop(store);
    flip(dir.path(), "manifest", "\"table\":\"requests\"");
    assert!(error(dir.path()).starts_with("`manifest` is damaged: record "));
}

#[test]
fn damaged_documents_stop_the_start() {
    let dir = folder();
    let store = Store::open(dir.path(), options()).unwrap();
    let documents = vec![("key".to_owned(), Some(b"a document".to_vec()))];
    store.append_blocking(store::Write { rows: Vec::new(), documents }).unwrap();
    store.seal(TODAY).unwrap();
    drop(store);
    let name = std::fs::read_dir(dir.path().join("meta")).unwrap().next().unwrap().unwrap();
    flip(dir.path(), &format!("meta/{}", name.file_name().to_str().unwrap()), "a document");
    assert!(error(dir.path()).ends_with(".docs` is damaged: bad checksum"));
}
