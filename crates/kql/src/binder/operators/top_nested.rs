//! `top-nested`: the top values of a key, and within each of them those of the next
//! (spec kql.md §6).
//!
//! Each level is a `summarize` over the keys so far, joined with the level above and cut per
//! combination of its keys. With `others` the rows beside the top of a level are aggregated too:
//! they have the label at every level that gives one from there on, nothing at the others.

use model::Type;

use super::super::Binder;
use super::super::aggregates::{Aggregating, Item};
use super::super::coerce::convert;
use super::super::expressions::{column_ref, literal};
use super::super::names::Names;
use super::sort::sorted;
use crate::bound::{Column, ColumnId, Expr, JoinKind, Literal, Relation, RelationKind, SortKey};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::{Name, NamedExpr, TopNested};

/// Levels of one `top-nested`: the work grows with their square.
const LEVELS_MAX: usize = 16;

/// A level with its output columns named.
struct Level {
    count: Option<Expr>,
    /// What the rows beside the top show.
    label: Option<Expr>,
    key: String,
    value: String,
    aggregate: NamedExpr,
    descending: bool,
    nulls_first: bool,
}

/// Keys and values of the levels so far, alternating, behind them the columns of the relation.
struct Tops {
    relation: Relation,
    columns: Vec<Column>,
}

impl Binder<'_> {
    pub(super) fn top_nested(
        &mut self,
        input: Relation,
        levels: &[TopNested],
        span: Span,
    ) -> Option<Relation> {
        if levels.len() > LEVELS_MAX {
            let message = format!("`top-nested` has more than {LEVELS_MAX} levels");
            return self.error(codes::TOO_LARGE, span, message);
        }
        let (levels, base) = self.levels(input, levels, span)?;
        let mut tops: Vec<Tops> = Vec::with_capacity(levels.len());
        for (depth, level) in levels.iter().enumerate() {
            let above = tops.last();
            let next = self.level(&base, above, (depth, level), levels.len(), span)?;
            tops.push(next);
        }
        let mut rows: Vec<Relation> = Vec::new();
        let last = tops.len() - 1;
        let names: Vec<&str> =
            levels.iter().flat_map(|level| [level.key.as_str(), level.value.as_str()]).collect();
        let whole = self.named_tops(&tops[last], &names, span)?;
        let shape = whole.columns.clone();
        rows.push(whole);
        // Nearest to the values first, as the vendor prints them.
        for depth in (0..levels.len()).rev() {
            if levels[depth..].iter().any(|level| level.label.is_some()) {
                let above = depth.checked_sub(1).map(|i| &tops[i]);
                rows.push(self.beside(
                    &base,
                    above,
                    &tops[depth],
                    (&levels, depth),
                    &shape,
                    span,
                )?);
            }
        }
        if rows.len() == 1 {
            return rows.pop();
        }
        let columns: Vec<Column> =
            shape.iter().map(|c| self.column(c.name.clone(), c.ty)).collect();
        let inputs = rows.into_iter().map(|leg| {
            let ids = leg.columns.iter().map(|c| Some(c.id)).collect();
            (leg, ids)
        });
        let kind = RelationKind::Union { inputs: inputs.collect() };
        Some(Relation { kind, columns, span })
    }

    /// The levels, and the input with their keys behind its columns.
    fn levels(
        &mut self,
        input: Relation,
        written: &[TopNested],
        span: Span,
    ) -> Option<(Vec<Level>, Relation)> {
        let mut names = Names::default();
        let mut levels = Vec::with_capacity(written.len());
        let row = input.columns.clone();
        let mut list: Vec<(String, Expr)> =
            row.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        for level in written {
            let key = self.scalar(&level.of.value, &row)?;
            self.refuse_dynamic(&key, "`top-nested`")?;
            let own = match level.of.names.as_slice() {
                [name] => name.text.clone(),
                _ => self.default_name(&level.of.value, &row).unwrap_or_default(),
            };
            let label = match &level.others {
                Some(others) => {
                    let label = self.scalar(others, &[])?;
                    Some(self.label(label, key.ty)?)
                }
                None => None,
            };
            let count = match &level.count {
                Some(count) => Some(self.constant(count, Type::Long, "the number of values")?),
                None => None,
            };
            let descending = level.descending.unwrap_or(true);
            let key_name = names.derived(Some(&own));
            let value_name = match level.by.names.as_slice() {
                [name] => names.derived(Some(&name.text)),
                _ => names.derived(Some(&format!("aggregated_{own}"))),
            };
            let hidden = self.hidden_column(key.ty);
            list.push((hidden.name, key));
            levels.push(Level {
                count,
                label,
                key: key_name,
                value: value_name,
                aggregate: NamedExpr { names: Vec::new(), value: level.by.value.clone() },
                descending,
                nulls_first: level.nulls_first.unwrap_or(!descending),
            });
        }
        let base = self.projection(input, list, span)?;
        Some((levels, self.repeatable(base)))
    }

    /// A label in the type of its key.
    fn label(&mut self, label: Expr, ty: Type) -> Option<Expr> {
        let fits = label.ty == ty
            || ty == Type::String
            || (label.ty.is_numeric() && matches!(ty, Type::Long | Type::Real | Type::Decimal));
        if fits {
            return Some(convert(label, ty));
        }
        let message = format!("the label of `others` must be of type {ty}, not {}", label.ty);
        self.report(
            Diagnostic::new(codes::WRONG_TYPE, label.span, message)
                .help("make texts of the values: `of tostring(…)`"),
        )
    }

    /// The top values of one level within those above it.
    fn level(
        &mut self,
        base: &Relation,
        above: Option<&Tops>,
        (depth, level): (usize, &Level),
        count: usize,
        span: Span,
    ) -> Option<Tops> {
        let rows = self.fresh(base, span)?;
        let first = rows.columns.len() - count;
        let keys = rows.columns[first..=first + depth].to_vec();
        let grouped = self.aggregated_by(rows, &keys, &[level], span)?;
        let keys = grouped.columns[..=depth].to_vec();
        let value = grouped.columns.get(depth + 1)?.clone();
        let (relation, mut columns) = match above {
            Some(above) => {
                let (above, top) = self.copied(above, span)?;
                let pairs =
                    keys.iter().zip(top.iter().step_by(2)).map(|(a, b)| (a.id, b.id)).collect();
                (inner_join(grouped, above, pairs, JoinKind::Inner, span), top)
            }
            None => (grouped, Vec::new()),
        };
        let per: Vec<ColumnId> = columns.iter().step_by(2).map(|c| c.id).collect();
        let relation = match &level.count {
            Some(count) => {
                let written = level.aggregate.value.span;
                self.refuse_dynamic(&column_ref(&value, written), "`top-nested … by`")?;
                let order = SortKey {
                    value: column_ref(&value, span),
                    descending: level.descending,
                    nulls_first: level.nulls_first,
                };
                let input = Box::new(sorted(relation, vec![order], span));
                let columns = input.columns.clone();
                Relation {
                    kind: RelationKind::Take { input, count: count.clone(), per },
                    columns,
                    span,
                }
            }
            None => relation,
        };
        columns.push(keys.last()?.clone());
        columns.push(value);
        Some(Tops { relation, columns })
    }

    /// The aggregates of some levels over rows grouped by some columns.
    fn aggregated_by(
        &mut self,
        rows: Relation,
        keys: &[Column],
        levels: &[&Level],
        span: Span,
    ) -> Option<Relation> {
        let mut names = Names::default();
        let named: Vec<(Column, Expr)> =
            keys.iter().map(|key| (self.hidden_column(key.ty), column_ref(key, span))).collect();
        let sources: Vec<ColumnId> = keys.iter().map(|key| key.id).collect();
        let saved = self.aggregating.replace(Aggregating::default());
        let mut items: Vec<Item> = Vec::new();
        for level in levels {
            let text = self.hidden_column(Type::Dynamic).name;
            let span = level.aggregate.value.span;
            let names_one = vec![Name { text, span, quoted: true }];
            let item = NamedExpr { names: names_one, value: level.aggregate.value.clone() };
            let yielded = self.summarize_item(&item, &rows.columns, &sources, &mut names);
            if yielded.len() > 1 {
                let message = "`top-nested` orders by one value";
                let _: Option<()> = self.error(codes::NOT_ALLOWED, span, message);
            }
            items.extend(yielded);
        }
        let found = std::mem::replace(&mut self.aggregating, saved);
        let found = found.map(|state| state.found).unwrap_or_default();
        if items.len() != levels.len() || items.iter().any(|(_, value)| value.is_none()) {
            return None;
        }
        self.assemble(rows, named, items, found, span)
    }

    /// The tops under numbers of their own.
    fn copied(&mut self, tops: &Tops, span: Span) -> Option<(Relation, Vec<Column>)> {
        let copy = self.fresh(&tops.relation, span)?;
        let place = |column: &Column| {
            let position = tops.relation.columns.iter().position(|c| c.id == column.id)?;
            copy.columns.get(position).cloned()
        };
        let columns = tops.columns.iter().map(place).collect::<Option<Vec<Column>>>()?;
        Some((copy, columns))
    }

    fn named_tops(&mut self, tops: &Tops, names: &[&str], span: Span) -> Option<Relation> {
        let (copy, columns) = self.copied(tops, span)?;
        let list = names.iter().zip(&columns).map(|(n, c)| ((*n).to_owned(), column_ref(c, span)));
        let list = list.collect();
        self.projection(copy, list, span)
    }

    /// The rows that are not in the top of the level at `depth`, but in that above it.
    fn beside(
        &mut self,
        base: &Relation,
        above: Option<&Tops>,
        tops: &Tops,
        (levels, depth): (&[Level], usize),
        shape: &[Column],
        span: Span,
    ) -> Option<Relation> {
        let rows = self.fresh(base, span)?;
        let first = rows.columns.len() - levels.len();
        let keys = rows.columns[first..=first + depth].to_vec();
        let (top, top_columns) = self.copied(tops, span)?;
        let pairs = |other: &[Column]| -> Vec<(ColumnId, ColumnId)> {
            keys.iter().zip(other.iter().step_by(2)).map(|(a, b)| (a.id, b.id)).collect()
        };
        let kept = pairs(&top_columns);
        let rest = inner_join(rows, top, kept, JoinKind::LeftAnti, span);
        let labelled: Vec<&Level> =
            levels[depth..].iter().filter(|level| level.label.is_some()).collect();
        // One more key, the same for all: no rows give no group.
        let (rest, constant) = self.with_constant(rest, span)?;
        let by: Vec<Column> = keys[..depth].iter().cloned().chain([constant]).collect();
        let grouped = self.aggregated_by(rest, &by, &labelled, span)?;
        let group_keys = grouped.columns[..depth].to_vec();
        let found = grouped.columns[depth + 1..].to_vec();
        let mut values = found.iter();
        let (relation, top_columns) = match above {
            Some(above) => {
                let (above, columns) = self.copied(above, span)?;
                let others = columns.iter().step_by(2);
                let pairs = group_keys.iter().zip(others).map(|(a, b)| (a.id, b.id)).collect();
                (inner_join(grouped, above, pairs, JoinKind::Inner, span), columns)
            }
            None => (grouped, Vec::new()),
        };
        let mut list: Vec<(String, Expr)> = Vec::with_capacity(shape.len());
        for (position, column) in shape.iter().enumerate() {
            let value = match (top_columns.get(position), &levels[position / 2].label) {
                (Some(top), _) => column_ref(top, span),
                (None, Some(label)) if position % 2 == 0 => label.clone(),
                (None, Some(_)) => column_ref(values.next()?, span),
                (None, None) => missing(column.ty, span),
            };
            list.push((column.name.clone(), value));
        }
        self.projection(relation, list, span)
    }

    fn with_constant(&mut self, input: Relation, span: Span) -> Option<(Relation, Column)> {
        let mut list: Vec<(String, Expr)> =
            input.columns.iter().map(|c| (c.name.clone(), column_ref(c, span))).collect();
        list.push((self.hidden_column(Type::Long).name, literal(Literal::Long(0), span)));
        let relation = self.projection(input, list, span)?;
        let column = relation.columns.last()?.clone();
        Some((relation, column))
    }
}

/// The left columns; with an inner join the right ones behind them.
fn inner_join(
    left: Relation,
    right: Relation,
    keys: Vec<(ColumnId, ColumnId)>,
    kind: JoinKind,
    span: Span,
) -> Relation {
    let mut columns = left.columns.clone();
    if kind == JoinKind::Inner {
        columns.extend(right.columns.iter().cloned());
    }
    let (left, right) = (Box::new(left), Box::new(right));
    Relation { kind: RelationKind::Join { kind, left, right, keys }, columns, span }
}

fn missing(ty: Type, span: Span) -> Expr {
    match ty {
        Type::String => literal(Literal::String { value: String::new(), hidden: false }, span),
        ty => literal(Literal::Null(ty), span),
    }
}
