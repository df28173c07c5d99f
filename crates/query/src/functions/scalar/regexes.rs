//! Regular expressions, compiled once: the dialect is the `regex` crate's (spec kql.md §5).
//!
//! Invariant: at most [`CACHED_MAX`] are kept, each limited in size.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use kql::codes;
use regex::{Regex, RegexBuilder};

use super::super::{Call, kernel};
use crate::Error;

/// How many compiled expressions are kept.
const CACHED_MAX: usize = 256;
/// The largest compiled expression.
const SIZE_BYTES_MAX: usize = 4 << 20;

static CACHE: LazyLock<Mutex<HashMap<String, Arc<Regex>>>> = LazyLock::new(Mutex::default);

/// The compiled `pattern`.
pub(super) fn compile(pattern: &str) -> Result<Arc<Regex>> {
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = cache.get(pattern) {
        return Ok(Arc::clone(regex));
    }
    let build = |text: &str| RegexBuilder::new(text).size_limit(SIZE_BYTES_MAX).build();
    let regex = build(pattern)
        .or_else(|error| build(&literal_braces(pattern)).map_err(|_| error))
        .map_err(|e| DataFusionError::Execution(text_of(pattern, &e)))?;
    if cache.len() >= CACHED_MAX {
        cache.clear();
    }
    let regex = Arc::new(regex);
    cache.insert(pattern.to_owned(), Arc::clone(&regex));
    Ok(regex)
}

/// The pattern with every `{` that begins no repetition taken as the character it is.
///
/// People cut JSON apart with patterns such as `{"(.+)":.+}`, which other dialects accept; only a
/// pattern that cannot be compiled as it stands is read so.
fn literal_braces(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '\\']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let taken = match tail.strip_prefix('\\') {
            // An escape, with the braces of `\p{…}` and `\x{…}`.
            Some(escaped) => {
                let letter = escaped.chars().next().map_or(0, char::len_utf8);
                let named =
                    escaped[letter..].starts_with('{') && escaped.starts_with(['p', 'P', 'x']);
                1 + letter + usize::from(named)
            }
            None => {
                out.push_str(if is_repetition(tail) { "" } else { "\\" });
                1
            }
        };
        out.push_str(&tail[..taken]);
        rest = &tail[taken..];
    }
    out.push_str(rest);
    out
}

/// Whether the text starts with `{2}`, `{2,}` or `{2,3}`.
fn is_repetition(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|t| t.split_once('}')).map(|(inner, _)| inner);
    inner.is_some_and(|counts| {
        counts.starts_with(|c: char| c.is_ascii_digit())
            && counts.chars().all(|c| c.is_ascii_digit() || c == ',')
    })
}

fn text_of(pattern: &str, error: &regex::Error) -> String {
    let why = error.to_string();
    let why = why.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
    format!("`{pattern}` is not a regular expression: {why}")
}

/// Refuses a call whose constant pattern, argument `k`, cannot be compiled.
pub(super) fn check(call: &Call, k: usize) -> Result<(), Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(k)
        && let Some(Some(pattern)) = value.try_as_str()
        && let Err(error) = compile(pattern)
    {
        return Err(refused(k, error));
    }
    Ok(())
}

/// What [`compile`] says about a constant, as a fault of argument `k`.
pub(super) fn refused(k: usize, error: DataFusionError) -> Error {
    Error::Argument { argument: k, code: codes::BAD_REGEX, message: message_of(error) }
}

fn message_of(error: DataFusionError) -> String {
    match error {
        DataFusionError::Execution(message) => message,
        other => other.to_string(),
    }
}

/// The compiled `pattern` of a row: a broken one is the caller's fault, though without a place.
pub(super) fn compile_row(pattern: &str) -> Result<Arc<Regex>> {
    compile(pattern).or_else(|error| kernel::refused(codes::BAD_REGEX, message_of(error)))
}

/// One compiled pattern per row; the same one for a constant.
pub(super) fn of_rows(args: &kernel::Args, k: usize) -> Result<impl Fn(usize) -> Arc<Regex>> {
    let texts = args.text(k)?;
    let scalar = texts.scalar;
    let rows = if scalar { 1 } else { args.rows };
    let compiled: Vec<Arc<Regex>> =
        (0..rows).map(|row| compile_row(texts.text(row))).collect::<Result<_>>()?;
    Ok(move |row: usize| Arc::clone(&compiled[if scalar { 0 } else { row }]))
}
