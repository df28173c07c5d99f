//! `strcat`, `strcat_delim`, `strcat_array`, `strrep`, `strcmp`, `translate`: texts joined and
//! compared (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::{Args, limited};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("strcat", |c| c.kernel(|a| join(a, None))),
    ("strcat_delim", |c| c.kernel(|a| join(a, Some(0)))),
    ("strcat_array", |c| c.kernel(strcat_array)),
    ("strrep", |c| c.kernel(strrep)),
    ("strcmp", |c| c.kernel(strcmp)),
    ("translate", |c| c.kernel(translate)),
];

/// The longest text `strrep` makes.
const REPEAT_BYTES_MAX: usize = 1 << 20;

fn join(args: &Args, delimiter: Option<usize>) -> Result<ArrayRef> {
    let first = delimiter.map_or(0, |k| k + 1);
    let cells = (first..args.count()).map(|k| Cells::new(args, k)).collect::<Result<Vec<_>>>()?;
    let delimiter = delimiter.map(|k| args.text(k)).transpose()?;
    args.texts(|row, out| {
        for (at, cell) in cells.iter().enumerate() {
            if let Some(delimiter) = &delimiter
                && at > 0
            {
                out.push_str(delimiter.text(row));
            }
            cell.write(row, out);
        }
        true
    })
}

/// Null elements print as empty; a value that is no array is missing.
fn strcat_array(args: &Args) -> Result<ArrayRef> {
    let (arrays, delimiters) = (args.text(0)?, args.text(1)?);
    args.texts(|row, out| {
        let Some(elements) = scan::each_element(arrays.text(row)) else { return false };
        for (at, element) in elements.enumerate() {
            if at > 0 {
                out.push_str(delimiters.text(row));
            }
            out.push_str(&scan::plain(element));
        }
        true
    })
}

/// The text so many times with the optional delimiter between; none for a count below one.
fn strrep(args: &Args) -> Result<ArrayRef> {
    let (texts, counts) = (args.text(0)?, args.long(1)?);
    let delimiters = if args.has(2) { Some(args.text(2)?) } else { None };
    let mut too_long = false;
    let out = args.texts(|row, out| {
        let (text, delimiter) = (texts.text(row), delimiters.as_ref().map_or("", |d| d.text(row)));
        let count = usize::try_from(counts.get(row).unwrap_or(0)).unwrap_or(0);
        too_long |= (text.len() + delimiter.len()).saturating_mul(count) > REPEAT_BYTES_MAX;
        for at in 0..if too_long { 0 } else { count } {
            if at > 0 {
                out.push_str(delimiter);
            }
            out.push_str(text);
        }
        true
    })?;
    if too_long {
        return limited(format!("`strrep()` makes at most {REPEAT_BYTES_MAX} bytes"));
    }
    Ok(out)
}

fn strcmp(args: &Args) -> Result<ArrayRef> {
    let (a, b) = (args.text(0)?, args.text(1)?);
    args.whole(|row| Some(a.text(row).cmp(b.text(row)) as i64))
}

/// `(from, to, text)`: the characters of one list by those of the other; a shorter list repeats
/// its last character, an empty one removes.
fn translate(args: &Args) -> Result<ArrayRef> {
    let (from, to, texts) = (args.text(0)?, args.text(1)?, args.text(2)?);
    args.texts(|row, out| {
        let to: Vec<char> = to.text(row).chars().collect();
        for c in texts.text(row).chars() {
            match from.text(row).chars().position(|f| f == c) {
                None => out.push(c),
                Some(at) => out.extend(to.get(at).or(to.last())),
            }
        }
        true
    })
}
