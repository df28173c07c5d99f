//! When a row came in: a hidden column brought up from the tables to where `ingestion_time()` asks.
//!
//! Invariant: rows that no longer stand for one row of a table have no such time.

use model::Type;

use crate::bound::{Column, ColumnId, Expr, ExprKind, Relation, RelationKind};

use super::Binder;

/// Whether each row is a row of some table.
pub(super) fn is_from_tables(relation: &Relation) -> bool {
    match &relation.kind {
        RelationKind::Scan { .. } => true,
        RelationKind::Where { input, .. }
        | RelationKind::Project { input, .. }
        | RelationKind::Sort { input, .. }
        | RelationKind::Take { input, .. }
        | RelationKind::Serialize { input }
        | RelationKind::Window { input, .. } => is_from_tables(input),
        RelationKind::Union { inputs } => inputs.iter().all(|(input, _)| is_from_tables(input)),
        _ => false,
    }
}

impl Binder<'_> {
    /// Adds the time as the last column of a relation [`is_from_tables`].
    pub(super) fn add_received(&mut self, relation: &mut Relation, id: ColumnId) {
        let ty = Type::DateTime;
        let column = Column { id, name: format!("ingestion_time_{}", id.0), ty };
        let span = relation.span;
        match &mut relation.kind {
            RelationKind::Where { input, .. }
            | RelationKind::Sort { input, .. }
            | RelationKind::Take { input, .. }
            | RelationKind::Serialize { input } => self.add_received(input, id),
            RelationKind::Project { input, expressions } => {
                self.add_received(input, id);
                expressions.push((id, Expr { kind: ExprKind::Column(id), ty, span }));
            }
            RelationKind::Window { input, .. } => {
                // The columns of calls stay behind those of the input.
                let at = input.columns.len().min(relation.columns.len());
                self.add_received(input, id);
                relation.columns.insert(at, column);
                return;
            }
            RelationKind::Union { inputs } => {
                for (input, columns) in inputs {
                    let own = self.fresh_id();
                    self.add_received(input, own);
                    columns.push(Some(own));
                }
            }
            _ => {}
        }
        relation.columns.push(column);
    }
}
