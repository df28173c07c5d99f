//! Answers as the cells of a case file.

use kql::bound::Column;
use kql::diagnostic::{Diagnostic, line_column};
use model::time::{Fraction, format_datetime, format_timespan};
use query::answer::Cells;
use query::{Answer, Error, ResultTable, Value};

/// One line of an expectation, as its cells.
pub type Row = Vec<String>;

/// The lines of an answer: columns, then rows; several tables have a line `---` between them.
pub fn answer(answer: &Answer) -> Vec<Row> {
    let mut lines = Vec::new();
    for (number, result) in answer.tables.iter().enumerate() {
        if number > 0 {
            lines.push(vec!["---".to_owned()]);
        }
        lines.extend(table(result));
    }
    if let Some(truncation) = &answer.truncated {
        lines.push(vec![format!("cut at {} {}", truncation.allowed, truncation.limit)]);
    }
    lines
}

fn table(table: &ResultTable) -> Vec<Row> {
    let mut lines = vec![table.columns.iter().map(header).collect::<Row>()];
    for batch in &table.batches {
        let cells = Cells::new(&table.columns, batch);
        for row in 0..cells.rows() {
            lines.push((0..table.columns.len()).map(|c| cell(cells.value(row, c))).collect());
        }
    }
    if let Some(render) = &table.render {
        lines.push(vec![format!("render {}", render.kind)]);
    }
    lines
}

fn header(column: &Column) -> String {
    format!("{}:{}", text(&column.name), column.ty)
}

fn cell(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(v) => v.to_string(),
        Value::Int(v) => v.to_string(),
        Value::Long(v) => v.to_string(),
        Value::Real(v) | Value::Decimal(v) if v.is_nan() => "NaN".to_owned(),
        Value::Real(v) | Value::Decimal(v) if v.is_infinite() => {
            if v > 0.0 {
                "Infinity".to_owned()
            } else {
                "-Infinity".to_owned()
            }
        }
        Value::Real(v) | Value::Decimal(v) => format!("{v:?}"),
        Value::String(v) => text(v),
        Value::DateTime(v) => format_datetime(v, Fraction::Trimmed),
        Value::TimeSpan(v) => format_timespan(v),
        Value::Guid(v) => v.to_owned(),
        Value::Dynamic(v) if plain(v) => v.to_owned(),
        Value::Dynamic(v) => quoted(v),
    }
}

/// A text bare where it cannot be mistaken, else in quotes.
fn text(text: &str) -> String {
    if plain(text) && text != "null" && !text.starts_with('\'') {
        return text.to_owned();
    }
    quoted(text)
}

fn plain(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains("  ")
        && !text.chars().any(char::is_control)
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    let escaped = escaped.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t");
    format!("'{escaped}'")
}

/// The lines that say why there is no answer.
pub fn error(query: &str, error: &Error) -> Vec<Row> {
    match error {
        Error::Query(findings) => findings.iter().flat_map(|f| finding(query, f)).collect(),
        Error::Limit { limit, message } => vec![vec![format!("error limit {limit}: {message}")]],
        other => vec![vec![format!("error: {other}")]],
    }
}

fn finding(query: &str, finding: &Diagnostic) -> Vec<Row> {
    let (line, column) = line_column(query, finding.span.start);
    let mut lines =
        vec![vec![format!("error {} at {line}:{column}: {}", finding.code, finding.message)]];
    lines.extend(finding.help.iter().map(|help| vec![format!("help: {help}")]));
    lines
}

/// The cells of one line of a case file: two or more spaces stand between them.
pub fn split(line: &str) -> Row {
    let mut cells = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('\'') {
            Some(inner) => 1 + closing_quote(inner) + 1,
            None => rest.find("  ").unwrap_or(rest.len()),
        };
        // A quoted column name is followed by its type.
        let tail = rest[end.min(rest.len())..].find("  ").map_or(rest.len(), |i| end + i);
        cells.push(rest[..tail].to_owned());
        rest = rest[tail..].trim_start();
    }
    cells
}

/// Where the quote closes in a text after its opening quote.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\'' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len().saturating_sub(1)
}

/// Lines with their cells in columns.
pub fn aligned(lines: &[Row]) -> Vec<String> {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |c: usize| {
        let cells = lines.iter().filter(|l| l.len() > 1).filter_map(|l| l.get(c));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Row| {
        let cells = row.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}", w = *w));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}
