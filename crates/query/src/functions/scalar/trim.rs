//! `trim`, `trim_start`, `trim_end`: one match of the pattern at each end (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use regex::Regex;

use super::super::kernel::Args;
use super::super::{Build, Call};
use super::regexes;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("trim", |c| trim(c, |a| sides(a, true, true))),
    ("trim_start", |c| trim(c, |a| sides(a, true, false))),
    ("trim_end", |c| trim(c, |a| sides(a, false, true))),
];

fn trim(call: Call, kernel: super::super::kernel::Kernel) -> Result<Expr, Error> {
    regexes::check(&call, 0)?;
    call.kernel(kernel)
}

fn sides(args: &Args, start: bool, end: bool) -> Result<ArrayRef> {
    let (patterns, texts) = (args.text(0)?, args.text(1)?);
    let anchored = |pattern: &str| -> Result<_> {
        let first = regexes::compile_row(&format!("^(?:{pattern})"))?;
        Ok((first, regexes::compile_row(&format!("(?:{pattern})$"))?))
    };
    let rows = if patterns.scalar { 1 } else { args.rows };
    let compiled = (0..rows).map(|row| anchored(patterns.text(row))).collect::<Result<Vec<_>>>()?;
    args.slices(|row| {
        let (first, last) = &compiled[if patterns.scalar { 0 } else { row }];
        let mut text = texts.text(row);
        if start {
            text = cut_start(first, text);
        }
        Some(if end { cut_end(last, text) } else { text })
    })
}

fn cut_start<'t>(regex: &Regex, text: &'t str) -> &'t str {
    regex.find(text).map_or(text, |m| &text[m.end()..])
}

fn cut_end<'t>(regex: &Regex, text: &'t str) -> &'t str {
    regex.find(text).map_or(text, |m| &text[..m.start()])
}
