//! `parse`: the texts a pattern captures, as an array; null where the text does not fit.
//!
//! Internal: the binder of the operator `parse` writes the pattern, see there. Texts between
//! captures are found from left to right, each at its first place, which is what lazy captures of
//! a regular expression give (spec kql.md §6).

use datafusion::arrow::array::ArrayRef;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::logical_expr::Expr;
use memchr::memmem;
use model::{Type, json, time};
use regex::Regex;
use std::sync::Arc;

use super::super::json::scan;
use super::super::kernel::Args;
use super::super::{Build, Call};
use super::{regexes, tobool, toguid, tolong, toreal};
use crate::Error;

pub(super) const FAMILY: &[(&str, Build)] = &[("parse", parse)];

/// What stands between two texts of the pattern.
struct Gap {
    /// Number and type of the capture.
    capture: Option<Type>,
    /// A `*`: anything may follow the capture.
    skips: bool,
}

/// A pattern of texts: `gaps[0] texts[0] gaps[1] texts[1] … gaps[n]`.
struct Simple {
    texts: Vec<memmem::Finder<'static>>,
    gaps: Vec<Gap>,
}

enum Matcher {
    Simple(Simple),
    Regex { regex: Arc<Regex>, groups: Vec<usize> },
}

/// A compiled pattern.
struct Pattern {
    matcher: Matcher,
    /// Of each capture.
    types: Vec<Type>,
    /// One capture that cannot be converted makes the whole text unfit.
    strict: bool,
}

fn parse(call: Call) -> Result<Expr, Error> {
    if let Some(Expr::Literal(value, _)) = call.args.get(1)
        && let Some(Some(spec)) = value.try_as_str()
        && let Err(error) = Pattern::read(spec)
    {
        return Err(regexes::refused(1, error));
    }
    call.kernel(rows)
}

fn rows(args: &Args) -> Result<ArrayRef> {
    let (texts, specs) = (args.text(0)?, args.text(1)?);
    let Some(spec) = specs.constant() else { return internal_err!("the pattern is computed") };
    let pattern = Pattern::read(spec)?;
    let mut captures: Vec<&str> = Vec::with_capacity(pattern.types.len());
    args.texts(|row, out| {
        captures.clear();
        // The texts outlive the loop, the list of captures is only reused.
        if !pattern.captures(texts.text(row), &mut captures) {
            return false;
        }
        out.push('[');
        for capture in &captures {
            scan::separate(out);
            json::write_string(out, capture);
        }
        out.push(']');
        true
    })
}

impl Pattern {
    fn read(spec: &str) -> Result<Pattern> {
        let parts = scan::elements(spec).unwrap_or_default();
        let parts: Vec<String> = parts.into_iter().map(scan::text_of).collect();
        let [kind, flags, parts @ ..] = parts.as_slice() else {
            return internal_err!("a pattern without a kind");
        };
        let types: Vec<Type> = parts.iter().filter_map(|part| capture_type(part)).collect();
        let strict = kind != "relaxed";
        let matcher =
            if kind == "regex" { regex(flags, parts)? } else { Matcher::Simple(simple(parts)) };
        Ok(Pattern { matcher, types, strict })
    }

    /// Adds the captures of a text that fits.
    fn captures<'t>(&self, text: &'t str, out: &mut Vec<&'t str>) -> bool {
        let fits = match &self.matcher {
            Matcher::Simple(simple) => simple.captures(text, out),
            Matcher::Regex { regex, groups } => match regex.captures(text) {
                None => false,
                Some(found) => {
                    out.extend(groups.iter().map(|&g| found.get(g).map_or("", |m| m.as_str())));
                    true
                }
            },
        };
        fits && (!self.strict || out.iter().zip(&self.types).all(|(text, ty)| converts(text, *ty)))
    }
}

fn capture_type(part: &str) -> Option<Type> {
    part.strip_prefix('c').and_then(Type::from_name)
}

fn simple(parts: &[String]) -> Simple {
    let mut texts: Vec<memmem::Finder<'static>> = Vec::new();
    let mut gaps = vec![Gap { capture: None, skips: false }];
    for part in parts {
        if let Some(text) = part.strip_prefix('t') {
            texts.push(memmem::Finder::new(text.as_bytes()).into_owned());
            gaps.push(Gap { capture: None, skips: false });
        } else if let Some(gap) = gaps.last_mut() {
            match capture_type(part) {
                Some(ty) => gap.capture = Some(ty),
                None => gap.skips = true,
            }
        }
    }
    Simple { texts, gaps }
}

impl Simple {
    fn captures<'t>(&self, text: &'t str, out: &mut Vec<&'t str>) -> bool {
        let mut at = 0;
        for (i, gap) in self.gaps.iter().enumerate() {
            let rest = text.get(at..).unwrap_or("");
            // A number before a `*` ends where it stops being one.
            let number = match gap.capture {
                Some(ty) if gap.skips => Some(number(rest, ty)),
                _ => None,
            };
            let from = number.map_or(0, str::len);
            let Some(finder) = self.texts.get(i) else {
                // The last gap takes the rest of the text.
                if gap.capture.is_some() {
                    out.push(number.unwrap_or(rest));
                    return true;
                }
                return gap.skips || rest.is_empty();
            };
            let fixed = gap.capture.is_none() && !gap.skips;
            let is_last = i + 2 == self.gaps.len();
            let next = &self.gaps[i + 1];
            let at_end = is_last && next.capture.is_none() && !next.skips;
            let needle = finder.needle();
            let found = if at_end {
                let start = rest.len().checked_sub(needle.len());
                start.filter(|&s| s >= from && rest.as_bytes()[s..] == *needle)
            } else {
                finder.find(&rest.as_bytes()[from..]).map(|found| found + from)
            };
            let Some(start) = found.filter(|&start| !fixed || start == 0) else { return false };
            if gap.capture.is_some() {
                out.push(number.unwrap_or_else(|| rest.get(..start).unwrap_or("")));
            }
            at += start + needle.len();
        }
        true
    }
}

/// The number a text starts with; `''` without one.
fn number(text: &str, ty: Type) -> &str {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        let more = bytes.get(from..).unwrap_or_default();
        from + more.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start {
        return "";
    }
    if matches!(ty, Type::Real | Type::Decimal) && bytes.get(end) == Some(&b'.') {
        end = digits(end + 1).max(end);
    }
    text.get(..end).unwrap_or("")
}

/// Captures are greedy (`flags` may turn that round), whole numbers are digits, and the expression
/// may fit anywhere in the text.
fn regex(flags: &str, parts: &[String]) -> Result<Matcher> {
    let mut source = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
    let mut captures = 0;
    for part in parts {
        match (part.strip_prefix('t'), capture_type(part)) {
            (Some(text), _) => {
                // Alone it must be an expression too: that finds brackets that do not pair.
                regexes::compile(text)?;
                source.push_str(text);
            }
            (None, Some(ty)) => {
                let body = if matches!(ty, Type::Int | Type::Long) { r"-?\d+" } else { ".*" };
                source.push_str(&format!("(?P<{}>{body})", group_name(captures)));
                captures += 1;
            }
            (None, None) => source.push_str(".*"),
        }
    }
    let regex = regexes::compile(&source)?;
    let number = |name: String| regex.capture_names().position(|n| n == Some(name.as_str()));
    let groups: Option<Vec<usize>> = (0..captures).map(|i| number(group_name(i))).collect();
    match groups {
        Some(groups) => Ok(Matcher::Regex { regex, groups }),
        None => Err(DataFusionError::Execution(format!("`{source}` has lost a group"))),
    }
}

/// A name for a group that no text of a pattern uses.
fn group_name(number: usize) -> String {
    format!("telltale_capture_{number}")
}

/// Whether a captured text is a value of the type.
fn converts(text: &str, ty: Type) -> bool {
    match ty {
        Type::String | Type::Dynamic => true,
        Type::Bool => tobool::from_text(text).is_some(),
        Type::Int => tolong::from_text(text).is_some_and(|v| i32::try_from(v).is_ok()),
        Type::Long => tolong::from_text(text).is_some(),
        Type::Real | Type::Decimal => toreal::from_text(text).is_some(),
        Type::DateTime => time::parse_datetime(text).is_some(),
        Type::TimeSpan => time::parse_timespan(text).is_some(),
        Type::Guid => toguid::write_guid(text, &mut String::new()),
    }
}
