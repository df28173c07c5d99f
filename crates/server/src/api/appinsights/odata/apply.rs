//! `$apply`: filters, then one grouping or aggregation (OData extension for data aggregation 4.0).

use super::filter::Reader;
use super::lexer::{Token, shorten, words};
use super::{Fault, Kind, Typed};
use crate::api::appinsights::properties::Events;

/// Aggregations, OData and KQL.
const METHODS: [(&str, &str); 5] = [
    ("sum", "sum"),
    ("average", "avg"),
    ("min", "min"),
    ("max", "max"),
    ("countdistinct", "count_distinct"),
];

/// What an `$apply` means.
#[derive(Debug, Default)]
pub struct Applied {
    /// Operators that follow the rows of the events.
    pub kql: String,
    /// Whether a filter says which times are meant.
    pub asks_time: bool,
    /// Columns of the result, and the path each one's value is shown at.
    pub columns: Vec<(String, Vec<String>)>,
}

impl Applied {
    /// The KQL order of an `$orderby` over the result.
    ///
    /// # Errors
    /// When it names what is not in the result.
    pub fn order_by(&self, text: &str, events: Events) -> Result<String, Fault> {
        let mut reader = Reader::new(words(text)?, text, events);
        let mut orders = Vec::new();
        loop {
            let (path, at) = reader.path()?;
            let Some((column, _)) = self.columns.iter().find(|(_, known)| *known == path) else {
                let known: Vec<String> = self.columns.iter().map(|(_, p)| p.join("/")).collect();
                let shown = shorten(&path.join("/"));
                let message =
                    format!("the result has no `{shown}`: use one of `{}`", known.join("`, `"));
                return Err(Fault::new(at, message));
            };
            let direction = if reader.takes("desc") { "desc" } else { "asc" };
            if direction == "asc" {
                reader.takes("asc");
            }
            orders.push(format!("{column} {direction}"));
            if !reader.takes_comma(orders.len())? {
                break;
            }
        }
        reader.end()?;
        Ok(orders.join(", "))
    }
}

/// Reads an `$apply` over `events`.
///
/// # Errors
/// When the text is none, or uses a transformation that is not supported.
pub fn apply(text: &str, events: Events) -> Result<Applied, Fault> {
    let mut reader = Reader::new(words(text)?, text, events);
    let mut applied = Applied::default();
    loop {
        let (name, at) = reader.path()?;
        let name = name.join("/");
        if !applied.columns.is_empty() {
            return Err(Fault::new(at, "nothing may follow `groupby` and `aggregate`"));
        }
        match name.as_str() {
            "filter" => {
                reader.expect(&Token::Open, "`(`")?;
                let at = reader.at();
                let condition = reader.expression()?;
                let condition = reader.boolean(&condition, at)?;
                applied.asks_time |= condition.contains("timestamp");
                reader.expect(&Token::Close, "`)`")?;
                applied.kql.push_str(&format!(" | where {condition}"));
            }
            "aggregate" => {
                let aggregates = aggregates(&mut reader, &mut applied)?;
                applied.kql.push_str(&format!(" | summarize {aggregates}"));
            }
            "groupby" => group_by(&mut reader, &mut applied)?,
            _ => {
                let name = shorten(&name);
                let message = format!(
                    "the transformation `{name}` is not supported: use `filter`, `groupby` or \
                     `aggregate`"
                );
                return Err(Fault::new(at, message));
            }
        }
        if !reader.takes_token(&Token::Slash) {
            break;
        }
    }
    reader.end()?;
    if applied.columns.is_empty() {
        return Err(Fault::new(1, "a `groupby` or `aggregate` is missing"));
    }
    Ok(applied)
}

/// `groupby((path, …))` or `groupby((path, …), aggregate(…))`.
fn group_by(reader: &mut Reader, applied: &mut Applied) -> Result<(), Fault> {
    reader.expect(&Token::Open, "`(`")?;
    reader.expect(&Token::Open, "`(`")?;
    let mut groups = Vec::new();
    loop {
        let (path, value) = reader.property()?;
        let column = format!("g{}", groups.len());
        groups.push(format!("{column} = {}", value.kql));
        applied.columns.push((column, path));
        if !reader.takes_comma(groups.len())? {
            break;
        }
    }
    reader.expect(&Token::Close, "`)`")?;
    let mut made = String::new();
    if reader.takes_token(&Token::Comma) {
        if !reader.takes("aggregate") {
            return Err(reader.unexpected("`aggregate`"));
        }
        made = aggregates(reader, applied)?;
    }
    reader.expect(&Token::Close, "`)`")?;
    applied.kql.push_str(&format!(" | summarize {made} by {}", groups.join(", ")));
    Ok(())
}

/// `(path with sum as total, $count as n)`.
fn aggregates(reader: &mut Reader, applied: &mut Applied) -> Result<String, Fault> {
    reader.expect(&Token::Open, "`(`")?;
    let mut made = Vec::new();
    loop {
        let value = match reader.takes("$count") {
            true => "count()".to_owned(),
            false => aggregate(reader)?,
        };
        if !reader.takes("as") {
            return Err(reader.unexpected("`as` and a name"));
        }
        let (alias, at) = reader.path()?;
        if alias.len() != 1 || applied.columns.iter().any(|(_, path)| *path == alias) {
            let alias = shorten(&alias.join("/"));
            return Err(Fault::new(at, format!("`{alias}` is no name of its own")));
        }
        let column = format!("a{}", made.len());
        made.push(format!("{column} = {value}"));
        applied.columns.push((column, alias));
        if !reader.takes_comma(made.len())? {
            break;
        }
    }
    reader.expect(&Token::Close, "`)`")?;
    Ok(made.join(", "))
}

fn aggregate(reader: &mut Reader) -> Result<String, Fault> {
    let (path, value) = reader.property()?;
    if !reader.takes("with") {
        return Err(reader.unexpected("`with` and an aggregation"));
    }
    let (method, at) = reader.path()?;
    let method = method.join("/");
    let Some((_, kql)) = METHODS.iter().find(|(name, _)| *name == method) else {
        let known = METHODS.map(|(name, _)| name).join("`, `");
        let method = shorten(&method);
        return Err(Fault::new(at, format!("there is no `{method}`: use one of `{known}`")));
    };
    let value = match method.as_str() {
        "countdistinct" => Some(value.kql),
        "min" | "max" if matches!(value.kind, Kind::Time | Kind::Span) => Some(value.kql),
        _ => number(&value),
    };
    let path = shorten(&path.join("/"));
    let value = value.ok_or_else(|| Fault::new(at, format!("`{path}` is no number")))?;
    Ok(format!("{kql}({value})"))
}

fn number(value: &Typed) -> Option<String> {
    match value.kind {
        Kind::Number | Kind::Key => value.to(Kind::Number),
        _ => None,
    }
}
