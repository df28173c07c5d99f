//! `evaluate hint.x=y plugin(arguments) : (*, name: type, …)`.

use super::super::Parser;
use crate::syntax::{Evaluate, OperatorKind, OutputSchema, SchemaColumn};

impl Parser<'_> {
    pub(super) fn evaluate_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&[]);
        let plugin = self.name("the name of a plugin");
        let (mut arguments, mut below) = (Vec::new(), 1);
        if self.at_symbol("(") {
            (arguments, below) = self.arguments();
        } else {
            self.expected("`(`");
        }
        let schema = self.eat(":").then(|| self.output_schema());
        self.height = below.max(1);
        OperatorKind::Evaluate(Evaluate { parameters, plugin, arguments, schema })
    }

    fn output_schema(&mut self) -> OutputSchema {
        if !(self.at_symbol("(") && self.symbol(1) == Some("*")) {
            return OutputSchema { all: false, columns: self.schema() };
        }
        let open = self.bump();
        self.bump();
        let mut columns = Vec::new();
        while self.eat(",") {
            let name = self.name("a column's name");
            self.expect(":");
            columns.push(SchemaColumn { name, ty: self.type_name() });
        }
        self.close(")", open);
        OutputSchema { all: true, columns }
    }
}
