//! The columns a file seems to have, from its first records.
//!
//! A column gets the narrowest type all its values have; what has none in common is a string.

use model::{Fault, Type};

use super::cell;
use super::csv::{self, Split, split};
use super::json::{Frame, Framing};
use super::schema::NAME_CHARS_MAX;
use super::{Column, Format};
use crate::json::{Kind, Reader, Tape, Value};
use crate::time::parse_time;

/// So many records are looked at.
pub const RECORDS_MAX: usize = 1000;
/// Most columns a table is made with.
const COLUMNS_MAX: usize = 1000;

/// Why no columns were found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InferError {
    #[error("there is no record to find columns in")]
    Empty,
    #[error("the header names column `{name}` twice")]
    Twice { name: String },
    #[error("the file has more than {COLUMNS_MAX} columns")]
    TooMany,
    #[error("a column's name is longer than {NAME_CHARS_MAX} characters")]
    Long,
}

impl InferError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        Fault::Caller
    }
}

/// The types a column's values may all have, narrowest first.
const LADDER: [Type; 7] =
    [Type::Bool, Type::Long, Type::Real, Type::DateTime, Type::TimeSpan, Type::Guid, Type::Dynamic];

/// What is known of one column.
#[derive(Debug, Clone)]
struct Guess {
    name: String,
    /// Which of [`LADDER`] all values so far have.
    possible: [bool; LADDER.len()],
    has_value: bool,
}

impl Guess {
    fn new(name: String) -> Guess {
        Guess { name, possible: [true; LADDER.len()], has_value: false }
    }

    /// Keeps the types `fits` says yes to.
    fn narrow(&mut self, fits: impl Fn(Type) -> bool) {
        self.has_value = true;
        for (possible, ty) in self.possible.iter_mut().zip(LADDER) {
            *possible = *possible && fits(ty);
        }
    }

    fn column(self) -> Column {
        let found = LADDER.into_iter().zip(self.possible).find(|(_, possible)| *possible);
        let ty = found.filter(|_| self.has_value).map_or(Type::String, |(ty, _)| ty);
        Column { name: self.name, ty }
    }
}

/// The columns of the records in `sample`, the start of a file; `is_whole`: all of it.
/// Without a header, delimited columns are called `Column1`, `Column2`, …
///
/// # Errors
/// See [`InferError`].
pub fn infer(
    sample: &[u8],
    format: Format,
    has_header: bool,
    is_whole: bool,
) -> Result<Vec<Column>, InferError> {
    let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let guesses = match format.delimiter() {
        Some(delimiter) => delimited(sample, delimiter, has_header, is_whole)?,
        None => documents(sample, format, is_whole)?,
    };
    if guesses.is_empty() {
        return Err(InferError::Empty);
    }
    Ok(guesses.into_iter().map(Guess::column).collect())
}

/// The names in the first record of a delimited file; `ColumnN` for empty ones.
///
/// # Errors
/// When there is no record, or it names a column twice.
pub fn header_names(
    sample: &[u8],
    delimiter: u8,
    is_whole: bool,
) -> Result<Vec<String>, InferError> {
    let sample = sample.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample);
    let mut bytes = sample.to_vec();
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        match split(&bytes[at..], delimiter, is_whole, &mut fields) {
            Split::Record { .. } => break,
            Split::Empty { end } if end > 0 => at += end,
            _ => return Err(InferError::Empty),
        }
    }
    let mut names: Vec<String> = Vec::new();
    for (number, field) in fields.iter_mut().enumerate() {
        let record = &mut bytes[at..];
        csv::unescape(record, field);
        let text = String::from_utf8_lossy(&record[field.start..field.end]);
        let name = match text.trim() {
            "" => format!("Column{}", number + 1),
            name => name.to_owned(),
        };
        check(&name, names.len())?;
        if names.contains(&name) {
            return Err(InferError::Twice { name });
        }
        names.push(name);
    }
    Ok(names)
}

fn check(name: &str, columns: usize) -> Result<(), InferError> {
    if columns >= COLUMNS_MAX {
        return Err(InferError::TooMany);
    }
    if name.chars().count() > NAME_CHARS_MAX { Err(InferError::Long) } else { Ok(()) }
}

fn delimited(
    sample: &[u8],
    delimiter: u8,
    has_header: bool,
    is_whole: bool,
) -> Result<Vec<Guess>, InferError> {
    let mut guesses: Vec<Guess> = Vec::new();
    if has_header {
        let names = header_names(sample, delimiter, is_whole)?;
        guesses = names.into_iter().map(Guess::new).collect();
    }
    let mut header_due = has_header;
    let mut bytes = sample.to_vec();
    let (mut at, mut records) = (0, 0);
    let mut fields = Vec::new();
    while at < bytes.len() && records < RECORDS_MAX {
        let end = match split(&bytes[at..], delimiter, is_whole, &mut fields) {
            Split::Incomplete => break,
            Split::Damaged { end, .. } | Split::Empty { end } => end,
            Split::Record { end } if header_due => {
                header_due = false;
                end
            }
            Split::Record { end } => {
                records += 1;
                if guesses.is_empty() {
                    check("", fields.len().saturating_sub(1))?;
                    let name = |number| Guess::new(format!("Column{number}"));
                    guesses = (1..=fields.len()).map(name).collect();
                }
                if fields.len() == guesses.len() {
                    for (guess, field) in guesses.iter_mut().zip(&mut fields) {
                        csv::unescape(&mut bytes[at..], field);
                        let text =
                            String::from_utf8_lossy(&bytes[at + field.start..at + field.end]);
                        if !text.trim().is_empty() {
                            guess.narrow(|ty| is_text_of(ty, text.trim()));
                        }
                    }
                }
                end
            }
        };
        at += end;
    }
    Ok(guesses)
}

/// Whether people would call `text` a value of `ty`: narrower than what a column of it reads.
fn is_text_of(ty: Type, text: &str) -> bool {
    let reads = |ty| cell::from_text(ty, text, &mut String::new()).is_some();
    let digits = text.strip_prefix('-').unwrap_or(text);
    match ty {
        Type::Bool => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        // A number with leading zeros is a code: a post code, a telephone number.
        Type::Long => {
            digits.bytes().all(|b| b.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'))
                && reads(ty)
        }
        Type::Real => {
            let is_code = digits.len() > 1
                && digits.starts_with('0')
                && digits.bytes().all(|b| b.is_ascii_digit());
            !is_code && reads(ty)
        }
        Type::DateTime => {
            let is_date = text.len() == 10 && text.as_bytes()[4] == b'-' && reads(ty);
            is_date || (parse_time(text).is_some() && reads(ty))
        }
        Type::TimeSpan => text.matches(':').count() >= 2 && reads(ty),
        Type::Guid => text.contains('-') && reads(ty),
        Type::Dynamic => {
            text.starts_with(['{', '[']) && {
                let mut tape = Tape::default();
                Reader::new(text, 0).read(&mut tape, text.len()) == Ok(text.len())
            }
        }
        _ => false,
    }
}

fn documents(sample: &[u8], format: Format, is_whole: bool) -> Result<Vec<Guess>, InferError> {
    let mut framing = match format {
        Format::MultiJson => Framing::Documents { in_array: false },
        _ => Framing::Lines,
    };
    let mut guesses: Vec<Guess> = Vec::new();
    let (mut at, mut records) = (0, 0);
    let mut tape = Tape::default();
    while records < RECORDS_MAX {
        match framing.next(sample, at, is_whole) {
            Frame::Incomplete | Frame::Broken { .. } => break,
            Frame::Blank { next } => at = next,
            Frame::Record { start, end, next } => {
                at = next;
                records += 1;
                let Ok(text) = std::str::from_utf8(&sample[start..end]) else { continue };
                if Reader::new(text, 0).read(&mut tape, text.len()) != Ok(text.len()) {
                    continue;
                }
                for (key, value) in tape.root().members() {
                    narrow_member(&mut guesses, key, value)?;
                }
            }
        }
    }
    Ok(guesses)
}

fn narrow_member(
    guesses: &mut Vec<Guess>,
    key: &str,
    value: Value<'_, '_>,
) -> Result<(), InferError> {
    let known = guesses.iter().position(|guess| guess.name == key);
    let at = match known {
        Some(at) => at,
        // A column without a name cannot be made.
        None if key.is_empty() => return Ok(()),
        None => {
            check(key, guesses.len())?;
            guesses.push(Guess::new(key.to_owned()));
            guesses.len() - 1
        }
    };
    let guess = &mut guesses[at];
    match value.kind() {
        Kind::Null => {}
        Kind::Boolean(_) => guess.narrow(|ty| ty == Type::Bool),
        Kind::Number(text) => guess.narrow(|ty| match ty {
            Type::Long => text.parse::<i64>().is_ok(),
            ty => ty == Type::Real,
        }),
        // A number that was quoted was meant to be a text.
        Kind::Text(text) => guess.narrow(|ty| {
            matches!(ty, Type::DateTime | Type::TimeSpan | Type::Guid) && is_text_of(ty, text)
        }),
        Kind::Array | Kind::Object => guess.narrow(|ty| ty == Type::Dynamic),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(sample: &str, format: Format, has_header: bool) -> String {
        match infer(sample.as_bytes(), format, has_header, true) {
            Ok(columns) => {
                let all: Vec<String> =
                    columns.iter().map(|c| format!("{}:{}", c.name, c.ty)).collect();
                all.join(",")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn columns_get_the_narrowest_type_of_their_values() {
        let id = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        for (format, header, sample, want) in [
            (Format::Csv, true, "a,b\n1,x\n2,", "a:long,b:string"),
            (Format::Csv, true, "a\n1\n2.5", "a:real"),
            (Format::Csv, true, "a\n1\ntrue", "a:string"),
            (Format::Csv, true, "a,\n1,2", "a:long,Column2:long"),
            (Format::Csv, true, "a,a\n1,2", "the header names column `a` twice"),
            (
                Format::Csv,
                false,
                "True,2024-01-02,01234",
                "Column1:bool,Column2:datetime,Column3:string",
            ),
            (
                Format::Tsv,
                false,
                "2024-01-02T03:04:05Z\t01:02:03\t{\"a\":1}",
                "Column1:datetime,Column2:timespan,Column3:dynamic",
            ),
            (
                Format::Csv,
                false,
                "9223372036854775808,,1.2.3",
                "Column1:real,Column2:string,Column3:string",
            ),
            (Format::Csv, false, "", "there is no record to find columns in"),
            (Format::Csv, true, "a,b\n", "a:string,b:string"),
            (
                Format::Json,
                false,
                "{\"a\":1,\"b\":\"5\"}\n{\"a\":2.5,\"c\":[1],\"d\":null}\nx",
                "a:real,b:string,c:dynamic,d:string",
            ),
            (Format::MultiJson, false, "[{\"a\":true},{\"a\":false,\"b\":{}}]", "a:bool,b:dynamic"),
            (Format::Json, false, "{\"a\":1}\n{\"a\":\"x\"}", "a:string"),
        ] {
            assert_eq!(show(sample, format, header), want, "{sample}");
        }
        assert_eq!(show(&format!("{{\"a\":\"{id}\"}}"), Format::Json, false), "a:guid");
        assert_eq!(show(id, Format::Csv, false), "Column1:guid");
    }

    #[test]
    fn a_record_that_is_cut_off_is_not_looked_at() {
        let columns = infer(b"1,2\n3,x", Format::Csv, false, false).unwrap();
        assert_eq!(columns[1].ty, Type::Long);
    }
}
