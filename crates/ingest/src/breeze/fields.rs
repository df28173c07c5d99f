//! The members of a schema type, declared as data, and how they are read in both modes
//! (spec ingestion.md §5, §7).

use std::borrow::Cow;

use super::fault::Refusal;
use super::marks::Marks;
use super::{Cut, Mode};
use crate::json::{Kind, Value};
use crate::limits::{cut_cow, fits, utf16_length};
use crate::scalar;

/// When a missing or empty member refuses the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Required {
    Never,
    InStrictMode,
    Always,
}

/// One member of a schema type.
#[derive(Debug)]
pub(crate) struct Field {
    pub name: &'static str,
    /// The column, or the member of `details`, in which it is stored.
    column: &'static str,
    /// UTF-16 units a text may have; unlimited for what is no text.
    pub units_max: usize,
    required: Required,
}

/// A text member.
pub(crate) const fn text(name: &'static str, units_max: usize) -> Field {
    Field { name, column: name, units_max, required: Required::Never }
}

/// A member that is no text.
pub(crate) const fn value(name: &'static str) -> Field {
    text(name, usize::MAX)
}

impl Field {
    /// Stored under another name.
    pub const fn stored_as(self, column: &'static str) -> Field {
        Field { column, ..self }
    }

    /// Refused when missing or empty, in strict mode.
    pub const fn strict(self) -> Field {
        Field { required: Required::InStrictMode, ..self }
    }

    /// Refused when missing or empty, in both modes.
    pub const fn always(self) -> Field {
        Field { required: Required::Always, ..self }
    }
}

/// What an object has for one field; null counts as nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'t, 'a> {
    pub ty: &'static str,
    pub field: &'static Field,
    pub value: Option<Value<'t, 'a>>,
}

/// The members of `object` that `fields` names; of repeated members the last.
pub(crate) fn read<'t, 'a, const N: usize>(
    ty: &'static str,
    fields: &'static [Field; N],
    object: Value<'t, 'a>,
) -> [Slot<'t, 'a>; N] {
    let mut slots = std::array::from_fn(|i| Slot { ty, field: &fields[i], value: None });
    for (key, value) in object.members() {
        if let Some(at) = fields.iter().position(|f| f.name == key) {
            slots[at].value = (!value.is_null()).then_some(value);
        }
    }
    slots
}

/// Reads members by the rules of one mode; counts and marks what it cuts.
#[derive(Debug, Default)]
pub(crate) struct Check {
    pub mode: Mode,
    pub cuts: Vec<(Cut, usize)>,
    /// Of the item at hand.
    pub marks: Marks,
}

impl Check {
    fn strict(&self) -> bool {
        self.mode == Mode::Strict
    }

    fn requires(&self, field: &Field) -> bool {
        match field.required {
            Required::Never => false,
            Required::InStrictMode => self.strict(),
            Required::Always => true,
        }
    }

    /// The text of a member, no longer than allowed; empty when missing.
    pub fn text<'t>(&mut self, slot: Slot<'t, '_>) -> Result<Cow<'t, str>, Refusal> {
        self.text_at(slot, str::to_owned)
    }

    /// [`Check::text`] of a member that is stored at `place` of its column.
    pub fn text_at<'t>(
        &mut self,
        slot: Slot<'t, '_>,
        place: impl FnOnce(&str) -> String,
    ) -> Result<Cow<'t, str>, Refusal> {
        let Slot { ty, field, value } = slot;
        let mut text = Cow::Borrowed("");
        if let Some(value) = value {
            if self.strict() && !matches!(value.kind(), Kind::Text(_)) {
                return Err(wrong_type(slot, value, "string"));
            }
            text = scalar::text(value).unwrap_or_default();
        }
        if text.is_empty() && self.requires(field) {
            return Err(Refusal::required(ty, field.name, "string"));
        }
        let cut = Cut { ty, field: field.name };
        self.limit(cut, field.units_max, text, |_| place(field.column))
    }

    /// `text` when it fits; else cut, counted and marked, or in strict mode refused. `place` tells
    /// where the cut text is stored.
    pub fn limit<'t>(
        &mut self,
        cut: Cut,
        units_max: usize,
        text: Cow<'t, str>,
        place: impl FnOnce(&str) -> String,
    ) -> Result<Cow<'t, str>, Refusal> {
        if fits(&text, units_max) {
            return Ok(text);
        }
        let units = utf16_length(&text);
        if self.strict() {
            return Err(Refusal::too_long(cut.ty, cut.field, units_max, units));
        }
        self.count(cut);
        let text = cut_cow(text, units_max);
        self.marks.add(place(&text), units);
        Ok(text)
    }

    fn count(&mut self, cut: Cut) {
        match self.cuts.iter_mut().find(|(known, _)| *known == cut) {
            Some((_, count)) => *count += 1,
            None => self.cuts.push((cut, 1)),
        }
    }

    /// Milliseconds; missing and unreadable count as 0.
    pub fn duration_ms(&mut self, slot: Slot<'_, '_>) -> Result<f64, Refusal> {
        let Some(value) = slot.value else {
            if self.requires(slot.field) {
                return Err(Refusal::required(slot.ty, slot.field.name, "duration"));
            }
            return Ok(0.0);
        };
        let ms = scalar::duration_ms(value);
        if self.strict() && (ms.is_none() || !matches!(value.kind(), Kind::Text(_))) {
            return Err(wrong_type(slot, value, "duration"));
        }
        Ok(ms.unwrap_or(0.0))
    }

    /// A truth value; `default` when missing or unreadable.
    pub fn boolean(&mut self, slot: Slot<'_, '_>, default: bool) -> Result<bool, Refusal> {
        let Some(value) = slot.value else { return Ok(default) };
        if self.strict() && !matches!(value.kind(), Kind::Boolean(_)) {
            return Err(wrong_type(slot, value, "boolean"));
        }
        Ok(scalar::boolean(value).unwrap_or(default))
    }

    /// A finite number that may be missing; what is no number counts as missing.
    pub fn number(&mut self, slot: Slot<'_, '_>) -> Result<Option<f64>, Refusal> {
        let Some(value) = slot.value else { return Ok(None) };
        if self.strict() && !matches!(value.kind(), Kind::Number(_)) {
            return Err(wrong_type(slot, value, "double"));
        }
        Ok(scalar::number(value))
    }

    /// A severity by number or name; unknown ones are none in both modes.
    pub fn severity(&mut self, slot: Slot<'_, '_>) -> Option<u8> {
        slot.value.and_then(scalar::severity)
    }

    /// A member that has to be an object; anything else is nothing, or in strict mode refused.
    pub fn object<'t, 'a>(&mut self, slot: Slot<'t, 'a>) -> Result<Option<Value<'t, 'a>>, Refusal> {
        match slot.value {
            Some(value) if !value.is_object() => {
                if self.strict() {
                    Err(wrong_type(slot, value, "object"))
                } else {
                    Ok(None)
                }
            }
            value => Ok(value),
        }
    }
}

/// The refusal of a member that has the wrong type.
pub(crate) fn wrong_type(slot: Slot<'_, '_>, value: Value<'_, '_>, expected: &str) -> Refusal {
    Refusal::wrong_type(slot.ty, slot.field.name, expected, scalar::type_name(value))
}
