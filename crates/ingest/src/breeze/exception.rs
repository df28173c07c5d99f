//! `ExceptionData` → `exceptions` (spec ingestion.md §7, §11).

use std::borrow::Cow;

use model::TableDef;
use model::tables::EXCEPTIONS;

use super::bags::{self, push_string};
use super::fault::Refusal;
use super::fields::{self, Check, Field, Slot, text, value, wrong_type};
use super::sink::{Item, Measured, Sink};
use crate::json::{Kind, Value};
use crate::scalar::{self, SEVERITIES, clamp_to_int};

static FIELDS: [Field; 5] = [
    value("exceptions").always(),
    value("severityLevel"),
    text("problemId", 1024),
    value("properties"),
    value("measurements"),
];

static DETAIL_FIELDS: [Field; 6] = [
    value("id"),
    value("outerId"),
    text("typeName", 1024).stored_as("type").strict(),
    text("message", 32_768).strict(),
    text("stack", 32_768).stored_as("rawStack"),
    value("parsedStack"),
];

static FRAME_FIELDS: [Field; 5] = [
    value("level"),
    text("method", 1024).strict(),
    text("assembly", 1024),
    text("fileName", 1024),
    value("line"),
];

/// The property that becomes the column `handledAt`.
const HANDLED_AT: &str = "handledAt";

/// One exception of a chain, as far as columns need it.
#[derive(Debug, Default, Clone)]
struct Link<'t> {
    ty: Cow<'t, str>,
    message: Cow<'t, str>,
    /// Of the top frame; empty without frames.
    method: Cow<'t, str>,
    assembly: Cow<'t, str>,
}

/// Writes the row of one chain of exceptions, outermost first.
pub(super) fn decode(
    item: &Item<'_, '_>,
    sink: &mut Sink<'_>,
) -> Result<&'static TableDef, Refusal> {
    let [exceptions, severity, problem, properties, measurements] =
        fields::read("ExceptionData", &FIELDS, item.data);
    let severity = sink.check.severity(severity);
    let (outer, innermost, details) = read_chain(exceptions, severity, &mut sink.check)?;
    let problem = match sink.check.text(problem)? {
        given if !given.is_empty() => given,
        _ if outer.method.is_empty() => outer.ty.clone(),
        _ => Cow::Owned(format!("{} at {}", outer.ty, outer.method)),
    };
    let handled_at = bags::property(properties, HANDLED_AT).unwrap_or_default();
    sink.read_bags(properties, measurements, &[HANDLED_AT])?;
    sink.write(item, &EXCEPTIONS, Measured::Yes, |row| {
        row.text(&problem);
        row.text(&handled_at);
        row.text(&outer.ty);
        // `message` is empty in the real service too.
        row.text("");
        row.text(&outer.assembly);
        row.text(&outer.method);
        for link in [&outer, &innermost] {
            row.text(&link.ty);
            row.text(&link.message);
            row.text(&link.assembly);
            row.text(&link.method);
        }
        row.long_or_null(severity.map(i64::from));
        row.dynamic(&details);
    });
    Ok(&EXCEPTIONS)
}

/// Outermost and innermost exception, and the JSON text of all of them.
fn read_chain<'t>(
    exceptions: Slot<'t, '_>,
    severity: Option<u8>,
    check: &mut Check,
) -> Result<(Link<'t>, Link<'t>, String), Refusal> {
    let required = || Refusal::required("ExceptionData", "exceptions", "list");
    let list = exceptions.value.ok_or_else(required)?;
    if list.kind() != Kind::Array {
        return Err(wrong_type(exceptions, list, "list"));
    }
    let mut details = String::from("[");
    let mut outer: Option<Link<'t>> = None;
    let mut innermost = Link::default();
    for (index, entry) in list.elements().enumerate() {
        if !entry.is_object() {
            return Err(wrong_type(exceptions, entry, "ExceptionDetails"));
        }
        if outer.is_some() {
            details.push(',');
        }
        let link = read_link(entry, index, severity, check, &mut details)?;
        if outer.is_none() {
            outer = Some(link.clone());
        }
        innermost = link;
    }
    details.push(']');
    Ok((outer.ok_or_else(required)?, innermost, details))
}

/// The exception at `index` of the chain; appends its object to `details`.
fn read_link<'t>(
    entry: Value<'t, '_>,
    index: usize,
    severity: Option<u8>,
    check: &mut Check,
    details: &mut String,
) -> Result<Link<'t>, Refusal> {
    let [id, outer_id, ty, message, stack, frames] =
        fields::read("ExceptionDetails", &DETAIL_FIELDS, entry);
    let at = |member: &str| format!("details[{index}].{member}");
    let ty = check.text_at(ty, at)?;
    let message = check.text_at(message, at)?;
    let stack = check.text_at(stack, at)?;
    let id_text = |slot: Slot<'t, '_>| slot.value.and_then(scalar::text).unwrap_or("0".into());
    details.push('{');
    for (key, text) in [
        ("id", id_text(id)),
        ("outerId", id_text(outer_id)),
        ("type", ty.clone()),
        ("message", message.clone()),
        ("severityLevel", severity_name(severity).into()),
    ] {
        push_text_member(details, key, &text);
    }
    let (method, assembly) = read_frames(frames, at, check, details)?;
    // Also beside frames: the web client sends both, and the text says more.
    push_text_member(details, "rawStack", &stack);
    details.push('}');
    Ok(Link { ty, message, method, assembly })
}

fn severity_name(severity: Option<u8>) -> &'static str {
    severity.and_then(|s| SEVERITIES.get(usize::from(s)).copied()).unwrap_or("")
}

/// Appends the member `parsedStack` when there are frames; method and assembly of the top frame.
/// `of_link` tells where in the row a member of this exception is.
fn read_frames<'t>(
    frames: Slot<'t, '_>,
    of_link: impl Fn(&str) -> String,
    check: &mut Check,
    details: &mut String,
) -> Result<(Cow<'t, str>, Cow<'t, str>), Refusal> {
    let mut top = None;
    let list = frames.value.into_iter().flat_map(Value::elements).filter(|f| f.is_object());
    for (index, frame) in list.enumerate() {
        let [level, method, assembly, file, line] =
            fields::read("StackFrame", &FRAME_FIELDS, frame);
        let at = |member: &str| of_link(&format!("parsedStack[{index}].{member}"));
        let method = check.text_at(method, at)?;
        let assembly = check.text_at(assembly, at)?;
        let file = check.text_at(file, at)?;
        if top.is_none() {
            push_key(details, "parsedStack");
            details.push('[');
        } else {
            details.push(',');
        }
        details.push('{');
        push_number_member(details, "level", check.number(level)?);
        push_text_member(details, "method", &method);
        push_text_member(details, "assembly", &assembly);
        push_text_member(details, "fileName", &file);
        push_number_member(details, "line", check.number(line)?);
        details.push('}');
        top = top.or(Some((method, assembly)));
    }
    if top.is_some() {
        details.push(']');
    }
    Ok(top.unwrap_or_default())
}

fn push_key(out: &mut String, key: &str) {
    if !out.ends_with('{') {
        out.push(',');
    }
    push_string(out, key);
    out.push(':');
}

/// Appends a member; an empty text is left out, as in real rows.
fn push_text_member(out: &mut String, key: &str, text: &str) {
    if !text.is_empty() {
        push_key(out, key);
        push_string(out, text);
    }
}

fn push_number_member(out: &mut String, key: &str, number: Option<f64>) {
    if let Some(number) = number {
        push_key(out, key);
        out.push_str(&clamp_to_int(number).to_string());
    }
}
