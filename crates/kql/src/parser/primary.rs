//! Operands: literals, names, calls, parentheses, `datatable`, `externaldata`.

use super::Parser;
use crate::lexer::TokenKind;
use crate::syntax::{Argument, Expr, ExprKind, Literal, Name};

impl Parser<'_> {
    /// Whether an expression can start with the token there.
    pub(super) fn starts_expression(&self, ahead: usize) -> bool {
        match self.token(ahead).kind {
            TokenKind::Literal(_) | TokenKind::String { .. } => true,
            TokenKind::Name => self.infix(ahead).is_none(),
            TokenKind::Symbol(symbol) => {
                matches!(symbol, "(" | "-" | "+" | "*") || self.at_bracket_name(ahead)
            }
            TokenKind::End => false,
        }
    }

    pub(super) fn primary(&mut self) -> Expr {
        let span = self.span();
        self.height = 1;
        match self.kind().clone() {
            TokenKind::Literal(literal) => {
                self.bump();
                Expr { kind: ExprKind::Literal(literal), span }
            }
            TokenKind::String { .. } => {
                let (value, hidden) = self.strings();
                let literal = Literal::String { value, hidden };
                Expr { kind: ExprKind::Literal(literal), span: self.since(span) }
            }
            TokenKind::Symbol("(") => self.parenthesized(),
            TokenKind::Symbol("*") => {
                self.bump();
                Expr { kind: ExprKind::Wildcard("*".to_owned()), span }
            }
            TokenKind::Symbol("[") if self.at_bracket_name(0) => self.name_or_call(),
            TokenKind::Name => self.word_operand(),
            _ => self.no_operand(),
        }
    }

    /// Nothing that could be an operand stands here; a token that no caller waits for is skipped.
    fn no_operand(&mut self) -> Expr {
        let help = match self.symbol(0) {
            Some("!") => Some("negation is written `not(…)`"),
            Some("[") => Some("lists are written `dynamic([…])` or `pack_array(…)`"),
            Some("{") => Some("bags are written `dynamic({…})` or `bag_pack(…)`"),
            Some("=") => Some("equality is written `==`"),
            Some("@") => Some("names of `let` are written without `@`"),
            _ => None,
        };
        self.expected_help("an expression", help);
        let missing = self.missing();
        match self.symbol(0) {
            Some("!" | "?" | "@" | "~") => {
                self.bump();
            }
            Some("[" | "{") => {
                // A list or bag as other languages write them: over it as a whole.
                self.bump();
                self.skip(&[]);
                if matches!(self.symbol(0), Some("]" | "}")) {
                    self.bump();
                }
            }
            _ => {}
        }
        missing
    }

    fn word_operand(&mut self) -> Expr {
        let word = self.word(0).unwrap_or("");
        let called = self.symbol(1) == Some("(");
        match word {
            "typeof" if called => self.type_of(),
            "dynamic" if called => self.nested(Self::dynamic).unwrap_or_else(|| self.missing()),
            "datatable" if called => self.datatable(),
            "externaldata" | "external_data" if called => self.external_data(),
            "and" | "or" => self.no_operand(),
            _ if self.infix(0).is_some() && self.starts_expression(1) && !called => {
                self.no_operand()
            }
            _ => self.name_or_call(),
        }
    }

    fn name_or_call(&mut self) -> Expr {
        let name = self.name("a name");
        if !self.at_symbol("(") || name.quoted {
            return Expr { span: name.span, kind: ExprKind::Name(name) };
        }
        let start = name.span;
        let (args, below) = self.arguments();
        let span = self.since(start);
        if !self.raise(below, span) {
            return self.missing();
        }
        Expr { kind: ExprKind::Call { name, args }, span }
    }

    /// `(a, b = c, …)` and the height of the highest argument.
    pub(super) fn arguments(&mut self) -> (Vec<Argument>, usize) {
        let open = self.bump();
        if self.eat(")") {
            return (Vec::new(), 0);
        }
        let read = self.nested(|parser| {
            let args = parser.list(Self::argument);
            (args, parser.height)
        });
        let read = read.unwrap_or_default();
        self.close(")", open);
        read
    }

    fn argument(&mut self) -> Argument {
        let named = self.symbol(self.name_tokens(0)) == Some("=");
        let name: Option<Name> = if named { self.eat_name() } else { None };
        if name.is_some() {
            self.eat("=");
        }
        let value = self.expression();
        if !matches!(self.symbol(0), Some("," | ")")) && !self.at_end() {
            self.expected_argument_end();
        }
        Argument { name, value }
    }

    fn expected_argument_end(&mut self) {
        let help = match (self.symbol(0), self.word(0)) {
            (Some("="), _) => Some("equality is written `==`"),
            (_, Some("d" | "day" | "days" | "h" | "hour" | "hours" | "m" | "min" | "minutes")) => {
                Some("timespans are written without a space: `7d`, `1h`, `5m`")
            }
            _ if self.starts_expression(0) => Some("arguments are separated by commas"),
            _ => None,
        };
        // When the bracket is not closed at all, that is the one thing to say.
        if self.is_closed(")") {
            self.expected_help("`,` or `)`", help);
        }
        self.skip(&[","]);
    }

    /// `(expression)`; a pipeline inside is as good as a scalar.
    fn parenthesized(&mut self) -> Expr {
        let open = self.bump();
        let inner = self.nested(|parser| {
            let inner = parser.expression();
            (inner, parser.height)
        });
        let Some((inner, below)) = inner else { return self.missing() };
        self.close(")", open);
        let span = self.since(open);
        if !self.raise(below, span) {
            return inner;
        }
        Expr { kind: ExprKind::Parenthesized(Box::new(inner)), span }
    }

    /// Adjacent string tokens: one value, hidden when a part is.
    pub(super) fn strings(&mut self) -> (String, bool) {
        let mut text = String::new();
        let mut any_hidden = false;
        while let TokenKind::String { value, hidden } = self.kind() {
            text.push_str(value);
            any_hidden |= *hidden;
            self.at += 1;
        }
        (text, any_hidden)
    }

    /// `datatable (schema) [ literals ]`.
    fn datatable(&mut self) -> Expr {
        let start = self.bump();
        let columns = self.schema();
        let open = self.span();
        let mut values = Vec::new();
        let mut below = 1;
        if self.expect("[") {
            // Without operators a value cannot grow into the next one when a comma is forgotten.
            while !self.at_symbol("]") && !self.at_end() {
                values.push(self.unary());
                below = below.max(self.height);
                if !self.eat(",") {
                    break;
                }
            }
            self.close("]", open);
        }
        let span = self.since(start);
        if !self.raise(below, span) {
            return self.missing();
        }
        Expr { kind: ExprKind::Datatable { columns, values }, span }
    }

    /// `externaldata (schema) [ "uri" ] with (format = "csv")`.
    fn external_data(&mut self) -> Expr {
        let start = self.bump();
        let columns = self.schema();
        let open = self.span();
        if self.expect("[") {
            while self.at_string(0) {
                self.strings();
                if !self.eat(",") {
                    break;
                }
            }
            self.close("]", open);
        }
        if self.at_word("with") && self.symbol(1) == Some("(") {
            self.bump();
            let open = self.bump();
            self.skip(&[]);
            self.close(")", open);
        }
        self.height = 1;
        Expr { kind: ExprKind::ExternalData { columns }, span: self.since(start) }
    }
}
