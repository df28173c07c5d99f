//! Pipelines: a source, and the operators behind each `|`.

use super::Parser;
use super::foreign;
use super::operators::{Known, is_source};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Expr, ExprKind, Name, Operator, OperatorKind, Pipeline};

impl Parser<'_> {
    /// An expression with or without pipes.
    pub(super) fn expression(&mut self) -> Expr {
        let start = self.span();
        let mut operators = Vec::new();
        let mut height = 0;
        let source = if self.starts_with_operator() {
            operators.push(self.operator(false));
            height = self.height;
            None
        } else {
            let source = self.scalar();
            height = height.max(self.height);
            Some(Box::new(source))
        };
        loop {
            if self.eat("|") {
                operators.push(self.operator(true));
            } else if !operators.is_empty() || source.is_some() {
                // `T where x`: the pipe was forgotten.
                if !self.at_forgotten_pipe(operators.is_empty()) {
                    break;
                }
                self.forgotten_pipe();
                operators.push(self.operator(true));
            }
            height = height.max(self.height);
        }
        self.height = height;
        let span = self.since(start);
        match source {
            Some(source) if operators.is_empty() => *source,
            source => {
                if !self.raise(height, span) {
                    return self.missing();
                }
                Expr { kind: ExprKind::Pipeline(Pipeline { source, operators }), span }
            }
        }
    }

    /// `(top 1 by x | project y)`: operators that work on rows from outside.
    pub(super) fn sub_pipeline(&mut self) -> Expr {
        let start = self.span();
        if !self.expect("(") {
            return self.missing();
        }
        let read = self.nested(|parser| {
            let mut operators = Vec::new();
            let mut height = 0;
            loop {
                operators.push(parser.operator(true));
                height = height.max(parser.height);
                if parser.eat("|") {
                    continue;
                }
                if !parser.at_forgotten_pipe(false) {
                    return (operators, height);
                }
                parser.forgotten_pipe();
            }
        });
        let Some((operators, height)) = read else { return self.missing() };
        self.close(")", start);
        let span = self.since(start);
        if !self.raise(height, span) {
            return self.missing();
        }
        Expr { kind: ExprKind::Pipeline(Pipeline { source: None, operators }), span }
    }

    /// `{ T | where x }`: a whole expression in braces.
    pub(super) fn braced_pipeline(&mut self) -> Expr {
        let start = self.bump();
        let Some(inner) = self.nested(Self::expression) else { return self.missing() };
        self.eat(";");
        self.close("}", start);
        let span = self.since(start);
        if !self.raise(self.height, span) {
            return self.missing();
        }
        Expr { kind: ExprKind::Parenthesized(Box::new(inner)), span }
    }

    /// Whether an operator stands where a source is expected: `union a, b`, `print 1`,
    /// and, by mistake, `where x`.
    fn starts_with_operator(&self) -> bool {
        let Some((word, tokens, known)) = self.operator_name() else { return false };
        if !known.is_known() || self.symbol(tokens) == Some("=") {
            return false;
        }
        if !is_source(word) {
            return self.starts_expression(tokens)
                && !matches!(self.symbol(tokens), Some("(" | "-" | "+" | "*"));
        }
        match (word, self.symbol(tokens)) {
            ("range", _) => self.at_name(tokens) && self.infix(tokens).is_none(),
            ("print", Some("-" | "+" | "(")) => true,
            (_, Some("-" | "+")) => false,
            (_, Some("*")) => true,
            _ if self.word(tokens) == Some("in") => {
                self.symbol(tokens + 1) == Some("(") && self.at_name(tokens + 2)
            }
            _ => self.starts_expression(tokens),
        }
    }

    fn forgotten_pipe(&mut self) {
        let message = format!("expected `|` before {}", self.found());
        self.repair(codes::EXPECTED, self.span(), message, "a step starts with `|`");
    }

    /// A known operator's name stands at the start of a line, its operand behind it; behind a
    /// source also on the same line.
    fn at_forgotten_pipe(&self, behind_source: bool) -> bool {
        let gap = self.slice(Span::new(self.previous_end(), self.span().start));
        if !gap.contains('\n') {
            let clear = matches!(
                self.word(0),
                Some("where" | "project" | "extend" | "summarize" | "take" | "limit" | "distinct")
            );
            return behind_source && clear && self.starts_expression(1);
        }
        let Some((word, tokens, known)) = self.operator_name() else { return false };
        let statement_start = matches!(word, "print" | "range" | "union" | "search" | "find");
        known.is_known() && !statement_start && self.starts_expression(tokens)
    }

    /// The operator name here, how many tokens it has, and what it is. Names have dashes; an
    /// unknown one is read as far as it has.
    fn operator_name(&self) -> Option<(&str, usize, Known)> {
        self.word(0)?;
        let mut tokens = 1;
        let mut best = None;
        loop {
            let span = self.span().to(self.token(tokens - 1).span);
            let word = self.slice(span);
            let known = Known::of(word);
            if known.is_known() {
                best = Some((word, tokens, known));
            }
            let dashed = self.symbol(tokens) == Some("-")
                && self.word(tokens + 1).is_some()
                && self.touches(tokens - 1)
                && self.touches(tokens);
            if !dashed {
                return best.or(Some((word, tokens, Known::Unknown)));
            }
            tokens += 2;
        }
    }

    /// An operator, from its name to before the next `|`; `piped` when rows come in.
    fn operator(&mut self, piped: bool) -> Operator {
        let start = self.span();
        self.height = 1;
        let Some((word, tokens, known)) = self.operator_name() else {
            self.expected_help("an operator", Some("for example `where`, `summarize`, `take`"));
            self.skip(&[]);
            let at = Span::new(start.start, start.start);
            let name = Name { text: String::new(), span: at, quoted: false };
            return Operator { kind: OperatorKind::Unknown(name), span: self.since(start) };
        };
        let span = start.to(self.token(tokens - 1).span);
        let name = Name { text: word.to_owned(), span, quoted: false };
        self.at += tokens;
        let kind = match known {
            Known::Unknown => {
                self.unknown_operator(&name);
                self.skip(&[]);
                OperatorKind::Unknown(name)
            }
            Known::Unsupported => {
                if let Some(open) = self.skip(&[]) {
                    let message = format!("`{}` is not closed", self.slice(open));
                    self.report(codes::UNCLOSED_BRACKET, open, message);
                }
                OperatorKind::Unsupported(name)
            }
            Known::Read(read) => {
                self.misplaced(&name, piped);
                // What `:` means around a sub-query is not what it means in its operators.
                let terms = std::mem::replace(&mut self.terms, false);
                let kind = read(self);
                self.terms = terms;
                self.operator_end(&name);
                kind
            }
        };
        Operator { kind, span: self.since(start) }
    }

    /// An operator that needs rows stands where none come in.
    fn misplaced(&mut self, name: &Name, piped: bool) {
        let span = name.span;
        if !piped && !is_source(&name.text) {
            let message = format!("`{}` needs rows to work on", name.text);
            let help = match name.text.as_str() {
                "distinct" if self.depth > 0 => {
                    "different values are counted with `dcount(x)` or `count_distinct(x)`"
                        .to_owned()
                }
                _ => format!("start with a table: `requests | {} …`", name.text),
            };
            self.report_help(codes::NO_INPUT, span, message, Some(help));
        } else if piped && matches!(name.text.as_str(), "print" | "range") {
            let message = format!("`{}` makes rows of its own and takes none", name.text);
            let help = "it stands at the start of a statement".to_owned();
            self.report_help(codes::UNEXPECTED, span, message, Some(help));
        }
    }

    fn unknown_operator(&mut self, name: &Name) {
        let near = foreign::operator(&name.text)
            .map(str::to_owned)
            .or_else(|| self.did_you_mean(&name.text, Known::names()));
        let message = format!("`{}` is no operator", name.text);
        self.report_help(codes::UNKNOWN_OPERATOR, name.span, message, near);
    }

    /// What an operator leaves over is reported and skipped.
    fn operator_end(&mut self, name: &Name) {
        let ended = matches!(self.symbol(0), Some("|" | ";" | ")" | "]" | "}" | ","));
        if self.at_end() || ended || self.at_forgotten_pipe(false) {
            return;
        }
        let gap = self.slice(Span::new(self.previous_end(), self.span().start));
        if gap.contains('\n') && self.at_name(0) {
            // Left to the statement: most likely a forgotten `;`.
            return;
        }
        // What follows a finding inside the operator is most likely its consequence.
        let own = |finding: &Diagnostic| finding.span.start >= name.span.end;
        if self.diagnostics.last().is_some_and(own) {
            self.skip(&[]);
            return;
        }
        let help = self.leftover_help(&name.text);
        let message = format!("unexpected {} in `{}`", self.found(), name.text);
        self.report_help(codes::UNEXPECTED, self.span(), message, help.map(str::to_owned));
        self.skip(&[]);
    }

    /// What to do about something an operator cannot have.
    fn leftover_help(&self, operator: &str) -> Option<&'static str> {
        Some(match (self.symbol(0), self.word(0)) {
            (Some("?"), _) => "a choice is written `iff(condition, then, else)`",
            (Some("="), _) if operator == "where" => "equality is written `==`",
            (Some("=>"), _) => "greater or equal is written `>=`, equality `==`",
            (Some("("), _) if operator == "count" => {
                "`count` stands alone; `summarize count()` makes a column"
            }
            (_, Some(word)) if Known::of(word).is_known() => "operators stand behind a `|`",
            _ if !self.starts_expression(0) => return None,
            (_, Some(_)) if operator == "summarize" => "groups are named behind `by`",
            _ => match operator {
                "project" | "extend" | "distinct" | "project-away" | "project-keep"
                | "summarize" | "sort" | "order" | "print" => "items are separated by commas",
                "where" | "filter" => "conditions are joined with `and` or `or`",
                _ => return None,
            },
        })
    }
}
