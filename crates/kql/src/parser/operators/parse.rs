//! `parse`, `parse-where` and `parse-kv`: columns out of a text (spec kql.md §6).

use super::super::Parser;
use super::Known;
use crate::codes;
use crate::diagnostic::Span;
use crate::lexer::TokenKind;
use crate::syntax::{OperatorKind, OperatorParameter, Parse, ParseKv, PatternPart};

/// What may stand behind `with (` in `parse-kv`.
const KV_PARAMETERS: [&str; 6] =
    ["pair_delimiter", "kv_delimiter", "quote", "escape", "greedy", "regex"];

impl Parser<'_> {
    /// `[kind=regex [flags=i]] value with * "text" name: type *`.
    pub(super) fn parse_operator(&mut self, filters: bool) -> OperatorKind {
        let parameters = self.operator_parameters(&["kind", "flags"]);
        let value = self.scalar();
        let height = self.height;
        let mut pattern = Vec::new();
        if self.eat_word("with") {
            while let Some(part) = self.pattern_part() {
                pattern.push(part);
            }
            if pattern.is_empty() {
                self.expected_pattern();
            }
        } else {
            let help = "for example `parse message with * \"id=\" id:long \" \" *`";
            self.expected_help("`with`", Some(help));
        }
        self.height = height;
        OperatorKind::Parse(Parse { filters, parameters, value, pattern })
    }

    fn expected_pattern(&mut self) {
        let help = "texts in quotes, names for what stands between them, `*` for the rest";
        self.expected_help("a pattern", Some(help));
    }

    fn pattern_part(&mut self) -> Option<PatternPart> {
        let start = self.span();
        if self.at_string(0) {
            let (value, _) = self.strings();
            return Some(PatternPart::Text { value, span: self.since(start) });
        }
        if self.eat("*") {
            return Some(PatternPart::Skip(start));
        }
        if !self.at_name(0) || self.at_next_operator() {
            return None;
        }
        let name = self.eat_name()?;
        let ty = if self.eat(":") { Some(self.type_name()) } else { None };
        Some(PatternPart::Capture { name, ty })
    }

    /// A line that starts with an operator and its operand, the pipe forgotten: `where x == 1`.
    /// An operator's name before a text or `*` is taken as a column of the pattern.
    fn at_next_operator(&self) -> bool {
        let gap = self.slice(Span::new(self.previous_end(), self.span().start));
        let known = self.word(0).is_some_and(|word| Known::of(word).is_known());
        let operand = matches!(self.token(1).kind, TokenKind::Name | TokenKind::Literal(_));
        gap.contains('\n') && known && operand
    }

    /// `value as (name: type, …) [with (parameter = value, …)]`.
    pub(super) fn parse_kv_operator(&mut self) -> OperatorKind {
        let value = self.scalar();
        let height = self.height;
        if !self.eat_word("as") {
            let help = "for example `parse-kv message as (id:long) with (pair_delimiter=',', \
                        kv_delimiter='=')`";
            self.expected_help("`as`", Some(help));
        }
        let columns = self.schema();
        let mut parameters = Vec::new();
        if self.eat_word("with") {
            parameters = self.kv_parameters();
        }
        self.height = height;
        OperatorKind::ParseKv(ParseKv { value, columns, parameters })
    }

    fn kv_parameters(&mut self) -> Vec<OperatorParameter> {
        let mut parameters = Vec::new();
        let open = self.span();
        if !self.expect("(") {
            return parameters;
        }
        while !self.at_symbol(")") && !self.at_end() {
            let name = self.name("a parameter");
            if !KV_PARAMETERS.contains(&name.text.as_str()) && !name.text.is_empty() {
                let help = self
                    .did_you_mean(&name.text, KV_PARAMETERS)
                    .unwrap_or_else(|| format!("parameters are `{}`", KV_PARAMETERS.join("`, `")));
                let message = format!("`parse-kv` has no parameter `{}`", name.text);
                self.report_help(codes::UNEXPECTED, name.span, message, Some(help));
            }
            if !self.expect("=") {
                break;
            }
            let value = self.parameter_value();
            parameters.push(OperatorParameter { name, value });
            if !self.eat(",") {
                break;
            }
        }
        self.close(")", open);
        parameters
    }
}
