//! `search` and `find`: a predicate over many tables (spec kql.md §6), and `top-hitters`.

use super::super::Parser;
use crate::syntax::{Expr, Find, FindProject, OperatorKind, Search};

impl Parser<'_> {
    /// `[kind=case_sensitive] [in (tables)] predicate`.
    pub(super) fn search_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&["kind"]);
        let tables = self.searched_tables();
        let predicate = self.search_predicate();
        OperatorKind::Search(Search { parameters, tables, predicate })
    }

    /// `[withsource=name] [in (tables)] [where] predicate [project columns]`.
    pub(super) fn find_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&["withsource", "with_source", "datascope"]);
        let tables = self.searched_tables();
        if !self.eat_word("where") && tables.is_some() {
            let help = "for example `find in (requests, traces) where operation_Id == \"x\"`";
            self.expected_help("`where`", Some(help));
        }
        let predicate = self.search_predicate();
        let height = self.height;
        let smart = ["project", "smart"].iter().enumerate();
        let project = if smart.into_iter().all(|(i, word)| self.word(2 * i) == Some(word))
            && self.symbol(1) == Some("-")
        {
            self.at += 3;
            None
        } else if self.eat_word("project") {
            Some(self.find_project())
        } else {
            None
        };
        self.height = height;
        OperatorKind::Find(Find { parameters, tables, predicate, project })
    }

    fn searched_tables(&mut self) -> Option<Vec<Expr>> {
        if !self.at_word("in") || self.symbol(1) != Some("(") {
            return None;
        }
        self.bump();
        let open = self.bump();
        let tables = self.nested(|parser| parser.list(Self::leg)).unwrap_or_default();
        self.close(")", open);
        Some(tables)
    }

    /// An expression in which `column:"term"` is known.
    pub(super) fn search_predicate(&mut self) -> Expr {
        let outer = std::mem::replace(&mut self.terms, true);
        let predicate = self.scalar();
        self.terms = outer;
        predicate
    }

    /// `a, b: type, pack(*)`.
    fn find_project(&mut self) -> FindProject {
        let mut columns = Vec::new();
        let mut pack = false;
        loop {
            if matches!(self.word(0), Some("pack" | "pack_all")) && self.symbol(1) == Some("(") {
                self.bump();
                let open = self.bump();
                self.eat("*");
                self.close(")", open);
                pack = true;
                break;
            }
            let name = self.name("a column's name");
            let ty = if self.eat(":") { Some(self.type_name()) } else { None };
            columns.push((name, ty));
            if !self.eat(",") {
                break;
            }
        }
        FindProject { columns, pack }
    }

    /// `count of column [by value]`.
    pub(super) fn top_hitters_operator(&mut self) -> OperatorKind {
        let count = self.scalar();
        let mut height = self.height;
        let of = if self.expect_word("of") { self.scalar() } else { self.missing() };
        height = height.max(self.height);
        let by = self.eat_word("by").then(|| self.scalar());
        self.height = height.max(self.height);
        OperatorKind::TopHitters { count, of, by }
    }
}
