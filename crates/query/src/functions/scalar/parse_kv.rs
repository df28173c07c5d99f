//! `parse_kv`: the values of some keys in a text of keys and values, as an array in the order of
//! the keys; null where a key does not occur.
//!
//! Internal: the binder of the operator `parse-kv` writes the options, see there. The first value
//! of a key counts; white space around keys and values does not (spec kql.md §6).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::Expr;
use model::json;
use regex::Regex;
use std::borrow::Cow;
use std::sync::Arc;

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call};
use super::regexes;
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("parse_kv", parse_kv)];

#[derive(Default)]
struct Options {
    pair: Option<String>,
    kv: Option<String>,
    /// Opening and closing characters.
    quotes: Vec<(char, char)>,
    escapes: Vec<char>,
    greedy: bool,
    regex: Option<Arc<Regex>>,
    keys: Vec<String>,
}

type Values<'t> = Vec<Option<Cow<'t, str>>>;

fn parse_kv(call: Call) -> Result<Expr, Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(1)
        && let Some(Some(spec)) = value.try_as_str()
        && let Err(error) = Options::read(spec)
    {
        return Err(regexes::refused(1, error));
    }
    call.kernel(rows)
}

fn rows(args: &Args) -> Result<ArrayRef> {
    let (texts, specs) = (args.text(0)?, args.text(1)?);
    let Some(spec) = specs.constant() else { return internal_err!("the options are computed") };
    let options = Options::read(spec)?;
    args.texts(|row, out| {
        let values = options.values(texts.text(row));
        out.push('[');
        for value in &values {
            scan::separate(out);
            match value {
                Some(value) => json::write_string(out, value.trim()),
                None => out.push_str("null"),
            }
        }
        out.push(']');
        true
    })
}

impl Options {
    fn read(spec: &str) -> Result<Options> {
        let mut options = Options::default();
        for part in scan::each_element(spec).into_iter().flatten() {
            let part = scan::plain(part);
            let mut letters = part.chars();
            let letter = letters.next();
            let rest = letters.as_str();
            match letter {
                Some('p') => options.pair = Some(rest.to_owned()),
                Some('k') => options.kv = Some(rest.to_owned()),
                Some('q') => {
                    let mut quotes = rest.chars();
                    if let Some(open) = quotes.next() {
                        options.quotes.push((open, quotes.next().unwrap_or(open)));
                    }
                }
                Some('e') => options.escapes.extend(rest.chars().next()),
                Some('g') => options.greedy = true,
                Some('r') => options.regex = Some(two_groups(rest)?),
                Some('n') => options.keys.push(rest.to_owned()),
                _ => return internal_err!("`{part}` is no option of parse-kv"),
            }
        }
        Ok(options)
    }

    fn values<'t>(&self, text: &'t str) -> Values<'t> {
        let mut values: Values<'t> = vec![None; self.keys.len()];
        match (&self.regex, &self.pair, &self.kv) {
            (Some(regex), ..) => {
                for found in regex.captures_iter(text) {
                    let group = |i| found.get(i).map_or("", |m| m.as_str());
                    self.keep(&mut values, group(1), Cow::Borrowed(group(2)));
                }
            }
            (None, Some(pair), Some(kv)) => self.delimited(text, pair, kv, &mut values),
            _ => self.undelimited(text, &mut values),
        }
        values
    }

    /// Keeps the value of a wanted key that has none yet.
    fn keep<'t>(&self, values: &mut Values<'t>, key: &str, value: Cow<'t, str>) {
        let key = key.trim();
        if let Some(at) = self.keys.iter().position(|wanted| wanted == key)
            && values[at].is_none()
        {
            values[at] = Some(value);
        }
    }

    fn delimited<'t>(&self, text: &'t str, pair: &str, kv: &str, values: &mut Values<'t>) {
        let mut at = 0;
        // Where the next `kv` stands: looked for once, also when many texts without one precede.
        let mut next_kv = text.find(kv);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if next_kv.is_some_and(|place| place < at) {
                next_kv = rest.find(kv).map(|place| place + at);
            }
            let Some(place) = next_kv else { return };
            let Some((key, behind)) = self.key(rest, place - at, pair, kv) else {
                // No value here: on behind the next delimiter.
                match rest.find(pair) {
                    Some(end) => at += end + pair.len(),
                    None => return,
                }
                continue;
            };
            let (value, behind) = self.value(behind, pair, kv);
            self.keep(values, &key, value);
            at = text.len() - behind.len();
        }
    }

    /// The key a pair starts with, and what stands behind its delimiter; `end` is where the next
    /// `kv` is.
    fn key<'t>(
        &self,
        text: &'t str,
        end: usize,
        pair: &str,
        kv: &str,
    ) -> Option<(Cow<'t, str>, &'t str)> {
        let start = text.trim_start();
        if let Some((key, behind)) = self.quoted(start)
            && let Some(behind) = behind.trim_start().strip_prefix(kv)
        {
            return Some((key, behind));
        }
        let key = &text[..end];
        // A delimiter of pairs that stands around the key only is white space.
        if key.trim().contains(pair) || (!pair.trim().is_empty() && key.contains(pair)) {
            return None;
        }
        Some((Cow::Borrowed(key), &text[end + kv.len()..]))
    }

    /// The value at the start of a text, and what stands behind the delimiter that ends it.
    fn value<'t>(&self, text: &'t str, pair: &str, kv: &str) -> (Cow<'t, str>, &'t str) {
        let start = if pair.trim().is_empty() { text } else { text.trim_start() };
        if let Some((value, behind)) = self.quoted(start) {
            let behind = behind.find(pair).map_or("", |at| &behind[at + pair.len()..]);
            return (value, behind);
        }
        let end = match self.greedy {
            true => next_key(text, pair, kv),
            false => text.find(pair),
        };
        match end {
            Some(end) => (Cow::Borrowed(&text[..end]), &text[end + pair.len()..]),
            None => (Cow::Borrowed(text), ""),
        }
    }

    /// The inside of the quotes a text starts with, and what stands behind them.
    fn quoted<'t>(&self, text: &'t str) -> Option<(Cow<'t, str>, &'t str)> {
        let first = text.chars().next()?;
        let (open, close) = self.quotes.iter().find(|(open, _)| *open == first)?;
        let mut value = String::new();
        let mut escaped = false;
        for (at, c) in text.char_indices().skip(1) {
            if escaped {
                value.push(c);
                escaped = false;
            } else if self.escapes.contains(&c) {
                escaped = true;
            } else if c == *close {
                let inside = &text[open.len_utf8()..at];
                let behind = &text[at + c.len_utf8()..];
                // Without an escape the text itself is the value.
                let same = value == inside;
                let value = if same { Cow::Borrowed(inside) } else { Cow::Owned(value) };
                return Some((value, behind));
            } else {
                value.push(c);
            }
        }
        None
    }

    /// Without delimiters: what is no letter or digit separates, and the word or quoted text behind
    /// a key is its value.
    fn undelimited<'t>(&self, text: &'t str, values: &mut Values<'t>) {
        for (i, key) in self.keys.iter().enumerate() {
            let is_word = |c: char| c.is_alphanumeric();
            let behind = text.match_indices(key.as_str()).find_map(|(at, _)| {
                let (before, behind) = (&text[..at], &text[at + key.len()..]);
                let alone = !before.ends_with(is_word) && !behind.starts_with(is_word);
                (alone && !key.is_empty()).then_some(behind)
            });
            let Some(mut behind) = behind else { continue };
            while let Some(c) = behind.chars().next() {
                if let Some((value, _)) = self.quoted(behind) {
                    values[i] = Some(value);
                    break;
                }
                if is_word(c) {
                    let end = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
                    values[i] = Some(Cow::Borrowed(&behind[..end]));
                    break;
                }
                behind = &behind[c.len_utf8()..];
            }
        }
    }
}

/// Where the value ends before the next key: at the last `pair` in front of the next `kv` that has
/// one.
fn next_key(text: &str, pair: &str, kv: &str) -> Option<usize> {
    let mut from = 0;
    for (at, _) in text.match_indices(kv) {
        if let Some(end) = text[from..at].trim_end().rfind(pair) {
            return Some(from + end);
        }
        from = at + kv.len();
    }
    None
}

fn two_groups(pattern: &str) -> Result<Arc<Regex>> {
    let regex = regexes::compile(pattern)?;
    match regex.captures_len() {
        3 => Ok(regex),
        groups => Err(DataFusionError::Execution(format!(
            "the expression of `parse-kv` has two groups, for key and value, not {}",
            groups - 1
        ))),
    }
}
