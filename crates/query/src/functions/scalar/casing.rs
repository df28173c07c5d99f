//! `tolower`, `toupper`, `reverse`: Unicode-aware, of any value's text (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::tostring::texts_of;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("tolower", |c| {
        c.kernel(|a| {
            each(a, |text, out| {
                out.push_str(text);
                if text.is_ascii() {
                    out.make_ascii_lowercase()
                } else {
                    *out = text.to_lowercase()
                }
            })
        })
    }),
    ("toupper", |c| {
        c.kernel(|a| {
            each(a, |text, out| {
                out.push_str(text);
                if text.is_ascii() {
                    out.make_ascii_uppercase()
                } else {
                    *out = text.to_uppercase()
                }
            })
        })
    }),
    ("reverse", |c| c.kernel(|a| each(a, |text, out| out.extend(text.chars().rev())))),
];

fn each(args: &Args, change: fn(&str, &mut String)) -> Result<ArrayRef> {
    let texts = texts_of(args, 0)?;
    args.texts(|row, out| {
        change(texts.text(row), out);
        true
    })
}
