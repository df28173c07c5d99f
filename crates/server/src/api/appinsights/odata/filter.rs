//! `$filter`, `$orderby` and lists of properties: read by descent, written as KQL at once.

use super::functions::{self, FUNCTIONS, Function};
use super::lexer::{Token, Word, shorten, words};
use super::{DEPTH_MAX, Fault, Kind, LIST_MAX, Typed};
use crate::api::appinsights::properties::Events;
use crate::kql_text;

/// Operators between two values, OData and KQL.
const COMPARISONS: [(&str, &str); 6] =
    [("eq", "=="), ("ne", "!="), ("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<=")];
const SUMS: [(&str, &str); 2] = [("add", "+"), ("sub", "-")];
const PRODUCTS: [(&str, &str); 3] = [("mul", "*"), ("div", "/"), ("mod", "%")];

/// The KQL predicate of a `$filter` over `events`, and whether it asks for a time.
///
/// # Errors
/// When the text is no expression over the properties of `events`.
pub fn filter(text: &str, events: Events) -> Result<(String, bool), Fault> {
    let words = words(text)?;
    let asks_time = words.iter().any(|word| match &word.token {
        Token::Path(path) => path.as_slice() == ["timestamp"],
        _ => false,
    });
    let mut reader = Reader::new(words, text, events);
    let found = reader.expression()?;
    reader.end()?;
    Ok((reader.boolean(&found, 1)?, asks_time))
}

/// The KQL order of an `$orderby` over `events`.
///
/// # Errors
/// As [`filter`].
pub fn order_by(text: &str, events: Events) -> Result<String, Fault> {
    let mut reader = Reader::new(words(text)?, text, events);
    let mut orders = Vec::new();
    loop {
        let value = reader.sum()?;
        let direction = if reader.takes("desc") { "desc" } else { "asc" };
        if direction == "asc" {
            reader.takes("asc");
        }
        orders.push(format!("{} {direction}", value.kql));
        if !reader.takes_comma(orders.len())? {
            break;
        }
    }
    reader.end()?;
    Ok(orders.join(", "))
}

/// The property paths of a `$select`; groups and bags may be named as a whole.
///
/// # Errors
/// As [`filter`].
pub fn select(text: &str, events: Events) -> Result<Vec<Vec<String>>, Fault> {
    let mut reader = Reader::new(words(text)?, text, events);
    let mut paths = Vec::new();
    loop {
        let (path, at) = reader.path()?;
        let is_group = path.len() == 1 && events.is_group(&path[0]);
        if !is_group && events.property(&path).is_none() {
            return Err(Fault::new(at, events.unknown(&path)));
        }
        paths.push(path);
        if !reader.takes_comma(paths.len())? {
            break;
        }
    }
    reader.end()?;
    Ok(paths)
}

/// Reads words from left to right.
pub(super) struct Reader {
    words: Vec<Word>,
    next: usize,
    /// The place behind the text.
    end: usize,
    depth: usize,
    pub(super) events: Events,
}

impl Reader {
    pub(super) fn new(words: Vec<Word>, text: &str, events: Events) -> Reader {
        Reader { words, next: 0, end: text.chars().count() + 1, depth: 0, events }
    }

    fn peek(&self) -> Option<&Token> {
        self.words.get(self.next).map(|word| &word.token)
    }

    /// The place of the next word.
    pub(super) fn at(&self) -> usize {
        self.words.get(self.next).map_or(self.end, |word| word.at)
    }

    fn advance(&mut self) -> Option<Token> {
        let word = self.words.get(self.next)?;
        self.next += 1;
        Some(word.token.clone())
    }

    /// Takes a word if it is the next one.
    pub(super) fn takes(&mut self, name: &str) -> bool {
        let is_next = matches!(self.peek(), Some(Token::Path(path)) if path.as_slice() == [name]);
        self.next += usize::from(is_next);
        is_next
    }

    pub(super) fn takes_token(&mut self, token: &Token) -> bool {
        let is_next = self.peek() == Some(token);
        self.next += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, token: &Token, name: &str) -> Result<(), Fault> {
        if self.takes_token(token) { Ok(()) } else { Err(self.unexpected(name)) }
    }

    /// Takes a comma after `count` entries of a list.
    pub(super) fn takes_comma(&mut self, count: usize) -> Result<bool, Fault> {
        let at = self.at();
        let takes = self.takes_token(&Token::Comma);
        if takes && count >= LIST_MAX {
            return Err(Fault::new(at, format!("a list may have {LIST_MAX} entries")));
        }
        Ok(takes)
    }

    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.next == self.words.len() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Path(path)) => format!("`{}`", shorten(&path.join("/"))),
            Some(Token::Text(_)) => "a text".to_owned(),
            Some(Token::Whole(_) | Token::Real(_)) => "a number".to_owned(),
            Some(Token::Time(_)) => "a time".to_owned(),
            Some(Token::Span(_)) => "a duration".to_owned(),
            Some(Token::Open) => "`(`".to_owned(),
            Some(Token::Close) => "`)`".to_owned(),
            Some(Token::Comma) => "`,`".to_owned(),
            Some(Token::Slash) => "`/`".to_owned(),
        };
        Fault::new(self.at(), format!("{found} stands where {wanted} is expected"))
    }

    /// A name or property path, and where it stands.
    pub(super) fn path(&mut self) -> Result<(Vec<String>, usize), Fault> {
        let at = self.at();
        match self.peek() {
            Some(Token::Path(path)) => {
                let path = path.clone();
                self.next += 1;
                Ok((path, at))
            }
            _ => Err(self.unexpected("a property")),
        }
    }

    /// A property of the events, and its path.
    pub(super) fn property(&mut self) -> Result<(Vec<String>, Typed), Fault> {
        let (path, at) = self.path()?;
        match self.events.property(&path) {
            Some(found) => Ok((path, found)),
            None => Err(Fault::new(at, self.events.unknown(&path))),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == DEPTH_MAX {
            // The word before: what opened this level.
            let at = self.next.checked_sub(1).and_then(|last| self.words.get(last));
            let message = format!("expressions may be nested {DEPTH_MAX} deep");
            return Err(Fault::new(at.map_or(self.end, |word| word.at), message));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// A whole expression: what `or` joins.
    pub(super) fn expression(&mut self) -> Result<Typed, Fault> {
        self.joined("or", |reader| reader.joined("and", Reader::comparison))
    }

    fn joined(
        &mut self,
        word: &str,
        read: impl Fn(&mut Self) -> Result<Typed, Fault>,
    ) -> Result<Typed, Fault> {
        let at = self.at();
        let first = read(self)?;
        if !matches!(self.peek(), Some(Token::Path(path)) if path.as_slice() == [word]) {
            return Ok(first);
        }
        let mut operands = vec![self.boolean(&first, at)?];
        while self.takes(word) {
            let at = self.at();
            let next = read(self)?;
            operands.push(self.boolean(&next, at)?);
        }
        // Flat, however many there are: nesting has a limit in KQL too.
        Ok(Typed::new(format!("({})", operands.join(&format!(" {word} "))), Kind::Bool))
    }

    pub(super) fn boolean(&self, value: &Typed, at: usize) -> Result<String, Fault> {
        let wrong = || Fault::new(at, format!("{} is no condition", value.kind.name()));
        value.to(Kind::Bool).ok_or_else(wrong)
    }

    fn operator(&mut self, known: &[(&str, &'static str)]) -> Option<&'static str> {
        known.iter().find(|(name, _)| self.takes(name)).map(|(_, kql)| *kql)
    }

    fn comparison(&mut self) -> Result<Typed, Fault> {
        let left = self.sum()?;
        let at = self.at();
        if self.takes("in") {
            return self.among(&left, at);
        }
        if self.takes("has") {
            return Err(Fault::new(at, "the operator `has` is not supported"));
        }
        let Some(operator) = self.operator(&COMPARISONS) else { return Ok(left) };
        let right = self.sum()?;
        compare(&left, operator, &right, at)
    }

    /// `x in ('a', 'b')`.
    fn among(&mut self, left: &Typed, at: usize) -> Result<Typed, Fault> {
        self.expect(&Token::Open, "`(`")?;
        let mut tests = Vec::new();
        loop {
            let right = self.sum()?;
            tests.push(compare(left, "==", &right, at)?.kql);
            if !self.takes_comma(tests.len())? {
                break;
            }
        }
        self.expect(&Token::Close, "`)`")?;
        Ok(Typed::new(format!("({})", tests.join(" or ")), Kind::Bool))
    }

    pub(super) fn sum(&mut self) -> Result<Typed, Fault> {
        let mut left = self.product()?;
        for _ in 0..DEPTH_MAX {
            let at = self.at();
            let Some(operator) = self.operator(&SUMS) else { return Ok(left) };
            let right = self.product()?;
            left = add(&left, operator, &right, at)?;
        }
        Err(Fault::new(self.at(), format!("a sum may have {DEPTH_MAX} operands")))
    }

    fn product(&mut self) -> Result<Typed, Fault> {
        let mut left = self.unary()?;
        for _ in 0..DEPTH_MAX {
            let at = self.at();
            let Some(operator) = self.operator(&PRODUCTS) else { return Ok(left) };
            let right = self.unary()?;
            let (Some(a), Some(b)) = (left.to(Kind::Number), right.to(Kind::Number)) else {
                let (a, b) = (left.kind.name(), right.kind.name());
                return Err(Fault::new(at, format!("{a} and {b} cannot be multiplied or divided")));
            };
            left = Typed::new(format!("({a} {operator} {b})"), Kind::Number);
        }
        Err(Fault::new(self.at(), format!("a product may have {DEPTH_MAX} operands")))
    }

    fn unary(&mut self) -> Result<Typed, Fault> {
        if !self.takes("not") {
            return self.value();
        }
        let at = self.at();
        let value = self.nested(Reader::unary)?;
        Ok(Typed::new(format!("not({})", self.boolean(&value, at)?), Kind::Bool))
    }

    fn value(&mut self) -> Result<Typed, Fault> {
        if let Some(Token::Path(path)) = self.peek() {
            let path = path.clone();
            let is_call = self.words.get(self.next + 1).map(|w| &w.token) == Some(&Token::Open);
            return match path.as_slice() {
                [name] if is_call => self.call(name),
                [name] if name == "null" => self.take(Typed::new("", Kind::Null)),
                [name] if name == "true" || name == "false" => {
                    self.take(Typed::new(name.clone(), Kind::Bool))
                }
                _ => self.property().map(|(_, found)| found),
            };
        }
        let wanted = self.unexpected("a value");
        Ok(match self.advance() {
            Some(Token::Open) => {
                let inner = self.nested(Reader::expression)?;
                self.expect(&Token::Close, "`)`")?;
                inner
            }
            Some(Token::Text(text)) => Typed::new(kql_text::literal(&text), Kind::Text),
            Some(Token::Whole(whole)) => Typed::new(format!("long({whole})"), Kind::Number),
            Some(Token::Real(real)) => Typed::new(format!("real({real})"), Kind::Number),
            Some(Token::Time(time)) => Typed::new(kql_text::datetime(time), Kind::Time),
            Some(Token::Span(span)) => Typed::new(kql_text::timespan(span), Kind::Span),
            _ => return Err(wanted),
        })
    }

    fn take(&mut self, value: Typed) -> Result<Typed, Fault> {
        self.next += 1;
        Ok(value)
    }

    fn call(&mut self, name: &str) -> Result<Typed, Fault> {
        let at = self.at();
        let Some(function) = functions::named(name) else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
            return Err(Fault::new(
                at,
                format!(
                    "there is no function `{}` here: use one of `{}`",
                    shorten(name),
                    names.join("`, `")
                ),
            ));
        };
        // The name and the parenthesis.
        self.next += 2;
        let mut arguments = Vec::new();
        if !self.takes_token(&Token::Close) {
            loop {
                arguments.push((self.at(), self.nested(Reader::expression)?));
                if !self.takes_comma(arguments.len())? {
                    break;
                }
            }
            self.expect(&Token::Close, "`)`")?;
        }
        apply(function, &arguments, at)
    }
}

fn apply(function: &Function, given: &[(usize, Typed)], at: usize) -> Result<Typed, Fault> {
    let name = function.name;
    let most = function.takes.len();
    let least = most - function.optional;
    if !(least..=most).contains(&given.len()) {
        let count = given.len();
        let takes = if least == most { most.to_string() } else { format!("{least} or {most}") };
        let message = format!("`{name}` takes {takes} arguments, not {count}");
        return Err(Fault::new(at, message));
    }
    let mut arguments = Vec::new();
    for ((at, value), wanted) in given.iter().zip(function.takes) {
        arguments.push(value.to(*wanted).ok_or_else(|| {
            let (wanted, have) = (wanted.name(), value.kind.name());
            Fault::new(*at, format!("`{name}` takes {wanted} here, not {have}"))
        })?);
    }
    Ok(Typed::new((function.kql)(&arguments), function.yields))
}

fn add(left: &Typed, operator: &str, right: &Typed, at: usize) -> Result<Typed, Fault> {
    let kind = match (left.kind, right.kind) {
        (Kind::Time, Kind::Span) => Kind::Time,
        (Kind::Time, Kind::Time) if operator == "-" => Kind::Span,
        (Kind::Span, Kind::Span) => Kind::Span,
        _ => Kind::Number,
    };
    let operands = match kind {
        Kind::Number => left.to(kind).zip(right.to(kind)),
        _ => Some((left.kql.clone(), right.kql.clone())),
    };
    let (a, b) = operands.ok_or_else(|| {
        let (a, b) = (left.kind.name(), right.kind.name());
        Fault::new(at, format!("{a} and {b} cannot be added or subtracted"))
    })?;
    Ok(Typed::new(format!("({a} {operator} {b})"), kind))
}

fn compare(left: &Typed, operator: &str, right: &Typed, at: usize) -> Result<Typed, Fault> {
    let kql = match (left.kind, right.kind) {
        (Kind::Null, Kind::Null) => match operator {
            "==" => Some("true".to_owned()),
            "!=" => Some("false".to_owned()),
            _ => None,
        },
        (_, Kind::Null) => missing(left, operator),
        (Kind::Null, _) => missing(right, operator),
        (a, b) => {
            let is_text = |kind| matches!(kind, Kind::Text | Kind::Key);
            let kind = match (is_text(a), is_text(b)) {
                (true, true) => Kind::Text,
                (true, false) => b,
                _ => a,
            };
            left.to(kind).zip(right.to(kind)).map(|(a, b)| match (kind, operator) {
                // Texts have an order only by this function.
                (Kind::Text, ">" | ">=" | "<" | "<=") => {
                    format!("(strcmp({a}, {b}) {operator} 0)")
                }
                _ => format!("({a} {operator} {b})"),
            })
        }
    };
    match kql {
        Some(kql) => Ok(Typed::new(kql, Kind::Bool)),
        None => {
            let (a, b) = (left.kind.name(), right.kind.name());
            Err(Fault::new(at, format!("{a} and {b} cannot be compared so")))
        }
    }
}

/// A comparison with null; a missing text is empty here.
fn missing(value: &Typed, operator: &str) -> Option<String> {
    let kql = &value.kql;
    let is_text = matches!(value.kind, Kind::Text | Kind::Key);
    match (operator, is_text) {
        ("==", true) => Some(format!("isempty({kql})")),
        ("!=", true) => Some(format!("isnotempty({kql})")),
        ("==", false) => Some(format!("isnull({kql})")),
        ("!=", false) => Some(format!("isnotnull({kql})")),
        _ => None,
    }
}
