//! `parse_xml`: elements, attributes and texts of an XML document as a bag; everything else of it
//! is skipped. Null for what is no XML.
//!
//! `<e a="1">t<b/><b/></e>` is `{"e":{"@a":"1","#text":"t","b":[null,null]}}`.

use std::fmt::Write;

use datafusion::arrow::array::ArrayRef;
use datafusion::common::Result;
use model::json;

use super::super::Build;
use super::super::json::scan;
use super::super::kernel::Args;

pub(super) const FAMILY: &[(&str, Build)] = &[("parse_xml", |c| c.kernel(parse_xml))];

/// Longer texts are not read, as the vendor documents.
const BYTES_MAX: usize = 1 << 20;
/// Elements within elements.
const DEPTH_MAX: usize = 100;

fn parse_xml(args: &Args) -> Result<ArrayRef> {
    let texts = args.text(0)?;
    args.texts(|row, out| {
        let text = texts.text(row);
        if text.len() > BYTES_MAX {
            return false;
        }
        let Some((name, value)) = document(text) else { return false };
        out.push('{');
        json::write_string(out, name);
        // Writing to a String cannot fail.
        let _ = write!(out, ":{value}}}");
        true
    })
}

/// What one element holds: names and JSON values in the order of their first appearance.
type Parts = Vec<(String, Vec<String>)>;

struct Reader<'x> {
    rest: &'x str,
}

/// The root element with its value.
fn document(text: &str) -> Option<(&str, String)> {
    let mut reader = Reader { rest: text.trim_start_matches('\u{feff}') };
    reader.skip_to_element()?;
    let root = reader.element(0)?;
    // Behind the root only comments and the like may stand.
    reader.skip_misc()?;
    reader.rest.is_empty().then_some(root)
}

impl<'x> Reader<'x> {
    fn skip(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }
    /// Up to `end`, which is skipped, too.
    fn until(&mut self, end: &str) -> Option<&'x str> {
        let (before, after) = self.rest.split_once(end)?;
        self.rest = after;
        Some(before)
    }

    /// Comments, instructions and sections that are not translated.
    fn skip_markup(&mut self) -> Option<bool> {
        for (start, end) in [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>")] {
            if self.rest.starts_with(start) {
                self.rest = &self.rest[start.len()..];
                self.until(end)?;
                return Some(true);
            }
        }
        if self.rest.starts_with("<!DOCTYPE") {
            // An inner part in brackets holds `>` of its own.
            let end = self.rest.find(['[', '>'])?;
            let inner = self.rest[end..].starts_with('[');
            if inner {
                self.until("]")?;
            }
            self.until(">")?;
            return Some(true);
        }
        Some(false)
    }

    fn skip_misc(&mut self) -> Option<()> {
        loop {
            self.skip_spaces();
            if !self.skip_markup()? {
                return Some(());
            }
        }
    }

    fn skip_to_element(&mut self) -> Option<()> {
        self.skip_misc()?;
        self.rest.starts_with('<').then_some(())
    }

    fn name(&mut self) -> Option<&'x str> {
        let stop = |c: char| c.is_whitespace() || "/>=<\"'&".contains(c);
        let end = self.rest.find(stop)?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    /// An element from its `<` on: its name and value.
    fn element(&mut self, depth: usize) -> Option<(&'x str, String)> {
        if depth > DEPTH_MAX {
            return None;
        }
        self.skip("<")?;
        let name = self.name()?;
        let mut parts = Parts::new();
        loop {
            let before = self.rest.len();
            self.skip_spaces();
            if self.skip("/>").is_some() {
                return Some((name, value_of(parts)));
            }
            if self.skip(">").is_some() {
                break;
            }
            if before == self.rest.len() {
                return None;
            }
            let (attribute, value) = self.attribute()?;
            let place = format!("@{attribute}");
            if parts.iter().any(|(name, _)| *name == place) {
                return None;
            }
            parts.push((place, vec![value]));
        }
        self.content(name, depth, &mut parts)?;
        Some((name, value_of(parts)))
    }

    fn attribute(&mut self) -> Option<(&'x str, String)> {
        let name = self.name()?;
        self.skip_spaces();
        self.skip("=")?;
        self.skip_spaces();
        let quote = if self.rest.starts_with('\'') { "'" } else { "\"" };
        self.skip(quote)?;
        let value = self.until(quote)?;
        Some((name, text_json(&decoded(value)?)))
    }

    /// Everything up to and with the closing tag of `name`.
    fn content(&mut self, name: &str, depth: usize, parts: &mut Parts) -> Option<()> {
        loop {
            let end = self.rest.find('<')?;
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            let text = decoded(text)?;
            if !text.trim().is_empty() {
                add(parts, "#text", text_json(text.trim()));
            }
            if self.skip("</").is_some() {
                if self.name()? != name {
                    return None;
                }
                self.skip_spaces();
                return self.skip(">");
            }
            if !self.skip_markup()? {
                let (child, value) = self.element(depth + 1)?;
                add(parts, child, value);
            }
        }
    }
}

fn add(parts: &mut Parts, name: &str, value: String) {
    match parts.iter_mut().find(|(known, _)| known == name) {
        Some((_, values)) => values.push(value),
        None => parts.push((name.to_owned(), vec![value])),
    }
}

fn text_json(text: &str) -> String {
    let mut out = String::new();
    json::write_string(&mut out, text);
    out
}

/// Null for an empty element, a string for text alone, else a bag; what repeats is an array.
fn value_of(parts: Parts) -> String {
    let joined = |values: &[String]| match values {
        [one] => one.clone(),
        several => format!("[{}]", several.join(",")),
    };
    match parts.as_slice() {
        [] => "null".to_owned(),
        [(name, values)] if name == "#text" => joined(values),
        several => {
            let mut out = String::from("{");
            for (name, values) in several {
                scan::separate(&mut out);
                json::write_string(&mut out, name);
                out.push(':');
                out.push_str(&joined(values));
            }
            out.push('}');
            out
        }
    }
}

/// The text with its references (`&lt;`, `&#65;`) resolved; `None` for an unknown one.
fn decoded(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';')?;
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = name.strip_prefix('#')?;
                let code = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(code.ok()?)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}
