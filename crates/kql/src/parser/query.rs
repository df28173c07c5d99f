//! Statements: `let`, `set`, `declare`, and expressions that yield a result.

use super::Parser;
use crate::codes;
use crate::diagnostic::Span;
use crate::syntax::{
    Expr, ExprKind, Name, Parameter, ParameterType, Query, Statement, StatementKind,
};

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Query {
        let mut statements = Vec::new();
        self.command();
        while !self.at_end() {
            statements.extend(self.statements());
            if self.at_end() {
                break;
            }
            // Only a closing bracket ends statements before the end of the text.
            let message = format!("{} closes nothing", self.found());
            let help = Some("remove it, or open a bracket before".to_owned());
            self.report_help(codes::UNEXPECTED, self.span(), message, help);
            self.bump();
            self.skip_pipes();
        }
        if statements.is_empty() && self.diagnostics.is_empty() {
            let help = Some("start with a table, for example `requests | take 10`".to_owned());
            self.report_help(codes::EMPTY, Span::new(0, 0), "the query is empty", help);
        }
        Query { statements }
    }

    /// A management command in place of a query: nothing else of the text can be told.
    fn command(&mut self) {
        if self.symbol(0) != Some(".") || self.word(1).is_none() {
            return;
        }
        let span = Span::new(self.span().start, self.span().end + self.word(1).map_or(0, str::len));
        let message = format!("a command such as `{}` is no query", self.slice(span));
        let help = "commands are answered by the Kusto API, `POST /v1/rest/mgmt`; a query starts \
                    with a table";
        self.report_help(codes::UNSUPPORTED_FORM, span, message, Some(help.to_owned()));
        while !self.at_end() {
            self.bump();
        }
    }

    /// Statements up to the end or a closing bracket.
    fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            while self.eat(";") {}
            if self.at_end() || matches!(self.symbol(0), Some(")" | "]" | "}")) {
                return statements;
            }
            let before = self.at;
            if self.foreign_statement() {
                continue;
            }
            statements.push(self.statement());
            if self.at_end() || matches!(self.symbol(0), Some(";" | ")" | "]" | "}")) {
                continue;
            }
            self.statement_runs_on();
            if self.at == before {
                self.bump();
            }
        }
    }

    /// Something stands behind a complete statement.
    fn statement_runs_on(&mut self) {
        let previous = Span::new(self.previous_end(), self.span().start);
        let on_new_line = self.slice(previous).contains('\n');
        if on_new_line && self.at_name(0) {
            let message = format!("expected `|` or `;` before {}", self.found());
            let help = "a statement ends with `;`, a further step starts with `|`";
            self.repair(codes::EXPECTED, self.span(), message, help);
            // Most likely a forgotten `;`: what follows is read as a statement.
            return;
        }
        let message = format!("expected `|` or `;`, found {}", self.found());
        let help = match self.symbol(0) {
            Some("?") => Some("a choice is written `iff(condition, then, else)`"),
            _ => None,
        };
        let help = help.map(str::to_owned);
        self.report_help(codes::EXPECTED, self.span(), message, help);
        self.skip(&[]);
        self.skip_pipes();
    }

    /// Skips the rest of a pipeline whose start could not be read.
    fn skip_pipes(&mut self) {
        while self.eat("|") {
            self.skip(&[]);
        }
    }

    fn statement(&mut self) -> Statement {
        let start = self.span();
        let kind = match (self.word(0), self.word(1)) {
            (Some("let"), Some(_)) => self.let_statement(),
            (Some("let"), _) if self.at_bracket_name(1) || self.symbol(1) == Some("=") => {
                self.let_statement()
            }
            (Some("set"), Some(_)) => self.set_statement(),
            (Some("declare"), Some("query_parameters")) => {
                self.at += 2;
                self.query_parameters()
            }
            (Some("declare"), Some("pattern")) => self.unsupported_statement(1),
            (Some("alias"), Some("database")) | (Some("restrict"), Some("access")) => {
                self.unsupported_statement(0)
            }
            _ if self.at_name(0) && self.symbol(self.name_tokens(0)) == Some("=") => {
                let message = format!("expected `let` before {}", self.found());
                let help = "a value is named with `let n = 5;`";
                self.repair(codes::EXPECTED, self.span(), message, help);
                self.named_value()
            }
            _ => StatementKind::Expression(self.expression()),
        };
        Statement { kind, span: self.since(start) }
    }

    fn unsupported_statement(&mut self, name_ahead: usize) -> StatementKind {
        self.at += name_ahead;
        let name = self.name("a statement");
        self.skip(&[]);
        self.skip_pipes();
        StatementKind::Unsupported(name)
    }

    fn let_statement(&mut self) -> StatementKind {
        self.bump();
        self.named_value()
    }

    /// `name = value`.
    fn named_value(&mut self) -> StatementKind {
        let name = self.name("a name for the value");
        if self.at_symbol("==") {
            let help = "a value is named with one `=`: `let n = 5;`";
            let span = self.bump();
            self.repair(codes::UNEXPECTED, span, "unexpected `==`", help);
        } else if !self.expect("=") {
            self.skip(&["="]);
            self.eat("=");
        }
        let value = if self.at_lambda() { self.lambda() } else { self.expression() };
        StatementKind::Let { name, value }
    }

    fn set_statement(&mut self) -> StatementKind {
        self.bump();
        let name = self.name("the name of an option");
        let value = self.eat("=").then(|| self.parameter_value());
        StatementKind::Set { name, value }
    }

    fn query_parameters(&mut self) -> StatementKind {
        StatementKind::Parameters(self.parameters())
    }

    /// `(` and then `)`, or a name and `:`; also with `view` before.
    fn at_lambda(&self) -> bool {
        let ahead = usize::from(self.at_word("view"));
        if self.symbol(ahead) != Some("(") {
            return false;
        }
        if self.symbol(ahead + 1) == Some(")") {
            return ahead == 1 || self.symbol(ahead + 2) == Some("{");
        }
        let name = self.name_tokens(ahead + 1);
        name > 0 && self.symbol(ahead + 1 + name) == Some(":")
    }

    fn lambda(&mut self) -> Expr {
        let start = self.span();
        let view = self.eat_word("view");
        let parameters = self.parameters();
        let open = self.span();
        let mut body = Vec::new();
        if self.eat("{") {
            body = self.nested(Self::statements).unwrap_or_default();
            self.close("}", open);
        } else {
            let help = "the body of a function stands in braces: `(x: long) { x + 1 }`";
            self.expected_help("`{`", Some(help));
            self.skip(&[]);
        }
        Expr { kind: ExprKind::Lambda { view, parameters, body }, span: self.since(start) }
    }

    /// `(a: long = 5, T: (x: string), …)`.
    pub(super) fn parameters(&mut self) -> Vec<Parameter> {
        let open = self.span();
        if !self.expect("(") {
            return Vec::new();
        }
        let mut parameters = Vec::new();
        if !self.at_symbol(")") {
            parameters = self.list(Self::parameter);
        }
        self.close(")", open);
        parameters
    }

    fn parameter(&mut self) -> Parameter {
        let name: Name = self.name("a parameter's name");
        self.expect(":");
        let ty = if self.symbol(0) == Some("(") && self.symbol(1) == Some("*") {
            let open = self.bump();
            self.bump();
            self.close(")", open);
            ParameterType::AnyTable
        } else if self.at_symbol("(") {
            ParameterType::Table(self.schema())
        } else {
            ParameterType::Scalar(self.type_name())
        };
        let default = self.eat("=").then(|| self.unary());
        Parameter { name, ty, default }
    }
}
