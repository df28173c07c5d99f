//! `replace_string`, `replace_regex`: an empty needle changes nothing; `\1` names a group.

use std::borrow::Cow;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;

use super::super::Build;
use super::super::kernel::Args;
use super::regexes;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("replace_string", |c| c.kernel(replace_string)),
    ("replace_regex", |c| {
        regexes::check(&c, 1)?;
        c.kernel(replace_regex)
    }),
];

fn replace_string(args: &Args) -> Result<ArrayRef> {
    let (texts, needles, by) = (args.text(0)?, args.text(1)?, args.text(2)?);
    args.texts(|row, out| {
        let (text, needle) = (texts.text(row), needles.text(row));
        if needle.is_empty() {
            out.push_str(text);
            return true;
        }
        let mut from = 0;
        for at in memchr::memmem::find_iter(text.as_bytes(), needle.as_bytes()) {
            out.push_str(&text[from..at]);
            out.push_str(by.text(row));
            from = at + needle.len();
        }
        out.push_str(&text[from..]);
        true
    })
}

fn replace_regex(args: &Args) -> Result<ArrayRef> {
    let (texts, rewrites) = (args.text(0)?, args.text(2)?);
    let regex = regexes::of_rows(args, 1)?;
    let constant = rewrites.constant().map(rewrite);
    args.texts(|row, out| {
        let own;
        let by = match &constant {
            Some(by) => by.as_ref(),
            None => {
                own = rewrite(rewrites.text(row));
                own.as_ref()
            }
        };
        out.push_str(&regex(row).replace_all(texts.text(row), by));
        true
    })
}

/// Kusto's `\1` as the `regex` crate's `${1}`, with `$` taken literally.
fn rewrite(text: &str) -> Cow<'_, str> {
    if !text.contains(['\\', '$']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' => out.push_str("$$"),
            '\\' => match chars.peek().copied() {
                Some(digit) if digit.is_ascii_digit() => {
                    chars.next();
                    out.push_str("${");
                    out.push(digit);
                    out.push('}');
                }
                Some('\\') => {
                    chars.next();
                    out.push('\\');
                }
                _ => out.push('\\'),
            },
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}
