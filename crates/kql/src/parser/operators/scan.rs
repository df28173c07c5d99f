//! `scan [with_match_id = m] [order by …] [partition by …] [declare (a: long = 0)] with (steps)`.

use super::super::Parser;
use crate::syntax::{OperatorKind, Scan, ScanStep};

impl Parser<'_> {
    pub(super) fn scan_operator(&mut self) -> OperatorKind {
        let parameters = self.operator_parameters(&["with_match_id", "kind"]);
        let mut scan = Scan { parameters, ..Scan::default() };
        let mut height = self.height;
        if self.at_word("order") && self.word(1) == Some("by") {
            self.at += 2;
            scan.order = self.list(Self::sort_key);
            height = height.max(self.height);
        }
        if self.at_word("partition") && self.word(1) == Some("by") {
            self.at += 2;
            scan.partition = self.list(Self::scalar);
            height = height.max(self.height);
        }
        if self.eat_word("declare") {
            self.height = 1;
            scan.declared = self.parameters();
            height = height.max(self.height);
        }
        self.expect_word("with");
        let open = self.span();
        if self.expect("(") {
            while self.at_word("step") {
                scan.steps.push(self.scan_step());
                height = height.max(self.height);
            }
            if scan.steps.is_empty() {
                let help = Some("for example `step s1: true => n = s1.n + 1;`");
                self.expected_help("`step`", help);
            }
            self.close(")", open);
        }
        self.height = height;
        OperatorKind::Scan(scan)
    }

    /// `step s [optional] [output = all]: condition [=> a = x, b = y];`.
    fn scan_step(&mut self) -> ScanStep {
        self.bump();
        let name = self.name("the name of a step");
        let start = self.span();
        let optional = self.eat_word("optional").then(|| self.since(start));
        let mut output = None;
        if self.at_word("output") {
            self.bump();
            self.expect("=");
            output = Some(self.name("`all`, `last` or `none`"));
        }
        self.expect(":");
        let condition = self.scalar();
        let mut height = self.height;
        let mut assignments = Vec::new();
        if self.eat("=>") {
            assignments = self.named_list();
            height = height.max(self.height);
        }
        self.expect(";");
        self.height = height;
        ScanStep { name, optional, output, condition, assignments }
    }
}
