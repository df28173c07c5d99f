//! `parse_path`, `parse_command_line`: paths of files and command lines of Windows taken apart.

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use kql::codes;
use model::json;

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call};
use super::array::write_texts;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] =
    &[("parse_path", |c| c.kernel(parse_path)), ("parse_command_line", parse_command_line)];

const SEPARATORS: [char; 2] = ['/', '\\'];

/// A bag with Scheme, RootPath, DirectoryPath, DirectoryName, Filename, Extension,
/// AlternateDataStreamName.
fn parse_path(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| {
        let (scheme, path) = texts.text(row).split_once("://").unwrap_or(("", texts.text(row)));
        let root = root_of(path);
        let cut = path.rfind(SEPARATORS).map_or(0, |at| at + 1).max(root.len());
        let (directory, last) = path.split_at(cut);
        let (file, stream) = last.split_once(':').unwrap_or((last, ""));
        let trimmed = directory.trim_end_matches(SEPARATORS);
        let directory = if trimmed.len() < root.len() { root } else { trimmed };
        let below_root = directory.get(root.len()..).unwrap_or("");
        let directory_name = below_root.rsplit(SEPARATORS).next().unwrap_or("");
        let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
        let parts = [
            ("Scheme", scheme),
            ("RootPath", root),
            ("DirectoryPath", directory),
            ("DirectoryName", directory_name),
            ("Filename", file),
            ("Extension", extension),
            ("AlternateDataStreamName", stream),
        ];
        out.push('{');
        for (name, value) in parts {
            scan::separate(out);
            json::write_string(out, name);
            out.push(':');
            json::write_string(out, value);
        }
        out.push('}');
        true
    })
}

/// `C:\` with the long form's `\\?\` before it; other paths have no root of their own.
fn root_of(path: &str) -> &str {
    let long = if path.starts_with(r"\\?\") { 4 } else { 0 };
    match path.as_bytes().get(long..) {
        Some([drive, b':', rest @ ..]) if drive.is_ascii_alphabetic() => {
            let separated = rest.first().is_some_and(|b| SEPARATORS.contains(&char::from(*b)));
            &path[..long + 2 + usize::from(separated)]
        }
        _ => "",
    }
}

fn parse_command_line(call: Call) -> Result<Expr, Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(1)
        && let Some(Some(parser)) = value.try_as_str()
        && !parser.eq_ignore_ascii_case("windows")
    {
        let message = format!("no parser `{parser}` of command lines, only `windows`");
        return Err(Error::Argument { argument: 1, code: codes::UNKNOWN_NAME, message });
    }
    call.kernel(|args| {
        let (lines, parsers) = (args.text(0)?, args.text(1)?);
        args.texts(|row, out| {
            let line = lines.text(row);
            if line.trim().is_empty() || !parsers.text(row).eq_ignore_ascii_case("windows") {
                return false;
            }
            write_texts(out, windows_arguments(line).iter().map(String::as_str));
            true
        })
    })
}

/// The arguments as Windows programs get them: the program's name ends at a space or its closing
/// quote; later on a quote opens or closes, two in a quoted part are one, and backslashes count by
/// pairs only before a quote.
fn windows_arguments(line: &str) -> Vec<String> {
    let mut chars = line.chars().peekable();
    let mut arguments = vec![String::new()];
    let mut quoted = false;
    while let Some(c) = chars.next_if(|c| quoted || !c.is_whitespace()) {
        match c {
            '"' => quoted = !quoted,
            _ => arguments[0].push(c),
        }
    }
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return arguments;
        }
        let mut argument = String::new();
        let mut quoted = false;
        while let Some(c) = chars.next_if(|c| quoted || !c.is_whitespace()) {
            match c {
                '\\' => {
                    let mut slashes = 1;
                    while chars.next_if_eq(&'\\').is_some() {
                        slashes += 1;
                    }
                    let before_quote = chars.peek() == Some(&'"');
                    let kept = if before_quote { slashes / 2 } else { slashes };
                    argument.extend(std::iter::repeat_n('\\', kept));
                    if before_quote && slashes % 2 == 1 {
                        chars.next();
                        argument.push('"');
                    }
                }
                '"' if quoted && chars.next_if_eq(&'"').is_some() => argument.push('"'),
                '"' => quoted = !quoted,
                _ => argument.push(c),
            }
        }
        arguments.push(argument);
    }
}
