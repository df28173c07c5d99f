//! `properties` and `measurements` → the JSON texts of `customDimensions` and `customMeasurements`
//! (spec ingestion.md §5.1, §9).
//!
//! Invariants: keys keep their order and occur once (the last value wins); an empty bag is an
//! empty text.

use std::borrow::Cow;
use std::collections::HashMap;

use model::json::{write_number, write_string};

use super::Cut;
use super::fault::Refusal;
use super::fields::{Check, Slot, wrong_type};
use crate::json::{Kind, Members, Value};
use crate::limits::cut;
use crate::scalar;

const KEY_UNITS_MAX: usize = 150;
const VALUE_UNITS_MAX: usize = 8192;
/// Up to here comparing every key with every other is the cheapest way to find repeats.
const PAIRWISE_MAX: usize = 24;

/// Appends `properties` to `out`, all values as text, without the keys in `taken`.
pub(crate) fn write_properties(
    check: &mut Check,
    slot: Slot<'_, '_>,
    taken: &[&str],
    out: &mut String,
) -> Result<(), Refusal> {
    let Some(bag) = check.object(slot)? else { return Ok(()) };
    let start = out.len();
    let repeats = Repeats::of(bag);
    let mut members = bag.members();
    while let Some((key, value)) = members.next() {
        let Some(text) = scalar::text(value) else { continue };
        if taken.contains(&key.as_ref()) {
            continue;
        }
        let cut = Cut { ty: slot.ty, field: "properties" };
        // A key that is hidden because it was cut is told as well.
        let is_hidden = repeats.hide(key, value, &members);
        let key = limit_key(check, cut, "customDimensions", key)?;
        if is_hidden {
            continue;
        }
        let text =
            check.limit(cut, VALUE_UNITS_MAX, text, |_| format!("customDimensions.{key}"))?;
        out.push(if out.len() == start { '{' } else { ',' });
        push_string(out, &key);
        out.push(':');
        push_string(out, &text);
    }
    close(out, start);
    Ok(())
}

/// Adds a property that is not there yet to the text of a bag.
pub(crate) fn add_property(bag: &mut String, key: &str, text: &str) {
    match bag.pop() {
        Some(_) => bag.push(','),
        None => bag.push('{'),
    }
    push_string(bag, key);
    bag.push(':');
    push_string(bag, text);
    bag.push('}');
}

/// Appends `measurements` to `out`; what is no finite number is left out.
pub(crate) fn write_measurements(
    check: &mut Check,
    slot: Slot<'_, '_>,
    out: &mut String,
) -> Result<(), Refusal> {
    let Some(bag) = check.object(slot)? else { return Ok(()) };
    let start = out.len();
    let repeats = Repeats::of(bag);
    let mut members = bag.members();
    while let Some((key, value)) = members.next() {
        let strict = check.mode == super::Mode::Strict;
        if strict && !matches!(value.kind(), Kind::Number(_) | Kind::Null) {
            return Err(wrong_type(slot, value, "double"));
        }
        let Some(number) = scalar::number(value) else { continue };
        let cut = Cut { ty: slot.ty, field: "measurements" };
        let is_hidden = repeats.hide(key, value, &members);
        let key = limit_key(check, cut, "customMeasurements", key)?;
        if is_hidden {
            continue;
        }
        out.push(if out.len() == start { '{' } else { ',' });
        push_string(out, &key);
        out.push(':');
        write_number(out, number);
    }
    close(out, start);
    Ok(())
}

/// The key of a bag, no longer than allowed. That it was cut is marked behind its name, which no
/// key can be mistaken for: with what is added it is longer than any.
fn limit_key<'t>(
    check: &mut Check,
    cut: Cut,
    bag: &str,
    key: &'t str,
) -> Result<Cow<'t, str>, Refusal> {
    check.limit(cut, KEY_UNITS_MAX, Cow::Borrowed(key), |key| format!("{bag}.{key} (key)"))
}

/// The text of the property `key`; of repeated ones the last.
pub(crate) fn property<'t>(slot: Slot<'t, '_>, key: &str) -> Option<Cow<'t, str>> {
    let last = slot.value?.members().filter(|(k, _)| *k == key).last();
    last.and_then(|(_, value)| scalar::text(value))
}

/// Appends a JSON string; the usual text needs no escapes and is copied whole.
pub(crate) fn push_string(out: &mut String, text: &str) {
    let special = |b: u8| b < 0x20 || b == b'"' || b == b'\\';
    if text.bytes().fold(false, |found, b| found | special(b)) {
        write_string(out, text);
    } else {
        out.reserve(text.len() + 2);
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

fn close(out: &mut String, start: usize) {
    if out.len() > start {
        out.push('}');
    }
}

/// Which members a later member with the same (cut) key hides.
enum Repeats<'t, 'a> {
    Pairwise,
    /// The last value of each key.
    Last(HashMap<&'t str, Value<'t, 'a>>),
}

impl<'t, 'a> Repeats<'t, 'a> {
    fn of(bag: Value<'t, 'a>) -> Repeats<'t, 'a> {
        if bag.members().take(PAIRWISE_MAX + 1).count() <= PAIRWISE_MAX {
            return Repeats::Pairwise;
        }
        Repeats::Last(bag.members().map(|(key, value)| (cut_key(key), value)).collect())
    }

    /// Whether a member after `key` and `value` has the same key; `later` are those after it.
    fn hide(&self, key: &str, value: Value<'_, '_>, later: &Members<'_, '_>) -> bool {
        let key = cut_key(key);
        match self {
            Repeats::Pairwise => later.clone().any(|(k, _)| cut_key(k) == key),
            Repeats::Last(last) => last.get(key).is_some_and(|last| !last.is_same(value)),
        }
    }
}

fn cut_key(key: &str) -> &str {
    cut(key, KEY_UNITS_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::fields::{self, Field, value};
    use super::*;
    use crate::json::{Reader, Tape};

    static FIELDS: [Field; 2] = [value("properties"), value("measurements")];

    fn bags(json: &str) -> (String, String) {
        let mut tape = Tape::default();
        Reader::new(json, 0).read(&mut tape, 1 << 20).unwrap();
        let [properties, measurements] = fields::read("EventData", &FIELDS, tape.root());
        let mut check = Check::default();
        let (mut dimensions, mut numbers) = (String::new(), String::new());
        write_properties(&mut check, properties, &["taken"], &mut dimensions).unwrap();
        write_measurements(&mut check, measurements, &mut numbers).unwrap();
        (dimensions, numbers)
    }

    #[test]
    fn bags_keep_order_and_the_last_of_repeated_keys() {
        let (dimensions, numbers) = bags(
            r#"{"properties":{"b":1,"a":"x\"y","b":"2","n":null,"taken":"t","e":""},
                "measurements":{"m":"7","k":1.5,"x":"abc","t":true,"m":8}}"#,
        );
        assert_eq!(dimensions, r#"{"a":"x\"y","b":"2","e":""}"#);
        assert_eq!(numbers, r#"{"k":1.5,"m":8}"#);
        assert_eq!(bags(r#"{"properties":{"n":null}}"#), (String::new(), String::new()));
    }

    #[test]
    fn keys_that_become_equal_by_cutting_are_one_key() {
        let long = "k".repeat(150);
        for filler in [0, 40] {
            let more: String = (0..filler).map(|i| format!("\"f{i}\":\"\",")).collect();
            let json = format!(
                "{{\"properties\":{{{more}\"{long}1\":\"first\",\"{long}2\":\"second\"}}}}"
            );
            let (dimensions, _) = bags(&json);
            assert!(dimensions.ends_with(&format!("\"{long}\":\"second\"}}")), "{filler}");
            assert!(!dimensions.contains("first"), "{filler}");
        }
    }
}
