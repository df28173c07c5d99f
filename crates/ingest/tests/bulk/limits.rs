//! Records longer than what is held in memory, and where batches end.

use ingest::bulk::{
    Decoder, Format, Layout, Limits, Misfit, Options, RECORD_BYTES_MAX, parse_schema,
};

use crate::decode;

fn options(format: Format) -> Options {
    Options { format, has_header: false, misfit: Misfit::Reject, location: String::new() }
}

/// Rows and notes of a text read into a string column `a` and a long column `n`.
fn read(text: &str, format: Format) -> (Vec<String>, Vec<String>, bool) {
    let columns = parse_schema("a:string,n:long").unwrap();
    let layout = Layout::identity(&columns, format);
    let (rows, report) = decode(text.as_bytes(), &columns, layout, options(format), usize::MAX);
    let rows = rows.lines().map(|row| row.chars().take(20).collect()).collect();
    let notes = report.notes.iter().map(|note| format!("{}: {}", note.line, note.reason));
    (rows, notes.collect(), report.is_cut_short)
}

const TOO_LONG: &str = "the record is longer than 4194304 bytes";

#[test]
fn a_record_too_long_costs_its_line_only() {
    let long = "x".repeat(RECORD_BYTES_MAX + 10);
    let (rows, notes, _) = read(&format!("a,1\n{long},2\nb,3\n"), Format::Csv);
    assert_eq!((rows, notes), (vec!["a,1".into(), "b,3".into()], vec![format!("2: {TOO_LONG}")]));
    let lines = format!("{{\"n\":1}}\n{{\"a\":\"{long}\"}}\n{{\"n\":3}}");
    let (rows, notes, _) = read(&lines, Format::Json);
    assert_eq!((rows, notes), (vec![",1".into(), ",3".into()], vec![format!("2: {TOO_LONG}")]));
    let (rows, notes, is_cut_short) = read(&lines, Format::MultiJson);
    let reason = format!("2: {TOO_LONG} or not JSON; what follows was not read");
    assert_eq!((rows, notes, is_cut_short), (vec![",1".into()], vec![reason], true));
    // The last record, without an end.
    let (rows, notes, _) = read(&format!("a,1\n{long}"), Format::Csv);
    assert_eq!((rows, notes), (vec!["a,1".into()], vec![format!("2: {TOO_LONG}")]));
}

#[test]
fn a_stray_quote_costs_its_line_only() {
    let many = "b,2\n".repeat(RECORD_BYTES_MAX / 4);
    let (rows, notes, _) = read(&format!("\"a,1\n{many}"), Format::Csv);
    assert_eq!((rows.len(), notes), (RECORD_BYTES_MAX / 4, vec![format!("1: {TOO_LONG}")]));
}

#[test]
fn the_longest_record_is_read() {
    let text = "x".repeat(RECORD_BYTES_MAX - 3);
    let (rows, notes, _) = read(&format!("{text},1\nb,2\n"), Format::Csv);
    assert_eq!((rows.len(), notes), (2, vec![]));
}

#[test]
fn batches_end_at_rows_or_bytes() {
    let columns = parse_schema("a:string,n:long").unwrap();
    for (format, text) in [
        (Format::Csv, "abc,1\n".repeat(10)),
        (Format::Json, "{\"n\": 1}\n".repeat(10)),
        (Format::MultiJson, format!("[{}{{}}]", "{\"n\":1},\n".repeat(9))),
    ] {
        for (limits, want) in [
            (Limits { rows_max: 4, bytes_max: usize::MAX, rows_hint: 10 }, vec![4, 4, 2]),
            (Limits { rows_max: 100, bytes_max: 1, rows_hint: 10 }, vec![1; 10]),
            (Limits { rows_max: 100, bytes_max: 1000, rows_hint: 10 }, vec![10]),
        ] {
            let layout = Layout::identity(&columns, format);
            let mut decoder = Decoder::new(text.as_bytes(), layout, options(format), limits);
            let mut found = Vec::new();
            while let Some(rows) = decoder.next_batch().unwrap() {
                found.push(rows.num_rows());
            }
            assert_eq!(found, want, "{format:?}");
        }
    }
}
