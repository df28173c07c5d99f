//! Functions over bags; the first value of a name wins, order is kept (spec kql.md §3, §4).

use std::collections::HashSet;
use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;
use super::array::write_texts;
use super::bag_set::steps;
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("bag_keys", |c| c.kernel(keys)),
    ("bag_merge", |c| c.kernel(merge)),
    ("bag_remove_keys", |c| c.kernel(remove_keys)),
    ("bag_has_key", |c| c.kernel(has_key)),
    ("bag_pack", |c| c.kernel(pack)),
    ("extract_json", |c| c.kernel(extract_json)),
    ("parse_csv", |c| c.kernel(parse_csv)),
    ("dynamic_to_json", |c| c.kernel(sorted_json)),
];

fn write_member(out: &mut String, key: &str, value: &str) {
    scan::separate(out);
    // Writing to a String cannot fail.
    let _ = write!(out, "\"{key}\":{value}");
}

fn keys(args: &Args) -> Result<ArrayRef> {
    let bags = args.text(0)?;
    args.texts(|row, out| {
        let Some(members) = bags.get(row).and_then(scan::each_member) else { return false };
        let keys: Vec<_> = members.map(|(key, _)| scan::unescape(key)).collect();
        write_texts(out, keys.iter().map(|k| &**k));
        true
    })
}

fn merge(args: &Args) -> Result<ArrayRef> {
    let columns = (0..args.count()).map(|k| args.text(k)).collect::<Result<Vec<_>>>()?;
    args.texts(|row, out| {
        let mut seen = HashSet::new();
        let mut some = false;
        out.push('{');
        for members in columns.iter().filter_map(|c| scan::each_member(c.get(row)?)) {
            some = true;
            for (key, value) in members {
                if seen.insert(key) {
                    write_member(out, key, value);
                }
            }
        }
        out.push('}');
        some
    })
}

/// `(bag, key or path)`: a path into an array leads nowhere.
fn has_key(args: &Args) -> Result<ArrayRef> {
    let (bags, keys) = (args.text(0)?, args.text(1)?);
    args.bools(|row| {
        scan::each_member(bags.get(row)?)?;
        let steps = steps(keys.text(row)).unwrap_or_default();
        Some(!steps.is_empty() && leads(bags.text(row), &steps))
    })
}

fn leads(json: &str, steps: &[String]) -> bool {
    let Some((step, rest)) = steps.split_first() else { return true };
    let mut members = scan::each_member(json).into_iter().flatten();
    members.find(|(key, _)| scan::key_is(key, step)).is_some_and(|(_, value)| leads(value, rest))
}

fn remove_keys(args: &Args) -> Result<ArrayRef> {
    let (bags, lists) = (args.text(0)?, args.text(1)?);
    args.texts(|row, out| {
        let Some(members) = bags.get(row).and_then(scan::each_member) else { return false };
        let list = lists.get(row).and_then(scan::elements).unwrap_or_default();
        let removed: Vec<Vec<String>> =
            list.into_iter().filter_map(|key| steps(&scan::text_of(key))).collect();
        let removed: Vec<&[String]> = removed.iter().map(Vec::as_slice).collect();
        out.push('{');
        write_without(out, members, &removed);
        out.push('}');
        true
    })
}

/// The properties to which none of the paths in `removed` leads.
fn write_without(out: &mut String, members: scan::Members<'_>, removed: &[&[String]]) {
    for (key, value) in members {
        let inner: Vec<&[String]> = removed
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| scan::key_is(key, first))
            .map(|(_, rest)| rest)
            .collect();
        if inner.iter().any(|rest| rest.is_empty()) {
            continue;
        }
        match scan::each_member(value).filter(|_| !inner.is_empty()) {
            None => write_member(out, key, value),
            Some(members) => {
                let mut within = String::from("{");
                write_without(&mut within, members, &inner);
                within.push('}');
                write_member(out, key, &within);
            }
        }
    }
}

/// Names and values by turns.
fn pack(args: &Args) -> Result<ArrayRef> {
    let mut members = Vec::new();
    for k in (0..args.count() - args.count() % 2).step_by(2) {
        members.push((Cells::new(args, k)?, Cells::new(args, k + 1)?));
    }
    args.texts(|row, out| {
        let mut seen = HashSet::new();
        let mut key = String::new();
        out.push('{');
        for (name, value) in &members {
            key.clear();
            name.write(row, &mut key);
            if seen.insert(key.clone()) {
                scan::separate(out);
                json::write_string(out, &key);
                out.push(':');
                value.write_json(row, out);
            }
        }
        out.push('}');
        true
    })
}

/// `(path, json)`: the part at `$.a.b[0]['c']`, as text.
fn extract_json(args: &Args) -> Result<ArrayRef> {
    let (paths, texts) = (args.text(0)?, args.text(1)?);
    args.texts(|row, out| {
        let Some(part) = at_path(texts.text(row), paths.text(row)) else { return false };
        out.push_str(&scan::plain(part));
        true
    })
}

fn at_path<'j>(json: &'j str, path: &str) -> Option<&'j str> {
    let mut part = json;
    let mut rest = path.trim().strip_prefix('$')?;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            part = scan::property(part, &after[..end])?;
            rest = &after[end..];
        } else {
            let (step, after) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = |q: char| step.strip_prefix(q).and_then(|s| s.strip_suffix(q));
            part = match quoted('\'').or_else(|| quoted('"')) {
                Some(key) => scan::property(part, key)?,
                None => scan::element(part, step.trim().parse().ok()?)?,
            };
            rest = after;
        }
    }
    (!scan::is_null(part)).then_some(part)
}

/// The fields of the first record; a quoted field may hold commas, quotes doubled, line breaks.
fn parse_csv(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| {
        let fields = csv_record(texts.text(row));
        write_texts(out, fields.iter().map(String::as_str));
        true
    })
}

fn csv_record(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let empty = fields.last().is_none_or(String::is_empty);
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                push(&mut fields, '"');
            }
            '"' if quoted => quoted = false,
            '"' if empty => quoted = true,
            ',' if !quoted => fields.push(String::new()),
            '\r' | '\n' if !quoted => break,
            _ => push(&mut fields, c),
        }
    }
    fields
}

fn push(fields: &mut [String], c: char) {
    if let Some(field) = fields.last_mut() {
        field.push(c);
    }
}

fn sorted_json(args: &Args) -> Result<ArrayRef> {
    let cells = Cells::new(args, 0)?;
    let mut text = String::new();
    args.texts(|row, out| {
        text.clear();
        cells.write_json(row, &mut text);
        write_sorted(out, &text);
        true
    })
}

fn write_sorted(out: &mut String, json: &str) {
    if let Some(elements) = scan::each_element(json) {
        out.push('[');
        for (at, element) in elements.enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            write_sorted(out, element);
        }
        out.push(']');
    } else if let Some(members) = scan::each_member(json) {
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|(key, _)| *key);
        out.push('{');
        for (at, (key, value)) in members.into_iter().enumerate() {
            let _ = write!(out, "{}\"{key}\":", if at > 0 { "," } else { "" });
            write_sorted(out, value);
        }
        out.push('}');
    } else {
        out.push_str(json);
    }
}
