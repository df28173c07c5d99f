//! `telltale ingest`: files of rows into a table of one's own.
//!
//! The files are read here, by the code the server reads with, and only accepted rows are sent, as
//! the one CSV form both sides share: so lines are counted where the files are, every format is
//! one format for the server, and what is sent is accepted whole or not at all.
//! Invariants: memory does not grow with the files; what is counted as accepted is stored.

mod parquet;
pub mod source;
mod tally;
mod target;

use std::path::Path;

use arrow_array::RecordBatch;
use ingest::bulk::{
    Column, Decoder, Layout, Limits, Mapping, Misfit, Options, Report, encode, header_names, infer,
    parse_schema,
};

use self::source::{FileFormat, Source};
use self::tally::Tally;
use self::target::Target;
use super::Failure;
use crate::cli::IngestCall;
use crate::tables::built_in;

/// Where a batch of rows ends: it is encoded anew before it is sent.
const LIMITS: Limits = Limits { rows_max: 20_000, bytes_max: 1 << 20, rows_hint: 20_000 };
/// Longest body sent, in bytes, but for one record (Kusto's own limit of streaming).
const BODY_BYTES_MAX: usize = 4 << 20;

/// What is the same for all files.
struct Job<'a> {
    call: &'a IngestCall,
    schema: Option<Vec<Column>>,
    mapping: Option<Mapping>,
    /// `None`: nothing is stored (`--dry-run`).
    target: Option<Target>,
    /// The columns of the files without a header, and those of the table.
    known: Option<(Vec<Column>, Vec<Column>)>,
    tally: Tally,
}

/// Reads the files, stores their rows and prints what became of them.
///
/// # Errors
/// When a file cannot be read or the server takes no rows; when records were rejected, unless the
/// caller does not mind.
pub fn run(call: &IngestCall) -> Result<(), Failure> {
    if let Some(reason) = built_in(&call.table) {
        return Err(Failure::new(reason));
    }
    let wrong = |error: &dyn std::error::Error| Failure::new(error.to_string());
    let schema = call.schema.as_deref().map(parse_schema).transpose().map_err(|e| wrong(&e))?;
    if schema.is_some() && !call.creates && !call.is_dry_run {
        let text = "`--schema` goes with `--create` or `--dry-run`: a table has its columns";
        return Err(Failure::new(text));
    }
    let mapping = match &call.mapping {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))?;
            Some(Mapping::parse(&text).map_err(|error| wrong(&error))?)
        }
    };
    let target = if call.is_dry_run { None } else { Some(Target::new(call)?) };
    let mut job = Job { call, schema, mapping, target, known: None, tally: Tally::default() };
    let done = call.files.iter().try_for_each(|file| job.ingest(file));
    // What was stored is said even when a later file failed.
    if done.is_ok() || job.tally.read > 0 {
        job.tally.write(&call.table, call.is_dry_run)?;
    }
    done.map_err(|failure| job.warn_of_twice(failure))?;
    if let Some(target) = &job.target {
        target.close()?;
    }
    if job.tally.rejected > 0 && !call.ignores_rejected { Err(Failure::Said) } else { Ok(()) }
}

/// The failure to read a file.
fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("cannot read `{}`: {error}", path.display()))
}

impl Job<'_> {
    /// Whoever repeats what ended in the middle stores rows again.
    fn warn_of_twice(&self, failure: Failure) -> Failure {
        let stored = self.tally.accepted;
        match failure {
            Failure::Because(mut reasons) if stored > 0 && self.target.is_some() => {
                reasons.push(format!(
                    "{stored} rows are stored: sending the same files again would store them twice"
                ));
                Failure::Because(reasons)
            }
            failure => failure,
        }
    }

    fn ingest(&mut self, path: &Path) -> Result<(), Failure> {
        let wanted = self.call.format;
        if source::format(path, wanted) == Some(FileFormat::Parquet) {
            return self.ingest_parquet(path);
        }
        let source = Source::open(path, wanted)?;
        let (fields, columns) = self.columns(|job| job.guess(&source, path))?;
        let layout = self.layout(&source, path, &fields, &columns)?;
        let options = Options {
            format: source.format,
            has_header: self.call.has_header,
            misfit: self.call.misfit,
            location: path.display().to_string(),
        };
        let bar = source.bar.clone();
        let mut decoder = Decoder::new(source.reader, layout, options, LIMITS);
        let done = loop {
            match decoder.next_batch() {
                Ok(None) => break Ok(()),
                Ok(Some(rows)) => {
                    if let Err(failure) = self.store(&rows, &columns) {
                        break Err(failure);
                    }
                }
                Err(error) => break Err(cannot_read(path, &error)),
            }
        };
        bar.finish_and_clear();
        let mut report = decoder.report().clone();
        if self.call.has_header {
            // They were named when the header was read.
            report.spare_fields = 0;
        } else if report.notes.first().is_some_and(|note| note.line == 1) {
            let names = source.format.delimiter().and_then(|delimiter| {
                header_names(&source.sample, delimiter, source.sample_is_whole).ok()
            });
            let is_column = |name: &String| fields.iter().any(|column| column.name == *name);
            if names.is_some_and(|names| names.iter().all(is_column)) {
                self.tally.unread_header(path);
            }
        }
        self.tally.add(path, "", &report);
        done
    }

    fn ingest_parquet(&mut self, path: &Path) -> Result<(), Failure> {
        let mut file = parquet::File::open(path)?;
        let guessed = file.columns();
        let (_, columns) = self.columns(|_| Ok(guessed))?;
        let fields = match &self.mapping {
            Some(mapping) => {
                mapping.fields(&columns).map_err(|error| Failure::new(error.to_string()))?
            }
            None => columns.iter().map(|column| Some(column.name.clone())).collect(),
        };
        let mut report = Report::default();
        let rejects = self.call.misfit == Misfit::Reject;
        let done = loop {
            match file.next_batch(&columns, &fields, rejects, &mut report) {
                Ok(None) => break Ok(()),
                Ok(Some(rows)) => {
                    if let Err(failure) = self.store(&rows, &columns) {
                        break Err(failure);
                    }
                }
                Err(failure) => break Err(failure),
            }
        };
        self.tally.add(path, "row ", &report);
        done
    }

    /// The columns of the files and of the table, found with the first file.
    fn columns(
        &mut self,
        guess: impl FnOnce(&Self) -> Result<Vec<Column>, Failure>,
    ) -> Result<(Vec<Column>, Vec<Column>), Failure> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let wanted = match (&self.schema, &self.mapping) {
            (Some(schema), _) => Some(schema.clone()),
            (None, Some(mapping)) => Some(mapping.columns()),
            (None, None) if self.target.is_none() || self.call.creates => Some(guess(self)?),
            (None, None) => None,
        };
        let table = match (&self.target, &wanted) {
            (None, wanted) => wanted.clone().unwrap_or_default(),
            (Some(target), wanted) => {
                if let Some(wanted) = wanted.as_ref().filter(|_| self.call.creates) {
                    target.create(wanted)?;
                }
                target.columns(self.call.creates)?
            }
        };
        self.tally.columns.clone_from(&table);
        let known = (wanted.unwrap_or_else(|| table.clone()), table);
        Ok(self.known.insert(known).clone())
    }

    fn guess(&self, source: &Source, path: &Path) -> Result<Vec<Column>, Failure> {
        let found =
            infer(&source.sample, source.format, self.call.has_header, source.sample_is_whole);
        found.map_err(|error| cannot_read(path, &error))
    }

    fn layout(
        &mut self,
        source: &Source,
        path: &Path,
        fields: &[Column],
        columns: &[Column],
    ) -> Result<Layout, Failure> {
        if let Some(mapping) = &self.mapping {
            let layout = mapping.layout(columns, source.format);
            return layout.map_err(|error| Failure::new(error.to_string()));
        }
        let Some(delimiter) = source.format.delimiter() else {
            return Ok(Layout::identity(columns, source.format));
        };
        if !self.call.has_header {
            let names: Vec<String> = fields.iter().map(|column| column.name.clone()).collect();
            return Ok(Layout::by_header(columns, &names));
        }
        let names = header_names(&source.sample, delimiter, source.sample_is_whole)
            .map_err(|error| cannot_read(path, &error))?;
        let is_spare = |name: &&String| columns.iter().all(|column| column.name != **name);
        let spare: Vec<&String> = names.iter().filter(is_spare).collect();
        if spare.len() == names.len() {
            let text = format!(
                "no name in the header of `{}` is a column of table `{}`",
                path.display(),
                self.call.table
            );
            return Err(Failure::new(text));
        }
        self.tally.spare(path, &spare);
        Ok(Layout::by_header(columns, &names))
    }

    /// Sends rows in bodies of limited length; counts each when it is stored.
    fn store(&mut self, rows: &RecordBatch, columns: &[Column]) -> Result<(), Failure> {
        let Some(target) = &self.target else {
            self.tally.accepted += rows.num_rows() as u64;
            return Ok(());
        };
        let mut at = 0;
        let mut body = String::new();
        while at < rows.num_rows() {
            body.clear();
            let next = encode::write_csv(rows, columns, at, BODY_BYTES_MAX, &mut body);
            target.send(body.as_bytes(), next - at)?;
            self.tally.accepted += (next - at) as u64;
            at = next;
        }
        Ok(())
    }
}
