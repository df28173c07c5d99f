//! `bag_set_key`, `bag_zip`, `treepath`: bags written and walked; anything but a bag gives null
//! (spec kql.md §3, §4).

use std::collections::HashSet;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::Args;
use super::array::{as_json, write_texts};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("bag_set_key", |c| c.kernel(set_key)),
    ("bag_zip", |c| c.kernel(zip)),
    ("treepath", |c| c.kernel(paths)),
];

/// The steps of `$.a['b']`; any other text is one step. `None` for paths into arrays and for the
/// bare `$`.
pub(super) fn steps(path: &str) -> Option<Vec<String>> {
    let after = path.strip_prefix('$').filter(|r| r.is_empty() || r.starts_with(['.', '[']));
    let Some(mut rest) = after else { return Some(vec![path.to_owned()]) };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            steps.push(after[..end].to_owned());
            rest = &after[end..];
        } else {
            let (step, after) = rest.strip_prefix('[')?.split_once(']')?;
            let quoted = |q: char| step.strip_prefix(q).and_then(|s| s.strip_suffix(q));
            steps.push(quoted('\'').or_else(|| quoted('"'))?.to_owned());
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(steps)
}

/// `(bag, key or path, value)`: a missing key is added at the end, bags on the way are made.
fn set_key(args: &Args) -> Result<ArrayRef> {
    let (bags, keys, values) = (args.text(0)?, args.text(1)?, Cells::new(args, 2)?);
    args.texts(|row, out| {
        let bag = bags.get(row).filter(|json| scan::kind(json) == Kind::Bag);
        let (Some(bag), Some(steps)) = (bag, steps(keys.text(row))) else { return false };
        write_set(out, bag, &steps, &as_json(&values, row));
        true
    })
}

fn write_set(out: &mut String, bag: &str, steps: &[String], value: &str) {
    let Some((step, rest)) = steps.split_first() else {
        out.push_str(value);
        return;
    };
    let mut found = false;
    out.push('{');
    for (key, old) in scan::each_member(bag).into_iter().flatten() {
        scan::separate(out);
        out.push('"');
        out.push_str(key);
        out.push_str("\":");
        if scan::key_is(key, step) {
            found = true;
            write_set(out, old, rest, value);
        } else {
            out.push_str(old);
        }
    }
    if !found {
        scan::separate(out);
        json::write_string(out, step);
        out.push(':');
        write_set(out, "{}", rest, value);
    }
    out.push('}');
}

/// `(keys, values)`: keys that are no texts are left out with their values, missing values are
/// null.
fn zip(args: &Args) -> Result<ArrayRef> {
    let (keys, values) = (args.text(0)?, args.text(1)?);
    args.texts(|row, out| {
        let Some(keys) = keys.get(row).and_then(scan::each_element) else { return false };
        let values = values.get(row).and_then(scan::elements).unwrap_or_default();
        let mut seen = HashSet::new();
        out.push('{');
        for (at, key) in keys.enumerate() {
            if scan::kind(key) == Kind::Text && seen.insert(key) {
                scan::separate(out);
                out.push_str(key);
                out.push(':');
                out.push_str(values.get(at).copied().unwrap_or("null"));
            }
        }
        out.push('}');
        true
    })
}

/// All paths of a value, in the form `['a'][0]['b']`; `[0]` stands for any element of an array.
fn paths(args: &Args) -> Result<ArrayRef> {
    let bags = args.text(0)?;
    args.texts(|row, out| {
        let Some(bag) = bags.get(row) else { return false };
        if !matches!(scan::kind(bag), Kind::Bag | Kind::Array) {
            return false;
        }
        let mut found = Vec::new();
        walk(bag, "", &mut HashSet::new(), &mut found);
        write_texts(out, found.iter().map(String::as_str));
        true
    })
}

/// Appends the paths below `json`, which stands at `path`. JSON nests less deep than the stack
/// allows: its reader refuses more than 128 levels.
fn walk(json: &str, path: &str, seen: &mut HashSet<String>, found: &mut Vec<String>) {
    let mut step = |part: &str, inner: String| {
        if seen.insert(inner.clone()) {
            found.push(inner.clone());
        }
        walk(part, &inner, seen, found);
    };
    if let Some(members) = scan::each_member(json) {
        for (key, value) in members {
            step(value, format!("{path}['{}']", scan::unescape(key)));
        }
    } else if let Some(elements) = scan::each_element(json) {
        for element in elements {
            step(element, format!("{path}[0]"));
        }
    }
}
