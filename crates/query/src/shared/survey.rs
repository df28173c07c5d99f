//! How often each shared table is used, and which of its columns, in all statements of a query.

use std::collections::{BTreeMap, BTreeSet};

use kql::bound::{Expr, ExprKind, Relation, RelationKind};

use crate::plan::needs::{Need, Needs};
use crate::plan::walk;

/// The uses of every shared table, by its number.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    tables: BTreeMap<u32, Use>,
    /// Tables inside expressions whose own relation was looked at.
    seen: BTreeSet<u32>,
}

#[derive(Debug, Default)]
struct Use {
    count: usize,
    columns: BTreeSet<usize>,
}

impl Survey {
    /// Adds the uses in a statement, and in the tables it uses.
    pub fn add(&mut self, relation: &Relation) {
        let needs = Needs::of(relation);
        self.visit(&mut relation.clone(), &needs);
    }

    /// How often the table is read.
    pub fn uses(&self, number: u32) -> usize {
        self.tables.get(&number).map_or(0, |table| table.count)
    }

    /// The positions of the columns somebody reads.
    pub fn columns(&self, number: u32) -> BTreeSet<usize> {
        self.tables.get(&number).map(|table| table.columns.clone()).unwrap_or_default()
    }

    fn visit(&mut self, relation: &mut Relation, needs: &Needs) {
        if let RelationKind::Shared { table } = &relation.kind {
            let own = self.tables.entry(table.number).or_default();
            own.count += 1;
            for item in needs.items(relation) {
                let (Need::Column(id) | Need::Property(id, _)) = item.need;
                own.columns.extend(relation.columns.iter().position(|c| c.id == id));
            }
            if own.count == 1 {
                self.add(&table.relation);
            }
        }
        let (expressions, inputs) = walk::parts_mut(relation);
        for expression in expressions {
            // A walk that never fails.
            let _: Result<(), ()> = walk::expression_mut(expression, &mut |expr| {
                self.sub_query(expr);
                Ok(())
            });
        }
        for input in inputs {
            self.visit(input, needs);
        }
    }

    fn sub_query(&mut self, expr: &Expr) {
        let (ExprKind::ToScalar(relation) | ExprKind::InRelation { relation, .. }) = &expr.kind
        else {
            return;
        };
        if let RelationKind::Shared { table } = &relation.kind
            && self.seen.insert(table.number)
        {
            self.add(&table.relation);
        }
    }
}
