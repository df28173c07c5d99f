//! `dynamic(…)`: JSON extended with KQL literals and single quotes, to JSON text (spec kql.md §2).

use model::{Type, json, time};

use super::Parser;
use crate::codes;
use crate::lexer::TokenKind;
use crate::syntax::{Expr, ExprKind, Literal};

impl Parser<'_> {
    /// At the word `dynamic`, a `(` behind it.
    pub(super) fn dynamic(&mut self) -> Expr {
        let start = self.bump();
        let open = self.bump();
        let mut text = String::new();
        self.dynamic_value(&mut text);
        self.close(")", open);
        self.height = 1;
        let literal = match text.as_str() {
            "null" => Literal::Null(Type::Dynamic),
            _ => Literal::Dynamic(text),
        };
        Expr { kind: ExprKind::Literal(literal), span: self.since(start) }
    }

    fn dynamic_value(&mut self, out: &mut String) {
        let span = self.span();
        match self.kind().clone() {
            TokenKind::Symbol("[") => self.dynamic_items(out, "]", |parser, out| {
                parser.dynamic_value(out);
            }),
            TokenKind::Symbol("{") => self.dynamic_items(out, "}", Self::dynamic_property),
            TokenKind::String { .. } => json::write_string(out, &self.strings().0),
            TokenKind::Literal(literal) => {
                let raw = self.slice(span);
                self.bump();
                write_literal(out, &literal, raw);
            }
            TokenKind::Symbol(sign @ ("-" | "+"))
                if matches!(
                    self.token(1).kind,
                    TokenKind::Literal(Literal::Long(_) | Literal::Real(_) | Literal::TimeSpan(_))
                ) =>
            {
                if sign == "-" {
                    out.push('-');
                }
                self.bump();
                self.dynamic_value(out);
            }
            TokenKind::Name if self.at_word("null") => {
                self.bump();
                out.push_str("null");
            }
            TokenKind::Name if self.at_word("dynamic") && self.symbol(1) == Some("(") => {
                self.bump();
                let open = self.bump();
                let inner = self.nested(|parser| parser.dynamic_value(out));
                if inner.is_some() {
                    self.close(")", open);
                }
            }
            _ => {
                let message = format!("expected a literal in `dynamic(…)`, found {}", self.found());
                let help = "names are not read here; `bag_pack(…)` and `pack_array(…)` build \
                            values from expressions";
                self.report_help(codes::BAD_LITERAL, span, message, Some(help.to_owned()));
                out.push_str("null");
                if self.word(0).is_some() {
                    self.bump();
                }
            }
        }
    }

    /// `[a, b]` or `{…}`, a comma behind the last item allowed.
    fn dynamic_items(
        &mut self,
        out: &mut String,
        close: &'static str,
        mut item: impl FnMut(&mut Self, &mut String),
    ) {
        let open = self.bump();
        out.push_str(if close == "]" { "[" } else { "{" });
        let done = self.nested(|parser| {
            let mut first = true;
            while !parser.at_symbol(close) && !parser.at_end() {
                if !first {
                    out.push(',');
                }
                first = false;
                item(parser, out);
                if !parser.eat(",") {
                    break;
                }
            }
        });
        out.push_str(close);
        if done.is_some() {
            self.close(close, open);
        }
    }

    fn dynamic_property(&mut self, out: &mut String) {
        if self.at_string(0) {
            json::write_string(out, &self.strings().0);
        } else {
            let name = self.name("a property's name");
            json::write_string(out, &name.text);
        }
        out.push(':');
        if self.expect(":") {
            self.dynamic_value(out);
        } else {
            out.push_str("null");
            self.skip(&[","]);
        }
    }
}

/// A literal as JSON: a datetime as text of seven digits, a timespan as its ticks.
fn write_literal(out: &mut String, literal: &Literal, raw: &str) {
    match literal {
        Literal::Null(_) => out.push_str("null"),
        Literal::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Literal::Int(value) => out.push_str(&value.to_string()),
        Literal::Long(value) => out.push_str(&value.to_string()),
        // As written where JSON can write it so: `1.50` stays.
        Literal::Real(_) if is_json_number(raw) => out.push_str(raw),
        Literal::Real(value) | Literal::Decimal(value) => json::write_real(out, *value),
        Literal::String { value, .. } => json::write_string(out, value),
        Literal::DateTime(nanos) => {
            json::write_string(out, &time::format_datetime(*nanos, time::Fraction::Seven));
        }
        Literal::TimeSpan(nanos) => out.push_str(&(nanos / time::TICK).to_string()),
        Literal::Guid(text) => json::write_string(out, text),
        Literal::Dynamic(text) => out.push_str(text),
    }
}

/// A number token (digits first) that is also a JSON number.
fn is_json_number(raw: &str) -> bool {
    let digits = raw.bytes().take_while(u8::is_ascii_digit).count();
    let leading_zero = raw.starts_with('0') && digits > 1;
    let bare_point = raw.ends_with('.') || raw.contains(".e") || raw.contains(".E");
    digits > 0 && !leading_zero && !bare_point
}
