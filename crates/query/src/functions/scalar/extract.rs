//! `extract`, `extract_all`: capture groups (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use datafusion::logical_expr::Expr;
use model::{Type, json};

use super::super::json::scan;
use super::super::kernel::{Args, call as kernel_call};
use super::super::{Build, Call, scalar};
use super::regexes;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("extract", extract), ("extract_all", extract_all)];

/// `(regex, group, text)`; a result other than string is that text converted.
fn extract(mut call: Call) -> Result<Expr, Error> {
    regexes::check(&call, 0)?;
    if call.types.len() < 3 {
        return Err(call.malformed());
    }
    // A fourth argument named the type the binder turned into the result.
    call.args.truncate(3);
    call.types.truncate(3);
    let text = kernel_call(call.name, call.args, &call.types, Type::String, |args| {
        let (texts, groups) = (args.text(2)?, args.long(1)?);
        let regex = regexes::of_rows(args, 0)?;
        args.slices(|row| {
            let group = usize::try_from(groups.get(row)?).ok()?;
            let captures = regex(row).captures(texts.text(row))?;
            captures.get(group).map(|m| m.as_str())
        })
    });
    let name = match call.result {
        Type::String => return Ok(text),
        Type::Bool => "tobool",
        Type::Int => "toint",
        Type::Long => "tolong",
        Type::Real | Type::Decimal => "toreal",
        Type::DateTime => "todatetime",
        Type::TimeSpan => "totimespan",
        Type::Guid => "toguid",
        Type::Dynamic => "todynamic",
    };
    scalar(name, vec![text], &[Type::String], call.result)
}

/// `(regex[, groups], text)`: all matches, each a string or an array of its groups; null for none.
fn extract_all(call: Call) -> Result<Expr, Error> {
    regexes::check(&call, 0)?;
    call.kernel(all_rows)
}

fn all_rows(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(args.count() - 1)?;
    let chosen = if args.count() == 3 { Some(args.text(1)?) } else { None };
    let regex = regexes::of_rows(args, 0)?;
    args.texts(|row, out| {
        let regex = regex(row);
        let groups = match chosen.as_ref().and_then(|c| c.get(row)) {
            Some(list) => scan::elements(list).unwrap_or_default(),
            None => Vec::new(),
        };
        let numbers: Vec<usize> = if groups.is_empty() {
            let count = regex.captures_len();
            if count == 1 { vec![0] } else { (1..count).collect() }
        } else {
            let number = |g: &&str| match scan::exact_long(g) {
                Some(n) => usize::try_from(n).ok(),
                None => {
                    let name = scan::plain(g);
                    regex.capture_names().position(|n| n == Some(&*name))
                }
            };
            groups.iter().filter_map(number).collect()
        };
        out.push('[');
        for captures in regex.captures_iter(texts.text(row)) {
            scan::separate(out);
            let several = numbers.len() > 1;
            if several {
                out.push('[');
            }
            for (at, &number) in numbers.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json::write_string(out, captures.get(number).map_or("", |m| m.as_str()));
            }
            if several {
                out.push(']');
            }
        }
        out.push(']');
        out.len() > 2
    })
}
