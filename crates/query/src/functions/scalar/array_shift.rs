//! `array_rotate_*`, `array_shift_*`, `array_split`, `array_iff`: arrays rearranged; anything but
//! an array gives null (spec kql.md §4).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::Type;

use super::super::Build;
use super::super::json::scan::{self, Kind};
use super::super::kernel::{Args, Texts};
use super::array::{as_json, write_array};
use super::tostring::Cells;

pub(super) const FAMILY: &[(&str, Build)] = &[
    ("array_rotate_left", |c| c.kernel(|a| rotate(a, false))),
    ("array_rotate_right", |c| c.kernel(|a| rotate(a, true))),
    ("array_shift_left", |c| c.kernel(|a| shift(a, false))),
    ("array_shift_right", |c| c.kernel(|a| shift(a, true))),
    ("array_split", |c| c.kernel(split)),
    ("array_iff", |c| c.kernel(choose)),
];

/// The elements moved on by a count; those that leave at one end come in at the other.
fn rotate(args: &Args, right: bool) -> Result<ArrayRef> {
    let (arrays, counts) = (args.text(0)?, args.long(1)?);
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let Some(count) = counts.get(row) else { return false };
        let length = i64::try_from(elements.len().max(1)).unwrap_or(i64::MAX);
        let left = if right { count.wrapping_neg() } else { count }.rem_euclid(length);
        let (head, tail) = elements.split_at(usize::try_from(left).unwrap_or(0));
        write_array(out, tail.iter().chain(head).copied());
        true
    })
}

/// The elements moved by a count; the places left empty hold the default.
fn shift(args: &Args, right: bool) -> Result<ArrayRef> {
    let (arrays, counts) = (args.text(0)?, args.long(1)?);
    let defaults = if args.has(2) { Some(Cells::new(args, 2)?) } else { None };
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let Some(count) = counts.get(row) else { return false };
        let filler = match &defaults {
            Some(values) => as_json(values, row),
            // Arrays of texts have no null to offer.
            None if elements.first().is_some_and(|e| scan::kind(e) == Kind::Text) => "\"\"".into(),
            None => "null".to_owned(),
        };
        let left = if right { count.saturating_neg() } else { count };
        let gone = usize::try_from(left.unsigned_abs()).unwrap_or(usize::MAX).min(elements.len());
        let empty = std::iter::repeat_n(filler.as_str(), gone);
        if left >= 0 {
            write_array(out, elements[gone..].iter().copied().chain(empty));
        } else {
            write_array(out, empty.chain(elements[..elements.len() - gone].iter().copied()));
        }
        true
    })
}

/// The parts between positions, one position or an array of them; negative from the end.
fn split(args: &Args) -> Result<ArrayRef> {
    let arrays = args.text(0)?;
    let places: Box<dyn Fn(usize) -> Option<Vec<i64>>> = if args.types[1] == Type::Dynamic {
        let lists = args.text(1)?;
        Box::new(move |row| {
            scan::each_element(lists.get(row)?)?.map(scan::exact_long).collect::<Option<Vec<_>>>()
        })
    } else {
        let places = args.long(1)?;
        Box::new(move |row| Some(vec![places.get(row)?]))
    };
    args.texts(|row, out| {
        let Some(elements) = arrays.get(row).and_then(scan::elements) else { return false };
        let Some(places) = places(row) else { return false };
        let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
        let mut start = 0;
        out.push('[');
        for place in places {
            let place = if place < 0 { length.saturating_add(place) } else { place };
            let end = usize::try_from(place.clamp(0, length)).unwrap_or(0);
            scan::separate(out);
            write_array(out, elements[start.min(end)..end].iter().copied());
            start = end.max(start);
        }
        scan::separate(out);
        write_array(out, elements[start..].iter().copied());
        out.push(']');
        true
    })
}

/// What stands for one condition: an element of an array, or the same value for all.
enum Choice {
    Array(Texts),
    Value(Cells),
}

impl Choice {
    fn new(args: &Args, k: usize) -> Result<Choice> {
        Ok(match args.types[k] {
            Type::Dynamic => Choice::Array(args.text(k)?),
            _ => Choice::Value(Cells::new(args, k)?),
        })
    }

    /// The values in a row: a list to pick from, or one for all places.
    fn of_row(&self, row: usize) -> (Option<Vec<&str>>, String) {
        match self {
            Choice::Value(cells) => (None, as_json(cells, row)),
            Choice::Array(texts) => match texts.get(row) {
                None => (None, "null".to_owned()),
                Some(json) => (scan::elements(json), json.to_owned()),
            },
        }
    }
}

/// `(conditions, when true, when false)`: by element; null where the condition is neither a bool
/// nor a number.
fn choose(args: &Args) -> Result<ArrayRef> {
    let conditions = args.text(0)?;
    let (yes, no) = (Choice::new(args, 1)?, Choice::new(args, 2)?);
    args.texts(|row, out| {
        let Some(conditions) = conditions.get(row).and_then(scan::elements) else { return false };
        let (yes, no) = (yes.of_row(row), no.of_row(row));
        let chosen = conditions.iter().enumerate().map(|(at, condition)| {
            let holds = scan::boolean(condition).or_else(|| match scan::kind(condition) {
                Kind::Long | Kind::Real => scan::number(condition).map(|v| v != 0.0),
                _ => None,
            });
            let (list, one) = match holds {
                Some(true) => &yes,
                Some(false) => &no,
                None => return "null",
            };
            list.as_ref().map_or(one.as_str(), |list| list.get(at).copied().unwrap_or("null"))
        });
        write_array(out, chosen);
        true
    })
}
