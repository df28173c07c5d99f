//! The operators on texts and over many tables: `parse`, `parse-kv`, `search`, `find`; and
//! `evaluate`.

use super::Printer;
use crate::syntax::{Evaluate, Expr, Find, OperatorKind, Parse, ParseKv, PatternPart, Search};

impl Printer {
    pub(super) fn text_operator(&mut self, operator: &OperatorKind) {
        match operator {
            OperatorKind::Parse(parse) => self.parse(parse),
            OperatorKind::ParseKv(parse) => self.parse_kv(parse),
            OperatorKind::Search(search) => self.search(search),
            OperatorKind::Find(find) => self.find(find),
            _ => {}
        }
    }

    pub(super) fn evaluate(&mut self, evaluate: &Evaluate) {
        self.text("evaluate ");
        self.operator_parameters(&evaluate.parameters);
        self.name(&evaluate.plugin);
        self.text("(");
        self.list(&evaluate.arguments, Self::argument);
        self.text(")");
        let Some(schema) = &evaluate.schema else { return };
        self.text(" : ");
        if !schema.all {
            return self.schema(&schema.columns);
        }
        self.text("(*");
        for column in &schema.columns {
            self.text(", ");
            self.name(&column.name);
            self.text(":");
            self.text(column.ty.name());
        }
        self.text(")");
    }

    fn parse(&mut self, parse: &Parse) {
        self.text(if parse.filters { "parse-where " } else { "parse " });
        self.operator_parameters(&parse.parameters);
        self.expr(&parse.value);
        self.text(" with");
        for part in &parse.pattern {
            self.text(" ");
            match part {
                PatternPart::Text { value, .. } => self.string(value),
                PatternPart::Skip(_) => self.text("*"),
                PatternPart::Capture { name, ty } => {
                    self.name(name);
                    if let Some(ty) = ty {
                        self.text(":");
                        self.text(ty.name());
                    }
                }
            }
        }
    }

    fn parse_kv(&mut self, parse: &ParseKv) {
        self.one("parse-kv ", &parse.value);
        self.text(" as ");
        self.schema(&parse.columns);
        if parse.parameters.is_empty() {
            return;
        }
        self.text(" with (");
        self.list(&parse.parameters, |printer, parameter| {
            printer.name(&parameter.name);
            printer.one("=", &parameter.value);
        });
        self.text(")");
    }

    fn search(&mut self, search: &Search) {
        self.text("search ");
        self.operator_parameters(&search.parameters);
        self.searched_tables(search.tables.as_deref());
        self.expr(&search.predicate);
    }

    fn find(&mut self, find: &Find) {
        self.text("find ");
        self.operator_parameters(&find.parameters);
        self.searched_tables(find.tables.as_deref());
        self.one("where ", &find.predicate);
        let Some(project) = &find.project else { return };
        self.text(" project ");
        self.list(&project.columns, |printer, (name, ty)| {
            printer.name(name);
            if let Some(ty) = ty {
                printer.text(":");
                printer.text(ty.name());
            }
        });
        if project.pack {
            self.text(if project.columns.is_empty() { "pack(*)" } else { ", pack(*)" });
        }
    }

    fn searched_tables(&mut self, tables: Option<&[Expr]>) {
        if let Some(tables) = tables {
            self.text("in (");
            self.exprs(tables);
            self.text(") ");
        }
    }
}
