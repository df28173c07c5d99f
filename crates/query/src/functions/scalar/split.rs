//! `split(text, delimiter[, index])`: an array; with an index an array of one (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[("split", |c| c.kernel(split))];

fn split(args: &Args) -> Result<ArrayRef> {
    let (texts, delimiters) = (args.text(0)?, args.text(1)?);
    let indexes = if args.has(2) { Some(args.long(2)?) } else { None };
    args.texts(|row, out| {
        let (text, delimiter) = (texts.text(row), delimiters.text(row));
        if delimiter.is_empty() {
            return false;
        }
        let mut parts = text.split(delimiter);
        out.push('[');
        if let Some(indexes) = &indexes {
            let index = indexes.get(row).and_then(|i| usize::try_from(i).ok());
            let Some(part) = index.and_then(|i| parts.nth(i)) else { return false };
            json::write_string(out, part);
        } else {
            for part in parts {
                scan::separate(out);
                json::write_string(out, part);
            }
        }
        out.push(']');
        true
    })
}
