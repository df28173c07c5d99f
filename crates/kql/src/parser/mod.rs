//! Tokens to the syntax tree: recursive descent, operators by precedence (spec kql.md §2, §6, §12).
//!
//! Invariants: never fails and never panics; every function consumes a token or leaves the decision
//! to a caller that does; nesting and tree height are bounded, so that whoever walks a tree may
//! recurse; one place is reported at most once.

mod chain;
mod dynamic;
mod expression;
mod foreign;
mod operators;
mod pipeline;
mod primary;
mod query;
mod schema;
pub(crate) mod spelling;

pub use operators::operator_names;

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::lexer::{Lexed, Token, TokenKind, lex};
use crate::suggest;
use crate::syntax::{Expr, ExprKind, Name, Query};

/// Longest query text read when nothing else is said, in bytes.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of brackets read when nothing else is said.
pub const DEPTH_MAX: usize = 64;
/// The highest tree built, long chains of `+` and dots included.
const HEIGHT_MAX: usize = 160;
/// Findings reported of one text; more would not be read.
pub(crate) const DIAGNOSTICS_MAX: usize = 50;

/// What reading a text yields: a tree, always, and what is wrong with the text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parsed {
    pub query: Query,
    /// In the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The places of those findings behind which it is not clear what was meant: the tree is not
    /// whole there.
    pub unclear: Vec<Span>,
}

/// How much text is read; 0 means the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParseLimits {
    pub text_bytes_max: usize,
    pub depth_max: usize,
}

/// Reads a query text within the default limits.
pub fn parse(text: &str) -> Parsed {
    parse_within(text, ParseLimits::default())
}

/// Reads a query text.
pub fn parse_within(text: &str, limits: ParseLimits) -> Parsed {
    let (query, diagnostics, unclear) =
        run(text, limits, Query::default(), |parser| parser.query());
    Parsed { query, diagnostics, unclear }
}

/// Reads one expression and nothing else, for example the value of a query parameter.
pub fn parse_expression(text: &str, limits: ParseLimits) -> (Expr, Vec<Diagnostic>) {
    let missing = Expr { kind: ExprKind::Missing, span: Span::default() };
    let (expr, diagnostics, _) = run(text, limits, missing, |parser| {
        let expr = parser.expression();
        if !parser.at_end() {
            parser.unexpected();
        }
        expr
    });
    (expr, diagnostics)
}

fn run<T>(
    text: &str,
    limits: ParseLimits,
    nothing: T,
    read: impl FnOnce(&mut Parser<'_>) -> T,
) -> (T, Vec<Diagnostic>, Vec<Span>) {
    let or_default = |value: usize, default: usize| if value == 0 { default } else { value };
    let text_bytes_max = or_default(limits.text_bytes_max, TEXT_BYTES_MAX);
    if text.len() > text_bytes_max {
        let message =
            format!("the text has {} bytes, at most {text_bytes_max} are read", text.len());
        let finding = Diagnostic::new(codes::TOO_LONG, Span::new(0, 0), message);
        return (nothing, vec![finding], vec![Span::new(0, 0)]);
    }
    let Lexed { tokens, diagnostics, repaired } = lex(text);
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        diagnostics,
        depth: 0,
        depth_max: or_default(limits.depth_max, DEPTH_MAX),
        height: 0,
        repaired,
        gave_up: false,
        terms: false,
    };
    let value = read(&mut parser);
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|finding| finding.span.start);
    diagnostics.truncate(DIAGNOSTICS_MAX);
    let places = diagnostics.iter().map(|finding| finding.span);
    let unclear = places.filter(|place| !parser.repaired.contains(place)).collect();
    (value, diagnostics, unclear)
}

struct Parser<'a> {
    text: &'a str,
    /// Ends with `End`.
    tokens: Vec<Token>,
    at: usize,
    diagnostics: Vec<Diagnostic>,
    depth: usize,
    depth_max: usize,
    /// Height of the tree the last expression function returned.
    height: usize,
    /// Places of findings after which the tree is whole all the same.
    repaired: Vec<Span>,
    /// The rest of the text is not read: what would be missing in it is not reported.
    gave_up: bool,
    /// Inside the predicate of `search` or `find`, where `:` is an operator.
    terms: bool,
}

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + ahead).min(last)]
    }

    fn kind(&self) -> &TokenKind {
        &self.token(0).kind
    }

    fn span(&self) -> Span {
        self.token(0).span
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    fn at_end(&self) -> bool {
        *self.kind() == TokenKind::End
    }

    fn bump(&mut self) -> Span {
        let span = self.span();
        if !self.at_end() {
            self.at += 1;
        }
        span
    }

    /// Where the last consumed token ends.
    fn previous_end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |i| self.tokens[i].span.end)
    }

    /// From `start` to the end of the last consumed token.
    fn since(&self, start: Span) -> Span {
        Span::new(start.start, self.previous_end().max(start.start))
    }

    /// The word `ahead` tokens further, when one stands there.
    fn word(&self, ahead: usize) -> Option<&'a str> {
        let token = self.token(ahead);
        (token.kind == TokenKind::Name).then(|| self.slice(token.span))
    }

    fn at_word(&self, word: &str) -> bool {
        self.word(0) == Some(word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let hit = self.at_word(word);
        self.at += usize::from(hit);
        hit
    }

    fn symbol(&self, ahead: usize) -> Option<&'static str> {
        match self.token(ahead).kind {
            TokenKind::Symbol(symbol) => Some(symbol),
            _ => None,
        }
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        self.symbol(0) == Some(symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let hit = self.at_symbol(symbol);
        self.at += usize::from(hit);
        hit
    }

    /// Whether nothing stands between this token (`ahead`) and the next one.
    fn touches(&self, ahead: usize) -> bool {
        self.token(ahead).span.end == self.token(ahead + 1).span.start
    }

    fn at_string(&self, ahead: usize) -> bool {
        matches!(self.token(ahead).kind, TokenKind::String { .. })
    }

    /// Adds a finding, unless its place has one already.
    fn report(&mut self, code: &'static str, span: Span, message: impl Into<String>) {
        self.report_help(code, span, message, None);
    }

    fn report_help(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        let known = |d: &Diagnostic| d.span.start <= span.start && span.start <= d.span.end;
        let repeats = self.diagnostics.iter().rev().take(8).any(known);
        if repeats || self.gave_up || self.diagnostics.len() >= DIAGNOSTICS_MAX {
            return;
        }
        let mut finding = Diagnostic::new(code, span, message);
        finding.help = help;
        self.diagnostics.push(finding);
    }

    /// Adds a finding about something whose meaning is clear: the tree has what was meant.
    fn repair(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.report_help(code, span, message, Some(help.to_owned()));
        self.repaired.push(span);
    }

    /// The present token as a message names it.
    fn found(&self) -> String {
        if self.at_end() {
            return "the end of the query".to_owned();
        }
        let text = self.slice(self.span()).lines().next().unwrap_or("");
        match text.char_indices().nth(30) {
            Some((cut, _)) => format!("`{}…`", &text[..cut]),
            None => format!("`{text}`"),
        }
    }

    /// Reports that `what` should stand here.
    fn expected(&mut self, what: &str) {
        self.expected_help(what, None);
    }

    fn expected_help(&mut self, what: &str, help: Option<&str>) {
        let message = format!("expected {what}, found {}", self.found());
        self.report_help(codes::EXPECTED, self.span(), message, help.map(str::to_owned));
    }

    fn unexpected(&mut self) {
        let message = format!("unexpected {}", self.found());
        self.report(codes::UNEXPECTED, self.span(), message);
    }

    fn expect(&mut self, symbol: &str) -> bool {
        let hit = self.eat(symbol);
        if !hit {
            self.expected(&format!("`{symbol}`"));
        }
        hit
    }

    fn expect_word(&mut self, word: &str) -> bool {
        let hit = self.eat_word(word);
        if !hit {
            self.expected(&format!("`{word}`"));
        }
        hit
    }

    /// The bracket that closes the one at `open`; reports the opening one when it is missing.
    fn close(&mut self, symbol: &str, open: Span) {
        if self.eat(symbol) {
            return;
        }
        if self.is_closed(symbol) {
            let help = match self.symbol(0) {
                Some("=") => Some("equality is written `==`"),
                _ if self.starts_expression(0) => Some("something is missing in front of it"),
                _ => None,
            };
            self.expected_help(&format!("`{symbol}`"), help);
            self.skip(&[]);
            self.eat(symbol);
            return;
        }
        if !self.at_end() && !matches!(self.symbol(0), Some(";")) {
            self.skip(&[]);
        }
        let bracket = self.slice(open);
        let message = format!("`{bracket}` is not closed");
        let help = Some(format!("add the closing `{symbol}`"));
        self.report_help(codes::UNCLOSED_BRACKET, open, message, help);
    }

    /// Whether the closing bracket stands further on in this step of the pipeline.
    fn is_closed(&mut self, symbol: &str) -> bool {
        let place = self.at;
        self.skip(&[]);
        let closed = self.at_symbol(symbol);
        self.at = place;
        closed
    }

    /// Skips to the next `|`, `;`, closing bracket, one of `stops`, or the end; bracketed text
    /// is skipped as a whole. Answers the bracket that is still open at the end.
    fn skip(&mut self, stops: &[&str]) -> Option<Span> {
        let mut open = Vec::new();
        while !self.at_end() {
            match self.symbol(0) {
                Some("(" | "[" | "{") => open.push(self.span()),
                Some(")" | "]" | "}") if open.pop().is_none() => return None,
                Some("|" | ";") if open.is_empty() => return None,
                Some(symbol) if open.is_empty() && stops.contains(&symbol) => return None,
                _ => {}
            }
            self.at += 1;
        }
        open.first().copied()
    }

    /// Runs `read` one level deeper, or reports and skips when that is too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= self.depth_max {
            let message = format!("nested deeper than {} levels", self.depth_max);
            let help = Some("give inner parts a name with `let`".to_owned());
            self.report_help(codes::TOO_DEEP, self.span(), message, help);
            self.give_up();
            return None;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        Some(value)
    }

    /// Leaves the rest of the text unread.
    fn give_up(&mut self) {
        self.gave_up = true;
        self.at = self.tokens.len() - 1;
    }

    /// The height of a node over a tree `below`. When that is too high: reports, gives up, and
    /// answers false; the caller must not build the node then.
    fn raise(&mut self, below: usize, span: Span) -> bool {
        self.height = below + 1;
        if self.height <= HEIGHT_MAX {
            return true;
        }
        let help = Some("give parts of it a name with `let`".to_owned());
        self.report_help(codes::TOO_DEEP, span, "this expression is too long", help);
        self.height = HEIGHT_MAX;
        self.give_up();
        false
    }

    /// Whether the present token can be a name: a word, or `['…']`.
    fn at_name(&self, ahead: usize) -> bool {
        self.word(ahead).is_some() || self.at_bracket_name(ahead)
    }

    fn at_bracket_name(&self, ahead: usize) -> bool {
        self.symbol(ahead) == Some("[")
            && self.at_string(ahead + 1)
            && self.symbol(ahead + 2) == Some("]")
    }

    /// How many tokens the name here has.
    fn name_tokens(&self, ahead: usize) -> usize {
        if self.at_bracket_name(ahead) { 3 } else { usize::from(self.word(ahead).is_some()) }
    }

    /// A name, when one stands here.
    fn eat_name(&mut self) -> Option<Name> {
        if self.at_bracket_name(0) {
            let start = self.bump();
            let text = match self.kind() {
                TokenKind::String { value, .. } => value.clone(),
                _ => String::new(),
            };
            self.at += 2;
            return Some(Name { text, span: self.since(start), quoted: true });
        }
        let text = self.word(0)?.to_owned();
        Some(Name { text, span: self.bump(), quoted: false })
    }

    /// A name, reported as `what` when it is missing.
    fn name(&mut self, what: &str) -> Name {
        if let Some(name) = self.eat_name() {
            return name;
        }
        self.expected(what);
        Name {
            text: String::new(),
            span: Span::new(self.span().start, self.span().start),
            quoted: false,
        }
    }

    fn missing(&mut self) -> Expr {
        self.height = 1;
        let at = self.span().start;
        Expr { kind: ExprKind::Missing, span: Span::new(at, at) }
    }

    /// Items with commas between them, up to where no comma follows.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        let mut height = 0;
        loop {
            items.push(item(self));
            height = height.max(self.height);
            let comma = self.span();
            if !self.eat(",") || self.ends_behind(comma) {
                break;
            }
        }
        self.height = height;
        items
    }

    /// Whether a list ends behind a comma, which is reported.
    fn ends_behind(&mut self, comma: Span) -> bool {
        let ends = self.at_end() || matches!(self.symbol(0), Some("|" | ";" | ")" | "]" | "}"));
        if ends {
            let help = "remove it, or add what should follow";
            self.repair(codes::UNEXPECTED, comma, "unexpected `,` at the end of a list", help);
        }
        ends
    }

    /// ``did you mean `x`?`` of the nearest candidate.
    fn did_you_mean<'b>(
        &self,
        word: &str,
        candidates: impl IntoIterator<Item = &'b str>,
    ) -> Option<String> {
        // Comparing names costs more than all the rest: not for findings nobody sees.
        if self.diagnostics.len() >= DIAGNOSTICS_MAX {
            return None;
        }
        suggest::nearest(word, candidates).map(|near| format!("did you mean `{near}`?"))
    }
}
