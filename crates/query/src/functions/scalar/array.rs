//! Functions over dynamic arrays; anything but an array gives null (spec kql.md §3, §4).

use std::cmp::Ordering;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::{Type, json};

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Texts, limited};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("array_length", |c| {
        c.kernel(|args| {
            let arrays = args.text(0)?;
            args.whole(|row| Some(scan::each_element(arrays.get(row)?)?.count() as i64))
        })
    }),
    ("array_sum", |c| {
        c.kernel(|args| {
            let arrays = args.text(0)?;
            args.reals(|row| {
                // The sum of nothing is 0, not the −0 that `sum()` starts from.
                let mut numbers = scan::each_element(arrays.get(row)?)?
                    .filter(|e| !scan::is_null(e))
                    .map(scan::number);
                numbers.try_fold(0.0, |sum, number| Some(sum + number?))
            })
        })
    }),
    ("array_concat", |c| c.kernel(concat)),
    ("array_slice", |c| c.kernel(slice)),
    ("array_index_of", |c| c.kernel(index_of)),
    ("array_reverse", |c| {
        c.kernel(|a| {
            one(a, |mut elements| {
                elements.reverse();
                elements
            })
        })
    }),
    ("array_sort_asc", |c| c.kernel(|a| sort(a, false))),
    ("array_sort_desc", |c| c.kernel(|a| sort(a, true))),
    ("pack_array", |c| c.kernel(pack_array)),
    ("repeat", |c| c.kernel(repeat)),
    ("zip", |c| c.kernel(zip)),
];

/// The most elements of an array made here.
const ELEMENTS_MAX: usize = 1_048_576;

pub(super) fn write_array<'e>(out: &mut String, elements: impl IntoIterator<Item = &'e str>) {
    out.push('[');
    for element in elements {
        scan::separate(out);
        out.push_str(element);
    }
    out.push(']');
}

fn one(args: &Args, change: impl for<'e> Fn(Vec<&'e str>) -> Vec<&'e str>) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    args.texts(|row, out| match arrays.get(row).and_then(scan::elements) {
        Some(elements) => {
            write_array(out, change(elements));
            true
        }
        None => false,
    })
}

pub(super) fn all_texts(args: &Args) -> Result<Vec<Texts>> {
    (0..args.count()).map(|k| args.text(k)).collect()
}

fn concat(args: &Args) -> Result<ArrayRef> {
    let columns = all_texts(args)?;
    args.texts(|row, out| {
        out.push('[');
        for column in &columns {
            // A null or another kind adds nothing; all of them make no array.
            for element in column.get(row).and_then(scan::each_element).into_iter().flatten() {
                scan::separate(out);
                out.push_str(element);
            }
        }
        out.push(']');
        columns.iter().any(|c| c.get(row).is_some_and(|j| scan::kind(j) == Kind::Array))
    })
}

/// Both ends included, negative from the end.
fn slice(args: &Args) -> Result<ArrayRef> {
    let (arrays, from, to) = (args.text(0)?, args.long(1)?, args.long(2)?);
    args.texts(|row, out| {
        let (Some(elements), Some(from), Some(to)) =
            (arrays.get(row).and_then(scan::elements), from.get(row), to.get(row))
        else {
            return false;
        };
        let count = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let at = |n: i64| if n < 0 { count.saturating_add(n) } else { n };
        let low = usize::try_from(at(from).max(0)).unwrap_or(usize::MAX);
        let high = usize::try_from(at(to).min(count - 1) + 1).unwrap_or(0);
        write_array(out, elements.get(low..high).unwrap_or_default().iter().copied());
        true
    })
}

/// The value of argument `k` in row `row` as JSON.
pub(super) fn as_json(cells: &Cells, row: usize) -> String {
    let mut text = String::new();
    cells.write_json(row, &mut text);
    text
}

/// `(array, value[, start[, length[, occurrence]]])`.
fn index_of(args: &Args) -> Result<ArrayRef> {
    let (arrays, values) = (args.text(0)?, Cells::new(args, 1)?);
    let optional = |k: usize| if args.has(k) { args.long(k).map(Some) } else { Ok(None) };
    let (starts, lengths, nths) = (optional(2)?, optional(3)?, optional(4)?);
    args.whole(|row| {
        let elements = scan::elements(arrays.get(row)?)?;
        let value = as_json(&values, row);
        let count = i64::try_from(elements.len()).ok()?;
        let start = starts.as_ref().map_or(Some(0), |s| s.get(row))?;
        let start = if start < 0 { (count + start).max(0) } else { start };
        let length = lengths.as_ref().map_or(Some(-1), |l| l.get(row))?;
        let end = if length < 0 { count } else { start.saturating_add(length).min(count) };
        let nth = nths.as_ref().map_or(Some(1), |n| n.get(row))?;
        let nth = usize::try_from(nth.checked_sub(1)?).ok()?;
        let hits = (start..end).filter(|at| {
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            elements.get(at).is_some_and(|e| scan::same(e, &value))
        });
        Some(hits.into_iter().nth(nth).unwrap_or(-1))
    })
}

/// Numbers by value before texts by code point before anything else; nulls last unless the last
/// argument is false.
/// Several arrays: an array of all of them, each in the order of the first; null for one of another
/// length.
fn sort(args: &Args, descending: bool) -> Result<ArrayRef> {
    let ordered = args.types.last() == Some(&Type::Bool);
    let count = args.count() - usize::from(ordered);
    let nulls_last = if ordered { Some(args.bool(count)?) } else { None };
    let arrays = (0..count).map(|k| args.text(k)).collect::<Result<Vec<_>>>()?;
    args.texts(|row, out| {
        let Some(first) = arrays[0].get(row).and_then(scan::elements) else { return false };
        let last = nulls_last.as_ref().and_then(|n| n.get(row)).unwrap_or(true);
        let mut order: Vec<usize> = (0..first.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (first[*a], first[*b]);
            match (scan::is_null(a), scan::is_null(b)) {
                (true, true) => Ordering::Equal,
                (true, false) if last => Ordering::Greater,
                (true, false) => Ordering::Less,
                (false, true) if last => Ordering::Less,
                (false, true) => Ordering::Greater,
                _ if descending => compare(b, a),
                _ => compare(a, b),
            }
        });
        if count == 1 {
            write_array(out, order.iter().map(|at| first[*at]));
            return true;
        }
        out.push('[');
        for array in &arrays {
            scan::separate(out);
            match array.get(row).and_then(scan::elements).filter(|e| e.len() == first.len()) {
                Some(elements) => write_array(out, order.iter().map(|at| elements[*at])),
                None => out.push_str("null"),
            }
        }
        out.push(']');
        true
    })
}

fn compare(a: &str, b: &str) -> Ordering {
    let other = |json: &str| scan::kind(json) != Kind::Text;
    match (scan::number(a), scan::number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        _ => other(a).cmp(&other(b)).then_with(|| scan::plain(a).cmp(&scan::plain(b))),
    }
}

fn pack_array(args: &Args) -> Result<ArrayRef> {
    let cells = (0..args.count()).map(|k| Cells::new(args, k)).collect::<Result<Vec<_>>>()?;
    args.texts(|row, out| {
        out.push('[');
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            cell.write_json(row, out);
        }
        out.push(']');
        true
    })
}

fn repeat(args: &Args) -> Result<ArrayRef> {
    let (values, counts) = (Cells::new(args, 0)?, args.long(1)?);
    let mut too_many = false;
    let out = args.texts(|row, out| {
        let Some(count) = counts.get(row).and_then(|n| usize::try_from(n).ok()) else {
            return false;
        };
        too_many |= count > ELEMENTS_MAX;
        let value = as_json(&values, row);
        let times = if too_many { 0 } else { count };
        write_array(out, std::iter::repeat_n(value.as_str(), times));
        true
    })?;
    if too_many {
        return limited(format!("`repeat()` makes at most {ELEMENTS_MAX} elements"));
    }
    Ok(out)
}

/// Shorter arrays are padded with null.
fn zip(args: &Args) -> Result<ArrayRef> {
    let columns = all_texts(args)?;
    args.texts(|row, out| {
        let lists: Option<Vec<Vec<&str>>> =
            columns.iter().map(|c| c.get(row).and_then(scan::elements)).collect();
        let Some(lists) = lists else { return false };
        let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
        out.push('[');
        for at in 0..longest {
            scan::separate(out);
            write_array(out, lists.iter().map(|l| l.get(at).copied().unwrap_or("null")));
        }
        out.push(']');
        true
    })
}

/// A text as a JSON string, for arrays of texts.
pub(super) fn write_texts<'t>(out: &mut String, texts: impl IntoIterator<Item = &'t str>) {
    out.push('[');
    for text in texts {
        scan::separate(out);
        json::write_string(out, text);
    }
    out.push(']');
}
