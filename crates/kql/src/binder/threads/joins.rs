//! Joins inside a sub-query over groups: with a table from outside, or of a group with itself.
//!
//! Where rows are only marked as gone, a join that drops rows would lose the groups: the rows of
//! the side that comes from the groups follow once more, all of them marked.

use super::{Hidden, Threading, reads};
use crate::binder::Binder;
use crate::binder::expressions::{column_ref, literal};
use crate::binder::relations::filter;
use crate::bound::{Column, ColumnId, Expr, JoinKind, Literal, Relation, RelationKind};
use crate::codes;
use crate::diagnostic::Span;

type Keys = Vec<(ColumnId, ColumnId)>;

/// A copy of a relation whose rows are to be marked as gone; `columns` are those of the original.
struct Gone {
    columns: Vec<Column>,
    copy: Relation,
}

impl Binder<'_> {
    pub(super) fn thread_join(
        &mut self,
        kind: JoinKind,
        (left, right): (Relation, Relation),
        keys: Keys,
        columns: Vec<Column>,
        span: Span,
        t: &mut Threading,
    ) -> Option<(Relation, Hidden)> {
        let sides = (reads(&left, t.groups.number), reads(&right, t.groups.number));
        self.check_join(kind, sides, span, t)?;
        let marks = t.marks && kind != JoinKind::LeftOuter;
        let mut gone = None;
        let unique: Vec<ColumnId> = keys.iter().map(|(left, _)| *left).collect();
        let mut keys = keys;
        let (left, right, hidden) = match sides {
            (true, false) => {
                let (mut left, hidden) = self.thread(left, t)?;
                if marks {
                    (left, gone) = self.twice(left, span)?;
                }
                (left, right, hidden)
            }
            (false, _) => {
                let (mut right, hidden) = self.thread(right, t)?;
                if marks {
                    (right, gone) = self.twice(right, span)?;
                }
                (left, right, hidden)
            }
            (true, true) => {
                let (mut left, hidden) = self.thread(left, t)?;
                if marks {
                    (left, gone) = self.twice(left, span)?;
                }
                let (mut right, other) = self.thread(right, t)?;
                if let Some(alive) = &other.alive {
                    right = filter(right, column_ref(alive, span), span);
                }
                let pairs = hidden.keys.iter().zip(&other.keys);
                keys.extend(pairs.map(|(left, right)| (left.id, right.id)));
                let of_right = matches!(kind, JoinKind::RightSemi | JoinKind::RightAnti)
                    || kind == JoinKind::RightOuter;
                (left, right, if of_right { other } else { hidden })
            }
        };
        // `innerunique` keeps one left row of each key in every group.
        let (kind, left) = match kind {
            JoinKind::InnerUnique if sides.0 => {
                let per = unique.into_iter().chain(hidden.group().map(|c| c.id)).collect();
                let columns = left.columns.clone();
                let count = literal(Literal::Long(1), span);
                let first = RelationKind::Take { input: Box::new(left), count, per };
                (JoinKind::Inner, Relation { kind: first, columns, span })
            }
            kind => (kind, left),
        };
        let columns = joined_columns(kind, (&left, &right), &columns);
        let (left, right) = (Box::new(left), Box::new(right));
        let kind = RelationKind::Join { kind, left, right, keys };
        let joined = Relation { kind, columns, span };
        let relation = match gone {
            Some(gone) => self.followed_by_gone(joined, gone, &hidden, span)?,
            None => joined,
        };
        Some((relation, hidden))
    }

    /// The relation, and its columns with a copy of the relation behind them.
    fn twice(&mut self, relation: Relation, span: Span) -> Option<(Relation, Option<Gone>)> {
        let columns = relation.columns.clone();
        let once = self.repeatable(relation);
        let copy = self.fresh(&once, span)?;
        let same = once.columns.iter().zip(&columns).all(|(a, b)| a.id == b.id);
        let gone = Gone { columns: columns.clone(), copy };
        if same {
            return Some((once, Some(gone)));
        }
        let expressions =
            columns.iter().zip(&once.columns).map(|(to, from)| (to.id, column_ref(from, span)));
        let expressions: Vec<(ColumnId, Expr)> = expressions.collect();
        let kind = RelationKind::Project { input: Box::new(once), expressions };
        Some((Relation { kind, columns, span }, Some(gone)))
    }

    /// The joined rows, and behind them the rows of the copy, all marked as gone.
    fn followed_by_gone(
        &mut self,
        joined: Relation,
        Gone { columns: of, copy }: Gone,
        hidden: &Hidden,
        span: Span,
    ) -> Option<Relation> {
        let mark = hidden.alive.as_ref()?;
        let expressions = copy.columns.iter().zip(&of).map(|(column, original)| {
            let value = match original.id == mark.id {
                true => literal(Literal::Bool(false), span),
                false => column_ref(column, span),
            };
            (column.name.clone(), value)
        });
        let expressions = expressions.collect();
        let gone = self.projection(copy, expressions, span)?;
        let source = |column: &Column| {
            let position = of.iter().position(|original| original.id == column.id)?;
            Some(gone.columns[position].id)
        };
        let columns = joined.columns.clone();
        let sources = columns.iter().map(source).collect();
        // The union gives the columns their numbers: its inputs need others.
        let joined = self.fresh(&joined, span)?;
        let own = joined.columns.iter().map(|c| Some(c.id)).collect();
        let kind = RelationKind::Union { inputs: vec![(joined, own), (gone, sources)] };
        Some(Relation { kind, columns, span })
    }

    /// Refuses what would need every group to see the rows of the other side that match nothing.
    fn check_join(
        &mut self,
        kind: JoinKind,
        sides: (bool, bool),
        span: Span,
        t: &Threading,
    ) -> Option<()> {
        use JoinKind as J;
        let is_kept = match (kind, sides) {
            (J::FullOuter, _) => false,
            (_, (true, true)) => true,
            (J::Inner | J::InnerUnique, _) => true,
            (J::LeftOuter | J::LeftSemi | J::LeftAnti, (left, _)) => left,
            (J::RightOuter | J::RightSemi | J::RightAnti, (_, right)) => right,
        };
        let operator = t.groups.operator;
        if !is_kept {
            let message = format!("this kind of join is not supported inside `{operator}`");
            return self.error(codes::NOT_SUPPORTED, span, message);
        }
        let of_right = matches!(kind, J::RightOuter | J::RightSemi | J::RightAnti);
        if t.marks && sides == (true, true) && of_right {
            return self.not_with_summarize("join", span, t);
        }
        Some(())
    }
}

/// The columns of a join, under the names that keep both sides apart.
fn joined_columns(
    kind: JoinKind,
    (left, right): (&Relation, &Relation),
    named: &[Column],
) -> Vec<Column> {
    let both = left.columns.iter().chain(&right.columns);
    match kind {
        JoinKind::LeftSemi | JoinKind::LeftAnti => left.columns.clone(),
        JoinKind::RightSemi | JoinKind::RightAnti => right.columns.clone(),
        _ => both.map(|c| named.iter().find(|n| n.id == c.id).unwrap_or(c).clone()).collect(),
    }
}
