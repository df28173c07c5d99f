//! `parse`, `parse-where`: a pattern cut into columns (spec kql.md §6).
//!
//! Invariant: the pattern is run once per row, by the internal function `parse`, which yields the
//! captured texts as an array, null where the text does not fit. Its second argument is the
//! pattern: a JSON array of the kind, the flags, and the parts, each led by a letter: `t` a text,
//! `c` a capture with its type, `*` a skip.

use model::Type;

use super::super::Binder;
use super::super::coerce::{conversion, convert};
use super::super::expressions::{call, column_ref, text_literal};
use super::super::relations::filter;
use super::super::scope::unwrap;
use crate::bound::{Expr, ExprKind, Literal, PathStep, Relation};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{self, Name, OperatorParameter, Parse, PatternPart};

const KINDS: [&str; 3] = ["simple", "regex", "relaxed"];

/// Flags of the regular expressions, as the `regex` crate spells them.
const FLAGS: &str = "imsUxu";

impl Binder<'_> {
    pub(super) fn parse(&mut self, input: Relation, parse: &Parse, span: Span) -> Option<Relation> {
        let text = self.scalar(&parse.value, &input.columns).map(|v| convert(v, Type::String));
        let options = self.parse_options(&parse.parameters);
        let pattern = self.parse_pattern(&parse.pattern);
        let columns = captures(&parse.pattern);
        let written: Vec<&Name> = columns.iter().map(|(name, _)| *name).collect();
        self.once_each(&written)?;
        let captured = match (text, options, pattern) {
            (Some(text), Some((kind, flags)), Some(parts)) => {
                let first = parse.pattern.iter().find_map(|part| match part {
                    PatternPart::Text { span, .. } => Some(*span),
                    _ => None,
                });
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                let pattern = text_list([kind.as_str(), flags.as_str()].into_iter().chain(parts));
                let pattern = text_literal(&pattern, first.unwrap_or(span));
                Some(call("parse", vec![text, pattern], Type::Dynamic, span))
            }
            _ => None,
        };
        self.captured_columns(input, captured, &columns, parse.filters, span)
    }

    /// The input and one column for each element of the array `captured` (poisoned without it); a
    /// column that exists is replaced in its place.
    pub(super) fn captured_columns(
        &mut self,
        input: Relation,
        captured: Option<Expr>,
        columns: &[(&Name, Type)],
        filters: bool,
        span: Span,
    ) -> Option<Relation> {
        let before = input.columns.clone();
        let mut list: Vec<_> =
            before.iter().map(|c| (c.name.clone(), Some(column_ref(c, span)))).collect();
        list.push(("$captures".to_owned(), captured));
        let mut relation = self.projection_of(input, list, span)?;
        let captures = relation.columns.last()?.clone();
        let poisoned = self.poisoned.contains(&captures.id);
        if filters && !poisoned {
            let array = column_ref(&captures, span);
            relation = filter(relation, call("isnotnull", vec![array], Type::Bool, span), span);
        }
        let value = |position: usize, ty: Type| {
            let base = Box::new(column_ref(&captures, span));
            let step = Box::new(PathStep::Index(i64::try_from(position).ok()?));
            let kind = ExprKind::Path { base, step };
            let element = Expr { kind, ty: Type::Dynamic, span };
            let text = call("tostring", vec![element], Type::String, span);
            Some(if ty == Type::String { text } else { call(conversion(ty), vec![text], ty, span) })
        };
        let position_of = |name: &str| columns.iter().position(|(other, _)| other.text == name);
        let mut list: Vec<(String, Option<Expr>)> = Vec::new();
        for column in &before {
            let expr = match position_of(&column.name) {
                Some(_) if poisoned => None,
                Some(position) => value(position, columns[position].1),
                None => Some(column_ref(column, span)),
            };
            list.push((column.name.clone(), expr));
        }
        for (position, (name, ty)) in columns.iter().enumerate() {
            if !before.iter().any(|column| column.name == name.text) {
                let expr = if poisoned { None } else { value(position, *ty) };
                list.push((name.text.clone(), expr));
            }
        }
        self.projection_of(relation, list, span)
    }

    /// Refuses a name that is written twice.
    pub(super) fn once_each(&mut self, names: &[&Name]) -> Option<()> {
        for (i, name) in names.iter().enumerate() {
            if names[..i].iter().any(|other| other.text == name.text) {
                return self.named_twice(name);
            }
        }
        Some(())
    }

    fn parse_options(&mut self, parameters: &[OperatorParameter]) -> Option<(String, String)> {
        let mut kind = "simple".to_owned();
        let mut flags: Option<(String, Span)> = None;
        for parameter in parameters {
            let value = unwrap(&parameter.value);
            let text = match &value.kind {
                syntax::ExprKind::Name(name) => name.text.clone(),
                syntax::ExprKind::Literal(Literal::String { value, .. }) => value.clone(),
                _ => String::new(),
            };
            match parameter.name.text.as_str() {
                "kind" if KINDS.contains(&text.as_str()) => kind = text,
                "kind" => {
                    let message = format!("`{}` is no kind of `parse`", self.text_of(value));
                    let place = value.span;
                    return self.unknown(codes::UNKNOWN_NAME, place, message, &text, KINDS);
                }
                "flags" => flags = Some((text, value.span)),
                _ => {}
            }
        }
        let Some((flags, place)) = flags else { return Some((kind, String::new())) };
        if kind != "regex" {
            let message = "`flags` of `parse` have a meaning with `kind=regex` only";
            return self.error(codes::NOT_ALLOWED, place, message);
        }
        if let Some(flag) = flags.chars().find(|flag| !FLAGS.contains(*flag)) {
            let message = format!("`{flag}` is no flag of a regular expression");
            let help = "flags are `i` (any case), `m` (lines), `s` (`.` takes line breaks), `U` \
                        (lazy), `x` (spaces ignored)";
            return self.report(Diagnostic::new(codes::NOT_ALLOWED, place, message).help(help));
        }
        Some((kind, flags))
    }

    /// The parts as the internal function reads them; what stands side by side must be clear.
    fn parse_pattern(&mut self, pattern: &[PatternPart]) -> Option<Vec<String>> {
        let mut parts = Vec::with_capacity(pattern.len());
        for (i, part) in pattern.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| pattern.get(i));
            match part {
                PatternPart::Text { value, .. } => parts.push(format!("t{value}")),
                PatternPart::Skip(place) => {
                    self.check_skip(before, *place)?;
                    parts.push("*".to_owned());
                }
                PatternPart::Capture { name, ty } => {
                    self.check_capture(before, name)?;
                    parts.push(format!("c{}", ty.unwrap_or(Type::String)));
                }
            }
        }
        Some(parts)
    }

    fn check_skip(&mut self, before: Option<&PatternPart>, place: Span) -> Option<()> {
        let (message, help) = match before {
            None | Some(PatternPart::Text { .. }) => return Some(()),
            Some(PatternPart::Capture { ty: Some(ty), .. }) if ty.is_numeric() => return Some(()),
            Some(PatternPart::Skip(_)) => ("`*` stands twice", "one `*` skips any text"),
            Some(PatternPart::Capture { name, ty: None | Some(Type::String) }) => {
                let message = format!("where `{}` ends before the `*` is not clear", name.text);
                let help = "put the text that follows it in quotes before the `*`";
                return self.report(Diagnostic::new(codes::NOT_ALLOWED, place, message).help(help));
            }
            Some(PatternPart::Capture { ty: Some(ty), .. }) => {
                let message = format!("`*` right behind a {ty} in `parse` is not supported");
                let help = "put the text that follows the value in quotes before the `*`";
                let finding = Diagnostic::new(codes::NOT_SUPPORTED, place, message);
                return self.report(finding.help(help));
            }
        };
        self.report(Diagnostic::new(codes::NOT_ALLOWED, place, message).help(help))
    }

    fn check_capture(&mut self, before: Option<&PatternPart>, name: &Name) -> Option<()> {
        let message = match before {
            None | Some(PatternPart::Text { .. }) => return Some(()),
            Some(PatternPart::Skip(_)) => {
                format!("where `{}` begins behind the `*` is not clear", name.text)
            }
            Some(PatternPart::Capture { name: other, .. }) => {
                format!("where `{}` ends and `{}` begins is not clear", other.text, name.text)
            }
        };
        let help = format!("put the text that stands before it in quotes before `{}`", name.text);
        self.report(Diagnostic::new(codes::NOT_ALLOWED, name.span, message).help(help))
    }
}

fn captures(pattern: &[PatternPart]) -> Vec<(&Name, Type)> {
    let captures = pattern.iter().filter_map(|part| match part {
        PatternPart::Capture { name, ty } => Some((name, ty.unwrap_or(Type::String))),
        _ => None,
    });
    captures.collect()
}

/// Texts as a JSON array.
pub(super) fn text_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut json = "[".to_owned();
    for text in texts {
        json.push_str(if json.len() > 1 { "," } else { "" });
        model::json::write_string(&mut json, text);
    }
    json.push(']');
    json
}
