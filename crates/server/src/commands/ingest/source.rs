//! A file as a stream of plain bytes, and what its name and first bytes say about it.
//!
//! Compression is known by content, not by name; what is decompressed is never held whole.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use ingest::bulk::Format;

use super::cannot_read;
use crate::commands::Failure;

/// So much of a file is looked at before it is read, in bytes.
const SAMPLE_BYTES: u64 = 1 << 20;
/// Largest window a zstd stream may ask for, as a power of two: 128 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    Rows(Format),
    Parquet,
}

impl FileFormat {
    /// The names of `--format`.
    pub const NAMES: [&str; 8] =
        ["csv", "tsv", "psv", "scsv", "sohsv", "json", "multijson", "parquet"];

    pub fn from_name(name: &str) -> Option<FileFormat> {
        match name {
            "parquet" => Some(FileFormat::Parquet),
            name => Format::from_name(name).map(FileFormat::Rows),
        }
    }
}

/// One open file.
pub struct Source {
    /// The whole file, the sample included.
    pub reader: Box<dyn Read>,
    pub format: Format,
    /// Its first bytes.
    pub sample: Vec<u8>,
    pub sample_is_whole: bool,
    pub bar: ProgressBar,
}

/// The format of a file: the one given, else the one its name ends with.
pub fn format(path: &Path, given: Option<FileFormat>) -> Option<FileFormat> {
    given.or_else(|| {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        let packed = [".gz", ".zst", ".zstd"].into_iter().find_map(|end| name.strip_suffix(end));
        let (_, end) = packed.unwrap_or(&name).rsplit_once('.')?;
        match end {
            "jsonl" | "ndjson" => Some(FileFormat::Rows(Format::Json)),
            end => FileFormat::from_name(end),
        }
    })
}

impl Source {
    /// Opens a file, `-` being standard input.
    ///
    /// # Errors
    /// When it cannot be read or its format is not known.
    pub fn open(path: &Path, given: Option<FileFormat>) -> Result<Source, Failure> {
        let cannot = |error: std::io::Error| cannot_read(path, &error);
        let Some(FileFormat::Rows(named)) = format(path, given) else {
            let text = format!(
                "the format of `{}` is not known by its name: give one of {} as `--format`",
                path.display(),
                FileFormat::NAMES.join(", ")
            );
            return Err(Failure::new(text));
        };
        let (file, bar): (Box<dyn Read>, ProgressBar) = if path == Path::new("-") {
            (Box::new(std::io::stdin()), ProgressBar::hidden())
        } else {
            let file = File::open(path).map_err(cannot)?;
            let bar = progress_bar(path, file.metadata().map_err(cannot)?.len());
            (Box::new(bar.wrap_read(file)), bar)
        };
        let mut reader = unpack(file).map_err(cannot)?;
        let mut sample = Vec::new();
        (&mut reader).take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(cannot)?;
        let sample_is_whole = (sample.len() as u64) < SAMPLE_BYTES;
        let format = match named {
            Format::Json if given.is_none() && holds_documents(&sample) => Format::MultiJson,
            named => named,
        };
        let reader = Box::new(Cursor::new(sample.clone()).chain(reader));
        Ok(Source { reader, format, sample, sample_is_whole, bar })
    }
}

/// Whether JSON stands in an array or over several lines: its first line is the start of an object.
fn holds_documents(sample: &[u8]) -> bool {
    let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample).trim_ascii_start();
    let mut lines = sample.splitn(2, |byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default().trim_ascii_end();
    // A line that does not end within the sample is only long.
    let is_open = first.starts_with(b"{") && !first.ends_with(b"}");
    sample.starts_with(b"[") || (is_open && lines.next().is_some())
}

/// Undoes gzip and zstd.
fn unpack(mut file: Box<dyn Read>) -> std::io::Result<Box<dyn Read>> {
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic)?;
    let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
    let is_zstd = magic == [0x28, 0xb5, 0x2f, 0xfd];
    let whole = BufReader::with_capacity(1 << 18, Cursor::new(magic).chain(file));
    if is_gzip {
        return Ok(Box::new(MultiGzDecoder::new(whole)));
    }
    if is_zstd {
        let mut decoder = zstd::Decoder::with_buffer(whole)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        return Ok(Box::new(decoder));
    }
    Ok(Box::new(whole))
}

/// Hidden by itself when standard error is not a terminal.
fn progress_bar(path: &Path, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let form = "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}";
    if let Ok(style) = ProgressStyle::with_template(form) {
        bar.set_style(style);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bar.with_message(name.into_owned())
}
