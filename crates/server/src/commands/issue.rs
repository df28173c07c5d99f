//! `telltale issue`: one error or warning from a script, escaped exactly.

use std::io::Write;

use azdo::errors::Finding;
use azdo::errors::message::{Style, check_category, is_marker};

use super::Failure;
use super::exec::surroundings::{dialect, folders};
use crate::cli::pipeline::IssueCall;

/// Prints the command for the service, or the text where there is none.
///
/// # Errors
/// When the category or the marker could not be read back.
pub fn run(call: &IssueCall) -> Result<(), Failure> {
    if let Some(Err(error)) = call.category.as_deref().map(check_category) {
        return Err(Failure::new(error.to_string()));
    }
    let marker = Some(call.marker.clone()).filter(|marker| marker != "none");
    if let Some(marker) = marker.as_deref().filter(|marker| !is_marker(marker)) {
        return Err(Failure::new(format!(
            "the marker `{marker}` is of no use: write it with letters, digits and `_`"
        )));
    }
    let mut finding = Finding {
        file: call.file.clone().filter(|file| !file.is_empty()),
        line: call.line,
        column: call.column,
        code: call.code.clone().filter(|code| !code.is_empty()),
        ..Finding::new(call.severity, call.text.clone())
    };
    let Some(dialect) = dialect(call.annotate) else {
        writeln!(std::io::stderr().lock(), "{}", for_people(&finding))?;
        return Ok(());
    };
    finding.file = finding.file.map(|file| folders().place(&file, None));
    let style = Style { category: call.category.clone(), marker };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", style.line(&finding, dialect))?;
    Ok(out.flush()?)
}

/// In MSBuild's form, which editors know as well.
fn for_people(finding: &Finding) -> String {
    let mut text = String::new();
    if let Some(file) = &finding.file {
        text.push_str(file);
        match (finding.line, finding.column) {
            (Some(line), Some(column)) => text.push_str(&format!("({line},{column})")),
            (Some(line), None) => text.push_str(&format!("({line})")),
            _ => {}
        }
        text.push_str(": ");
    }
    text.push_str(finding.severity.word());
    if let Some(code) = &finding.code {
        text.push(' ');
        text.push_str(code);
    }
    text.push_str(": ");
    text.push_str(&finding.text);
    text
}
