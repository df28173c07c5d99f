//! `telltale track exception`: an error, with its stack from a flag or standard input.

use std::io::Read;

use clap::Arg;

use super::Kind;
use super::given::{Given, flag, main_args, severity_flag};
use crate::commands::Failure;
use crate::commands::telemetry::item::Data;

pub const KIND: Kind = Kind { name: "exception", about: "An error", flags, read };

/// The type of an error whose text names none.
const TYPE: &str = "Error";
/// So much of standard input is read; far more than an item holds.
const INPUT_BYTES_MAX: u64 = 1 << 20;

fn flags() -> Vec<Arg> {
    let own = [
        flag("type", "NAME", "Its type or code [default: as the stack says, else `Error`]"),
        flag("stack", "TEXT", "The text of the stack; `-` reads standard input"),
        flag("problem-id", "TEXT", "What occurrences of it have in common"),
        severity_flag(),
    ];
    let message = main_args("message", "TEXT", "What it says [default: as the stack says]");
    message.into_iter().chain(own).collect()
}

fn read(given: &Given<'_>) -> Result<Data, Failure> {
    let stack = match given.text("stack") {
        Some(text) if text == "-" => read_input()?,
        text => text.unwrap_or_default(),
    };
    let headline = headline(&stack).unwrap_or_default();
    let found = split_type(headline);
    let message = given.main("message").unwrap_or_else(|| found.1.to_owned());
    if message.trim().is_empty() {
        return Err(Failure::new("an exception needs a `--message` or a `--stack` with one"));
    }
    let ty = given.text("type").or(found.0.map(str::to_owned));
    Ok(Data::Exception {
        ty: ty.unwrap_or_else(|| TYPE.to_owned()),
        message,
        stack,
        frames: Vec::new(),
        // An exception without one would not be found among errors.
        severity: given.severity()?.or(Some(3)),
        problem_id: given.text_or_empty("problem-id"),
    })
}

fn read_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The line of a stack's text that says what is wrong: the first one; the last one where Python
/// puts it.
fn headline(stack: &str) -> Option<&str> {
    let mut lines = stack.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    match first.starts_with("Traceback (most recent call last)") {
        true => lines.next_back().or(Some(first)),
        false => Some(first),
    }
}

/// `System.IO.IOException: disk full` → type and message; a line without a type is all message.
fn split_type(headline: &str) -> (Option<&str>, &str) {
    let line = headline.strip_prefix("Unhandled exception. ").unwrap_or(headline);
    let line = line.strip_prefix("Uncaught ").unwrap_or(line);
    let is_name = |text: &str| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | '+' | '`');
        text.starts_with(char::is_alphabetic) && text.chars().all(is_part)
    };
    match line.split_once(':') {
        Some((ty, message)) if is_name(ty) && ty.len() > 1 => (Some(ty), message.trim()),
        // Python prints the type alone when there is no message.
        None if is_name(line) => (Some(line), line),
        _ => (None, line),
    }
}
