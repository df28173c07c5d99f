//! A syntax tree as KQL text, such that reading the text gives the same tree up to places.
//!
//! Invariants: holds for every tree the parser made without findings; a tree from elsewhere must
//! have its parentheses as [`ExprKind::Parenthesized`], none are invented here. What the tree does
//! not keep (comments, hints, the addresses of `externaldata`) is not printed.

mod literal;
mod operator;
mod text;

use crate::parser::spelling;
use crate::syntax::{
    Argument, Expr, ExprKind, Name, NamedExpr, Parameter, ParameterType, Query, SchemaColumn,
    Statement, StatementKind, UnaryOp,
};

/// The text of a query: one statement a line, one operator a line.
pub fn query(query: &Query) -> String {
    let mut printer = Printer { out: String::new() };
    printer.statements(&query.statements, ";\n");
    printer.out
}

/// The text of one expression.
pub fn expression(expr: &Expr) -> String {
    let mut printer = Printer { out: String::new() };
    printer.expr(expr);
    printer.out
}

struct Printer {
    out: String,
}

impl Printer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        for (i, value) in items.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            item(self, value);
        }
    }

    fn statements(&mut self, statements: &[Statement], separator: &str) {
        for (i, statement) in statements.iter().enumerate() {
            if i > 0 {
                self.text(separator);
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Let { name, value } => {
                self.text("let ");
                self.name(name);
                self.text(" = ");
                self.expr(value);
            }
            StatementKind::Set { name, value } => {
                self.text("set ");
                self.name(name);
                if let Some(value) = value {
                    self.text(" = ");
                    self.expr(value);
                }
            }
            StatementKind::Parameters(parameters) => {
                self.text("declare query_parameters");
                self.parameters(parameters);
            }
            StatementKind::Expression(expr) => self.expr(expr),
            StatementKind::Unsupported(name) => self.text(match name.text.as_str() {
                "pattern" => "declare pattern",
                "alias" => "alias database",
                _ => "restrict access",
            }),
        }
    }

    fn name(&mut self, name: &Name) {
        if name.quoted {
            self.text("[");
            self.string(&name.text);
            self.text("]");
        } else {
            self.text(&name.text);
        }
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        self.text("(");
        self.list(parameters, |printer, parameter| {
            printer.name(&parameter.name);
            printer.text(": ");
            match &parameter.ty {
                ParameterType::Scalar(ty) => printer.text(ty.name()),
                ParameterType::Table(columns) => printer.schema(columns),
                ParameterType::AnyTable => printer.text("(*)"),
            }
            if let Some(default) = &parameter.default {
                printer.text(" = ");
                printer.expr(default);
            }
        });
        self.text(")");
    }

    fn schema(&mut self, columns: &[SchemaColumn]) {
        self.text("(");
        self.list(columns, |printer, column| {
            if column.name.quoted || !column.name.text.is_empty() {
                printer.name(&column.name);
                printer.text(": ");
            }
            printer.text(column.ty.name());
        });
        self.text(")");
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        self.list(exprs, Self::expr);
    }

    fn named_list(&mut self, items: &[NamedExpr]) {
        self.list(items, Self::named);
    }

    fn named(&mut self, item: &NamedExpr) {
        match item.names.as_slice() {
            [] => {}
            [name] => {
                self.name(name);
                self.text(" = ");
            }
            names => {
                self.text("(");
                self.list(names, Self::name);
                self.text(") = ");
            }
        }
        self.expr(&item.value);
    }

    pub(super) fn argument(&mut self, argument: &Argument) {
        if let Some(name) = &argument.name {
            self.name(name);
            self.text(" = ");
        }
        self.expr(&argument.value);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Missing => {}
            ExprKind::Literal(literal) => self.literal(literal),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Wildcard(text) => self.text(text),
            ExprKind::Call { name, args } => {
                self.name(name);
                self.text("(");
                self.list(args, Self::argument);
                self.text(")");
            }
            ExprKind::Parenthesized(inner) => {
                self.text("(");
                self.expr(inner);
                self.text(")");
            }
            ExprKind::Pipeline(pipeline) => self.pipeline(pipeline),
            ExprKind::TypeOf(columns) => {
                self.text("typeof");
                self.schema(columns);
            }
            ExprKind::Lambda { view, parameters, body } => {
                self.text(if *view { "view " } else { "" });
                self.parameters(parameters);
                self.text(" { ");
                self.statements(body, "; ");
                self.text(" }");
            }
            ExprKind::Datatable { columns, values } => {
                self.text("datatable ");
                self.schema(columns);
                self.text(" [");
                self.exprs(values);
                self.text("]");
            }
            ExprKind::ExternalData { columns } => {
                self.text("externaldata ");
                self.schema(columns);
                self.text(" [\"\"]");
            }
            _ => self.operation(expr),
        }
    }

    /// Members, elements and operators.
    fn operation(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Member { base, name } => {
                self.expr(base);
                self.text(".");
                self.name(name);
            }
            ExprKind::Index { base, index } => {
                self.expr(base);
                self.text("[");
                self.expr(index);
                self.text("]");
            }
            ExprKind::Unary { op, operand } => {
                self.text(match op {
                    UnaryOp::Minus => "-",
                    UnaryOp::Plus => "+",
                });
                self.expr(operand);
            }
            ExprKind::Binary { op, left, right, .. } => {
                self.infix(left, spelling::binary(*op));
                self.expr(right);
            }
            ExprKind::Between { negated, value, low, high } => {
                self.infix(value, if *negated { "!between" } else { "between" });
                self.text("(");
                self.infix(low, "..");
                self.expr(high);
                self.text(")");
            }
            ExprKind::In { op, value, items } => {
                self.infix(value, spelling::in_list(*op));
                self.text("(");
                self.exprs(items);
                self.text(")");
            }
            _ => {}
        }
    }

    fn infix(&mut self, left: &Expr, operator: &str) {
        self.expr(left);
        self.text(" ");
        self.text(operator);
        self.text(" ");
    }
}
