//! Files of rows against the columns, rows and reports wanted for them: `tests/bulk/*.txt`.
//!
//! A case file is settings, then the sections `input`, `columns` (when they are inferred), `rows`
//! (as the CSV every server reads) and `report`. `ACCEPT=1` rewrites what is wanted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a case that cannot be read has to fail the test"
)]

mod limits;
mod robustness;

use std::io::Read;
use std::path::{Path, PathBuf};

use ingest::bulk::{
    Column, Decoder, Format, Layout, Limits, Mapping, Misfit, Options, Report, encode,
    header_names, infer, parse_schema,
};

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/bulk")
}

/// One case file.
#[derive(Debug, Default)]
pub struct Case {
    pub path: PathBuf,
    settings: Vec<(String, String)>,
    sections: Vec<(String, String)>,
}

impl Case {
    fn read(path: &Path) -> Case {
        let text = std::fs::read_to_string(path).unwrap();
        let mut case = Case { path: path.to_owned(), ..Case::default() };
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("--- ") {
                case.sections.push((name.to_owned(), String::new()));
            } else if let Some((_, body)) = case.sections.last_mut() {
                body.push_str(line);
                body.push('\n');
            } else if let Some((name, value)) = line.split_once(": ") {
                case.settings.push((name.to_owned(), value.to_owned()));
            }
        }
        case
    }

    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn section(&self, name: &str) -> Option<&str> {
        self.sections.iter().find(|(known, _)| known == name).map(|(_, body)| body.as_str())
    }

    pub fn input(&self) -> Vec<u8> {
        if let Some(name) = self.setting("recorded") {
            let body = std::fs::read(folder().join(name)).unwrap();
            let encoding = self.setting("encoding");
            return ingest::body::decode(encoding, &body, 1 << 20).unwrap().into_owned();
        }
        let text = self.section("input").unwrap();
        if self.setting("escapes").is_none() {
            return text.as_bytes().to_vec();
        }
        // Line ends of a case file stand for nothing here, escapes for what they name.
        let text = text.replace('\n', "").replace("\\r", "\r").replace("\\n", "\n");
        let text = text.replace("\\bom", "\u{feff}").replace("\\soh", "\u{1}");
        let mut bytes = Vec::new();
        for (at, part) in text.split("\\xff").enumerate() {
            if at > 0 {
                bytes.push(0xff);
            }
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    pub fn options(&self) -> Options {
        Options {
            format: Format::from_name(self.setting("format").unwrap()).unwrap(),
            has_header: self.setting("header") == Some("yes"),
            misfit: match self.setting("misfit") {
                Some("null") => Misfit::Null,
                _ => Misfit::Reject,
            },
            location: "a file".to_owned(),
        }
    }

    /// The columns, and where each comes from.
    pub fn layout(&self, input: &[u8]) -> (Vec<Column>, Layout) {
        let options = self.options();
        let mapping = self.setting("mapping").map(|text| Mapping::parse(text).unwrap());
        let columns = match (self.setting("schema"), &mapping) {
            (Some(schema), _) => parse_schema(schema).unwrap(),
            (None, Some(mapping)) => mapping.columns(),
            (None, None) => infer(input, options.format, options.has_header, true).unwrap(),
        };
        let layout = match mapping {
            Some(mapping) => mapping.layout(&columns, options.format).unwrap(),
            None if options.has_header => {
                let delimiter = options.format.delimiter().unwrap();
                Layout::by_header(&columns, &header_names(input, delimiter, true).unwrap())
            }
            None => Layout::identity(&columns, options.format),
        };
        (columns, layout)
    }
}

pub fn cases() -> Vec<Case> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|p| p.extension().is_some_and(|e| e == "txt")).collect();
    files.sort();
    assert!(files.len() > 10, "the case files are there");
    files.iter().map(|file| Case::read(file)).collect()
}

/// All rows as CSV, and the report.
pub fn decode(
    reader: impl Read,
    columns: &[Column],
    layout: Layout,
    options: Options,
    rows_max: usize,
) -> (String, Report) {
    let limits = Limits { rows_max, bytes_max: usize::MAX, rows_hint: 1 };
    let mut decoder = Decoder::new(reader, layout, options, limits);
    let mut out = String::new();
    let mut count = 0;
    while let Some(rows) = decoder.next_batch().unwrap() {
        assert!(rows.num_rows() <= rows_max);
        count += rows.num_rows() as u64;
        let next = encode::write_csv(&rows, columns, 0, usize::MAX, &mut out);
        assert_eq!(next, rows.num_rows());
    }
    let report = decoder.report().clone();
    assert_eq!(report.accepted, count);
    assert_eq!(report.read, report.accepted + report.rejected);
    (out, report)
}

/// Reads the canonical CSV of rows again.
pub fn decode_again(text: &str, columns: &[Column]) -> (String, Report) {
    let options = Options {
        format: Format::Csv,
        has_header: false,
        misfit: Misfit::Reject,
        location: String::new(),
    };
    let layout = Layout::identity(columns, Format::Csv);
    decode(text.as_bytes(), columns, layout, options, usize::MAX)
}

fn show(report: &Report) -> String {
    let mut out = format!(
        "read {}, accepted {}, rejected {}, nulled {}\n",
        report.read, report.accepted, report.rejected, report.nulled
    );
    if report.spare_fields > 0 {
        out.push_str(&format!("spare fields {}\n", report.spare_fields));
    }
    if report.is_cut_short {
        out.push_str("cut short\n");
    }
    for note in &report.notes {
        let word = if note.is_rejected { "rejected" } else { "nulled" };
        out.push_str(&format!("line {}, {word}: {}\n", note.line, note.reason));
    }
    out
}

#[test]
fn files_become_the_rows_wanted() {
    let accepts = std::env::var_os("ACCEPT").is_some();
    let mut differences = Vec::new();
    for case in cases() {
        let input = case.input();
        let (columns, layout) = case.layout(&input);
        let (rows, report) = decode(input.as_slice(), &columns, layout, case.options(), usize::MAX);
        let again = decode_again(&rows, &columns);
        assert_eq!((again.0.as_str(), again.1.rejected), (rows.as_str(), 0), "{:?}", case.path);
        // A case file has no carriage returns, an editor might lose them.
        let rows = rows.replace("\r", "\\r");
        let mut found = vec![("rows".to_owned(), rows), ("report".to_owned(), show(&report))];
        if case.setting("schema").is_none() {
            let all: Vec<String> = columns.iter().map(|c| format!("{}:{}", c.name, c.ty)).collect();
            found.insert(0, ("columns".to_owned(), format!("{}\n", all.join(","))));
        }
        let is_wanted = |(name, _): &&(String, String)| name != "input";
        let wanted: Vec<(String, String)> =
            case.sections.iter().filter(is_wanted).cloned().collect();
        if wanted != found {
            if accepts {
                accept(&case, &found);
            }
            differences.push(format!("{:?}:\n{found:#?}\nwanted {wanted:#?}", case.path));
        }
    }
    assert!(accepts || differences.is_empty(), "{}", differences.join("\n"));
}

fn accept(case: &Case, found: &[(String, String)]) {
    let text = std::fs::read_to_string(&case.path).unwrap();
    let ends: Vec<usize> =
        ["--- columns\n", "--- rows\n"].iter().filter_map(|mark| text.find(mark)).collect();
    let mut out = text[..ends.into_iter().min().unwrap_or(text.len())].to_owned();
    for (name, body) in found {
        out.push_str(&format!("--- {name}\n{body}"));
    }
    std::fs::write(&case.path, out).unwrap();
}
