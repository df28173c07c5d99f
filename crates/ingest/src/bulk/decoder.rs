//! Bytes → batches of rows, a bounded part of the file at a time.

use std::io::{self, Read};

use arrow_array::RecordBatch;
use memchr::memchr_iter;
use model::Fault;

use super::Format;
use super::csv::{self, Split};
use super::json::{Frame, Framing};
use super::layout::Layout;
use super::report::Report;
use super::rows::{Record, Rows};
use super::window::Window;
use crate::json::{DEPTH_MAX, Problem, Reader, Tape};

/// Longest record, in bytes; a longer one is rejected.
pub const RECORD_BYTES_MAX: usize = 4 << 20;

/// What becomes of a cell that is not of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// It is read as null, as Kusto does, and counted.
    Null,
    /// Its record is rejected.
    Reject,
}

/// How a file is read.
#[derive(Debug, Clone)]
pub struct Options {
    pub format: Format,
    /// Whether the first delimited record holds names (Kusto: `ignoreFirstRecord`).
    pub has_header: bool,
    pub misfit: Misfit,
    /// What the file is called where a mapping asks for it.
    pub location: String,
}

/// Where a batch ends.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub rows_max: usize,
    /// Bytes of the file, before they are read as cells.
    pub bytes_max: usize,
    /// About how many rows the first batch has (more may come): few rows take little memory.
    pub rows_hint: usize,
}

/// Why reading ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("rows could not be built: {0}")]
    Rows(#[from] arrow_schema::ArrowError),
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Internal
    }
}

/// Reads one file.
#[derive(Debug)]
pub struct Decoder<R> {
    window: Window<R>,
    layout: Layout,
    options: Options,
    limits: Limits,
    framing: Framing,
    rows: Rows,
    report: Report,
    fields: Vec<csv::Field>,
    /// Fields of the first record; all others must have as many (Kusto: its error
    /// `Stream_WrongNumberOfFields`).
    fields_wanted: Option<usize>,
    /// Whether a first record is still to be passed over.
    header_due: bool,
    /// Bytes of the batch being read.
    bytes: usize,
    is_started: bool,
    is_done: bool,
}

impl<R: Read> Decoder<R> {
    pub fn new(reader: R, layout: Layout, options: Options, limits: Limits) -> Decoder<R> {
        Decoder {
            window: Window::new(reader, RECORD_BYTES_MAX),
            rows: Rows::new(&layout, limits.rows_hint),
            framing: match options.format {
                Format::MultiJson => Framing::Documents { in_array: false },
                _ => Framing::Lines,
            },
            header_due: options.has_header,
            layout,
            options,
            limits,
            report: Report::default(),
            fields: Vec::new(),
            fields_wanted: None,
            bytes: 0,
            is_started: false,
            is_done: false,
        }
    }

    /// What became of the records so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The next rows; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, Error> {
        self.bytes = 0;
        if !self.is_started {
            self.is_started = true;
            self.skip_mark()?;
        }
        match self.options.format.delimiter() {
            Some(delimiter) => self.delimited(delimiter)?,
            None => self.documents()?,
        }
        if self.rows.count() == 0 { Ok(None) } else { Ok(Some(self.rows.take()?)) }
    }

    /// Passes over a byte order mark.
    fn skip_mark(&mut self) -> Result<(), Error> {
        while self.window.bytes().len() < 3 && !self.window.is_end() {
            self.window.fill()?;
        }
        if self.window.bytes().starts_with(b"\xef\xbb\xbf") {
            self.window.consume(3, 0);
        }
        Ok(())
    }

    /// Whether the batch is full or the file at its end.
    fn is_enough(&self) -> bool {
        let is_full =
            self.rows.count() >= self.limits.rows_max || self.bytes >= self.limits.bytes_max;
        self.is_done || (is_full && self.rows.count() > 0)
    }

    fn delimited(&mut self, delimiter: u8) -> Result<(), Error> {
        while !self.is_enough() {
            let is_end = self.window.is_end();
            let bytes = self.window.bytes();
            let mut split = match bytes.is_empty() {
                true if is_end => {
                    self.is_done = true;
                    return Ok(());
                }
                true => Split::Incomplete,
                false => csv::split(bytes, delimiter, is_end, &mut self.fields),
            };
            if split == Split::Incomplete {
                if self.window.fill()? {
                    continue;
                }
                // The window is full: a stray quote or a record without end.
                split = csv::damaged(self.window.bytes(), 0, false, TOO_LONG);
            }
            match split {
                Split::Record { end } => self.record(end),
                Split::Empty { end } => self.consume(end),
                Split::Damaged { end, reason } => {
                    self.report.reject(self.window.line(), reason);
                    self.consume(end);
                }
                Split::Incomplete => self.skip_line()?,
            }
        }
        Ok(())
    }

    /// Takes the delimited record of `end` bytes that `fields` were split from.
    fn record(&mut self, end: usize) {
        let line = self.window.line();
        let wanted = *self.fields_wanted.get_or_insert(self.fields.len());
        if self.header_due {
            self.header_due = false;
        } else if self.fields.len() == wanted {
            let Decoder { window, fields, layout, options, rows, report, .. } = self;
            let lines = window.bytes_mut();
            // Where quotes are undone, line breaks are not counted again.
            let before = count_lines(&lines[..end]);
            fields.iter_mut().for_each(|field| csv::unescape(lines, field));
            report.spare_fields = wanted.saturating_sub(layout.fields_used());
            let record = Record {
                line,
                location: &options.location,
                rejects: options.misfit == Misfit::Reject,
            };
            rows.delimited(layout, record, window.bytes(), fields, report);
            self.bytes += end;
            self.window.consume(end, before);
            return;
        } else {
            let found = self.fields.len();
            let reason = format!("the record has {found} field(s), the first one has {wanted}");
            self.report.reject(line, reason);
        }
        self.consume(end);
    }

    fn consume(&mut self, end: usize) {
        self.bytes += end;
        let lines = count_lines(&self.window.bytes()[..end]);
        self.window.consume(end, lines);
    }

    /// Rejects a record longer than the window, up to the end of its line.
    fn skip_line(&mut self) -> Result<(), Error> {
        self.report.reject(self.window.line(), TOO_LONG);
        loop {
            let bytes = self.window.bytes();
            if let Some(length) = memchr::memchr(b'\n', bytes) {
                self.consume(length + 1);
                return Ok(());
            }
            let all = bytes.len();
            self.consume(all);
            if self.window.is_end() {
                return Ok(());
            }
            self.window.fill()?;
        }
    }

    fn documents(&mut self) -> Result<(), Error> {
        while !self.is_enough() {
            match self.frames() {
                Frame::Broken { at } => self.give_up(at, NOT_JSON),
                Frame::Incomplete if self.window.is_end() => {
                    self.is_done = true;
                    if self.framing == (Framing::Documents { in_array: true }) {
                        self.give_up(0, NOT_CLOSED);
                    }
                }
                Frame::Incomplete => {
                    if self.window.fill()? {
                        continue;
                    }
                    match self.framing {
                        Framing::Lines => self.skip_line()?,
                        Framing::Documents { .. } => self.give_up(0, TOO_LONG_JSON),
                    }
                }
                // The batch is full.
                Frame::Record { .. } | Frame::Blank { .. } => {}
            }
        }
        Ok(())
    }

    /// Where the next record starts is not known any more.
    fn give_up(&mut self, at: usize, reason: &str) {
        self.consume(at);
        self.report.reject(self.window.line(), reason);
        self.report.is_cut_short = true;
        self.is_done = true;
    }

    /// Takes the records that are whole in the window, and says why it stopped.
    fn frames(&mut self) -> Frame {
        let Decoder { window, layout, options, rows, report, framing, limits, .. } = self;
        let bytes = window.bytes();
        let mut tape = Tape::default();
        let (mut at, mut lines) = (0, 0);
        let stop = loop {
            let frame = framing.next(bytes, at, window.is_end());
            let next = match frame {
                Frame::Record { start, end, next } => {
                    let line = window.line() + lines + count_lines(&bytes[at..start]);
                    let rejects = options.misfit == Misfit::Reject;
                    let record = Record { line, location: &options.location, rejects };
                    match read(&bytes[start..end], &mut tape) {
                        Ok(()) => rows.object(layout, record, &tape, report),
                        Err(reason) => report.reject(line, reason),
                    }
                    next
                }
                Frame::Blank { next } => next,
                Frame::Incomplete => break frame,
                Frame::Broken { at: broken } => break Frame::Broken { at: broken - at },
            };
            lines += count_lines(&bytes[at..next]);
            at = next;
            let is_full = rows.count() >= limits.rows_max || self.bytes + at >= limits.bytes_max;
            if is_full && rows.count() > 0 {
                break frame;
            }
        };
        self.bytes += at;
        self.window.consume(at, lines);
        stop
    }
}

// The texts below name it.
const _: () = assert!(RECORD_BYTES_MAX == 4_194_304);
const TOO_LONG: &str = "the record is longer than 4194304 bytes";
const TOO_LONG_JSON: &str =
    "the record is longer than 4194304 bytes or not JSON; what follows was not read";
const NOT_CLOSED: &str = "the array of records is not closed; the file may be cut off";
const NOT_JSON: &str = "the record is not JSON; what follows was not read";

fn count_lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

/// Reads one JSON object onto the tape.
fn read<'a>(bytes: &'a [u8], tape: &mut Tape<'a>) -> Result<(), String> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("the record is not UTF-8".to_owned());
    };
    match Reader::new(text, 0).read(tape, text.len()) {
        Ok(end) if end == text.len() && tape.root().is_object() => Ok(()),
        Ok(end) if end == text.len() => Err("the record is not a JSON object".to_owned()),
        Err(Problem::Depth) => {
            Err(format!("the record is nested more than {DEPTH_MAX} levels deep"))
        }
        _ => Err("the record is not JSON".to_owned()),
    }
}
