//! Every recorded and synthetic body decodes, and odd bodies do too.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::*;

fn fixtures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/azdo").join(folder)
}

fn bodies(folder: &str, with: &str) -> Vec<(String, Vec<u8>)> {
    let mut bodies: Vec<_> = std::fs::read_dir(fixtures(folder))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().contains(with))
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let mut bytes = std::fs::read(entry.path()).unwrap();
            if name.ends_with(".gz") {
                let packed = std::mem::take(&mut bytes);
                flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
            }
            (name, bytes)
        })
        .collect();
    bodies.sort();
    assert!(!bodies.is_empty(), "{folder} holds no {with}");
    bodies
}

#[test]
fn every_timeline_decodes_with_all_its_records() {
    for folder in ["recorded", "synthetic/collector"] {
        for (name, body) in bodies(folder, "timeline") {
            let timeline: Option<Timeline> = decode(&body, "a timeline").unwrap();
            let raw: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let records = raw["records"].as_array().unwrap();
            let timeline = timeline.unwrap();
            assert_eq!(timeline.id, raw["id"], "{name}");
            assert_eq!(timeline.records.len(), records.len(), "{name}");
            for (record, raw) in timeline.records.iter().zip(records) {
                assert_eq!(record.id, raw["id"], "{name}");
                assert_eq!(record.kind, raw["type"], "{name}");
                assert_eq!(record.order, raw["order"].as_i64(), "{name}");
                assert_eq!(record.attempt, raw["attempt"].as_i64(), "{name}");
                assert_eq!(record.finish_time.is_some(), raw["finishTime"].is_string(), "{name}");
                assert_eq!(record.last_modified, None, "{name}");
                let issues = raw["issues"].as_array().map_or(0, Vec::len);
                assert_eq!(record.issues.len(), issues, "{name}");
            }
        }
    }
}

#[test]
fn every_list_of_builds_decodes() {
    for (folder, with) in [("recorded", "builds-list"), ("synthetic/collector", "poll")] {
        for (name, body) in bodies(folder, with) {
            if name.starts_with("time") || name.starts_with("test") || name.starts_with("exp") {
                continue;
            }
            let list: List<Build> = decode(&body, "a list of builds").unwrap();
            let raw: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(list.value.len() as u64, raw["count"].as_u64().unwrap(), "{name}");
            for (build, raw) in list.value.iter().zip(raw["value"].as_array().unwrap()) {
                assert_eq!(Some(build.id), raw["id"].as_i64(), "{name}");
                assert_eq!(build.definition.name, raw["definition"]["name"], "{name}");
                assert_eq!(build.requested_for.id, raw["requestedFor"]["id"], "{name}");
                assert!(!format!("{build:?}").contains("avatar"), "{name}");
            }
        }
    }
}

#[test]
fn odd_fields_do_not_lose_a_build() {
    let body = r#"{"value":[{"id":"7","status":null,"result":"someday","tags":null,"queue":null,
        "startTime":"0001-01-01T00:00:00","finishTime":"later","unknown":{"a":[1]},
        "definition":null,"triggerInfo":{"pr.number":5,"pr.sender.name":"x","odd":{}}}]}"#;
    let list: List<Build> = decode(body.as_bytes(), "a list of builds").unwrap();
    let build = &list.value[0];
    assert_eq!((build.id, build.result.as_str(), build.status.as_str()), (7, "someday", ""));
    assert_eq!((build.start_time, build.finish_time), (None, None));
    assert_eq!(build.trigger_info.keys().collect::<Vec<_>>(), ["pr.number"]);
    assert_eq!(decode::<Option<Timeline>>(b"null", "a timeline").unwrap(), None);
    let records = decode::<Timeline>(br#"{"records":null}"#, "a timeline").unwrap().records;
    assert!(records.is_empty());
}

#[test]
fn broken_text_is_repaired_and_broken_json_named() {
    let read = |body: &[u8]| decode::<ValidationResult>(body, "a result").map(|r| r.message);
    assert_eq!(read(br#"{"message":"cut \ud83d"}"#).unwrap(), "cut \u{fffd}");
    assert_eq!(
        read(br#"{"message":"\ude00 \\ud83d \ud83d\ude00"}"#).unwrap(),
        "\u{fffd} \\ud83d 😀"
    );
    assert_eq!(read(b"{\"message\":\"a\xffb\"}").unwrap(), "a\u{fffd}b");
    assert_eq!(read(b"\xef\xbb\xbf{}").unwrap(), "");
    let error = read(b"<html>").unwrap_err().to_string();
    assert_eq!(error, "the body is not a result: expected value at line 1 column 1");
    assert!(read(br#"{"message":"half"#).is_err());
}
