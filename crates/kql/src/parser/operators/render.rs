//! `render kind with (property = value, …)` and its older forms (spec kql.md §11).

use super::super::Parser;
use crate::lexer::TokenKind;
use crate::syntax::{Name, OperatorKind, RenderProperty};

impl Parser<'_> {
    pub(super) fn render_operator(&mut self) -> OperatorKind {
        let kind = match self.kind() {
            TokenKind::Name => self.name("a kind of chart"),
            _ => {
                self.expected_help("a kind of chart", Some("for example `render timechart`"));
                let at = crate::diagnostic::Span::new(self.span().start, self.span().start);
                Name { text: String::new(), span: at, quoted: false }
            }
        };
        let mut properties = Vec::new();
        if self.at_word("with") {
            self.bump();
            self.render_with(&mut properties);
        } else {
            // Without `with`, properties follow each other with or without commas.
            while self.at_word("by") || self.at_property() {
                properties.push(self.render_property());
                self.eat(",");
            }
        }
        self.height = 1;
        OperatorKind::Render { kind, properties }
    }

    fn render_with(&mut self, properties: &mut Vec<RenderProperty>) {
        let open = self.span();
        if !self.expect("(") {
            return;
        }
        while self.at_name(0) {
            properties.push(self.render_property());
            if !self.eat(",") && !self.at_property() {
                break;
            }
        }
        self.close(")", open);
    }

    fn at_property(&self) -> bool {
        self.word(0).is_some() && self.symbol(1) == Some("=")
    }

    /// `name = a, b`: a comma continues the value unless a property follows it.
    fn render_property(&mut self) -> RenderProperty {
        let name = self.name("a property");
        if name.text != "by" || self.at_symbol("=") {
            self.expect("=");
        }
        let mut values = Vec::new();
        loop {
            match self.render_value() {
                Some(value) => values.push(value),
                None => {
                    self.expected("a value");
                    break;
                }
            }
            let goes_on = self.at_symbol(",") && self.symbol(2) != Some("=");
            let more = self.at_name(1) || self.at_string(1);
            if !goes_on || !more {
                break;
            }
            self.bump();
        }
        RenderProperty { name, values }
    }

    /// A name, string or number, as text.
    fn render_value(&mut self) -> Option<String> {
        if self.at_string(0) {
            return Some(self.strings().0);
        }
        if self.at_name(0) {
            return self.eat_name().map(|name| name.text);
        }
        let start = self.span();
        if matches!(self.symbol(0), Some("-" | "+")) {
            self.bump();
        }
        matches!(self.kind(), TokenKind::Literal(_)).then(|| {
            self.bump();
            self.slice(self.since(start)).to_owned()
        })
    }
}
