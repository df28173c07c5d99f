//! Any bytes, as a file of rows in any format: never a panic, counts add up, and what was read is
//! read the same again from the CSV it is written as.
//!
//! The first byte chooses the format and what misfits do, the rest is the file. `sh seeds.sh` makes
//! the seeds; `RUSTC_BOOTSTRAP=1 cargo fuzz run bulk` runs it with the stable compiler.

#![no_main]

use ingest::bulk::{
    Column, Decoder, Format, Layout, Limits, Mapping, Misfit, Options, Report, encode, infer,
    parse_schema,
};
use libfuzzer_sys::fuzz_target;

const SCHEMA: &str = "b:bool,i:int,l:long,r:real,m:decimal,s:string,d:datetime,t:timespan,g:guid,\
    y:dynamic";

fn read(text: &[u8], columns: &[Column], options: Options) -> (String, Report) {
    let layout = Layout::identity(columns, options.format);
    let limits = Limits { rows_max: 7, bytes_max: usize::MAX, rows_hint: 1 };
    let mut decoder = Decoder::new(text, layout, options, limits);
    let mut out = String::new();
    // Bytes in memory cannot fail to be read.
    while let Ok(Some(rows)) = decoder.next_batch() {
        encode::write_csv(&rows, columns, 0, usize::MAX, &mut out);
    }
    (out, decoder.report().clone())
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, text)) = input.split_first() else { return };
    let format = Format::ALL[usize::from(choice % 7)];
    let misfit = if choice & 0x40 == 0 { Misfit::Null } else { Misfit::Reject };
    let has_header = choice & 0x20 != 0;
    if let Ok(text) = std::str::from_utf8(text) {
        let _ = Mapping::parse(text).map(|mapping| mapping.columns());
        let _ = parse_schema(text);
    }
    let Ok(mut columns) = parse_schema(SCHEMA) else { return };
    if has_header && let Ok(found) = infer(text, format, has_header, true) {
        columns = found;
    }
    let options = Options { format, has_header, misfit, location: String::new() };
    let (rows, report) = read(text, &columns, options);
    assert_eq!(report.read, report.accepted + report.rejected);
    let options =
        Options { format: Format::Csv, has_header: false, misfit, location: String::new() };
    let (again, second) = read(rows.as_bytes(), &columns, options);
    assert_eq!((again, second.accepted, second.rejected), (rows, report.accepted, 0));
});
